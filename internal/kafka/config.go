package kafka

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/listener"
	"castellan.io/castellan/internal/kafka/storage"
)

// Kafka's names and ports of the listeners that nodes use among themselves.
const (
	controlName     = "CONTROLPLANE-9090"
	controlPort     = 9090
	replicationName = "REPLICATION-9091"
	replicationPort = 9091
)

// Where a node finds what the launcher and the mounts provide.
const (
	keyDir         = "/opt/kafka/certificates/node"
	trustDir       = "/opt/kafka/certificates/trust"
	clusterTrust   = "cluster-ca.crt"
	clientsTrust   = "clients-ca.crt"
	initDir        = "/opt/kafka/init"
	rackFile       = "rack.id"
	cordonedOption = "cordoned.log.dirs"
)

// engineFactory follows the files of certificates while Kafka runs; the launcher brings it along.
const engineFactory = "io.castellan.kafka.tls.FileSslEngineFactory"

// firstCordoning is the first version of Kafka that keeps new replicas off brokers which are about to go (KIP-1066).
const firstCordoning = "4.3.0"

// ServerConfig is the configuration of a node in the syntax of Java properties.
func (c *Cluster) ServerConfig(n Node) string {
	p := &properties{}
	c.writeNode(p, n)
	c.writeListeners(p, n)
	writeInternalTLS(p, controlName, n)
	if n.Broker {
		writeInternalTLS(p, replicationName, n)
		for _, l := range c.Listeners {
			writeListener(p, l, n)
		}
	}
	c.writeAuthorization(p)
	c.writeProviders(p, n)
	for _, name := range slices.Sorted(maps.Keys(c.options)) {
		if name != optionProviders {
			p.set(name, c.options[name])
		}
	}
	return p.String()
}

func (c *Cluster) writeNode(p *properties, n Node) {
	store := c.pool(n.Pool).Storage
	var logDirs []string
	for _, v := range storage.Volumes(store) {
		logDirs = append(logDirs, v.LogDir(n.ID))
	}
	p.set("node.id", strconv.Itoa(int(n.ID)))
	p.set("process.roles", roles(n))
	p.set("controller.listener.names", controlName)
	p.set("controller.quorum.voters", c.voters())
	p.set("metadata.log.dir", storage.Metadata(store).LogDir(n.ID))
	p.set("log.dirs", strings.Join(logDirs, ","))
	if n.Cordoned && compareVersions(c.Version, firstCordoning) >= 0 {
		p.set(cordonedOption, "*")
	}
	if n.Broker && c.spec.Rack != nil {
		p.set("broker.rack", rack(c.spec.Rack))
	}
}

func roles(n Node) string {
	switch {
	case n.Broker && n.Controller:
		return "broker,controller"
	case n.Broker:
		return "broker"
	}
	return "controller"
}

func rack(r *v1.Rack) string {
	if r.Type == v1.RackEnvironmentVariable {
		return "${strimzienv:" + r.EnvVarName + "}"
	}
	return "${strimzidir:" + initDir + ":" + rackFile + "}"
}

// host is the name under which nodes of the cluster reach a node.
func (c *Cluster) host(n Node) string {
	return fmt.Sprintf("%s.%s.%s.svc", n.Name, c.nodesEndpoint(), c.Namespace)
}

func (c *Cluster) voters() string {
	var voters []string
	for _, n := range c.Controllers() {
		voters = append(voters, fmt.Sprintf("%d@%s:%d", n.ID, c.host(n), controlPort))
	}
	return strings.Join(voters, ",")
}

func (c *Cluster) writeListeners(p *properties, n Node) {
	protocols := []string{controlName + ":SSL"}
	var bound, advertised []string
	add := func(name, host string, port, advertisedPort int32) {
		bound = append(bound, fmt.Sprintf("%s://0.0.0.0:%d", name, port))
		advertised = append(advertised, fmt.Sprintf("%s://%s:%d", name, host, advertisedPort))
	}
	if n.Controller {
		add(controlName, c.host(n), controlPort, controlPort)
	}
	if n.Broker {
		protocols = append(protocols, replicationName+":SSL")
		add(replicationName, c.host(n), replicationPort, replicationPort)
		for i, l := range c.Listeners {
			protocols = append(protocols, l.KafkaName()+":"+l.Protocol())
			at := c.addresses[n.ID][i]
			add(l.KafkaName(), at.host, l.Spec.Port, at.port)
		}
	}
	p.set("listener.security.protocol.map", strings.Join(protocols, ","))
	p.set("listeners", strings.Join(bound, ","))
	p.set("advertised.listeners", strings.Join(advertised, ","))
	if n.Broker {
		p.set("inter.broker.listener.name", replicationName)
	}
	p.set("sasl.enabled.mechanisms", "")
	p.set("ssl.endpoint.identification.algorithm", "HTTPS")
}

func prefix(listener string) string { return "listener.name." + strings.ToLower(listener) + "." }

// writeInternalTLS makes nodes prove to each other who they are.
func writeInternalTLS(p *properties, name string, n Node) {
	at := prefix(name)
	writeTrust(p, at, clusterTrust)
	writeKey(p, at, n.Name)
	p.set(at+"ssl.client.auth", "required")
}

func writeKey(p *properties, at, file string) {
	p.set(at+"ssl.keystore.location", keyDir+"/"+file+".crt")
	p.set(at+"ssl.keystore.type", "PEM")
	p.set(at+"ssl.engine.factory.class", engineFactory)
}

func writeTrust(p *properties, at, file string) {
	p.set(at+"ssl.truststore.location", trustDir+"/"+file)
	p.set(at+"ssl.truststore.type", "PEM")
}

// writeListener writes what is particular to a listener of the user's.
func writeListener(p *properties, l listener.Listener, n Node) {
	at := prefix(l.ID())
	if l.Spec.TLS {
		file := n.Name
		if l.Certificate() != nil {
			file = l.ID()
		}
		writeKey(p, at, file)
	}
	switch l.Authentication() {
	case v1.ListenerAuthenticationTLS:
		p.set(at+"ssl.client.auth", "required")
		writeTrust(p, at, clientsTrust)
	case v1.ListenerAuthenticationScramSha512:
		p.set(at+"scram-sha-512.sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required ;")
		p.set(at+"sasl.enabled.mechanisms", "SCRAM-SHA-512")
	case v1.ListenerAuthenticationCustom:
		writeCustomAuthentication(p, at, l)
	}
	if limit := l.Spec.Configuration.MaxConnections; limit != nil {
		p.set(at+"max.connections", strconv.Itoa(int(*limit)))
	}
	if limit := l.Spec.Configuration.MaxConnectionCreationRate; limit != nil {
		p.set(at+"max.connection.creation.rate", strconv.Itoa(int(*limit)))
	}
}

// writeCustomAuthentication leaves out keys and certificates, which are the operator's.
func writeCustomAuthentication(p *properties, at string, l listener.Listener) {
	options := l.Spec.Authentication.ListenerConfig
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if strings.HasPrefix(name, "ssl.keystore.") {
			continue
		}
		value, _ := optionText(options[name]) // Checked with the listener.
		p.set(at+name, value)
	}
}

// writeAuthorization makes the components of the cluster, and whom the user names, super users.
func (c *Cluster) writeAuthorization(p *properties) {
	a := c.spec.Authorization
	if a == nil {
		return
	}
	class := "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
	if a.Type == v1.KafkaAuthorizationCustom {
		class = a.AuthorizerClass
	}
	p.set("authorizer.class.name", class)
	var users []string
	for _, name := range []string{
		c.Name + "-kafka", c.Name + "-entity-topic-operator", c.Name + "-entity-user-operator", c.Name + "-kafka-exporter",
		c.Name + "-cruise-control", "cluster-operator",
	} {
		users = append(users, "User:CN="+name+",O=io.strimzi")
	}
	for _, name := range a.SuperUsers {
		users = append(users, "User:"+name)
	}
	p.set("super.users", strings.Join(users, ";"))
}

// brokerProviders are the names of the operator's config providers on brokers; controllers have the first alone.
func brokerProviders() []string { return []string{"strimzienv", "strimzifile", "strimzidir"} }

// writeProviders lets options refer to environment variables, and on brokers to files of the image and its mounts.
func (c *Cluster) writeProviders(p *properties, n Node) {
	const classes = "org.apache.kafka.common.config.provider."
	names := brokerProviders()
	if !n.Broker {
		names = names[:1]
	}
	p.set(optionProviders, strings.Join(append(splitList(c.options[optionProviders]), names...), ","))
	p.set("config.providers.strimzienv.class", classes+"EnvVarConfigProvider")
	p.set("config.providers.strimzienv.param.allowlist.pattern", ".*")
	if n.Broker {
		p.set("config.providers.strimzifile.class", classes+"FileConfigProvider")
		p.set("config.providers.strimzifile.param.allowed.paths", "/opt/kafka")
		p.set("config.providers.strimzidir.class", classes+"DirectoryConfigProvider")
		p.set("config.providers.strimzidir.param.allowed.paths", "/opt/kafka")
	}
}

// configurationHash changes when a node must start anew to take over its configuration. As long as options are not changed
// in running nodes that is every option, except the one that only matters while the node is about to go.
func configurationHash(config string) string {
	var kept strings.Builder
	for line := range strings.Lines(config) {
		if !strings.HasPrefix(line, cordonedOption+"=") {
			kept.WriteString(line)
		}
	}
	sum := sha256.Sum256([]byte(kept.String()))
	return hex.EncodeToString(sum[:])[:8]
}

// properties writes a file in the syntax of java.util.Properties, one option a line.
type properties struct{ text strings.Builder }

func (p *properties) set(key, value string) {
	p.text.WriteString(escape(key, true))
	p.text.WriteByte('=')
	p.text.WriteString(escape(value, false))
	p.text.WriteByte('\n')
}

func (p *properties) String() string { return p.text.String() }

// escape keeps text what it is when Java reads it back as ISO 8859-1.
func escape(text string, key bool) string {
	var out strings.Builder
	for i, char := range text {
		switch {
		case char == '\\':
			out.WriteString(`\\`)
		case char == '\n':
			out.WriteString(`\n`)
		case char == '\r':
			out.WriteString(`\r`)
		case char == '\t':
			out.WriteString(`\t`)
		case char == ' ' && (key || i == 0):
			out.WriteString(`\ `)
		case key && strings.ContainsRune("=:", char), key && i == 0 && strings.ContainsRune("#!", char):
			out.WriteByte('\\')
			out.WriteRune(char)
		case char < ' ' || char > '~':
			writeUnicode(&out, char)
		default:
			out.WriteRune(char)
		}
	}
	return out.String()
}

// writeUnicode writes a character as Java does: in units of 16 bits.
func writeUnicode(out *strings.Builder, char rune) {
	if char <= 0xFFFF {
		fmt.Fprintf(out, `\u%04X`, char)
		return
	}
	offset := char - 0x10000
	fmt.Fprintf(out, `\u%04X\u%04X`, 0xD800+offset>>10, 0xDC00+offset&0x3FF)
}
