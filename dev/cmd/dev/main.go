package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"castellan.io/castellan/dev/lifecycle"
	"castellan.io/castellan/dev/progress"
)

func main() {
	os.Exit(run())
}

// run is the program; it returns the exit code.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "dev: "+err.Error())
		return 1
	}
	return 0
}

// rootCommand is the tool with all its subcommands.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "dev",
		Short:         "Run a real Kubernetes for development and tests on this machine",
		Example:       "  bin/dev up && bin/dev kubectl get nodes",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		upCommand(), downCommand(), statusCommand(), kubectlCommand(),
		loadCommand(), shellCommand(), assetsCommand(), superviseCommand(), imagesCommand(),
		deployCommand(), prepareCommand(), quickstartCommand(),
	)
	return root
}

// openLab finds the cluster of the checkout this program belongs to.
func openLab() (lifecycle.Lab, error) {
	program, err := os.Executable()
	if err != nil {
		return lifecycle.Lab{}, fmt.Errorf("finding this program: %w", err)
	}
	working, err := os.Getwd()
	if err != nil {
		return lifecycle.Lab{}, fmt.Errorf("finding the working folder: %w", err)
	}
	checkout, err := lifecycle.FindCheckout(program, working)
	if err != nil {
		return lifecycle.Lab{}, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return lifecycle.Lab{}, errors.New("no place for built programs: set HOME or XDG_CACHE_HOME")
	}
	cache = filepath.Join(cache, "castellan", "dev")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return lifecycle.Lab{}, fmt.Errorf("making the folder of built programs: %w", err)
	}
	return lifecycle.Lab{
		Checkout:    checkout,
		State:       checkout.State(),
		Cache:       cache,
		Progress:    reporter(),
		Environment: os.Environ(),
	}, nil
}

// reporter writes progress to the standard error, away from results.
func reporter() progress.Reporter {
	return progress.Reporter{Out: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())), Now: time.Now}
}
