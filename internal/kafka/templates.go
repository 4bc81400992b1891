package kafka

import (
	"cmp"
	"fmt"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/kafka/storage"
	"castellan.io/castellan/internal/kafka/template"
)

// mergedTemplate takes each member from the pool, or else from the cluster: members are never mixed.
func mergedTemplate(cluster *v1.KafkaClusterTemplate, pool *v1.KafkaNodePoolTemplate) *v1.KafkaNodePoolTemplate {
	if cluster == nil {
		cluster = &v1.KafkaClusterTemplate{}
	}
	if pool == nil {
		pool = &v1.KafkaNodePoolTemplate{}
	}
	return &v1.KafkaNodePoolTemplate{
		PodSet:                cmp.Or(pool.PodSet, cluster.PodSet),
		Pod:                   cmp.Or(pool.Pod, cluster.Pod),
		PerPodService:         cmp.Or(pool.PerPodService, cluster.PerPodService),
		PerPodRoute:           cmp.Or(pool.PerPodRoute, cluster.PerPodRoute),
		PerPodIngress:         cmp.Or(pool.PerPodIngress, cluster.PerPodIngress),
		PersistentVolumeClaim: cmp.Or(pool.PersistentVolumeClaim, cluster.PersistentVolumeClaim),
		KafkaContainer:        cmp.Or(pool.KafkaContainer, cluster.KafkaContainer),
		InitContainer:         cmp.Or(pool.InitContainer, cluster.InitContainer),
	}
}

// templateOf returns the cluster's template, empty when there is none.
func (c *Cluster) templateOf() v1.KafkaClusterTemplate {
	if c.spec.Template == nil {
		return v1.KafkaClusterTemplate{}
	}
	return *c.spec.Template
}

func metadata(t *v1.ResourceTemplate) *v1.MetadataTemplate {
	if t == nil {
		return nil
	}
	return t.Metadata
}

func serviceMetadata(t *v1.ServiceTemplate) *v1.MetadataTemplate {
	if t == nil {
		return nil
	}
	return t.Metadata
}

// checkTemplates checks what users add to generated objects, at the field from which it comes.
func (r *resolution) checkTemplates() {
	r.checkClusterTemplate()
	for _, p := range r.cluster.Pools {
		r.checkPoolTemplate(p)
	}
}

func (r *resolution) checkClusterTemplate() {
	const at = "spec.kafka.template."
	t := r.cluster.templateOf()
	bad := func(messages []string) { r.problems.add(v1.ReasonInvalidResource, messages...) }
	bad(template.Merged(at+"bootstrapService", serviceMetadata(t.BootstrapService)))
	bad(template.Merged(at+"brokersService", serviceMetadata(t.BrokersService)))
	bad(template.Merged(at+"externalBootstrapService", metadata(t.ExternalBootstrapService)))
	bad(template.Direct(at+"serviceAccount", metadata(t.ServiceAccount)))
	bad(template.Direct(at+"clusterCaCert", metadata(t.ClusterCACert)))
	if t.PodDisruptionBudget != nil {
		bad(template.Direct(at+"podDisruptionBudget", t.PodDisruptionBudget.Metadata))
	}
}

func (r *resolution) checkPoolTemplate(p Pool) {
	own := p.spec.Spec.Template
	if own == nil {
		own = &v1.KafkaNodePoolTemplate{}
	}
	// A member that the pool does not have comes from the cluster: the error names the place where it can be changed.
	at := func(name string, ofPool bool) string {
		if ofPool {
			return p.path() + ".template." + name
		}
		return "spec.kafka.template." + name
	}
	bad := func(messages []string) { r.problems.addOnce(v1.ReasonInvalidResource, messages) }
	t := p.template
	bad(template.Merged(at("podSet", own.PodSet != nil), metadata(t.PodSet)))
	bad(template.Merged(at("perPodService", own.PerPodService != nil), metadata(t.PerPodService)))
	bad(template.Merged(at("persistentVolumeClaim", own.PersistentVolumeClaim != nil), metadata(t.PersistentVolumeClaim)))
	bad(template.Pod(at("pod", own.Pod != nil), t.Pod, reservedVolumes(p)))
	bad(template.Container(at("kafkaContainer", own.KafkaContainer != nil), t.KafkaContainer))
	bad(template.Container(at("initContainer", own.InitContainer != nil), t.InitContainer))
	bad(template.Resources(fmt.Sprintf("%s.resources", p.path()), p.spec.Spec.Resources))
}

// reservedVolumes are the names of the mounts that instances of the pool have or may have.
func reservedVolumes(p Pool) []string {
	names := []string{mountFiles, mountTemporary, mountCertificates, mountTrust, mountLauncher, mountRack, mountAccount}
	for _, v := range storage.Volumes(p.Storage) {
		names = append(names, v.Name)
	}
	return names
}
