// Package properties reads Java properties, the format of Kafka's server configuration and of meta.properties.
//
// Only reading is here: what Castellan writes in this format needs no escapes.
package properties
