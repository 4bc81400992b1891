package storage_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/storage"
)

func parse(t *testing.T, text string) v1.Storage {
	t.Helper()
	s, err := storage.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestChange(t *testing.T) {
	const (
		single = `{"type":"persistent-claim","size":"1024Mi"}`
		two    = `{"type":"jbod","volumes":[{"id":0,"type":"persistent-claim","size":"1Gi","class":"fast"},{"id":1,"type":"ephemeral","sizeLimit":"1Gi"}]}`
	)
	tests := map[string]struct {
		from, to string
		want     string // a part of the refusal; empty when allowed
	}{
		"the same storage is allowed":                       {from: two, to: two},
		"deleteClaim and volumeAttributesClass may change":  {from: single, to: `{"type":"persistent-claim","size":"1Gi","deleteClaim":true,"volumeAttributesClass":"gold"}`},
		"a size may be written differently":                 {from: single, to: `{"type":"persistent-claim","size":"1Gi"}`},
		"a volume may grow":                                 {from: single, to: `{"type":"persistent-claim","size":"2Gi"}`},
		"a volume may not shrink":                           {from: single, to: `{"type":"persistent-claim","size":"1000Mi"}`, want: "size shrank"},
		"a size that cannot be read is refused":             {from: single, to: `{"type":"persistent-claim","size":"much"}`, want: "size shrank"},
		"the class may not change":                          {from: single, to: `{"type":"persistent-claim","size":"1Gi","class":"fast"}`, want: "class changed"},
		"the selector may not change":                       {from: single, to: `{"type":"persistent-claim","size":"1Gi","selector":{"a":"b"}}`, want: "selector changed"},
		"one volume may not become a list":                  {from: single, to: two, want: "type changed from persistent-claim to jbod"},
		"a claim may not become ephemeral":                  {from: single, to: `{"type":"ephemeral"}`, want: "type changed"},
		"a volume of a list may not change its type":        {from: two, to: `{"type":"jbod","volumes":[{"id":0,"type":"ephemeral"}]}`, want: "volume 0: the type changed"},
		"the limit of an ephemeral volume may not change":   {from: two, to: `{"type":"jbod","volumes":[{"id":1,"type":"ephemeral","sizeLimit":"2Gi"}]}`, want: "sizeLimit changed"},
		"what an ephemeral volume does not have may change": {from: `{"type":"ephemeral","class":"fast","size":"2Gi"}`, to: `{"type":"ephemeral","size":"1Gi","selector":{"a":"b"}}`},
		"the size limit of a claim means nothing":           {from: single, to: `{"type":"persistent-claim","size":"1Gi","sizeLimit":"1Gi"}`},
		"volumes of a list may come and go":                 {from: two, to: `{"type":"jbod","volumes":[{"id":7,"type":"persistent-claim","size":"9Gi"}]}`},
		"kraftMetadata may be set":                          {from: two, to: `{"type":"jbod","volumes":[{"id":1,"type":"ephemeral","sizeLimit":"1Gi","kraftMetadata":"shared"}]}`},
		"an id may not be used twice":                       {from: two, to: `{"type":"jbod","volumes":[{"id":5,"type":"ephemeral"},{"id":5,"type":"ephemeral"}]}`, want: "used twice"},
		"two volumes may not be marked": {
			from: two, want: "more than one volume is marked",
			to: `{"type":"jbod","volumes":[{"id":5,"type":"ephemeral","kraftMetadata":"shared"},{"id":6,"type":"ephemeral","kraftMetadata":"shared"}]}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(storage.Change(parse(t, test.from), parse(t, test.to)), "; ")
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	tests := map[string]struct{ storage, want string }{
		"a claim needs a size":                   {`{"type":"persistent-claim"}`, "spec.storage.size: is missing"},
		"a size must be a quantity":              {`{"type":"persistent-claim","size":"big"}`, `spec.storage.size: "big" is not a size`},
		"a size must be positive":                {`{"type":"persistent-claim","size":"0"}`, "spec.storage.size"},
		"a size limit must be a quantity":        {`{"type":"ephemeral","sizeLimit":"1.2.3"}`, "spec.storage.sizeLimit"},
		"a list needs a volume":                  {`{"type":"jbod"}`, "spec.storage.volumes: is empty"},
		"a volume of a list needs an id":         {`{"type":"jbod","volumes":[{"type":"ephemeral"}]}`, "spec.storage.volumes[0].id: is missing"},
		"a claim of a list needs a size":         {`{"type":"jbod","volumes":[{"id":0,"type":"ephemeral"},{"id":1,"type":"persistent-claim"}]}`, "spec.storage.volumes[1].size: is missing"},
		"a list cannot hold a list":              {`{"type":"jbod","volumes":[{"id":0,"type":"jbod"}]}`, `spec.storage.volumes[0].type: is "jbod"`},
		"an ephemeral volume needs nothing":      {`{"type":"ephemeral"}`, ""},
		"a claim with a size is fine":            {`{"type":"persistent-claim","size":"1.5Ti"}`, ""},
		"a list of volumes with ids is fine too": {`{"type":"jbod","volumes":[{"id":0,"type":"ephemeral"}]}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(storage.Check("spec.storage", parse(t, test.storage)), "; ")
			if (test.want == "") != (got == "") || !strings.HasPrefix(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestMetadataLivesOn(t *testing.T) {
	tests := map[string]struct{ storage, want string }{
		"the only volume":                      {`{"type":"ephemeral"}`, "/var/lib/kafka/data/kafka-log4"},
		"the volume with the lowest id":        {`{"type":"jbod","volumes":[{"id":5,"type":"ephemeral"},{"id":2,"type":"ephemeral"}]}`, "/var/lib/kafka/data-2/kafka-log4"},
		"the marked volume whatever its id is": {`{"type":"jbod","volumes":[{"id":1,"type":"ephemeral"},{"id":2,"type":"ephemeral","kraftMetadata":"shared"}]}`, "/var/lib/kafka/data-2/kafka-log4"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := storage.Metadata(parse(t, test.storage)).LogDir(4); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestFormatIsReadBackAsTheSameStorage(t *testing.T) {
	const text = `{"type":"jbod","volumes":[{"type":"persistent-claim","id":0,"size":"1Gi","class":"c","deleteClaim":false},{"type":"ephemeral","id":1}]}`
	first := storage.Format(parse(t, text))
	if diff := cmp.Diff(text, first); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := storage.Format(parse(t, first)); again != first {
		t.Errorf("got %s after %s", again, first)
	}
}

func TestParseRefusesWhatIsNoStorage(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", "{"} {
		if _, err := storage.Parse(text); err == nil {
			t.Errorf("Parse(%q): no error", text)
		}
	}
}
