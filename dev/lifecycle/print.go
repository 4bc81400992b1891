package lifecycle

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Print writes the report for people, as seen at that time.
func (r Report) Print(out io.Writer, now time.Time) error {
	fmt.Fprintf(out, "cluster of %s: up for %s, %d node(s), %d processes with %s, supervisor %d\n\n",
		r.Checkout, age(now, r.Since), r.Nodes, r.Processes, mebibytes(r.Resident), r.Supervisor)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tCOMPONENT\tSTATE\tFOR\tPID\tMEMORY\tREASON")
	for _, c := range r.Components {
		memory := ""
		if c.Resident > 0 {
			memory = mebibytes(c.Resident)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Node, c.Name, c.State, age(now, c.Since), c.pid(), memory, c.Reason)
	}
	return table.Flush()
}

func age(now, since time.Time) string {
	if since.IsZero() {
		return ""
	}
	return now.Sub(since).Round(time.Second).String()
}

func mebibytes(bytes int64) string {
	return fmt.Sprintf("%d MiB", bytes>>20)
}
