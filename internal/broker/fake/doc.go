// Package fake is Kafka clusters in memory, for tests of what uses package broker.
package fake
