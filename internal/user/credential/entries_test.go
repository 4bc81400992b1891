package credential_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/user/credential"
)

func TestOthersEntriesAreToldFromOurs(t *testing.T) {
	secret := credential.Secret{Data: map[string][]byte{
		"ca.crt": {}, "user.crt": {}, "user.key": {}, "user.p12": {}, "user.password": {}, "password": {}, "sasl.jaas.config": {},
		"truststore.jks": []byte("x"), "ca.p12": []byte("y"),
	}}
	want := map[string][]byte{"truststore.jks": []byte("x"), "ca.p12": []byte("y")}
	if diff := cmp.Diff(want, secret.Others()); diff != "" || len(secret.Data) != 9 {
		t.Errorf("%d entries are left, others (-want +got):\n%s", len(secret.Data), diff)
	}
	if !credential.Examine(secret).Foreign || len((credential.Secret{}).Others()) > 0 {
		t.Error("others are not known")
	}
}
