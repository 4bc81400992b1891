// Package claim decides which of several resources that name the same thing in Kafka, a topic or a user, manages it.
package claim
