package broker

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
)

// Refused says that Kafka answered and did not do what was asked, or not yet.
type Refused struct {
	// Class is the name of the exception that Kafka's own client has for it, as users' tools look for it.
	Class string
	// Message is Kafka's text, unchanged.
	Message string
	// Retry tells that the same request may succeed later, without any change.
	Retry bool
	// Code is Kafka's error.
	Code *kerr.Error
}

// Error reads like the exception of Kafka's own client.
func (r *Refused) Error() string { return r.Class + ": " + r.Message }

// Unwrap gives Kafka's error.
func (r *Refused) Unwrap() error { return r.Code }

const exceptions = "org.apache.kafka.common.errors."

// irregular are the exceptions whose names do not follow from that of the error.
func irregular() map[string]string {
	return map[string]string{
		"UNKNOWN_SERVER_ERROR":         "UnknownServerException",
		"TOPIC_ALREADY_EXISTS":         "TopicExistsException",
		"INVALID_TOPIC_EXCEPTION":      "InvalidTopicException",
		"CLUSTER_AUTHORIZATION_FAILED": "ClusterAuthorizationException",
		"TOPIC_AUTHORIZATION_FAILED":   "TopicAuthorizationException",
		"SASL_AUTHENTICATION_FAILED":   "SaslAuthenticationException",
		"INVALID_CONFIG":               "InvalidConfigurationException",
		"REQUEST_TIMED_OUT":            "TimeoutException",
		"NOT_LEADER_OR_FOLLOWER":       "NotLeaderOrFollowerException",
	}
}

// refused makes an error of a code and message inside an answer; nil for code 0.
func refused(code int16, message *string) error {
	err := kerr.TypedErrorForCode(code)
	if err == nil {
		return nil
	}
	out := &Refused{Class: exceptions + className(err.Message), Message: err.Description, Retry: err.Retriable, Code: err}
	if message != nil && *message != "" {
		out.Message = *message
	}
	return out
}

// className is how Kafka's own client calls an error: UNKNOWN_TOPIC_ID is an UnknownTopicIdException.
func className(code string) string {
	if name, is := irregular()[code]; is {
		return name
	}
	var out strings.Builder
	for word := range strings.SplitSeq(code, "_") {
		if word != "" {
			out.WriteString(word[:1] + strings.ToLower(word[1:]))
		}
	}
	return out.String() + "Exception"
}
