//go:build apiserver

package user_test

import (
	"errors"
	"fmt"
	"regexp"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	usercontroller "castellan.io/castellan/internal/controller/user"
	"castellan.io/castellan/internal/user"
)

// newGuardedWorld has a Kafka that lets nobody in without a password.
func newGuardedWorld(t *testing.T, change func(*usercontroller.Options)) *world {
	t.Helper()
	w := newQuietWorld(t, withPasswords()...)
	w.start(change)
	return w
}

// from has the password taken from a Secret.
func from(secret, entry string) func(*v1.KafkaUser) {
	return func(u *v1.KafkaUser) {
		scram(u)
		u.Spec.Authentication.Password = &v1.UserPassword{}
		u.Spec.Authentication.Password.ValueFrom.SecretKeyRef = &v1.KeySelector{Name: secret, Key: entry}
	}
}

// password waits until a user has another password than before, in the Secret and in Kafka.
func (w *world) password(name, mechanism, before string) string {
	w.Helper()
	var out string
	w.eventually(name+" has a password", func() error {
		s := w.secret(name)
		if s == nil || string(s.Data["password"]) == before {
			return errors.New("the Secret is as before")
		}
		out = string(s.Data["password"])
		return w.logsIn(mechanism, name, out)
	})
	if before != "" && w.logsIn(mechanism, name, before) == nil {
		w.Error("the earlier password still works")
	}
	return out
}

func TestAUserWithAPasswordLogsIn(t *testing.T) {
	w := newGuardedWorld(t, nil)
	w.create("orders", func(u *v1.KafkaUser) { scram(u); reads(u, "a") })
	if is := w.ready("orders"); is.Status.Username != "orders" || is.Status.Secret != "orders" {
		t.Errorf("status: %+v", is.Status)
	}
	password := w.password("orders", broker.MechanismScramSha512, "")
	if !regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]{31}$`).MatchString(password) {
		t.Error("the password is not of letters and digits")
	}
	want := fmt.Sprintf(`org.apache.kafka.common.security.scram.ScramLoginModule required username="orders" password="%s";`, password)
	if s := w.secret("orders"); string(s.Data["sasl.jaas.config"]) != want || len(s.Data) != 2 {
		t.Errorf("entries %v", entriesOf(s))
	}
	w.holds(holdings{"orders": {ACLs: []user.ACL{allowed("a")}, Scram: user.Scram{Sha512: 4096}}})
	if w.logsIn(broker.MechanismScramSha256, "orders", password) == nil {
		t.Error("a mechanism that nobody asked for works")
	}
	w.annotate("orders", v1.AnnotationRotate, "now")
	password = w.password("orders", broker.MechanismScramSha512, password)
	w.changeSecret("orders", func(s *corev1.Secret) { s.Annotations[v1.AnnotationForceRenew] = "true" })
	password = w.password("orders", broker.MechanismScramSha512, password)
	w.annotate("orders", v1.AnnotationScramMechanisms, "SCRAM-SHA-256,SCRAM-SHA-512")
	w.holds(holdings{"orders": {ACLs: []user.ACL{allowed("a")}, Scram: user.Scram{Sha256: 4096, Sha512: 4096}}})
	for _, mechanism := range []string{broker.MechanismScramSha256, broker.MechanismScramSha512} {
		if err := w.logsIn(mechanism, "orders", password); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
	}
	w.annotate("orders", v1.AnnotationScramMechanisms, "SCRAM-SHA-256")
	w.holds(holdings{"orders": {ACLs: []user.ACL{allowed("a")}, Scram: user.Scram{Sha256: 4096}}})
	w.must(api.Delete(t.Context(), w.secret("orders")))
	w.password("orders", broker.MechanismScramSha256, password)
}

func TestAPasswordOfTheUsersOwnIsTaken(t *testing.T) {
	w := newGuardedWorld(t, often)
	w.create("own", from("mine", "secret"))
	w.lacks(w.refused("own", v1.ReasonExecution), v1.ReasonInvalidResource, "spec.authentication.password.valueFrom.secretKeyRef", "Secret mine does not exist", "make it")
	w.putSecret("mine", map[string][]byte{"other": []byte("x")})
	w.eventually("the entry is missed", func() error { return w.says("own", "has no entry secret") })
	w.putSecret("mine", map[string][]byte{"secret": {}})
	w.eventually("the entry is empty", func() error { return w.says("own", "secret of Secret mine is empty") })
	w.lacks(w.refused("own", v1.ReasonExecution), v1.ReasonInvalidResource, "write a password into it")
	w.holds(holdings{})
	for _, password := range []string{`tricky "pass"\word`, "another one"} {
		w.putSecret("mine", map[string][]byte{"secret": []byte(password)})
		w.ready("own")
		w.eventually("the password works", func() error { return w.logsIn(broker.MechanismScramSha512, "own", password) })
		if got := string(w.secret("own").Data["password"]); got != password {
			t.Error("the Secret has another password")
		}
	}
	w.update("own", func(u *v1.KafkaUser) { u.Spec.Authentication.Password.ValueFrom.SecretKeyRef = nil })
	w.lacks(w.refused("own", v1.ReasonExecution), v1.ReasonInvalidResource, "spec.authentication.password.valueFrom.secretKeyRef", "is incomplete", "name and key")
	// Without the reference, the password stays.
	w.update("own", scram)
	w.ready("own")
	if got := string(w.secret("own").Data["password"]); got != "another one" {
		t.Error("the Secret has another password")
	}
}

// says tells whether the failure of a user has these words.
func (w *world) says(name, words string) error {
	w.Helper()
	if c := condition(w.get(name), v1.ConditionNotReady); c == nil || !regexp.MustCompile(regexp.QuoteMeta(words)).MatchString(c.Message) {
		return fmt.Errorf("%+v", c)
	}
	return nil
}

func TestWhatBelongsToAnotherAuthenticationGoes(t *testing.T) {
	w := newWorld(t, nil)
	w.create("orders", func(u *v1.KafkaUser) { scram(u); reads(u, "a"); limited(u, 5) })
	w.ready("orders")
	have := user.Held{ACLs: []user.ACL{allowed("a")}, Quotas: user.Quotas{user.QuotaConsumerByteRate: 5}}
	withPassword := have
	withPassword.Scram = user.Scram{Sha512: 4096}
	w.holds(holdings{"orders": withPassword})
	steps := []struct {
		how      *v1.UserAuthentication
		username string
		held     user.Held
		entries  int
	}{
		{&v1.UserAuthentication{Type: v1.UserAuthenticationTLS}, "CN=orders", have, 5},
		{&v1.UserAuthentication{Type: v1.UserAuthenticationScramSha512}, "orders", withPassword, 2},
		{nil, "orders", have, 0},
		{&v1.UserAuthentication{Type: v1.UserAuthenticationTLSExternal}, "CN=orders", have, 0},
	}
	for _, step := range steps {
		w.update("orders", func(u *v1.KafkaUser) { u.Spec.Authentication = step.how })
		if is := w.ready("orders"); is.Status.Username != step.username {
			t.Errorf("username %s, want %s", is.Status.Username, step.username)
		}
		w.holds(holdings{step.username: step.held})
		w.eventually("the Secret is right", func() error {
			s := w.secret("orders")
			if s == nil && step.entries == 0 || s != nil && len(s.Data) == step.entries {
				return nil
			}
			return fmt.Errorf("%v", s)
		})
		if s := w.secret("orders"); s != nil && step.entries == 2 && s.Annotations[v1.AnnotationNotAfter] != "" {
			t.Errorf("a password has the end of a certificate: %v", s.Annotations)
		}
	}
}

func TestAPasswordThatSomebodySetInKafkaIsSetBack(t *testing.T) {
	w := newGuardedWorld(t, often)
	w.create("orders", scram)
	w.ready("orders")
	password := w.password("orders", broker.MechanismScramSha512, "")
	w.put("orders", user.Held{Scram: user.Scram{Sha512: 1}})
	w.eventually("the password works again", func() error { return w.logsIn(broker.MechanismScramSha512, "orders", password) })
	w.done(w.kafka.SetCredentials(t.Context(), []broker.Credential{{Name: "orders", Mechanism: user.ScramSha512, Gone: true}}))
	w.eventually("the password works again", func() error { return w.logsIn(broker.MechanismScramSha512, "orders", password) })
}
