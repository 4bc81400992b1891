package topic

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "castellan.io/castellan/api/v1"
)

// Mode is what happens about changes that were made in Kafka and not in the resource.
type Mode string

// The modes.
const (
	// Revert takes them back: the resource is right about everything. It is the compatible API's way.
	Revert Mode = "revert"
	// Report leaves them and tells about them.
	Report Mode = "report"
	// TwoWay writes them into the resource.
	TwoWay Mode = "two-way"
)

// Policy is how topics are compared.
type Policy struct {
	Mode Mode
	// Alterable are the options that may be changed in Kafka.
	Alterable Alterable
	// ThrottlesAreOthers says that replicas may be moving on somebody else's behalf, who sets the options that throttle them.
	ThrottlesAreOthers bool
}

// Changes are what Kafka lacks.
type Changes struct {
	// Partitions is the number to grow to; 0 for no change.
	Partitions int32
	// Replicas is the replication factor to change to; 0 for no change.
	Replicas int32
	// Options to set or remove, by name.
	Options []Option
}

// None tells whether there is nothing to change.
func (c Changes) None() bool { return c.Partitions == 0 && c.Replicas == 0 && len(c.Options) == 0 }

// String is the changes in words for people.
func (c Changes) String() string {
	var out []string
	if c.Partitions > 0 {
		out = append(out, Edit{Partitions: c.Partitions}.String())
	}
	if c.Replicas > 0 {
		out = append(out, Edit{Replicas: c.Replicas}.String())
	}
	for i := range c.Options {
		out = append(out, Edit{Option: &c.Options[i]}.String())
	}
	return strings.Join(out, ", ")
}

// Option is an option with its new value; nil removes it.
type Option struct {
	Name  string
	Value *string
}

// Edit is what the resource lacks: exactly one of its members is set.
type Edit struct {
	// Partitions and Replicas are new numbers.
	Partitions, Replicas int32
	// Option is an option to set or remove.
	Option *Option
}

// String is the edit in words for people, without the verb.
func (e Edit) String() string {
	switch {
	case e.Partitions > 0:
		return fmt.Sprintf("partitions is %d", e.Partitions)
	case e.Replicas > 0:
		return fmt.Sprintf("replicas is %d", e.Replicas)
	case e.Option.Value == nil:
		return e.Option.Name + " is not set"
	}
	return fmt.Sprintf("%s is %q", e.Option.Name, *e.Option.Value)
}

// Refusal is something that a resource wants and cannot have.
type Refusal struct{ Reason, Message string }

// Difference is what each side lacks for both to agree.
type Difference struct {
	// Kafka is what Kafka lacks.
	Kafka Changes
	// Resource is what the resource lacks: to be written into it or, by Report, to be told.
	Resource []Edit
	// Conflicts tell in words what was changed on both sides, and which side wins.
	Conflicts []string
	// Refused is what cannot be, the most important first.
	Refused []Refusal
	// Warnings are conditions about what was not acted on.
	Warnings []v1.Condition
}

// Compare tells how a resource and its topic differ. agreed is what they last agreed on, nil if that is not known.
func Compare(w Wanted, is *Actual, agreed *Agreed, p Policy) Difference {
	c := comparison{wanted: w, is: is, agreed: agreed, policy: p}
	c.partitions()
	c.replicas()
	c.options()
	return c.out
}

type comparison struct {
	wanted Wanted
	is     *Actual
	agreed *Agreed
	policy Policy
	out    Difference
}

// side is who has to follow about one value that the sides differ about.
type side int

const (
	kafkaSide side = iota
	resourceSide
	bothSides
)

// lagging tells who is to follow, of a value that the sides differ about. Without a memory of what was agreed, the resource is right.
func (c *comparison) lagging(resourceMoved, kafkaMoved bool) side {
	switch {
	case c.policy.Mode == Revert || c.agreed == nil:
		return kafkaSide
	case resourceMoved && kafkaMoved:
		return bothSides
	case kafkaMoved:
		return resourceSide
	}
	return kafkaSide
}

func (c *comparison) partitions() {
	want, is := c.wanted.Partitions, int32(len(c.is.Partitions))
	if want == BrokerDefault || want == is {
		return
	}
	lagging := kafkaSide
	if c.agreed != nil {
		lagging = c.lagging(want != c.agreed.Partitions, is != c.agreed.Partitions)
	}
	if c.agreed == nil && c.policy.Mode == TwoWay && want < is {
		lagging = bothSides
	}
	switch {
	case lagging == resourceSide:
		c.out.Resource = append(c.out.Resource, Edit{Partitions: is})
	case want > is:
		c.out.Kafka.Partitions = want
		if lagging == bothSides {
			c.conflict("partitions", is, want, "the resource's")
		}
	case lagging == bothSides:
		// Partitions cannot be taken away, so the larger number is the only one that both can have.
		c.out.Resource = append(c.out.Resource, Edit{Partitions: is})
		c.conflict("partitions", is, want, "Kafka's, because partitions cannot be removed,")
	default:
		c.out.Refused = append(c.out.Refused, Refusal{v1.ReasonNotSupported, "Decreasing partitions not supported"})
	}
}

func (c *comparison) replicas() {
	want, is := c.wanted.Replicas, c.is.ReplicationFactor()
	if want == BrokerDefault || want == is {
		return
	}
	lagging := kafkaSide
	if c.agreed != nil {
		lagging = c.lagging(want != c.agreed.Replicas, is != c.agreed.Replicas)
	}
	// Partitions with different numbers of replicas are on their way, maybe because of the resource itself; a resource has one number.
	onTheWay := is == 0
	switch {
	case lagging == resourceSide && onTheWay:
	case lagging == resourceSide:
		c.out.Resource = append(c.out.Resource, Edit{Replicas: is})
	default:
		c.out.Kafka.Replicas = want
		if lagging == bothSides && !onTheWay {
			c.conflict("replicas", is, want, "the resource's")
		}
	}
}

func (c *comparison) conflict(what string, kafka, resource any, winner string) {
	c.out.Conflicts = append(c.out.Conflicts, fmt.Sprintf("%s was changed to %v in Kafka and to %v in the resource: %s value is kept", what, kafka, resource, winner))
}

// ThrottleAll is the value by which the options of Throttles mean all replicas of a topic. Where nothing is reverted, one that the
// resource does not ask for is taken for the operator's own, left from replicas that it moved.
const ThrottleAll = "*"

// Throttles are the options by which replicas on their way are throttled (KIP-73).
func Throttles() []string {
	return []string{"follower.replication.throttled.replicas", "leader.replication.throttled.replicas"}
}

func (c *comparison) options() {
	for _, name := range c.optionNames() {
		c.option(name)
	}
	for _, name := range Throttles() {
		if _, set := c.wanted.Config[name]; set {
			c.warn(fmt.Sprintf("Property %s may conflict with throttled rebalances", name))
		}
	}
}

// warn writes a warning about an option.
func (c *comparison) warn(message string) {
	c.out.Warnings = append(c.out.Warnings, v1.Condition{
		Type: v1.ConditionWarning, Status: v1.ConditionTrue, Reason: v1.WarningInvalidConfig, Message: message,
	})
}

func (c *comparison) warnUnalterable(option string) {
	c.warn(fmt.Sprintf("Property %s is ignored according to alterable config", option))
}

// optionNames are all options that either side has or had, in order.
func (c *comparison) optionNames() []string {
	names := map[string]bool{}
	for name := range c.wanted.Config {
		names[name] = true
	}
	for name := range c.is.Config {
		names[name] = true
	}
	if c.agreed != nil && c.policy.Mode != Revert {
		for name := range c.agreed.Config {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (c *comparison) option(name string) {
	want, wanted := c.wanted.Config[name]
	if !c.policy.Alterable.Has(name) {
		if wanted {
			c.warnUnalterable(name)
		}
		return
	}
	is, set := kafkaValue(c.is, name, want, wanted)
	if set == wanted && is == want {
		return
	}
	if !wanted && slices.Contains(Throttles(), name) && c.throttle(name, is) {
		return
	}
	switch c.laggingAbout(name, value{want, wanted}, value{is, set}) {
	case resourceSide:
		c.out.Resource = append(c.out.Resource, Edit{Option: option(name, value{is, set})})
	case bothSides:
		c.conflict(name, value{is, set}, value{want, wanted}, "the resource's")
		c.out.Kafka.Options = append(c.out.Kafka.Options, *option(name, value{want, wanted}))
	default:
		c.out.Kafka.Options = append(c.out.Kafka.Options, *option(name, value{want, wanted}))
	}
}

// throttle is about a throttle that the resource does not ask for; false if it is an option like others. A throttle belongs to replicas on
// their way, not to the topic: it never comes into a resource.
func (c *comparison) throttle(name, is string) bool {
	if c.policy.ThrottlesAreOthers {
		return true
	}
	if c.policy.Mode == Revert || c.agreed != nil && c.agreed.Config[name] != "" {
		return false
	}
	if is == ThrottleAll {
		c.out.Kafka.Options = append(c.out.Kafka.Options, Option{Name: name})
		return true
	}
	return c.policy.Mode == TwoWay
}

// value is the value of an option, or its absence.
type value struct {
	text string
	set  bool
}

// String is for people.
func (v value) String() string {
	if !v.set {
		return "nothing"
	}
	return strconv.Quote(v.text)
}

func option(name string, v value) *Option {
	if !v.set {
		return &Option{Name: name}
	}
	return &Option{Name: name, Value: &v.text}
}

// laggingAbout tells who is to follow about an option. Where nothing is remembered, an option that the resource sets is its
// decision, and one that it does not mention is Kafka's: nothing gets lost that one side alone has.
func (c *comparison) laggingAbout(name string, want, is value) side {
	if c.policy.Mode == Revert {
		return kafkaSide
	}
	if c.agreed == nil {
		if want.set {
			return kafkaSide
		}
		return resourceSide
	}
	text, set := c.agreed.Config[name]
	was := value{text, set}
	if !is.set && was.set && (c.inherits(name, was.text) || c.policy.Mode == TwoWay && slices.Contains(c.agreed.Inherited, name)) {
		// The topic had it from the brokers when it was agreed on. What these change is no wish about the topic.
		is = was
	}
	return c.lagging(want != was, is != was)
}

// inherits tells whether the brokers have the value.
func (c *comparison) inherits(name, text string) bool {
	inherited, known := c.is.Inherited[name]
	return known && inherited == text
}

// kafkaValue is the value that counts: one that the topic inherits counts as set when it is the wanted one.
func kafkaValue(is *Actual, name, want string, wanted bool) (string, bool) {
	if text, set := is.Config[name]; set {
		return text, true
	}
	if inherited, known := is.Inherited[name]; known && wanted && inherited == want {
		return inherited, true
	}
	return "", false
}
