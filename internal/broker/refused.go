package broker

import (
	"errors"
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

// irregular are the exceptions whose names do not follow from that of the error (Kafka's Errors.java).
func irregular() map[string]string {
	return map[string]string{
		"UNKNOWN_SERVER_ERROR":                  "UnknownServerException",
		"CORRUPT_MESSAGE":                       "CorruptRecordException",
		"NOT_LEADER_FOR_PARTITION":              "NotLeaderOrFollowerException",
		"REQUEST_TIMED_OUT":                     "TimeoutException",
		"MESSAGE_TOO_LARGE":                     "RecordTooLargeException",
		"STALE_CONTROLLER_EPOCH":                "ControllerMovedException",
		"OFFSET_METADATA_TOO_LARGE":             "OffsetMetadataTooLarge",
		"NETWORK_EXCEPTION":                     "NetworkException",
		"INVALID_TOPIC_EXCEPTION":               "InvalidTopicException",
		"RECORD_LIST_TOO_LARGE":                 "RecordBatchTooLargeException",
		"TOPIC_AUTHORIZATION_FAILED":            "TopicAuthorizationException",
		"GROUP_AUTHORIZATION_FAILED":            "GroupAuthorizationException",
		"CLUSTER_AUTHORIZATION_FAILED":          "ClusterAuthorizationException",
		"TOPIC_ALREADY_EXISTS":                  "TopicExistsException",
		"INVALID_CONFIG":                        "InvalidConfigurationException",
		"OUT_OF_ORDER_SEQUENCE_NUMBER":          "OutOfOrderSequenceException",
		"DUPLICATE_SEQUENCE_NUMBER":             "DuplicateSequenceException",
		"INVALID_PRODUCER_ID_MAPPING":           "InvalidPidMappingException",
		"INVALID_TRANSACTION_TIMEOUT":           "InvalidTxnTimeoutException",
		"TRANSACTIONAL_ID_AUTHORIZATION_FAILED": "TransactionalIdAuthorizationException",
		"KAFKA_STORAGE_ERROR":                   "KafkaStorageException",
		"SASL_AUTHENTICATION_FAILED":            "SaslAuthenticationException",
		"DELEGATION_TOKEN_AUTH_DISABLED":        "DelegationTokenDisabledException",
		"DELEGATION_TOKEN_REQUEST_NOT_ALLOWED":  "UnsupportedByAuthenticationException",
		"DELEGATION_TOKEN_AUTHORIZATION_FAILED": "DelegationTokenAuthorizationException",
		"NON_EMPTY_GROUP":                       "GroupNotEmptyException",
		"PRINCIPAL_DESERIALIZATION_FAILURE":     "PrincipalDeserializationException",
		"FETCH_SESSION_TOPIC_ID_ERROR":          "FetchSessionTopicIdException",
		"INVALID_REGULAR_EXPRESSION":            "InvalidRegularExpression",
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

// isRefusal tells whether Kafka refused with the error of that name.
func isRefusal(err error, code string) bool {
	r, is := errors.AsType[*Refused](err)
	return is && r.Code.Message == code
}
