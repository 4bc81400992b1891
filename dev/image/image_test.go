package image

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestPomListsKafkasArtifacts(t *testing.T) {
	got, err := Pom("4.3.1")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "pom.xml", got)
}

func TestPomRefusesWhatIsNoVersion(t *testing.T) {
	for _, version := range []string{"", "4.3", "latest", "4.3.1</version>", "v4.3.1"} {
		if _, err := Pom(version); err == nil {
			t.Errorf("Pom(%q) was accepted", version)
		}
	}
}

func TestScriptsNameDefaultsAndClass(t *testing.T) {
	classes, err := Resolve(Tools(), allFirstClasses())
	if err != nil {
		t.Fatal(err)
	}
	files, err := KafkaFiles(Tools(), classes)
	if err != nil {
		t.Fatal(err)
	}
	var listing string
	for _, file := range files {
		listing += file.Mode.String() + " " + file.Path + "\n"
		if base := filepath.Base(file.Path); base == "kafka-topics.sh" || base == "kafka-server-start.sh" {
			golden(t, base, string(file.Data))
		}
	}
	golden(t, "files.txt", listing)
}

func allFirstClasses() map[string]bool {
	present := map[string]bool{}
	for _, tool := range Tools() {
		present[tool.Classes[0]] = true
	}
	return present
}

func TestResolve(t *testing.T) {
	tools := []Tool{
		{Name: "moved", Classes: []string{"new.Moved", "old.Moved"}},
		{Name: "still", Classes: []string{"a.Still"}},
	}
	tests := map[string]struct {
		present map[string]bool
		want    map[string]string
		err     string
	}{
		"the newest class wins when both exist": {
			present: map[string]bool{"new.Moved": true, "old.Moved": true, "a.Still": true},
			want:    map[string]string{"moved": "new.Moved", "still": "a.Still"},
		},
		"an older class serves when it is the only one": {
			present: map[string]bool{"old.Moved": true, "a.Still": true},
			want:    map[string]string{"moved": "old.Moved", "still": "a.Still"},
		},
		"every tool without a class is named": {
			present: map[string]bool{},
			err:     "no main class in the jars for moved, still",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Resolve(tools, test.present)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("classes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.err, errorText(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestKeepInBase(t *testing.T) {
	tests := map[string]struct {
		path string
		keep bool
	}{
		"programs stay":                             {"usr/bin/openssl", true},
		"an emptied directory itself stays":         {"var/log", true},
		"logs go":                                   {"var/log/dpkg.log", false},
		"device files go":                           {"dev/null", false},
		"the machine's name goes":                   {"etc/hostname", false},
		"the package source goes":                   {"etc/apt/sources.list", false},
		"translations go":                           {"usr/share/locale/de", false},
		"a package's documentation directory stays": {"usr/share/doc/openssl", true},
		"licences stay":                             {"usr/share/doc/openssl/copyright", true},
		"other documentation goes":                  {"usr/share/doc/openssl/changelog.gz", false},
		"a name that merely begins alike stays":     {"etc/hostname.d", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := KeepInBase(test.path); got != test.keep {
				t.Errorf("KeepInBase(%q) = %v", test.path, got)
			}
		})
	}
}

func TestNormalizeShadowFixesTheDayOnly(t *testing.T) {
	got := NormalizeShadow("root:*:20778:0:99999:7:::\nbin:*:20779:0:99999:7:::\n")
	want := "root:*:10957:0:99999:7:::\nbin:*:10957:0:99999:7:::\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestClasspathIsSortedAndAbsolute(t *testing.T) {
	got := Classpath([]string{"b.jar", "a.jar", "B.jar"})
	want := "/opt/kafka/libs/B.jar:/opt/kafka/libs/a.jar:/opt/kafka/libs/b.jar"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFailureReason(t *testing.T) {
	tests := map[string]struct{ output, want string }{
		"Maven's first error line says why":    {"x\n[ERROR] no such artifact\n[ERROR] \n[ERROR] see help", "no such artifact"},
		"else the last lines do":               {"1\n2\n3\n4\n", "2; 3; 4"},
		"short output is taken as it is":       {"only this\n", "only this"},
		"a program that wrote nothing is fine": {"", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := FailureReason(test.output); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
