package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"castellan.io/castellan/dev/deploy"
	"castellan.io/castellan/dev/image"
	"castellan.io/castellan/dev/kubectl"
	"castellan.io/castellan/dev/lifecycle"
)

// deployFlags are what a person may say about an installation.
type deployFlags struct {
	namespace, context, images string
	current, own, storage      bool
	kafka                      []string
}

func deployCommand() *cobra.Command {
	var flags deployFlags
	command := &cobra.Command{
		Use:   "deploy",
		Short: "Install the operator",
		Long: `Install the resource definitions, the storage provisioner and the operator, and wait until they run.

Without --current or --context they go to this checkout's own cluster, for which the images are built and
loaded first. On any other cluster the images come from the registry named by --images.`,
		Example: `  bin/dev deploy
  bin/dev deploy --current --images registry.example.com/castellan`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return runDeploy(command, flags) },
	}
	command.Flags().StringVar(&flags.namespace, "namespace", "castellan", "the operator's namespace")
	command.Flags().StringVar(&flags.context, "context", "", "install to this context of your kubeconfig")
	command.Flags().BoolVar(&flags.current, "current", false, "install to the current context of your kubeconfig")
	command.Flags().StringVar(&flags.images, "images", "", `registry and path of the images, as in "registry.example.com/castellan"`)
	command.Flags().StringSliceVar(&flags.kafka, "kafka", []string{image.DefaultKafkaVersion}, "Kafka versions to load images of into this checkout's cluster")
	command.Flags().BoolVar(&flags.own, "own-namespace", false, "watch the operator's namespace instead of all")
	command.Flags().BoolVar(&flags.storage, "storage", false, "install the storage provisioner too; this checkout's cluster always gets it")
	return command
}

func runDeploy(command *cobra.Command, flags deployFlags) error {
	lab, err := openLab()
	if err != nil {
		return err
	}
	deployment := deploy.Deployment{
		Progress: lab.Progress, Storage: flags.storage,
		Namespace: flags.namespace, AllNamespaces: !flags.own, Registry: flags.images,
	}
	if flags.current || flags.context != "" {
		if flags.images == "" {
			return errors.New("say where the cluster gets the images from: --images registry.example.com/castellan, or PUSH= with make ('make images PUSH=…' puts them there)")
		}
		deployment.Kubectl, err = otherCluster(command.Context(), lab, flags.context)
	} else {
		deployment.Storage = true
		deployment.Digest, err = loadImages(command, lab, flags.kafka)
		if err == nil {
			deployment.Kubectl, err = ownCluster()
		}
	}
	if err != nil {
		return err
	}
	return deployment.Run(command.Context())
}

// ownCluster reaches this checkout's cluster, through this program.
func ownCluster() (kubectl.Client, error) {
	program, err := os.Executable()
	if err != nil {
		return kubectl.Client{}, fmt.Errorf("finding this program: %w", err)
	}
	return kubectl.Client{Command: []string{program, "kubectl"}}, nil
}

// otherCluster reaches a cluster of the user's kubeconfig, with the user's kubectl or, for want of one, ours.
func otherCluster(ctx context.Context, lab lifecycle.Lab, name string) (kubectl.Client, error) {
	program, err := exec.LookPath("kubectl")
	if err != nil {
		folder, err := lab.Assets(ctx)
		if err != nil {
			return kubectl.Client{}, err
		}
		program = filepath.Join(folder, "kubectl")
	}
	line := []string{program}
	if name != "" {
		line = append(line, "--context", name)
	}
	return kubectl.Client{Command: line}, nil
}

// loadImages builds the images, loads them into the cluster's nodes and returns the digest of Castellan's.
func loadImages(command *cobra.Command, lab lifecycle.Lab, kafka []string) (string, error) {
	options, err := imageOptions(command.ErrOrStderr(), kafka)
	if err != nil {
		return "", err
	}
	images, err := image.Build(command.Context(), options)
	if err != nil {
		return "", err
	}
	for _, built := range images {
		if err := lab.Load(command.Context(), built.File); err != nil {
			return "", err
		}
	}
	// Castellan's own comes last.
	return images[len(images)-1].Digest, nil
}
