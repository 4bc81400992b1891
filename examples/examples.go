package examples

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Files holds this directory with everything below it.
//
//go:embed *
var Files embed.FS

// Manifest is one file with what it describes.
type Manifest struct {
	// File is its path below this directory.
	File string
	// Text is its content.
	Text []byte
	// Objects are what it describes, in its order.
	Objects []*unstructured.Unstructured
}

// Manifests reads every file in every folder, in the order of their paths. A file that is no manifest is an error.
func Manifests() ([]Manifest, error) {
	var out []Manifest
	err := fs.WalkDir(Files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Dir(file) == "." {
			return err
		}
		text, err := fs.ReadFile(Files, file)
		if err != nil {
			return err
		}
		objects, err := parse(text)
		if err != nil {
			return fmt.Errorf("read examples/%s: %w", file, err)
		}
		out = append(out, Manifest{File: file, Text: text, Objects: objects})
		return nil
	})
	return out, err
}

func parse(text []byte) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("find the next document: %w", err)
		}
		content, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, fmt.Errorf("read document %d: %w", len(out)+1, err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(content); err != nil {
			return nil, fmt.Errorf("read document %d: %w", len(out)+1, err)
		}
		out = append(out, object)
	}
}
