package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	repository = "../.."
	spec       = "../../docs/spec"
)

func TestPagesAreWhatTheTypesSay(t *testing.T) {
	types, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := types.pages(os.DirFS(spec))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		if got := read(t, filepath.Join(spec, name)); cmp.Diff(string(want), got) != "" {
			t.Errorf("docs/spec/%s is out of date; run go generate ./api/...", name)
		}
	}
}

func TestEveryKindHasAPageWithAnExampleAndItsFields(t *testing.T) {
	types, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	list := read(t, filepath.Join(spec, "README.md"))
	for _, kind := range types.kinds {
		name := strings.ToLower(kind.Kind) + ".md"
		page := read(t, filepath.Join(spec, name))
		for _, want := range []string{
			"# " + kind.Kind + "\n", "<!-- example ", "<!-- fields of " + kind.Kind + "Spec -->", "<!-- fields of " + kind.Kind + "Status -->", "### Conditions",
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		if !strings.Contains(list, "| ["+kind.Kind+"]("+name+") |") {
			t.Errorf("README.md does not list %s", name)
		}
	}
}

// TestReasonsAreDescribed takes for a reason what the operator's code takes from the list of all, or adds to it.
func TestReasonsAreDescribed(t *testing.T) {
	// The pages of kinds that have reasons of their own.
	page := read(t, filepath.Join(spec, "kafka.md")) + read(t, filepath.Join(spec, "kafkatopic.md")) + read(t, filepath.Join(spec, "kafkauser.md"))
	known, own := reasons(t), regexp.MustCompile(`\b[wW]arning\w* += "(\w+)"`)
	used := map[string]bool{}
	for _, file := range sources(t, filepath.Join(repository, "internal")) {
		text := read(t, file)
		for _, match := range regexp.MustCompile(`\bv1\.(\w+)`).FindAllStringSubmatch(text, -1) {
			used[known[match[1]]] = true
		}
		for _, match := range own.FindAllStringSubmatch(text, -1) {
			used[match[1]] = true
		}
	}
	delete(used, "")
	if len(used) < 20 {
		t.Fatalf("only %d reasons were found", len(used))
	}
	for reason := range used {
		if !strings.Contains(page, "`"+reason+"`") {
			t.Errorf("no page describes the reason %s", reason)
		}
	}
}

// reasons are the values of the reasons in the list of all, by the names of the constants.
func reasons(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(repository, "api/v1/conditions.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out, prefix := map[string]string{}, regexp.MustCompile(`^(Reason|Warning|Restart)`)
	ast.Inspect(file, func(node ast.Node) bool {
		constant, is := node.(*ast.ValueSpec)
		if !is || !prefix.MatchString(constant.Names[0].Name) || strings.HasPrefix(constant.Names[0].Name, "RestartEvent") {
			return true
		}
		if out[constant.Names[0].Name], err = strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value); err != nil {
			t.Fatal(err)
		}
		return true
	})
	return out
}

func sources(t *testing.T, directory string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(directory, func(file string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
			out = append(out, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLinksOfPagesLeadSomewhere follows the links between pages, to headings too.
func TestLinksOfPagesLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(spec, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, repository+"/docs/compatibility.md", repository+"/examples/README.md", repository+"/README.md")
	link := regexp.MustCompile(`\]\(([^)#: ]*)(?:#([^) ]+))?\)`)
	for _, page := range pages {
		for _, match := range link.FindAllStringSubmatch(read(t, page), -1) {
			target := page
			if match[1] != "" {
				target = filepath.Join(filepath.Dir(page), match[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", page, match[1], err)
				continue
			}
			if match[2] != "" && !slices.Contains(anchors(read(t, target)), match[2]) {
				t.Errorf("%s links to %s#%s, and there is no such heading", page, match[1], match[2])
			}
		}
	}
}

func anchors(text string) []string {
	var out []string
	text = code.ReplaceAllString(text, "")
	for _, match := range heading.FindAllStringIndex(text, -1) {
		out = append(out, anchor([]byte(text[:match[1]])))
	}
	return out
}

func TestDefaultsAreTakenOutOfComments(t *testing.T) {
	cases := map[string]struct{ comment, meaning, otherwise string }{
		"at the end":                {"Days. Default: 30.", "Days.", "30"},
		"in the middle":             {"Name. Default: nothing. Cannot change.", "Name. Cannot change.", "nothing"},
		"with a full stop in it":    {"Topics. Default: `.*`.", "Topics.", "`.*`"},
		"over the end of a line":    {"Whether.\nDefault:\nfalse.", "Whether.", "false"},
		"not there":                 {"Kind, such as `4.3`.", "Kind, such as `4.3`.", ""},
		"with more than it says so": {"Most. Default: Kafka's, 1.", "Most.", "Kafka's, 1"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			meaning, otherwise := split(test.comment)
			if diff := cmp.Diff([]string{test.meaning, test.otherwise}, []string{meaning, otherwise}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
