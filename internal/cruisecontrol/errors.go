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
	// Passing is set if what is refused now is allowed soon without anybody's help.
	Passing bool
}

// Error is what Strimzi's Topic Operator says.
func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("Request failed (%d)", e.Status)
	}
	return fmt.Sprintf("Request failed (%d), %s", e.Status, e.Text)
}

// refusal is an answer that is no success.
func refusal(status int, body []byte) *Error {
	if status == http.StatusUnauthorized {
		return &Error{Status: status, Text: "Authorization error"}
	}
	var said struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(body, &said) != nil {
		// What stands before Cruise Control answers with pages of its own; the status says enough.
		return &Error{Status: status}
	}
	for _, known := range reasons {
		if strings.Contains(said.Message, known.word) {
			return &Error{Status: status, Text: known.text, Passing: true}
		}
	}
	return &Error{Status: status, Text: said.Message}
}

// reasons are short texts for errors that pass by themselves, by a word that is in their messages.
var reasons = []struct{ word, text string }{
	{"NotEnoughValidWindowsException", "Cluster model not ready"},
	{"OngoingExecutionException", "Another task is executing"},
	{"stop_ongoing_execution", "Another task is executing"},
	{"reached the servlet capacity", "Too many tasks are active"},
	{"There is no topic in cluster matching pattern", "The topic is not known to Cruise Control yet"},
}
