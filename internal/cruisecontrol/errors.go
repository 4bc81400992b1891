package cruisecontrol

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Error is Cruise Control's refusal.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Text is what it says, or a few words for what often happens; empty if it gives no reason.
	Text string
}

// Error is what Strimzi's Topic Operator says.
func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("Request failed (%d)", e.Status)
	}
	return fmt.Sprintf("Request failed (%d), %s", e.Status, e.Text)
}

// short is the reason in an answer that is no success.
func short(status int, body []byte) string {
	if status == http.StatusUnauthorized {
		return "Authorization error"
	}
	var refusal struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(body, &refusal) != nil {
		// What stands before Cruise Control answers with pages of its own; the status says enough.
		return ""
	}
	for _, known := range reasons {
		if strings.Contains(refusal.Message, known.word) {
			return known.text
		}
	}
	return refusal.Message
}

// reasons are short texts for errors that pass by themselves, by a word that is in their messages.
var reasons = []struct{ word, text string }{
	{"NotEnoughValidWindowsException", "Cluster model not ready"},
	{"OngoingExecutionException", "Another task is executing"},
	{"stop_ongoing_execution", "Another task is executing"},
}
