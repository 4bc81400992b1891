package kafka

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/kafka/storage"
	"castellan.io/castellan/internal/plan"
)

// classesToGrow lists the classes of volumes for which their pool now asks another size.
func classesToGrow(cluster string, pools []v1.KafkaNodePool, volumes map[string]plan.ObservedVolume) []string {
	var out []string
	for name, size := range wantedSizes(cluster, pools) {
		v, exists := volumes[name]
		if exists && v.Class != "" && canonical(v.Requested) != canonical(size) && !slices.Contains(out, v.Class) {
			out = append(out, v.Class)
		}
	}
	slices.Sort(out)
	return out
}

// wantedSizes are the sizes that pools ask for, by the name of the volume.
func wantedSizes(cluster string, pools []v1.KafkaNodePool) map[string]string {
	out := map[string]string{}
	for i := range pools {
		pool := &pools[i]
		for _, v := range storage.Volumes(pool.Spec.Storage) {
			for _, id := range pool.Status.NodeIDs {
				out[fmt.Sprintf("%s-%s-%s-%d", v.Name, cluster, pool.Name, id)] = v.Settings.Size
			}
		}
	}
	return out
}

// canonical writes equal quantities in one way; text that is no quantity stays.
func canonical(quantity string) string {
	q, err := resource.ParseQuantity(quantity)
	if err != nil {
		return quantity
	}
	return q.String()
}

// fitVolumes leaves volumes that cannot grow as they are, with a warning for each. Nothing shrinks.
func fitVolumes(want *plan.Plan, volumes map[string]plan.ObservedVolume, expandable map[string]bool) []kafka.Warning {
	var out []kafka.Warning
	for i := range want.Groups {
		for j := range want.Groups[i].Instances {
			mounts := want.Groups[i].Instances[j].Mounts
			for m := range mounts {
				if mounts[m].Volume == nil {
					continue
				}
				if why := fit(mounts[m].Volume, volumes, expandable); why != "" {
					out = append(out, kafka.Warning{Reason: v1.WarningPvcResizing, Message: why, Pool: want.Groups[i].Name})
				}
			}
		}
	}
	return out
}

func fit(v *plan.Volume, volumes map[string]plan.ObservedVolume, expandable map[string]bool) string {
	is, exists := volumes[v.Name]
	if !exists {
		return ""
	}
	wanted := v.Size
	if canonical(wanted) == canonical(is.Requested) {
		return ""
	}
	if is.Bound && !is.Growing && grows(is.Requested, wanted) && expandable[is.Class] {
		return ""
	}
	v.Size = is.Requested
	switch {
	case !is.Bound || is.Growing:
		return ""
	case !grows(is.Requested, wanted):
		return fmt.Sprintf("volume %s has %s and cannot shrink to %s", v.Name, is.Requested, wanted)
	case is.Class == "":
		return fmt.Sprintf("volume %s has no storage class, so it cannot grow from %s to %s", v.Name, is.Requested, wanted)
	}
	return fmt.Sprintf("volume %s cannot grow from %s to %s: storage class %s does not exist or does not set allowVolumeExpansion: true",
		v.Name, is.Requested, wanted, is.Class)
}

func grows(from, to string) bool {
	a, errA := resource.ParseQuantity(from)
	b, errB := resource.ParseQuantity(to)
	return errA == nil && errB == nil && b.Cmp(a) > 0
}
