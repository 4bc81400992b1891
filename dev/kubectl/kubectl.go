package kubectl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Client runs kubectl against one cluster.
type Client struct {
	// Command is the program with its first arguments, such as --context.
	Command []string
}

// Start prepares kubectl with the arguments. Who starts it decides about its streams.
func (c Client) Start(ctx context.Context, arguments ...string) *exec.Cmd {
	line := slices.Concat(c.Command, arguments)
	return exec.CommandContext(ctx, line[0], line[1:]...)
}

// Run runs kubectl and returns what it printed. An error holds the last line of its complaint.
func (c Client) Run(ctx context.Context, arguments ...string) (string, error) {
	return c.Feed(ctx, nil, arguments...)
}

// Feed runs kubectl with an input.
func (c Client) Feed(ctx context.Context, input io.Reader, arguments ...string) (string, error) {
	var output, complaint bytes.Buffer
	command := c.Start(ctx, arguments...)
	command.Stdin, command.Stdout, command.Stderr = input, &output, &complaint
	if err := command.Run(); err != nil {
		return output.String(), failure(arguments, complaint.String(), err)
	}
	return output.String(), nil
}

// Apply applies the manifests, by server-side apply.
func (c Client) Apply(ctx context.Context, manifests []byte, arguments ...string) error {
	all := append([]string{"apply", "--server-side", "--force-conflicts", "--field-manager=castellan-dev", "-f", "-"}, arguments...)
	_, err := c.Feed(ctx, bytes.NewReader(manifests), all...)
	return err
}

// failure names the command by its verb: arguments may be long.
func failure(arguments []string, complaint string, err error) error {
	lines := strings.Split(strings.TrimSpace(complaint), "\n")
	if last := lines[len(lines)-1]; last != "" {
		err = errors.New(last)
	}
	return fmt.Errorf("kubectl %s: %w", arguments[0], err)
}
