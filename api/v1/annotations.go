package v1

// Annotations that users set. Boolean ones count as set when they say true, in whatever case.
const (
	// AnnotationPauseReconciliation: true leaves the resource alone; a node pool follows its cluster.
	AnnotationPauseReconciliation = Domain + "pause-reconciliation"
	// AnnotationManualRollingUpdate: true, on a StrimziPodSet or a pod, restarts its pods.
	AnnotationManualRollingUpdate = Domain + "manual-rolling-update"
	// AnnotationDeletePodAndPVC: true, on a Kafka pod, makes pod and volumes anew.
	AnnotationDeletePodAndPVC = Domain + "delete-pod-and-pvc"
	// AnnotationForceRenew: true, on the certificate Secret of a CA or a user, renews the certificate.
	AnnotationForceRenew = Domain + "force-renew"
	// AnnotationForceReplace: true, on the key Secret of a CA, replaces the key.
	AnnotationForceReplace = Domain + "force-replace"
	// AnnotationNextNodeIDs lists the ids a growing pool takes first, such as [0-2, 10].
	AnnotationNextNodeIDs = Domain + "next-node-ids"
	// AnnotationRemoveNodeIDs lists the ids a shrinking pool gives up first, such as [10, 2-0].
	AnnotationRemoveNodeIDs = Domain + "remove-node-ids"
	// AnnotationSkipScaleDownCheck: true removes brokers even if they hold partitions.
	AnnotationSkipScaleDownCheck = Domain + "skip-broker-scaledown-check"
	// AnnotationInPlaceResizing: true changes CPU and memory without a restart where that is possible.
	AnnotationInPlaceResizing = Domain + "in-place-resizing"
	// AnnotationInPlaceResizingWaitForDeferred: true waits when the node has no room yet, instead of restarting.
	AnnotationInPlaceResizingWaitForDeferred = Domain + "in-place-resizing-wait-for-deferred"
	// AnnotationInternalClusterSecurity is JSON: how nodes and components encrypt and authenticate among themselves.
	AnnotationInternalClusterSecurity = Domain + "internal-cluster-security"
	// AnnotationRebalance drives a KafkaRebalance: approve, refresh or stop. The operators set it, too.
	AnnotationRebalance = Domain + "rebalance"
	// AnnotationRebalanceAutoApproval: true carries a proposal out without being asked.
	AnnotationRebalanceAutoApproval = Domain + "rebalance-auto-approval"
	// AnnotationRebalanceTemplate: true makes a KafkaRebalance a template for automatic ones.
	AnnotationRebalanceTemplate = Domain + "rebalance-template"
	// AnnotationUseConnectorResources: true manages connectors through KafkaConnector resources.
	AnnotationUseConnectorResources = Domain + "use-connector-resources"
	// AnnotationForceRebuild: true, on the StrimziPodSet of Connect, builds the image anew.
	AnnotationForceRebuild = Domain + "force-rebuild"
	// AnnotationRestart restarts a connector: true, or a list of includeTasks and onlyFailed.
	AnnotationRestart = Domain + "restart"
	// AnnotationRestartTask restarts the task with this id.
	AnnotationRestartTask = Domain + "restart-task"
	// AnnotationRestartConnector restarts a connector of MirrorMaker 2: its name, and options after a colon.
	AnnotationRestartConnector = Domain + "restart-connector"
	// AnnotationRestartConnectorTask restarts a task of MirrorMaker 2: connector, colon, id.
	AnnotationRestartConnectorTask = Domain + "restart-connector-task"
	// AnnotationConnectorOffsets works on a connector's offsets: list, alter or reset.
	AnnotationConnectorOffsets = Domain + "connector-offsets"
	// AnnotationMirrorMakerConnector names the connector that AnnotationConnectorOffsets means.
	AnnotationMirrorMakerConnector = Domain + "mirrormaker-connector"
	// AnnotationManaged: exactly false makes the topic operator leave a topic alone.
	AnnotationManaged = Domain + "managed"
)

// Annotations that say which generation of a certificate authority something has. Users count up the first two on the Secrets of
// their own CAs.
const (
	// AnnotationCACertGeneration counts the certificates of a CA, from 0.
	AnnotationCACertGeneration = Domain + "ca-cert-generation"
	// AnnotationCAKeyGeneration counts the keys of a CA, from 0.
	AnnotationCAKeyGeneration = Domain + "ca-key-generation"
	// AnnotationClusterCACertGeneration is the generation of the cluster CA's certificate a pod or Secret was made with.
	AnnotationClusterCACertGeneration = Domain + "cluster-ca-cert-generation"
	// AnnotationClusterCAKeyGeneration is the generation of the cluster CA's key a pod was made with.
	AnnotationClusterCAKeyGeneration = Domain + "cluster-ca-key-generation"
	// AnnotationClientsCACertGeneration is the generation of the clients CA's certificate a pod was made with.
	AnnotationClientsCACertGeneration = Domain + "clients-ca-cert-generation"
)

// Annotations that the operators set on what they generate.
const (
	// AnnotationRevision is a hash (8 hex digits) of the pod a StrimziPodSet wants, or of what a Deployment is.
	AnnotationRevision = Domain + "revision"
	// AnnotationResourceRevision is a hash (8 hex digits) of its CPU and memory.
	AnnotationResourceRevision = Domain + "resource-revision"
	// AnnotationConfigurationHash is a hash (8 hex digits) of the configuration a pod needs a restart for.
	AnnotationConfigurationHash = Domain + "configuration-hash"
	// AnnotationKafkaVersion is the Kafka version of a pod or StrimziPodSet.
	AnnotationKafkaVersion = Domain + "kafka-version"
	// AnnotationStorage is the storage (JSON) a StrimziPodSet was made with.
	AnnotationStorage = Domain + "storage"
	// AnnotationServerCertHash is a SHA-1 hash of the certificate a pod was made with.
	AnnotationServerCertHash = Domain + "server-cert-hash"
	// AnnotationCustomListenerCertThumbprints are hashes of the certificates that users brought for listeners.
	AnnotationCustomListenerCertThumbprints = Domain + "custom-listener-cert-thumbprints"
	// AnnotationAuthHash is a hash of the credentials a pod was made with.
	AnnotationAuthHash = Domain + "auth-hash"
	// AnnotationCapacityConfigurationHash is a hash (8 hex digits) of what Cruise Control knows about the brokers.
	AnnotationCapacityConfigurationHash = Domain + "capacity-configuration-hash"
	// AnnotationConnectBuildRevision is a hash (16 hex digits) of what a Connect image is built from.
	AnnotationConnectBuildRevision = Domain + "connect-build-revision"
	// AnnotationConnectBuildImage is the Connect image that was built, with its digest.
	AnnotationConnectBuildImage = Domain + "connect-build-image"
	// AnnotationDeleteClaim tells whether a volume claim goes when its volume goes: true or false.
	AnnotationDeleteClaim = Domain + "delete-claim"
	// AnnotationInPlaceResizingError: true marks a pod whose CPU and memory could not be changed in place.
	AnnotationInPlaceResizingError = Domain + "in-place-resizing-error"
	// AnnotationDiscovery describes the ports of a Service (JSON).
	AnnotationDiscovery = Domain + "discovery"
)

// Annotations of Castellan's own that users set on a Kafka resource. Durations are Go's, such as 36h or 90m, and at least one
// minute; they take precedence over the days of the spec.
const (
	// AnnotationClusterCALifetime is how long a certificate of the cluster CA is valid.
	AnnotationClusterCALifetime = "castellan.io/cluster-ca-lifetime"
	// AnnotationClusterCARenewBefore is how long before its end the cluster CA's certificate is renewed.
	AnnotationClusterCARenewBefore = "castellan.io/cluster-ca-renew-before"
	// AnnotationClientsCALifetime is how long a certificate of the clients CA is valid.
	AnnotationClientsCALifetime = "castellan.io/clients-ca-lifetime"
	// AnnotationClientsCARenewBefore is how long before its end the clients CA's certificate is renewed.
	AnnotationClientsCARenewBefore = "castellan.io/clients-ca-renew-before"
	// AnnotationLeafLifetime is how long certificates of nodes and of the operator are valid.
	AnnotationLeafLifetime = "castellan.io/leaf-lifetime"
	// AnnotationLeafRenewBefore is how long before their end certificates of nodes and of the operator are renewed.
	AnnotationLeafRenewBefore = "castellan.io/leaf-renew-before"
	// AnnotationCAKeyAlgorithm is the kind of key that CAs get: RSA-2048, RSA-4096, ECDSA-P256, ECDSA-P384 or Ed25519.
	AnnotationCAKeyAlgorithm = "castellan.io/ca-key-algorithm"
	// AnnotationLeafKeyAlgorithm is the kind of key that nodes and the operator get: RSA-2048, RSA-4096, ECDSA-P256 or ECDSA-P384.
	AnnotationLeafKeyAlgorithm = "castellan.io/leaf-key-algorithm"
)

// Annotations of Castellan's own that users set on a Kafka resource, for the topic operator of the cluster.
const (
	// AnnotationTopicSync says where changes of topics may come from: two-way (Kafka and KafkaTopic resources) or one-way (resources).
	AnnotationTopicSync = "castellan.io/topic-sync"
	// AnnotationTopicSyncExclude is a regular expression for whole names of topics that get no resource of their own accord.
	AnnotationTopicSyncExclude = "castellan.io/topic-sync-exclude"
	// AnnotationTopicSyncIntervalMs is how often Kafka is asked for changes of topics, in milliseconds; at least 1000.
	AnnotationTopicSyncIntervalMs = "castellan.io/topic-sync-interval-ms"
	// AnnotationDrift, on a Kafka resource for all its topics and on a KafkaTopic for this one, is what happens about changes that were made
	// in Kafka: revert (the default) takes them back, report tells about them.
	AnnotationDrift = "castellan.io/drift"
)

// Annotations of Castellan's own that users set on a Kafka resource, for the user operator of the cluster.
const (
	// AnnotationUserLifetime is how long certificates of users are valid: a Go duration, at least one minute.
	AnnotationUserLifetime = "castellan.io/user-lifetime"
	// AnnotationUserRenewBefore is how long before their end certificates of users are renewed.
	AnnotationUserRenewBefore = "castellan.io/user-renew-before"
	// AnnotationUserKeyAlgorithm is the kind of key that users get: RSA-2048 (the default), RSA-4096, ECDSA-P256 or ECDSA-P384.
	AnnotationUserKeyAlgorithm = "castellan.io/user-key-algorithm"
	// AnnotationUserSecretNamespaces lists the namespaces into which Secrets of users may be copied, separated by commas.
	AnnotationUserSecretNamespaces = "castellan.io/user-secret-namespaces"
)

// Annotations of Castellan's own that users set on a KafkaUser.
const (
	// AnnotationUsername is the username in Kafka where it is not the name of the resource.
	AnnotationUsername = "castellan.io/username"
	// AnnotationLifetime is how long a certificate is valid, before validityDays: a Go duration, at least one minute.
	AnnotationLifetime = "castellan.io/lifetime"
	// AnnotationRenewBefore is how long before its end a certificate is renewed, before renewalDays. A third of the lifetime if only that is said.
	AnnotationRenewBefore = "castellan.io/renew-before"
	// AnnotationKeyAlgorithm is the kind of key: RSA-2048, RSA-4096, ECDSA-P256 or ECDSA-P384.
	AnnotationKeyAlgorithm = "castellan.io/key-algorithm"
	// AnnotationScramMechanisms lists the mechanisms for which Kafka gets the password, separated by commas; SCRAM-SHA-512 by default.
	AnnotationScramMechanisms = "castellan.io/scram-mechanisms"
	// AnnotationRotateAfter is how old credentials may get before they are replaced: a Go duration, at least one minute.
	AnnotationRotateAfter = "castellan.io/rotate-after"
	// AnnotationRotate asks for new credentials, once for each text.
	AnnotationRotate = "castellan.io/rotate"
	// AnnotationCertificateRequest is a PKCS#10 request (PEM) that is signed, so that the key stays with the user.
	AnnotationCertificateRequest = "castellan.io/certificate-request"
	// AnnotationCopySecretTo lists namespaces that get a copy of the Secret, separated by commas.
	AnnotationCopySecretTo = "castellan.io/copy-secret-to"
)

// Annotations of Castellan's own on Secrets of users.
const (
	// AnnotationRotated is the text of AnnotationRotate that was last carried out.
	AnnotationRotated = "castellan.io/rotated"
	// AnnotationIssuedAt is when the credentials were made: a time as in RFC 3339, in UTC.
	AnnotationIssuedAt = "castellan.io/issued-at"
	// AnnotationCopiedFrom is the namespace of the KafkaUser for which a copy of its Secret was made.
	AnnotationCopiedFrom = "castellan.io/copied-from"
)

// Annotations of Castellan's own.
const (
	// AnnotationClusterNamespace is the namespace of the cluster for which an object in another namespace was made.
	AnnotationClusterNamespace = "castellan.io/cluster-namespace"
	// AnnotationQuorumVoters lists the controllers that a node was started with: node ids, ascending, separated by commas.
	AnnotationQuorumVoters = "castellan.io/quorum-voters"
	// AnnotationClusterID names the Kafka cluster whose data a pod set's nodes and a volume hold.
	AnnotationClusterID = "castellan.io/cluster-id"
	// AnnotationNotAfter is the end of the certificate in a Secret that the operator keeps: a time as in RFC 3339, in UTC.
	AnnotationNotAfter = "castellan.io/not-after"
	// AnnotationAgreed is what a KafkaTopic and its topic last agreed on (JSON); changes on both sides are merged over it.
	AnnotationAgreed = "castellan.io/agreed"
)

// Annotations of Castellan's own that users set on a KafkaTopic.
const (
	// AnnotationConfirmDeletion answers when the deletion of many topics was held back: true carries it out for this topic,
	// false creates the topic again that is gone from Kafka.
	AnnotationConfirmDeletion = "castellan.io/confirm-deletion"
)
