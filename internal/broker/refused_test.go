package broker

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"

	"castellan.io/castellan/test/golden"
)

// TestClassNames keeps the names of all errors in a file that was read beside Kafka's Errors.java.
func TestClassNames(t *testing.T) {
	var all strings.Builder
	shape := regexp.MustCompile(`^org\.apache\.kafka\.common\.errors\.[A-Z][A-Za-z]+$`)
	codes := map[string]bool{}
	for code := int16(-1); code < 300; code++ {
		err := kerr.TypedErrorForCode(code)
		if err == nil || code != err.Code {
			continue
		}
		refused, is := errors.AsType[*Refused](refused(code, nil))
		if !is || !shape.MatchString(refused.Class) || refused.Message == "" {
			t.Errorf("%d: %+v", code, refused)
			continue
		}
		codes[err.Message] = true
		fmt.Fprintf(&all, "%d %s %s\n", code, err.Message, strings.TrimPrefix(refused.Class, exceptions))
	}
	for code := range irregular() {
		if !codes[code] {
			t.Errorf("%s is no error's name: the exception is never used", code)
		}
	}
	golden.Equal(t, "testdata/classes.golden", all.String())
}

func TestRefused(t *testing.T) {
	text, empty := "Replication factor: 9 larger than available brokers: 3.", ""
	for want, err := range map[string]error{
		"org.apache.kafka.common.errors.InvalidReplicationFactorException: " + text:                       refused(kerr.InvalidReplicationFactor.Code, &text),
		"org.apache.kafka.common.errors.TopicDeletionDisabledException: Topic deletion is disabled.":      refused(kerr.TopicDeletionDisabled.Code, &empty),
		"org.apache.kafka.common.errors.TopicExistsException: Topic with this name already exists.":       refused(kerr.TopicAlreadyExists.Code, nil),
		"org.apache.kafka.common.errors.InvalidConfigurationException: Invalid value x for configuration": refused(kerr.InvalidConfig.Code, ptr("Invalid value x for configuration")),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := refused(0, &text); err != nil {
		t.Errorf("code 0: %v", err)
	}
	err := refused(kerr.RequestTimedOut.Code, nil)
	if r, is := errors.AsType[*Refused](err); !is || !r.Retry || !errors.Is(err, kerr.RequestTimedOut) {
		t.Errorf("%v may pass", err)
	}
	if r, is := errors.AsType[*Refused](refused(kerr.InvalidConfig.Code, nil)); !is || r.Retry {
		t.Error("a wrong value does not pass")
	}
	if err := refused(12345, &text); err == nil || !strings.Contains(err.Error(), "UnknownServerException: "+text) {
		t.Errorf("a code that nobody knows: %v", err)
	}
}

func ptr(text string) *string { return &text }
