package fake

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

// revision is what an instance was started as.
type revision struct {
	shape, resources [sha256.Size]byte
}

func (r revision) difference(wanted revision) runtime.Difference {
	if r.shape != wanted.shape {
		return runtime.DifferentShape
	}
	if r.resources != wanted.resources {
		return runtime.DifferentResources
	}
	return ""
}

// revisionOf hashes an instance. Files and live facts are no part of it, nor are the sizes of volumes: none of them replaces an
// instance.
func revisionOf(in plan.Instance) (revision, error) {
	in.Files, in.LiveFacts = nil, nil
	in.Mounts = slices.Clone(in.Mounts)
	for i, m := range in.Mounts {
		if m.Volume != nil {
			in.Mounts[i].Volume = &plan.Volume{Name: m.Volume.Name}
		}
	}
	sizes := []plan.Resources{in.Main.Resources}
	in.Main.Resources = plan.Resources{}
	in.Prepare = slices.Clone(in.Prepare)
	for i := range in.Prepare {
		sizes = append(sizes, in.Prepare[i].Resources)
		in.Prepare[i].Resources = plan.Resources{}
	}
	var out revision
	var err error
	if out.shape, err = hash(in); err != nil {
		return out, fmt.Errorf("hash instance %s: %w", in.Name, err)
	}
	if out.resources, err = hash(sizes); err != nil {
		return out, fmt.Errorf("hash the resources of instance %s: %w", in.Name, err)
	}
	return out, nil
}

// workloadOf is a plan's workload as it is when it has just been applied; nil for none. Its facts and files do not replace instances.
func workloadOf(p plan.Plan) (*workload, error) {
	if p.Workload == nil {
		return nil, nil
	}
	bare := *p.Workload
	bare.Facts, bare.Files = nil, nil
	revision, err := hash(bare)
	if err != nil {
		return nil, fmt.Errorf("hash workload %s: %w", bare.Name, err)
	}
	return &workload{name: bare.Name, revision: revision}, nil
}

func hash(value any) ([sha256.Size]byte, error) {
	raw, err := json.Marshal(value)
	return sha256.Sum256(raw), err
}
