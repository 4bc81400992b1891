package user

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/claim"
	"castellan.io/castellan/internal/reconciliation"
	"castellan.io/castellan/internal/user"
	"castellan.io/castellan/internal/user/credential"
)

// read makes the jobs of a batch, as far as the cache tells.
func (o *Operator) read(keys []types.NamespacedName) []*job {
	jobs := make([]*job, 0, len(keys))
	for _, key := range keys {
		j := o.job(key)
		if j == nil {
			o.queue.Forget(key)
			continue
		}
		jobs = append(jobs, j)
	}
	return jobs
}

func (o *Operator) job(key types.NamespacedName) *job {
	if name, is := orphaned(key); is {
		return o.orphanJob(key, name)
	}
	resource := o.seen(key)
	if resource == nil {
		return o.goneJob(key)
	}
	if resource.DeletionTimestamp != nil {
		return nil // it comes again when it is gone
	}
	j := &job{key: key, resource: resource, username: user.UsernameOf(resource), reports: o.reports(resource)}
	if reconciliation.Paused(resource) {
		j.only = &v1.Condition{Type: v1.ConditionReconciliationPaused, Status: v1.ConditionTrue}
		return j
	}
	o.examine(j)
	return j
}

// seen is a resource as it was seen last, which nobody may change; nil if there is none.
func (o *Operator) seen(key types.NamespacedName) *v1.KafkaUser {
	object, exists, err := o.users.GetStore().GetByKey(key.String())
	if err != nil || !exists {
		return nil
	}
	return object.(*v1.KafkaUser)
}

// orphanJob is about a name in Kafka whose user no resource claims.
func (o *Operator) orphanJob(key types.NamespacedName, name string) *job {
	username, _ := user.Username(name)
	if len(o.resources.Claiming(username)) > 0 || o.held.unread() == nil && o.held.of(name).Empty() {
		return nil
	}
	return &job{key: key, username: username, wanted: user.Wanted{Principal: name}, deed: remove}
}

// goneJob is about a Secret whose resource does not exist. What Kafka holds is another job's: see left.
func (o *Operator) goneJob(key types.NamespacedName) *job {
	if o.secrets.get(o.secretName(key.Name)) == nil && len(o.copiesOf(key.Name)) == 0 {
		return nil
	}
	return &job{key: key, deed: remove}
}

// examine finds out what the resource wants, and whether it may.
func (o *Operator) examine(j *job) {
	if rivals := o.rivals(j); len(rivals) > 0 {
		if manages, message := claim.Manages(claimOf(j.resource), append(rivals, claimOf(j.resource))); !manages {
			j.refuse(v1.ReasonResourceConflict, fmt.Sprintf("the user %s is another resource's: %s", j.username, message))
			return
		}
	}
	var err, wishErr error
	j.wanted, err = user.Read(j.resource, user.Rules{ACLs: o.ACLs && o.held.keepsACLs()})
	j.wish, wishErr = credential.Read(j.resource, o.Credentials)
	if err := joined(err, wishErr, wrongDrift(j.resource)); err != nil {
		j.refuse(v1.ReasonExecution, v1.ReasonInvalidResource+": "+err.Error())
		// What is wrong elsewhere must not let a certificate that is in use come to its end.
		j.renews = wishErr == nil && j.wish.How == v1.UserAuthenticationTLS && o.secrets.get(o.secretName(j.key.Name)) != nil
		return
	}
	j.deed = keep
	for _, p := range user.Futile(j.resource) {
		j.warnings = append(j.warnings, warning(v1.WarningFutileACL, p.String()))
	}
	o.wantCopies(j)
}

// joined is one error about all that is wrong.
func joined(errs ...error) error {
	var all user.Problems
	for _, err := range errs {
		if some, is := errors.AsType[user.Problems](err); is {
			all = append(all, some...)
		} else if err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// rivals are the other resources that claim the same user.
func (o *Operator) rivals(j *job) []claim.Claim {
	keys := o.resources.Claiming(j.username)
	if len(keys) < 2 {
		return nil
	}
	var out []claim.Claim
	for _, key := range keys {
		other := o.seen(key)
		if key == j.key || other == nil || other.DeletionTimestamp != nil {
			continue
		}
		out = append(out, claimOf(other))
	}
	return out
}

func claimOf(u *v1.KafkaUser) claim.Claim {
	return claim.Claim{Namespace: u.Namespace, Name: u.Name, Created: u.CreationTimestamp.Time, Ready: isReady(u)}
}

func isReady(u *v1.KafkaUser) bool {
	for _, c := range u.Status.Conditions {
		if c.Type == v1.ConditionReady && c.Status == v1.ConditionTrue {
			return true
		}
	}
	return false
}

// wantCopies tells which namespaces are to have a copy of the Secret and may not.
func (o *Operator) wantCopies(j *job) {
	if _, supplied := j.suppliedFrom(); supplied && len(namespacesOf(j.resource)) > 0 {
		j.warnings = append(j.warnings, warning(v1.WarningSecretNotCopied, fmt.Sprintf(
			"metadata.annotations.%s: a password that comes from another Secret is not copied: who writes KafkaUsers could carry any Secret away. Copy that Secret yourself", v1.AnnotationCopySecretTo)))
		return
	}
	for _, namespace := range namespacesOf(j.resource) {
		if _, may := o.copies[namespace]; !may {
			j.warnings = append(j.warnings, warning(v1.WarningSecretNotCopied, fmt.Sprintf(
				"metadata.annotations.%s: namespace %s may have no copy of the Secret: name it in the annotation %s of the Kafka resource", v1.AnnotationCopySecretTo, namespace, v1.AnnotationUserSecretNamespaces)))
		}
	}
}

// namespacesOf are those that are to have a copy of the user's Secret.
func namespacesOf(u *v1.KafkaUser) []string {
	var out []string
	for name := range strings.SplitSeq(u.Annotations[v1.AnnotationCopySecretTo], ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}
