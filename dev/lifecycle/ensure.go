package lifecycle

import (
	"context"
	"fmt"

	"castellan.io/castellan/dev/progress"
)

// Ensure installs the distribution's package when this machine lacks the program.
func Ensure(ctx context.Context, program, pkg string, report progress.Reporter) error {
	if find(program) != "" {
		return nil
	}
	if err := install(ctx, []string{pkg}, report); err != nil {
		return err
	}
	if find(program) == "" {
		return fmt.Errorf("%s: still missing after the installation of %s", program, pkg)
	}
	return nil
}
