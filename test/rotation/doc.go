// Package rotation puts a cluster under load over mutual TLS while its certificates change, and counts what clients notice.
//
// Clients behave as applications do that read their certificates from mounted Secrets: a connection shows and trusts what there is
// when it is opened. A producer and a consumer live as long as the load, and new clients come every second.
package rotation
