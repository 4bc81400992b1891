package cluster

import (
	"encoding/base64"
	"fmt"
)

// Kubeconfig is a client configuration for the certificate of that name, with
// everything embedded, so that it works from any mount namespace.
func (c Cluster) Kubeconfig(identities Identities, certificate string) string {
	const text = `apiVersion: v1
kind: Config
clusters:
- name: castellan-dev
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: %s
  user:
    client-certificate-data: %s
    client-key-data: %s
contexts:
- name: castellan-dev
  context:
    cluster: castellan-dev
    user: %s
current-context: castellan-dev
`
	encode := func(pem string) string { return base64.StdEncoding.EncodeToString([]byte(pem)) }
	pair := identities.Issued[certificate]
	return fmt.Sprintf(text, c.APIServer(), encode(identities.CA.Certificate),
		certificate, encode(pair.Certificate), encode(pair.Key), certificate)
}
