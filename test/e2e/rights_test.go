//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
)

// TestTheOperatorIsRefusedNothing has a new operator do all that it can do to a cluster, and then asks it how often the API
// server said that it may not. It runs with the rights of the install files.
func TestTheOperatorIsRefusedNothing(t *testing.T) {
	w := newWorld(t, "rights")
	w.waitForEarlierTests()
	w.restartOperator()
	w.apply("pools.yaml") // the binding for racks is the only object outside of the namespace
	w.waitReady()

	w.scale("beta", 2)
	w.waitReadyNodes("beta", 2)
	w.scale("beta", 1)
	w.waitReadyNodes("beta", 1)
	w.growVolumesOfAlpha()
	w.restartByHand("alpha")
	w.leaveRacks()
	w.takesClaims()

	w.expectNoRefusals()
}

// waitForEarlierTests until their namespaces are gone: the API server refuses everything that is new in one that ends.
func (w *world) waitForEarlierTests() {
	w.t.Helper()
	w.eventually("no namespace is being deleted", func() error {
		var list corev1.NamespaceList
		if err := w.client.List(w.ctx, &list); err != nil {
			return err
		}
		for i := range list.Items {
			if list.Items[i].DeletionTimestamp != nil {
				return fmt.Errorf("%s is", list.Items[i].Name)
			}
		}
		return nil
	})
}

// restartByHand asks for a restart of a pool's nodes as a person does.
func (w *world) restartByHand(pool string) {
	w.t.Helper()
	before := w.pods()
	var set podsetv1.StrimziPodSet
	if err := w.client.Get(w.ctx, w.key(clusterName+"-"+pool), &set); err != nil {
		w.t.Fatal(err)
	}
	marked := set.DeepCopy()
	metav1.SetMetaDataAnnotation(&marked.ObjectMeta, v1.AnnotationManualRollingUpdate, "true")
	w.patch(&set, marked)
	name := clusterName + "-" + pool + "-0"
	w.eventually(name+" is restarted", func() error {
		if pod := w.pods()[name]; pod == nil || pod.UID == before[name].UID || !podReady(pod) {
			return errors.New("not yet")
		}
		return nil
	})
	w.waitReady()
	w.expectEvents(v1.RestartManualRollingUpdate, 1)
}

// leaveRacks changes what all nodes run with, and takes away the reason for the binding.
func (w *world) leaveRacks() {
	w.t.Helper()
	w.change(func(k *v1.Kafka) {
		k.Spec.Kafka.Rack = nil
		k.Spec.Kafka.Config["log.retention.hours"] = json.RawMessage("99")
	})
	w.waitReady()
	name := fmt.Sprintf("strimzi-%s-%s-kafka-init", w.namespace, clusterName)
	w.eventually("the binding is gone", func() error {
		err := w.client.Get(w.ctx, types.NamespacedName{Name: name}, &rbacv1.ClusterRoleBinding{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return errors.New("still there")
	})
}

func (w *world) expectNoRefusals() {
	w.t.Helper()
	pods := w.operatorPods()
	if len(pods) != 1 || restarts(&pods[0]) > 0 {
		w.t.Fatal("the operator that acted is gone, and what it counted with it")
	}
	answers := w.answers(&pods[0])
	w.t.Logf("the operator's requests by the code of their answers: %v", answers)
	if answers["200"] == 0 || answers["201"] == 0 {
		w.t.Error("the operator has not read and created anything")
	}
	if answers["403"] > 0 || answers["401"] > 0 {
		w.t.Errorf("%v requests of the operator were refused", answers["403"]+answers["401"])
	}
}

func restarts(pod *corev1.Pod) (out int32) {
	for i := range pod.Status.ContainerStatuses {
		out += pod.Status.ContainerStatuses[i].RestartCount
	}
	return out
}

// answers are the numbers of the operator's requests to the API server, by HTTP code.
func (w *world) answers(pod *corev1.Pod) map[string]float64 {
	w.t.Helper()
	url := "http://" + net.JoinHostPort(pod.Status.PodIP, "8080") + "/metrics"
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatalf("read the operator's metrics: %v", err)
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		w.t.Fatalf("read the operator's metrics: %v", err)
	}
	out := map[string]float64{}
	for _, m := range families["rest_client_requests_total"].GetMetric() {
		out[label(m, "code")] += m.GetCounter().GetValue()
	}
	return out
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
