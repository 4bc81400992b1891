package volume

import (
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	storagev1 "k8s.io/api/storage/v1"
)

// The parameters a StorageClass of this provisioner may carry.
const (
	// ParameterVolumeType chooses the kind of PersistentVolume: "local" or
	// "hostPath".
	ParameterVolumeType = "volumeType"
	// ParameterBaseDirectory is the directory on the node the volumes' own
	// directories lie in, one of those the provisioner was started with.
	ParameterBaseDirectory = "baseDirectory"
	// ParameterDirectoryMode is the octal mode of a new volume's directory.
	ParameterDirectoryMode = "directoryMode"
	// ParameterDirectoryUser is the numeric user id that owns a new directory.
	ParameterDirectoryUser = "directoryUser"
	// ParameterDirectoryGroup is the numeric group id that owns a new directory.
	ParameterDirectoryGroup = "directoryGroup"
)

// Type is the kind of PersistentVolume a class hands out.
type Type string

const (
	// TypeLocal is a `local` volume: the kubelet applies a pod's fsGroup to it.
	TypeLocal Type = "local"
	// TypeHostPath is a `hostPath` volume: the kubelet leaves owner and mode as
	// they are, so the class has to set them right for the pods that write.
	TypeHostPath Type = "hostPath"
)

// DefaultBaseDirectory is where volumes lie when nobody says otherwise.
const DefaultBaseDirectory = "/var/lib/castellan/volumes"

// defaultDirectoryMode lets group 0 write: container images that are made to
// run as any user id keep group 0, and so can use a volume without an fsGroup.
const defaultDirectoryMode = 0o770

const (
	// leastDirectoryMode is what a directory's owner needs to use it at all.
	leastDirectoryMode = 0o700
	// mostDirectoryMode leaves out the set-user-id bit: it means nothing on a
	// directory.
	mostDirectoryMode = 0o3777
	// mostID is the largest user or group id; the one above it means "leave as
	// it is" to chown(2).
	mostID = 1<<32 - 2
)

// Settings is what a StorageClass asks of its volumes, checked and with the
// defaults filled in.
type Settings struct {
	Type          Type
	BaseDirectory string
	// Mode holds the permission bits, and fs.ModeSetgid and fs.ModeSticky where
	// the class asks for them.
	Mode  fs.FileMode
	User  int
	Group int
}

// resolveClass reads a class's fields, and names those that are wrong.
func resolveClass(class *storagev1.StorageClass, allowed []string) (Settings, Refusals) {
	reader := parameterReader{parameters: class.Parameters}
	reader.refuseUnknown()
	settings := Settings{
		Type:          reader.volumeType(),
		BaseDirectory: reader.baseDirectory(allowed),
		Mode:          reader.mode(),
		User:          reader.id(ParameterDirectoryUser),
		Group:         reader.id(ParameterDirectoryGroup),
	}
	if BindsImmediately(class) {
		reader.refusals = append(reader.refusals, ImmediateRefusal(class.Name))
	}
	if len(class.MountOptions) > 0 {
		reader.refusals = append(reader.refusals, Refusal{
			Field: "StorageClass.mountOptions", Problem: "a directory is not mounted with options of its own", Remedy: "leave the field out",
		})
	}
	return settings, reader.refusals
}

// ImmediateRefusal is the refusal of a class that binds before a pod exists:
// no node could be chosen for the directory by then.
func ImmediateRefusal(class string) Refusal {
	return Refusal{
		Field:   "StorageClass.volumeBindingMode",
		Problem: fmt.Sprintf("class %q binds immediately, before it is known on which node the directory is needed", class),
		Remedy:  "create the class anew with volumeBindingMode: WaitForFirstConsumer",
	}
}

// BindsImmediately tells whether a class asks for volumes before a pod exists,
// which is what a class without a binding mode does.
func BindsImmediately(class *storagev1.StorageClass) bool {
	return class.VolumeBindingMode == nil || *class.VolumeBindingMode != storagev1.VolumeBindingWaitForFirstConsumer
}

// parameterReader reads parameters one by one and gathers what is wrong.
type parameterReader struct {
	parameters map[string]string
	refusals   Refusals
}

func (r *parameterReader) refuse(parameter, problem, remedy string) {
	r.refusals = append(r.refusals, Refusal{Field: "StorageClass.parameters." + parameter, Problem: problem, Remedy: remedy})
}

func (r *parameterReader) refuseUnknown() {
	known := []string{ParameterBaseDirectory, ParameterDirectoryGroup, ParameterDirectoryMode, ParameterDirectoryUser, ParameterVolumeType}
	for _, name := range slices.Sorted(maps.Keys(r.parameters)) {
		if !slices.Contains(known, name) {
			r.refuse(name, "unknown parameter", "known are "+strings.Join(known, ", "))
		}
	}
}

func (r *parameterReader) volumeType() Type {
	value, set := r.parameters[ParameterVolumeType]
	if !set {
		return TypeLocal
	}
	switch kind := Type(value); kind {
	case TypeLocal, TypeHostPath:
		return kind
	default:
		r.refuse(ParameterVolumeType, fmt.Sprintf("unknown volume type %q", value), `use "local" or "hostPath"`)
		return ""
	}
}

func (r *parameterReader) baseDirectory(allowed []string) string {
	value, set := r.parameters[ParameterBaseDirectory]
	remedy := "this provisioner allows " + strings.Join(allowed, ", ")
	switch {
	case !set && len(allowed) > 0:
		return allowed[0]
	case !filepath.IsAbs(value):
		r.refuse(ParameterBaseDirectory, fmt.Sprintf("%q is not an absolute path", value), remedy)
	case filepath.Clean(value) != value:
		r.refuse(ParameterBaseDirectory, fmt.Sprintf("%q is not written in its shortest form", value), remedy)
	case !slices.Contains(allowed, value):
		r.refuse(ParameterBaseDirectory, fmt.Sprintf("%q is not an allowed base directory", value), remedy)
	}
	return value
}

func (r *parameterReader) mode() fs.FileMode {
	value, set := r.parameters[ParameterDirectoryMode]
	if !set {
		return defaultDirectoryMode
	}
	remedy := fmt.Sprintf("write an octal mode such as \"%04o\", between \"%04o\" and \"%04o\"", defaultDirectoryMode, leastDirectoryMode, mostDirectoryMode)
	bits, err := strconv.ParseUint(value, 8, 32)
	switch {
	case err != nil:
		r.refuse(ParameterDirectoryMode, fmt.Sprintf("%q is not an octal number", value), remedy)
	case bits > mostDirectoryMode:
		r.refuse(ParameterDirectoryMode, fmt.Sprintf("%q has bits that a volume's directory cannot have", value), remedy)
	case bits&leastDirectoryMode != leastDirectoryMode:
		r.refuse(ParameterDirectoryMode, fmt.Sprintf("%q keeps the directory's own owner out", value), remedy)
	}
	return fileMode(bits)
}

// fileMode translates the bits of chmod(2) into Go's, which has set-group-id
// and sticky elsewhere.
func fileMode(bits uint64) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	if bits&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if bits&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}

func (r *parameterReader) id(parameter string) int {
	value, set := r.parameters[parameter]
	if !set {
		return 0
	}
	number, err := strconv.ParseUint(value, 10, 32)
	if err != nil || number > mostID {
		r.refuse(parameter, fmt.Sprintf("%q is not a numeric id", value), fmt.Sprintf("write a number from 0 to %d", mostID))
		return 0
	}
	return int(number)
}
