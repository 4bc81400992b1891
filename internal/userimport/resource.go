package userimport

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/resourcename"
	"castellan.io/castellan/internal/user"
)

func resourceName(username string) string { return resourcename.Of(username, "user") }

// passwordEntry is the entry of a Secret with the password that a user has.
const passwordEntry = "password"

// resource says what Kafka holds about a user.
func resource(username string, held user.Held, certified bool, o Options) *v1.KafkaUser {
	out := &v1.KafkaUser{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion().String(), Kind: "KafkaUser"},
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: resourceName(username), Labels: maps.Clone(o.Labels)},
		Spec:       v1.KafkaUserSpec{Authorization: authorization(held.ACLs), Quotas: quotas(held.Quotas)},
	}
	if out.Name != username {
		metav1.SetMetaDataAnnotation(&out.ObjectMeta, v1.AnnotationUsername, username)
	}
	switch {
	case certified && o.Issue:
		out.Spec.Authentication = &v1.UserAuthentication{Type: v1.UserAuthenticationTLS}
	case certified:
		out.Spec.Authentication = &v1.UserAuthentication{Type: v1.UserAuthenticationTLSExternal}
	case held.Scram != (user.Scram{}):
		out.Spec.Authentication = password(username)
		if mechanisms := mechanisms(held.Scram); mechanisms != string(user.ScramSha512) {
			metav1.SetMetaDataAnnotation(&out.ObjectMeta, v1.AnnotationScramMechanisms, mechanisms)
		}
	}
	return out
}

// password has the user keep the one that Kafka knows and does not tell: the Secret is not the one that a user operator makes.
func password(username string) *v1.UserAuthentication {
	secret := resourcename.Of(username+"-"+passwordEntry, passwordEntry)
	return &v1.UserAuthentication{
		Type:     v1.UserAuthenticationScramSha512,
		Password: &v1.UserPassword{ValueFrom: v1.SecretKeySource{SecretKeyRef: &v1.KeySelector{Name: secret, Key: passwordEntry}}},
	}
}

func mechanisms(held user.Scram) string {
	var out []string
	for _, m := range held.Mechanisms() {
		out = append(out, string(m))
	}
	return strings.Join(out, ",")
}

// authorization has one entry for all operations on a resource from a host. The rules are sorted, so those are beside each other.
func authorization(rules []user.ACL) *v1.UserAuthorization {
	if len(rules) == 0 {
		return nil
	}
	out := &v1.UserAuthorization{Type: v1.UserAuthorizationSimple}
	var last user.ACL
	for i, r := range rules {
		operation := r.Operation
		if r.Operation = 0; i == 0 || r != last {
			out.ACLs = append(out.ACLs, entry(r))
		}
		last = r
		grown := &out.ACLs[len(out.ACLs)-1]
		grown.Operations = append(grown.Operations, operations()[operation])
	}
	return out
}

// entry leaves out what goes without saying.
func entry(r user.ACL) v1.ACLRule {
	out := v1.ACLRule{Resource: v1.ACLResource{Type: resourceTypes()[r.Resource]}}
	if r.Permission == kmsg.ACLPermissionTypeDeny {
		out.Type = v1.ACLDeny
	}
	if r.Host != anywhere {
		out.Host = r.Host
	}
	if r.Resource != kmsg.ACLResourceTypeCluster {
		out.Resource.Name = r.Name
	}
	if r.Pattern == kmsg.ACLResourcePatternTypePrefixed {
		out.Resource.PatternType = v1.ACLPrefix
	}
	return out
}

const (
	anywhere    = "*"
	clusterName = "kafka-cluster"
)

func resourceTypes() map[kmsg.ACLResourceType]v1.ACLResourceType {
	return map[kmsg.ACLResourceType]v1.ACLResourceType{
		kmsg.ACLResourceTypeTopic: v1.ACLTopic, kmsg.ACLResourceTypeGroup: v1.ACLGroup, kmsg.ACLResourceTypeCluster: v1.ACLCluster,
		kmsg.ACLResourceTypeTransactionalId: v1.ACLTransactionalID,
	}
}

func operations() map[kmsg.ACLOperation]v1.ACLOperation {
	return map[kmsg.ACLOperation]v1.ACLOperation{
		kmsg.ACLOperationAll: "All", kmsg.ACLOperationRead: "Read", kmsg.ACLOperationWrite: "Write", kmsg.ACLOperationCreate: "Create",
		kmsg.ACLOperationDelete: "Delete", kmsg.ACLOperationAlter: "Alter", kmsg.ACLOperationDescribe: "Describe",
		kmsg.ACLOperationClusterAction: "ClusterAction", kmsg.ACLOperationDescribeConfigs: "DescribeConfigs",
		kmsg.ACLOperationAlterConfigs: "AlterConfigs", kmsg.ACLOperationIdempotentWrite: "IdempotentWrite",
	}
}

// sayable is what a KafkaUser can say of what Kafka holds; what it cannot is told in words.
func sayable(held user.Held) (said user.Held, lost []string) {
	said = user.Held{Scram: held.Scram, Quotas: user.Quotas{}}
	for _, r := range held.ACLs {
		if sayableRule(r) {
			said.ACLs = append(said.ACLs, r)
		} else {
			lost = append(lost, r.String())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(held.Quotas)) {
		if value := held.Quotas[name]; sayableQuota(name, value) {
			said.Quotas[name] = value
		} else {
			lost = append(lost, fmt.Sprintf("%s of %v", name, value))
		}
	}
	return said, lost
}

func sayableRule(r user.ACL) bool {
	_, resource := resourceTypes()[r.Resource]
	_, operation := operations()[r.Operation]
	literal, prefixed := r.Pattern == kmsg.ACLResourcePatternTypeLiteral, r.Pattern == kmsg.ACLResourcePatternTypePrefixed
	if r.Resource == kmsg.ACLResourceTypeCluster {
		return operation && literal && r.Name == clusterName
	}
	return resource && operation && (literal || prefixed)
}

// sayableQuota knows which quotas are whole numbers.
func sayableQuota(name string, value float64) bool {
	switch name {
	case user.QuotaProducerByteRate, user.QuotaConsumerByteRate:
		return value == math.Trunc(value) && value <= math.MaxInt64
	case user.QuotaRequestPercentage:
		return value == math.Trunc(value) && value <= math.MaxInt32
	case user.QuotaControllerMutationRate:
		return true
	}
	return false
}

func quotas(held user.Quotas) *v1.UserQuotas {
	if len(held) == 0 {
		return nil
	}
	out := &v1.UserQuotas{}
	for name, value := range held {
		switch name {
		case user.QuotaProducerByteRate:
			out.ProducerByteRate = whole(value)
		case user.QuotaConsumerByteRate:
			out.ConsumerByteRate = whole(value)
		case user.QuotaRequestPercentage:
			out.RequestPercentage = new(int32(value))
		case user.QuotaControllerMutationRate:
			out.ControllerMutationRate = &value
		}
	}
	return out
}

// whole keeps the largest number, which some set for no limit, and which floating point numbers make one too large.
func whole(value float64) *int64 {
	if value >= math.MaxInt64 {
		return new(int64(math.MaxInt64))
	}
	return new(int64(value))
}
