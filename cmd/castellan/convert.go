package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"castellan.io/castellan/internal/convert"
)

// stdin is the name of the standard input among files.
const stdin = "-"

func newConvertCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "convert FILE...",
		Short: "Turn manifests of older API versions into v1",
		Long: `Print manifests of kafka.strimzi.io/v1beta2, v1beta1 and v1alpha1 as kafka.strimzi.io/v1, with node pools and KRaft.

What was changed, and what could not be, is said on standard error line by line: FILE:LINE: RESOURCE: what. What could not be converted stays
where it is, marked NOT CONVERTED, and the command ends with an error after it has printed all; Kubernetes refuses those places until they
are edited. Documents that need nothing come out as they went in. Give the files of a cluster together: its resource and its pools belong
together. A file named - is standard input.`,
		Example: `  castellan convert kafka.yaml > kafka-v1.yaml
  castellan convert cluster.yaml pools.yaml topics.yaml | kubectl apply --dry-run=server -f -

  # What a cluster holds
  kubectl get kafka,kafkanodepool,kafkatopic,kafkauser -o yaml | castellan convert - > v1.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, files []string) error {
			inputs, err := read(files, command.InOrStdin())
			if err != nil {
				return err
			}
			manifests, notes, err := convert.Manifests(inputs)
			if err != nil {
				return err
			}
			if _, err := command.OutOrStdout().Write(manifests); err != nil {
				return err
			}
			return tell(command.ErrOrStderr(), notes)
		},
	}
}

// read reads files, the standard input among them.
func read(files []string, in io.Reader) ([]convert.Input, error) {
	var inputs []convert.Input
	for _, file := range files {
		if file == stdin {
			data, err := io.ReadAll(in)
			if err != nil {
				return nil, fmt.Errorf("reading standard input: %w", err)
			}
			inputs = append(inputs, convert.Input{Name: "stdin", Data: data})
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, convert.Input{Name: file, Data: data})
	}
	return inputs, nil
}

// tell prints the notes. The error says that some of them need an answer.
func tell(to io.Writer, notes []convert.Note) error {
	left := 0
	for _, note := range notes {
		fmt.Fprintln(to, note)
		if note.Left {
			left++
		}
	}
	switch left {
	case 0:
		return nil
	case 1:
		return errors.New("one place is not converted and needs a decision: see NOT CONVERTED above")
	}
	return fmt.Errorf("%d places are not converted and need a decision: see NOT CONVERTED above", left)
}
