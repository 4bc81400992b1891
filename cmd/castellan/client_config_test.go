package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/clientsettings"
)

func TestSettingsThatCannotBeSayWhyInOneLine(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"of nobody":                   {nil, "accepts 1 arg(s), received 0"},
		"of several":                  {[]string{"a", "b"}, "accepts 1 arg(s), received 2"},
		"in a form nobody writes":     {[]string{"a", "--format=toml"}, `--format is "toml": expected one of properties, kcat, pem-files, go, python, java`},
		"files without a place":       {[]string{"a", "--format=pem-files"}, "--format pem-files is given: expected --directory beside it"},
		"overwriting what is printed": {[]string{"a", "--force"}, "--force is given: expected --directory beside it"},
		"without Kubernetes":          {[]string{"a"}, "find the API server: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, err := runWith(t, "", append([]string{"client-config"}, c.arguments...)...)
			checkRefusal(t, stdout+stderr, err, []string{c.want})
		})
	}
}

// held are the files of a directory with their rights.
func held(t *testing.T, directory string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[entry.Name()] = info.Mode().String() + " " + string(content)
	}
	return out
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "new", "my-user")
	files := []clientsettings.File{{Name: "ca.crt", Content: "a"}, {Name: "user.key", Content: "b"}}
	if err := writePrivate(directory, files, false); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"ca.crt": "-rw------- a", "user.key": "-rw------- b"}
	if diff := cmp.Diff(want, held(t, directory)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(directory); err != nil || info.Mode() != fs.ModeDir|0o700 {
		t.Errorf("directory: %v, %v", info, err)
	}
}

func TestFilesThatExistAreOverwrittenOnlyOnDemand(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "user.key"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	files := []clientsettings.File{{Name: "ca.crt", Content: "a"}, {Name: "user.key", Content: "b"}}
	err := writePrivate(directory, files, false)
	if err == nil || !strings.Contains(err.Error(), directory+" has user.key already: --force overwrites") {
		t.Errorf("error: %v", err)
	}
	if diff := cmp.Diff(map[string]string{"user.key": "-rw-r--r-- old"}, held(t, directory)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if err := writePrivate(directory, files, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"ca.crt": "-rw------- a", "user.key": "-rw------- b"}, held(t, directory)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestADirectoryThatIsNoneIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writePrivate(file, nil, false); err == nil || !strings.Contains(err.Error(), "--directory: mkdir "+file) {
		t.Errorf("error: %v", err)
	}
}

func TestWhatIsPrintedIsExplainedWithoutSecrets(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	const taken, ca, crt, key = "listener a (internal, SSL) of Kafka my-cluster\n", "ca.crt", "user.crt", "user.key"
	secured := clientsettings.Settings{
		Account:     clientsettings.Account{Cluster: "my-cluster", Authentication: v1.UserAuthenticationTLS},
		Listener:    clientsettings.Listener{Name: "a", Type: v1.ListenerInternal, Protocol: "SSL", Bootstrap: "b:9093"},
		Certificate: "secret", Key: "secret",
	}
	brought := secured
	brought.Authentication, brought.Username, brought.Certificate, brought.Key = v1.UserAuthenticationTLSExternal, "CN=me", "", ""
	cases := map[string]struct {
		flags    clientConfigFlags
		settings clientsettings.Settings
		files    []string
		want     string
	}{
		"a secret for programs":         {clientConfigFlags{format: "properties", stdout: io.Discard}, secured, []string{"client.properties"}, taken},
		"a secret for people":           {clientConfigFlags{format: "properties", stdout: terminal}, secured, []string{"client.properties"}, taken + "this shows a secret: --directory writes it for nobody else to see\n"},
		"a text that reads files":       {clientConfigFlags{format: "kcat", stdout: terminal}, secured, []string{"kcat.conf", ca, crt, key}, taken + "this reads ca.crt, user.crt and user.key from the directory it is used in: --directory writes all of it there\n"},
		"files in a directory":          {clientConfigFlags{format: "kcat", stdout: terminal, directory: "me"}, secured, []string{"kcat.conf", ca, crt, key}, taken + "me has kcat.conf, ca.crt, user.crt and user.key\n"},
		"files for any client":          {clientConfigFlags{format: "pem-files", directory: "me"}, secured, []string{ca, crt, key}, taken + "me has ca.crt, user.crt and user.key\nclients connect to b:9093 with security.protocol SSL, trust ca.crt, show user.crt with its key user.key\n"},
		"what has no certificate there": {clientConfigFlags{format: "kcat", stdout: io.Discard}, brought, []string{"kcat.conf", ca}, taken + "Missing is what the user brings: a certificate for \"CN=me\", in user.crt, and its key, in user.key.\nthis reads ca.crt from the directory it is used in: --directory writes all of it there\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			c.flags.stderr = &said
			var files []clientsettings.File
			for _, f := range c.files {
				files = append(files, clientsettings.File{Name: f, Content: "secret"})
			}
			c.flags.tell(c.settings, nil, files)
			if diff := cmp.Diff(c.want, said.String()); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}
