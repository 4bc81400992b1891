package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/pki"
	"castellan.io/castellan/internal/user"
)

const (
	usersNamespace = "bench-users"
	userOperator   = "user operator"
	// userOperatorPort serves metrics and health of the user operator.
	userOperatorPort = "8081"
	// userPrefix begins the names of users, floorPrefix those of users that the operator is told to ignore.
	userPrefix, floorPrefix = "user-", "floor-"
)

func userKind() kind {
	return kind{plural: "users", example: &v1.KafkaUser{}, ready: func(o client.Object) bool {
		u, is := o.(*v1.KafkaUser)
		return is && saysReady(u.Status.Conditions, u.Status.ObservedGeneration == u.Generation)
	}}
}

// secretKind is the Secrets of users. There is enough to know that they exist.
func secretKind() kind {
	return kind{
		plural: "Secrets of users", example: &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}},
		selected: labels.Set{v1.LabelKind: "KafkaUser"}, ready: func(client.Object) bool { return true },
	}
}

// userSort is a sort of users.
type userSort struct {
	how v1.UserAuthenticationType
	// key is of which kind the keys of certificates are.
	key pki.KeyAlgorithm
	// operations are what each may do with a topic of its own, beside reading in a group: a rule in Kafka for each.
	operations []v1.ACLOperation
}

// String is what figures call such users.
func (s userSort) String() string {
	if s.how == v1.UserAuthenticationScramSha512 {
		return "SCRAM users"
	}
	return "TLS users with " + s.key.String()
}

// users are many KafkaUsers in a namespace.
type users struct {
	*world
	userSort
	namespace string
}

func (u users) object(name string) *v1.KafkaUser {
	out := &v1.KafkaUser{
		ObjectMeta: metav1.ObjectMeta{Namespace: u.namespace, Name: name, Labels: map[string]string{v1.LabelCluster: clusterName}},
		Spec: v1.KafkaUserSpec{
			Authentication: &v1.UserAuthentication{Type: u.how},
			Authorization: &v1.UserAuthorization{Type: v1.UserAuthorizationSimple, ACLs: []v1.ACLRule{
				{Resource: v1.ACLResource{Type: v1.ACLTopic, Name: name}, Operations: slices.Clone(u.operations)},
				{Resource: v1.ACLResource{Type: v1.ACLGroup, Name: name, PatternType: v1.ACLPrefix}, Operations: []v1.ACLOperation{"Read"}},
			}},
		},
	}
	if u.key != pki.RSA2048 { // the default, which people leave out
		out.Annotations = map[string]string{v1.AnnotationKeyAlgorithm: u.key.String()}
	}
	return out
}

// wanted are what Kafka is to hold about users of these names.
func (u users) wanted(names []string) ([]user.Wanted, error) {
	out := make([]user.Wanted, 0, len(names))
	for _, name := range names {
		one, err := user.Read(u.object(name), user.Rules{ACLs: true})
		if err != nil {
			return nil, fmt.Errorf("read a user of the benchmark: %w", err)
		}
		out = append(out, one)
	}
	return out, nil
}

func (u users) create(ctx context.Context, name string) error {
	return u.client.Create(ctx, u.object(name))
}

// change allows one more operation and sets a quota.
func (u users) change(ctx context.Context, name string) error {
	_, err := u.changed(ctx, name)
	return err
}

// addedOperation and addedQuota are what a change brings.
const (
	addedOperation = "DescribeConfigs"
	addedQuota     = 1 << 20
)

func (u users) changed(ctx context.Context, name string) (*v1.KafkaUser, error) {
	const change = `[{"op":"add","path":"/spec/authorization/acls/0/operations/-","value":%q},{"op":"add","path":"/spec/quotas","value":{"producerByteRate":%d}}]`
	out := u.object(name)
	return out, u.client.Patch(ctx, out, client.RawPatch(types.JSONPatchType, fmt.Appendf(nil, change, addedOperation, addedQuota)))
}

func (u users) remove(ctx context.Context, name string) error {
	return client.IgnoreNotFound(u.client.Delete(ctx, u.object(name)))
}

// tell writes a status like the operator's.
func (u users) tell(ctx context.Context, is *v1.KafkaUser) error {
	is.Status = v1.KafkaUserStatus{
		Conditions:         []v1.Condition{{Type: v1.ConditionReady, Status: v1.ConditionTrue, LastTransitionTime: "2026-01-01T00:00:00.000000000Z"}},
		ObservedGeneration: is.Generation, Username: user.Principal(is.Name, is.Spec.Authentication), Secret: is.Name,
	}
	return u.client.Status().Update(ctx, is)
}

// secret is one like the operator's.
func (u users) secret(name string, data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: u.namespace, Name: name, Labels: map[string]string{v1.LabelCluster: clusterName, v1.LabelKind: "KafkaUser"}},
		Data:       data,
	}
}

// createBare does all that creating a user takes, with nobody in between.
func (u users) createBare(data map[string][]byte) func(context.Context, string) error {
	return func(ctx context.Context, name string) error {
		is := u.object(name)
		if err := u.client.Create(ctx, is); err != nil {
			return err
		}
		return errors.Join(u.client.Create(ctx, u.secret(name, data)), u.tell(ctx, is))
	}
}

func (u users) changeBare(ctx context.Context, name string) error {
	is, err := u.changed(ctx, name)
	if err != nil {
		return err
	}
	return u.tell(ctx, is)
}

func (u users) removeBare(ctx context.Context, name string) error {
	return errors.Join(u.remove(ctx, name), client.IgnoreNotFound(u.client.Delete(ctx, u.secret(name, nil))))
}
