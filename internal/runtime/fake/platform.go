package fake

import (
	"maps"

	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

// Run does what a platform does by itself: instances that nobody wants end, those that do not exist start, volumes of instances
// that started are bound, and live facts reach the instances that run.
func (r *Runtime) Run() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.components {
		maps.DeleteFunc(c.instances, func(name string, _ running) bool {
			_, wanted := c.wanted[name]
			return !wanted
		})
		for name, p := range c.wanted {
			revision, err := revisionOf(p.instance)
			if err != nil {
				return err
			}
			is, runs := c.instances[name]
			if runs && is.revision == revision {
				is.observed.Facts = p.facts()
				c.instances[name] = is
			}
			if runs {
				continue
			}
			c.instances[name] = running{r.observed(p), revision}
			c.bind(p.instance)
		}
	}
	return nil
}

func (r *Runtime) observed(p placed) plan.ObservedInstance {
	return plan.ObservedInstance{
		Group: p.group, ID: p.instance.ID, Roles: p.instance.Roles, UID: r.nextUID(), Facts: p.facts(),
	}
}

func (p placed) facts() map[string]string {
	out := maps.Clone(p.instance.Facts)
	maps.Copy(out, p.instance.LiveFacts)
	return out
}

func (c *component) bind(in plan.Instance) {
	for _, m := range in.Mounts {
		if m.Volume == nil {
			continue
		}
		v := c.volumes[m.Volume.Name]
		v.Bound, v.Size = true, v.Requested
		c.volumes[m.Volume.Name] = v
	}
}

// SetReady says whether an instance is ready. One that does not exist stays so.
func (r *Runtime) SetReady(ref runtime.Ref, instance string, ready bool) {
	r.change(ref, instance, func(i *plan.ObservedInstance) { i.Ready = ready })
}

// SettleWorkload makes the workload of a component run as it was last applied.
func (r *Runtime) SettleWorkload(ref runtime.Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.component(ref).workload; w != nil {
		w.ready = true
	}
}

// SetStuck says why an instance cannot start; it is not ready then.
func (r *Runtime) SetStuck(ref runtime.Ref, instance, why string) {
	r.change(ref, instance, func(i *plan.ObservedInstance) { i.Stuck, i.Ready = why, false })
}

// AskRestart is what a person does who wants an instance to restart.
func (r *Runtime) AskRestart(ref runtime.Ref, instance string) {
	r.change(ref, instance, func(i *plan.ObservedInstance) { i.Restart = true })
}

func (r *Runtime) change(ref runtime.Ref, instance string, edit func(*plan.ObservedInstance)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	is, ok := r.component(ref).instances[instance]
	if !ok {
		return
	}
	edit(&is.observed)
	r.component(ref).instances[instance] = is
}

// SetVolume changes what is seen of a volume.
func (r *Runtime) SetVolume(ref runtime.Ref, name string, v plan.ObservedVolume) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.component(ref).volumes[name] = v
}
