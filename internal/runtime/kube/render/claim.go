package render

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/plan"
)

func claims(p *plan.Plan, g *plan.Group) ([]client.Object, error) {
	n := groupNaming(p, g)
	var out []client.Object
	for i := range g.Instances {
		for j := range g.Instances[i].Mounts {
			v := g.Instances[i].Mounts[j].Volume
			if v == nil {
				continue
			}
			c, err := claim(n, v)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// claim renders a volume. Only one whose data may go is collected together with its owner.
func claim(n naming, v *plan.Volume) (client.Object, error) {
	size, err := resource.ParseQuantity(v.Size)
	if err != nil {
		return nil, fmt.Errorf("size %q of volume %s: %w", v.Size, v.Name, err)
	}
	facts := merged(v.Facts, map[string]string{v1.AnnotationDeleteClaim: fmt.Sprint(v.DeleteWhenUnused)})
	out := &corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: n.meta(v.Name, resourceMetadata(v.Template).with(nil, facts)),
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			VolumeMode:  ptr(corev1.PersistentVolumeFilesystem),
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}
	if !v.DeleteWhenUnused {
		out.OwnerReferences = nil
	}
	if v.Class != "" {
		out.Spec.StorageClassName = &v.Class
	}
	if v.AttributesClass != "" {
		out.Spec.VolumeAttributesClassName = &v.AttributesClass
	}
	if len(v.Selector) > 0 {
		out.Spec.Selector = &metav1.LabelSelector{MatchLabels: v.Selector}
	}
	return out, nil
}
