package resourcename_test

import (
	"math/rand"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"castellan.io/castellan/internal/resourcename"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"orders":                 "orders",
		"orders.v1-a":            "orders.v1-a",
		"With_Capitals":          "with-capitals---d80d6aa527d362c162fdfb74d08dfd9c9e71485b",
		"__consumer_offsets":     "consumer-offsets---84e7a678d08f4bd226872e5cdd4eb527fadc1c6a",
		"A.b..c_":                "a-b--c---d039b5ac04da17e6823e994d2a93fdf5e0ee2e87",
		"...":                    "topic---6eae3a5b062c6d0d79f070c26e6d62486b40cb46",
		strings.Repeat("a", 249): strings.Repeat("a", 249),
		strings.Repeat("A", 249): strings.Repeat("a", 210) + "---01c1e069636eee3afe3618091c835255b17a678c",
	} {
		if got := resourcename.Of(name, "topic"); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestNamesAreNamesAndDiffer(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewSource(seed))
	names := map[string]string{}
	hashed := regexp.MustCompile(`---[0-9a-f]{40}$`)
	for range 50_000 {
		name := randomName(random)
		got := resourcename.Of(name, "topic")
		if problems := validation.IsDNS1123Subdomain(got); len(problems) > 0 {
			t.Fatalf("seed %d: %q becomes %q: %v", seed, name, got, problems)
		}
		if got != name && !hashed.MatchString(got) {
			t.Fatalf("seed %d: %q becomes %q", seed, name, got)
		}
		if other, taken := names[got]; taken && other != name {
			t.Fatalf("seed %d: %q and %q become %q", seed, name, other, got)
		}
		names[got] = name
		if again := resourcename.Of(name, "topic"); again != got {
			t.Fatalf("seed %d: %q becomes %q, then %q", seed, name, got, again)
		}
	}
}

// randomName is a name in Kafka, often one that differs little from others.
func randomName(random *rand.Rand) string {
	alphabet := []string{"aAbB", "a.-_", "abcXYZ019._-", "._-"}[random.Intn(4)]
	length := 1 + random.Intn(6)
	if random.Intn(10) == 0 {
		length = 180 + random.Intn(70)
	}
	out := make([]byte, length)
	for i := range out {
		out[i] = alphabet[random.Intn(len(alphabet))]
	}
	return string(out)
}
