package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"castellan.io/castellan/internal/clientsettings"
)

// writePrivate writes files that nobody but their owner reads, to a directory that is made where there is none. Unless forced to, it writes
// nothing if one of them exists.
func writePrivate(directory string, files []clientsettings.File, force bool) error {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return fmt.Errorf("--directory: %w", err)
	}
	if !force {
		if err := refuseExisting(directory, files); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := replace(filepath.Join(directory, f.Name), f.Content); err != nil {
			return fmt.Errorf("--directory: %w", err)
		}
	}
	return nil
}

func refuseExisting(directory string, files []clientsettings.File) error {
	var taken []string
	for _, f := range files {
		_, err := os.Lstat(filepath.Join(directory, f.Name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("--directory: %w", err)
		}
		taken = append(taken, f.Name)
	}
	if len(taken) > 0 {
		return fmt.Errorf("%s has %s already: --force overwrites, or name another directory", directory, clientsettings.Names(taken))
	}
	return nil
}

// replace writes a file whole or not at all. Its rights are new too: those of a file that was there may have been wider.
func replace(path, content string) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
