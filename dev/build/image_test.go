package build

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestAnImageHoldsJustTheProgramAndSaysHowToRunIt(t *testing.T) {
	folder := t.TempDir()
	program, path := filepath.Join(folder, "pause"), filepath.Join(folder, "image.tar")
	if err := os.WriteFile(program, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteImage(program, "example.local/pause:1", path); err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/pause"}, config.Config.Entrypoint); diff != "" || config.OS != "linux" {
		t.Errorf("system %q, entrypoint (-want +got):\n%s", config.OS, diff)
	}
	content := mutate.Extract(image)
	defer func() { _ = content.Close() }()
	want := map[string]string{"pause": "program"}
	if diff := cmp.Diff(want, unpack(t, content)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func unpack(t *testing.T, archive io.Reader) map[string]string {
	t.Helper()
	files := map[string]string{}
	for reader := tar.NewReader(archive); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = string(text)
	}
}

func TestAnImageNeedsAValidName(t *testing.T) {
	if err := WriteImage("program", "Not A Name", "image.tar"); err == nil {
		t.Error("an image with an invalid name was written")
	}
}
