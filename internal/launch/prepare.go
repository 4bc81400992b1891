package launch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Preparation says what the init container puts where.
type Preparation struct {
	// Binary is where this program comes to be for the Kafka container, and Engine where the jar does that is EngineSource here.
	Binary, Engine, EngineSource string
	// RackFile gets the value of the label TopologyKey of the machine NodeName; no TopologyKey means no file.
	RackFile, TopologyKey, NodeName string
	// API is the address of the API server, Account the directory with the service account's token and ca.crt.
	API, Account string
}

// KubernetesPreparation reads the preparation of a pod from its environment.
func KubernetesPreparation(environment Environment) Preparation {
	return Preparation{
		Binary: "/opt/castellan/castellan-launch",
		Engine: KafkaLayout().Engine, EngineSource: "/kafka-tls.jar",
		RackFile:    filepath.Join(orElse(environment["INIT_FOLDER"], "/opt/kafka/init"), "rack.id"),
		TopologyKey: environment["RACK_TOPOLOGY_KEY"],
		NodeName:    environment["NODE_NAME"],
		API:         "https://" + net.JoinHostPort(environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]),
		Account:     "/var/run/secrets/kubernetes.io/serviceaccount",
	}
}

const apiTimeout = 30 * time.Second

// Prepare copies the running program and the jar beside it, and writes the machine's rack.
func Prepare(ctx context.Context, p Preparation) error {
	if err := copyFile("/proc/self/exe", p.Binary, 0o755); err != nil {
		return fmt.Errorf("copying this program to %s: %w", p.Binary, err)
	}
	if err := copyFile(p.EngineSource, p.Engine, 0o644); err != nil {
		return fmt.Errorf("copying %s to %s: %w", p.EngineSource, p.Engine, err)
	}
	if p.TopologyKey == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	rack, err := readRack(ctx, p)
	if err != nil {
		return fmt.Errorf("reading the rack of node %q: %w", p.NodeName, err)
	}
	if err := writeFile(p.RackFile, []byte(rack), 0o644); err != nil {
		return fmt.Errorf("writing the rack: %w", err)
	}
	return nil
}

func copyFile(source, target string, mode os.FileMode) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(target), ".castellan.*")
	if err != nil {
		return err
	}
	defer os.Remove(to.Name())
	defer to.Close()
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	if err := to.Chmod(mode); err != nil {
		return err
	}
	if err := to.Close(); err != nil {
		return err
	}
	return os.Rename(to.Name(), target)
}

// readRack asks with plain HTTP: one GET is not worth a client library in an init container that holds up every start.
func readRack(ctx context.Context, p Preparation) (string, error) {
	if p.NodeName == "" {
		return "", errors.New("NODE_NAME is not set")
	}
	token, err := os.ReadFile(filepath.Join(p.Account, "token"))
	if err != nil {
		return "", err
	}
	client, err := apiClient(filepath.Join(p.Account, "ca.crt"))
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.API+"/api/v1/nodes/"+url.PathEscape(p.NodeName), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	return rackLabel(response, p.TopologyKey)
}

func apiClient(authority string) (*http.Client, error) {
	trusted, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(trusted) {
		return nil, fmt.Errorf("%s holds no certificate", authority)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}, nil
}

func rackLabel(response *http.Response, key string) (string, error) {
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the API server answers %s", response.Status)
	}
	var node struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	}
	if err := json.NewDecoder(response.Body).Decode(&node); err != nil {
		return "", err
	}
	rack := node.Metadata.Labels[key]
	if rack == "" {
		return "", fmt.Errorf("the node has no label %q", key)
	}
	return rack, nil
}

// writeFile replaces a file whole, also one that a container before this one left behind.
func writeFile(path string, content []byte, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := file.Write(content); err != nil {
		return err
	}
	if err := file.Chmod(mode); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
