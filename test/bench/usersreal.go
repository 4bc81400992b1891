package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/test/bench/figure"
)

// someUsers is how many users live at a time.
const someUsers = 500

// userLife are the figures of users of one sort.
type userLife struct {
	*lifeOf
	userSort
}

func newUserLife(of userSort) *userLife {
	return &userLife{newLifeOf(fmt.Sprintf("%d %s", someUsers, of), "a rule and a quota added", "to nothing left", userOperator), of}
}

// figures are those of the life, with how many users a second came.
func (l *userLife) figures() []*figure.Figure {
	rate := &figure.Figure{Name: fmt.Sprintf("%d %s, created a second", someUsers, l.userSort)}
	for _, took := range l.created.Ours {
		rate.Ours = append(rate.Ours, someUsers/took)
	}
	for _, took := range l.created.Floor {
		rate.Floor = append(rate.Floor, someUsers/took)
	}
	if l.created.Peer != "" {
		rate.Peer = "4.3"
	}
	return append([]*figure.Figure{l.created, rate}, l.lifeOf.figures()[1:]...)
}

// usersReal has users of a real cluster created, changed and deleted. The floor writes the same objects in a namespace without an operator.
func (b *bench) usersReal(ctx context.Context, report *figure.Report) (err error) {
	if b.world, err = b.hasty(); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, b.clear(context.WithoutCancel(ctx), usersNamespace, userKind(), secretKind()))
	}()
	if err := b.fresh(ctx, usersNamespace, userKind(), secretKind()); err != nil {
		return err
	}
	if err := b.startKafka(ctx, usersNamespace, "users.yaml"); err != nil {
		return err
	}
	kafka, err := b.kafkaIn(ctx, usersNamespace)
	if err != nil {
		return err
	}
	defer kafka.Close()
	lives := userLives()
	alone := &figure.Figure{Name: fmt.Sprintf("%d keys of RSA-2048 and certificates by an authority of RSA-4096, one core alone", someUsers), Unit: figure.Seconds}
	for i := range b.runs {
		for _, life := range lives {
			b.say("run %d of %d: %s", i+1, b.runs, life.userSort)
			if err := b.liveUsers(ctx, life, kafka); err != nil {
				return err
			}
		}
		took, err := b.issueAlone(ctx, someUsers)
		if err != nil {
			return err
		}
		b.say("%s: %.2f s", alone.Name, took)
		alone.Ours = append(alone.Ours, took)
	}
	for _, life := range lives {
		report.Figures = append(report.Figures, life.figures()...)
	}
	report.Figures = append(report.Figures, alone)
	return nil
}

func userLives() []*userLife {
	four := []v1.ACLOperation{"Read", "Write", "Describe"} // and one for a group
	rsa := newUserLife(userSort{v1.UserAuthenticationTLS, pki.RSA2048, four})
	rsa.created.Target, rsa.created.Peer = figure.AtMost(11.6), "23.5 s for 100"
	rsa.memory.Peer = "205 to 360 MiB"
	return []*userLife{rsa, newUserLife(userSort{v1.UserAuthenticationTLS, pki.ECDSAP256, four}), newUserLife(userSort{how: v1.UserAuthenticationScramSha512, operations: four})}
}

func (b *bench) liveUsers(ctx context.Context, l *userLife, kafka *kgo.Client) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	process, err := b.watchEntityOperator(watching, usersNamespace, userOperator, userOperatorPort)
	if err != nil {
		return err
	}
	watched, err := b.followUsers(watching, usersNamespace)
	if err != nil {
		return err
	}
	u := users{b.world, l.userSort, usersNamespace}
	sample, err := b.sampleSecret(ctx, u, watched, kadm.NewClient(kafka))
	if err != nil {
		return err
	}
	err = b.live(ctx, []step{
		{figure: l.created, each: u.create, after: func(ctx context.Context) error { return watched.users.until(ctx, someUsers, 1) }},
		{figure: l.changed, each: u.change, after: func(ctx context.Context) error { return watched.users.until(ctx, someUsers, 2) }},
		{figure: l.deleted, each: u.remove, after: func(ctx context.Context) error { return b.gone(ctx, watched, kadm.NewClient(kafka)) }},
	}, names(userPrefix, someUsers))
	if err != nil {
		return err
	}
	l.memory.Ours = append(l.memory.Ours, process.mostMemory())
	return b.floorOfUsers(ctx, l, sample, kafka)
}

// usersWatched are the users of a namespace and their Secrets.
type usersWatched struct{ users, secrets *population }

func (b *bench) followUsers(ctx context.Context, namespace string) (usersWatched, error) {
	of, err := b.followMany(ctx, namespace, userKind())
	if err != nil {
		return usersWatched{}, err
	}
	secrets, err := b.followMany(ctx, namespace, secretKind())
	return usersWatched{of, secrets}, err
}

// gone waits until nothing is left of users: no resource, no Secret, and nothing in Kafka.
func (b *bench) gone(ctx context.Context, watched usersWatched, kafka *kadm.Client) error {
	for _, p := range []*population{watched.users, watched.secrets} {
		if err := p.until(ctx, 0, 0); err != nil {
			return err
		}
		b.say("the %s are gone", p.plural)
	}
	return b.forgotten(ctx, kafka, userPrefix)
}

// sampleSecret is what the operator puts into the Secret of such a user: the floor's are as large.
func (b *bench) sampleSecret(ctx context.Context, u users, watched usersWatched, kafka *kadm.Client) (map[string][]byte, error) {
	const name = userPrefix + "sample"
	if err := u.create(ctx, name); err != nil {
		return nil, err
	}
	if err := watched.users.until(ctx, 1, 1); err != nil {
		return nil, err
	}
	var is corev1.Secret
	if err := b.client.Get(ctx, client.ObjectKey{Namespace: u.namespace, Name: name}, &is); err != nil {
		return nil, fmt.Errorf("read the Secret of a user: %w", err)
	}
	if err := u.remove(ctx, name); err != nil {
		return nil, err
	}
	return is.Data, b.gone(ctx, watched, kafka)
}

// floorOfUsers does what cannot be avoided, with nobody in between: for the API server a Secret and a status of each new user, a status of each
// changed one, and the Secret's end; and at the same time for Kafka one request about all users for each kind of what it holds.
func (b *bench) floorOfUsers(ctx context.Context, l *userLife, secret map[string][]byte, kafka *kgo.Client) (err error) {
	const namespace = usersNamespace + "-floor"
	defer func() {
		err = errors.Join(err, b.clear(context.WithoutCancel(ctx), namespace, userKind(), secretKind()))
	}()
	if err := b.fresh(ctx, namespace, userKind(), secretKind()); err != nil {
		return err
	}
	u, all := users{b.world, l.userSort, namespace}, names(floorPrefix, someUsers)
	wanted, err := u.wanted(all)
	if err != nil {
		return err
	}
	return b.bare(ctx, []step{
		{figure: l.created, each: u.createBare(secret), beside: func(ctx context.Context) error { return createInKafka(ctx, kafka, wanted) }},
		{figure: l.changed, each: u.changeBare, beside: func(ctx context.Context) error { return changeInKafka(ctx, kafka, wanted) }},
		{figure: l.deleted, each: u.removeBare, beside: func(ctx context.Context) error { return removeFromKafka(ctx, kafka, wanted) }},
	}, all)
}

// issueAlone is how many seconds one core takes for the keys and certificates of so many users, which no operator can avoid.
func (b *bench) issueAlone(ctx context.Context, count int) (float64, error) {
	year := pki.Lifetime{Validity: pki.Days(365)}
	authority, err := pki.NewAuthority(pki.ClientsAuthority, pki.Policy{Lifetime: year, Key: pki.RSA4096}, b.now(), rand.Reader)
	if err != nil {
		return 0, err
	}
	signing, err := authority.Open()
	if err != nil {
		return 0, err
	}
	began := b.now()
	for _, name := range names(userPrefix, count) {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		key, err := pki.GenerateKey(pki.RSA2048, rand.Reader)
		if err != nil {
			return 0, err
		}
		if _, err := signing.Certify(key.Public(), pki.LeafRequest{CommonName: name, Lifetime: year}, b.now(), rand.Reader); err != nil {
			return 0, err
		}
	}
	return b.now().Sub(began).Seconds(), nil
}
