package kafka

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka"
	"castellan.io/castellan/internal/plan"
)

// classesToGrow lists the classes of volumes whose pools now ask for another size.
func classesToGrow(pools []v1.KafkaNodePool, volumes map[string]plan.ObservedVolume) []string {
	sizes, used := map[string]bool{}, map[string]bool{}
	for i := range pools {
		storage := &pools[i].Spec.Storage
		for _, id := range pools[i].Status.NodeIDs {
			used[fmt.Sprintf("%s/%d", pools[i].Name, id)] = true
		}
		sizes[canonical(storage.Size)] = true
		for j := range storage.Volumes {
			sizes[canonical(storage.Volumes[j].Size)] = true
		}
	}
	var out []string
	for _, v := range volumes {
		if v.Class != "" && used[fmt.Sprintf("%s/%d", v.Group, v.ID)] && !sizes[canonical(v.Requested)] && !slices.Contains(out, v.Class) {
			out = append(out, v.Class)
		}
	}
	slices.Sort(out)
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
