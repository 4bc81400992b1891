package main

import (
	"strings"
	"testing"
)

// TestAnEntityOperatorNeedsItsProgram is run by a program that stands beside no other.
func TestAnEntityOperatorNeedsItsProgram(t *testing.T) {
	for _, role := range []string{"topic-operator", "user-operator"} {
		_, err := run(t, role)
		if err == nil || !strings.Contains(err.Error(), "/castellan-entity: no such file or directory: it belongs beside ") {
			t.Errorf("%s: %v", role, err)
		}
	}
}
