package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// ConnectBuild says which plugins to put into an image, and where to push it.
type ConnectBuild struct {
	// Where the image goes.
	Output ConnectBuildOutput `json:"output"`
	// The plugins. Each name appears once.
	Plugins []BuildPlugin `json:"plugins"`
	// CPU and memory of the build.
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
}

// ConnectBuildOutputType is a place an image is pushed to.
//
// +kubebuilder:validation:Enum=docker;imagestream
type ConnectBuildOutputType string

// The places an image is pushed to.
const (
	// ConnectBuildOutputDocker is an image registry.
	ConnectBuildOutputDocker ConnectBuildOutputType = "docker"
	// ConnectBuildOutputImageStream is an ImageStream of OpenShift.
	ConnectBuildOutputImageStream ConnectBuildOutputType = "imagestream"
)

// ConnectBuildOutput says where the image goes.
type ConnectBuildOutput struct {
	// Kind of place.
	Type ConnectBuildOutputType `json:"type"`
	// Full name of the image, or name and tag of the ImageStream. Differs from `spec.image`.
	Image string `json:"image"`
	// Secret with credentials for the registry. Only with `type: docker`.
	PushSecret string `json:"pushSecret,omitempty"`
	// Further options for building. Only with `type: docker`; a fixed list is allowed.
	AdditionalBuildOptions []string `json:"additionalBuildOptions,omitzero"`
	// Further options for pushing. Only with `type: docker`; a fixed list is allowed.
	AdditionalPushOptions []string `json:"additionalPushOptions,omitzero"`
}

// BuildPlugin is a plugin that is put into the image.
type BuildPlugin struct {
	// Name, and directory in the image.
	//
	// +kubebuilder:validation:Pattern=`^[a-z0-9][-_a-z0-9]*[a-z0-9]$`
	Name string `json:"name"`
	// What the plugin consists of.
	Artifacts []BuildArtifact `json:"artifacts"`
}

// BuildArtifactType is a kind of file, and says what becomes of it.
//
// +kubebuilder:validation:Enum=jar;tgz;zip;maven;other
type BuildArtifactType string

// The kinds of files.
const (
	// BuildArtifactJar is kept as it is.
	BuildArtifactJar BuildArtifactType = "jar"
	// BuildArtifactTgz is unpacked.
	BuildArtifactTgz BuildArtifactType = "tgz"
	// BuildArtifactZip is unpacked.
	BuildArtifactZip BuildArtifactType = "zip"
	// BuildArtifactMaven comes from a Maven repository, with all it depends on.
	BuildArtifactMaven BuildArtifactType = "maven"
	// BuildArtifactOther is kept under a name of the user's choice.
	BuildArtifactOther BuildArtifactType = "other"
)

// BuildArtifact is one file to download, or a Maven artifact.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'maven' || has(self.url)",message="url is required with types jar, tgz, zip and other"
// +kubebuilder:validation:XValidation:rule="self.type != 'maven' || (has(self.group) && has(self.artifact) && has(self.version))",message="group, artifact and version are required with type maven"
type BuildArtifact struct {
	// Kind of file.
	Type BuildArtifactType `json:"type"`
	// Where to download it. Not with `type: maven`.
	//
	// +kubebuilder:validation:Pattern=`^(https?|ftp)://[-a-zA-Z0-9+&@#/%?=~_|!:,.;]*[-a-zA-Z0-9+&@#/%=~_|]$`
	URL string `json:"url,omitempty"`
	// SHA-512 sum that the download must have. Default: not checked. Not with `type: maven`.
	Sha512Sum string `json:"sha512sum,omitempty"`
	// Name to keep it under. Only with `type: other`. Default: derived from the URL.
	FileName string `json:"fileName,omitempty"`
	// Whether any certificate of the server is accepted. Default: false.
	Insecure *bool `json:"insecure,omitempty"`
	// URL of the Maven repository. Only with `type: maven`. Default: Maven Central.
	Repository string `json:"repository,omitempty"`
	// Mirrors of the Maven repository. Only with `type: maven`.
	Mirrors []MavenMirror `json:"mirrors,omitzero"`
	// Maven group. Only with `type: maven`.
	Group string `json:"group,omitempty"`
	// Maven artifact. Only with `type: maven`.
	Artifact string `json:"artifact,omitempty"`
	// Maven version. Only with `type: maven`.
	Version string `json:"version,omitempty"`
	// Scope of the dependencies to download too. Only with `type: maven`. Default: Maven's.
	//
	// +kubebuilder:validation:Enum=compile;provided;runtime;test;system
	IncludeScope string `json:"includeScope,omitempty"`
}

// MavenMirror stands in for a Maven repository.
type MavenMirror struct {
	// URL.
	URL string `json:"url"`
}

// MountedPlugin is a plugin that is mounted into the workers.
type MountedPlugin struct {
	// Name, and directory in the workers.
	//
	// +kubebuilder:validation:Pattern=`^[a-z0-9][-_a-z0-9]*[a-z0-9]$`
	Name string `json:"name"`
	// What the plugin consists of.
	Artifacts []MountedArtifact `json:"artifacts"`
}

// MountedArtifactType is a kind of mounted artifact.
//
// +kubebuilder:validation:Enum=image
type MountedArtifactType string

// MountedArtifactImage is the content of a container image or OCI artifact.
const MountedArtifactImage MountedArtifactType = "image"

// MountedArtifact is one mounted part of a plugin.
type MountedArtifact struct {
	// Kind of artifact.
	Type MountedArtifactType `json:"type"`
	// Image.
	Reference string `json:"reference"`
	// When the image is pulled: Always, IfNotPresent or Never. Default: that of Kubernetes.
	PullPolicy string `json:"pullPolicy,omitempty"`
}
