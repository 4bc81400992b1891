package v1

import "encoding/json"

// FreeForm is an object whose members the schema does not know, such as the options of a Kafka broker. Each value keeps the
// JSON text it was written with.
//
// +kubebuilder:validation:Type=object
// +kubebuilder:pruning:PreserveUnknownFields
type FreeForm map[string]json.RawMessage
