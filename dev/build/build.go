package build

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"castellan.io/castellan/dev/progress"
)

// Builder builds tools of a checkout into a cache.
type Builder struct {
	// Source is the folder of the development module.
	Source string
	// Cache is the folder the results are kept in.
	Cache string
	// Progress hears of builds.
	Progress progress.Reporter
}

// Folders are the folders of built tools, by the tool's name.
type Folders map[string]string

// Ensure returns the folders of the tools, building what is missing.
func (b Builder) Ensure(ctx context.Context, tools []Tool) (Folders, error) {
	folders := Folders{}
	for _, tool := range tools {
		folder, err := b.ensure(ctx, tool)
		if err != nil {
			return nil, err
		}
		folders[tool.Name] = folder
	}
	return folders, nil
}

func (b Builder) ensure(ctx context.Context, tool Tool) (string, error) {
	description, err := b.describe(tool)
	if err != nil {
		return "", fmt.Errorf("reading how %s is built: %w", tool.Name, err)
	}
	folder := filepath.Join(b.Cache, tool.folder(runtime.Version(), description))
	if exists(folder) {
		return folder, nil
	}
	if _, err := exec.LookPath("go"); err != nil {
		return "", errors.New("the Go tool chain is missing: install Go and put it on the PATH (https://go.dev/doc/install)")
	}
	unlock, err := lock(ctx, folder+".lock")
	if err != nil {
		return "", fmt.Errorf("waiting for another build of %s: %w", tool.Name, err)
	}
	defer unlock()
	if exists(folder) {
		return folder, nil
	}
	step := b.Progress.Start("building " + tool.Name + " " + tool.Version)
	return folder, step.End(b.build(ctx, tool, folder, step))
}

// describe reads the files that decide the result of the build.
func (b Builder) describe(tool Tool) (map[string]string, error) {
	dir := filepath.Join(b.Source, tool.Dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	description := map[string]string{}
	for _, entry := range entries {
		name := entry.Name()
		isSource := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		if !isSource && name != "go.mod" && name != "go.sum" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		description[name] = string(text)
	}
	return description, nil
}

// build builds into a temporary folder and renames it.
func (b Builder) build(ctx context.Context, tool Tool, folder string, step *progress.Step) error {
	temporary, err := os.MkdirTemp(b.Cache, ".building-")
	if err != nil {
		return fmt.Errorf("making a folder to build %s in: %w", tool.Name, err)
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	if err := b.compile(ctx, tool, temporary, step); err != nil {
		return fmt.Errorf("building %s: %w", tool.Name, err)
	}
	for _, link := range tool.Links {
		if err := os.Symlink(tool.Output, filepath.Join(temporary, link)); err != nil {
			return fmt.Errorf("linking %s: %w", link, err)
		}
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return err
	}
	return os.Rename(temporary, folder)
}

// compile runs the go command, which names every package it compiles.
func (b Builder) compile(ctx context.Context, tool Tool, folder string, step *progress.Step) error {
	step.Detail("loading packages")
	total := b.count(ctx, tool)
	step.Detail("compiling at most %d packages", total)
	command := b.command(ctx, tool, tool.arguments(folder)...)
	output, err := command.StderrPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	problems := follow(output, func(compiled int) {
		step.Detail("compiled %d of at most %d packages", compiled, total)
	})
	if err := command.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, problems)
	}
	return nil
}

// count is how many packages the tool is made of; zero when it cannot be told,
// which the build itself will explain.
func (b Builder) count(ctx context.Context, tool Tool) int {
	list, err := b.command(ctx, tool, append([]string{"list", "-deps"}, tool.Packages...)...).Output()
	if err != nil {
		return 0
	}
	return bytes.Count(list, []byte("\n"))
}

func (b Builder) command(ctx context.Context, tool Tool, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = filepath.Join(b.Source, tool.Dir)
	// Static programs, because the pause image holds nothing else; no workspace,
	// because the nested modules choose their own versions.
	command.Env = append(command.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	return command
}

// follow counts the packages the go command names and keeps the last of the
// lines that are something else.
func follow(output io.Reader, compiled func(int)) string {
	count := 0
	var problems []string
	scanner := bufio.NewScanner(output)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		line := strings.TrimSpace(scanner.Text())
		if isPackage(line) {
			count++
			compiled(count)
			continue
		}
		if !strings.HasPrefix(line, "go: downloading ") {
			problems = append(problems, line)
		}
	}
	if len(problems) > 10 {
		problems = problems[len(problems)-10:]
	}
	return strings.Join(problems, "; ")
}

// isPackage tells an import path from a message.
func isPackage(line string) bool {
	return line != "" && !strings.ContainsAny(line, " :")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// lock waits for the lock file. Its holder's end, however sudden, releases it.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	locked := make(chan error, 1)
	go func() { locked <- unix.Flock(int(file.Fd()), unix.LOCK_EX) }()
	select {
	case err := <-locked:
		return func() { _ = file.Close() }, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
