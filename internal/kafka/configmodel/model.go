package configmodel

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Type is how Kafka parses an option's text (org.apache.kafka.common.config.ConfigDef.Type).
type Type string

// The types of Kafka's options.
const (
	Boolean  Type = "boolean"
	String   Type = "string"
	Int      Type = "int"
	Short    Type = "short"
	Long     Type = "long"
	Double   Type = "double"
	List     Type = "list"
	Class    Type = "class"
	Password Type = "password"
)

// Scope is when and where a changed option takes effect: Kafka's dynamic update mode (KIP-226).
type Scope string

// The scopes of Kafka's options.
const (
	// ReadOnly options are read when the process starts, so a change needs a restart.
	ReadOnly Scope = "read-only"
	// PerBroker options can be altered at run time on the resource of one broker.
	PerBroker Scope = "per-broker"
	// ClusterWide options can be altered at run time on one broker and, as the default of all brokers, on the
	// resource with the empty name.
	ClusterWide Scope = "cluster-wide"
)

// Option is one server option of one Kafka version.
type Option struct {
	// Name is the option's exact name.
	Name string `json:"name"`
	// Type is how its text is parsed.
	Type Type `json:"type"`
	// Scope is when a change takes effect.
	Scope Scope `json:"scope"`
	// Default is the value when the option is not set; nil when Kafka has none.
	Default *string `json:"default"`
	// Min and Max are the inclusive bounds of a number as text; empty when there is none.
	Min string `json:"min"`
	Max string `json:"max"`
	// Enum holds the allowed values of a string or a number; empty allows all.
	Enum []string `json:"enum"`
	// AnyCase says that Enum is compared without regard to case.
	AnyCase bool `json:"anyCase"`
	// Items holds the allowed items of a list; empty allows all.
	Items []string `json:"items"`
	// NonEmpty says that a string needs a character, or a list an item.
	NonEmpty bool `json:"nonEmpty"`
	// Distinct says that a list may hold no item twice and no empty item.
	Distinct bool `json:"distinct"`
}

// Model holds the server options of one Kafka version.
type Model struct {
	options map[string]Option
}

//go:embed data
var data embed.FS

// versions maps a version to its model, which is parsed on the first use.
var versions = sync.OnceValue(func() map[string]func() *Model {
	files := map[string]func() *Model{}
	models := map[string]func() *Model{}
	for line := range strings.Lines(read("versions.tsv")) {
		version, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if files[file] == nil {
			files[file] = sync.OnceValue(func() *Model { return parse(file) })
		}
		models[version] = files[file]
	}
	return models
})

var canonical = regexp.MustCompile(`^\d+\.\d+\.\d+`)

// For returns the model of a Kafka version such as "4.3.1", or of the version that a build like "4.3.1-acme" is made
// from; false when the version is not known.
func For(version string) (*Model, bool) {
	model, ok := versions()[canonical.FindString(version)]
	if !ok {
		return nil, false
	}
	return model(), true
}

// Known tells whether the Kafka version has an option of exactly this name.
func (m *Model) Known(name string) bool {
	_, ok := m.options[name]
	return ok
}

// Option returns the option of exactly this name; false when there is none.
func (m *Model) Option(name string) (Option, bool) {
	option, ok := m.options[name]
	return option, ok
}

// Scope tells when a change of the named option takes effect. An unknown option is ReadOnly: Kafka alters only what it
// knows, so a restart is the one way to hand it over.
func (m *Model) Scope(name string) Scope {
	if option, ok := m.options[name]; ok {
		return option.Scope
	}
	return ReadOnly
}

// reporterAllowlist is no option of Kafka itself but of the metrics reporter that runs inside it. Kafka passes altered
// options on to reporters, and this one follows its list without a restart.
var reporterAllowlist = Option{Name: "prometheus.metrics.reporter.allowlist", Type: List, Scope: ClusterWide}

// parse reads an embedded model. The data is part of the program, so that a fault in it is the program's own: panic.
func parse(file string) *Model {
	var options []Option
	if err := json.Unmarshal([]byte(read(file)), &options); err != nil {
		panic(fmt.Sprintf("parsing the embedded Kafka options %s: %v", file, err))
	}
	model := &Model{options: make(map[string]Option, len(options)+1)}
	for _, option := range append(options, reporterAllowlist) {
		model.options[option.Name] = option
	}
	return model
}

func read(file string) string {
	content, err := data.ReadFile("data/" + file)
	if err != nil {
		panic(fmt.Sprintf("reading the embedded Kafka options: %v", err))
	}
	return string(content)
}
