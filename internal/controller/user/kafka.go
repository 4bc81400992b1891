package user

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/controller/batch"
	"castellan.io/castellan/internal/user"
	"castellan.io/castellan/internal/user/credential"
)

// compare finds out what has to change in Kafka for the jobs.
func (o *Operator) compare(jobs []*job) {
	for _, j := range jobs {
		switch {
		case j.deed == remove && j.username != "":
			j.changes = user.Without(j.username, o.held.of)
		case j.deed == keep:
			j.changes = user.Compare(j.wanted, o.held.of)
			o.report(j)
			o.askPassword(j)
		}
	}
}

// report leaves what was changed in Kafka as it is, if that is wanted. What the resource says anew is carried out.
func (o *Operator) report(j *job) {
	if !o.reports(j.resource) || !j.settled() {
		return
	}
	for _, name := range []string{j.wanted.Principal, j.wanted.Other} {
		j.drift = append(j.drift, j.changes[name].Texts(name)...)
	}
	j.changes = nil
}

func (o *Operator) reports(u *v1.KafkaUser) bool {
	switch u.Annotations[v1.AnnotationDrift] {
	case driftReport:
		return true
	case driftRevert:
		return false
	}
	return o.ReportDrift
}

// Values of the annotation about drift.
const driftReport, driftRevert = "report", "revert"

// askPassword has the password given to Kafka if that may have another one: Kafka does not tell which it has.
func (o *Operator) askPassword(j *job) {
	if len(j.wanted.Scram) == 0 || o.passwords.has(j.username, j.password, j.wanted.Scram) {
		return
	}
	if j.changes == nil {
		j.changes = map[string]user.Change{}
	}
	change := j.changes[j.wanted.Principal]
	change.Password = j.wanted.Scram
	j.changes[j.wanted.Principal] = change
}

// change carries the changes of all jobs out, together. Rules that come do so before others go: a user keeps what it may do before and after.
func (o *Operator) change(ctx context.Context, jobs []*job) error {
	changing := slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool { return len(j.changes) == 0 || j.deed == tell || j.deed == nothing })
	if len(changing) == 0 {
		return nil
	}
	o.readPasswords(ctx, changing)
	credentials := credentialsOf(changing)
	steps := []struct {
		name string
		do   func() (map[string]error, error)
	}{
		{"add_acls", func() (map[string]error, error) {
			return o.Kafka.AddACLs(ctx, collected(changing, func(c user.Change) []user.ACL { return c.Add }))
		}},
		{"remove_acls", func() (map[string]error, error) {
			return o.Kafka.RemoveACLs(ctx, collected(changing, func(c user.Change) []user.ACL { return c.Remove }))
		}},
		{"alter_quotas", func() (map[string]error, error) { return o.Kafka.SetQuotas(ctx, quotasOf(changing)) }},
		{"alter_credentials", func() (map[string]error, error) { return o.Kafka.SetCredentials(ctx, credentials) }},
	}
	for _, step := range steps {
		done := o.Metrics.Request(step.name)
		refusals, err := step.do()
		done()
		if err != nil {
			return err
		}
		refuse(changing, refusals)
	}
	o.reach.Restored()
	for _, j := range changing {
		o.changedInKafka(ctx, j)
	}
	return nil
}

// changedInKafka notes what Kafka holds now. After a refusal that is not known: the next look tells.
func (o *Operator) changedInKafka(ctx context.Context, j *job) {
	if j.err != nil {
		return
	}
	for name, change := range j.changes {
		o.held.after(name, change)
	}
	if j.deed == remove {
		o.passwords.forget(j.username)
		log.FromContext(ctx).Info("removed from Kafka what it held about a user without a resource", "user", j.username)
		return
	}
	if len(j.wanted.Scram) > 0 {
		o.passwords.gave(j.username, j.password, j.wanted.Scram)
	}
}

// refuse ends jobs about whose names Kafka said no.
func refuse(jobs []*job, refusals map[string]error) {
	if len(refusals) == 0 {
		return
	}
	for _, j := range jobs {
		for _, name := range []string{j.wanted.Principal, j.wanted.Other} {
			err := refusals[name]
			if err == nil {
				continue
			}
			j.fail(fmt.Errorf("Kafka refused something about %s: %w", name, err))
			if refused, is := errors.AsType[*broker.Refused](err); is && refused.Retry {
				j.later = true
			}
		}
	}
}

// collected are rules by name, without those of jobs that have failed.
func collected(jobs []*job, some func(user.Change) []user.ACL) map[string][]user.ACL {
	out := map[string][]user.ACL{}
	for _, j := range jobs {
		for name, change := range j.changes {
			if rules := some(change); len(rules) > 0 && j.err == nil {
				out[name] = rules
			}
		}
	}
	return out
}

func quotasOf(jobs []*job) map[string]user.QuotaChange {
	out := map[string]user.QuotaChange{}
	for _, j := range jobs {
		for name, change := range j.changes {
			if !change.Quotas.Empty() && j.err == nil {
				out[name] = change.Quotas
			}
		}
	}
	return out
}

func credentialsOf(jobs []*job) []broker.Credential {
	var out []broker.Credential
	for _, j := range jobs {
		if j.err != nil {
			continue
		}
		for name, change := range j.changes {
			for _, m := range change.Password {
				out = append(out, broker.Credential{Name: name, Mechanism: m, Password: string(j.data[credential.EntryPassword])})
			}
			for _, m := range change.Forget {
				out = append(out, broker.Credential{Name: name, Mechanism: m, Gone: true})
			}
		}
	}
	return out
}

// readPasswords reads the Secrets of users whose password Kafka needs.
func (o *Operator) readPasswords(ctx context.Context, jobs []*job) {
	needs := func(j *job) bool {
		return j.deed == keep && j.data == nil && len(j.changes[j.wanted.Principal].Password) > 0
	}
	batch.Each(o.writers, jobs, needs, func(j *job) {
		secret, err := o.secretOf(ctx, o.Namespace, j.secret)
		if err == nil && secret == nil {
			err = fmt.Errorf("Secret %s is gone", j.secret)
		}
		if err != nil {
			j.fail(err)
			j.later = true
			return
		}
		j.data = secret.Data
	})()
}
