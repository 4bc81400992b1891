package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// oldestJava is the oldest Java release that Kafka 4 brokers run on (KIP-1013).
const oldestJava = 17

// A JDK is an installed Java development kit.
type JDK struct {
	Home string
	// Release is the text of its release file, which names version and build.
	Release string
	// CanLink says that it has jlink and something to link from: module files,
	// or a run-time image that allows it (JEP 493).
	CanLink bool
}

// Feature is the feature release: 25 of "25.0.3", 0 if unknown.
func (j JDK) Feature() int {
	major, _, _ := strings.Cut(releaseField(j.Release, "JAVA_VERSION"), ".")
	number, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return number
}

// NewestJDK picks the newest that can make the image's Java runtime.
func NewestJDK(found []JDK) (JDK, error) {
	usable := make([]JDK, 0, len(found))
	for _, jdk := range found {
		if jdk.CanLink && jdk.Feature() >= oldestJava {
			usable = append(usable, jdk)
		}
	}
	if len(usable) == 0 {
		return JDK{}, fmt.Errorf("no JDK %d or newer is installed: apt-get install openjdk-17-jdk-headless, or set JAVA_HOME", oldestJava)
	}
	sort.SliceStable(usable, func(i, k int) bool { return usable[i].Feature() > usable[k].Feature() })
	return usable[0], nil
}

// findJDKs looks where Debian and the usual vendors' packages put JDKs.
func findJDKs(ctx context.Context, javaHome string) []JDK {
	homes, _ := filepath.Glob("/usr/lib/jvm/*") // fails for malformed patterns only
	if javaHome != "" {
		homes = append([]string{javaHome}, homes...)
	}
	var found []JDK
	for _, home := range homes {
		release, err := os.ReadFile(filepath.Join(home, "release"))
		if err != nil {
			continue
		}
		found = append(found, JDK{Home: home, Release: string(release), CanLink: canLink(ctx, home)})
	}
	return found
}

func canLink(ctx context.Context, home string) bool {
	if _, err := os.Stat(filepath.Join(home, "bin/jlink")); err != nil {
		return false
	}
	if _, err := os.Stat(filepath.Join(home, "jmods/java.base.jmod")); err == nil {
		return true
	}
	help, err := run(command(ctx, filepath.Join(home, "bin/jlink"), "--help"))
	return err == nil && strings.Contains(help, "run-time image enabled")
}

// wantedModules are the Java modules of the image: what Kafka, Connect and the
// libraries they bring use, what plugins commonly use, and what is needed to
// look at a running JVM.
var wantedModules = []string{
	"java.base", "java.compiler", "java.datatransfer", "java.desktop", "java.instrument", "java.logging",
	"java.management", "java.management.rmi", "java.naming", "java.net.http", "java.prefs", "java.rmi",
	"java.scripting", "java.security.jgss", "java.security.sasl", "java.sql", "java.transaction.xa",
	"java.xml", "java.xml.crypto", "jdk.charsets", "jdk.crypto.ec", "jdk.httpserver", "jdk.jcmd", "jdk.jfr",
	"jdk.management", "jdk.management.agent", "jdk.management.jfr", "jdk.naming.dns", "jdk.net",
	"jdk.nio.mapmode", "jdk.security.auth", "jdk.security.jgss", "jdk.unsupported", "jdk.zipfs",
}

// ModulesIn are the wanted modules among those "java --list-modules" printed:
// some came late, some go away.
func ModulesIn(listing string) []string {
	present := map[string]bool{}
	for line := range strings.Lines(listing) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "@")
		present[name] = true
	}
	var modules []string
	for _, name := range wantedModules {
		if present[name] {
			modules = append(modules, name)
		}
	}
	return modules
}

// LinkArguments are jlink's arguments. The compression option changed its form
// in Java 21.
func LinkArguments(feature int, modules []string, output string) []string {
	compress := "--compress=zip-6"
	if feature < 21 {
		compress = "--compress=2"
	}
	return []string{
		"--add-modules", strings.Join(modules, ","),
		"--strip-java-debug-attributes", "--no-header-files", "--no-man-pages", compress,
		"--output", output,
	}
}

// dumpArguments make a class-data archive whose content depends neither on the
// machine's size nor on timing: the heap is fixed, and the collector is the one
// that does nothing in the background (G1's threads decide which strings are
// still there to be archived). JVMs with other collectors can use the archive.
var dumpArguments = []string{"-Xshare:dump", "-XX:+UseSerialGC", "-Xmx512m"}

// javaLayer builds the Java runtime.
func (b *builder) javaLayer(ctx context.Context) (layer, error) {
	jdk, err := NewestJDK(findJDKs(ctx, b.options.JavaHome))
	if err != nil {
		return layer{}, err
	}
	inputs := append([]string{jdk.Release, JavaHome}, LinkArguments(jdk.Feature(), wantedModules, "")...)
	inputs = append(inputs, dumpArguments...)
	return b.layer("java", inputs, func(staging, file string) (string, error) {
		b.progress("java: linking a runtime from %s", jdk.Home)
		root := filepath.Join(staging, "root")
		home := filepath.Join(root, JavaHome)
		if err := link(ctx, jdk, home); err != nil {
			return "", err
		}
		// The archive remembers the modules file's time.
		if err := setTimes(root); err != nil {
			return "", err
		}
		if _, err := run(command(ctx, filepath.Join(home, "bin/java"), dumpArguments...)); err != nil {
			return "", err
		}
		return writeLayer(file, root, layerOptions{PlainModes: true})
	})
}

func link(ctx context.Context, jdk JDK, home string) error {
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return err
	}
	listing, err := run(command(ctx, filepath.Join(jdk.Home, "bin/java"), "--list-modules"))
	if err != nil {
		return err
	}
	arguments := LinkArguments(jdk.Feature(), ModulesIn(listing), home)
	_, err = run(command(ctx, filepath.Join(jdk.Home, "bin/jlink"), arguments...))
	return err
}
