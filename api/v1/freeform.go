package v1

import "encoding/json"

// FreeForm is an object whose members the schema does not know, such as the options of a Kafka broker. Each value keeps the
// JSON text it was written with.
//
// The generator cannot describe raw JSON, so every field of this type carries three markers: schemaless, an object, not pruned.
type FreeForm map[string]json.RawMessage
