package batch

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestResourcesKnowWhoClaimsWhat(t *testing.T) {
	r := NewResources("ns")
	r.Put("t", "t", false)
	r.Put("b", "t", true)
	r.Put("b", "t", true)
	if got := r.Claiming("t"); !slices.Equal(got, []types.NamespacedName{key("b"), key("t")}) || r.Count() != 2 || r.Paused() != 1 {
		t.Errorf("%v claim it, of %d, %d paused", got, r.Count(), r.Paused())
	}
	if !r.Has("b") || r.Has("c") {
		t.Error("it does not know which resources there are")
	}
	r.Put("t", "other", false)
	r.Put("b", "t", false)
	if got := r.Claiming("t"); !slices.Equal(got, []types.NamespacedName{key("b")}) || len(r.Claiming("other")) != 1 || r.Paused() != 0 {
		t.Errorf("after another name: %v", got)
	}
	var each []string
	r.Each(func(k types.NamespacedName) { each = append(each, k.Name) })
	if slices.Sort(each); !slices.Equal(each, []string{"b", "t"}) {
		t.Errorf("each: %v", each)
	}
	for _, name := range []string{"t", "b", "b"} {
		r.Remove(key(name))
	}
	if r.Count() != 0 || len(r.claims)+len(r.renamed)+len(r.paused) != 0 {
		t.Errorf("something is left: %+v", r)
	}
}

func TestAResourceThatIsBackLeftNothingBehind(t *testing.T) {
	r := NewResources("ns")
	r.Orphan(key("c"), "left")
	if name, is := r.Orphaned(key("c")); !is || name != "left" {
		t.Errorf("left behind: %s", name)
	}
	r.Put("c", "left", false)
	if _, is := r.Orphaned(key("c")); is {
		t.Error("a resource that is back left nothing behind")
	}
	r.Orphan(key("c"), "left")
	r.Adopted(key("c"))
	if _, is := r.Orphaned(key("c")); is {
		t.Error("what another resource has was not left behind")
	}
}
