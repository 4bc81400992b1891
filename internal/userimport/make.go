package userimport

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/user"
)

// Options say which users become resources, and what those look like.
type Options struct {
	// User matches whole usernames that are wanted; nil wants all.
	User *regexp.Regexp
	// Exclude matches whole usernames that are not; nil excludes none.
	Exclude *regexp.Regexp
	// Issue has a user operator issue certificates to users who have some of their own.
	Issue bool
	// Namespace and Labels are those of the resources. The namespace may be empty.
	Namespace string
	Labels    map[string]string
	// Existing are the resources of the namespace.
	Existing []v1.KafkaUser
	// Progress is told what is being done.
	Progress func(string)
}

// Found is what an import would make, and what it leaves out.
type Found struct {
	// Resources are in the order of their usernames.
	Resources []*v1.KafkaUser
	// Present and Excluded are numbers of users that are left out: those that have a resource, and those that are excluded.
	Present, Excluded int
	// Problems tell in words about users that are wanted and that cannot be imported.
	Problems []string
	// Notes tell in words what should be known.
	Notes []string
}

// holding is what Kafka holds about both names of a user.
type holding struct{ plain, certificate user.Held }

// Make decides which resources there should be for what Kafka holds, by name.
func Make(held map[string]user.Held, o Options) Found {
	var out Found
	users, strangers := byUsername(held, o)
	claims, holders := o.existing()
	withPassword := 0
	for _, username := range slices.Sorted(maps.Keys(users)) {
		switch holder := holders[resourceName(username)]; {
		case !o.wants(username):
		case o.Exclude != nil && o.Exclude.MatchString(username):
			out.Excluded++
		case claims[username]:
			out.Present++
		case holder != nil:
			out.problem(username, fmt.Sprintf(
				"the name of its resource is taken by KafkaUser %s of user %s%s: import it into another namespace",
				holder.Name, user.UsernameOf(holder), ofCluster(holder),
			))
		default:
			if out.add(username, users[username], o) && users[username].plain.Scram != (user.Scram{}) {
				withPassword++
			}
		}
	}
	if withPassword > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("Kafka does not tell passwords, and %d of the users have one: %s", withPassword, whatToDoAboutPasswords))
	}
	if len(strangers) > 0 {
		out.Notes = append(out.Notes, "no KafkaUser can be "+some(strangers)+": a user operator leaves what Kafka holds about them as it is")
	}
	return out
}

const whatToDoAboutPasswords = "put it, without a line break, into the Secret that the resource names; " +
	"until then a user operator refuses the resource, and leaves the user as it is"

// byUsername also tells the names that cannot be those of a KafkaUser.
func byUsername(held map[string]user.Held, o Options) (users map[string]holding, strangers []string) {
	users = map[string]holding{}
	for _, name := range slices.Sorted(maps.Keys(held)) {
		username, is := user.Username(name)
		if !is {
			if o.wants(name) {
				strangers = append(strangers, name)
			}
			continue
		}
		one := users[username]
		if name == username {
			one.plain = held[name]
		} else {
			one.certificate = held[name]
		}
		users[username] = one
	}
	return users, strangers
}

func (o Options) wants(username string) bool { return o.User == nil || o.User.MatchString(username) }

// existing are the users that resources are for, and all resources by their names. A resource of another cluster is for a user there.
func (o Options) existing() (claims map[string]bool, holders map[string]*v1.KafkaUser) {
	claims, holders = map[string]bool{}, map[string]*v1.KafkaUser{}
	cluster := o.Labels[v1.LabelCluster]
	for i := range o.Existing {
		u := &o.Existing[i]
		holders[u.Name] = u
		if cluster == "" || u.Labels[v1.LabelCluster] == cluster {
			claims[user.UsernameOf(u)] = true
		}
	}
	return claims, holders
}

func ofCluster(u *v1.KafkaUser) string {
	if cluster := u.Labels[v1.LabelCluster]; cluster != "" {
		return " in cluster " + cluster
	}
	return ""
}

func (f *Found) problem(username, what string) {
	f.Problems = append(f.Problems, "user "+username+": "+what)
}

// add tells whether it could make a resource.
func (f *Found) add(username string, is holding, o Options) bool {
	held, certified := is.plain, false
	switch {
	case is.certificate.Empty():
	case !is.plain.Empty():
		f.problem(username, fmt.Sprintf("Kafka holds something about both %s and CN=%s, and a KafkaUser is only one of them: remove what is not needed", username, username))
		return false
	case is.certificate.Scram != (user.Scram{}):
		f.problem(username, fmt.Sprintf("CN=%s has a password, which no KafkaUser with a certificate has: remove it from Kafka if it is not needed", username))
		return false
	default:
		held, certified = is.certificate, true
	}
	said, lost := sayable(held)
	if len(lost) > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("user %s: no KafkaUser can have what a user operator therefore removes: %s", username, strings.Join(lost, "; ")))
	}
	if said.Empty() {
		return false
	}
	r := resource(username, said, certified, o)
	if _, err := user.Read(r, user.Rules{ACLs: true}); err != nil {
		f.problem(username, err.Error())
		return false
	}
	f.Resources = append(f.Resources, r)
	return true
}
