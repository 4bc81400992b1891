package clientsettings

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	v1 "castellan.io/castellan/api/v1"
)

// Entries of a user's Secret.
const (
	entryCertificate = "user.crt"
	entryKey         = "user.key"
	entryPassword    = "password"
	entryLogin       = "sasl.jaas.config"
)

// fileTrust is the file with the certificates to trust. The entry of that name in a user's Secret is something else: the authority that
// signs certificates of clients.
const fileTrust = "ca.crt"

// Settings are all that a client needs.
type Settings struct {
	Account
	Listener Listener
	// Certificate and Key are PEM, and Password is a text; those that the user does not have, or brings, are empty.
	Certificate, Key, Password string
	// Login is the password as Kafka's own clients take it, sasl.jaas.config.
	Login string
}

// Settings joins an account with the data of its Secret, and a listener that takes the user.
func (a Account) Settings(l Listener, secret map[string][]byte) (Settings, error) {
	out := Settings{Account: a, Listener: l}
	for _, entry := range []struct {
		name  string
		into  *string
		needs bool
	}{
		{entryCertificate, &out.Certificate, a.Authentication == v1.UserAuthenticationTLS},
		{entryKey, &out.Key, a.Authentication == v1.UserAuthenticationTLS && !a.KeepsKey},
		{entryPassword, &out.Password, a.Authentication == v1.UserAuthenticationScramSha512},
		{entryLogin, &out.Login, a.Authentication == v1.UserAuthenticationScramSha512},
	} {
		if !entry.needs {
			continue
		}
		*entry.into = string(secret[entry.name])
		if *entry.into == "" || !utf8.ValidString(*entry.into) {
			return Settings{}, fmt.Errorf("Secret %s in namespace %s has no usable %s: the user operator puts that right, try again in a moment", a.Secret, a.Namespace, entry.name)
		}
	}
	return out, nil
}

// SASL tells whether clients log in.
func (s Settings) SASL() bool { return s.Listener.Mechanism != "" }

// ByCertificate tells whether clients show a certificate.
func (s Settings) ByCertificate() bool { return s.byCertificate() }

// Servers are the addresses of Bootstrap one by one.
func (s Settings) Servers() []string { return strings.Split(s.Listener.Bootstrap, ",") }

// Brought are the files that the user has to add.
func (s Settings) Brought() []string {
	var out []string
	if s.byCertificate() && s.Certificate == "" {
		out = append(out, entryCertificate)
	}
	if s.byCertificate() && s.Key == "" {
		out = append(out, entryKey)
	}
	return out
}

// Missing is what the user has to add, or to know, in one sentence; empty if there is nothing of the kind.
func (s Settings) Missing() string {
	switch {
	case s.Authentication == v1.UserAuthenticationTLSExternal:
		return fmt.Sprintf("Missing is what the user brings: a certificate for %q, in user.crt, and its key, in user.key.", s.Username)
	case s.KeepsKey:
		return "Missing is what the user keeps: the key of its certificate request, in user.key."
	case s.Listener.Custom:
		return fmt.Sprintf("Missing is who the client is: listener %s has authentication of type custom, and the user has none here.", s.Listener.Name)
	case s.Authentication == "":
		return "The user has no authentication: on this listener, Kafka does not know who its clients are."
	}
	return ""
}

// Use says in one line what clients do with the files.
func (s Settings) Use() string {
	out := fmt.Sprintf("clients connect to %s with security.protocol %s", s.Listener.Bootstrap, s.Listener.Protocol)
	if s.Listener.TLS() {
		out += ", trust ca.crt"
	}
	if s.byCertificate() {
		out += ", show user.crt with its key user.key"
	}
	if s.SASL() {
		out += fmt.Sprintf(", log in with %s as %q and what is in the file password", s.Listener.Mechanism, s.Username)
	}
	return out
}

// File is a text with its name.
type File struct{ Name, Content string }

// materials are the files beside settings, those that the user brings not among them.
func (s Settings) materials() []File {
	return slices.DeleteFunc([]File{
		{fileTrust, s.Listener.Trust}, {entryCertificate, s.Certificate}, {entryKey, s.Key}, {entryPassword, s.Password},
	}, func(f File) bool { return f.Content == "" })
}
