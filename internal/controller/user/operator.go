package user

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"

	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user/credential"
)

// Options are what an operator of users needs.
type Options struct {
	// Client writes and watches Secrets; Cache holds the KafkaUsers of the namespace that have the labels; Live reads from the API server itself.
	Client client.WithWatch
	Cache  client.Reader
	Live   client.Reader
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

	queue     *batch.Queue
	resources *batch.Resources
	writers   batch.Writers
	reach     *batch.Reach
	held      *held
	passwords *passwords
	authority *authority
	secrets   *secrets
	copies    map[string]*secrets
	synced    func() bool
}

// writersAtOnce is how many requests for the API server are under way at most.
const writersAtOnce = 24

// New returns an operator that does nothing yet.
func New(options Options) *Operator {
	o := &Operator{
		Options:   options,
		queue:     batch.NewQueue(options.BatchSize, options.BatchLinger, options.Metrics, options.Now),
		resources: batch.NewResources(options.Namespace),
		writers:   batch.NewWriters(writersAtOnce),
		reach:     batch.NewReach(options.Now),
		held:      newHeld(),
		passwords: newPasswords(),
		copies:    map[string]*secrets{},
	}
	o.secrets = o.ownSecrets()
	for _, namespace := range options.SecretNamespaces {
		o.copies[namespace] = o.copiesIn(namespace)
	}
	o.authority = o.newAuthority()
	return o
}

// Setup has the manager run the operator.
func (o *Operator) Setup(ctx context.Context, mgr ctrl.Manager) error {
	informer, err := mgr.GetCache().GetInformer(ctx, &v1.KafkaUser{})
	if err != nil {
		return fmt.Errorf("watch KafkaUsers: %w", err)
	}
	users, err := informer.AddEventHandler(o.events())
	if err != nil {
		return fmt.Errorf("watch KafkaUsers: %w", err)
	}
	known := []toolscache.InformerSynced{users.HasSynced}
	for _, watched := range o.watched() {
		registration, err := watched.informer.AddEventHandler(watched.events)
		if err != nil {
			return fmt.Errorf("watch Secrets: %w", err)
		}
		known = append(known, registration.HasSynced)
	}
	o.synced = func() bool {
		for _, synced := range known {
			if !synced() {
				return false
			}
		}
		return true
	}
	return mgr.Add(manager.RunnableFunc(o.run))
}

// watched are the informers of Secrets.
func (o *Operator) watched() []*secrets {
	out := []*secrets{o.secrets}
	for _, s := range o.copies {
		out = append(out, s)
	}
	for _, s := range o.authority.secrets {
		out = append(out, s)
	}
	return out
}

// run works until the context ends.
func (o *Operator) run(ctx context.Context) error {
	defer o.queue.ShutDown()
	var informers sync.WaitGroup
	defer informers.Wait()
	for _, watched := range o.watched() {
		informers.Go(func() { watched.informer.RunWithContext(ctx) })
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), o.synced) {
		return nil
	}
	o.lookPatiently(ctx)
	informers.Go(func() { o.looks(ctx) })
	o.queue.Work(ctx, o.Workers, o.reconcile)
	return nil
}

// lookAgain is how soon Kafka is asked again that did not answer.
const lookAgain = 2 * time.Second

// lookPatiently looks until Kafka answers, or has been silent for so long that users are to be told. Nothing is compared before.
func (o *Operator) lookPatiently(ctx context.Context) {
	for {
		err := o.look(ctx)
		if err == nil || ctx.Err() != nil || o.reach.Lost() >= batch.Patience {
			return
		}
		log.FromContext(ctx).Info("cannot read what Kafka holds about users", "why", err.Error())
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgain):
		}
	}
}

// looks looks once in a while: Kafka does not tell when something changes there, and certificates come of age.
func (o *Operator) looks(ctx context.Context) {
	for {
		next := o.Refresh
		if o.held.unread() != nil {
			next = lookAgain
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
		if err := o.look(ctx); err != nil && !errors.Is(err, context.Canceled) {
			log.FromContext(ctx).Info("cannot read what Kafka holds about users", "why", err.Error())
		}
	}
}

// look reads what Kafka holds about users, and looks at each of them, and at those that Kafka knows and no resource claims.
func (o *Operator) look(ctx context.Context) error {
	o.passwords.doubt()
	if err := o.held.read(ctx, o.Kafka, o.ACLs); err != nil {
		// Certificates come of age all the same.
		o.resources.Each(o.queue.Add)
		return err
	}
	o.reach.Restored()
	o.resources.Each(o.queue.Add)
	if o.ReportDrift {
		return nil
	}
	for username := range o.held.usernames(o.Ignored) {
		if len(o.resources.Claiming(username)) == 0 {
			o.orphan(username)
		}
	}
	return nil
}

// Alive tells whether the workers get on with what there is to do.
func (o *Operator) Alive() bool { return o.queue.Alive() }

// Ready tells whether users and Secrets are known.
func (o *Operator) Ready() bool { return o.synced != nil && o.synced() }

// Resources is how many resources there are.
func (o *Operator) Resources() int { return o.resources.Count() }

// Paused is how many of them ask to be left alone.
func (o *Operator) Paused() int { return o.resources.Paused() }

// Requests is how many requests were sent to Kafka so far.
func (o *Operator) Requests() int64 { return o.Kafka.Requests() }
