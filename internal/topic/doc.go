// Package topic decides what has to change for a KafkaTopic and a topic of Kafka to agree.
//
// It is pure: what a resource wants ([Wanted]) and what Kafka has ([Actual]) go in, and what each side lacks comes out
// ([Difference]). By default the resource is right about everything. In the other modes both sides are merged over what they last
// agreed on ([Agreed]), which the resource carries with it.
package topic
