package image

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindAptSource(t *testing.T) {
	const deb822 = `Types: deb
# a comment
URIs: http://packages.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb-src
URIs: http://sources.example/debian
Suites: trixie
`
	tests := map[string]struct {
		texts    []string
		codename string
		want     AptSource
		err      string
	}{
		"a deb822 stanza": {
			texts: []string{deb822}, codename: "bookworm",
			want: AptSource{URI: "http://packages.example/debian", Suite: "bookworm", Keyring: "/usr/share/keyrings/debian.gpg"},
		},
		"one line with options": {
			texts: []string{"# deb http://no.example/ noble main\ndeb [arch=amd64 signed-by=/k.gpg] http://u.example/ubuntu noble main universe\n"}, codename: "noble",
			want: AptSource{URI: "http://u.example/ubuntu", Suite: "noble", Keyring: "/k.gpg"},
		},
		"one line without options, in a later file": {
			texts: []string{"", "deb http://u.example/debian trixie main\n"}, codename: "trixie",
			want: AptSource{URI: "http://u.example/debian", Suite: "trixie"},
		},
		"a key written into the stanza is no file": {
			texts:    []string{"Types: deb\nURIs: http://u.example/d\nSuites: sid\nSigned-By:\n -----BEGIN\n"},
			codename: "sid", want: AptSource{URI: "http://u.example/d", Suite: "sid"},
		},
		"sources of source packages do not count": {
			texts: []string{deb822}, codename: "trixie",
			err: "apt has no source for trixie: add one to /etc/apt/sources.list",
		},
		"a disabled stanza does not count": {
			texts: []string{"Enabled: no\n" + deb822}, codename: "bookworm",
			err: "apt has no source for bookworm: add one to /etc/apt/sources.list",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := FindAptSource(test.texts, test.codename)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("source (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.err, errorText(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewestJDK(t *testing.T) {
	jdk := func(home, version string, canLink bool) JDK {
		return JDK{Home: home, Release: "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n", CanLink: canLink}
	}
	tests := map[string]struct {
		found []JDK
		want  string
	}{
		"the newest wins":                          {[]JDK{jdk("/a", "17.0.15", true), jdk("/b", "25.0.3", true), jdk("/c", "21", true)}, "/b"},
		"one that cannot link is passed over":      {[]JDK{jdk("/a", "17.0.15", true), jdk("/b", "25.0.3", false)}, "/a"},
		"of equals the first, which JAVA_HOME is":  {[]JDK{jdk("/home", "21.0.1", true), jdk("/b", "21.0.2", true)}, "/home"},
		"Java 11 is too old for Kafka 4":           {[]JDK{jdk("/a", "11.0.2", true)}, ""},
		"a release file without version is no JDK": {[]JDK{{Home: "/a", Release: "x", CanLink: true}}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := NewestJDK(test.found)
			if got.Home != test.want || (err != nil) != (test.want == "") {
				t.Errorf("got %q, %v; want %q", got.Home, err, test.want)
			}
		})
	}
}

func TestModulesInLeavesOutWhatTheJDKLacks(t *testing.T) {
	got := ModulesIn("java.base@25\njava.se@25\njdk.zipfs@25\n")
	if diff := cmp.Diff([]string{"java.base", "jdk.zipfs"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLinkArgumentsFollowTheRelease(t *testing.T) {
	for feature, want := range map[int]string{17: "--compress=2", 21: "--compress=zip-6", 25: "--compress=zip-6"} {
		arguments := LinkArguments(feature, []string{"a", "b"}, "/out")
		if arguments[1] != "a,b" || arguments[5] != want {
			t.Errorf("Java %d: %q", feature, arguments)
		}
	}
}

func TestMergeClassLists(t *testing.T) {
	tests := map[string]struct {
		recorded []string
		want     string
	}{
		"numbers and comments go, names are sorted once": {
			[]string{"# note\njava/lang/Object id: 0\nb/B id: 7\n", "java/lang/Object id: 0\na/A id: 3\n"},
			"a/A\nb/B\njava/lang/Object\n",
		},
		"classes of other loaders and generated ones go": {
			[]string{"p/Plugin id: 9 super: 0 interfaces: 1 source: /plugin.jar\njdk/proxy1/$Proxy3 id: 2\na/A id: 1\n"},
			"a/A\n",
		},
		"lambdas come last, constant pools of newer Java go": {
			[]string{"@lambda-proxy a/A run ()V\n@cp a/A 1 2 3\nz/Z id: 1\n"},
			"z/Z\n@lambda-proxy a/A run ()V\n",
		},
		"lambdas that would link SLF4J's old classes go": {
			[]string{"a/A id: 1\n@lambda-proxy a/A accept (Lorg/slf4j/Logger;)V\n"},
			"a/A\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, MergeClassLists(test.recorded...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheCheckedInClassListIsAsMergingMakesIt(t *testing.T) {
	list, err := classList(DefaultKafkaVersion)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(MergeClassLists(list), list); diff != "" {
		t.Errorf("not a merged list (-want +got):\n%s", diff)
	}
}

func TestChooseClassList(t *testing.T) {
	names := []string{"kafka-4.2.txt", "kafka-4.3.txt"}
	for version, want := range map[string]string{"4.2.9": "kafka-4.2.txt", "4.3.1": "kafka-4.3.txt", "4.0.0": "kafka-4.3.txt"} {
		if got := ChooseClassList(names, version); got != want {
			t.Errorf("%s: got %s, want %s", version, got, want)
		}
	}
}
