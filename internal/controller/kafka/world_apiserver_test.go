//go:build apiserver

package kafka_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/yaml"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/broker"
	"castellan.io/castellan/internal/broker/fake"
	"castellan.io/castellan/internal/controller"
	kafkacontroller "castellan.io/castellan/internal/controller/kafka"
	"castellan.io/castellan/internal/controller/podset"
	"castellan.io/castellan/internal/entityoperator"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/kafka/roll"
	"castellan.io/castellan/internal/runtime/kube"
	"castellan.io/castellan/internal/runtime/kube/kubetest"
	"castellan.io/castellan/internal/runtime/kube/render"
)

// api may do everything on the API server that all tests of the package share, operator what the install files allow.
var api, operator client.WithWatch

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	os.Exit(kubetest.Main(m, func(c kubetest.Clients) { api, operator = c.Admin, c.Operator }))
}

const (
	resync   = 2 * time.Minute
	patience = 5 * time.Minute
	// rounds is more than anything here takes.
	rounds = 120
)

// world is a namespace with one cluster in it, its operator, and what else a cluster needs: somebody who runs pods, and Kafka.
type world struct {
	namespace string
	requests  *requests
	kafka     *fake.Cluster
	launchers *launchers
	shell     *controller.Shell[*v1.Kafka]
	now       time.Time
	// elsewhere lets entity operators have rights in other namespaces.
	elsewhere bool
	// topics are the partitions that there are; who is in sync follows from who is ready.
	topics []roll.Partition
}

// anywhere reaches a cluster at every address.
type anywhere struct{ cluster *fake.Cluster }

func (a anywhere) Dial(ctx context.Context, to broker.Access) (broker.Cluster, error) {
	return fake.Kafka{to.Brokers[0]: a.cluster}.Dial(ctx, to)
}

// pool is a node pool as a test wants it.
type pool struct {
	name     string
	replicas int
	roles    string
	storage  string
}

func combined(replicas int) pool {
	return pool{"both", replicas, "controller, broker", "type: ephemeral"}
}

// newWorld has the resources of a cluster and the authorities of an earlier test, as making some takes a second.
func newWorld(t *testing.T, pools ...pool) *world {
	t.Helper()
	w := newEmptyWorld(t)
	w.createResources(t, pools...)
	w.createAuthorities(t)
	return w
}

func newEmptyWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		namespace: kubetest.Namespace(t, api), kafka: fake.New(fake.State{Metadata: "4.3-IV0"}),
		now: time.Now().Truncate(time.Second), // the API server and certificates of other tests have the real time
	}
	w.launchers = &launchers{namespace: w.namespace}
	w.startOperator(t)
	return w
}

// startOperator starts an operator that remembers nothing.
func (w *world) startOperator(t *testing.T) {
	t.Helper()
	w.requests = newRequests(w.namespace)
	c := w.requests.client(operator)
	w.shell = controller.NewShell(c, kafkacontroller.New(kafkacontroller.Options{
		Client: c, Live: w.requests.live(operator), Runtime: kube.New(c, w.requests.live(api), render.Settings{}),
		Dialer: anywhere{w.kafka}, Launchers: w.launchers, Settings: settings(t),
		Entity:       entityoperator.Settings{TopicOperatorImage: "castellan", UserOperatorImage: "castellan", Elsewhere: w.elsewhere, NetworkPolicies: true, DisruptionBudgets: true},
		OperatorName: "operator-1", OperatorVersion: "0.1.0",
		Now: func() time.Time { return w.now }, Random: rand.Reader,
	}), "Kafka", labels.Everything(), controller.Timing{Resync: resync, Patience: patience, Now: time.Now})
}

func settings(t *testing.T) kafka.Settings {
	t.Helper()
	images := map[string]string{}
	for _, version := range []string{"4.2.0", "4.2.1", "4.3.0", "4.3.1"} {
		images[version] = "kafka:" + version
	}
	versions, err := kafka.AllVersions(images)
	must(t, err)
	return kafka.Settings{Versions: versions, LauncherImage: "castellan", DNSDomain: "cluster.local", NetworkPolicies: true, DisruptionBudgets: true}
}

// manifest has authorities whose keys take no time to make.
const manifest = `
apiVersion: kafka.strimzi.io/v1
kind: Kafka
metadata: {name: one, namespace: %s, annotations: {castellan.io/ca-key-algorithm: ECDSA-P256}}
spec:
  kafka:
    version: 4.3.1
    listeners: [{name: plain, port: 9092, type: internal, tls: false}]
    config: {default.replication.factor: 1, min.insync.replicas: 1}
`

const poolManifest = `
apiVersion: kafka.strimzi.io/v1
kind: KafkaNodePool
metadata: {name: %s, namespace: %s, labels: {strimzi.io/cluster: one}}
spec: {replicas: %d, roles: [%s], storage: {%s}}
`

func (w *world) createResources(t *testing.T, pools ...pool) {
	t.Helper()
	w.create(t, &v1.Kafka{}, fmt.Sprintf(manifest, w.namespace))
	for _, p := range pools {
		w.create(t, &v1.KafkaNodePool{}, fmt.Sprintf(poolManifest, p.name, w.namespace, p.replicas, p.roles, p.storage))
	}
}

func (w *world) create(t *testing.T, o client.Object, text string) {
	t.Helper()
	must(t, yaml.UnmarshalStrict([]byte(text), o))
	must(t, api.Create(t.Context(), o))
}

// madeAuthorities are the secrets of authorities that an operator made in some test.
var madeAuthorities []corev1.Secret

func authorityNames() []string {
	return []string{"one-clients-ca", "one-clients-ca-cert", "one-cluster-ca", "one-cluster-ca-cert"}
}

// createAuthorities leaves the secrets in the state in which the operator leaves them.
func (w *world) createAuthorities(t *testing.T) {
	t.Helper()
	if madeAuthorities == nil {
		maker := newEmptyWorld(t)
		maker.createResources(t, combined(1))
		maker.reconcile(t)
		madeAuthorities = maker.authorities(t)
	}
	for _, s := range madeAuthorities {
		owner := s.OwnerReferences[0]
		owner.UID = w.cluster(t).UID
		w.createSecret(t, s, owner)
	}
}

func (w *world) createSecret(t *testing.T, s corev1.Secret, owner metav1.OwnerReference) {
	t.Helper()
	s.ObjectMeta = metav1.ObjectMeta{
		Namespace: w.namespace, Name: s.Name, Labels: s.Labels, Annotations: s.Annotations, OwnerReferences: []metav1.OwnerReference{owner},
	}
	must(t, api.Create(t.Context(), &s))
}

// authorities are the secrets of the authorities that exist, by name.
func (w *world) authorities(t *testing.T) []corev1.Secret {
	t.Helper()
	return slices.DeleteFunc(items[corev1.Secret](t, w, &corev1.SecretList{}), func(s corev1.Secret) bool {
		return !slices.Contains(authorityNames(), s.Name)
	})
}

// data is what secrets hold.
func data(secrets []corev1.Secret) map[string]map[string][]byte {
	out := map[string]map[string][]byte{}
	for i := range secrets {
		out[secrets[i].Name] = secrets[i].Data
	}
	return out
}

func (w *world) request() reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: w.namespace, Name: "one"}}
}

// reconcile lets the operator act once.
func (w *world) reconcile(t *testing.T) reconcile.Result {
	t.Helper()
	result, err := w.shell.Reconcile(t.Context(), w.request())
	must(t, err)
	return result
}

// others lets all others act: the controller of pod sets, Kubernetes, and Kafka.
func (w *world) others(t *testing.T) {
	t.Helper()
	w.reconcileSets(t)
	w.bindClaims(t)
	w.startDeployments(t)
	for _, pod := range w.pods(t) {
		w.setReady(t, pod, true)
	}
	w.followPods(t)
}

func (w *world) reconcileSets(t *testing.T) {
	t.Helper()
	for _, set := range items[podsetv1.StrimziPodSet](t, w, &podsetv1.StrimziPodSetList{}) {
		name := client.ObjectKeyFromObject(&set)
		_, err := podset.New(operator, labels.Everything()).Reconcile(t.Context(), reconcile.Request{NamespacedName: name})
		must(t, err)
	}
}

func (w *world) setReady(t *testing.T, pod corev1.Pod, ready bool) {
	t.Helper()
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	if isReady(pod) == ready {
		return
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}
	must(t, api.Status().Update(t.Context(), &pod))
}

func isReady(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// startDeployments has all pods of deployments run at once as they were last written.
func (w *world) startDeployments(t *testing.T) {
	t.Helper()
	for _, d := range items[appsv1.Deployment](t, w, &appsv1.DeploymentList{}) {
		running := appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: *d.Spec.Replicas, UpdatedReplicas: *d.Spec.Replicas, ReadyReplicas: *d.Spec.Replicas}
		if !equality.Semantic.DeepEqual(d.Status, running) {
			d.Status = running
			must(t, api.Status().Update(t.Context(), &d))
		}
	}
}

// bindClaims binds claims, and lets those go that are being deleted.
func (w *world) bindClaims(t *testing.T) {
	t.Helper()
	for _, claim := range items[corev1.PersistentVolumeClaim](t, w, &corev1.PersistentVolumeClaimList{}) {
		if claim.DeletionTimestamp != nil {
			claim.Finalizers = nil
			must(t, api.Update(t.Context(), &claim))
			continue
		}
		if claim.Status.Phase == corev1.ClaimBound {
			continue
		}
		claim.Spec.VolumeName = "volume-of-" + string(claim.UID)
		must(t, api.Update(t.Context(), &claim))
		claim.Status.Phase, claim.Status.Capacity = corev1.ClaimBound, claim.Spec.Resources.Requests
		must(t, api.Status().Update(t.Context(), &claim))
	}
}

// followPods is what Kafka makes of the pods that are ready.
func (w *world) followPods(t *testing.T) {
	t.Helper()
	var voters []roll.Voter
	var ready []int32
	for _, pod := range w.pods(t) {
		id := idOf(t, pod)
		if isReady(pod) {
			ready = append(ready, id)
		}
		if pod.Labels["strimzi.io/controller-role"] == "true" {
			at := w.now.UnixMilli()
			if !isReady(pod) {
				at -= time.Hour.Milliseconds()
			}
			voters = append(voters, roll.Voter{ID: id, LastCaughtUp: at})
		}
	}
	w.kafka.Change(func(s *fake.State) {
		s.Down, s.Quorum, s.Brokers = len(ready) == 0, roll.Quorum{Leader: leader(voters, ready), Voters: voters}, ready
		s.Partitions.List = nil
		for _, p := range w.topics {
			p.ISR = slices.DeleteFunc(slices.Clone(p.Replicas), func(id int32) bool { return !slices.Contains(ready, id) })
			s.Partitions.List = append(s.Partitions.List, p)
		}
	})
}

func leader(voters []roll.Voter, ready []int32) int32 {
	for _, v := range voters {
		if slices.Contains(ready, v.ID) {
			return v.ID
		}
	}
	return -1
}

func idOf(t *testing.T, pod corev1.Pod) int32 {
	t.Helper()
	id, err := strconv.ParseInt(pod.Name[strings.LastIndex(pod.Name, "-")+1:], 10, 32)
	must(t, err)
	return int32(id)
}

// settle lets everybody act until the cluster is Ready as its newest generation wants.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for range rounds {
		w.reconcile(t)
		if w.settled(t) {
			return
		}
		w.others(t)
	}
	t.Fatalf("never settled: %+v", w.cluster(t).Status.Conditions)
}

// settled tells whether the cluster is Ready, and the operator does not find anything more to do.
func (w *world) settled(t *testing.T) bool {
	t.Helper()
	k := w.cluster(t)
	if k.Status.ObservedGeneration != k.Generation || verdict(k).Type != v1.ConditionReady {
		return false
	}
	before := w.versions(t)
	w.others(t)
	if w.reconcile(t) != (reconcile.Result{RequeueAfter: resync}) {
		return false
	}
	return cmp.Equal(before, w.versions(t))
}

func verdict(k *v1.Kafka) v1.Condition {
	for _, c := range k.Status.Conditions {
		if c.Type != v1.ConditionWarning {
			return c
		}
	}
	return v1.Condition{}
}

func warningsOf(k *v1.Kafka) map[string]string {
	out := map[string]string{}
	for _, c := range k.Status.Conditions {
		if c.Type == v1.ConditionWarning {
			out[c.Reason] = c.Message
		}
	}
	return out
}

func (w *world) cluster(t *testing.T) *v1.Kafka {
	t.Helper()
	var k v1.Kafka
	must(t, api.Get(t.Context(), w.request().NamespacedName, &k))
	return &k
}

func (w *world) edit(t *testing.T, edit func(*v1.Kafka)) {
	t.Helper()
	k := w.cluster(t)
	edit(k)
	must(t, api.Update(t.Context(), k))
}

func (w *world) pool(t *testing.T, name string) *v1.KafkaNodePool {
	t.Helper()
	var p v1.KafkaNodePool
	must(t, api.Get(t.Context(), types.NamespacedName{Namespace: w.namespace, Name: name}, &p))
	return &p
}

func (w *world) editPool(t *testing.T, name string, edit func(*v1.KafkaNodePool)) {
	t.Helper()
	p := w.pool(t, name)
	edit(p)
	must(t, api.Update(t.Context(), p))
}

func (w *world) scale(t *testing.T, name string, replicas int32) {
	t.Helper()
	w.editPool(t, name, func(p *v1.KafkaNodePool) { p.Spec.Replicas = replicas })
}

// option sets a Kafka option that nodes need a restart for.
func (w *world) option(t *testing.T, threads int) {
	t.Helper()
	w.edit(t, func(k *v1.Kafka) {
		must(t, yaml.Unmarshal(fmt.Appendf(nil, "{default.replication.factor: 1, min.insync.replicas: 1, num.io.threads: %d}", threads), &k.Spec.Kafka.Config))
	})
}

func (w *world) pods(t *testing.T) []corev1.Pod {
	t.Helper()
	return items[corev1.Pod](t, w, &corev1.PodList{})
}

func names(pods []corev1.Pod) []string {
	var out []string
	for i := range pods {
		out = append(out, pods[i].Name)
	}
	slices.Sort(out)
	return out
}

func uids(pods []corev1.Pod) map[string]types.UID {
	out := map[string]types.UID{}
	for i := range pods {
		out[pods[i].Name] = pods[i].UID
	}
	return out
}

// lists are those of every kind that a cluster consists of.
func lists() []client.ObjectList {
	out := []client.ObjectList{
		&v1.KafkaList{}, &v1.KafkaNodePoolList{}, &podsetv1.StrimziPodSetList{},
		&corev1.PodList{}, &corev1.SecretList{}, &corev1.PersistentVolumeClaimList{}, &appsv1.DeploymentList{},
	}
	for _, kind := range kube.Metadata() {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind)
		out = append(out, list)
	}
	return out
}

// objects are everything in the namespace.
func (w *world) objects(t *testing.T) []client.Object {
	t.Helper()
	var out []client.Object
	for _, list := range lists() {
		must(t, api.List(t.Context(), list, client.InNamespace(w.namespace)))
		must(t, meta.EachListItem(list, func(item kruntime.Object) error {
			o, ok := item.(client.Object)
			if !ok {
				return fmt.Errorf("the list holds a %T", item)
			}
			kind, err := apiutil.GVKForObject(o, api.Scheme())
			o.GetObjectKind().SetGroupVersionKind(kind)
			out = append(out, o)
			return err
		}))
	}
	return out
}

// versions are the resource versions of everything in the namespace.
func (w *world) versions(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, o := range w.objects(t) {
		out[o.GetObjectKind().GroupVersionKind().Kind+" "+o.GetName()] = o.GetResourceVersion()
	}
	return out
}

func items[T any](t *testing.T, w *world, list client.ObjectList) []T {
	t.Helper()
	must(t, api.List(t.Context(), list, client.InNamespace(w.namespace)))
	objects, err := meta.ExtractList(list)
	must(t, err)
	out := make([]T, 0, len(objects))
	for _, o := range objects {
		typed, ok := any(o).(*T)
		if !ok {
			t.Fatalf("the list holds a %T", o)
		}
		out = append(out, *typed)
	}
	return out
}

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
