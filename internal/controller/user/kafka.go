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
		switch j.deed {
		case remove:
			if j.username != "" && len(o.resources.Claiming(j.username)) > 0 {
				continue // a resource has come meanwhile
			}
			if change := user.Without(o.held.of(j.wanted.Principal)); !change.Empty() {
				j.changes = map[string]user.Change{j.wanted.Principal: change}
			}
		case keep:
			j.changes = user.Compare(j.wanted, o.held.of)
			o.report(j)
			o.askPassword(j)
		default:
		}
	}
}

// report leaves what was changed in Kafka as it is, if that is wanted. What the resource says anew is carried out.
func (o *Operator) report(j *job) {
	if !j.reports || !j.settled() {
		return
	}
	for _, name := range []string{j.wanted.Principal, j.wanted.Other} {
		j.drift = append(j.drift, j.changes[name].Texts(name)...)
	}
	j.changes = nil
}

// Values of the annotation about drift.
const driftReport, driftRevert = "report", "revert"

func (o *Operator) reports(u *v1.KafkaUser) bool {
	switch u.Annotations[v1.AnnotationDrift] {
	case driftReport:
		return true
	case driftRevert:
		return false
	}
	return o.ReportDrift
}

// wrongDrift tells that nobody knows what is to happen about drift.
func wrongDrift(u *v1.KafkaUser) error {
	text, set := u.Annotations[v1.AnnotationDrift]
	if !set || text == driftReport || text == driftRevert {
		return nil
	}
	return user.Problems{{Field: "metadata.annotations." + v1.AnnotationDrift, What: fmt.Sprintf("is %q", text), Right: "write report or revert"}}
}

// askPassword has the password given to Kafka if that may have another one: Kafka does not tell which it has.
func (o *Operator) askPassword(j *job) {
	if len(j.wanted.Scram) == 0 || len(j.drift) > 0 && o.lacksCredential(j) {
		return
	}
	is, sure := o.passwords.has(j.username, j.password, j.wanted.Scram)
	if sure || is && j.reports {
		return
	}
	if j.changes == nil {
		j.changes = map[string]user.Change{}
	}
	change := j.changes[j.wanted.Principal]
	change.Password = j.wanted.Scram
	j.changes[j.wanted.Principal] = change
}

// lacksCredential tells whether Kafka has no password for a mechanism, or none as it should be.
func (o *Operator) lacksCredential(j *job) bool {
	is := o.held.of(j.wanted.Principal).Scram
	return slices.ContainsFunc(j.wanted.Scram, func(m user.Mechanism) bool { return is.Of(m) != user.Iterations })
}

// change carries the changes of the jobs out, together. Rules that come do so before others go: a user keeps what it may do before and after.
func (o *Operator) change(ctx context.Context, changing []*job) error {
	if len(changing) == 0 {
		return nil
	}
	o.changing.Add(1)
	defer o.changing.Add(-1)
	o.readPasswords(ctx, changing)
	for _, step := range o.steps(ctx, changing) {
		refusals, err := step.do()
		if err != nil {
			return err
		}
		o.noteDone(changing, refusals, step.part)
		refuse(changing, refusals)
	}
	o.changes.Restored()
	for _, j := range changing {
		o.changedInKafka(ctx, j)
	}
	return nil
}

// step is a part of all changes that Kafka is asked for together.
type step struct {
	do func() (map[string]error, error)
	// part is what the step does of a change.
	part func(user.Change) user.Change
}

func (o *Operator) steps(ctx context.Context, changing []*job) []step {
	return []step{
		{
			func() (map[string]error, error) {
				return o.Kafka.AddACLs(ctx, rules(changing, func(c user.Change) []user.ACL { return c.Add }))
			},
			func(c user.Change) user.Change { return user.Change{Add: c.Add} },
		},
		{
			func() (map[string]error, error) {
				return o.Kafka.RemoveACLs(ctx, rules(changing, func(c user.Change) []user.ACL { return c.Remove }))
			},
			func(c user.Change) user.Change { return user.Change{Remove: c.Remove} },
		},
		{
			func() (map[string]error, error) { return o.Kafka.SetQuotas(ctx, quotas(changing)) },
			func(c user.Change) user.Change { return user.Change{Quotas: c.Quotas} },
		},
		{
			func() (map[string]error, error) { return o.Kafka.SetCredentials(ctx, credentials(changing)) },
			func(c user.Change) user.Change { return user.Change{Password: c.Password, Forget: c.Forget} },
		},
	}
}

// noteDone notes what Kafka holds after a step. After a refusal the next look tells.
func (o *Operator) noteDone(jobs []*job, refusals map[string]error, part func(user.Change) user.Change) {
	for _, j := range jobs {
		for name, change := range j.changes {
			done := part(change)
			if done.Empty() || refusals[name] != nil || j.refused && len(done.Add)+len(done.Remove) > 0 || len(done.Password) > 0 && len(j.data[credential.EntryPassword]) == 0 {
				continue
			}
			o.held.after(name, done)
			if len(done.Password) > 0 {
				o.passwords.gave(j.username, j.password, j.wanted.Scram)
			}
		}
	}
}

// changedInKafka is about jobs that were carried out.
func (o *Operator) changedInKafka(ctx context.Context, j *job) {
	if claimed := len(o.resources.Claiming(j.username)) > 0; claimed == (j.deed == remove) {
		o.left(j.username) // resources came or went meanwhile
	}
	if j.refused {
		return
	}
	if len(j.wanted.Scram) == 0 {
		o.passwords.forget(j.username)
	}
	if j.deed == remove {
		log.FromContext(ctx).Info("removed from Kafka what it held about a user without a resource", "user", j.wanted.Principal)
	}
}

// refuse notes about whose names Kafka said no.
func refuse(jobs []*job, refusals map[string]error) {
	if len(refusals) == 0 {
		return
	}
	for _, j := range jobs {
		for _, name := range []string{j.wanted.Principal, j.wanted.Other} {
			if err := refusals[name]; err != nil {
				j.refusedBecause(fmt.Errorf("Kafka refused something about %s: %w", name, err))
			}
		}
	}
}

// refusedBecause notes that Kafka does not hold all that is wanted.
func (j *job) refusedBecause(err error) {
	j.refused = true
	j.note(err)
	if no, is := errors.AsType[*broker.Refused](err); !is || no.Retry || j.resource == nil {
		j.later = true
	}
}

// rules are some of the changes, by name. Where Kafka has refused some already, the others stay.
func rules(jobs []*job, some func(user.Change) []user.ACL) map[string][]user.ACL {
	out := map[string][]user.ACL{}
	for _, j := range jobs {
		for name, change := range j.changes {
			if list := some(change); len(list) > 0 && !j.refused {
				out[name] = list
			}
		}
	}
	return out
}

func quotas(jobs []*job) map[string]user.QuotaChange {
	out := map[string]user.QuotaChange{}
	for _, j := range jobs {
		for name, change := range j.changes {
			if !change.Quotas.Empty() {
				out[name] = change.Quotas
			}
		}
	}
	return out
}

func credentials(jobs []*job) []broker.Credential {
	var out []broker.Credential
	for _, j := range jobs {
		for name, change := range j.changes {
			for _, m := range change.Password {
				if password := j.data[credential.EntryPassword]; len(password) > 0 {
					out = append(out, broker.Credential{Name: name, Mechanism: m, Password: string(password)})
				}
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
	needs := func(j *job) bool { return len(j.changes[j.wanted.Principal].Password) > 0 }
	batch.Each(o.writers, jobs, needs, func(j *job) {
		if err := o.readOwnSecret(ctx, j); err != nil {
			j.refusedBecause(err)
		}
	})()
}
