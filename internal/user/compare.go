package user

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Empty tells that nothing changes.
func (c QuotaChange) Empty() bool { return len(c.Set) == 0 && len(c.Remove) == 0 }

// Change is what Kafka needs to hold what is wanted about one name.
type Change struct {
	Add, Remove []ACL
	Quotas      QuotaChange
	// Password are the mechanisms for which Kafka lacks a password; Forget those that it has one for and should not.
	Password, Forget []Mechanism
}

// Empty tells that nothing changes.
func (c Change) Empty() bool {
	return len(c.Add) == 0 && len(c.Remove) == 0 && c.Quotas.Empty() && len(c.Password) == 0 && len(c.Forget) == 0
}

// Compare finds out how what Kafka holds about the names of a user has to change: by name, without names of which nothing has to.
func Compare(w Wanted, held func(name string) Held) map[string]Change {
	out := map[string]Change{}
	for name, wanted := range map[string]Wanted{w.Principal: w, w.Other: {}} {
		if change := compare(wanted, held(name)); !change.Empty() {
			out[name] = change
		}
	}
	return out
}

// Without is what has to change so that Kafka holds nothing about a name.
func Without(is Held) Change { return compare(Wanted{}, is) }

func compare(w Wanted, is Held) Change {
	out := Change{Add: missing(w.ACLs, is.ACLs), Remove: missing(is.ACLs, w.ACLs), Quotas: changeQuotas(w.Quotas, is.Quotas)}
	for _, m := range w.Scram {
		if is.Scram.Of(m) != Iterations {
			out.Password = append(out.Password, m)
		}
	}
	for _, m := range is.Scram.Mechanisms() {
		if !slices.Contains(w.Scram, m) {
			out.Forget = append(out.Forget, m)
		}
	}
	return out
}

// missing are the rules that others lack. Both are in the order of ACL.Compare.
func missing(rules, others []ACL) []ACL {
	var out []ACL
	for _, r := range rules {
		if _, there := slices.BinarySearchFunc(others, r, ACL.Compare); !there {
			out = append(out, r)
		}
	}
	return out
}

func changeQuotas(wanted, is Quotas) QuotaChange {
	out := QuotaChange{}
	for name, value := range wanted {
		if now, set := is[name]; !set || now != value {
			if out.Set == nil {
				out.Set = Quotas{}
			}
			out.Set[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if _, stays := wanted[name]; !stays {
			out.Remove = append(out.Remove, name)
		}
	}
	return out
}

// After is what Kafka holds about a name once a change was carried out, which may show in part already. What it was is not changed.
func (h Held) After(c Change) Held {
	out := Held{Quotas: maps.Clone(h.Quotas), Scram: h.Scram}
	for _, r := range h.ACLs {
		if _, goes := slices.BinarySearchFunc(c.Remove, r, ACL.Compare); !goes {
			out.ACLs = append(out.ACLs, r)
		}
	}
	out.ACLs = append(out.ACLs, c.Add...)
	slices.SortFunc(out.ACLs, ACL.Compare)
	out.ACLs = slices.Compact(out.ACLs)
	for name, value := range c.Quotas.Set {
		if out.Quotas == nil {
			out.Quotas = Quotas{}
		}
		out.Quotas[name] = value
	}
	for _, name := range c.Quotas.Remove {
		delete(out.Quotas, name)
	}
	for _, m := range c.Password {
		out.Scram = out.Scram.With(m, Iterations)
	}
	for _, m := range c.Forget {
		out.Scram = out.Scram.With(m, 0)
	}
	return out
}

// String is a rule as people write it in a resource, such as allow Read on topic a from *.
func (a ACL) String() string {
	name := a.Name
	if a.Pattern == kmsg.ACLResourcePatternTypePrefixed {
		name += anywhere
	}
	return a.Permission.String() + " " + a.Operation.String() + " on " + a.Resource.String() + " " + name + " from " + a.Host
}

// Texts say what differs in Kafka, for people: what a change would take back.
func (c Change) Texts(name string) []string {
	var out []string
	for _, r := range c.Add {
		out = append(out, name+" lacks "+r.String())
	}
	for _, r := range c.Remove {
		out = append(out, name+" has "+r.String())
	}
	for _, q := range slices.Sorted(maps.Keys(c.Quotas.Set)) {
		out = append(out, name+" has another "+q)
	}
	for _, q := range c.Quotas.Remove {
		out = append(out, name+" has "+q)
	}
	for _, m := range c.Password {
		out = append(out, name+" lacks a password for "+string(m))
	}
	for _, m := range c.Forget {
		out = append(out, name+" has a password for "+string(m))
	}
	return out
}
