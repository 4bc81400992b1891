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
	login     = `org.apache.kafka.common.security.scram.ScramLoginModule required username="my-user" password="pass\"wo\\rd é";`
)

// variants are users and listeners of every kind of settings.
func variants(t *testing.T) map[string]clientsettings.Settings {
	t.Helper()
	certificate, quoted := userOf(v1.UserAuthenticationTLS), userOf(v1.UserAuthenticationScramSha512)
	quoted.Status.Username = `o'brien "ob"`
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
		"scram":        {quoted, some("secure internal encrypted scram-sha-512")},
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
		secret := map[string][]byte{"ca.crt": []byte("of clients"), "user.crt": []byte(leaf), "password": []byte(password), "sasl.jaas.config": []byte(login)}
		switch name {
		case "tls":
			secret["user.key"] = []byte(key)
		case "scram":
			secret["sasl.jaas.config"] = []byte(strings.Replace(login, "my-user", `o'brien \"ob\"`, 1))
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

func TestFilesAreBesideWhatTheTextCannotHold(t *testing.T) {
	cases := map[string]struct {
		variant   string
		format    clientsettings.Format
		want      string
		secretive bool // the text itself
	}{
		"properties have all in them":           {"tls", clientsettings.Properties, "client.properties", true},
		"properties with a password":            {"scram", clientsettings.Properties, "client.properties", true},
		"properties of who brings a key":        {"own-key", clientsettings.Properties, "client.properties", false},
		"kcat takes certificates from files":    {"tls", clientsettings.Kcat, "kcat.conf ca.crt user.crt user.key", false},
		"kcat takes passwords as they are":      {"scram", clientsettings.Kcat, "kcat.conf ca.crt", true},
		"files of who has all":                  {"tls", clientsettings.PEMFiles, "ca.crt user.crt user.key", false},
		"files of who has a password":           {"scram", clientsettings.PEMFiles, "ca.crt password", false},
		"files of who brings a certificate":     {"tls-external", clientsettings.PEMFiles, "ca.crt", false},
		"files of who keeps the key":            {"own-key", clientsettings.PEMFiles, "ca.crt user.crt", false},
		"a program reads all from files":        {"scram", clientsettings.Go, "main.go ca.crt password", false},
		"a program without TLS":                 {"scram-plain", clientsettings.Java, "Client.java password", false},
		"a program for who need not say a word": {"nobody", clientsettings.Python, "client.py", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := variants(t)[c.variant]
			var names []string
			for _, f := range files(t, s, c.format, ".") {
				names = append(names, f.Name)
			}
			if diff := cmp.Diff(c.want, strings.Join(names, " ")); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if c.format.Secretive(s) != c.secretive {
				t.Errorf("secretive: %t, want %t", !c.secretive, c.secretive)
			}
		})
	}
}

func TestWhatToDoWithFilesIsALine(t *testing.T) {
	const at = "clients connect to a.example.com:9093,b.example.com:9093 with security.protocol "
	cases := map[string]string{
		"tls":         at + "SSL, trust ca.crt, show user.crt with its key user.key",
		"scram":       at + `SASL_SSL, trust ca.crt, log in with SCRAM-SHA-512 as "o'brien \"ob\"" and what is in the file password`,
		"scram-plain": at + `SASL_PLAINTEXT, log in with SCRAM-SHA-256 as "my-user" and what is in the file password`,
	}
	for variant, want := range cases {
		if diff := cmp.Diff(want, variants(t)[variant].Use()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", variant, diff)
		}
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
	one := strings.Repeat("a", 117) + ":9092"
	four := "a" + strings.Join([]string{one, one, one, one}, ",")
	s := variants(t)["nobody"]
	s.Listener.Bootstrap = four + "," + one
	if text := files(t, s, clientsettings.Kcat, ".")[0].Content; !strings.Contains(text, "\nbootstrap.servers="+four+"\n") {
		t.Errorf("settings:\n%s", text)
	}
}

func TestProgramsInGoAreFormatted(t *testing.T) {
	for name, s := range variants(t) {
		text := files(t, s, clientsettings.Go, ".")[0].Content
		formatted, err := format.Source([]byte(text))
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(string(formatted), text); diff != "" {
			t.Errorf("%s (-formatted +written):\n%s", name, diff)
		}
	}
}

// TestProgramsInGoCompile looks at those that differ in more than a comment from the ones that are run elsewhere.
func TestProgramsInGoCompile(t *testing.T) {
	for _, name := range []string{"nobody", "custom", "scram-plain"} {
		program := filepath.Join("testdata", name, "main.go")
		if said, err := exec.CommandContext(t.Context(), "go", "vet", program).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, said)
		}
	}
}
