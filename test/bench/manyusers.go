package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/test/bench/figure"
)

const manyUsersNamespace = usersNamespace + "-many"

// manyUsers measures an operator of large numbers of users of a real cluster, those with certificates and then those with passwords.
func (b *bench) manyUsers(ctx context.Context, report *figure.Report) (err error) {
	if b.world, err = b.hasty(); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, b.clear(context.WithoutCancel(ctx), manyUsersNamespace, userKind(), secretKind()))
	}()
	if err := b.fresh(ctx, manyUsersNamespace, userKind(), secretKind()); err != nil {
		return err
	}
	if err := b.startKafka(ctx, manyUsersNamespace, "users.yaml"); err != nil {
		return err
	}
	kafka, err := b.kafkaIn(ctx, manyUsersNamespace)
	if err != nil {
		return err
	}
	defer kafka.Close()
	three := []v1.ACLOperation{"Read", "Describe"} // and one for a group
	for _, of := range []userSort{{v1.UserAuthenticationTLS, b.userKey, three}, {how: v1.UserAuthenticationScramSha512, operations: three}} {
		if err := b.manyOf(ctx, report, users{b.world, of, manyUsersNamespace}, kadm.NewClient(kafka)); err != nil {
			return err
		}
	}
	return nil
}

// manyOf has many users of a sort come, be, be there for a new operator, and go.
func (b *bench) manyOf(ctx context.Context, report *figure.Report, u users, kafka *kadm.Client) error {
	const many = 10_000
	what := "10,000 " + u.String()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	watched, err := b.followUsers(watching, u.namespace)
	if err != nil {
		return err
	}
	process, err := b.watchEntityOperator(watching, u.namespace, userOperator, userOperatorPort)
	if err != nil {
		return err
	}
	took, applied, err := b.timed(ctx, step{each: u.create, after: func(ctx context.Context) error { return watched.users.until(ctx, many, 1) }}, names(userPrefix, many))
	if err != nil {
		return err
	}
	b.say("%s are Ready after %.1f s, of which applying was %.1f s; %.1f a second", what, took, applied, many/took)
	b.found(report,
		once(what+", from the first apply to all Ready", figure.Seconds, took),
		atMost(once(what+", most memory of the user operator", figure.Mebibytes, process.mostMemory()), 64))
	if err := b.rest(ctx, report, process, what); err != nil {
		return err
	}
	if err := b.startAnew(watching, report, what, many); err != nil {
		return err
	}
	took, _, err = b.timed(ctx, step{each: u.remove, after: func(ctx context.Context) error { return b.gone(ctx, watched, kafka) }}, names(userPrefix, many))
	if err != nil {
		return err
	}
	b.found(report, once(what+", deleted, to nothing left", figure.Seconds, took))
	return nil
}

// startAnew replaces the operator and waits until the new one has looked at all users.
func (b *bench) startAnew(ctx context.Context, report *figure.Report, what string, count int) error {
	pod, err := b.restartEntityOperator(ctx, manyUsersNamespace)
	if err != nil {
		return err
	}
	process := watchProcess(ctx, userOperator, net.JoinHostPort(pod.Status.PodIP, userOperatorPort))
	if err := b.lookedAt(ctx, process, count); err != nil {
		return err
	}
	ended := b.now()
	m, err := process.metrics(ctx)
	if err != nil {
		return err
	}
	began := time.UnixMilli(int64(m.sum("process_start_time_seconds", nil) * 1000))
	b.found(report,
		once(what+", start of the operator until it has looked at all", figure.Seconds, ended.Sub(began).Seconds()),
		atMost(once(what+", most memory of the started operator", figure.Mebibytes, process.mostMemory()), 64))
	return nil
}
