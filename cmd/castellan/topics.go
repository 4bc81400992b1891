package main

import (
	"context"

	"github.com/spf13/cobra"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/topic"
	"castellan.io/castellan/internal/topicimport"
)

func newTopicsCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "topics",
		Short:   "Work on topics and their resources",
		Long:    "Work on the topics of a Kafka cluster and their resources.",
		Example: "  castellan topics import --help",
		Args:    cobra.NoArgs, // checked only because there is something to run
		RunE:    func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newTopicsImportCommand())
	return command
}

// topicsImport are what a person says about an import of topics.
type topicsImport struct {
	importFlags
	topic, exclude        string
	excludeSaid, internal bool
}

func newTopicsImportCommand() *cobra.Command {
	f := topicsImport{importFlags: newImportFlags("topics")}
	command := &cobra.Command{
		Use:   "import",
		Short: "Make KafkaTopic resources for the topics that a Kafka cluster has",
		Long: `Print, or with --apply create, KafkaTopic resources for the topics of a Kafka cluster that have none yet.

A resource gets exactly what its topic has: partitions, replicas, and the options that were set for it. A topic operator that sees it
changes nothing. What is left out is said on standard error, and so is what cannot be imported; the command then ends with an error after
it has done the rest.

` + howKafkaIsReached,
		Example: `  # Look first, then create, in the namespace of the current context
  castellan topics import --cluster my-cluster -o name
  castellan topics import --cluster my-cluster --apply

  # Into Git, or by hand
  castellan topics import --cluster my-cluster -n kafka > topics.yaml
  castellan topics import --cluster my-cluster -n kafka --topic 'orders-.*' | kubectl apply -f -

  # A Kafka that is not in Kubernetes
  castellan topics import --bootstrap-server kafka.example.com:9093 --command-config client.properties --label strimzi.io/cluster=legacy`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			f.stdout, f.stderr = command.OutOrStdout(), command.ErrOrStderr()
			f.excludeSaid = command.Flags().Changed("exclude")
			return f.run(command.Context())
		},
	}
	set := command.Flags()
	f.addTo(set)
	set.StringVar(&f.topic, "topic", "", "regular expression for the whole names of the topics to import; without it all")
	set.StringVar(&f.exclude, "exclude", topic.DefaultExclusion, "regular expression for the whole names of topics to leave out")
	set.BoolVar(&f.internal, "include-internal", false, "import Kafka's own topics too")
	return command
}

func (f *topicsImport) run(ctx context.Context) error {
	options, err := f.options()
	if err != nil {
		return err
	}
	i, err := f.begin()
	if err != nil {
		return err
	}
	defer i.end()
	options.Namespace, options.Labels, options.Progress = i.in, i.set, i.progress.now
	if options.Existing, err = existing(ctx, i, topicimport.Existing); err != nil {
		return err
	}
	found, err := i.findTopics(ctx, options)
	if err != nil {
		return err
	}
	return finish(ctx, i, imported[*v1.KafkaTopic]{
		resources: found.Resources, notes: found.Notes, problems: found.Problems,
		left: []leftOut{
			{found.Present, "have a KafkaTopic already"},
			{found.Internal, "are Kafka's own (--include-internal takes them)"},
			{found.Excluded, "are excluded (--exclude says which)"},
		},
	})
}

func (f *topicsImport) options() (topicimport.Options, error) {
	out := topicimport.Options{Internal: f.internal, OwnExclusion: f.excludeSaid}
	var err error
	if out.Topic, err = wholeNames("topic", f.topic); err != nil {
		return out, err
	}
	out.Exclude, err = wholeNames("exclude", f.exclude)
	return out, err
}

func (i *importing) findTopics(ctx context.Context, o topicimport.Options) (topicimport.Found, error) {
	access, err := i.reach(ctx)
	if err != nil {
		return topicimport.Found{}, err
	}
	kafka, err := broker.OpenTopics(access)
	if err != nil {
		return topicimport.Found{}, err
	}
	defer kafka.Close()
	return topicimport.Find(ctx, kafka, o)
}
