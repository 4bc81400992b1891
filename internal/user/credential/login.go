package credential

import (
	"bytes"
	"strings"
)

// What sasl.jaas.config consists of, between which stand the username and the password.
const (
	loginModule = `org.apache.kafka.common.security.scram.ScramLoginModule required username="`
	loginMiddle = `" password="`
	loginEnd    = `";`
)

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`)

// quoted writes a text as it stands between quotes in a configuration of JAAS, which Kafka reads with Java's StreamTokenizer: there a quote
// or the end of a line would end the text.
func quoted(text string) string { return escapes.Replace(text) }

// loginText is what a client of Kafka needs to log in.
func loginText(username, password string) string {
	return loginModule + quoted(username) + loginMiddle + quoted(password) + loginEnd
}

// loginOf is the digest of the quoted username for which sasl.jaas.config logs in with the password beside it; zero if it does not.
func loginOf(data map[string][]byte) Digest {
	if len(data[EntryPassword]) == 0 {
		return Digest{}
	}
	rest, starts := bytes.CutPrefix(data[entryLogin], []byte(loginModule))
	username, ends := bytes.CutSuffix(rest, []byte(loginMiddle+quoted(string(data[EntryPassword]))+loginEnd))
	if !starts || !ends {
		return Digest{}
	}
	return digestOf(username)
}
