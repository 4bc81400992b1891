package properties

import (
	"testing"
	"testing/quick"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestEscapeWritesWhatJavaReads(t *testing.T) {
	cases := map[string]struct{ value, want string }{
		"plain text stays as it is":                   {"a:9092,b:9092=#!c d", "a:9092,b:9092=#!c d"},
		"a backslash is doubled":                      {`a\b`, `a\\b`},
		"lines are lines":                             {"a\nb\n", "a\\n\\\n  b\\n"},
		"white space that would be skipped is marked": {" a\n b", "\\ a\\n\\\n  \\ b"},
		"an empty line is kept":                       {"a\n\nb", "a\\n\\\n  \\n\\\n  b"},
		"other characters are ASCII in the text":      {"é\t\r", `\u00e9\u0009\u000d`},
		"those beyond sixteen bits are two for Java":  {"😀", `\ud83d\ude00`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := Escape(c.value)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Escape(%q) (-want +got):\n%s", c.value, diff)
			}
			if diff := cmp.Diff(map[string]string{"key": c.value, "next": "1"}, Parse("key="+got+"\nnext=1\n")); diff != "" {
				t.Errorf("what was read back (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhateverIsEscapedIsReadBack(t *testing.T) {
	back := func(value string) bool {
		return !utf8.ValidString(value) || Parse("key=" + Escape(value))["key"] == value
	}
	if err := quick.Check(back, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}
