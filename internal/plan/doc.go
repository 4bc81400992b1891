// Package plan is the neutral picture of what should run and what does run: data only.
//
// A product (Kafka, later Connect, mirrors, gateways) turns a checked model into a Plan; a runtime
// (Kubernetes, later Nomad) renders a Plan in its platform's own objects. So products and platforms
// add up instead of multiplying. A field belongs here only when every platform can honour it; what a
// user says in one platform's words (pod templates, service annotations) travels along unread in the
// fields named Template.
//
// The package imports the standard library only and holds no behaviour beyond look-ups.
package plan
