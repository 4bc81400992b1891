package quickstart

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// clientPod is where Kafka's own tools run, and the Secret with their certificate.
	clientPod = "quickstart-client"
	// clientFolder is where they find it.
	clientFolder = "/etc/quickstart"
)

// object is a manifest.
type object = map[string]any

// clientFiles are the files a client needs, by name.
func clientFiles(user pair, clusterCA []byte) map[string][]byte {
	connection := "security.protocol=SSL\n" +
		"ssl.keystore.type=PEM\nssl.keystore.location=" + clientFolder + "/user.pem\n" +
		"ssl.truststore.type=PEM\nssl.truststore.location=" + clientFolder + "/ca.crt\n"
	return map[string][]byte{
		"ca.crt":            clusterCA,
		"user.crt":          user.certificate,
		"user.key":          user.key,
		"user.pem":          append(append([]byte{}, user.key...), user.certificate...),
		"client.properties": []byte(connection),
		// The console producer gives up after three attempts otherwise, sooner than another broker takes over.
		"producer.properties": []byte(connection + "acks=all\nenable.idempotence=true\nretries=2147483647\n"),
	}
}

// keep writes the files to a folder of this machine that nobody else can read.
func keep(files map[string][]byte) (folder string, err error) {
	folder, err = os.MkdirTemp("", "castellan-quickstart-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the certificate: %w", err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return folder, fmt.Errorf("keeping the certificate: %w", err)
		}
	}
	return folder, nil
}

// startClient runs a pod with the files, of the image that the cluster's nodes have.
func (p Proof) startClient(ctx context.Context, files map[string][]byte, image string) error {
	if err := p.stopClient(ctx); err != nil {
		return err
	}
	manifests, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": []object{
		{"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": clientPod, "namespace": Namespace}, "data": files},
		clientManifest(image),
	}})
	if err != nil {
		return fmt.Errorf("writing the client's manifests: %w", err)
	}
	if err := p.Kubectl.Apply(ctx, manifests); err != nil {
		return err
	}
	_, err = p.Kubectl.Run(ctx, "wait", "pod/"+clientPod, "-n", Namespace, "--for=condition=Ready", "--timeout=60s")
	return err
}

// stopClient removes the pod and the certificate.
func (p Proof) stopClient(ctx context.Context) error {
	_, err := p.Kubectl.Run(ctx, "delete", "pod/"+clientPod, "secret/"+clientPod, "-n", Namespace,
		"--ignore-not-found", "--grace-period=1", "--timeout=60s")
	return err
}

func clientManifest(image string) object {
	container := object{
		"name": "client", "image": image, "command": []string{"sleep", fmt.Sprint(int((2 * validity) / time.Second))},
		"env":          []object{{"name": "KAFKA_HEAP_OPTS", "value": "-Xmx128m"}},
		"volumeMounts": []object{{"name": "certificate", "mountPath": clientFolder, "readOnly": true}},
		"securityContext": object{
			"allowPrivilegeEscalation": false, "runAsNonRoot": true,
			"capabilities": object{"drop": []string{"ALL"}}, "seccompProfile": object{"type": "RuntimeDefault"},
		},
	}
	return object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{"name": clientPod, "namespace": Namespace},
		"spec": object{
			"automountServiceAccountToken": false, "enableServiceLinks": false, "restartPolicy": "Never",
			"containers": []object{container},
			// The tools run with group 0, as the image says.
			"volumes": []object{{"name": "certificate", "secret": object{"secretName": clientPod, "defaultMode": 0o440}}},
		},
	}
}
