package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/user"
)

// heldAbout counts what Kafka holds about users whose names begin so: rules, quotas and passwords.
func heldAbout(ctx context.Context, kafka *kadm.Client, prefix string) (int, error) {
	rules, err := kafka.DescribeACLs(ctx, everyRule().Allow().AllowHosts().Deny().DenyHosts())
	if err != nil {
		return 0, fmt.Errorf("ask for rules: %w", err)
	}
	quotas, err := kafka.DescribeClientQuotas(ctx, true, []kadm.DescribeClientQuotaComponent{{Type: "user", MatchType: kmsg.QuotasMatchTypeAny}})
	if err != nil {
		return 0, fmt.Errorf("ask for quotas: %w", err)
	}
	passwords, err := kafka.DescribeUserSCRAMs(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask for passwords: %w", err)
	}
	var about []string
	for _, answer := range rules {
		if answer.Err != nil {
			return 0, fmt.Errorf("ask for rules: %w", answer.Err)
		}
		for _, rule := range answer.Described {
			about = append(about, strings.TrimPrefix(rule.Principal, "User:"))
		}
	}
	for _, quota := range quotas {
		for _, part := range quota.Entity {
			if part.Name != nil {
				about = append(about, *part.Name)
			}
		}
	}
	for name := range passwords {
		about = append(about, name)
	}
	count := 0
	for _, name := range about {
		if strings.HasPrefix(strings.TrimPrefix(name, "CN="), prefix) {
			count++
		}
	}
	return count, nil
}

func everyRule() *kadm.ACLBuilder {
	return kadm.NewACLs().AnyResource().ResourcePatternType(kadm.ACLPatternAny).Operations()
}

// forgotten waits until Kafka holds nothing about users whose names begin so.
func (b *bench) forgotten(ctx context.Context, kafka *kadm.Client, prefix string) error {
	return b.every(ctx, 100*time.Millisecond, "Kafka holds nothing about the users", func() error {
		count, err := heldAbout(ctx, kafka, prefix)
		if err == nil && count > 0 {
			err = fmt.Errorf("it holds %d things", count)
		}
		return err
	})
}

// createInKafka makes the rules of all users in one request, and their passwords in another one.
func createInKafka(ctx context.Context, kafka *kgo.Client, all []user.Wanted) error {
	request := kmsg.NewPtrCreateACLsRequest()
	var passwords []kadm.UpsertSCRAM
	for _, one := range all {
		for _, rule := range one.ACLs {
			request.Creations = append(request.Creations, creation(one.Principal, rule))
		}
		if len(one.Scram) > 0 {
			passwords = append(passwords, kadm.UpsertSCRAM{User: one.Principal, Mechanism: kadm.ScramSha512, Iterations: user.Iterations, Password: rand.Text()})
		}
	}
	if err := makeRules(ctx, kafka, request); err != nil || len(passwords) == 0 {
		return err
	}
	made, err := kadm.NewClient(kafka).AlterUserSCRAMs(ctx, nil, passwords)
	return errors.Join(err, made.Error())
}

// changeInKafka makes one more rule for each user, and gives each a quota.
func changeInKafka(ctx context.Context, kafka *kgo.Client, all []user.Wanted) error {
	request := kmsg.NewPtrCreateACLsRequest()
	for _, one := range all {
		rule := one.ACLs[0]
		rule.Operation = kmsg.ACLOperationDescribeConfigs
		request.Creations = append(request.Creations, creation(one.Principal, rule))
	}
	return errors.Join(makeRules(ctx, kafka, request), setQuotas(ctx, kafka, all, kadm.AlterClientQuotaOp{Key: user.QuotaProducerByteRate, Value: addedQuota}))
}

// removeFromKafka has Kafka forget all about users, a request for each kind of what it holds.
func removeFromKafka(ctx context.Context, kafka *kgo.Client, all []user.Wanted) error {
	var principals []string
	var passwords []kadm.DeleteSCRAM
	for _, one := range all {
		principals = append(principals, "User:"+one.Principal)
		if len(one.Scram) > 0 {
			passwords = append(passwords, kadm.DeleteSCRAM{User: one.Principal, Mechanism: kadm.ScramSha512})
		}
	}
	removed, err := kadm.NewClient(kafka).DeleteACLs(ctx, everyRule().Allow(principals...).AllowHosts())
	for _, answer := range removed {
		err = errors.Join(err, answer.Err)
	}
	err = errors.Join(err, setQuotas(ctx, kafka, all, kadm.AlterClientQuotaOp{Key: user.QuotaProducerByteRate, Remove: true}))
	if len(passwords) == 0 || err != nil {
		return err
	}
	gone, err := kadm.NewClient(kafka).AlterUserSCRAMs(ctx, passwords, nil)
	return errors.Join(err, gone.Error())
}

func creation(principal string, rule user.ACL) kmsg.CreateACLsRequestCreation {
	out := kmsg.NewCreateACLsRequestCreation()
	out.Principal, out.Host = "User:"+principal, rule.Host
	out.ResourceType, out.ResourcePatternType, out.ResourceName = rule.Resource, rule.Pattern, rule.Name
	out.Operation, out.PermissionType = rule.Operation, rule.Permission
	return out
}

func makeRules(ctx context.Context, kafka *kgo.Client, request *kmsg.CreateACLsRequest) error {
	answer, err := request.RequestWith(ctx, kafka)
	if err != nil {
		return fmt.Errorf("make rules: %w", err)
	}
	for _, result := range answer.Results {
		if err := kerr.ErrorForCode(result.ErrorCode); err != nil {
			return fmt.Errorf("make rules: %w", err)
		}
	}
	return nil
}

func setQuotas(ctx context.Context, kafka *kgo.Client, all []user.Wanted, op kadm.AlterClientQuotaOp) error {
	var entries []kadm.AlterClientQuotaEntry
	for _, one := range all {
		entries = append(entries, kadm.AlterClientQuotaEntry{Entity: kadm.ClientQuotaEntity{{Type: "user", Name: &one.Principal}}, Ops: []kadm.AlterClientQuotaOp{op}})
	}
	answers, err := kadm.NewClient(kafka).AlterClientQuotas(ctx, entries)
	for _, answer := range answers {
		err = errors.Join(err, answer.Err)
	}
	if err != nil {
		return fmt.Errorf("set quotas: %w", err)
	}
	return nil
}
