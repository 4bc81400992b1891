package v1

// Condition is one statement about a resource.
type Condition struct {
	// What the statement is about.
	Type string `json:"type,omitempty"`
	// Whether it holds: True, False or Unknown.
	Status string `json:"status,omitempty"`
	// Time of the last change of `status`, ISO 8601 in UTC.
	LastTransitionTime string `json:"lastTransitionTime,omitempty"`
	// Why, in one word.
	Reason string `json:"reason,omitempty"`
	// Why, for people.
	Message string `json:"message,omitempty"`
}

// Values of Condition.Status.
const (
	// ConditionTrue: the statement holds.
	ConditionTrue = "True"
	// ConditionFalse: the statement does not hold.
	ConditionFalse = "False"
	// ConditionUnknown: nobody knows.
	ConditionUnknown = "Unknown"
)

// Types of conditions. A resource that could not be reconciled is NotReady=True; only KafkaTopic and KafkaAccess say Ready=False.
const (
	// ConditionReady: the resource is as wanted.
	ConditionReady = "Ready"
	// ConditionNotReady: the last reconciliation failed, or the first one goes on.
	ConditionNotReady = "NotReady"
	// ConditionWarning: the resource works, but something about it is unwise. May appear many times.
	ConditionWarning = "Warning"
	// ConditionUnmanaged: the topic operator leaves the topic alone, as the resource asks.
	ConditionUnmanaged = "Unmanaged"
	// ConditionReconciliationPaused: the resource asks to be left alone.
	ConditionReconciliationPaused = "ReconciliationPaused"
)

// Reasons of ConditionNotReady. Tools match these strings, so they keep the class-like names the API has always had.
const (
	// ReasonCreating: the first reconciliation goes on.
	ReasonCreating = "Creating"
	// ReasonInvalidResource: the resource contradicts itself or asks for what cannot be done.
	ReasonInvalidResource = "InvalidResourceException"
	// ReasonInvalidConfiguration: resources that belong together do not fit, such as a cluster without node pools.
	ReasonInvalidConfiguration = "InvalidConfigurationException"
	// ReasonUnsupportedKafkaVersion: the operator does not know the Kafka version.
	ReasonUnsupportedKafkaVersion = "UnsupportedKafkaVersionException"
	// ReasonKafkaUpgrade: the cluster cannot go from its version to the wanted one.
	ReasonKafkaUpgrade = "KafkaUpgradeException"
	// ReasonCompletion: a call to Kubernetes or to a REST API failed.
	ReasonCompletion = "CompletionException"
	// ReasonTimeout: something took longer than the operation timeout.
	ReasonTimeout = "TimeoutException"
	// ReasonStrimziTimeout: a wait for an object or a node took longer than the operation timeout.
	ReasonStrimziTimeout = "StrimziTimeoutException"
	// ReasonNoStackTraceTimeout: a wait within a roll took longer than the operation timeout.
	ReasonNoStackTraceTimeout = "NoStackTraceTimeoutException"
	// ReasonNoStackTrace: a failure that has no class of its own.
	ReasonNoStackTrace = "NoStackTraceThrowable"
	// ReasonFatalProblem: a node cannot be restarted, and trying again will not help.
	ReasonFatalProblem = "FatalProblem"
	// ReasonUnforceableProblem: a node must not be restarted now, whatever the reason.
	ReasonUnforceableProblem = "UnforceableProblem"
	// ReasonForceableProblem: a node should not be restarted now.
	ReasonForceableProblem = "ForceableProblem"
	// ReasonNoSuchResource: a resource that this one refers to is missing.
	ReasonNoSuchResource = "NoSuchResourceException"
	// ReasonKubernetesClient: Kubernetes refused a call.
	ReasonKubernetesClient = "KubernetesClientException"
	// ReasonRuntime: an unexpected failure.
	ReasonRuntime = "RuntimeException"
	// ReasonIllegalArgument: a label or annotation is not allowed.
	ReasonIllegalArgument = "IllegalArgumentException"
	// ReasonConnectRest: the REST API of Kafka Connect answered with an error.
	ReasonConnectRest = "ConnectRestException"
	// ReasonNotSupported: a topic cannot be changed in this way.
	ReasonNotSupported = "NotSupported"
	// ReasonResourceConflict: another resource manages the topic.
	ReasonResourceConflict = "ResourceConflict"
	// ReasonKafka: Kafka refused something about a topic.
	ReasonKafka = "KafkaError"
	// ReasonInternal: a KafkaTopic could not be acted on.
	ReasonInternal = "InternalError"
	// ReasonDeletionHeld: many topics were deleted at once, and someone must say that this was meant.
	ReasonDeletionHeld = "DeletionHeld"
	// ReasonDrift: the topic was deleted in Kafka, and the operator was told to only report such things.
	ReasonDrift = "Drift"
	// ReasonExecution: a user could not be made what is wanted; the message begins with the kind of failure where it has one.
	ReasonExecution = "ExecutionException"
	// ReasonConnectTimeout: the REST API of Kafka Connect did not answer.
	ReasonConnectTimeout = "ConnectTimeoutException"
)

// ReasonNotSupportedYet is Castellan's own, of warnings and of NotReady: this version does not act on a field, or on the kind.
const ReasonNotSupportedYet = "NotSupportedYet"

// Reasons of ConditionWarning.
const (
	// WarningUnknownFields: the manifest has a field that means nothing there, such as one of another `type`.
	WarningUnknownFields = "UnknownFields"
	// WarningDeprecatedFields: the manifest has fields that will go.
	WarningDeprecatedFields = "DeprecatedFields"
	// WarningDeprecatedObjects: the manifest has objects that will go, such as a listener of type ingress.
	WarningDeprecatedObjects = "DeprecatedObjects"
	// WarningDefaultReplicationFactor: several brokers, but default.replication.factor is not set.
	WarningDefaultReplicationFactor = "KafkaDefaultReplicationFactor"
	// WarningMinInsyncReplicas: several brokers, but min.insync.replicas is not set.
	WarningMinInsyncReplicas = "KafkaMinInsyncReplicas"
	// WarningStorage: a lone node with ephemeral storage, or a change of storage that was refused.
	WarningStorage = "KafkaStorage"
	// WarningControllerNodeCount: two controllers, or an even number.
	WarningControllerNodeCount = "KafkaKRaftControllerNodeCount"
	// WarningMetadataVersion: the metadata version is older or newer than the Kafka version.
	WarningMetadataVersion = "KafkaMetadataVersion"
	// WarningInterBrokerProtocolVersion: inter.broker.protocol.version is set, which KRaft ignores.
	WarningInterBrokerProtocolVersion = "KafkaInterBrokerProtocolVersionInKRaft"
	// WarningLogMessageFormatVersion: log.message.format.version is set, which KRaft ignores.
	WarningLogMessageFormatVersion = "KafkaLogMessageFormatVersionInKRaft"
	// WarningQuotasPluginConflict: both quotas and a quota class of the user's are set; the class is dropped.
	WarningQuotasPluginConflict = "QuotasPluginConflict"
	// WarningScaleDownPrevented: brokers that still hold partitions were kept.
	WarningScaleDownPrevented = "ScaleDownPreventionCheck"
	// WarningPvcResizing: a volume could not be resized.
	WarningPvcResizing = "PvcResizingWarning"
	// WarningAuthorityExpires: the certificate of a user's own authority ends soon.
	WarningAuthorityExpires = "CertificateAuthorityExpiring"
	// WarningCertificatePostponed: an authority's certificate is due and waits for a maintenance window.
	WarningCertificatePostponed = "CertificateRenewalPostponed"
	// WarningInvalidConfig: an option of a topic is not acted on.
	WarningInvalidConfig = "InvalidConfig"
	// WarningTopicConflict: something of a topic was changed in Kafka and in the resource, in different ways.
	WarningTopicConflict = "TopicConflict"
	// WarningDrift: something of a topic or user was changed in Kafka and is left like that.
	WarningDrift = "Drift"
	// WarningFutileACL: a rule of a user can never have an effect.
	WarningFutileACL = "FutileACL"
	// WarningSecretNotCopied: the Secret of a user is to be copied into a namespace where that is not allowed.
	WarningSecretNotCopied = "SecretNotCopied"
	// WarningMetadataUpdateFailed: the metadata version could not be changed.
	WarningMetadataUpdateFailed = "MetadataUpdateFailed"
)

// What an Event about the restart of a pod says besides its reason.
const (
	// RestartEventAction is the event's action.
	RestartEventAction = "StrimziInitiatedPodRestart"
	// RestartEventController is the event's reporting controller.
	RestartEventController = "strimzi.io/cluster-operator"
	// RestartEventGenerateName is what the event's name starts with.
	RestartEventGenerateName = "strimzi-event"
)

// What Events about certificates say: their action, and their reasons.
const (
	// CertificateEventAction is the action of all of them.
	CertificateEventAction = "CertificateMaintenance"
	// EventCertificateIssued: nodes or the operator have new certificates.
	EventCertificateIssued = "CertificateIssued"
	// EventAuthorityCreated: an authority was made.
	EventAuthorityCreated = "CertificateAuthorityCreated"
	// EventAuthorityRenewed: an authority has a new certificate for its key.
	EventAuthorityRenewed = "CertificateAuthorityRenewed"
	// EventAuthorityReplaced: an authority has a new key.
	EventAuthorityReplaced = "CertificateAuthorityKeyReplaced"
	// EventOldCertificatesRemoved: certificates of earlier keys are not trusted any more.
	EventOldCertificatesRemoved = "OldCertificatesRemoved"
)

// Reasons of the Events about the restart of a pod, one Event for each.
const (
	// RestartCACertHasOldGeneration: the pod trusts or uses certificates of an older CA certificate.
	RestartCACertHasOldGeneration = "CaCertHasOldGeneration"
	// RestartCACertRemoved: an old CA certificate is no longer trusted.
	RestartCACertRemoved = "CaCertRemoved"
	// RestartCACertRenewed: a CA has a new certificate.
	RestartCACertRenewed = "CaCertRenewed"
	// RestartClusterCACertKeyReplaced: the cluster CA has a new key.
	RestartClusterCACertKeyReplaced = "ClusterCaCertKeyReplaced"
	// RestartConfigChange: an option changed that Kafka reads only at its start.
	RestartConfigChange = "ConfigChangeRequiresRestart"
	// RestartFileSystemResize: a volume grew, and its file system grows when the pod starts.
	RestartFileSystemResize = "FileSystemResizeNeeded"
	// RestartManualRollingUpdate: an annotation asks for it.
	RestartManualRollingUpdate = "ManualRollingUpdate"
	// RestartPodForcedOnError: the node answers with errors.
	RestartPodForcedOnError = "PodForceRestartOnError"
	// RestartPodHasOldRevision: the pod differs from the wanted one.
	RestartPodHasOldRevision = "PodHasOldRevision"
	// RestartPodHasOldResourceRevision: CPU or memory differ from the wanted ones.
	RestartPodHasOldResourceRevision = "PodHasOldResourceRevision"
	// RestartPodResourcesChanged: CPU or memory changed and could not be changed in place.
	RestartPodResourcesChanged = "PodResourcesChanged"
	// RestartPodStuck: the pod cannot be scheduled or started as it is.
	RestartPodStuck = "PodStuck"
	// RestartPodUnresponsive: the node does not answer.
	RestartPodUnresponsive = "PodUnresponsive"
	// RestartKafkaCertificatesChanged: the node's own certificate changed.
	RestartKafkaCertificatesChanged = "KafkaCertificatesChanged"
)
