package broker

// Users is a lasting connection to a cluster for work on what it holds about many users. Names are those of Kafka: with CN= for who has
// a certificate, without the type of the principal. Its methods take and tell about many users at a time, and fail as a whole only when
// Kafka does not answer, then the error wraps ErrUnreachable, or refuses to tell. What Kafka refuses about one user is a Refused.
//
// Kafka's controller makes the changes, and the broker that is asked next may know of them a moment later.
type Users struct {
	*connection
}

// OpenUsers prepares a connection; nothing is sent yet.
func OpenUsers(to Access) (*Users, error) {
	c, err := open(to)
	if err != nil {
		return nil, err
	}
	return &Users{connection: c}, nil
}

// SecurityDisabled tells whether Kafka refused because it runs without authorization, so that there are no ACLs.
func SecurityDisabled(err error) bool { return isRefusal(err, "SECURITY_DISABLED") }

// principalOfUser begins the principals of users; other types are those of custom authorizers.
const principalOfUser = "User:"

// shared gives equal strings one copy: tens of thousands of rules have the same few hosts.
type shared map[string]string

func (s shared) copyOf(text string) string {
	if known, is := s[text]; is {
		return known
	}
	s[text] = text
	return text
}
