package clientsettings

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"castellan.io/castellan/internal/properties"
)

// Format is whose words settings are written in.
type Format string

// The formats.
const (
	// Properties are those of Kafka's own clients in Java: one file with everything in it.
	Properties Format = "properties"
	// Kcat is the configuration of kcat, the client of librdkafka for the command line.
	Kcat Format = "kcat"
	// PEMFiles are certificates, key and password, and nothing else.
	PEMFiles Format = "pem-files"
	// Go is a program with franz-go.
	Go Format = "go"
	// Python is a program with confluent-kafka.
	Python Format = "python"
	// Java is a class with Kafka's own client.
	Java Format = "java"
)

// Formats are all there are.
func Formats() []Format { return []Format{Properties, Kcat, PEMFiles, Go, Python, Java} }

// Name is the file that a format writes its text to; empty if it only writes materials.
func (f Format) Name() string {
	switch f {
	case Properties:
		return "client.properties"
	case Kcat:
		return "kcat.conf"
	case Go:
		return "main.go"
	case Python:
		return "client.py"
	case Java:
		return "Client.java"
	case PEMFiles:
	}
	return ""
}

// beside are the names of the files that a format does not hold in its text.
func (f Format) beside() []string {
	switch f {
	case Properties:
		return nil
	case Kcat:
		return []string{fileTrust, entryCertificate, entryKey}
	case PEMFiles, Go, Python, Java:
	}
	return []string{fileTrust, entryCertificate, entryKey, entryPassword}
}

// Secretive tells whether the text of the settings has something that others must not see.
func (f Format) Secretive(s Settings) bool {
	return f == Properties && s.Key != "" || (f == Properties || f == Kcat) && s.Password != ""
}

// Files are the text of the settings, unless the format has none, and behind it the files that it reads from the directory. Those that the
// user brings are read and are not among them.
func (s Settings) Files(f Format, directory string) ([]File, error) {
	var out []File
	if f.Name() != "" {
		text, err := s.text(f, directory)
		if err != nil {
			return nil, err
		}
		out = append(out, File{f.Name(), text})
	}
	for _, m := range s.materials() {
		if slices.Contains(f.beside(), m.Name) {
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there is nothing to write: clients of listener %s need no certificate, key or password", s.Listener.Name)
	}
	return out, nil
}

// reads are the names of the files that the text of the settings names.
func (s Settings) reads(f Format) []string {
	var out []string
	for _, m := range s.materials() {
		out = append(out, m.Name)
	}
	return slices.DeleteFunc(append(out, s.Brought()...), func(name string) bool { return !slices.Contains(f.beside(), name) })
}

// sheet is what templates see.
type sheet struct {
	Settings
	// Directory has the files that the text reads, Files are their names.
	Directory string
	Files     []string
}

// Path is where a file is for programs that take paths as they come.
func (s sheet) Path(name string) string {
	if s.Directory == "." {
		return name
	}
	return s.Directory + "/" + name
}

//go:embed templates
var templates embed.FS

func (s Settings) text(f Format, directory string) (string, error) {
	page := sheet{s, directory, s.reads(f)}
	if f == Kcat {
		page.Listener.Bootstrap = fitted(page.Listener.Bootstrap)
		if err := page.checkKcat(); err != nil {
			return "", err
		}
	}
	name := f.Name() + ".tmpl"
	from, err := template.New(name).Funcs(template.FuncMap{"escape": properties.Escape, "literal": literal, "names": Names}).ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", fmt.Errorf("read the template of %s: %w", f, err)
	}
	var out bytes.Buffer
	if err := from.Execute(&out, page); err != nil {
		return "", fmt.Errorf("write settings as %s: %w", f, err)
	}
	return out.String(), nil
}

// literal is a text in quotes that Go, Java and Python read the same way, as they do those of JSON.
func literal(text string) (string, error) {
	var out strings.Builder
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	err := to.Encode(text)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// Names puts names in a row, as in a sentence.
func Names(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
