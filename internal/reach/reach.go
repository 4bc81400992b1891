package reach

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/clientconfig"
)

const (
	// replicationPort is the listener that every cluster has, for brokers and operators with certificates of the cluster's authority.
	replicationPort = 9091
	// operatorEntry names the operator's certificate and key in its Secret.
	operatorEntry = "cluster-operator"
)

// Cluster is a Kafka resource.
type Cluster struct {
	// From reads Kubernetes.
	From            client.Reader
	Namespace, Name string
}

// Through is the way that needs nothing but rights in Kubernetes: the brokers' own listener, which no one configures, with the operator's
// certificate, over connections to pods that connect makes. It is open wherever the API server is reached, whatever listeners the
// cluster has and whom they let in.
func (c Cluster) Through(ctx context.Context, connect broker.Connect) (broker.Access, error) {
	if _, err := c.read(ctx); err != nil {
		return broker.Access{}, err
	}
	brokers, err := c.brokers(ctx)
	if err != nil {
		return broker.Access{}, otherWays(err)
	}
	security, err := c.operatorTLS(ctx)
	if err != nil {
		return broker.Access{}, otherWays(err)
	}
	return broker.Access{Brokers: brokers, TLS: security, Connect: connect}, nil
}

// otherWays tells whoever may not go this way which others there are.
func otherWays(err error) error {
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("%w: --listener and --bootstrap-server do without", err)
	}
	return err
}

func (c Cluster) read(ctx context.Context) (*v1.Kafka, error) {
	var out v1.Kafka
	err := c.From.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: c.Name}, &out)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no Kafka %s in namespace %s: name another with --cluster or --namespace", c.Name, c.Namespace)
	}
	if err != nil {
		return nil, fmt.Errorf("read Kafka %s in namespace %s: %w", c.Name, c.Namespace, err)
	}
	return &out, nil
}

// brokers are addresses in the words of the cluster's own names; ready ones come first.
func (c Cluster) brokers(ctx context.Context) ([]string, error) {
	var pods corev1.PodList
	labels := client.MatchingLabels{v1.LabelCluster: c.Name, v1.LabelBrokerRole: "true"}
	if err := c.From.List(ctx, &pods, client.InNamespace(c.Namespace), labels); err != nil {
		return nil, fmt.Errorf("list the brokers' pods in namespace %s: %w", c.Namespace, err)
	}
	slices.SortStableFunc(pods.Items, func(a, b corev1.Pod) int { return cmp.Compare(unready(a), unready(b)) })
	var out []string
	for _, pod := range pods.Items {
		if pod.Status.Phase == corev1.PodRunning {
			out = append(out, fmt.Sprintf("%s.%s-kafka-brokers.%s.svc:%d", pod.Name, c.Name, c.Namespace, replicationPort))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no broker of Kafka %s in namespace %s runs", c.Name, c.Namespace)
	}
	return out, nil
}

func unready(pod corev1.Pod) int {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
			return 0
		}
	}
	return 1
}

func (c Cluster) operatorTLS(ctx context.Context) (*tls.Config, error) {
	authority, err := c.secret(ctx, c.Name+"-cluster-ca-cert")
	if err != nil {
		return nil, err
	}
	own, err := c.secret(ctx, c.Name+"-cluster-operator-certs")
	if err != nil {
		return nil, err
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	for name, certificates := range authority {
		if strings.HasSuffix(name, ".crt") {
			out.RootCAs.AppendCertsFromPEM(certificates)
		}
	}
	pair, err := tls.X509KeyPair(own[operatorEntry+".crt"], own[operatorEntry+".key"])
	if err != nil {
		return nil, fmt.Errorf("Secret %s-cluster-operator-certs holds no certificate with its key: %w", c.Name, err)
	}
	out.Certificates = []tls.Certificate{pair}
	return out, nil
}

func (c Cluster) secret(ctx context.Context, name string) (map[string][]byte, error) {
	var out corev1.Secret
	if err := c.From.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: name}, &out); err != nil {
		return nil, fmt.Errorf("read Secret %s in namespace %s: %w", name, c.Namespace, err)
	}
	return out.Data, nil
}

// Listener is the way of any client: a listener's address as the status tells it, and who the client is as its configuration says. What
// certificates to trust says the status too, unless the configuration does.
func (c Cluster) Listener(ctx context.Context, name string, as *clientconfig.Client) (broker.Access, error) {
	k, err := c.read(ctx)
	if err != nil {
		return broker.Access{}, err
	}
	at, wish, err := find(k, name)
	if err != nil {
		return broker.Access{}, err
	}
	out := broker.Access{Brokers: strings.Split(at.BootstrapServers, ",")}
	if as == nil {
		as = &clientconfig.Client{}
		if wish.TLS {
			as.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		if wish.Authentication != nil {
			return out, fmt.Errorf("clients of listener %s must say who they are (%s): say it in a file of client properties with --command-config", name, wish.Authentication.Type)
		}
	}
	if wish.TLS != (as.TLS != nil) {
		return out, fmt.Errorf("listener %s has tls: %t: security.protocol in the file of --command-config says otherwise", name, wish.TLS)
	}
	if as.TLS != nil && as.TLS.RootCAs == nil && len(at.Certificates) > 0 {
		as.TLS.RootCAs = x509.NewCertPool()
		for _, certificate := range at.Certificates {
			as.TLS.RootCAs.AppendCertsFromPEM([]byte(certificate))
		}
	}
	out.TLS = as.TLS
	return out, nil
}

var errNoListeners = errors.New("its status tells of no listeners yet")

func find(k *v1.Kafka, name string) (*v1.ListenerStatus, *v1.Listener, error) {
	var names []string
	for i := range k.Status.Listeners {
		at := &k.Status.Listeners[i]
		names = append(names, at.Name)
		for j := range k.Spec.Kafka.Listeners {
			if wish := &k.Spec.Kafka.Listeners[j]; at.Name == name && wish.Name == name && at.BootstrapServers != "" {
				return at, wish, nil
			}
		}
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("Kafka %s: %w", k.Name, errNoListeners)
	}
	return nil, nil, fmt.Errorf("Kafka %s has no listener %q: it has %s", k.Name, name, strings.Join(names, ", "))
}
