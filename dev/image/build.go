package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Options say what to build and where.
type Options struct {
	// Source is the root of the repository, whose cmd is built.
	Source string
	// CacheDir keeps what was built; it may be deleted at any time.
	CacheDir string
	// JavaHome is looked at before the usual places for JDKs; may be empty.
	JavaHome string
	// Kafka lists the Apache Kafka versions to build images of.
	Kafka []string
	// Progress is called with one line before each step that takes time.
	Progress func(line string)
}

// An Image is one finished image.
type Image struct {
	// Ref is the reference a node that imports the file knows it by.
	Ref string `json:"ref"`
	// File is a tarball for "ctr images import" or "docker load".
	File string `json:"file"`
	// Digest is the manifest's digest: "sha256:…".
	Digest string `json:"digest"`
}

// Build builds the castellan image and one Kafka image for each version, or
// finds them built. Equal inputs make equal digests.
func Build(ctx context.Context, options Options) ([]Image, error) {
	b := &builder{options: options, cache: cache{dir: options.CacheDir}}
	var images []Image
	for _, version := range options.Kafka {
		kafka, err := b.kafka(ctx, version)
		if err != nil {
			return nil, err
		}
		images = append(images, kafka)
	}
	castellan, err := b.castellan(ctx)
	if err != nil {
		return nil, err
	}
	return append(images, castellan), nil
}

type builder struct {
	options Options
	cache   cache
}

func (b *builder) progress(format string, arguments ...any) {
	b.options.Progress(fmt.Sprintf(format, arguments...))
}

// A layer is a finished layer: a gzip-compressed tar, its SHA-256 in hex, and a
// name for people who look at the image's history.
type layer struct{ Name, File, Digest string }

// layer returns the layer with the given inputs. Pack writes it to file, with a
// staging directory at its disposal, and returns its digest.
func (b *builder) layer(name string, inputs []string, pack func(staging, file string) (string, error)) (layer, error) {
	dir, err := b.cache.build("layer-"+name, append(inputs, runtime.GOARCH), func(dir string) error {
		staging, err := os.MkdirTemp(dir, "staging-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(staging)
		digest, err := pack(staging, filepath.Join(dir, "layer.tar.gz"))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "digest"), []byte(digest), 0o644)
	})
	if err != nil {
		return layer{}, err
	}
	digest, err := os.ReadFile(filepath.Join(dir, "digest"))
	if err != nil {
		return layer{}, fmt.Errorf("reading the cached layer %s: %w", name, err)
	}
	return layer{Name: name, File: filepath.Join(dir, "layer.tar.gz"), Digest: string(digest)}, nil
}

func (b *builder) kafka(ctx context.Context, version string) (Image, error) {
	layers, err := b.kafkaLayers(ctx, version)
	if err != nil {
		return Image{}, err
	}
	return b.image(KafkaSpec(version), layers)
}

// kafkaLayers are the layers of the Kafka image, those that change least first.
func (b *builder) kafkaLayers(ctx context.Context, version string) ([]layer, error) {
	base, err := b.baseLayer(ctx)
	if err != nil {
		return nil, err
	}
	java, err := b.javaLayer(ctx)
	if err != nil {
		return nil, err
	}
	kafka, err := b.kafkaLayer(ctx, version, []layer{base, java})
	if err != nil {
		return nil, err
	}
	return []layer{base, java, kafka}, nil
}

// image puts layers together, the lowest first.
func (b *builder) image(spec Spec, layers []layer) (Image, error) {
	inputs := []string{fmt.Sprintf("%+v", spec), Epoch.String(), runtime.GOARCH}
	for _, layer := range layers {
		inputs = append(inputs, layer.Digest)
	}
	dir, err := b.cache.build("image-"+spec.Name+"-"+spec.Tag, inputs, func(dir string) error {
		b.progress("%s %s: writing the image", spec.Name, spec.Tag)
		return writeImage(dir, spec, layers)
	})
	if err != nil {
		return Image{}, err
	}
	digest, err := os.ReadFile(filepath.Join(dir, "digest"))
	if err != nil {
		return Image{}, fmt.Errorf("reading the cached image %s: %w", spec.Name, err)
	}
	return Image{Ref: spec.Ref(), File: filepath.Join(dir, spec.Name+"-"+spec.Tag+".tar"), Digest: string(digest)}, nil
}

func writeImage(dir string, spec Spec, layers []layer) error {
	image, err := assemble(spec, layers)
	if err != nil {
		return err
	}
	tag, err := name.NewTag(spec.Ref())
	if err != nil {
		return err
	}
	if err := tarball.WriteToFile(filepath.Join(dir, spec.Name+"-"+spec.Tag+".tar"), tag, image); err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "digest"), []byte(digest.String()), 0o644)
}

func assemble(spec Spec, layers []layer) (v1.Image, error) {
	image := empty.Image
	for _, layer := range layers {
		content, err := tarball.LayerFromFile(layer.File)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", layer.File, err)
		}
		history := v1.History{Created: v1.Time{Time: Epoch}, CreatedBy: "castellan dev images: " + layer.Name}
		if image, err = mutate.Append(image, mutate.Addendum{Layer: content, History: history}); err != nil {
			return nil, err
		}
	}
	base, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, configFile(base, spec, runtime.GOARCH))
}
