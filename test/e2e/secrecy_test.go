//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	podsetv1 "castellan.io/castellan/api/core/v1"
	v1 "castellan.io/castellan/api/v1"
)

// expectNothingTold looks for the keys and passwords in the Secrets of a test's cluster wherever people read: logs of the operator and of all
// containers, Events, resources with their conditions, pods with their commands and variables, ConfigMaps.
func (w *world) expectNothingTold() {
	w.t.Helper()
	ctx := context.WithoutCancel(w.ctx)
	secrets, err := w.secretTexts(ctx)
	if err != nil {
		w.t.Errorf("read the Secrets: %v", err)
		return
	}
	told, err := w.told(ctx)
	if err != nil {
		w.t.Errorf("read what is told: %v", err)
		return
	}
	for _, place := range slices.Sorted(maps.Keys(told)) {
		for from, texts := range secrets {
			for _, text := range texts {
				if strings.Contains(told[place], text) {
					w.t.Errorf("%s holds a part of %s", place, from)
				}
			}
		}
	}
	w.t.Logf("%d Secrets' keys and passwords are in none of %d places", len(secrets), len(told))
}

// secretTexts are parts of keys and whole passwords, as they are and as the API writes them, by where they come from.
func (w *world) secretTexts(ctx context.Context) (map[string][]string, error) {
	var list corev1.SecretList
	if err := w.client.List(ctx, &list, client.InNamespace(w.namespace)); err != nil {
		return nil, err
	}
	out := map[string][]string{"any key": {"PRIVATE KEY", base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIV"))}}
	for _, secret := range list.Items {
		for entry, value := range secret.Data {
			name := secret.Name + "/" + entry
			switch {
			case strings.HasSuffix(entry, ".key"):
				for line := range strings.Lines(string(value)) {
					if line = strings.TrimSpace(line); len(line) > 20 && !strings.HasPrefix(line, "-----") {
						out[name] = append(out[name], line)
					}
				}
				out[name] = append(out[name], base64.StdEncoding.EncodeToString(value))
			case strings.HasSuffix(entry, "password"):
				out[name] = append(out[name], string(value), base64.StdEncoding.EncodeToString(value))
			}
		}
	}
	return out, nil
}

// told is what people read about a test's cluster, by where they read it.
func (w *world) told(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	lists := map[string]client.ObjectList{
		"Events": &eventsv1.EventList{}, "Kafka": &v1.KafkaList{}, "KafkaNodePools": &v1.KafkaNodePoolList{},
		"KafkaTopics": &v1.KafkaTopicList{}, "KafkaUsers": &v1.KafkaUserList{},
		"StrimziPodSets": &podsetv1.StrimziPodSetList{}, "ConfigMaps": &corev1.ConfigMapList{}, "pods": &corev1.PodList{},
	}
	for name, list := range lists {
		if err := w.client.List(ctx, list, client.InNamespace(w.namespace)); err != nil {
			return nil, err
		}
		text, err := json.Marshal(list)
		if err != nil {
			return nil, err
		}
		out[name] = string(text)
	}
	connection, err := ctrl.GetConfig()
	if err != nil {
		return nil, err
	}
	api, err := kubernetes.NewForConfig(connection)
	if err != nil {
		return nil, err
	}
	for _, pod := range append(w.operatorPods(), lists["pods"].(*corev1.PodList).Items...) {
		for _, container := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
			log, err := api.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Container: container.Name}).DoRaw(ctx)
			if err == nil { // a container that never ran has none
				out[fmt.Sprintf("the log of %s in %s", container.Name, pod.Name)] = string(log)
			}
		}
	}
	return out, nil
}
