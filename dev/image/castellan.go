package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// castellan builds the image that holds the castellan binary and nothing else.
func (b *builder) castellan(ctx context.Context) (Image, error) {
	binary, err := b.compile(ctx)
	if err != nil {
		return Image{}, fmt.Errorf("building castellan: %w", err)
	}
	program, err := b.layer("castellan", []string{string(binary)}, func(staging, file string) (string, error) {
		root := filepath.Join(staging, "root")
		// Go programs put temporary files in /tmp, which an empty image lacks.
		if err := os.MkdirAll(filepath.Join(root, "tmp"), 0o777); err != nil {
			return "", err
		}
		if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
			return "", err
		}
		if err := writeFiles(root, []File{{Path: "/castellan", Mode: 0o755, Data: binary}}); err != nil {
			return "", err
		}
		return writeLayer(file, root, layerOptions{})
	})
	if err != nil {
		return Image{}, err
	}
	return b.image(CastellanSpec(), []layer{program})
}

// compile leaves it to Go to know whether there is anything to compile.
func (b *builder) compile(ctx context.Context) ([]byte, error) {
	b.progress("castellan: compiling")
	dir, err := os.MkdirTemp("", "castellan-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "castellan")
	cmd := command(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", file, "./cmd/castellan")
	cmd.Dir = b.options.Source
	cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	if _, err := run(cmd); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}
