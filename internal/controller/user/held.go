package user

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/user"
)

// held is what Kafka holds about each name, as it was read last, with what was changed since.
type held struct {
	mu     sync.RWMutex
	byName map[string]user.Held
	// missing is why it was never read; nil once it was. aclsOff tells that Kafka keeps no access control lists although it should.
	missing error
	aclsOff bool
	// changed are the names that were changed lately, with the time.
	changed map[string]time.Time
	now     func() time.Time
}

func newHeld(now func() time.Time) *held {
	return &held{
		byName: map[string]user.Held{}, missing: fmt.Errorf("%w: nobody has asked it yet", broker.ErrUnreachable),
		changed: map[string]time.Time{}, now: now,
	}
}

// lag is how long a broker may not know yet what its controller has changed.
const lag = time.Second

func (h *held) of(name string) user.Held {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.byName[name]
}

// unread is why nobody knows what Kafka holds; nil when that is known.
func (h *held) unread() error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.missing
}

// keepsACLs tells whether Kafka keeps access control lists, as far as it has told.
func (h *held) keepsACLs() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return !h.aclsOff
}

// after notes what was changed.
func (h *held) after(name string, change user.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changed[name] = h.now()
	if is := h.byName[name].After(change); is.Empty() {
		delete(h.byName, name)
	} else {
		h.byName[name] = is
	}
}

// names are those about which Kafka holds something.
func (h *held) names() []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Collect(maps.Keys(h.byName))
}

// read asks Kafka for everything. What the operator changes meanwhile, or has changed just before, is newer than the answers.
func (h *held) read(ctx context.Context, kafka *broker.Users, acls bool) error {
	h.mu.Lock()
	known := h.now().Add(-lag)
	maps.DeleteFunc(h.changed, func(_ string, at time.Time) bool { return at.Before(known) })
	h.mu.Unlock()
	is, aclsOff, err := readAll(ctx, kafka, acls)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		if h.missing != nil {
			h.missing = fmt.Errorf("read what Kafka holds about users: %w", err)
		}
		return err
	}
	for name := range h.changed {
		delete(is, name)
		if ours, has := h.byName[name]; has {
			is[name] = ours
		}
	}
	h.byName, h.missing, h.aclsOff = is, nil, aclsOff
	return nil
}

func readAll(ctx context.Context, kafka *broker.Users, acls bool) (out map[string]user.Held, aclsOff bool, err error) {
	var rules map[string][]user.ACL
	if acls {
		rules, err = kafka.ACLs(ctx)
		if aclsOff = broker.SecurityDisabled(err); err != nil && !aclsOff {
			return nil, false, err
		}
	}
	quotas, err := kafka.Quotas(ctx)
	if err != nil {
		return nil, false, err
	}
	credentials, err := kafka.Credentials(ctx)
	if err != nil {
		return nil, false, err
	}
	out = make(map[string]user.Held, max(len(rules), len(quotas), len(credentials)))
	for name, list := range rules {
		out[name] = user.Held{ACLs: append(make([]user.ACL, 0, len(list)), list...)} // what was read has room for more
	}
	for name, limits := range quotas {
		is := out[name]
		is.Quotas = limits
		out[name] = is
	}
	for name, scram := range credentials {
		is := out[name]
		is.Scram = scram
		out[name] = is
	}
	return out, aclsOff, nil
}
