package convert

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"castellan.io/castellan/internal/yamltree"
)

// mirrorMaker2 puts clusters, which stood in a list of their own, where they are the target and the sources.
func (c *conversion) mirrorMaker2(r *resource) {
	spec := r.spec()
	workers(spec, "mirror-maker-2", "3")
	for _, mirror := range spec.each("mirrors") {
		pause(mirror.in("sourceConnector"))
		pause(mirror.in("checkpointConnector"))
		mirror.remove("heartbeatConnector", "v1 does not have it")
		mirror.move("topicsBlacklistPattern", "topicsExcludePattern")
		mirror.move("groupsBlacklistPattern", "groupsExcludePattern")
	}
	clusters := map[string]section{}
	for _, cluster := range spec.each("clusters") {
		clusters[cluster.text("alias")] = cluster
	}
	if !target(spec, clusters) || !sources(spec, clusters) {
		spec.undecided("clusters")
		return
	}
	for _, cluster := range spec.each("clusters") {
		name := cluster.text("alias")
		if name != spec.text("target.alias") && !slices.ContainsFunc(spec.each("mirrors"), func(m section) bool { return m.text("source.alias") == name }) {
			r.changed(cluster.node, "%s (%s) is removed: no mirror uses it", cluster.path, name)
		}
	}
	if p := spec.take("clusters"); p.exists() {
		r.changed(p.key, "spec.clusters is now spec.target and spec.mirrors[].source")
	}
	oauth(spec.in("target"))
	for _, mirror := range spec.each("mirrors") {
		oauth(mirror.in("source"))
	}
}

// target makes spec.target of the cluster that Connect runs at; false, with a note, when that cluster is not there.
func target(spec section, clusters map[string]section) bool {
	if spec.has("target") {
		spec.remove("connectCluster", "spec.target is set and counts")
		return true
	}
	name := spec.text("connectCluster")
	cluster, found := clusters[name]
	if !found {
		spec.resource.left(spec.key("connectCluster"), "spec.connectCluster %q is not in spec.clusters; write that cluster into spec.target", name)
		spec.undecided("connectCluster")
		return false
	}
	p := spec.take("connectCluster")
	spec.put("target", pair{p.key, yamltree.Clone(cluster.node)})
	spec.resource.changed(p.key, "spec.connectCluster and the cluster %s are now spec.target", name)
	topics(spec.in("target"), spec.in("target"), "mirrormaker2-cluster", byDefault)
	return true
}

// sources makes the source of each mirror; false, with a note, when one is not there or goes elsewhere than to the target.
func sources(spec section, clusters map[string]section) bool {
	complete := true
	for _, mirror := range spec.each("mirrors") {
		if to := mirror.text("targetCluster"); to != "" && to != spec.text("target.alias") {
			mirror.left("targetCluster", to+" is not the cluster that Connect runs at; v1 mirrors to that one only: write another KafkaMirrorMaker2")
			spec.resource.undecided = append(spec.resource.undecided, mirror.path)
			complete = false
			continue
		}
		if mirror.has("source") {
			mirror.remove("sourceCluster", "source is set and counts")
			mirror.take("targetCluster")
			continue
		}
		cluster, found := clusters[mirror.text("sourceCluster")]
		if !found {
			spec.resource.left(mirror.node, "%s.sourceCluster %q is not in spec.clusters; write that cluster into %s.source", mirror.path, mirror.text("sourceCluster"), mirror.path)
			spec.resource.undecided = append(spec.resource.undecided, mirror.path)
			complete = false
			continue
		}
		p := mirror.take("sourceCluster")
		mirror.take("targetCluster")
		key := at(yamltree.Text("source"), p)
		key.HeadComment = p.key.HeadComment
		mirror.node.Content = append([]*yaml.Node{key, yamltree.Clone(cluster.node)}, mirror.node.Content...)
		mirror.resource.changed(p.key, "%s.sourceCluster is now source, targetCluster is spec.target", mirror.path)
	}
	return complete
}
