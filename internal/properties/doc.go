// Package properties reads Java properties, the format of Kafka's server configuration, of meta.properties, and of the files that
// configure Kafka's clients.
//
// Only reading is here: what Castellan writes in this format needs no escapes.
package properties
