package image

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// recipeVersion changes when the way things are built changes in a manner their
// other inputs do not show, which makes everything cached before obsolete.
const recipeVersion = "1"

// keyOf is a short name for the inputs, in order: equal inputs, equal name.
func keyOf(inputs ...string) string {
	sum := sha256.New()
	for _, input := range append([]string{recipeVersion}, inputs...) {
		// Lengths keep ("ab", "c") apart from ("a", "bc").
		fmt.Fprintf(sum, "%s:%s", strconv.Itoa(len(input)), input)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// A cache holds one directory for each thing built, named after its inputs.
type cache struct{ dir string }

// build returns the directory of the thing named name with the given inputs. It
// calls fill with an empty directory unless an earlier call finished; a
// directory appears under its name only when it is complete.
func (c cache) build(name string, inputs []string, fill func(dir string) error) (string, error) {
	final := filepath.Join(c.dir, name+"-"+keyOf(inputs...))
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return "", fmt.Errorf("creating the cache: %w", err)
	}
	staging, err := os.MkdirTemp(c.dir, ".building-"+name+"-")
	if err != nil {
		return "", fmt.Errorf("creating the cache: %w", err)
	}
	defer os.RemoveAll(staging)
	if err := fill(staging); err != nil {
		return "", fmt.Errorf("building %s: %w", name, err)
	}
	return final, publish(staging, final)
}

// publish moves a finished directory to its name. Somebody else may have been
// faster with the same inputs: theirs is as good.
func publish(staging, final string) error {
	err := os.Rename(staging, final)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keeping %s: %w", filepath.Base(final), err)
	}
	return nil
}
