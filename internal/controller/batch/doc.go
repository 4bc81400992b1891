// Package batch is what operators of many small resources have in common: a queue whose workers take many resources at a time, a watch
// over whether they get on, how long Kafka has been silent, and the metrics of the compatible API.
package batch
