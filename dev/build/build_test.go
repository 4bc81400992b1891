package build

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/dev/progress"
)

func TestFolderNamesEverythingThatDecidesTheResult(t *testing.T) {
	base := Etcd().folder("go1", map[string]string{"go.mod": "a", "main.go": "b"})
	linked := Etcd()
	linked.LinkerFlags = "-X a=b"
	for name, test := range map[string]struct {
		folder string
		same   bool
	}{
		"the same inputs":     {folder: Etcd().folder("go1", map[string]string{"main.go": "b", "go.mod": "a"}), same: true},
		"another Go release":  {folder: Etcd().folder("go2", map[string]string{"go.mod": "a", "main.go": "b"})},
		"another file":        {folder: Etcd().folder("go1", map[string]string{"go.mod": "a", "main.go": "c"})},
		"content moved":       {folder: Etcd().folder("go1", map[string]string{"go.mod": "ab", "main.go": ""})},
		"other linker flags":  {folder: linked.folder("go1", map[string]string{"go.mod": "a", "main.go": "b"})},
		"another tool's name": {folder: CoreDNS().folder("go1", map[string]string{"go.mod": "a", "main.go": "b"})},
	} {
		t.Run(name, func(t *testing.T) {
			if same := test.folder == base; same != test.same {
				t.Errorf("%s and %s: the same is %v", base, test.folder, same)
			}
		})
	}
}

func TestModulesRequireTheVersionsTheirToolsAreNamedAfter(t *testing.T) {
	for _, tool := range []Tool{Kubernetes(), Etcd(), CoreDNS(), Containerd()} {
		text, err := os.ReadFile(filepath.Join("..", tool.Dir, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		module := map[string]string{
			"kubernetes": "k8s.io/kubernetes", "etcd": "go.etcd.io/etcd/server/v3",
			"coredns": "github.com/coredns/coredns", "containerd": "github.com/containerd/containerd/v2",
		}[tool.Name]
		if !requires(string(text), module+" "+tool.Version) {
			t.Errorf("the module of %s does not require %s %s", tool.Name, module, tool.Version)
		}
	}
}

func requires(module, line string) bool {
	for candidate := range strings.Lines(module) {
		code, _, _ := strings.Cut(candidate, "//")
		if strings.TrimSpace(strings.TrimPrefix(code, "require ")) == line {
			return true
		}
	}
	return false
}

func TestFollowCountsPackagesAndKeepsProblems(t *testing.T) {
	const output = "go: downloading a.b/c v1.0.0\ninternal/abi\na.b/c\nmain.go:3:1: syntax error\n"
	count := 0
	problems := follow(strings.NewReader(output), func(compiled int) { count = compiled })
	if count != 2 || problems != "main.go:3:1: syntax error" {
		t.Errorf("%d packages, problems %q", count, problems)
	}
}

// builder builds a tiny program, so that the real go command can be tried.
func builder(t *testing.T, source string) (Builder, Tool) {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module tiny\n\ngo 1.26\n", "main.go": source} {
		path := filepath.Join(root, "source", "tiny", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cache := filepath.Join(root, "cache")
	if err := os.Mkdir(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	b := Builder{
		Source: filepath.Join(root, "source"), Cache: cache,
		Progress: progress.Reporter{Out: io.Discard, Now: time.Now},
	}
	return b, Tool{Name: "tiny", Version: "v1", Dir: "tiny", Packages: []string{"."}, Output: "tiny", Links: []string{"small"}}
}

func TestEnsureBuildsOnceAndLinks(t *testing.T) {
	b, tool := builder(t, "package main\n\nfunc main() {}\n")
	first, err := b.Ensure(context.Background(), []Tool{tool})
	if err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(first["tiny"], "mark")
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	second, err := b.Ensure(context.Background(), []Tool{tool})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" || !exists(mark) {
		t.Errorf("the second call built again (-first +second):\n%s", diff)
	}
	target, err := os.Readlink(filepath.Join(first["tiny"], "small"))
	if err != nil || target != "tiny" {
		t.Errorf("the link leads to %q (%v), want a relative one to tiny", target, err)
	}
}

func TestAFailedBuildSaysWhyAndLeavesNoResult(t *testing.T) {
	b, tool := builder(t, "package main\n\nfunc main() { undefined() }\n")
	_, err := b.Ensure(context.Background(), []Tool{tool})
	if err == nil || !strings.Contains(err.Error(), "undefined: undefined") {
		t.Errorf("error %v, want the compiler's", err)
	}
	left, err := filepath.Glob(filepath.Join(b.Cache, "*[!k]"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if !strings.HasSuffix(path, ".lock") {
			t.Errorf("left behind: %s", path)
		}
	}
}

func TestLinksNeedNoSecondCall(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "links")
	for range 2 {
		got, err := Links(folder, []string{"/somewhere/etcd"})
		if err != nil || got != folder {
			t.Fatalf("%s, %v", got, err)
		}
	}
	if target, err := os.Readlink(filepath.Join(folder, "etcd")); err != nil || target != "/somewhere/etcd" {
		t.Errorf("the link leads to %q (%v)", target, err)
	}
}
