package broker

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"castellan.io/castellan/internal/user"
)

// mechanism is one of SCRAM: its number in Kafka's protocol (KIP-554), and how it hashes.
type mechanism struct {
	number int8
	hash   func() hash.Hash
}

func mechanisms() map[user.Mechanism]mechanism {
	return map[user.Mechanism]mechanism{user.ScramSha256: {1, sha256.New}, user.ScramSha512: {2, sha512.New}}
}

// saltLength is in bytes.
const saltLength = 32

// credentialsAtOnce bounds how long hashing keeps a request waiting: a password takes milliseconds.
const credentialsAtOnce = 500

// Credentials are which SCRAM credentials names have.
func (u *Users) Credentials(ctx context.Context) (map[string]user.Scram, error) {
	request := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest() // no name means all
	response, err := onAny(ctx, u.connection, func(ctx context.Context, node *kgo.Broker) (*kmsg.DescribeUserSCRAMCredentialsResponse, error) {
		return askNode[*kmsg.DescribeUserSCRAMCredentialsResponse](ctx, node, request)
	})
	if err != nil {
		return nil, err
	}
	if err := refused(response.ErrorCode, response.ErrorMessage); err != nil {
		return nil, err
	}
	out := make(map[string]user.Scram, len(response.Results))
	for _, r := range response.Results {
		if err := refused(r.ErrorCode, r.ErrorMessage); err != nil {
			return nil, fmt.Errorf("credentials of %s: %w", r.User, err)
		}
		out[r.User] = scramOf(r.CredentialInfos)
	}
	return out, nil
}

func scramOf(infos []kmsg.DescribeUserSCRAMCredentialsResponseResultCredentialInfo) user.Scram {
	var out user.Scram
	for _, info := range infos {
		for name, m := range mechanisms() {
			if m.number == info.Mechanism {
				out = out.With(name, info.Iterations)
			}
		}
	}
	return out
}

// Credential is a SCRAM credential that a name gets, or loses.
type Credential struct {
	Name      string
	Mechanism user.Mechanism
	// Password is not empty, unless Gone.
	Password string
	// Gone tells that the credential is to be removed.
	Gone bool
}

// SetCredentials sets and removes SCRAM credentials; one that is gone already is no error. Names whose credentials all were changed are
// not in the answer; of the others, some may have been.
func (u *Users) SetCredentials(ctx context.Context, credentials []Credential) (map[string]error, error) {
	out := map[string]error{}
	for _, round := range rounds(credentials) {
		for part := range slices.Chunk(round, credentialsAtOnce) {
			if err := u.setCredentials(ctx, part, out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// rounds puts credentials of the same name into different lists: of a name that is twice in a request, Kafka refuses both.
func rounds(credentials []Credential) [][]Credential {
	var out [][]Credential
	seen := map[string]int{}
	for _, c := range credentials {
		round := seen[c.Name]
		seen[c.Name]++
		if round == len(out) {
			out = append(out, nil)
		}
		out[round] = append(out[round], c)
	}
	return out
}

// setCredentials puts what Kafka refuses into refusals.
func (u *Users) setCredentials(ctx context.Context, credentials []Credential, refusals map[string]error) error {
	request := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
	for _, c := range credentials {
		m, known := mechanisms()[c.Mechanism]
		switch {
		case !known:
			putFirst(refusals, c.Name, fmt.Errorf("SCRAM mechanism %q is not known", c.Mechanism))
		case c.Gone:
			deletion := kmsg.NewAlterUserSCRAMCredentialsRequestDeletion()
			deletion.Name, deletion.Mechanism = c.Name, m.number
			request.Deletions = append(request.Deletions, deletion)
		case c.Password == "":
			putFirst(refusals, c.Name, errors.New("a credential needs a password"))
		default:
			upsertion, err := m.upsertion(c)
			if err != nil {
				return err
			}
			request.Upsertions = append(request.Upsertions, upsertion)
		}
	}
	response, err := send[*kmsg.AlterUserSCRAMCredentialsResponse](ctx, u.client, request)
	if err != nil {
		return err
	}
	for _, r := range response.Results {
		if err := refused(r.ErrorCode, r.ErrorMessage); !isRefusal(err, "RESOURCE_NOT_FOUND") {
			putFirst(refusals, r.User, err)
		}
	}
	return nil
}

// upsertion salts and hashes the password as Kafka's own client does, which does not normalize it.
func (m mechanism) upsertion(c Credential) (kmsg.AlterUserSCRAMCredentialsRequestUpsertion, error) {
	out := kmsg.NewAlterUserSCRAMCredentialsRequestUpsertion()
	out.Name, out.Mechanism, out.Iterations, out.Salt = c.Name, m.number, user.Iterations, make([]byte, saltLength)
	_, _ = rand.Read(out.Salt) // never fails
	salted, err := pbkdf2.Key(m.hash, c.Password, out.Salt, user.Iterations, m.hash().Size())
	if err != nil {
		return out, fmt.Errorf("hashing a password: %w", err)
	}
	out.SaltedPassword = salted
	return out, nil
}
