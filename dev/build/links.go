package build

import (
	"fmt"
	"os"
	"path/filepath"
)

// Links makes the folder with links to the programs, and returns the folder. One
// that exists is complete.
func Links(folder string, programs []string) (string, error) {
	if exists(folder) {
		return folder, nil
	}
	temporary, err := os.MkdirTemp(filepath.Dir(folder), ".linking-")
	if err != nil {
		return "", fmt.Errorf("making %s: %w", folder, err)
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	for _, program := range programs {
		if err := os.Symlink(program, filepath.Join(temporary, filepath.Base(program))); err != nil {
			return "", fmt.Errorf("making %s: %w", folder, err)
		}
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return "", fmt.Errorf("making %s: %w", folder, err)
	}
	// Another process may have been faster, with the same result.
	if err := os.Rename(temporary, folder); err != nil && !exists(folder) {
		return "", fmt.Errorf("making %s: %w", folder, err)
	}
	return folder, nil
}
