package image

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// tree makes a small tree; its times and the order of its making depend on the
// moment, its content does not.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for i, name := range names {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("content"), 0o640); err != nil {
			t.Fatal(err)
		}
		moment := time.Unix(int64(i)*1000, 0)
		if err := os.Chtimes(file, moment, moment); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestEqualTreesMakeEqualLayers(t *testing.T) {
	one := tree(t, "opt/a", "opt/b", "x/y")
	other := tree(t, "x/y", "opt/b", "opt/a")
	var digests []string
	for i, root := range []string{one, other} {
		file := filepath.Join(t.TempDir(), fmt.Sprint(i))
		digest, err := writeLayer(file, root, layerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest)
	}
	if digests[0] != digests[1] {
		t.Errorf("digests differ: %v", digests)
	}
}

func TestLayerHoldsWhatIsKept(t *testing.T) {
	root := tree(t, "opt/kafka/bin/a.sh", "opt/kafkaesque", "etc/b")
	if err := os.Chmod(filepath.Join(root, "opt/kafka/bin/a.sh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(root, "opt/kafka/bin/a.sh"), filepath.Join(root, "opt/kafka/bin/b.sh")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.sh", filepath.Join(root, "opt/kafka/bin/c.sh")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "layer")
	if _, err := writeLayer(file, root, layerOptions{Keep: under("opt/kafka"), PlainModes: true}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"5 755 opt/ ",
		"5 755 opt/kafka/ ",
		"5 755 opt/kafka/bin/ ",
		"0 755 opt/kafka/bin/a.sh ",
		"1 755 opt/kafka/bin/b.sh opt/kafka/bin/a.sh",
		"2 777 opt/kafka/bin/c.sh a.sh",
	}
	if diff := cmp.Diff(want, listLayer(t, file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func listLayer(t *testing.T, name string) []string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(Epoch) {
			t.Errorf("%s has the time %s", header.Name, header.ModTime)
		}
		lines = append(lines, fmt.Sprintf("%c %o %s %s", header.Typeflag, header.Mode, header.Name, header.Linkname))
	}
}

func TestCacheBuildsOnceForEqualInputs(t *testing.T) {
	c := cache{dir: t.TempDir()}
	built := 0
	build := func(inputs ...string) string {
		t.Helper()
		dir, err := c.build("thing", inputs, func(dir string) error {
			built++
			return os.WriteFile(filepath.Join(dir, "made"), nil, 0o644)
		})
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	first, again, other := build("ab", "c"), build("ab", "c"), build("a", "bc")
	if first != again || first == other || built != 2 {
		t.Errorf("built %d times: %s, %s, %s", built, first, again, other)
	}
}

func TestCacheKeepsNothingOfAFailure(t *testing.T) {
	c := cache{dir: t.TempDir()}
	_, err := c.build("thing", nil, func(string) error { return errors.New("no space") })
	if errorText(err) != "building thing: no space" {
		t.Errorf("error: %v", err)
	}
	names, err := fileNames(c.dir)
	if err != nil || len(names) != 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func TestImageConfigurations(t *testing.T) {
	base, err := empty.Image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	for name, spec := range map[string]Spec{"kafka.json": KafkaSpec("4.3.1"), "castellan.json": CastellanSpec()} {
		text, err := json.MarshalIndent(configFile(base, spec, "amd64"), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, spec.Ref()+"\n"+string(text)+"\n")
	}
}

// testImage builds a small image with the builder's own means.
func testImage(t *testing.T) Image {
	t.Helper()
	b := &builder{options: Options{Progress: func(string) {}}, cache: cache{dir: t.TempDir()}}
	root := tree(t, "castellan")
	content, err := b.layer("test", nil, func(_, file string) (string, error) {
		return writeLayer(file, root, layerOptions{PlainModes: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	image, err := b.image(CastellanSpec(), []layer{content})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestPushedImageHasTheDigestOfTheBuiltOne(t *testing.T) {
	server := httptest.NewServer(registry.New())
	defer server.Close()
	prefix := strings.TrimPrefix(server.URL, "http://") + "/team"
	image := testImage(t)
	copies, err := CopyTo(t.TempDir(), []Image{image})
	if err != nil {
		t.Fatal(err)
	}
	if err := Push(t.Context(), prefix, copies, func(string) {}); err != nil {
		t.Fatal(err)
	}
	target, err := PushRef(prefix, image)
	if err != nil {
		t.Fatal(err)
	}
	if want := prefix + "/castellan:dev"; target.String() != want {
		t.Errorf("pushed to %s, want %s", target, want)
	}
	pushed, err := remote.Head(target)
	if err != nil {
		t.Fatal(err)
	}
	if pushed.Digest.String() != image.Digest {
		t.Errorf("the registry has %s, built was %s", pushed.Digest, image.Digest)
	}
}

func TestPushRefRefusesWhatIsNoRegistry(t *testing.T) {
	if _, err := PushRef("Not A Registry", Image{Ref: CastellanSpec().Ref()}); err == nil {
		t.Error("accepted")
	}
}
