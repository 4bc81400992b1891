package runtimetest

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"castellan.io/castellan/internal/plan"
	"castellan.io/castellan/internal/runtime"
)

// Harness is a platform on which nothing exists, and what a test needs to move it.
type Harness struct {
	// Runtime under test.
	Runtime runtime.Runtime
	// Namespace that the test may use.
	Namespace string
	// Run lets the platform do its own work until there is none left: start and end instances.
	Run func(t *testing.T)
	// Ready makes an instance that exists ready.
	Ready func(t *testing.T, instance string)
	// Settle makes a workload that exists run as it was last applied.
	Settle func(t *testing.T, workload string)
}

// Run tests a runtime. Every case gets a harness of its own.
func Run(t *testing.T, harness func(*testing.T) Harness) {
	cases := map[string]func(*testing.T, world){
		"nothing exists of a component that nobody applied":             seesNothing,
		"what is applied runs":                                          applies,
		"applying the same plan again changes nothing":                  appliesAgain,
		"an instance whose plan changes goes on as it is":               leavesInstances,
		"instances that differ from their plan are outdated":            tellsOutdated,
		"live facts reach instances that run and are current":           tellsLiveFacts,
		"a restarted instance is the newest plan's":                     restarts,
		"a restart decided on a stale picture is refused":               refusesStale,
		"an instance that the plan no longer has ends":                  scalesDown,
		"a group that the plan no longer has ends":                      dropsGroup,
		"a retiring instance stays as it is until the plan drops it":    retires,
		"a volume goes with its last use only when it is meant to":      keepsVolumes,
		"a volume can be asked to grow":                                 growsVolumes,
		"a kept secret is never overwritten":                            keepsSecrets,
		"a kept secret can be changed by a plan":                        changesKept,
		"secrets of other components outlive a plan without them":       leavesForeignSecrets,
		"a workload is ready once it runs as it was last applied":       runsWorkload,
		"a workload's facts and files change while it runs":             leavesWorkload,
		"a workload that the plan no longer has ends":                   dropsWorkload,
		"removing can be repeated, and what does not exist is no error": removes,
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) { run(t, world{harness(t)}) })
	}
}

type world struct{ Harness }

func seesNothing(t *testing.T, w world) {
	seen := w.observe(t)
	if len(seen.Groups)+len(seen.Instances)+len(seen.Volumes) > 0 {
		t.Errorf("seen: %+v", seen)
	}
	if secrets := w.secrets(t); len(secrets) > 0 {
		t.Errorf("secrets: %v", secrets)
	}
}

func applies(t *testing.T, w world) {
	w.apply(t, w.plan(0, 1))
	w.Ready(t, instanceName(1))
	seen := w.observe(t)
	equal(t, "instances", []string{instanceName(0), instanceName(1)}, keys(seen.Instances))
	is := seen.Instances[instanceName(1)]
	if is.Group != "pool" || is.ID != 1 || !is.Ready || is.UID == "" || is.Facts["example.com/fact"] != "one" {
		t.Errorf("instance: %+v", is)
	}
	equal(t, "roles", map[string]bool{"broker": true, "controller": false}, is.Roles)
	if seen.Instances[instanceName(0)].Ready {
		t.Error("an instance is ready that nobody made ready")
	}
	group := seen.Groups["one-pool"]
	equal(t, "members", []string{instanceName(0), instanceName(1)}, group.Instances)
	if group.Group != "pool" || group.Facts["example.com/group"] != "fact" {
		t.Errorf("group: %+v", group)
	}
	equal(t, "volumes", []string{"data-" + instanceName(0), "data-" + instanceName(1)}, keys(seen.Volumes))
	secret := w.secrets(t)[instanceName(0)]
	equal(t, "secret", map[string][]byte{"key": []byte("secret")}, secret.Data)
	if secret.OwnerUID != "uid-one" || secret.Component.Name != "one-kafka" || secret.Facts["example.com/secret"] != "fact" {
		t.Errorf("secret: %+v", secret)
	}
	equal(t, "outdated", map[string]runtime.Difference{}, w.outdated(t, w.plan(0, 1)))
}

func appliesAgain(t *testing.T, w world) {
	w.apply(t, w.plan(0, 1))
	before := w.observe(t)
	w.apply(t, w.plan(0, 1))
	equal(t, "what is seen", before, w.observe(t))
}

func leavesInstances(t *testing.T, w world) {
	w.apply(t, w.plan(0))
	before := w.observe(t).Instances
	w.apply(t, changed(w.plan(0), func(in *plan.Instance) { in.Main.Image = "newer" }))
	equal(t, "instances", before, w.observe(t).Instances)
}

func tellsLiveFacts(t *testing.T, w world) {
	w.apply(t, w.plan(0, 1))
	before := w.observe(t).Instances
	w.apply(t, changed(w.plan(0, 1), func(in *plan.Instance) { in.LiveFacts = map[string]string{"example.com/live": "two"} }))
	for name, is := range w.observe(t).Instances {
		if is.UID != before[name].UID || is.Facts["example.com/live"] != "two" || is.Facts["example.com/fact"] != "one" {
			t.Errorf("instance: %+v", is)
		}
	}
	// One that is outdated says what it is until it is replaced.
	w.apply(t, changed(w.plan(0, 1), func(in *plan.Instance) {
		in.Main.Image, in.LiveFacts = "newer", map[string]string{"example.com/live": "three"}
	}))
	for _, is := range w.observe(t).Instances {
		equal(t, "live fact of an outdated instance", "two", is.Facts["example.com/live"])
	}
}

func tellsOutdated(t *testing.T, w world) {
	w.apply(t, w.plan(0, 1))
	cases := map[string]struct {
		change func(*plan.Instance)
		want   runtime.Difference
	}{
		"files":     {func(in *plan.Instance) { in.Files = map[string]string{"a": "other"} }, ""},
		"image":     {func(in *plan.Instance) { in.Main.Image = "newer" }, runtime.DifferentShape},
		"live fact": {func(in *plan.Instance) { in.LiveFacts = map[string]string{"example.com/live": "two"} }, ""},
		"fact":      {func(in *plan.Instance) { in.Facts = map[string]string{"example.com/fact": "two"} }, runtime.DifferentShape},
		"resources": {func(in *plan.Instance) { in.Main.Resources.Limits = map[string]string{"cpu": "2"} }, runtime.DifferentResources},
		"both": {func(in *plan.Instance) {
			in.Main.Image, in.Main.Resources.Limits = "newer", map[string]string{"cpu": "2"}
		}, runtime.DifferentShape},
	}
	for name, c := range cases {
		want := map[string]runtime.Difference{}
		if c.want != "" {
			want[instanceName(0)], want[instanceName(1)] = c.want, c.want
		}
		equal(t, "outdated after another "+name, want, w.outdated(t, changed(w.plan(0, 1), c.change)))
	}
	equal(t, "outdated of an instance that does not run", map[string]runtime.Difference{}, w.outdated(t, w.plan(7)))
}

func restarts(t *testing.T, w world) {
	w.apply(t, w.plan(0, 1))
	newer := changed(w.plan(0, 1), func(in *plan.Instance) { in.Facts = map[string]string{"example.com/fact": "two"} })
	w.apply(t, newer)
	before := w.observe(t)
	must(t, w.Runtime.Restart(t.Context(), w.ref(), instanceName(0), before))
	w.Run(t)
	after := w.observe(t)
	is := after.Instances[instanceName(0)]
	if is.UID == before.Instances[instanceName(0)].UID || is.Facts["example.com/fact"] != "two" || is.Ready {
		t.Errorf("restarted: %+v", is)
	}
	equal(t, "the other", before.Instances[instanceName(1)], after.Instances[instanceName(1)])
	equal(t, "outdated", map[string]runtime.Difference{instanceName(1): runtime.DifferentShape}, w.outdated(t, newer))
}

func refusesStale(t *testing.T, w world) {
	w.apply(t, w.plan(0, 1))
	old := w.observe(t)
	conflict(t, "an instance that nobody saw", w.Runtime.Restart(t.Context(), w.ref(), instanceName(7), old))
	w.Ready(t, instanceName(1))
	conflict(t, "another one's readiness changed", w.Runtime.Restart(t.Context(), w.ref(), instanceName(0), old))
	seen := w.observe(t)
	must(t, w.Runtime.Restart(t.Context(), w.ref(), instanceName(0), seen))
	conflict(t, "another one is gone", w.Runtime.Restart(t.Context(), w.ref(), instanceName(1), seen))
	w.Run(t)
	conflict(t, "another one is new", w.Runtime.Restart(t.Context(), w.ref(), instanceName(1), seen))
	must(t, w.Runtime.Restart(t.Context(), w.ref(), instanceName(1), w.observe(t)))
}

func scalesDown(t *testing.T, w world) {
	w.apply(t, w.plan(0, 1))
	before := w.observe(t)
	w.apply(t, w.plan(0))
	after := w.observe(t)
	equal(t, "instances", map[string]plan.ObservedInstance{instanceName(0): before.Instances[instanceName(0)]}, after.Instances)
	equal(t, "members", []string{instanceName(0)}, after.Groups["one-pool"].Instances)
	equal(t, "secrets", []string{instanceName(0)}, keys(w.secrets(t)))
}

func dropsGroup(t *testing.T, w world) {
	w.apply(t, w.plan(0))
	p := w.plan()
	p.Groups = nil
	w.apply(t, p)
	seen := w.observe(t)
	if len(seen.Groups)+len(seen.Instances) > 0 {
		t.Errorf("seen: %+v", seen)
	}
}

func retires(t *testing.T, w world) {
	deleting := func(in *plan.Instance) { in.Mounts[0].Volume.DeleteWhenUnused = true }
	w.apply(t, changed(w.plan(0, 1), deleting))
	before := w.observe(t)
	p := changed(w.plan(0), deleting)
	p.Groups[0].Retiring = []string{instanceName(1)}
	for range 2 {
		w.apply(t, p)
		seen := w.observe(t)
		equal(t, "what is seen while an instance retires", before, seen)
		equal(t, "secrets", []string{instanceName(0), instanceName(1)}, keys(w.secrets(t)))
		equal(t, "outdated", map[string]runtime.Difference{}, w.outdated(t, p))
	}
	w.apply(t, changed(w.plan(0), deleting))
	seen := w.observe(t)
	equal(t, "instances", []string{instanceName(0)}, keys(seen.Instances))
	equal(t, "volumes", []string{"data-" + instanceName(0)}, keys(seen.Volumes))
	equal(t, "secrets", []string{instanceName(0)}, keys(w.secrets(t)))
}

func keepsVolumes(t *testing.T, w world) {
	p := w.plan(0, 1, 2)
	p.Groups[0].Instances[1].Mounts[0].Volume.DeleteWhenUnused = true
	w.apply(t, p)
	equal(t, "volumes to go", []bool{false, true, false}, deletions(w.observe(t).Volumes))
	w.apply(t, w.plan(0))
	equal(t, "volumes", []string{"data-" + instanceName(0), "data-" + instanceName(2)}, keys(w.observe(t).Volumes))
}

func deletions(volumes map[string]plan.ObservedVolume) []bool {
	var out []bool
	for _, name := range keys(volumes) {
		out = append(out, volumes[name].DeleteWhenUnused)
	}
	return out
}

func growsVolumes(t *testing.T, w world) {
	w.apply(t, w.plan(0))
	w.apply(t, changed(w.plan(0), func(in *plan.Instance) { in.Mounts[0].Volume.Size = "2Gi" }))
	if is := w.observe(t).Volumes["data-"+instanceName(0)]; is.Requested != "2Gi" {
		t.Errorf("volume: %+v", is)
	}
	equal(t, "outdated", map[string]runtime.Difference{}, w.outdated(t, w.plan(0)))
}

func keepsSecrets(t *testing.T, w world) {
	secret := plan.Secret{Name: "authority", Component: authority(), Data: map[string][]byte{"key": []byte("first")}}
	must(t, w.Runtime.Keep(t.Context(), w.owner(), secret))
	second := secret
	second.Data = map[string][]byte{"key": []byte("second")}
	conflict(t, "keeping again", w.Runtime.Keep(t.Context(), w.owner(), second))
	is := w.secrets(t)["authority"]
	equal(t, "data", secret.Data, is.Data)
	if is.OwnerUID != "uid-one" || is.Component != authority() {
		t.Errorf("secret: %+v", is)
	}
}

// changesKept also takes something away, for that is what a platform that notes who wrote what could get wrong.
func changesKept(t *testing.T, w world) {
	must(t, w.Runtime.Keep(t.Context(), w.owner(), plan.Secret{
		Name: "authority", Component: authority(), Data: map[string][]byte{"key": []byte("first"), "old": []byte("old")},
		Facts: map[string]string{"example.com/old": "fact"},
	}))
	p := w.plan(0)
	p.Secrets = append(p.Secrets, plan.Secret{
		Name: "authority", Component: authority(), Data: map[string][]byte{"key": []byte("second")}, Unowned: true,
	})
	w.apply(t, p)
	is := w.secrets(t)["authority"]
	equal(t, "data", map[string][]byte{"key": []byte("second")}, is.Data)
	if is.OwnerUID != "" || is.Facts["example.com/old"] != "" {
		t.Errorf("secret: %+v", is)
	}
}

func leavesForeignSecrets(t *testing.T, w world) {
	must(t, w.Runtime.Keep(t.Context(), w.owner(), plan.Secret{Name: "authority", Component: authority(), Unowned: true}))
	w.apply(t, w.plan(0))
	w.apply(t, w.plan())
	is := w.secrets(t)
	equal(t, "secrets", []string{"authority"}, keys(is))
	if is["authority"].OwnerUID != "" {
		t.Errorf("secret: %+v", is["authority"])
	}
}

func runsWorkload(t *testing.T, w world) {
	first, second := w.workload(nil), w.workload(func(is *plan.Workload) { is.Processes[0].Image = "newer" })
	equal(t, "outdated before it exists", map[string]runtime.Difference{}, w.outdated(t, first))
	w.apply(t, first)
	equal(t, "workloads that start", map[string]bool{"one-worker": false}, w.observe(t).Workloads)
	w.Settle(t, "one-worker")
	equal(t, "workloads that run", map[string]bool{"one-worker": true}, w.observe(t).Workloads)
	equal(t, "outdated", map[string]runtime.Difference{}, w.outdated(t, first))
	equal(t, "outdated before it is applied", map[string]runtime.Difference{"one-worker": runtime.DifferentShape}, w.outdated(t, second))
	w.apply(t, second)
	equal(t, "workloads that change", map[string]bool{"one-worker": false}, w.observe(t).Workloads)
	equal(t, "outdated once it is applied", map[string]runtime.Difference{}, w.outdated(t, second))
	w.Settle(t, "one-worker")
	equal(t, "workloads that have changed", map[string]bool{"one-worker": true}, w.observe(t).Workloads)
}

func leavesWorkload(t *testing.T, w world) {
	w.apply(t, w.workload(nil))
	w.Settle(t, "one-worker")
	other := w.workload(func(is *plan.Workload) {
		is.Facts = map[string]string{"example.com/fact": "two"}
		is.Files[0].Files = map[string]string{"a": "other"}
	})
	equal(t, "outdated before it is applied", map[string]runtime.Difference{}, w.outdated(t, other))
	w.apply(t, other)
	equal(t, "outdated once it is applied", map[string]runtime.Difference{}, w.outdated(t, other))
}

func dropsWorkload(t *testing.T, w world) {
	w.apply(t, w.workload(nil))
	equal(t, "secrets", []string{"identity"}, keys(w.secrets(t)))
	for range 2 {
		w.apply(t, plan.Plan{Owner: w.owner(), Component: w.plan().Component})
		equal(t, "workloads", map[string]bool{}, w.observe(t).Workloads)
		equal(t, "secrets", []string(nil), keys(w.secrets(t)))
	}
}

func removes(t *testing.T, w world) {
	must(t, w.Runtime.Remove(t.Context(), w.ref()))
	p := w.plan(0)
	p.Account.ReadsPlatformNodes = true
	w.apply(t, p)
	must(t, w.Runtime.Remove(t.Context(), w.ref()))
	must(t, w.Runtime.Remove(t.Context(), w.ref()))
}

func (w world) apply(t *testing.T, p plan.Plan) {
	t.Helper()
	must(t, w.Runtime.Apply(t.Context(), p))
	w.Run(t)
}

func (w world) observe(t *testing.T) plan.Observed {
	t.Helper()
	seen, err := w.Runtime.Observe(t.Context(), w.ref())
	must(t, err)
	return seen
}

func (w world) outdated(t *testing.T, p plan.Plan) map[string]runtime.Difference {
	t.Helper()
	out, err := w.Runtime.Outdated(t.Context(), p)
	must(t, err)
	return out
}

func (w world) secrets(t *testing.T) map[string]plan.Secret {
	t.Helper()
	out, err := w.Runtime.Secrets(t.Context(), w.ref())
	must(t, err)
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func conflict(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, runtime.ErrConflict) {
		t.Errorf("%s: error is %v, want a conflict", what, err)
	}
}

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
