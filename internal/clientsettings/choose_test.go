package clientsettings_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/clientsettings"
)

func ready() []v1.Condition {
	return []v1.Condition{{Type: v1.ConditionWarning, Status: v1.ConditionTrue}, {Type: v1.ConditionReady, Status: v1.ConditionTrue}}
}

// userOf is a KafkaUser that its operator has finished.
func userOf(how v1.UserAuthenticationType) *v1.KafkaUser {
	u := &v1.KafkaUser{ObjectMeta: metav1.ObjectMeta{
		Namespace: "myproject", Name: "my-user", Generation: 2,
		Labels: map[string]string{v1.LabelCluster: "my-cluster"}, Annotations: map[string]string{},
	}}
	u.Status = v1.KafkaUserStatus{Conditions: ready(), ObservedGeneration: 2, Username: "my-user"}
	if how != "" {
		u.Spec.Authentication = &v1.UserAuthentication{Type: how}
	}
	switch how {
	case v1.UserAuthenticationTLS, v1.UserAuthenticationTLSExternal:
		u.Status.Username = "CN=my-user"
	}
	if how == v1.UserAuthenticationTLS || how == v1.UserAuthenticationScramSha512 {
		u.Status.Secret = "my-user"
	}
	return u
}

func account(t *testing.T, u *v1.KafkaUser) clientsettings.Account {
	t.Helper()
	out, err := clientsettings.Read(u)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// some makes a listener of words: its name, its type, tls, and a kind of authentication.
func some(words string) v1.Listener {
	parts := strings.Fields(words)
	out := v1.Listener{Name: parts[0], Type: v1.ListenerType(parts[1])}
	for _, word := range parts[2:] {
		switch word {
		case "encrypted":
			out.TLS = true
		case "sasl":
			yes := true
			out.Authentication.Sasl = &yes
		default:
			out.Authentication = &v1.ListenerAuthentication{Type: v1.ListenerAuthenticationType(word)}
		}
	}
	return out
}

func with(l v1.Listener, option, value string) v1.Listener {
	how := *l.Authentication
	how.ListenerConfig = v1.FreeForm{option: json.RawMessage(value)}
	l.Authentication = &how
	return l
}

// kafkaOf is a Kafka whose status tells of all its listeners.
func kafkaOf(listeners ...v1.Listener) *v1.Kafka {
	k := &v1.Kafka{ObjectMeta: metav1.ObjectMeta{Namespace: "myproject", Name: "my-cluster"}}
	k.Spec.Kafka.Listeners = listeners
	k.Status.Conditions = ready()
	for _, l := range listeners {
		status := v1.ListenerStatus{Name: l.Name, BootstrapServers: l.Name + ":9092"}
		if l.TLS {
			status.Certificates = []string{"-----CA-----\n"}
		}
		k.Status.Listeners = append(k.Status.Listeners, status)
	}
	return k
}

func TestTheListenerThatFitsBestIsTaken(t *testing.T) {
	const tls, external, scram, nobody = v1.UserAuthenticationTLS, v1.UserAuthenticationTLSExternal, v1.UserAuthenticationScramSha512, ""
	own := some("own internal encrypted custom sasl")
	cases := map[string]struct {
		how       v1.UserAuthenticationType
		weak      bool // the user has SCRAM-SHA-256 alone
		listeners []v1.Listener
		name      string
		want      string
		others    []string
	}{
		"the one for certificates":                       {how: tls, listeners: []v1.Listener{some("plain internal"), some("enc internal encrypted"), some("mutual internal encrypted tls")}, want: "mutual"},
		"the one for certificates of others":             {how: external, listeners: []v1.Listener{some("plain internal"), some("mutual internal encrypted tls")}, want: "mutual"},
		"the one for passwords":                          {how: scram, listeners: []v1.Listener{some("mutual internal encrypted tls"), some("pass internal scram-sha-512")}, want: "pass"},
		"the one for everybody":                          {how: nobody, listeners: []v1.Listener{some("mutual internal encrypted tls"), some("plain internal")}, want: "plain"},
		"TLS before none":                                {how: scram, listeners: []v1.Listener{some("pass internal scram-sha-512"), some("secure internal encrypted scram-sha-512")}, want: "secure", others: []string{"pass"}},
		"inside before outside":                          {how: scram, listeners: []v1.Listener{some("ext nodeport encrypted scram-sha-512"), some("pass internal scram-sha-512")}, want: "pass", others: []string{"ext"}},
		"addresses for each broker are inside too":       {how: tls, listeners: []v1.Listener{some("ext route encrypted tls"), some("each cluster-ip encrypted tls")}, want: "each", others: []string{"ext"}},
		"the first of equal ones":                        {how: tls, listeners: []v1.Listener{some("b internal encrypted tls"), some("a internal encrypted tls")}, want: "b", others: []string{"a"}},
		"outside if there is no other":                   {how: tls, listeners: []v1.Listener{some("ext loadbalancer encrypted tls"), some("plain internal")}, want: "ext"},
		"the one that is named":                          {how: tls, listeners: []v1.Listener{some("a internal encrypted tls"), some("ext loadbalancer encrypted tls")}, name: "ext", want: "ext", others: []string{"a"}},
		"one whose options ask for certificates":         {how: tls, listeners: []v1.Listener{with(some("own internal encrypted custom"), "ssl.client.auth", `"requested"`)}, want: "own"},
		"one whose options enable the mechanism":         {how: scram, weak: true, listeners: []v1.Listener{some("pass internal scram-sha-512"), with(own, "sasl.enabled.mechanisms", `"PLAIN, SCRAM-SHA-256"`)}, want: "own SCRAM-SHA-256"},
		"one of which nobody knows, for users of tokens": {how: nobody, listeners: []v1.Listener{some("mutual internal encrypted tls"), with(own, "sasl.enabled.mechanisms", `"OAUTHBEARER"`)}, want: "own custom"},
		"one for everybody before such a one":            {how: nobody, listeners: []v1.Listener{with(own, "sasl.enabled.mechanisms", `"OAUTHBEARER"`), some("plain internal")}, want: "plain", others: []string{"own"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			u := userOf(c.how)
			if c.weak {
				u.Annotations[v1.AnnotationScramMechanisms] = "SCRAM-SHA-256"
			}
			taken, others, err := account(t, u).Choose(kafkaOf(c.listeners...), c.name)
			if err != nil {
				t.Fatal(err)
			}
			got := taken.Name
			if taken.Custom {
				got += " custom"
			}
			if u.Annotations[v1.AnnotationScramMechanisms] != "" {
				got += " " + string(taken.Mechanism)
			}
			if got != c.want {
				t.Errorf("taken: %s, want %s", got, c.want)
			}
			var names []string
			for _, o := range others {
				names = append(names, o.Name)
			}
			if diff := cmp.Diff(c.others, names); diff != "" {
				t.Errorf("others (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheStrongestMechanismIsTaken(t *testing.T) {
	cases := map[string]struct{ annotation, enabled, want string }{
		"of both":                  {"SCRAM-SHA-256, SCRAM-SHA-512", `"SCRAM-SHA-256,SCRAM-SHA-512"`, "SCRAM-SHA-512"},
		"of those that are left":   {"SCRAM-SHA-512,SCRAM-SHA-256", `"SCRAM-SHA-256"`, "SCRAM-SHA-256"},
		"that the API has, if any": {"", `"SCRAM-SHA-256,SCRAM-SHA-512"`, "SCRAM-SHA-512"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			u := userOf(v1.UserAuthenticationScramSha512)
			if c.annotation != "" {
				u.Annotations[v1.AnnotationScramMechanisms] = c.annotation
			}
			taken, _, err := account(t, u).Choose(kafkaOf(with(some("own internal custom sasl"), "sasl.enabled.mechanisms", c.enabled)), "")
			if err != nil || string(taken.Mechanism) != c.want || taken.Protocol != "SASL_PLAINTEXT" {
				t.Errorf("taken: %+v, %v, want %s", taken, err, c.want)
			}
		})
	}
}

func TestWhereNoListenerCanBeTakenTheReasonIsALine(t *testing.T) {
	const tls, scram = v1.UserAuthenticationTLS, v1.UserAuthenticationScramSha512
	mutual, plain := some("mutual internal encrypted tls"), some("plain internal")
	untold := kafkaOf(mutual)
	untold.Status.Listeners = nil
	untrusted := kafkaOf(mutual)
	untrusted.Status.Listeners[0].Certificates = nil
	cases := map[string]struct {
		how   v1.UserAuthenticationType
		kafka *v1.Kafka
		name  string
		want  string
	}{
		"none fits":                           {tls, kafkaOf(plain), "", "Kafka my-cluster in namespace myproject has no listener for users with authentication tls: add one to spec.kafka.listeners"},
		"none fits anybody":                   {"", kafkaOf(mutual), "", "has no listener for users without authentication"},
		"the named one does not fit":          {tls, kafkaOf(plain, mutual), "plain", "listener plain of Kafka my-cluster in namespace myproject does not take users with authentication tls: name one that does, mutual (internal, SSL)"},
		"neither the named one nor another":   {tls, kafkaOf(plain), "plain", "does not take users with authentication tls, nor does another one: add one"},
		"the named one is not there":          {tls, kafkaOf(plain, mutual), "other", `has no listener "other": it has plain, mutual`},
		"several lead to the outside":         {tls, kafkaOf(some("a nodeport encrypted tls"), some("b route encrypted tls")), "", "say with --listener which one, a (nodeport, SSL), b (route, SSL)"},
		"the status tells of none":            {tls, untold, "", "does not tell yet how listener mutual is reached: try again"},
		"the status tells of no certificates": {tls, untrusted, "", "does not tell yet how listener mutual is reached: try again"},
		"its options ask for no certificate":  {tls, kafkaOf(with(some("own internal encrypted custom"), "ssl.client.auth", `"none"`)), "", "no listener for users with authentication tls"},
		"its options are no texts":            {tls, kafkaOf(with(some("own internal encrypted custom"), "ssl.client.auth", `1`)), "", "no listener for users with authentication tls"},
		"its options enable others":           {scram, kafkaOf(with(some("own internal custom sasl"), "sasl.enabled.mechanisms", `"PLAIN"`)), "", "no listener for users with authentication scram-sha-512"},
		"its options are not of SASL":         {scram, kafkaOf(with(some("own internal custom"), "sasl.enabled.mechanisms", `"SCRAM-SHA-512"`)), "", "no listener for users with authentication scram-sha-512"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, _, err := account(t, userOf(c.how)).Choose(c.kafka, c.name)
			checkLine(t, err, c.want)
		})
	}
}

func checkLine(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("error: %v, want %q", err, want)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than a line: %q", err)
	}
}

func TestNothingIsTakenFromResourcesThatAreNotReady(t *testing.T) {
	const user = "KafkaUser my-user in namespace myproject"
	changed := func(change func(*v1.KafkaUser)) *v1.KafkaUser {
		u := userOf(v1.UserAuthenticationTLS)
		change(u)
		return u
	}
	says := func(kind, reason, message string) []v1.Condition {
		return []v1.Condition{{Type: kind, Status: v1.ConditionTrue, Reason: reason, Message: message}}
	}
	cases := map[string]struct {
		user *v1.KafkaUser
		want string
	}{
		"no cluster": {changed(func(u *v1.KafkaUser) { u.Labels = nil }), "KafkaUser my-user has no label strimzi.io/cluster: expected the name of its Kafka"},
		"no status":  {changed(func(u *v1.KafkaUser) { u.Status = v1.KafkaUserStatus{} }), user + " is not ready, no operator has acted on it yet: wait with kubectl wait kafkauser/my-user -n myproject --for=condition=Ready"},
		"an error":   {changed(func(u *v1.KafkaUser) { u.Status.Conditions = says(v1.ConditionNotReady, "Broken", "two\nlines") }), user + " is not ready (Broken: two lines): correct that, or wait"},
		"a pause": {changed(func(u *v1.KafkaUser) {
			u.Status.Conditions = says(v1.ConditionReconciliationPaused, "", "")
			u.Generation = 3
		}), "reconciliation of " + user + " is paused"},
		"a change":  {changed(func(u *v1.KafkaUser) { u.Generation = 3 }), user + " was changed, and the user operator has not acted on that yet"},
		"no Secret": {changed(func(u *v1.KafkaUser) { u.Status.Secret = "" }), user + " has no Secret in its status"},
		"an annotation that is wrong": {changed(func(u *v1.KafkaUser) {
			u.Spec.Authentication.Type = v1.UserAuthenticationScramSha512
			u.Annotations[v1.AnnotationScramMechanisms] = "MD5"
		}), user + `: metadata.annotations.castellan.io/scram-mechanisms: names "MD5"`},
		"not Ready":   {changed(func(u *v1.KafkaUser) { u.Status.Conditions[1].Status = v1.ConditionFalse }), user + " is not ready"},
		"no password": {func() *v1.KafkaUser { u := userOf(v1.UserAuthenticationScramSha512); u.Status.Secret = ""; return u }(), user + " has no Secret in its status"},
	}
	for name, c := range cases {
		t.Run("a user with "+name, func(t *testing.T) {
			_, err := clientsettings.Read(c.user)
			checkLine(t, err, c.want)
		})
	}
	t.Run("a cluster with an error", func(t *testing.T) {
		k := kafkaOf(some("mutual internal encrypted tls"))
		k.Status.Conditions = says(v1.ConditionNotReady, "Creating", "Kafka is being created")
		_, _, err := account(t, userOf(v1.UserAuthenticationTLS)).Choose(k, "")
		checkLine(t, err, "Kafka my-cluster in namespace myproject is not ready (Creating: Kafka is being created): correct that, or wait with kubectl wait kafka/my-cluster -n myproject")
	})
}

func TestWhatAStatusTellsHoldsDuringAPause(t *testing.T) {
	paused := []v1.Condition{{Type: v1.ConditionReconciliationPaused, Status: v1.ConditionTrue}}
	u, k := userOf(v1.UserAuthenticationTLS), kafkaOf(some("mutual internal encrypted tls"))
	u.Status.Conditions, k.Status.Conditions = paused, paused
	if taken, _, err := account(t, u).Choose(k, ""); err != nil || taken.Name != "mutual" {
		t.Errorf("taken: %+v, %v", taken, err)
	}
	k.Status.Listeners = nil
	_, _, err := account(t, u).Choose(k, "")
	checkLine(t, err, "the reconciliation of Kafka my-cluster in namespace myproject is paused")
}

func TestASecretThatLacksSomethingIsNamedWithoutItsContent(t *testing.T) {
	cases := map[string]struct {
		how    v1.UserAuthenticationType
		secret map[string][]byte
		want   string
	}{
		"a certificate":           {v1.UserAuthenticationTLS, map[string][]byte{"user.key": []byte("secret")}, "Secret my-user in namespace myproject has no usable user.crt"},
		"a key":                   {v1.UserAuthenticationTLS, map[string][]byte{"user.crt": []byte("c")}, "has no usable user.key"},
		"a password":              {v1.UserAuthenticationScramSha512, nil, "has no usable password"},
		"a password that is text": {v1.UserAuthenticationScramSha512, map[string][]byte{"password": []byte("secret\xff")}, "has no usable password"},
		"a login":                 {v1.UserAuthenticationScramSha512, map[string][]byte{"password": []byte("secret")}, "has no usable sasl.jaas.config"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := account(t, userOf(c.how)).Settings(clientsettings.Listener{}, c.secret)
			checkLine(t, err, c.want)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("it tells a secret: %q", err)
			}
		})
	}
}
