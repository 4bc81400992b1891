package launch

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Server is what the launcher needs to know of a Kafka server's configuration.
type Server struct {
	NodeID int
	// LogDirs are all directories that need formatting, each once; MetadataLogDir is one of them.
	LogDirs        []string
	MetadataLogDir string
	// Voters are the ids of a static quorum.
	Voters []int
	// Probe is the listener that says whether the node serves.
	Probe Listener
	// TLS are the listeners that show a certificate.
	TLS []Listener
}

// Listener is one of the server's own listeners as the launcher reaches it.
type Listener struct {
	Name string
	// Address is host and port to dial.
	Address string
	// TLS says whether a handshake comes first; ServerName is the name that the node is asked by.
	TLS        bool
	ServerName string
	// Chain is a PEM file NAME.crt with the node's certificate, whose key is in NAME.key; TrustStore one with the certificates whose
	// holders may connect. Either may be empty.
	Chain, TrustStore string
}

// NewServer reads a server's properties.
func NewServer(properties map[string]string) (Server, error) {
	id, err := strconv.Atoi(properties["node.id"])
	if err != nil || id < 0 {
		return Server{}, fmt.Errorf("node.id is %q, not a node's number", properties["node.id"])
	}
	voters, err := voterIDs(properties["controller.quorum.voters"])
	if err != nil {
		return Server{}, err
	}
	server := Server{NodeID: id, Voters: voters}
	server.LogDirs = list(properties["log.dirs"])
	if len(server.LogDirs) == 0 {
		return Server{}, errors.New("log.dirs is not set")
	}
	server.MetadataLogDir = properties["metadata.log.dir"]
	if server.MetadataLogDir == "" {
		server.MetadataLogDir = server.LogDirs[0]
	}
	if !slices.Contains(server.LogDirs, server.MetadataLogDir) {
		server.LogDirs = append(server.LogDirs, server.MetadataLogDir)
	}
	if server.Probe, err = probeListener(properties); err != nil {
		return Server{}, err
	}
	server.TLS, err = tlsListeners(properties)
	return server, err
}

func list(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		item = strings.TrimSpace(item)
		if item != "" && !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return items
}

// voterIDs reads the ids from "1@host:9090,2@host:9090".
func voterIDs(value string) ([]int, error) {
	var ids []int
	for _, voter := range list(value) {
		text, _, _ := strings.Cut(voter, "@")
		id, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("controller.quorum.voters has %q, not ID@HOST:PORT", voter)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// probeListener is the listener between brokers, or the controllers' on a node without the broker role. The listeners
// that users add say nothing about the node: their certificates and limits are the users' own.
func probeListener(properties map[string]string) (Listener, error) {
	name := properties["inter.broker.listener.name"]
	if !slices.Contains(list(properties["process.roles"]), "broker") {
		name, _, _ = strings.Cut(properties["controller.listener.names"], ",")
	}
	return listenerNamed(properties, name)
}

func tlsListeners(properties map[string]string) ([]Listener, error) {
	var out []Listener
	for _, bound := range list(properties["listeners"]) {
		name, _, _ := strings.Cut(bound, "://")
		listener, err := listenerNamed(properties, name)
		if err != nil {
			return nil, err
		}
		if listener.TLS {
			out = append(out, listener)
		}
	}
	return out, nil
}

func listenerNamed(properties map[string]string, name string) (Listener, error) {
	host, port, err := endpoint(properties["listeners"], name)
	if err != nil {
		return Listener{}, fmt.Errorf("listeners: %w", err)
	}
	protocol := securityProtocol(properties["listener.security.protocol.map"], name)
	listener := Listener{
		Name:       name,
		Address:    net.JoinHostPort(dialHost(host), port),
		TLS:        strings.HasSuffix(protocol, "SSL"),
		Chain:      listenerSetting(properties, name, "ssl.keystore.location"),
		TrustStore: listenerSetting(properties, name, "ssl.truststore.location"),
	}
	if advertised, _, err := endpoint(properties["advertised.listeners"], name); err == nil {
		listener.ServerName = advertised
	}
	return listener, nil
}

// endpoint finds NAME://HOST:PORT in a list of listeners.
func endpoint(listeners, name string) (host, port string, err error) {
	for _, listener := range list(listeners) {
		found, address, _ := strings.Cut(listener, "://")
		if strings.EqualFold(found, name) {
			return net.SplitHostPort(address)
		}
	}
	return "", "", fmt.Errorf("no listener %q in %q", name, listeners)
}

func dialHost(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

// securityProtocol is the listener's name itself where the map is silent, as it is for Kafka.
func securityProtocol(protocols, name string) string {
	for _, entry := range list(protocols) {
		listener, protocol, _ := strings.Cut(entry, ":")
		if strings.EqualFold(listener, name) {
			return strings.TrimSpace(protocol)
		}
	}
	return name
}

func listenerSetting(properties map[string]string, listener, key string) string {
	if value := properties["listener.name."+strings.ToLower(listener)+"."+key]; value != "" {
		return value
	}
	return properties[key]
}
