package image

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// basePackages are what the Kafka image has beside the smallest system that
// still has a shell: openssl for people who look at certificates, procps for
// kafka-server-stop and for looking at processes.
const basePackages = "openssl,procps"

// emptied are directories of which the image keeps nothing but the directory:
// what belongs to the running system, what can be fetched again, what only
// people at a terminal read, and what tells when and where the tree was made.
var emptied = []string{
	"dev", "proc", "sys", "run", "tmp",
	"var/cache", "var/lib/apt/lists", "var/log", "var/tmp",
	"usr/share/info", "usr/share/lintian", "usr/share/locale", "usr/share/man",
	"etc/apt/sources.list.d", "root",
}

// dropped are single files that differ from build to build or name the machine
// the tree was made on.
var dropped = []string{
	"etc/.pwd.lock", "etc/apt/sources.list", "etc/hostname", "etc/machine-id", "etc/resolv.conf",
	"etc/group-", "etc/gshadow-", "etc/passwd-", "etc/shadow-", "etc/subgid-", "etc/subuid-",
	"var/lib/dbus/machine-id", "var/lib/dpkg/diversions-old", "var/lib/dpkg/lock",
	"var/lib/dpkg/lock-frontend", "var/lib/dpkg/status-old", "var/lib/dpkg/statoverride-old",
}

// KeepInBase decides which paths of a fresh system belong in the image. Of the
// documentation only the licences stay.
func KeepInBase(relative string) bool {
	if slices.Contains(dropped, relative) {
		return false
	}
	for _, directory := range emptied {
		if strings.HasPrefix(relative, directory+"/") {
			return false
		}
	}
	if strings.HasPrefix(relative, "usr/share/doc/") && strings.Count(relative, "/") > 3 {
		return path.Base(relative) == "copyright"
	}
	return true
}

// NormalizeShadow sets the day of the last password change, which is the day
// of the build, to a fixed one (shadow(5), third field).
func NormalizeShadow(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		fields := strings.Split(line, ":")
		if len(fields) > 2 {
			fields[2] = fmt.Sprint(Epoch.Unix() / 86400)
			lines[i] = strings.Join(fields, ":")
		}
	}
	return strings.Join(lines, "\n")
}

// passwdLine is the user every process of the Kafka image runs as.
var passwdLine = fmt.Sprintf("kafka:x:%d:%d:Apache Kafka:%s:/usr/sbin/nologin\n", UserID, GroupID, KafkaHome)

// baseLayer builds the file system below everything else from the machine's own
// release and package source.
func (b *builder) baseLayer(ctx context.Context) (layer, error) {
	source, err := machineSource()
	if err != nil {
		return layer{}, err
	}
	inputs := []string{
		source.Suite, source.URI, basePackages, passwdLine,
		strings.Join(emptied, " "), strings.Join(dropped, " "),
	}
	return b.layer("base", inputs, func(staging, file string) (string, error) {
		b.progress("base: installing %s with debootstrap", source.Suite)
		root := filepath.Join(staging, "root")
		if err := debootstrap(ctx, source, root); err != nil {
			return "", err
		}
		if err := adjustUsers(root); err != nil {
			return "", err
		}
		return writeLayer(file, root, layerOptions{Keep: KeepInBase})
	})
}

func debootstrap(ctx context.Context, source AptSource, root string) error {
	if os.Getuid() != 0 {
		return fmt.Errorf("debootstrap needs root: run this command as root")
	}
	if err := require("debootstrap"); err != nil {
		return err
	}
	arguments := []string{"--variant=minbase", "--include=" + basePackages}
	if source.Keyring != "" {
		arguments = append(arguments, "--keyring="+source.Keyring)
	}
	_, err := run(command(ctx, "debootstrap", append(arguments, source.Suite, root, source.URI)...))
	return err
}

func adjustUsers(root string) error {
	passwd := filepath.Join(root, "etc/passwd")
	text, err := os.ReadFile(passwd)
	if err != nil {
		return err
	}
	if err := os.WriteFile(passwd, append(text, passwdLine...), 0o644); err != nil {
		return err
	}
	shadow := filepath.Join(root, "etc/shadow")
	if text, err = os.ReadFile(shadow); err != nil {
		return err
	}
	return os.WriteFile(shadow, []byte(NormalizeShadow(string(text))), 0o640)
}

// machineSource finds the package source of the release this machine runs.
func machineSource() (AptSource, error) {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return AptSource{}, fmt.Errorf("finding the machine's release: %w", err)
	}
	files := []string{"/etc/apt/sources.list"}
	for _, pattern := range []string{"*.list", "*.sources"} {
		more, err := filepath.Glob("/etc/apt/sources.list.d/" + pattern)
		if err != nil {
			return AptSource{}, err
		}
		files = append(files, more...)
	}
	sort.Strings(files)
	var texts []string
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			texts = append(texts, string(text))
		}
	}
	return FindAptSource(texts, releaseField(string(release), "VERSION_CODENAME"))
}

// releaseField reads one NAME=value line, quoted or not, as os-release(5) and a
// JDK's release file have them.
func releaseField(text, name string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}
