{{/* Labels of an object: (list $ "component"). Only app is not Helm's own. */}}
{{- define "castellan.labels" -}}
{{- $root := index . 0 -}}
app: {{ $root.Values.nameOverride | default "strimzi" }}
chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
component: {{ index . 1 }}
release: {{ $root.Release.Name }}
heritage: {{ $root.Release.Service }}
{{- end }}

{{/* Registry, repository and name of an image: (list $ image). */}}
{{- define "castellan.repository" -}}
{{- $values := (index . 0).Values -}}
{{- $image := index . 1 -}}
{{- $registry := $image.registry | default $values.defaultImageRegistry -}}
{{- $repository := $image.repository | default $values.defaultImageRepository -}}
{{- list $registry $repository $image.name | compact | join "/" -}}
{{- end }}

{{/* An image of Castellan itself: (list $ image). A digest wins over a tag. */}}
{{- define "castellan.image" -}}
{{- $image := index . 1 -}}
{{- include "castellan.repository" . -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default (index . 0).Values.defaultImageTag }}{{ end -}}
{{- end }}

{{/* The image of a Kafka version: (list $ image version). */}}
{{- define "castellan.kafkaImage" -}}
{{- $image := index . 1 -}}
{{- $tag := index . 2 -}}
{{- if $image.tagPrefix }}{{ $tag = printf "%s-kafka-%s" $image.tagPrefix $tag }}{{ end -}}
{{- include "castellan.repository" . -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $tag }}{{ end -}}
{{- end }}

{{/* The namespaces that are watched, as a JSON list; of all of them there is none. */}}
{{- define "castellan.watched" -}}
{{- if .Values.watchAnyNamespace -}}
[]
{{- else -}}
{{- append .Values.watchNamespaces .Release.Namespace | uniq | sortAlpha | toJson -}}
{{- end -}}
{{- end }}

{{/* Bindings of a role in each watched namespace, or everywhere: (list $ "name" "role"). Everywhere they are called like the role,
but for delegations, whose role is not the operator's own. */}}
{{- define "castellan.bindings" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $role := index . 2 -}}
{{- if and $root.Values.watchAnyNamespace $root.Values.createGlobalResources }}
{{ include "castellan.binding" (dict "root" $root "kind" "ClusterRoleBinding" "name" (ternary $name $role (hasSuffix "-delegation" $name)) "role" $role) }}
{{- end }}
{{- range include "castellan.watched" $root | fromJsonArray }}
{{ include "castellan.binding" (dict "root" $root "kind" "RoleBinding" "name" $name "role" $role "namespace" .) }}
{{- end }}
{{- end }}

{{- define "castellan.binding" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "castellan.labels" (list .root "role-binding") | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ .role }}
subjects:
  - kind: ServiceAccount
    name: {{ .root.Values.serviceAccount }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{/* Names of pull secrets, which are given as a name, as names, or as objects with names; a JSON list. */}}
{{- define "castellan.pullSecrets" -}}
{{- $names := list -}}
{{- $given := .Values.image.imagePullSecrets -}}
{{- if kindIs "string" $given }}{{ $given = compact (list $given) }}{{ end -}}
{{- range $given -}}
{{- if kindIs "map" . }}{{ $names = append $names .name }}{{ else }}{{ $names = append $names . }}{{ end -}}
{{- end -}}
{{- toJson $names -}}
{{- end }}

{{/* The values that this version acts on; others are named after an installation. */}}
{{- define "castellan.known" -}}
affinity annotations createAggregateRoles createGlobalResources defaultImageRegistry defaultImageRepository defaultImageTag
deploymentAnnotations deploymentLabels deploymentStrategy enableServiceLinks extraEnvs featureGates fullReconciliationIntervalMs
generateNetworkPolicy generatePodDisruptionBudget global hostUsers image kafka kafkaInit kubernetesServiceDnsDomain labels
labelsExclusionPattern leaderElection livenessProbe logLevel logLevelOverride nameOverride nodeSelector operationTimeoutMs
operatorNetworkPolicy podDisruptionBudget podSecurityContext priorityClassName rbac readinessProbe replicas resources
revisionHistoryLimit securityContext serviceAccount serviceAccountCreate tolerations topicOperator topologySpreadConstraints
userOperator watchAnyNamespace watchNamespaces
{{- end }}
