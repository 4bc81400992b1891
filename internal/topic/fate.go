package topic

// Fate is what becomes of a resource whose topic Kafka does not have.
type Fate string

// The fates.
const (
	// Create the topic.
	Create Fate = "create"
	// Remove the resource: its topic was deleted in Kafka.
	Remove Fate = "remove"
	// Leave both as they are and tell.
	Leave Fate = "leave"
)

// Missing decides about a resource whose topic Kafka does not have. answer is what the user said about the deletion:
// the value of the annotation, true to carry it out, false to have the topic again.
func Missing(w Wanted, agreed *Agreed, p Policy, answer string) Fate {
	if p.Mode == Revert || agreed == nil || answer == "false" {
		return Create
	}
	if p.Mode == Report {
		return Leave
	}
	// Who edited the resource since wants the topic.
	if answer != "true" && agreed.changed(w, p.Alterable) {
		return Create
	}
	return Remove
}

// changed tells whether the resource asks for something that is not what was agreed on. What may not be changed was never agreed on.
func (a *Agreed) changed(w Wanted, alterable Alterable) bool {
	if w.Partitions != BrokerDefault && w.Partitions != a.Partitions || w.Replicas != BrokerDefault && w.Replicas != a.Replicas {
		return true
	}
	for name, value := range w.Config {
		if was, set := a.Config[name]; alterable.Has(name) && (!set || was != value) {
			return true
		}
	}
	for name := range a.Config {
		if _, still := w.Config[name]; !still && alterable.Has(name) {
			return true
		}
	}
	return false
}

// The least number of deletions, and the share of all topics in percent, that count as many.
const (
	manyAtLeast = 10
	manyPercent = 5
	few         = 3
)

// Many tells whether deletions that happen at the same time look like an accident: an emptied cluster, a wiped namespace.
// known is the number of topics before.
func Many(deletions, known int) bool {
	if deletions > max(manyAtLeast, known*manyPercent/100) {
		return true
	}
	return deletions >= few && deletions*2 > known
}
