//go:build e2e

package e2e

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	corev1 "k8s.io/api/core/v1"

	"castellan.io/castellan/internal/pki"
)

// clientTLS is a client certificate of the cluster's clients authority, valid for a day.
func (w *world) clientTLS(user string) *tls.Config {
	w.t.Helper()
	clients := w.authority(pki.ClientsAuthority)
	leaf, err := pki.IssueLeaf(clients, pki.LeafRequest{CommonName: user, Lifetime: pki.Lifetime{Validity: pki.Days(1)}}, time.Now(), rand.Reader)
	if err != nil {
		w.t.Fatalf("issue a client certificate: %v", err)
	}
	certificate, err := tls.X509KeyPair(leaf.Certificate, leaf.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.authority(pki.ClusterAuthority).TrustBundle())
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}, RootCAs: roots}
}

func (w *world) authority(kind pki.Kind) pki.Authority {
	w.t.Helper()
	var key, certificate corev1.Secret
	for name, into := range map[string]*corev1.Secret{"": &key, "-cert": &certificate} {
		if err := w.client.Get(w.ctx, w.key(clusterName+"-"+string(kind)+name), into); err != nil {
			w.t.Fatalf("read the %s: %v", kind, err)
		}
	}
	out := pki.Authority{Kind: kind, Key: key.Data[pki.KeyEntry], Certificate: certificate.Data[pki.CertificateEntry], Old: map[string][]byte{}}
	for entry, data := range certificate.Data {
		if strings.HasSuffix(entry, ".crt") && entry != pki.CertificateEntry {
			out.Old[entry] = data
		}
	}
	return out
}

// dial connects over mutual TLS.
func (w *world) dial(opts ...kgo.Opt) *kgo.Client {
	w.t.Helper()
	base := []kgo.Opt{
		kgo.SeedBrokers(fmt.Sprintf("%s-kafka-bootstrap.%s.svc:9093", clusterName, w.namespace)),
		kgo.DialTLSConfig(w.clientTLS("e2e")),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
		kgo.ProduceRequestTimeout(20 * time.Second),
		kgo.MetadataMinAge(250 * time.Millisecond),
		// A broker that goes closes connections that have just begun. Java's clients come again; this one takes it for a missing password.
		kgo.AlwaysRetryEOF(),
	}
	c, err := kgo.NewClient(append(base, opts...)...)
	if err != nil {
		w.t.Fatalf("connect: %v", err)
	}
	w.t.Cleanup(c.Close)
	return c
}

func (w *world) createTopic(c *kgo.Client, topic string, partitions int32, replicas int16) {
	w.t.Helper()
	two := "2"
	w.eventually("topic "+topic+" is created", func() error {
		_, err := kadm.NewClient(c).CreateTopic(w.ctx, partitions, replicas, map[string]*string{"min.insync.replicas": &two}, topic)
		return err
	})
}

// load produces numbered records with acks=all until it is stopped.
type load struct {
	w      *world
	topic  string
	stop   context.CancelFunc
	done   chan struct{}
	acked  atomic.Int64
	failed atomic.Pointer[error]
}

// startLoad begins to produce. Every record must be acknowledged: a failed one fails the test at the end.
func (w *world) startLoad(topic string) *load {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.ctx)
	l := &load{w: w, topic: topic, stop: stop, done: make(chan struct{})}
	c := w.dial(kgo.DefaultProduceTopic(topic), kgo.RequiredAcks(kgo.AllISRAcks()))
	go func() {
		defer close(l.done)
		for n := 0; ctx.Err() == nil; n++ {
			c.Produce(w.ctx, kgo.StringRecord(strconv.Itoa(n)), func(_ *kgo.Record, err error) {
				if err != nil {
					l.failed.CompareAndSwap(nil, &err)
					return
				}
				l.acked.Add(1)
			})
			time.Sleep(2 * time.Millisecond)
		}
		if err := c.Flush(w.ctx); err != nil {
			l.failed.CompareAndSwap(nil, &err)
		}
	}()
	w.t.Cleanup(stop)
	return l
}

// finish stops producing, reads everything back, and fails the test unless every acknowledged record is there once.
func (l *load) finish() {
	l.w.t.Helper()
	l.stop()
	<-l.done
	if err := l.failed.Load(); err != nil {
		l.w.t.Fatalf("a record was not acknowledged: %v", *err)
	}
	l.w.expectRecords(l.topic, int(l.acked.Load()))
}

// produce writes records numbered from..to-1 and waits for their acknowledgement by all in-sync replicas.
func (w *world) produce(topic string, from, to int) {
	w.t.Helper()
	c := w.dial(kgo.DefaultProduceTopic(topic), kgo.RequiredAcks(kgo.AllISRAcks()))
	for n := from; n < to; n++ {
		c.Produce(w.ctx, kgo.StringRecord(strconv.Itoa(n)), func(_ *kgo.Record, err error) {
			if err != nil {
				w.t.Errorf("record %d: %v", n, err)
			}
		})
	}
	if err := c.Flush(w.ctx); err != nil {
		w.t.Fatalf("flush: %v", err)
	}
}

// expectRecords reads a topic from its start until all records 0..want-1 were seen.
func (w *world) expectRecords(topic string, want int) {
	w.t.Helper()
	c := w.dial(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	seen := map[string]int{}
	for len(seen) < want {
		fetches := c.PollFetches(ctx)
		if ctx.Err() != nil {
			w.t.Fatalf("topic %s: %d distinct records of %d", topic, len(seen), want)
		}
		fetches.EachRecord(func(r *kgo.Record) { seen[string(r.Value)]++ })
	}
	for n := range want {
		if seen[strconv.Itoa(n)] != 1 {
			w.t.Fatalf("topic %s: record %d was read %d times", topic, n, seen[strconv.Itoa(n)])
		}
	}
	w.t.Logf("topic %s: %d records, each once", topic, want)
}
