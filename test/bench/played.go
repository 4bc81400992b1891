package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// playedNode has no machine; playedScheduler is the scheduler of pods that are to be on it.
	playedNode, playedScheduler = "bench-played", "bench"
	// replicationPort is where the operator asks brokers.
	replicationPort = 9091
	// heartbeat is how often the node says that it lives.
	heartbeat = 5 * time.Second
)

// play is a node that is played: its pods are ready when they are made, and one broker answers for all of them.
type play struct {
	*world
	// address is this machine's as pods reach it.
	address string
	brokers *kfake.Cluster
	beat    time.Time
}

// play puts up the node and plays it until the context ends.
func (b *bench) play(ctx context.Context) (*play, error) {
	p := &play{world: b.world}
	if err := p.findAddress(ctx); err != nil {
		return nil, err
	}
	brokers, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(replicationPort), kfake.MaxVersions(kversion.V4_3_0()), kfake.ListenFn(p.listen(ctx)))
	if err != nil {
		return nil, fmt.Errorf("answer for brokers at %s: %w", p.address, err)
	}
	p.brokers = brokers
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: playedNode, Labels: map[string]string{"kubernetes.io/hostname": playedNode}}}
	node.Spec.Taints = []corev1.Taint{{Key: "castellan.io/played", Effect: corev1.TaintEffectNoSchedule}}
	if err := p.client.Create(ctx, node); client.IgnoreAlreadyExists(err) != nil {
		return p, fmt.Errorf("make the played node: %w", err)
	}
	if err := p.live(ctx); err != nil {
		return p, err
	}
	go p.run(ctx)
	return p, nil
}

// leave takes the node away.
func (p *play) leave(ctx context.Context) error {
	p.brokers.Close()
	return client.IgnoreNotFound(p.client.Delete(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: playedNode}}))
}

// findAddress looks for the node whose network this process is in.
func (p *play) findAddress(ctx context.Context) error {
	own, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	var nodes corev1.NodeList
	if err := p.client.List(ctx, &nodes); err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	for i := range nodes.Items {
		for _, a := range nodes.Items[i].Status.Addresses {
			for _, mine := range own {
				if a.Type == corev1.NodeInternalIP && strings.HasPrefix(mine.String(), a.Address+"/") {
					p.address = a.Address
					return nil
				}
			}
		}
	}
	return errors.New("this process is in no node's network, so no pod could reach it: run with `bin/dev shell -- …`")
}

// listen serves the certificate of the broker that a client wants: the operator made one for each.
func (p *play) listen(ctx context.Context) func(network, address string) (net.Listener, error) {
	return func(network, address string) (net.Listener, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		plain, err := (&net.ListenConfig{}).Listen(ctx, network, net.JoinHostPort(p.address, port))
		if err != nil {
			return nil, err
		}
		return tls.NewListener(plain, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			pod, _, _ := strings.Cut(hello.ServerName, ".")
			return p.certificate(ctx, pod)
		}}), nil
	}
}

func (p *play) certificate(ctx context.Context, pod string) (*tls.Certificate, error) {
	var secret corev1.Secret
	if err := p.client.Get(ctx, client.ObjectKey{Namespace: manyNamespace, Name: pod}, &secret); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(secret.Data[pod+".crt"], secret.Data[pod+".key"])
	return &pair, err
}

// run does a kubelet's work until the context ends.
func (p *play) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := p.round(ctx); err != nil && ctx.Err() == nil {
			p.say("playing nodes: %v", err)
		}
		time.Sleep(250 * time.Millisecond)
	}
}

func (p *play) round(ctx context.Context) error {
	if p.now().Sub(p.beat) > heartbeat {
		if err := p.live(ctx); err != nil {
			return err
		}
	}
	var pods corev1.PodList
	if err := p.client.List(ctx, &pods); err != nil {
		return err
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Spec.NodeName != playedNode && (pod.Spec.SchedulerName != playedScheduler || pod.Spec.NodeName != "") {
			continue
		}
		if err := p.act(ctx, pod); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("pod %s: %w", pod.Name, err)
		}
	}
	return nil
}

// act brings a pod a step further.
func (p *play) act(ctx context.Context, pod *corev1.Pod) error {
	switch {
	case pod.DeletionTimestamp != nil:
		return p.client.Delete(ctx, pod, client.GracePeriodSeconds(0))
	case pod.Spec.NodeName == "":
		return p.client.SubResource("binding").Create(ctx, pod, &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: playedNode}})
	case pod.Status.Phase != corev1.PodRunning:
		before := pod.DeepCopy()
		p.ready(pod)
		return p.client.Status().Patch(ctx, pod, client.MergeFrom(before))
	}
	return nil
}

func (p *play) ready(pod *corev1.Pod) {
	now := metav1.NewTime(p.now())
	pod.Status.Phase, pod.Status.StartTime = corev1.PodRunning, &now
	pod.Status.PodIP, pod.Status.PodIPs = p.address, []corev1.PodIP{{IP: p.address}}
	for _, kind := range []corev1.PodConditionType{corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	started := true
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, Ready: true, Started: &started,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
}

// live says that the node lives, as kubelets do.
func (p *play) live(ctx context.Context) error {
	p.beat = p.now()
	var node corev1.Node
	if err := p.client.Get(ctx, client.ObjectKey{Name: playedNode}, &node); err != nil {
		return err
	}
	before, now := node.DeepCopy(), metav1.NewTime(p.now())
	node.Status.Conditions = []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "Played", LastHeartbeatTime: now, LastTransitionTime: node.CreationTimestamp,
	}}
	if err := p.client.Status().Patch(ctx, &node, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("say that the played node is ready: %w", err)
	}
	return nil
}
