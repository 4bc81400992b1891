package userimport

import (
	"context"
	"fmt"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
)

// Find looks for users without a resource.
func Find(ctx context.Context, kafka *broker.Users, o Options) (Found, error) {
	o.Progress("asking Kafka for what it holds about users")
	var notes []string
	acls, err := kafka.ACLs(ctx)
	switch {
	case broker.SecurityDisabled(err):
		notes = append(notes, "Kafka's authorization is off: there are no rules to import")
	case err != nil:
		return Found{}, fmt.Errorf("list the rules: %w", err)
	}
	quotas, err := kafka.Quotas(ctx)
	if err != nil {
		return Found{}, fmt.Errorf("list the quotas: %w", err)
	}
	others, err := kafka.OtherQuotas(ctx)
	if err != nil {
		return Found{}, fmt.Errorf("list the quotas of others: %w", err)
	}
	if len(others) > 0 {
		notes = append(notes, "no KafkaUser can have the quotas of "+some(others)+": a user operator leaves them as they are")
	}
	credentials, err := kafka.Credentials(ctx)
	if err != nil {
		return Found{}, fmt.Errorf("list the passwords: %w", err)
	}
	out := Make(heldBy(acls, quotas, credentials), o)
	out.Notes = append(notes, out.Notes...)
	return out, nil
}

func heldBy(acls map[string][]user.ACL, quotas map[string]user.Quotas, credentials map[string]user.Scram) map[string]user.Held {
	out := map[string]user.Held{}
	for name, is := range acls {
		out[name] = user.Held{ACLs: is}
	}
	for name, is := range quotas {
		held := out[name]
		held.Quotas = is
		out[name] = held
	}
	for name, is := range credentials {
		held := out[name]
		held.Scram = is
		out[name] = held
	}
	return out
}

// namesAtOnce is how many names a person reads in a line.
const namesAtOnce = 10

func some(names []string) string {
	if len(names) <= namesAtOnce {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:namesAtOnce], ", "), len(names)-namesAtOnce)
}

// Existing are the resources of a namespace.
func Existing(ctx context.Context, from client.Reader, namespace string) ([]v1.KafkaUser, error) {
	var list v1.KafkaUserList
	if err := from.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list the KafkaUsers in namespace %s: %w", namespace, err)
	}
	return list.Items, nil
}
