// Package resourcename names resources of Kubernetes after what they stand for in Kafka, whose names Kubernetes cannot always hold.
package resourcename
