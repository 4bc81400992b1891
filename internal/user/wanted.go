package user

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kmsg"

	v1 "castellan.io/castellan/api/v1"
)

// Wanted is what a KafkaUser asks of Kafka.
type Wanted struct {
	// Username is what the user is called; Principal is its name in Kafka, and Other the name that holds nothing.
	Username, Principal, Other string
	// ACLs are in the order of ACL.Compare, each once.
	ACLs   []ACL
	Quotas Quotas
	// Scram are the mechanisms for which the user has a password.
	Scram []Mechanism
}

// Problem is what is wrong with a KafkaUser, and what would be right.
type Problem struct{ Field, What, Right string }

// String is one line about the problem.
func (p Problem) String() string { return p.Field + ": " + p.What + ": " + p.Right }

// Problems are all that is wrong with a KafkaUser.
type Problems []Problem

// Error is one line about all of them.
func (p Problems) Error() string {
	texts := make([]string, 0, len(p))
	for _, one := range p {
		texts = append(texts, one.String())
	}
	return strings.Join(texts, "; ")
}

func (p *Problems) add(field, what, right string) { *p = append(*p, Problem{field, what, right}) }

func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Rules are what the operator can do about rules of access.
type Rules struct {
	// ACLs tells whether Kafka keeps access control lists.
	ACLs bool
}

// Read finds out what a KafkaUser asks for. The error is a Problems, which tells everything that is wrong.
func Read(u *v1.KafkaUser, rules Rules) (Wanted, error) {
	var problems Problems
	out := Wanted{Username: UsernameOf(u)}
	checkUsername(u, out.Username, &problems)
	out.Principal = Principal(out.Username, u.Spec.Authentication)
	if out.Other = certificatePrefix + out.Username; out.Principal == out.Other {
		out.Other = out.Username
	}
	out.Scram = mechanisms(u, &problems)
	out.Quotas = quotas(u.Spec.Quotas, &problems)
	if a := u.Spec.Authorization; a != nil {
		if !rules.ACLs {
			problems.add("spec.authorization", "is set, and Kafka's authorization is off", "set spec.kafka.authorization.type of the Kafka resource to simple, or leave this out")
		}
		out.ACLs = acls(a.ACLs, &problems)
	}
	return out, problems.err()
}

// UsernameOf is what a KafkaUser calls its user.
func UsernameOf(u *v1.KafkaUser) string {
	if name, set := u.Annotations[v1.AnnotationUsername]; set {
		return name
	}
	return u.Name
}

// commonNameLimit is how many characters a CN may have (RFC 5280, appendix A.1: ub-common-name).
const commonNameLimit = 64

// escapedInSubjects are the characters that Java's text of a subject has a backslash before (RFC 2253, section 2.4), so that rules for the
// name would not be those of the certificate.
const escapedInSubjects = `+"\<>;#`

func checkUsername(u *v1.KafkaUser, name string, problems *Problems) {
	field := "metadata.annotations." + v1.AnnotationUsername
	if _, set := u.Annotations[v1.AnnotationUsername]; !set {
		field = "metadata.name"
	}
	if _, is := Username(name); !is || strings.HasPrefix(name, certificatePrefix) || strings.TrimSpace(name) != name || !printable(name) {
		problems.add(field, fmt.Sprintf("%q cannot be the name of a user in Kafka", name), `write one without = and commas, which is neither * nor ANONYMOUS`)
	}
	if u.Spec.Authentication != nil && u.Spec.Authentication.Type == v1.UserAuthenticationTLS && strings.ContainsAny(name, escapedInSubjects) {
		problems.add(field, fmt.Sprintf("%q has a character that Kafka writes differently in the name of a certificate", name), "write one without any of "+escapedInSubjects)
	}
	tls := u.Spec.Authentication != nil && u.Spec.Authentication.Type != v1.UserAuthenticationScramSha512
	if length := utf8.RuneCountInString(name); tls && length > commonNameLimit {
		problems.add(field, fmt.Sprintf("is %d characters long, and certificates take names of only up to 64 characters", length), "write a shorter one, or use authentication of type scram-sha-512")
	}
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError })
}

// mechanisms are those of a user with a password.
func mechanisms(u *v1.KafkaUser, problems *Problems) []Mechanism {
	text, set := u.Annotations[v1.AnnotationScramMechanisms]
	if u.Spec.Authentication == nil || u.Spec.Authentication.Type != v1.UserAuthenticationScramSha512 {
		return nil
	}
	if !set {
		return []Mechanism{ScramSha512}
	}
	var out []Mechanism
	for word := range strings.SplitSeq(text, ",") {
		m := Mechanism(strings.ToUpper(strings.TrimSpace(word)))
		if m != ScramSha256 && m != ScramSha512 {
			problems.add("metadata.annotations."+v1.AnnotationScramMechanisms, fmt.Sprintf("names %q", word), "write SCRAM-SHA-256, SCRAM-SHA-512, or both with a comma")
			continue
		}
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return out
}

func quotas(wanted *v1.UserQuotas, problems *Problems) Quotas {
	if wanted == nil {
		return nil
	}
	out := Quotas{}
	put := func(field, name string, set bool, value float64) {
		if !set {
			return
		}
		if value <= 0 || math.IsNaN(value) || math.IsInf(value, 0) {
			problems.add("spec.quotas."+field, fmt.Sprintf("is %v", value), "write a number greater than 0, as Kafka takes no other, or leave it out for no limit")
			return
		}
		out[name] = value
	}
	put("producerByteRate", QuotaProducerByteRate, wanted.ProducerByteRate != nil, number(wanted.ProducerByteRate))
	put("consumerByteRate", QuotaConsumerByteRate, wanted.ConsumerByteRate != nil, number(wanted.ConsumerByteRate))
	put("requestPercentage", QuotaRequestPercentage, wanted.RequestPercentage != nil, number(wanted.RequestPercentage))
	put("controllerMutationRate", QuotaControllerMutationRate, wanted.ControllerMutationRate != nil, number(wanted.ControllerMutationRate))
	if len(out) == 0 {
		return nil
	}
	return out
}

func number[T int32 | int64 | float64](n *T) float64 {
	if n == nil {
		return 0
	}
	return float64(*n)
}

// clusterName is the name of the only resource of type cluster.
const clusterName = "kafka-cluster"

func acls(rules []v1.ACLRule, problems *Problems) []ACL {
	var out []ACL
	for i, r := range rules {
		field := fmt.Sprintf("spec.authorization.acls[%d]", i)
		rule, right := resource(r, field, problems)
		if len(r.Operations) == 0 {
			problems.add(field+".operations", "is empty", "write at least one operation, such as Read")
		}
		for k, o := range r.Operations {
			operation, err := kmsg.ParseACLOperation(string(o))
			if err != nil || operation < kmsg.ACLOperationAll {
				problems.add(fmt.Sprintf("%s.operations[%d]", field, k), fmt.Sprintf("is %q", o), "write an operation of Kafka's, such as Read")
				continue
			}
			if rule.Operation = operation; right {
				out = append(out, rule)
			}
		}
	}
	slices.SortFunc(out, ACL.Compare)
	return slices.Clip(slices.Compact(out))
}

// resource is a rule without its operation.
func resource(r v1.ACLRule, field string, problems *Problems) (ACL, bool) {
	out := ACL{Pattern: kmsg.ACLResourcePatternTypeLiteral, Permission: kmsg.ACLPermissionTypeAllow, Name: r.Resource.Name, Host: r.Host}
	if out.Host == "" {
		out.Host = anywhere
	}
	before := len(*problems)
	switch r.Type {
	case "", v1.ACLAllow:
	case v1.ACLDeny:
		out.Permission = kmsg.ACLPermissionTypeDeny
	default:
		problems.add(field+".type", fmt.Sprintf("is %q", r.Type), "write allow or deny")
	}
	switch r.Resource.PatternType {
	case "", v1.ACLLiteral:
	case v1.ACLPrefix:
		out.Pattern = kmsg.ACLResourcePatternTypePrefixed
	default:
		problems.add(field+".resource.patternType", fmt.Sprintf("is %q", r.Resource.PatternType), "write literal or prefix")
	}
	switch r.Resource.Type {
	case v1.ACLTopic:
		out.Resource = kmsg.ACLResourceTypeTopic
	case v1.ACLGroup:
		out.Resource = kmsg.ACLResourceTypeGroup
	case v1.ACLTransactionalID:
		out.Resource = kmsg.ACLResourceTypeTransactionalId
	case v1.ACLCluster:
		out.Resource, out.Pattern, out.Name = kmsg.ACLResourceTypeCluster, kmsg.ACLResourcePatternTypeLiteral, clusterName
	default:
		problems.add(field+".resource.type", fmt.Sprintf("is %q", r.Resource.Type), "write topic, group, cluster or transactionalId")
	}
	if r.Resource.Type != v1.ACLCluster && r.Resource.Name == "" {
		problems.add(field+".resource.name", "is missing", "write the name of a resource, what names start with (patternType: prefix), or * for all")
	}
	return out, len(*problems) == before
}

const anywhere = "*"

// supported are the operations that mean something for a kind of resource (Kafka's AclEntry.supportedOperations).
func supported(resource v1.ACLResourceType) []v1.ACLOperation {
	switch resource {
	case v1.ACLTopic:
		return []v1.ACLOperation{"Read", "Write", "Create", "Delete", "Alter", "Describe", "AlterConfigs", "DescribeConfigs", "All"}
	case v1.ACLGroup:
		return []v1.ACLOperation{"Read", "Delete", "Describe", "AlterConfigs", "DescribeConfigs", "All"}
	case v1.ACLTransactionalID:
		return []v1.ACLOperation{"Write", "Describe", "All"}
	case v1.ACLCluster:
		return []v1.ACLOperation{"Create", "Alter", "Describe", "ClusterAction", "AlterConfigs", "DescribeConfigs", "IdempotentWrite", "All"}
	}
	return nil
}

// topicName is what Kafka takes for the name of a topic.
var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// Futile tells what of the rules can never have an effect. Kafka takes such rules, so they are no reason to refuse a user that another
// operator has accepted.
func Futile(u *v1.KafkaUser) Problems {
	if u.Spec.Authorization == nil {
		return nil
	}
	var out Problems
	for i, r := range u.Spec.Authorization.ACLs {
		field := fmt.Sprintf("spec.authorization.acls[%d]", i)
		possible := supported(r.Resource.Type)
		for k, o := range r.Operations {
			if possible != nil && !slices.Contains(possible, o) {
				out.add(fmt.Sprintf("%s.operations[%d]", field, k), fmt.Sprintf("%s has no meaning for a %s", o, r.Resource.Type), "write one of "+join(possible))
			}
		}
		if name := r.Resource.Name; r.Resource.Type == v1.ACLTopic && name != anywhere && name != "" && !topicName.MatchString(name) {
			out.add(field+".resource.name", fmt.Sprintf("%q is no name of a topic", name), "write letters, digits, dots, dashes and underscores, or * for all topics")
		}
		if _, err := netip.ParseAddr(r.Host); r.Host != "" && r.Host != anywhere && err != nil {
			out.add(field+".host", fmt.Sprintf("%q is no address", r.Host), "write an IP address, or * for everywhere")
		}
	}
	return out
}

func join(operations []v1.ACLOperation) string {
	texts := make([]string, 0, len(operations))
	for _, o := range operations {
		texts = append(texts, string(o))
	}
	return strings.Join(texts, ", ")
}
