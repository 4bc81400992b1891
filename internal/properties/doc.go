// Package properties reads Java properties, the format of Kafka's server configuration, of meta.properties, and of the files that
// configure Kafka's clients, and escapes values for them: most of what Castellan writes in this format needs no escapes, but passwords and
// certificates do.
package properties
