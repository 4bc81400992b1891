package user

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/user"
	"castellan.io/castellan/internal/user/credential"
)

// deed is what a pass does about a user.
type deed int

const (
	// tell writes the status, and nothing else.
	tell deed = iota
	// keep makes Secret and Kafka what is wanted.
	keep
	// remove leaves nothing of a user without a resource.
	remove
	// nothing leaves all as it is, with the status.
	nothing
)

// job is one user in a pass.
type job struct {
	key types.NamespacedName
	// resource is the cache's: nobody may change it. It is nil when the user has none.
	resource *v1.KafkaUser
	username string
	wanted   user.Wanted
	wish     credential.Wish
	deed     deed
	// renews tells that nothing is done about a user whose resource is wrong, but to keep its certificate from ending.
	renews bool
	// reports tells that what was changed in Kafka is left as it is.
	reports bool

	// secret is the name of the Secret, empty if the user has none; content is the digest of its entries, password that of the password.
	secret   string
	content  digest
	password credential.Digest
	// data are the entries, where they had to be read or made.
	data map[string][]byte
	// vain is what is asked of the credentials and cannot be.
	vain string

	// changes are what Kafka needs, by name; refused tells that it did not do all of it.
	changes map[string]user.Change
	refused bool
	// drift is what differs in Kafka and is left like that.
	drift []string

	// err is the first thing that went wrong, warnings what else there is to say.
	err      error
	warnings []v1.Condition
	// only is the one condition that a resource has which nothing is done about.
	only *v1.Condition
	// again is when time alone may make something to do; later says that it is tried again with growing delay.
	again time.Time
	later bool
}

// note notes what went wrong first.
func (j *job) note(err error) {
	if j.err == nil {
		j.err = err
	}
}

// fail notes what went wrong; nothing more is done about the user.
func (j *job) fail(err error) {
	j.note(err)
	if j.resource == nil {
		j.deed, j.later = nothing, true
		return
	}
	j.deed = tell
}

// problem is an error with the reason that a status gives for it.
type problem struct{ reason, message string }

// Error is the message.
func (p *problem) Error() string { return p.message }

func (j *job) refuse(reason, message string) { j.fail(&problem{reason, message}) }

// hasSecret tells whether the user has credentials that are kept in a Secret.
func (j *job) hasSecret() bool {
	a := j.resource.Spec.Authentication
	return a != nil && a.Type != v1.UserAuthenticationTLSExternal
}
