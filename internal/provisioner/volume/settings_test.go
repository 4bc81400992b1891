package volume

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var allowedForTest = []string{"/var/lib/castellan/volumes", "/mnt/nvme"}

func TestResolveReadsTheClass(t *testing.T) {
	defaults := Settings{Type: TypeLocal, BaseDirectory: "/var/lib/castellan/volumes", Mode: 0o770}
	with := func(change func(*Settings)) Settings {
		settings := defaults
		change(&settings)
		return settings
	}
	tests := map[string]struct {
		parameters map[string]string
		want       Settings
	}{
		"without parameters the defaults let group 0 write": {want: defaults},
		"another allowed base directory can be chosen": {
			parameters: map[string]string{"baseDirectory": "/mnt/nvme"},
			want:       with(func(s *Settings) { s.BaseDirectory = "/mnt/nvme" }),
		},
		"the mode is octal with or without a leading zero": {
			parameters: map[string]string{"directoryMode": "755"},
			want:       with(func(s *Settings) { s.Mode = 0o755 }),
		},
		"set-group-id and sticky are carried over": {
			parameters: map[string]string{"directoryMode": "3770"},
			want:       with(func(s *Settings) { s.Mode = 0o770 | fs.ModeSetgid | fs.ModeSticky }),
		},
		"owner and group are numbers": {
			parameters: map[string]string{"directoryUser": "1001", "directoryGroup": "4294967294"},
			want:       with(func(s *Settings) { s.User, s.Group = 1001, 4294967294 }),
		},
		"hostPath volumes can be asked for": {
			parameters: map[string]string{"volumeType": "hostPath"},
			want:       with(func(s *Settings) { s.Type = TypeHostPath }),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Resolve(classForTest(test.parameters), claimForTest(nil), allowedForTest)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResolveRefusesAndNamesTheField(t *testing.T) {
	tests := map[string]struct {
		class  func(*storagev1.StorageClass)
		claim  func(*corev1.PersistentVolumeClaim)
		fields []string
	}{
		"an unknown parameter":                   {class: parameter("directoyMode", "0770"), fields: []string{"StorageClass.parameters.directoyMode"}},
		"a parameter in the wrong case":          {class: parameter("VolumeType", "local"), fields: []string{"StorageClass.parameters.VolumeType"}},
		"an unknown volume type":                 {class: parameter("volumeType", "nfs"), fields: []string{"StorageClass.parameters.volumeType"}},
		"an empty volume type":                   {class: parameter("volumeType", ""), fields: []string{"StorageClass.parameters.volumeType"}},
		"a relative base directory":              {class: parameter("baseDirectory", "volumes"), fields: []string{"StorageClass.parameters.baseDirectory"}},
		"an empty base directory":                {class: parameter("baseDirectory", ""), fields: []string{"StorageClass.parameters.baseDirectory"}},
		"a base directory that is not allowed":   {class: parameter("baseDirectory", "/etc"), fields: []string{"StorageClass.parameters.baseDirectory"}},
		"a directory below an allowed one":       {class: parameter("baseDirectory", "/mnt/nvme/a"), fields: []string{"StorageClass.parameters.baseDirectory"}},
		"a way around over an allowed one":       {class: parameter("baseDirectory", "/mnt/nvme/../nvme"), fields: []string{"StorageClass.parameters.baseDirectory"}},
		"a mode that is not a number":            {class: parameter("directoryMode", "rwxrwx---"), fields: []string{"StorageClass.parameters.directoryMode"}},
		"a mode that is not octal":               {class: parameter("directoryMode", "0780"), fields: []string{"StorageClass.parameters.directoryMode"}},
		"an empty mode":                          {class: parameter("directoryMode", ""), fields: []string{"StorageClass.parameters.directoryMode"}},
		"a negative mode":                        {class: parameter("directoryMode", "-770"), fields: []string{"StorageClass.parameters.directoryMode"}},
		"a set-user-id mode":                     {class: parameter("directoryMode", "4770"), fields: []string{"StorageClass.parameters.directoryMode"}},
		"a mode that keeps its owner out":        {class: parameter("directoryMode", "0070"), fields: []string{"StorageClass.parameters.directoryMode"}},
		"a user by name":                         {class: parameter("directoryUser", "kafka"), fields: []string{"StorageClass.parameters.directoryUser"}},
		"the group id that means leave as it is": {class: parameter("directoryGroup", "4294967295"), fields: []string{"StorageClass.parameters.directoryGroup"}},
		"immediate binding":                      {class: func(c *storagev1.StorageClass) { *c.VolumeBindingMode = storagev1.VolumeBindingImmediate }, fields: []string{"StorageClass.volumeBindingMode"}},
		"no binding mode, which means immediate": {class: func(c *storagev1.StorageClass) { c.VolumeBindingMode = nil }, fields: []string{"StorageClass.volumeBindingMode"}},
		"mount options":                          {class: func(c *storagev1.StorageClass) { c.MountOptions = []string{"noatime"} }, fields: []string{"StorageClass.mountOptions"}},
		"a volume many nodes write":              {claim: modes(corev1.ReadWriteMany), fields: []string{"PersistentVolumeClaim.spec.accessModes"}},
		"a volume many nodes read":               {claim: modes(corev1.ReadWriteOnce, corev1.ReadOnlyMany), fields: []string{"PersistentVolumeClaim.spec.accessModes"}},
		"a raw block volume":                     {claim: func(c *corev1.PersistentVolumeClaim) { c.Spec.VolumeMode = new(corev1.PersistentVolumeBlock) }, fields: []string{"PersistentVolumeClaim.spec.volumeMode"}},
		"a claim that selects by label":          {claim: func(c *corev1.PersistentVolumeClaim) { c.Spec.Selector = &metav1.LabelSelector{} }, fields: []string{"PersistentVolumeClaim.spec.selector"}},
		"a claim to be filled from a snapshot":   {claim: func(c *corev1.PersistentVolumeClaim) { c.Spec.DataSource = &corev1.TypedLocalObjectReference{} }, fields: []string{"PersistentVolumeClaim.spec.dataSourceRef"}},
		"a claim with an attributes class":       {claim: func(c *corev1.PersistentVolumeClaim) { c.Spec.VolumeAttributesClassName = new("fast") }, fields: []string{"PersistentVolumeClaim.spec.volumeAttributesClassName"}},
		"everything that is wrong, at the same time": {
			class:  func(c *storagev1.StorageClass) { c.Parameters = map[string]string{"volumeType": "x", "zone": "a"} },
			claim:  modes(corev1.ReadWriteMany),
			fields: []string{"StorageClass.parameters.zone", "StorageClass.parameters.volumeType", "PersistentVolumeClaim.spec.accessModes"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			class := classForTest(nil)
			if test.class != nil {
				test.class(class)
			}
			_, err := Resolve(class, claimForTest(test.claim), allowedForTest)
			if diff := cmp.Diff(test.fields, refusedFields(err)); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestARefusalSaysFieldProblemAndRemedy(t *testing.T) {
	_, err := Resolve(classForTest(map[string]string{"directoryMode": "rwx", "baseDirectory": "/etc"}), claimForTest(nil), allowedForTest)
	want := `StorageClass.parameters.baseDirectory: "/etc" is not an allowed base directory; this provisioner allows /var/lib/castellan/volumes, /mnt/nvme. ` +
		`StorageClass.parameters.directoryMode: "rwx" is not an octal number; write an octal mode such as "0770", between "0700" and "3777"`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func refusedFields(err error) []string {
	var refusals Refusals
	errors.As(err, &refusals)
	var fields []string
	for _, refusal := range refusals {
		fields = append(fields, refusal.Field)
	}
	return fields
}

func parameter(name, value string) func(*storagev1.StorageClass) {
	return func(class *storagev1.StorageClass) { class.Parameters = map[string]string{name: value} }
}

func modes(modes ...corev1.PersistentVolumeAccessMode) func(*corev1.PersistentVolumeClaim) {
	return func(claim *corev1.PersistentVolumeClaim) { claim.Spec.AccessModes = modes }
}

func classForTest(parameters map[string]string) *storagev1.StorageClass {
	return &storagev1.StorageClass{
		ObjectMeta:        metav1.ObjectMeta{Name: "castellan-local"},
		Provisioner:       ProvisionerName,
		Parameters:        parameters,
		VolumeBindingMode: new(storagev1.VolumeBindingWaitForFirstConsumer),
	}
}
