package broker

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/user"
)

// entityUser is the type of what quotas of users are about (KIP-546).
const entityUser = "user"

// Quotas are those of single users: not of all users, and not of a user's client ids.
func (u *Users) Quotas(ctx context.Context) (map[string]user.Quotas, error) {
	component := kmsg.NewDescribeClientQuotasRequestComponent()
	component.EntityType, component.MatchType = entityUser, kmsg.QuotasMatchTypeAny
	entries, err := u.quotas(ctx, true, component)
	if err != nil {
		return nil, err
	}
	out := make(map[string]user.Quotas, len(entries))
	keys := shared{}
	for _, entry := range entries {
		name, is := userOf(entry)
		if !is {
			continue
		}
		quotas := make(user.Quotas, len(entry.Values))
		for _, v := range entry.Values {
			quotas[keys.copyOf(v.Key)] = v.Value
		}
		out[name] = quotas
	}
	return out, nil
}

// OtherQuotas tells in words what else has quotas: all users, client ids, addresses.
func (u *Users) OtherQuotas(ctx context.Context) ([]string, error) {
	entries, err := u.quotas(ctx, false)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, entry := range entries {
		if _, is := userOf(entry); !is {
			out = append(out, words(entry))
		}
	}
	slices.Sort(out)
	return out, nil
}

// quotas are those of what has all of the components; strict is whether it has no others.
func (u *Users) quotas(ctx context.Context, strict bool, components ...kmsg.DescribeClientQuotasRequestComponent) ([]kmsg.DescribeClientQuotasResponseEntry, error) {
	request := kmsg.NewPtrDescribeClientQuotasRequest()
	request.Strict, request.Components = strict, components
	response, err := onAny(ctx, u.connection, func(ctx context.Context, node *kgo.Broker) (*kmsg.DescribeClientQuotasResponse, error) {
		return askNode[*kmsg.DescribeClientQuotasResponse](ctx, node, request)
	})
	if err != nil {
		return nil, err
	}
	return response.Entries, refused(response.ErrorCode, response.ErrorMessage)
}

// userOf is the user that quotas are about. The default for all users has no name.
func userOf(entry kmsg.DescribeClientQuotasResponseEntry) (string, bool) {
	if len(entry.Entity) != 1 || entry.Entity[0].Type != entityUser || entry.Entity[0].Name == nil {
		return "", false
	}
	return *entry.Entity[0].Name, true
}

func words(entry kmsg.DescribeClientQuotasResponseEntry) string {
	var out []string
	for _, e := range entry.Entity {
		if e.Name == nil {
			out = append(out, "every "+e.Type)
		} else {
			out = append(out, e.Type+" "+*e.Name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " with ")
}

// SetQuotas sets and removes quotas, by name; removing one that does not hold is no error. Names whose quotas all were changed are not
// in the answer; of the others none was.
func (u *Users) SetQuotas(ctx context.Context, changes map[string]user.QuotaChange) (map[string]error, error) {
	out := map[string]error{}
	records := func(name string) int { return len(changes[name].Set) + len(changes[name].Remove) }
	for part := range parts(slices.Sorted(maps.Keys(changes)), records) {
		request := kmsg.NewPtrAlterClientQuotasRequest()
		for _, name := range part {
			request.Entries = append(request.Entries, quotaEntry(name, changes[name]))
		}
		response, err := send[*kmsg.AlterClientQuotasResponse](ctx, u.client, request)
		if err != nil {
			return nil, err
		}
		for _, entry := range response.Entries {
			if err := refused(entry.ErrorCode, entry.ErrorMessage); err != nil && len(entry.Entity) == 1 && entry.Entity[0].Name != nil {
				out[*entry.Entity[0].Name] = err
			}
		}
	}
	return out, nil
}

func quotaEntry(name string, change user.QuotaChange) kmsg.AlterClientQuotasRequestEntry {
	entity := kmsg.NewAlterClientQuotasRequestEntryEntity()
	entity.Type, entity.Name = entityUser, &name
	out := kmsg.NewAlterClientQuotasRequestEntry()
	out.Entity = append(out.Entity, entity)
	for key, value := range change.Set {
		op := kmsg.NewAlterClientQuotasRequestEntryOp()
		op.Key, op.Value = key, value
		out.Ops = append(out.Ops, op)
	}
	for _, key := range change.Remove {
		op := kmsg.NewAlterClientQuotasRequestEntryOp()
		op.Key, op.Remove = key, true
		out.Ops = append(out.Ops, op)
	}
	return out
}
