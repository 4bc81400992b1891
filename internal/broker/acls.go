package broker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/user"
)

// filtersAtOnce bounds what one request makes Kafka's controller search: it holds each filter against all rules that there are.
const filtersAtOnce = 200

// ACLs are all rules about users, sorted.
func (u *Users) ACLs(ctx context.Context) (map[string][]user.ACL, error) {
	request := kmsg.NewPtrDescribeACLsRequest()
	request.ResourceType, request.ResourcePatternType = kmsg.ACLResourceTypeAny, kmsg.ACLResourcePatternTypeAny
	request.Operation, request.PermissionType = kmsg.ACLOperationAny, kmsg.ACLPermissionTypeAny
	response, err := onAny(ctx, u.connection, func(ctx context.Context, node *kgo.Broker) (*kmsg.DescribeACLsResponse, error) {
		return askNode[*kmsg.DescribeACLsResponse](ctx, node, request)
	})
	if err != nil {
		return nil, err
	}
	if err := refused(response.ErrorCode, response.ErrorMessage); err != nil {
		return nil, err
	}
	return byPrincipal(response.Resources), nil
}

// byPrincipal counts first, so that no list is longer in memory than it is.
func byPrincipal(resources []kmsg.DescribeACLsResponseResource) map[string][]user.ACL {
	count := map[string]int{}
	for _, r := range resources {
		for _, a := range r.ACLs {
			count[a.Principal]++
		}
	}
	out, hosts := make(map[string][]user.ACL, len(count)), shared{}
	for principal, n := range count {
		if name, is := strings.CutPrefix(principal, principalOfUser); is {
			out[name] = make([]user.ACL, 0, n)
		}
	}
	for _, r := range resources {
		for _, a := range r.ACLs {
			if name, is := strings.CutPrefix(a.Principal, principalOfUser); is {
				out[name] = append(out[name], user.ACL{
					Resource: r.ResourceType, Pattern: r.ResourcePatternType, Name: r.ResourceName,
					Operation: a.Operation, Permission: a.PermissionType, Host: hosts.copyOf(a.Host),
				})
			}
		}
	}
	for _, list := range out {
		slices.SortFunc(list, user.ACL.Compare)
	}
	return out
}

// rule is an ACL with the name that it is about.
type rule struct {
	name string
	user.ACL
}

func rules(acls map[string][]user.ACL) []rule {
	var out []rule
	for _, name := range slices.Sorted(maps.Keys(acls)) {
		for _, a := range acls[name] {
			out = append(out, rule{name, a})
		}
	}
	return out
}

// AddACLs makes rules, by name; those that exist are left alone. Names whose rules all were made are not in the answer; of the others,
// some may have been.
func (u *Users) AddACLs(ctx context.Context, acls map[string][]user.ACL) (map[string]error, error) {
	out := map[string]error{}
	for part := range slices.Chunk(rules(acls), recordLimit) {
		request := kmsg.NewPtrCreateACLsRequest()
		for _, r := range part {
			request.Creations = append(request.Creations, creation(r))
		}
		response, err := send[*kmsg.CreateACLsResponse](ctx, u.client, request)
		if err != nil {
			return nil, err
		}
		if err := complete(len(part), len(response.Results)); err != nil {
			return nil, err
		}
		for i, r := range response.Results {
			putFirst(out, part[i].name, refused(r.ErrorCode, r.ErrorMessage))
		}
	}
	return out, nil
}

func creation(r rule) kmsg.CreateACLsRequestCreation {
	out := kmsg.NewCreateACLsRequestCreation()
	out.Principal, out.Host = principalOfUser+r.name, r.Host
	out.ResourceType, out.ResourcePatternType, out.ResourceName = r.Resource, r.Pattern, r.Name
	out.Operation, out.PermissionType = r.Operation, r.Permission
	return out
}

// RemoveACLs removes rules, by name; those that are gone are left so. Names whose rules all are gone are not in the answer; of the
// others, some may be.
func (u *Users) RemoveACLs(ctx context.Context, acls map[string][]user.ACL) (map[string]error, error) {
	out := map[string]error{}
	for part := range slices.Chunk(rules(acls), filtersAtOnce) {
		request := kmsg.NewPtrDeleteACLsRequest()
		for _, r := range part {
			request.Filters = append(request.Filters, filter(r))
		}
		response, err := send[*kmsg.DeleteACLsResponse](ctx, u.client, request)
		if err != nil {
			return nil, err
		}
		if err := complete(len(part), len(response.Results)); err != nil {
			return nil, err
		}
		for i, r := range response.Results {
			putFirst(out, part[i].name, refused(r.ErrorCode, r.ErrorMessage))
			for _, matching := range r.MatchingACLs {
				putFirst(out, part[i].name, refused(matching.ErrorCode, matching.ErrorMessage))
			}
		}
	}
	return out, nil
}

// filter finds the rule and nothing else.
func filter(r rule) kmsg.DeleteACLsRequestFilter {
	out := kmsg.NewDeleteACLsRequestFilter()
	principal := principalOfUser + r.name
	out.Principal, out.Host, out.ResourceName = &principal, &r.Host, &r.Name
	out.ResourceType, out.ResourcePatternType = r.Resource, r.Pattern
	out.Operation, out.PermissionType = r.Operation, r.Permission
	return out
}

// complete checks an answer that tells about what was asked by its place alone.
func complete(asked, answered int) error {
	if asked == answered {
		return nil
	}
	return fmt.Errorf("%w: it told about %d of %d rules", ErrUnreachable, answered, asked)
}

// putFirst keeps the first error about a name.
func putFirst(errs map[string]error, name string, err error) {
	if err != nil && errs[name] == nil {
		errs[name] = err
	}
}
