package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		os.Exit(1)
	}
}

// settings are what a person may say about a benchmark.
type settings struct {
	runs, clusters                                            int
	duration                                                  time.Duration
	image, storageClass, operatorNamespace, output, castellan string
	userKey                                                   pki.KeyAlgorithm
}

func newCommand() *cobra.Command {
	s, userKey := settings{}, ""
	command := &cobra.Command{
		Use:   "bench [start|restart|many|install|topics|manytopics|users|manyusers|pki]...",
		Short: "Measure the operator against the same brokers without one",
		Long: `Measure the operator against the same brokers as a plain StatefulSet, in turns, in the same runs.

  start    from apply to Ready, three combined nodes, with ephemeral and with persistent storage
  restart  of one node, and of all in a roll; the operator's memory; what a restart of the operator changes
  many     many clusters whose nodes are played: the operator's memory, time and requests while nothing happens
  install  the definitions on an API server that was never used; printing what installs the operator
  topics   a thousand topics created, changed and deleted
  manytopics  ten and fifty thousand topics of brokers that are played
  users    five hundred users with certificates, and with passwords, created, changed and deleted
  manyusers   ten thousand of each, of real brokers
  pki      certificates that live minutes, under load: renewals, and what clients notice (half an hour)

Without arguments, all of it but those of topics, users and pki. Each namespace that it uses is made and deleted. The cluster needs the operator and the
storage class; nothing else should run there meanwhile.`,
		Example: `  bin/dev shell -- bin/bench
  bin/dev shell -- bin/bench start --runs 1 -o json`,
		ValidArgs:     []string{"start", "restart", "many", "install", "topics", "manytopics", "users", "manyusers", "pki"},
		Args:          cobra.OnlyValidArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(command *cobra.Command, parts []string) error {
			if s.runs < 1 || s.clusters < 1 {
				return fmt.Errorf("--runs is %d and --clusters is %d: at least one is needed", s.runs, s.clusters)
			}
			if s.output != "" && s.output != "json" {
				return errors.New(`--output is one of "" (a table) and json`)
			}
			var err error
			if s.userKey, err = pki.ParseKeyAlgorithm(userKey, credential.Algorithms()...); err != nil {
				return fmt.Errorf("--user-key: %w", err)
			}
			return run(command, s, parts)
		},
	}
	command.Flags().IntVar(&s.runs, "runs", 3, "how often each figure is measured; the medians are shown")
	command.Flags().IntVar(&s.clusters, "clusters", 50, "how many clusters are many")
	command.Flags().DurationVar(&s.duration, "for", 30*time.Minute, "how long certificates change under load")
	command.Flags().StringVar(&userKey, "user-key", pki.RSA2048.String(), "of which kind the keys of ten thousand users are; RSA takes minutes of all cores")
	command.Flags().StringVarP(&s.output, "output", "o", "", "json for programs")
	command.Flags().StringVar(&s.image, "kafka-image", "castellan.local/kafka:4.3.1", "image of the floor's brokers: the one that the operator uses")
	command.Flags().StringVar(&s.storageClass, "storage-class", "castellan-local", "storage class of persistent volumes")
	command.Flags().StringVar(&s.operatorNamespace, "operator-namespace", "castellan", "where the operator runs")
	command.Flags().StringVar(&s.castellan, "castellan", "bin/castellan", "the program that prints what installs the operator")
	return command
}
