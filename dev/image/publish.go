package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// CopyTo puts the images' tarballs into a directory, which it makes, and
// returns the images with their new files.
func CopyTo(dir string, images []Image) ([]Image, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating the output directory: %w", err)
	}
	copies := make([]Image, 0, len(images))
	for _, image := range images {
		target := filepath.Join(dir, filepath.Base(image.File))
		if err := copyFile(target, image.File); err != nil {
			return nil, fmt.Errorf("copying %s: %w", image.Ref, err)
		}
		image.File = target
		copies = append(copies, image)
	}
	return copies, nil
}

func copyFile(target, source string) (err error) {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(target)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// PushRef is the reference an image gets in a registry: the image's own name
// and tag below the prefix, which is a registry with an optional path.
func PushRef(prefix string, image Image) (name.Tag, error) {
	tag, err := name.NewTag(strings.TrimSuffix(prefix, "/") + strings.TrimPrefix(image.Ref, LocalRegistry))
	if err != nil {
		return name.Tag{}, fmt.Errorf("pushing to %q: %w", prefix, err)
	}
	return tag, nil
}

// Push uploads the images below the prefix, with the credentials that docker
// and podman use.
func Push(ctx context.Context, prefix string, images []Image, progress func(line string)) error {
	for _, image := range images {
		target, err := PushRef(prefix, image)
		if err != nil {
			return err
		}
		progress("pushing " + target.String())
		if err := push(ctx, target, image); err != nil {
			return fmt.Errorf("pushing %s: %w", target, err)
		}
	}
	return nil
}

func push(ctx context.Context, target name.Tag, image Image) error {
	content, err := tarball.ImageFromPath(image.File, nil)
	if err != nil {
		return err
	}
	return remote.Write(target, content, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
}
