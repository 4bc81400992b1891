package logging

import (
	"bytes"
	"strings"
	"testing"
)

func TestEventsBelowTheLevelAreLeftOut(t *testing.T) {
	var out bytes.Buffer
	log, err := New("WARN", &out)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("quiet")
	log.Error(nil, "loud", "user", "alice")
	if text := out.String(); strings.Contains(text, "quiet") || !strings.Contains(text, "msg=loud user=alice") {
		t.Errorf("logged %q", text)
	}
}

func TestALevelThatNobodyKnowsIsRefused(t *testing.T) {
	if _, err := New("chatty", nil); err == nil || err.Error() != `STRIMZI_LOG_LEVEL is "chatty": expected debug, info, warn or error` {
		t.Errorf("got %v", err)
	}
}
