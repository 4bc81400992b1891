package fake

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

// Runtime is a platform in memory. It can be used by several goroutines.
type Runtime struct {
	mu         sync.Mutex
	components map[runtime.Ref]*component
	secrets    map[cluster]map[string]plan.Secret
	started    int
}

var _ runtime.Runtime = (*Runtime)(nil)

// cluster is what owns secrets.
type cluster struct{ namespace, name, kind string }

type component struct {
	groups    map[string]plan.ObservedGroup
	wanted    map[string]placed
	instances map[string]running
	volumes   map[string]plan.ObservedVolume
	// workload is the one that was last applied, nil for none. It is ready only until it is applied as another one.
	workload *workload
}

type workload struct {
	name     string
	revision [sha256.Size]byte
	ready    bool
}

// placed is an instance with the name of its group.
type placed struct {
	group    string
	instance plan.Instance
}

type running struct {
	observed plan.ObservedInstance
	revision revision
}

// New returns a platform on which nothing exists.
func New() *Runtime {
	return &Runtime{components: map[runtime.Ref]*component{}, secrets: map[cluster]map[string]plan.Secret{}}
}

func (r *Runtime) component(ref runtime.Ref) *component {
	if r.components[ref] == nil {
		r.components[ref] = &component{
			groups: map[string]plan.ObservedGroup{}, wanted: map[string]placed{},
			instances: map[string]running{}, volumes: map[string]plan.ObservedVolume{},
		}
	}
	return r.components[ref]
}

func (r *Runtime) secretsOf(c cluster) map[string]plan.Secret {
	if r.secrets[c] == nil {
		r.secrets[c] = map[string]plan.Secret{}
	}
	return r.secrets[c]
}

// Observe shows what exists of a component.
func (r *Runtime) Observe(_ context.Context, ref runtime.Ref) (plan.Observed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.component(ref)
	out := plan.Observed{Groups: maps.Clone(c.groups), Instances: map[string]plan.ObservedInstance{}, Volumes: maps.Clone(c.volumes), Workloads: map[string]bool{}}
	if c.workload != nil {
		out.Workloads[c.workload.name] = c.workload.ready
	}
	for name, is := range c.instances {
		out.Instances[name] = is.observed
	}
	return out, nil
}

// Outdated compares the instances that run with a plan's.
func (r *Runtime) Outdated(_ context.Context, want plan.Plan) (map[string]runtime.Difference, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]runtime.Difference{}
	for _, g := range want.Groups {
		for _, in := range g.Instances {
			is, runs := r.component(refOf(want)).instances[in.Name]
			wanted, err := revisionOf(in)
			if err != nil {
				return nil, err
			}
			if d := is.revision.difference(wanted); runs && d != "" {
				out[in.Name] = d
			}
		}
	}
	is := r.component(refOf(want)).workload
	wanted, err := workloadOf(want)
	if err == nil && is != nil && wanted != nil && is.name == wanted.name && is.revision != wanted.revision {
		out[is.name] = runtime.DifferentShape
	}
	return out, err
}

// Apply takes a plan over. What the plan wants to run, or to end, does so at the next Run.
func (r *Runtime) Apply(_ context.Context, want plan.Plan) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.component(refOf(want))
	before := c.wanted
	c.groups, c.wanted = map[string]plan.ObservedGroup{}, map[string]placed{}
	for _, g := range want.Groups {
		for _, in := range g.Instances {
			c.wanted[in.Name] = placed{g.Name, in}
			c.addVolumes(in)
		}
		for _, name := range g.Retiring {
			if was, ok := before[name]; ok {
				c.wanted[name] = was
			}
		}
		c.groups[g.Set] = plan.ObservedGroup{Group: g.Name, Facts: g.Facts, Instances: c.members(g.Name)}
	}
	c.dropVolumes()
	r.applySecrets(want)
	wanted, err := workloadOf(want)
	if err != nil {
		return err
	}
	if c.workload == nil || wanted == nil || c.workload.name != wanted.name || c.workload.revision != wanted.revision {
		c.workload = wanted
	}
	return nil
}

func (c *component) members(group string) []string {
	var out []string
	for name, p := range c.wanted {
		if p.group == group {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (c *component) addVolumes(in plan.Instance) {
	for _, m := range in.Mounts {
		if m.Volume == nil {
			continue
		}
		v := c.volumes[m.Volume.Name]
		v.Requested, v.Class, v.DeleteWhenUnused = m.Volume.Size, m.Volume.Class, m.Volume.DeleteWhenUnused
		c.volumes[m.Volume.Name] = v
	}
}

// dropVolumes ends the volumes of no wanted instance, but for those that are to be kept.
func (c *component) dropVolumes() {
	used := map[string]bool{}
	for _, p := range c.wanted {
		for _, m := range p.instance.Mounts {
			if m.Volume != nil {
				used[m.Volume.Name] = true
			}
		}
	}
	maps.DeleteFunc(c.volumes, func(name string, v plan.ObservedVolume) bool { return !used[name] && v.DeleteWhenUnused })
}

// applySecrets writes the plan's secrets, and ends those of its component that it does not have.
func (r *Runtime) applySecrets(want plan.Plan) {
	secrets := r.secretsOf(clusterOf(want.Owner))
	kept := map[string]bool{}
	for _, s := range want.Secrets {
		if s.Component.Type == "" {
			s.Component = want.Component
		}
		secrets[s.Name] = stored(want.Owner, s)
		kept[s.Name] = true
	}
	for name := range r.component(refOf(want)).wanted {
		kept[name] = true
	}
	maps.DeleteFunc(secrets, func(name string, s plan.Secret) bool { return !kept[name] && s.Component.Name == want.Component.Name })
}

func stored(owner plan.Owner, s plan.Secret) plan.Secret {
	s.Data, s.Facts, s.Template = maps.Clone(s.Data), maps.Clone(s.Facts), nil
	if !s.Unowned {
		s.OwnerUID = owner.UID
	}
	s.Unowned = false // What was read does not tell.
	return s
}

// Restart ends one instance; the next Run starts it anew.
func (r *Runtime) Restart(_ context.Context, ref runtime.Ref, instance string, seen plan.Observed) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.component(ref)
	_, known := seen.Instances[instance]
	same := maps.EqualFunc(c.instances, seen.Instances, func(is running, was plan.ObservedInstance) bool {
		return is.observed.UID == was.UID && is.observed.Ready == was.Ready && is.observed.Ending == was.Ending
	})
	if !known || !same {
		return fmt.Errorf("restart %s: %w", instance, runtime.ErrConflict)
	}
	delete(c.instances, instance)
	return nil
}

// Secrets returns the secrets of a cluster.
func (r *Runtime) Secrets(_ context.Context, ref runtime.Ref) (map[string]plan.Secret, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.secretsOf(cluster{ref.Namespace, ref.Cluster, ref.Kind})), nil
}

// Keep stores a secret and never overwrites one.
func (r *Runtime) Keep(_ context.Context, owner plan.Owner, secret plan.Secret) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	secrets := r.secretsOf(clusterOf(owner))
	if _, exists := secrets[secret.Name]; exists {
		return fmt.Errorf("keep secret %s: %w", secret.Name, runtime.ErrConflict)
	}
	secrets[secret.Name] = stored(owner, secret)
	return nil
}

// Remove does nothing: in memory there is nothing that would not go with its owner.
func (r *Runtime) Remove(context.Context, runtime.Ref) error { return nil }

func refOf(p plan.Plan) runtime.Ref {
	return runtime.Ref{Namespace: p.Owner.Namespace, Cluster: p.Owner.Name, Kind: p.Owner.Kind, Component: p.Component.Name}
}

func clusterOf(o plan.Owner) cluster { return cluster{o.Namespace, o.Name, o.Kind} }

// nextUID tells an incarnation of an instance from all others.
func (r *Runtime) nextUID() string {
	r.started++
	return "uid-" + strconv.Itoa(r.started)
}
