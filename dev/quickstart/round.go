package quickstart

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"castellan.io/castellan/dev/progress"
)

const (
	// slice is how many records are written at a time, pause the time between: a round takes long enough for a
	// broker to go and come back while records flow.
	slice = 100
	pause = 100 * time.Millisecond
	// silence is how long records may fail to arrive before they are taken for lost. Clients need up to
	// a minute to find a new leader or coordinator.
	silence = 90 * time.Second
)

// round writes and reads Total records with one tool while one broker goes.
type round struct {
	tool  tool
	topic string
	// disturb takes the broker away; it is called when half of the records are written.
	disturb func(ctx context.Context) error
	step    *progress.Step
}

// run returns the count when all records have come, or no more do.
func (r round) run(ctx context.Context) (result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	counted := newTally(Total)
	stop, err := r.consume(ctx, counted)
	if err != nil {
		return result{}, err
	}
	defer stop()
	if err := r.produce(ctx, counted); err != nil {
		return counted.result(), err
	}
	if err := r.await(ctx, counted, Total); err != nil {
		return counted.result(), err
	}
	return counted.result(), nil
}

// consume starts the consumer, which counts until it is stopped.
func (r round) consume(ctx context.Context, counted *tally) (stop func(), err error) {
	command := r.tool.consume(ctx, r.topic)
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the consumer: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the consumer: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			counted.count(lines.Text())
		}
	}()
	return func() {
		// It is of no more use; that it ends by being killed is no failure.
		_ = command.Process.Kill()
		<-done
		_ = command.Wait()
	}, nil
}

// produce writes all records and waits until the producer has had them acknowledged.
func (r round) produce(ctx context.Context, counted *tally) error {
	command := r.tool.produce(ctx, r.topic)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	input, err := command.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting the producer: %w", err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting the producer: %w", err)
	}
	feedErr := r.feed(ctx, input, counted)
	_ = input.Close()
	r.step.Detail("waiting for the last acknowledgements")
	if err := r.ended(command); err != nil {
		return fmt.Errorf("the producer failed: %w%s", err, said(lastLine(complaint.String())))
	}
	return feedErr
}

// ended waits for the producer, but not for ever.
func (r round) ended(command *exec.Cmd) error {
	timer := time.AfterFunc(silence, func() { _ = command.Process.Kill() })
	defer timer.Stop()
	return command.Wait()
}

func (r round) feed(ctx context.Context, input io.Writer, counted *tally) error {
	for written := 0; written < Total; written += slice {
		if written == Total/2 {
			if err := r.disturbed(ctx, counted); err != nil {
				return err
			}
		}
		var text strings.Builder
		for number := written; number < written+slice; number++ {
			text.WriteString(record(number) + "\n")
		}
		if _, err := io.WriteString(input, text.String()); err != nil {
			return fmt.Errorf("writing records: %w", err)
		}
		r.step.Detail("%d written, %d read", written+slice, counted.result().Distinct)
		time.Sleep(pause)
	}
	return nil
}

// disturbed takes the broker away once both ends are at work, which on a busy machine takes a while.
func (r round) disturbed(ctx context.Context, counted *tally) error {
	if err := r.await(ctx, counted, Total/4); err != nil {
		return err
	}
	return r.disturb(ctx)
}

// await waits until so many records have come, or none does for too long.
func (r round) await(ctx context.Context, counted *tally, enough int) error {
	before, since := -1, time.Now()
	for ctx.Err() == nil {
		now := counted.result()
		if now.Distinct >= enough || time.Since(since) > silence {
			return nil
		}
		if now.Distinct != before {
			before, since = now.Distinct, time.Now()
		}
		r.step.Detail("%d read", now.Distinct)
		time.Sleep(pause)
	}
	return ctx.Err()
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
