package main

import (
	"context"

	"github.com/spf13/cobra"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/userimport"
)

func newUsersCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "users",
		Short:   "Work on users and their resources",
		Long:    "Work on the users of a Kafka cluster and their resources.",
		Example: "  castellan users import --help",
		Args:    cobra.NoArgs, // checked only because there is something to run
		RunE:    func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newUsersImportCommand())
	return command
}

// usersImport are what a person says about an import of users.
type usersImport struct {
	importFlags
	user, exclude string
	issue         bool
}

func newUsersImportCommand() *cobra.Command {
	f := usersImport{importFlags: newImportFlags("users")}
	command := &cobra.Command{
		Use:   "import",
		Short: "Make KafkaUser resources for the users about whom a Kafka cluster holds something",
		Long: `Print, or with --apply create, KafkaUser resources for the users of a Kafka cluster that have none yet: those that have rules of access,
quotas or passwords.

A resource says what Kafka holds, so a user operator that sees it changes nothing. Users with certificates keep theirs, unless --tls has
the operator issue new ones. Kafka does not tell passwords: the resource of a user who has one names a Secret, and until the password is
in that, a user operator refuses the resource and leaves the user as it is. What is left out is said on standard error, and so is who
cannot be imported; the command then ends with an error after it has done the rest.

Import before a user operator starts: it removes from Kafka what that holds about users without a resource.

` + howKafkaIsReached,
		Example: `  # Look first, then create, in the namespace of the current context
  castellan users import --cluster my-cluster -o name
  castellan users import --cluster my-cluster --apply

  # Into Git, or by hand
  castellan users import --cluster my-cluster -n kafka > users.yaml
  castellan users import --cluster my-cluster -n kafka --user 'orders-.*' | kubectl apply -f -

  # A Kafka that is not in Kubernetes
  castellan users import --bootstrap-server kafka.example.com:9093 --command-config client.properties --label strimzi.io/cluster=legacy`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			f.stdout, f.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return f.run(command.Context())
		},
	}
	set := command.Flags()
	f.addTo(set)
	set.StringVar(&f.user, "user", "", "regular expression for the whole names of the users to import, without CN=; without it all")
	set.StringVar(&f.exclude, "exclude", "", "regular expression for the whole names of users to leave out, without CN=")
	set.BoolVar(&f.issue, "tls", false, "have a user operator issue certificates to users who have some of their own (type: tls)")
	return command
}

func (f *usersImport) run(ctx context.Context) error {
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
	if options.Existing, err = existing(ctx, i, userimport.Existing); err != nil {
		return err
	}
	found, err := i.findUsers(ctx, options)
	if err != nil {
		return err
	}
	return finish(ctx, i, imported[*v1.KafkaUser]{
		resources: found.Resources, notes: found.Notes, problems: found.Problems,
		left: []leftOut{{found.Present, "have a KafkaUser already"}, {found.Excluded, "are excluded (--exclude says which)"}},
	})
}

func (f *usersImport) options() (userimport.Options, error) {
	out := userimport.Options{Issue: f.issue}
	var err error
	if out.User, err = wholeNames("user", f.user); err != nil {
		return out, err
	}
	out.Exclude, err = wholeNames("exclude", f.exclude)
	return out, err
}

func (i *importing) findUsers(ctx context.Context, o userimport.Options) (userimport.Found, error) {
	access, err := i.reach(ctx)
	if err != nil {
		return userimport.Found{}, err
	}
	kafka, err := broker.OpenUsers(access)
	if err != nil {
		return userimport.Found{}, err
	}
	defer kafka.Close()
	return userimport.Find(ctx, kafka, o)
}
