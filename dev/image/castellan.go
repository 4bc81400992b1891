package image

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// programs are those in Castellan's image.
var programs = []string{"castellan", "castellan-entity", "castellan-launch"}

// castellan builds the image that holds the programs, and the jar that
// castellan-launch brings into Kafka's JVMs.
func (b *builder) castellan(ctx context.Context) (Image, error) {
	jar, err := b.kafkaTLS(ctx)
	if err != nil {
		return Image{}, err
	}
	inputs, files := []string{string(jar)}, []File{{Path: "/" + kafkaTLSJar, Mode: 0o644, Data: jar}}
	for _, name := range programs {
		binary, err := b.compile(ctx, name)
		if err != nil {
			return Image{}, fmt.Errorf("building %s: %w", name, err)
		}
		inputs, files = append(inputs, string(binary)), append(files, File{Path: "/" + name, Mode: 0o755, Data: binary})
	}
	program, err := b.layer("castellan", inputs, func(staging, file string) (string, error) {
		root := filepath.Join(staging, "root")
		// Go programs put temporary files in /tmp, which an empty image lacks.
		if err := os.MkdirAll(filepath.Join(root, "tmp"), 0o777); err != nil {
			return "", err
		}
		if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
			return "", err
		}
		if err := writeFiles(root, files); err != nil {
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
func (b *builder) compile(ctx context.Context, program string) ([]byte, error) {
	b.progress("%s: compiling", program)
	dir, err := os.MkdirTemp("", "castellan-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, program)
	cmd := command(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", file, "./cmd/"+program)
	cmd.Dir = b.options.Source
	cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	if _, err := run(cmd); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// kafkaTLSJar is the name of the jar that Maven makes of the sources in java.
const kafkaTLSJar = "kafka-tls.jar"

// kafkaTLS builds the jar outside the source tree, which stays clean.
func (b *builder) kafkaTLS(ctx context.Context) ([]byte, error) {
	sources := os.DirFS(filepath.Join(b.options.Source, "java"))
	inputs, err := contents(sources)
	if err != nil {
		return nil, fmt.Errorf("reading the Java sources: %w", err)
	}
	dir, err := b.cache.build("kafka-tls", inputs, func(dir string) error {
		if err := require("mvn"); err != nil {
			return err
		}
		b.progress("castellan: building %s with Maven", kafkaTLSJar)
		staging := filepath.Join(dir, "java")
		if err := os.CopyFS(staging, sources); err != nil {
			return err
		}
		if _, err := run(command(ctx, "mvn", "-q", "-B", "-f", filepath.Join(staging, "pom.xml"), "package")); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(staging, "target", kafkaTLSJar), filepath.Join(dir, kafkaTLSJar)); err != nil {
			return err
		}
		return os.RemoveAll(staging)
	})
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, kafkaTLSJar))
}

// contents lists the names and the contents of all files, in a fixed order.
func contents(files fs.FS) ([]string, error) {
	var out []string
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, path)
		out = append(out, path, string(data))
		return err
	})
	return out, err
}
