package broker_test

import (
	"testing"

	"castellan.io/castellan/internal/broker"
)

func TestFullMetadataVersion(t *testing.T) {
	tests := map[string]struct{ name, want string }{
		"a full name stays":                         {"3.3-IV3", "3.3-IV3"},
		"an earlier one of a release stays":         {"3.7-IV2", "3.7-IV2"},
		"a release means its last one":              {"3.7", "3.7-IV4"},
		"a patch number does not matter":            {"4.0.1", "4.0-IV3"},
		"a release with a longer number is another": {"4.30", ""},
		"a number that a release lacks is unknown":  {"4.3-IV1", ""},
		"what is older than 3.3-IV3 is unknown":     {"3.3-IV2", ""},
		"text is unknown":                           {"latest", ""},
		"nothing is unknown":                        {"", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := broker.FullMetadataVersion(test.name)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}
