package user

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/apiserver"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/maintenance"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user"
	"castellan.io/castellan/internal/user/credential"
)

// Options are what an operator of users needs.
type Options struct {
	// API is the API server.
	API *apiserver.Client
	// Kafka is the cluster.
	Kafka *broker.Users
	// Namespace to watch, and the labels that resources must have.
	Namespace string
	Labels    map[string]string
	// CANamespace has the Secrets of the clients CA: CACertSecret with its certificates, CAKeySecret with its key.
	CANamespace, CACertSecret, CAKeySecret string
	// Credentials are what users get who do not say.
	Credentials credential.Defaults
	// SecretPrefix begins the names of Secrets; SecretNamespaces may have copies of them.
	SecretPrefix     string
	SecretNamespaces []string
	// LabelExclusion tells which labels of a resource are not carried over to its Secret.
	LabelExclusion func(key string) bool
	// ACLs tells whether Kafka keeps access control lists.
	ACLs bool
	// Self is the operator's own name in Kafka, which is left alone; empty if that is none of a user's.
	Self string
	// Ignored matches names in Kafka that are left alone although no resource claims them; nil for none.
	Ignored *regexp.Regexp
	// ReportDrift leaves what was changed in Kafka as it is, and tells.
	ReportDrift bool
	// Windows are when certificates may be renewed.
	Windows []string
	// Refresh is how often Kafka is asked what it holds, and every user is looked at.
	Refresh time.Duration
	// Timeout bounds the work on a batch of users.
	Timeout     time.Duration
	BatchSize   int
	BatchLinger time.Duration
	Workers     int
	Metrics     *batch.Metrics
	Now         func() time.Time
	// Random feeds serial numbers and passwords; NewKey makes private keys.
	Random io.Reader
	NewKey func(pki.KeyAlgorithm) (crypto.Signer, error)
}

// Operator keeps users as wanted.
type Operator struct {
	Options

	// users are the KafkaUsers of the namespace that have the labels.
	users     toolscache.SharedIndexInformer
	queue     *batch.Queue
	resources *batch.Resources
	writers   batch.Writers
	// reach is about reading what Kafka holds, changes about changing it: one may work while the other does not. failed tells that a change
	// failed since the last look, changing how many are under way.
	reach, changes *batch.Reach
	failed         atomic.Bool
	changing       atomic.Int64
	// soon asks for a look before its time.
	soon       chan struct{}
	held       *held
	passwords  *passwords
	own        *own
	authority  *authority
	secrets    *secrets
	copies     map[string]*secrets
	periodical prometheus.Counter
	// known are about what has to be known first, knownCopies about the namespaces of copies: one without rights must not stop the others.
	known, knownCopies []toolscache.InformerSynced
}

// writersAtOnce is how many requests for the API server are under way at most.
const writersAtOnce = 24

// New returns an operator that does nothing yet.
func New(options Options) (*Operator, error) {
	o := &Operator{
		Options:   options,
		queue:     batch.NewQueue(options.BatchSize, options.BatchLinger, options.Metrics, options.Now),
		resources: batch.NewResources(options.Namespace),
		writers:   batch.NewWriters(writersAtOnce),
		reach:     batch.NewReach(options.Now),
		soon:      make(chan struct{}, 1),
		changes:   batch.NewReach(options.Now),
		held:      newHeld(options.Now),
		passwords: newPasswords(),
		own:       newOwn(),
		copies:    map[string]*secrets{},

		periodical: newPeriodical(options.Metrics),
	}
	o.secrets = o.ownSecrets()
	for _, namespace := range options.SecretNamespaces {
		o.copies[namespace] = o.copiesIn(namespace)
	}
	o.authority = o.newAuthority()
	return o, o.follow()
}

// follow has what happens to resources and Secrets told to the operator, once it runs.
func (o *Operator) follow() error {
	var err error
	if o.users, err = apiserver.Watch(o.API.Users(o.Namespace), &v1.KafkaUser{}, o.Labels, trim()); err != nil {
		return fmt.Errorf("watch KafkaUsers: %w", err)
	}
	users, err := o.users.AddEventHandler(o.events())
	if err != nil {
		return fmt.Errorf("watch KafkaUsers: %w", err)
	}
	o.known = append(o.known, users.HasSynced)
	for _, watched := range append(o.authority.secrets, o.secrets) {
		if err := watched.tell(&o.known); err != nil {
			return err
		}
	}
	for _, watched := range o.copies {
		if err := watched.tell(&o.knownCopies); err != nil {
			return err
		}
	}
	return nil
}

// Run works until the context ends.
func (o *Operator) Run(ctx context.Context) error {
	defer o.queue.ShutDown()
	if _, wrong := maintenance.Open(o.Windows, o.Now()); len(wrong) > 0 {
		log.FromContext(ctx).Info("some maintenance windows never open", "why", errors.Join(wrong...).Error())
	}
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() { o.users.RunWithContext(ctx) })
	for _, watched := range slices.AppendSeq(append(o.authority.secrets, o.secrets), maps.Values(o.copies)) {
		others.Go(func() { watched.informer.RunWithContext(ctx) })
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), o.known...) {
		return nil
	}
	looked := make(chan struct{})
	others.Go(func() { o.looks(ctx, looked) })
	o.awaitRest(ctx, looked)
	o.queue.Work(ctx, o.Workers, o.reconcile)
	return nil
}

// startLimit is how long the work waits at the start for what it could begin without: what Kafka holds, and which copies there are.
const startLimit = 5 * time.Second

func (o *Operator) awaitRest(ctx context.Context, looked <-chan struct{}) {
	limited, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	toolscache.WaitForCacheSync(limited.Done(), o.knownCopies...)
	select {
	case <-looked:
	case <-limited.Done():
	}
}

// lookAgain is how soon Kafka is asked again that has not answered yet.
const lookAgain = 2 * time.Second

// looks looks once in a while: Kafka does not tell when something changes there, and certificates come of age. It closes looked after
// the first answer.
func (o *Operator) looks(ctx context.Context, looked chan<- struct{}) {
	for {
		err := o.look(ctx)
		if err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Info("cannot read what Kafka holds about users", "why", err.Error())
		}
		if err == nil && looked != nil {
			close(looked)
			looked = nil
		}
		next := o.Refresh
		if o.held.unread() != nil {
			next = lookAgain
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		case <-o.soon:
			o.rest(ctx, lookSoon)
		}
	}
}

// lookSoon is how long Kafka is left alone before it is asked what became of a change.
const lookSoon = 10 * time.Second

// readSoon has what Kafka holds read anew: nobody knows what became of a change.
func (o *Operator) readSoon() {
	select {
	case o.soon <- struct{}{}:
	default: // it is asked for already
	}
}

// rest does nothing for a while.
func (o *Operator) rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// look reads what Kafka holds about users, and has each of them looked at, and those that Kafka knows and no resource claims.
func (o *Operator) look(ctx context.Context) error {
	o.periodical.Inc()
	o.passwords.doubt()
	if err := o.held.read(ctx, o.Kafka, o.ACLs); err != nil {
		if o.held.unread() == nil {
			o.resources.Each(o.queue.Add) // certificates come of age all the same
		}
		return err
	}
	o.reach.Restored()
	if !o.failed.Swap(false) && o.changing.Load() == 0 {
		o.changes.Restored() // nobody is left who waits for one
	}
	o.resources.Each(o.queue.Add)
	o.orphans(ctx)
	return nil
}

// orphans has the names looked at that Kafka knows and no resource claims. An operator that knows no resource at all is more likely in the wrong
// place, or earlier than the resources, than in a cluster whose users are all to go.
func (o *Operator) orphans(ctx context.Context) {
	var names []string
	for _, name := range o.held.names() {
		username, is := user.Username(name)
		ignored := name == o.Self || o.Ignored != nil && o.Ignored.MatchString(name)
		if is && !ignored && len(o.resources.Claiming(username)) == 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	if o.ReportDrift || o.resources.Count() == 0 {
		log.FromContext(ctx).Info("Kafka knows users without a resource, which are left alone", "count", len(names), "first", names[0], "resources", o.resources.Count())
		return
	}
	for _, name := range names {
		o.orphan(name)
	}
}

// Alive tells whether the workers get on with what there is to do.
func (o *Operator) Alive() bool { return o.queue.Alive() }

// Ready tells whether users and Secrets are known.
func (o *Operator) Ready() bool {
	return len(o.known) > 0 && !slices.ContainsFunc(o.known, func(synced toolscache.InformerSynced) bool { return !synced() })
}

// Resources is how many resources there are.
func (o *Operator) Resources() int { return o.resources.Count() }

// Paused is how many of them ask to be left alone.
func (o *Operator) Paused() int { return o.resources.Paused() }

// Requests is how many requests were sent to Kafka so far.
func (o *Operator) Requests() int64 { return o.Kafka.Requests() }
