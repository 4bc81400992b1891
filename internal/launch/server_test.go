package launch

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func combined() map[string]string {
	return map[string]string{
		"node.id":                        "3",
		"process.roles":                  "broker,controller",
		"controller.listener.names":      "CONTROLPLANE-9090",
		"controller.quorum.voters":       "3@a:9090,4@b:9090",
		"listeners":                      "CONTROLPLANE-9090://0.0.0.0:9090,REPLICATION-9091://0.0.0.0:9091,TLS-9093://0.0.0.0:9093",
		"advertised.listeners":           "CONTROLPLANE-9090://c-p-3.c.ns.svc:9090,REPLICATION-9091://c-p-3.c.ns.svc:9091,TLS-9093://example.org:443",
		"listener.security.protocol.map": "CONTROLPLANE-9090:SSL,REPLICATION-9091:SSL,TLS-9093:SSL",
		"inter.broker.listener.name":     "REPLICATION-9091",
		"log.dirs":                       "/d/0/kafka-log3, /d/1/kafka-log3",
		"metadata.log.dir":               "/d/1/kafka-log3",
		"listener.name.replication-9091.ssl.keystore.location":    "/keys/c-p-3.crt",
		"listener.name.replication-9091.ssl.truststore.location":  "/trust/cluster-ca.crt",
		"listener.name.controlplane-9090.ssl.keystore.location":   "/keys/control.crt",
		"listener.name.controlplane-9090.ssl.truststore.location": "/trust/control.crt",
	}
}

func with(changes map[string]string) map[string]string {
	properties := combined()
	maps.Copy(properties, changes)
	return properties
}

func TestTheProbedListener(t *testing.T) {
	replication := Listener{
		Name: "REPLICATION-9091", Address: "127.0.0.1:9091", TLS: true, ServerName: "c-p-3.c.ns.svc",
		Chain: "/keys/c-p-3.crt", TrustStore: "/trust/cluster-ca.crt",
	}
	plain := replication
	plain.TLS = false
	bound := replication
	bound.Address = "10.0.0.1:9091"
	everywhere := replication
	everywhere.Address = "127.0.0.1:9091"
	cases := map[string]struct {
		properties map[string]string
		want       Listener
	}{
		"is the one between brokers on a node with both roles": {combined(), replication},
		"is the controllers' on a controller": {with(map[string]string{"process.roles": "controller"}), Listener{
			Name: "CONTROLPLANE-9090", Address: "127.0.0.1:9090", TLS: true, ServerName: "c-p-3.c.ns.svc",
			Chain: "/keys/control.crt", TrustStore: "/trust/control.crt",
		}},
		"is asked in plain text if the map says so":     {with(map[string]string{"listener.security.protocol.map": "REPLICATION-9091:PLAINTEXT"}), plain},
		"is asked in TLS before SASL":                   {with(map[string]string{"listener.security.protocol.map": "REPLICATION-9091:SASL_SSL"}), replication},
		"is dialed where it is bound":                   {with(map[string]string{"listeners": "REPLICATION-9091://10.0.0.1:9091"}), bound},
		"is dialed on loopback if bound to every IPv6":  {with(map[string]string{"listeners": "REPLICATION-9091://[::]:9091"}), everywhere},
		"is dialed on loopback if bound without a host": {with(map[string]string{"listeners": "REPLICATION-9091://:9091"}), everywhere},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server, err := NewServer(c.properties)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, server.Probe); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogDirectories(t *testing.T) {
	cases := map[string]struct {
		properties map[string]string
		dirs       []string
		metadata   string
	}{
		"the metadata's is one of them":               {combined(), []string{"/d/0/kafka-log3", "/d/1/kafka-log3"}, "/d/1/kafka-log3"},
		"the metadata's is in the first":              {with(map[string]string{"metadata.log.dir": ""}), []string{"/d/0/kafka-log3", "/d/1/kafka-log3"}, "/d/0/kafka-log3"},
		"the metadata's comes in addition":            {with(map[string]string{"metadata.log.dir": "/m"}), []string{"/d/0/kafka-log3", "/d/1/kafka-log3", "/m"}, "/m"},
		"each counts once though it is written twice": {with(map[string]string{"log.dirs": "/x,/x", "metadata.log.dir": "/x"}), []string{"/x"}, "/x"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server, err := NewServer(c.properties)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.dirs, server.LogDirs); diff != "" || server.MetadataLogDir != c.metadata {
				t.Errorf("metadata in %q (-want +got):\n%s", server.MetadataLogDir, diff)
			}
		})
	}
}

func TestWrongConfigurationNamesTheProperty(t *testing.T) {
	cases := map[string]struct {
		change map[string]string
		says   string
	}{
		"no node":               {map[string]string{"node.id": ""}, "node.id"},
		"no directory":          {map[string]string{"log.dirs": " , "}, "log.dirs"},
		"a voter without an id": {map[string]string{"controller.quorum.voters": "a:9090"}, "controller.quorum.voters"},
		"no listener":           {map[string]string{"listeners": "TLS-9093://0.0.0.0:9093"}, `"REPLICATION-9091"`},
		"a listener's port":     {map[string]string{"listeners": "REPLICATION-9091://0.0.0.0"}, "listeners"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := NewServer(with(c.change))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one with %s", err, c.says)
			}
		})
	}
}
