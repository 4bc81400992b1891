package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

// entityProgram plays the roles of the entity operator. It stands beside this program: see its documentation for why.
const entityProgram = "castellan-entity"

func newTopicOperatorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "topic-operator",
		Short: "Keep KafkaTopic resources and the topics of one Kafka cluster in agreement",
		Long: `Keep KafkaTopic resources and the topics of one Kafka cluster in agreement.

Runs in the pod <cluster>-entity-operator that the cluster operator makes, or in a Deployment of its own
beside any Kafka (install/topic-operator). It is configured by environment variables named STRIMZI_…;
docs/topics.md lists them.`,
		Example: "  STRIMZI_NAMESPACE=myproject STRIMZI_KAFKA_BOOTSTRAP_SERVERS=localhost:9092 castellan topic-operator",
		Args:    cobra.NoArgs,
		RunE:    becomeEntity,
	}
}

func newUserOperatorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "user-operator",
		Short: "Keep KafkaUser resources, their Secrets and the users of one Kafka cluster in agreement",
		Long: `Keep KafkaUser resources, their Secrets and the users of one Kafka cluster in agreement.

Runs in the pod <cluster>-entity-operator that the cluster operator makes, or in a Deployment of its own
beside any Kafka (install/user-operator). It is configured by environment variables named STRIMZI_…;
docs/users.md lists them.`,
		Example: "  STRIMZI_NAMESPACE=myproject STRIMZI_CA_CERT_NAME=my-ca-cert STRIMZI_CA_KEY_NAME=my-ca \\\n" +
			"    STRIMZI_KAFKA_BOOTSTRAP_SERVERS=localhost:9092 castellan user-operator",
		Args: cobra.NoArgs,
		RunE: becomeEntity,
	}
}

// becomeEntity goes on as the program for the command's role. It returns only if that cannot be started.
func becomeEntity(command *cobra.Command, _ []string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find %s: %w", entityProgram, err)
	}
	program := filepath.Join(filepath.Dir(self), entityProgram)
	err = syscall.Exec(program, []string{program, command.Name()}, os.Environ())
	return fmt.Errorf("start %s: %w: it belongs beside %s, as in Castellan's image; make build makes both", program, err, filepath.Base(self))
}
