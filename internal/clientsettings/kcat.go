package clientsettings

import (
	"fmt"
	"strings"
)

// kcat reads lines of at most this many bytes, knows no continued ones, and takes no escapes in them but two, \: and \=, which it takes
// everywhere. So certificates can only be files.
const kcatLine = 510

// checkKcat tells of values that cannot be in a file of kcat's.
func (s sheet) checkKcat() error {
	for _, value := range []struct{ what, text string }{
		{"the user's password", s.Password},
		{"the user's name in Kafka", s.Username},
		{"the name of the directory", s.Path("user.crt")},
	} {
		switch {
		case len(value.text) > kcatLine-len("ssl.certificate.location="):
		case strings.ContainsAny(value.text, "\r\n\x00"), strings.Contains(value.text, `\:`), strings.Contains(value.text, `\=`):
		case value.text != strings.TrimRight(value.text, " \t\v\f"):
		default:
			continue
		}
		return fmt.Errorf("a configuration of kcat cannot hold %s: it must be short, in one line, without \\: and \\= in it or white space at its end", value.what)
	}
	return nil
}

// fitted is as many of the addresses as one line can hold: clients need one that answers.
func fitted(bootstrap string) string {
	const limit = kcatLine - len("bootstrap.servers=")
	if len(bootstrap) <= limit {
		return bootstrap
	}
	if end := strings.LastIndexByte(bootstrap[:limit+1], ','); end > 0 {
		return bootstrap[:end]
	}
	return bootstrap
}
