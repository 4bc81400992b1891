package clientsettings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/user"
)

// Account is a KafkaUser as its clients see it.
type Account struct {
	// Namespace and Name are those of the resource, Cluster is the name of its Kafka.
	Namespace, Name, Cluster string
	// Username is the user's name in Kafka.
	Username string
	// Authentication is how the user proves who it is; empty if it does not.
	Authentication v1.UserAuthenticationType
	// Mechanisms are those of SCRAM that the user has, the strongest first.
	Mechanisms []user.Mechanism
	// Secret is the name of the Secret with the credentials; empty if there is none.
	Secret string
	// KeepsKey tells that the Secret has no key, because the user made its own.
	KeepsKey bool
}

// Read takes what clients need to know from a KafkaUser that its operator has finished.
func Read(u *v1.KafkaUser) (Account, error) {
	cluster := u.Labels[v1.LabelCluster]
	if cluster == "" {
		return Account{}, fmt.Errorf("KafkaUser %s has no label %s: expected the name of its Kafka", u.Name, v1.LabelCluster)
	}
	r := resource{"KafkaUser", u.Namespace, u.Name}
	current := u.Status.ObservedGeneration == u.Generation
	if err := r.ready(u.Status.Conditions, current && u.Status.Username != ""); err != nil {
		return Account{}, err
	}
	if !current {
		return Account{}, fmt.Errorf("%s was changed, and the user operator has not acted on that yet: try again in a moment", r)
	}
	wanted, err := user.Read(u, user.Rules{ACLs: true})
	if err != nil {
		return Account{}, fmt.Errorf("%s: %w", r, err)
	}
	out := Account{Namespace: u.Namespace, Name: u.Name, Cluster: cluster, Username: u.Status.Username}
	if u.Spec.Authentication == nil {
		return out, nil
	}
	out.Authentication = u.Spec.Authentication.Type
	switch out.Authentication {
	case v1.UserAuthenticationTLS:
		out.Secret = u.Status.Secret
		_, out.KeepsKey = u.Annotations[v1.AnnotationCertificateRequest]
	case v1.UserAuthenticationScramSha512:
		out.Secret = u.Status.Secret
		out.Mechanisms = slices.SortedFunc(slices.Values(wanted.Scram), func(a, b user.Mechanism) int { return cmp.Compare(b, a) })
	case v1.UserAuthenticationTLSExternal:
		return out, nil
	}
	if out.Secret == "" {
		return Account{}, fmt.Errorf("%s has no Secret in its status: see whether a user operator for this cluster runs", r)
	}
	return out, nil
}

// byCertificate tells that the user proves who it is with a certificate.
func (a Account) byCertificate() bool {
	return a.Authentication == v1.UserAuthenticationTLS || a.Authentication == v1.UserAuthenticationTLSExternal
}

// kind is how people call users with the same authentication.
func (a Account) kind() string {
	if a.Authentication == "" {
		return "users without authentication"
	}
	return "users with authentication " + string(a.Authentication)
}

// resource names a resource in messages.
type resource struct{ kind, namespace, name string }

func (r resource) String() string {
	return fmt.Sprintf("%s %s in namespace %s", r.kind, r.name, r.namespace)
}

// wait is a command that ends when the resource is ready.
func (r resource) wait() string {
	return fmt.Sprintf("kubectl wait %s/%s -n %s --for=condition=Ready", strings.ToLower(r.kind), r.name, r.namespace)
}

// ready tells, in one line, why a resource cannot be relied on. While it is paused, what its status tells still holds.
func (r resource) ready(conditions []v1.Condition, told bool) error {
	for _, c := range conditions {
		if c.Status != v1.ConditionTrue {
			continue
		}
		switch c.Type {
		case v1.ConditionReady:
			return nil
		case v1.ConditionReconciliationPaused:
			if told {
				return nil
			}
			return fmt.Errorf("the reconciliation of %s is paused, and its status does not tell what clients need: remove its annotation %s",
				r, v1.AnnotationPauseReconciliation)
		case v1.ConditionNotReady:
			why := strings.Join(strings.Fields(c.Reason+": "+c.Message), " ")
			return fmt.Errorf("%s is not ready (%s): correct that, or wait with %s", r, why, r.wait())
		}
	}
	return fmt.Errorf("%s is not ready, no operator has acted on it yet: wait with %s", r, r.wait())
}
