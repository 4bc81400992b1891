package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"castellan.io/castellan/dev/image"
	"castellan.io/castellan/dev/lifecycle"
)

// prepareCommand finds out in a second what would otherwise fail after minutes.
func prepareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prepare",
		Short: "Check what this machine has, and install the Debian packages that are missing",
		Long: `Check that this is root on a machine with Maven and a JDK 17 or newer, and install the small programs
that images and trials need: debootstrap and kcat.`,
		Example: "  sudo bin/dev prepare",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if os.Geteuid() != 0 {
				return errors.New("this needs root, for namespaces, mounts and control groups: run it as root or with sudo")
			}
			if err := image.Prerequisites(command.Context(), os.Getenv("JAVA_HOME")); err != nil {
				return err
			}
			for _, program := range []string{"debootstrap", "kcat"} {
				if err := lifecycle.Ensure(command.Context(), program, program, reporter()); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
