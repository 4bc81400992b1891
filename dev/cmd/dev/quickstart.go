package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"castellan.io/castellan/dev/lifecycle"
	"castellan.io/castellan/dev/quickstart"
)

// nextSteps is what a person reads when everything is up.
const nextSteps = `
Kafka cluster my-cluster runs in namespace quickstart of a Kubernetes on this machine.
  look at it       bin/dev kubectl get kafka,kafkanodepool,strimzipodset,pod,pvc -n quickstart
  in the cluster   my-cluster-kafka-bootstrap.quickstart.svc:9092, and :9093 with mutual TLS
  from here        bin/dev shell -- kcat -b my-cluster-kafka-bootstrap.quickstart.svc:9092 -L

Try next:
  change a broker setting, and see the nodes restart, one at a time, each when the others can do without it:
    bin/dev kubectl patch kafka my-cluster -n quickstart --type merge -p '{"spec":{"kafka":{"config":{"num.io.threads":4}}}}'
    bin/dev kubectl get pods -n quickstart --watch
  add brokers      docs/spec/kafkanodepool.md
  end it all       make down
`

func quickstartCommand() *cobra.Command {
	var again bool
	command := &cobra.Command{
		Use:   "quickstart",
		Short: "Start the example cluster and prove that it keeps its records",
		Long: `Apply examples/quickstart, then write 10,000 records with acks=all and read them over mutual TLS, with
Kafka's own console tools and with kcat, while a broker is deleted half-way; fail unless 10,000 distinct ones arrive.

What has been proven for a cluster is not proven again.`,
		Example: "  bin/dev quickstart --again",
		Args:    cobra.NoArgs,
		RunE:    func(command *cobra.Command, _ []string) error { return runQuickstart(command, again) },
	}
	command.Flags().BoolVar(&again, "again", false, "repeat a proof that has succeeded")
	return command
}

func runQuickstart(command *cobra.Command, again bool) error {
	lab, err := openLab()
	if err != nil {
		return err
	}
	client, err := ownCluster()
	if err != nil {
		return err
	}
	if err := lifecycle.Ensure(command.Context(), "kcat", "kcat", lab.Progress); err != nil {
		return err
	}
	proof := quickstart.Proof{
		Source:   lab.Checkout.Path,
		Kubectl:  client,
		Shell:    []string{client.Command[0], "shell", "--"},
		Progress: lab.Progress,
		Out:      command.OutOrStdout(),
		Again:    again,
	}
	if err := proof.Run(command.Context()); err != nil {
		return err
	}
	_, err = fmt.Fprint(command.OutOrStdout(), nextSteps)
	return err
}
