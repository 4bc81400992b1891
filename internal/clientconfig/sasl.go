package clientconfig

import (
	"cmp"
	"regexp"
	"strings"
)

// SASL is how a client proves who it is without a certificate.
type SASL struct {
	// Mechanism is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.
	Mechanism string
	// Username and Password are for all but OAUTHBEARER.
	Username, Password string
	// TokenURL, ClientID, ClientSecret and Scopes get tokens for OAUTHBEARER (RFC 6749, section 4.4).
	TokenURL, ClientID, ClientSecret string
	Scopes                           []string
}

// Problem is what is wrong with some options, and what would be right. It repeats no value, which may be secret.
type Problem struct{ What, Right string }

// Error says both.
func (p *Problem) Error() string { return p.What + ": expected " + p.Right }

// The options of SASL, as Kafka names them.
const (
	optionMechanism    = "sasl.mechanism"
	optionJAAS         = "sasl.jaas.config"
	optionTokenURL     = "sasl.oauthbearer.token.endpoint.url"
	optionClientID     = "sasl.oauthbearer.client.credentials.client.id"
	optionClientSecret = "sasl.oauthbearer.client.credentials.client.secret"
	optionScope        = "sasl.oauthbearer.scope"
)

const mechanisms = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"

// ReadSASL understands the options of a client that say who it is.
func ReadSASL(options map[string]string) (*SASL, *Problem) {
	jaas := login(options[optionJAAS])
	out := &SASL{Mechanism: options[optionMechanism]}
	switch out.Mechanism {
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
		out.Username, out.Password = jaas["username"], jaas["password"]
		if out.Username == "" || out.Password == "" {
			return nil, &Problem{"has no username or password in " + optionJAAS, `username="…" password="…"`}
		}
	case "OAUTHBEARER":
		out.TokenURL = options[optionTokenURL]
		out.ClientID = cmp.Or(options[optionClientID], jaas["clientId"])
		out.ClientSecret = cmp.Or(options[optionClientSecret], jaas["clientSecret"])
		out.Scopes = strings.Fields(cmp.Or(options[optionScope], jaas["scope"]))
		if out.TokenURL == "" || out.ClientID == "" || out.ClientSecret == "" {
			return nil, &Problem{"lacks what OAUTHBEARER needs", optionTokenURL + `, and clientId="…" clientSecret="…" in ` + optionJAAS}
		}
	case "":
		return nil, &Problem{"has no " + optionMechanism, mechanisms}
	default:
		return nil, &Problem{"has a " + optionMechanism + " that is not supported", mechanisms}
	}
	return out, nil
}

var loginOption = regexp.MustCompile(`([A-Za-z][\w.]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))`)

// login are the options behind the name of a login module (the syntax of JAAS).
func login(text string) map[string]string {
	out := map[string]string{}
	for _, match := range loginOption.FindAllStringSubmatch(text, -1) {
		value := strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(match[2])
		out[match[1]] = cmp.Or(value, match[3])
	}
	return out
}
