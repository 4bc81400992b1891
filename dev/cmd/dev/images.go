package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"castellan.io/castellan/dev/image"
)

// imagesFlags are what a person may say about the images to build.
type imagesFlags struct {
	kafka  []string
	out    string
	push   string
	output string
}

// imagesCommand builds the project's container images.
func imagesCommand() *cobra.Command {
	var flags imagesFlags
	cmd := &cobra.Command{
		Use:   "images",
		Short: "Build the container images of Castellan and Apache Kafka",
		Long: `Build the container images of Castellan and Apache Kafka, without a container engine.

What was built stays in the user's cache directory (castellan/images) and is used
again as long as its inputs are the same; delete that directory to start afresh,
for instance to take in newer Debian packages.
Needs root, debootstrap, Maven and a JDK 17 or newer.`,
		Example: `  dev images
  dev images --kafka 4.2.1 --kafka 4.3.1 --out ./images -o json
  dev images --push registry.example.com/castellan`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runImages(cmd, flags) },
	}
	cmd.Flags().StringSliceVar(&flags.kafka, "kafka", []string{image.DefaultKafkaVersion}, "Apache Kafka versions to build images of")
	cmd.Flags().StringVar(&flags.out, "out", "", "also put the tarballs into this directory")
	cmd.Flags().StringVar(&flags.push, "push", "", "push the images to this registry and path")
	cmd.Flags().StringVarP(&flags.output, "output", "o", "text", `how to print the result: "text" or "json"`)
	cmd.AddCommand(recordClassesCommand())
	return cmd
}

// recordClassesCommand renews the lists of classes that are checked in.
func recordClassesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "record-classes VERSION",
		Short: "Renew the list of classes in the Kafka image's class-data archive",
		Long: `Run a small cluster and its tools from the Kafka image of a version, on loopback ports
39090 to 39096, and write the classes they load to dev/image/classlist. Check the result in.`,
		Example: "  dev images record-classes 4.3.1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := imageOptions(cmd.ErrOrStderr(), args)
			if err != nil {
				return err
			}
			list, err := image.RecordClasses(cmd.Context(), options, args[0])
			if err != nil {
				return err
			}
			file := filepath.Join(options.Source, "dev/image/classlist", image.ListName(args[0]))
			if err := os.WriteFile(file, []byte(list), 0o644); err != nil {
				return fmt.Errorf("keeping the class list: %w", err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), file)
			return nil
		},
	}
}

func runImages(cmd *cobra.Command, flags imagesFlags) error {
	if flags.output != "text" && flags.output != "json" {
		return fmt.Errorf(`-o is %q, it must be "text" or "json"`, flags.output)
	}
	options, err := imageOptions(cmd.ErrOrStderr(), flags.kafka)
	if err != nil {
		return err
	}
	images, err := image.Build(cmd.Context(), options)
	if err != nil {
		return err
	}
	if flags.out != "" {
		if images, err = image.CopyTo(flags.out, images); err != nil {
			return err
		}
	}
	if flags.push != "" {
		if err := image.Push(cmd.Context(), flags.push, images, options.Progress); err != nil {
			return err
		}
	}
	return printImages(cmd.OutOrStdout(), flags.output, images)
}

// imageOptions reads the surroundings: the source tree, the cache directory,
// the environment, the clock that progress lines carry.
func imageOptions(progress io.Writer, kafka []string) (image.Options, error) {
	source, err := sourceRoot()
	if err != nil {
		return image.Options{}, err
	}
	caches, err := os.UserCacheDir()
	if err != nil {
		return image.Options{}, fmt.Errorf("finding the cache directory: %w", err)
	}
	started := time.Now()
	return image.Options{
		Source:   source,
		CacheDir: filepath.Join(caches, "castellan", "images"),
		JavaHome: os.Getenv("JAVA_HOME"),
		Kafka:    kafka,
		Progress: func(line string) {
			fmt.Fprintf(progress, "%4.0fs  %s\n", time.Since(started).Seconds(), line)
		},
	}, nil
}

// sourceRoot finds the repository the command is called in: the nearest
// directory above whose go.mod is the root module's.
func sourceRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module castellan.io/castellan\n") {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not inside the source tree of castellan.io/castellan", dir)
		}
	}
}

func printImages(out io.Writer, format string, images []image.Image) error {
	if format == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(images)
	}
	for _, built := range images {
		fmt.Fprintf(out, "%s\t%s\t%s\n", built.Ref, built.File, built.Digest)
	}
	return nil
}
