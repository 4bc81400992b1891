package image

import (
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Epoch is the time every file and image carries, so that the same inputs make
// the same digests. It is an arbitrary constant: class-data archives remember
// the jars' times, tar and zip can express it, and it is clearly not a build time.
var Epoch = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// A Spec is what an image is besides its layers.
type Spec struct {
	// Name and Tag are the last path element and the tag of the reference.
	Name, Tag string
	Config    v1.Config
}

// LocalRegistry is the registry name in the references of imported images.
// Nothing answers there: an image that was not imported fails at once.
const LocalRegistry = "castellan.local"

// Ref is the reference the image has on a node that imports its tarball.
func (s Spec) Ref() string { return LocalRegistry + "/" + s.Name + ":" + s.Tag }

// KafkaSpec describes the Kafka image of a version.
func KafkaSpec(version string) Spec {
	return Spec{Name: "kafka", Tag: version, Config: v1.Config{
		User:       "1001:0",
		WorkingDir: KafkaHome,
		Entrypoint: []string{"/bin/bash"},
		Env: []string{
			"PATH=" + BinDir + ":" + JavaHome + "/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"JAVA_HOME=" + JavaHome,
			"KAFKA_HOME=" + KafkaHome,
			"LANG=C.UTF-8",
		},
		Labels: map[string]string{
			"org.opencontainers.image.title":    "Apache Kafka",
			"org.opencontainers.image.version":  version,
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}}
}

// CastellanSpec describes the image of the castellan binary.
func CastellanSpec() Spec {
	return Spec{Name: "castellan", Tag: "dev", Config: v1.Config{
		User:       "1001:0",
		WorkingDir: "/",
		Entrypoint: []string{"/castellan"},
		Env:        []string{"PATH=/"},
		Labels: map[string]string{
			"org.opencontainers.image.title":   "Castellan",
			"org.opencontainers.image.version": "dev",
		},
	}}
}

// configFile completes the spec's configuration; containerd imports only images
// that name their platform.
func configFile(base *v1.ConfigFile, spec Spec, arch string) *v1.ConfigFile {
	file := base.DeepCopy()
	file.OS = "linux"
	file.Architecture = arch
	file.Created = v1.Time{Time: Epoch}
	file.Config = spec.Config
	return file
}
