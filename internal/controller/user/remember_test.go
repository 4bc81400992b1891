package user

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1 "castellan.io/castellan/api/v1"
	"castellan.io/castellan/internal/user"
	"castellan.io/castellan/internal/user/credential"
)

func TestASecretIsRememberedWithoutWhatIsSecret(t *testing.T) {
	s := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: "a", Namespace: "b", Labels: map[string]string{"c": "d"}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "e"}},
			OwnerReferences: []metav1.OwnerReference{{UID: "f"}},
		},
		Data: map[string][]byte{"password": []byte("hunter22"), "user.key": []byte("-----BEGIN hunter22"), "other": []byte("hunter22")},
	}
	is := remember(s)
	if text := fmt.Sprintf("%+v %s", is, is.data); strings.Contains(text, "hunter22") || is.data != nil || is.annotations != nil {
		t.Errorf("too much is remembered: %s", text)
	}
	same := remember(s.DeepCopy())
	if !is.describedAs(metav1.ObjectMeta{Labels: s.Labels, OwnerReferences: s.OwnerReferences}) || is.content != same.content {
		t.Error("it is not known again")
	}
	for what, wanted := range map[string]metav1.ObjectMeta{
		"another label": {Labels: map[string]string{"c": "e"}}, "another annotation": {Annotations: map[string]string{"c": "e"}},
		"another owner": {OwnerReferences: []metav1.OwnerReference{{UID: "g"}}},
	} {
		if is.describedAs(wanted) {
			t.Errorf("%s is not noticed", what)
		}
	}
	for _, entry := range []string{"password", "user.key", "other"} {
		other := s.DeepCopy()
		other.Data[entry] = []byte("x")
		if remember(other).content == is.content {
			t.Errorf("another %s is not noticed", entry)
		}
	}
}

// TestWhatIsRememberedOfASecretIsSmall because there may be ten thousand.
func TestWhatIsRememberedOfASecretIsSmall(t *testing.T) {
	if size := reflect.TypeFor[stored]().Size(); size > 304 {
		t.Errorf("%d bytes", size)
	}
}

func TestWhatIsTrimmedIsReadByNobody(t *testing.T) {
	files, err := filepath.Glob("../../../api/v1/testdata/kafkauser-*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		whole := &v1.KafkaUser{}
		if err := yaml.Unmarshal(text, whole); err != nil {
			t.Fatal(err)
		}
		whole.Annotations = map[string]string{
			v1.AnnotationUsername: "x", v1.AnnotationLifetime: "2h", v1.AnnotationRenewBefore: "1h", v1.AnnotationKeyAlgorithm: "RSA-4096",
			v1.AnnotationScramMechanisms: "SCRAM-SHA-256", v1.AnnotationRotateAfter: "3h", v1.AnnotationRotate: "y", v1.AnnotationCopySecretTo: "z",
			v1.AnnotationDrift: "report", v1.AnnotationPauseReconciliation: "true", "other": "large",
		}
		whole.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "e"}}
		trimmed, err := trim()(whole.DeepCopy())
		if err != nil {
			t.Fatal(err)
		}
		is := trimmed.(*v1.KafkaUser)
		if is.Annotations["other"] != "" || len(is.ManagedFields) > 0 {
			t.Errorf("%s: too much is kept: %+v", file, is.ObjectMeta)
		}
		seen := func(u *v1.KafkaUser) []any {
			wanted, err1 := user.Read(u, user.Rules{ACLs: true})
			wish, err2 := credential.Read(u, credential.Defaults{})
			o := &Operator{Options: Options{Namespace: u.Namespace, LabelExclusion: func(string) bool { return false }}}
			return []any{wanted, err1, wish, err2, o.describeSecret(u), o.reports(u), namespacesOf(u), u.Status, u.Generation}
		}
		if diff := cmp.Diff(seen(whole), seen(is), cmpopts.EquateErrors()); diff != "" {
			t.Errorf("%s is read differently (-whole +trimmed):\n%s", file, diff)
		}
		again, err := trim()(is.DeepCopy())
		if err != nil || cmp.Diff(again, trimmed) != "" {
			t.Errorf("%s: what is trimmed twice differs: %v", file, err)
		}
	}
}
