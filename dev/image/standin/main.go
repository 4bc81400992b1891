// Command standin takes castellan's place in its image while there is no
// castellan: it says so and waits to be stopped.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	fmt.Fprintln(os.Stderr, "stand-in for castellan:", os.Args[1:])
	<-stop
}
