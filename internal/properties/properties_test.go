package properties

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReadsWhatJavaReads(t *testing.T) {
	cases := map[string]struct {
		text string
		want map[string]string
	}{
		"an equals sign separates":            {"node.id=3\n", map[string]string{"node.id": "3"}},
		"a colon or white space separates":    {"a: 1\nb 2\nc\t=\t3\n", map[string]string{"a": "1", "b": "2", "c": "3"}},
		"comments and empty lines are no key": {"#a=1\n! b=2\n\n  c=3", map[string]string{"c": "3"}},
		"a backslash joins lines":             {"log.dirs=/a,\\\n   /b\n", map[string]string{"log.dirs": "/a,/b"}},
		"two backslashes do not":              {"path=c:\\\\\nnext=1", map[string]string{"path": `c:\`, "next": "1"}},
		"a value keeps its separators":        {"voters=1@a:9090,2@b=c", map[string]string{"voters": "1@a:9090,2@b=c"}},
		"an escaped separator is in the key":  {`a\=b\:c=d`, map[string]string{"a=b:c": "d"}},
		"unicode and letters are escaped":     {`name=caf\u00e9\tx`, map[string]string{"name": "café\tx"}},
		"the last of equal keys wins":         {"a=1\na=2", map[string]string{"a": "2"}},
		"a key may have no value":             {"sasl.enabled.mechanisms=\nempty", map[string]string{"sasl.enabled.mechanisms": "", "empty": ""}},
		"a carriage return ends a line":       {"a=1\r\nb=2\r\n", map[string]string{"a": "1", "b": "2"}},
		"a placeholder stays as it is":        {"broker.rack=${strimzidir:/opt/kafka/init:rack.id}", map[string]string{"broker.rack": "${strimzidir:/opt/kafka/init:rack.id}"}},
		"a cut unicode escape is no failure":  {`a=\u00`, map[string]string{"a": "u00"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Parse(c.text)); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", c.text, diff)
			}
		})
	}
}
