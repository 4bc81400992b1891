package provisioner

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"

	"castellan.io/castellan/internal/provisioner/directory"
	"castellan.io/castellan/internal/provisioner/volume"
)

// The library finds out about these by type assertion, so a changed signature
// would be no compile error elsewhere.
var (
	_ controller.Provisioner   = nodeProvisioner{}
	_ controller.Qualifier     = nodeProvisioner{}
	_ controller.DeletionGuard = nodeProvisioner{}
)

// nodeProvisioner makes and removes the volumes of one node.
type nodeProvisioner struct {
	nodeName        string
	baseDirectories []string
	nodes           corev1client.NodeInterface
}

// ShouldProvision leaves claims to the instance of the node the scheduler chose.
func (p nodeProvisioner) ShouldProvision(_ context.Context, claim *corev1.PersistentVolumeClaim) bool {
	return claim.Annotations[volume.AnnotationSelectedNode] == p.nodeName
}

// ShouldDelete leaves volumes to the instance of the node they are on.
func (p nodeProvisioner) ShouldDelete(_ context.Context, pv *corev1.PersistentVolume) bool {
	return volume.OnNode(pv, p.nodeName)
}

// Provision makes the directory and returns the volume that is it.
func (p nodeProvisioner) Provision(ctx context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	if options.SelectedNodeName != p.nodeName {
		return nil, controller.ProvisioningFinished, &controller.IgnoredError{Reason: "the claim was put on node " + options.SelectedNodeName}
	}
	pv, err := p.provision(ctx, options)
	if volume.IsRefused(err) {
		err = infeasible{err}
	}
	return pv, controller.ProvisioningFinished, err
}

func (p nodeProvisioner) provision(ctx context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, error) {
	settings, err := volume.Resolve(options.StorageClass, options.PVC, p.baseDirectories)
	if err != nil {
		return nil, err
	}
	node, err := p.node(ctx)
	if err != nil {
		return nil, err
	}
	pv, made := volume.New(volume.Request{
		Settings:      settings,
		Claim:         options.PVC,
		Node:          node,
		VolumeName:    options.PVName,
		ReclaimPolicy: options.StorageClass.ReclaimPolicy,
	})
	attributes := directory.Attributes{Mode: settings.Mode, User: settings.User, Group: settings.Group}
	if err := directory.Create(made.Base, made.Name, attributes); err != nil {
		return nil, fmt.Errorf("on node %s: %w", p.nodeName, err)
	}
	return pv, nil
}

// node reads the node's hostname label each time: it is needed rarely, and a
// kept one could be of an earlier node of the same name.
func (p nodeProvisioner) node(ctx context.Context) (volume.Node, error) {
	node, err := p.nodes.Get(ctx, p.nodeName, metav1.GetOptions{})
	if err != nil {
		return volume.Node{}, fmt.Errorf("reading node %s: %w", p.nodeName, err)
	}
	hostname := node.Labels[corev1.LabelHostname]
	if hostname == "" {
		return volume.Node{}, fmt.Errorf("node %s has no label %s, a volume cannot be tied to it", p.nodeName, corev1.LabelHostname)
	}
	return volume.Node{Name: p.nodeName, Hostname: hostname}, nil
}

// Delete removes a released volume's directory, or says why it does not.
func (p nodeProvisioner) Delete(_ context.Context, pv *corev1.PersistentVolume) error {
	released, err := volume.DirectoryToRemove(pv, p.nodeName, p.baseDirectories)
	if err != nil {
		return err
	}
	if err := directory.Remove(released.Base, released.Name); err != nil {
		return fmt.Errorf("on node %s: %w", p.nodeName, err)
	}
	return nil
}

// infeasible marks an error as one that trying again does not cure. The
// library knows those by the gRPC status InvalidArgument, and then waits
// minutes between attempts; the text of the event is Error's.
type infeasible struct{ error }

// GRPCStatus is how gRPC's status package finds an error's code.
func (e infeasible) GRPCStatus() *status.Status {
	return status.New(codes.InvalidArgument, e.Error())
}

// Unwrap gives the refusals back to errors.As.
func (e infeasible) Unwrap() error { return e.error }
