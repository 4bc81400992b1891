package clientsettings_test

import (
	"go/format"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/clientsettings"
	"castellan.io/castellan/test/golden"
)

// Texts that look like what they stand for; of real ones, nobody could tell from a diff what changed.
const (
	authority = "-----BEGIN CERTIFICATE-----\nYXV0aG9yaXR5\n-----END CERTIFICATE-----\n"
	leaf      = "-----BEGIN CERTIFICATE-----\ndXNlcg==\n-----END CERTIFICATE-----\n"
	key       = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
	password  = `pass"wo\rd é`
)

// variants are users and listeners of every kind of settings.
func variants(t *testing.T) map[string]clientsettings.Settings {
	t.Helper()
	certificate, login := userOf(v1.UserAuthenticationTLS), userOf(v1.UserAuthenticationScramSha512)
	login.Status.Username = `o'brien "ob"`
	weak := userOf(v1.UserAuthenticationScramSha512)
	weak.Annotations[v1.AnnotationScramMechanisms] = "SCRAM-SHA-256"
	request := userOf(v1.UserAuthenticationTLS)
	request.Annotations[v1.AnnotationCertificateRequest] = "-----BEGIN CERTIFICATE REQUEST-----"
	out := map[string]clientsettings.Settings{}
	for name, c := range map[string]struct {
		user     *v1.KafkaUser
		listener v1.Listener
	}{
		"tls":          {certificate, some("mutual internal encrypted tls")},
		"tls-external": {userOf(v1.UserAuthenticationTLSExternal), some("mutual internal encrypted tls")},
		"own-key":      {request, some("mutual internal encrypted tls")},
		"scram":        {login, some("secure internal encrypted scram-sha-512")},
		"scram-plain":  {weak, with(some("own internal custom sasl"), "sasl.enabled.mechanisms", `"SCRAM-SHA-256"`)},
		"nobody":       {userOf(""), some("plain internal")},
		"custom":       {userOf(""), with(some("own internal encrypted custom sasl"), "sasl.enabled.mechanisms", `"OAUTHBEARER"`)},
	} {
		k := kafkaOf(c.listener)
		k.Status.Listeners[0].BootstrapServers = "a.example.com:9093,b.example.com:9093"
		if c.listener.TLS {
			k.Status.Listeners[0].Certificates = []string{authority, strings.TrimSuffix(authority, "\n")}
		}
		a := account(t, c.user)
		l, _, err := a.Choose(k, "")
		if err != nil {
			t.Fatal(name, err)
		}
		secret := map[string][]byte{"ca.crt": []byte("of clients"), "user.crt": []byte(leaf), "password": []byte(password)}
		if name == "tls" {
			secret["user.key"] = []byte(key)
		}
		if out[name], err = a.Settings(l, secret); err != nil {
			t.Fatal(name, err)
		}
	}
	return out
}

func TestSettingsReadLikeThis(t *testing.T) {
	for name, s := range variants(t) {
		for _, f := range clientsettings.Formats() {
			if f == clientsettings.PEMFiles {
				continue // without a text
			}
			t.Run(name+" as "+string(f), func(t *testing.T) {
				text := files(t, s, f, ".")[0]
				golden.Equal(t, filepath.Join("testdata", name, text.Name), text.Content)
			})
		}
	}
}

func files(t *testing.T, s clientsettings.Settings, f clientsettings.Format, directory string) []clientsettings.File {
	t.Helper()
	out, err := s.Files(f, directory)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFilesAreThoseThatTheTextReads looks at what is written beside the text, what the text reads, and whether the text holds secrets.
func TestFilesAreThoseThatTheTextReads(t *testing.T) {
	cases := map[string]struct {
		variant       string
		format        clientsettings.Format
		written, read string
		secretive     bool
	}{
		"properties have all in them":           {"tls", clientsettings.Properties, "client.properties", "", true},
		"properties with a password":            {"scram", clientsettings.Properties, "client.properties", "", true},
		"properties of who brings a key":        {"own-key", clientsettings.Properties, "client.properties", "", false},
		"kcat takes certificates from files":    {"tls", clientsettings.Kcat, "kcat.conf ca.crt user.crt user.key", "ca.crt user.crt user.key", false},
		"kcat takes passwords as they are":      {"scram", clientsettings.Kcat, "kcat.conf ca.crt", "ca.crt", true},
		"files of who has all":                  {"tls", clientsettings.PEMFiles, "ca.crt user.crt user.key", "ca.crt user.crt user.key", false},
		"files of who has a password":           {"scram", clientsettings.PEMFiles, "ca.crt password", "ca.crt password", false},
		"files of who brings a certificate":     {"tls-external", clientsettings.PEMFiles, "ca.crt", "ca.crt user.crt user.key", false},
		"files of who keeps the key":            {"own-key", clientsettings.PEMFiles, "ca.crt user.crt", "ca.crt user.crt user.key", false},
		"a program reads all from files":        {"scram", clientsettings.Go, "main.go ca.crt password", "ca.crt password", false},
		"a program without TLS":                 {"scram-plain", clientsettings.Java, "Client.java password", "password", false},
		"a program for who need not say a word": {"nobody", clientsettings.Python, "client.py", "", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := variants(t)[c.variant]
			var names []string
			for _, f := range files(t, s, c.format, ".") {
				names = append(names, f.Name)
			}
			if diff := cmp.Diff(c.written, strings.Join(names, " ")); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.read, strings.Join(s.Read(c.format), " ")); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
			if c.format.Secretive(s) != c.secretive {
				t.Errorf("secretive: %t, want %t", !c.secretive, c.secretive)
			}
		})
	}
}

func TestThereAreNoFilesForWhoNeedsNone(t *testing.T) {
	_, err := variants(t)["nobody"].Files(clientsettings.PEMFiles, ".")
	checkLine(t, err, "there is nothing to write: clients of listener plain need no certificate, key or password")
}

func TestPathsLeadToTheDirectory(t *testing.T) {
	text := files(t, variants(t)["tls"], clientsettings.Kcat, "/home/me/my user")[0].Content
	if !strings.Contains(text, "\nssl.key.location=/home/me/my user/user.key\n") {
		t.Errorf("settings:\n%s", text)
	}
	text = files(t, variants(t)["tls"], clientsettings.Python, `/home/"me"`)[0].Content
	if !strings.Contains(text, `DIRECTORY = Path("/home/\"me\"")`) {
		t.Errorf("settings:\n%s", text)
	}
}

func TestWhatAFileOfKcatCannotHoldIsRefused(t *testing.T) {
	cases := map[string]struct {
		change    func(*clientsettings.Settings)
		directory string
		want      string
	}{
		"a password of two lines":                {func(s *clientsettings.Settings) { s.Password = "a\nb" }, ".", "cannot hold the user's password"},
		"a password with an escape":              {func(s *clientsettings.Settings) { s.Password = `a\:b` }, ".", "cannot hold the user's password"},
		"a password with the other escape":       {func(s *clientsettings.Settings) { s.Password = `a\=b` }, ".", "cannot hold the user's password"},
		"a password that ends with a space":      {func(s *clientsettings.Settings) { s.Password = "a " }, ".", "cannot hold the user's password"},
		"a name that is too long":                {func(s *clientsettings.Settings) { s.Username = strings.Repeat("a", 500) }, ".", "cannot hold the user's name in Kafka"},
		"a directory that is too long":           {func(*clientsettings.Settings) {}, strings.Repeat("/a", 250), "cannot hold the name of the directory"},
		"a directory whose name breaks the line": {func(*clientsettings.Settings) {}, "/a\nb", "cannot hold the name of the directory"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := variants(t)["scram"]
			c.change(&s)
			_, err := s.Files(clientsettings.Kcat, c.directory)
			checkLine(t, err, c.want)
		})
	}
}

func TestAddressesForKcatFitIntoALine(t *testing.T) {
	s := variants(t)["nobody"]
	one := strings.Repeat("a", 95) + ":9092"
	s.Listener.Bootstrap = strings.Repeat(one+",", 9) + one
	want := "\nbootstrap.servers=" + strings.Repeat(one+",", 3) + one + "\n"
	if text := files(t, s, clientsettings.Kcat, ".")[0].Content; !strings.Contains(text, want) {
		t.Errorf("settings:\n%s", text)
	}
}

func TestProgramsInGoCompileAndAreFormatted(t *testing.T) {
	for name, s := range variants(t) {
		t.Run(name, func(t *testing.T) {
			text := files(t, s, clientsettings.Go, ".")[0]
			formatted, err := format.Source([]byte(text.Content))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(formatted), text.Content); diff != "" {
				t.Errorf("(-formatted +written):\n%s", diff)
			}
			program := filepath.Join("testdata", name, text.Name)
			if said, err := exec.CommandContext(t.Context(), "go", "vet", program).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
}
