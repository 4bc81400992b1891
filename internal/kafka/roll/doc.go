// Package roll decides which Kafka node may restart next, and why another one may not. Pure.
//
// Its one entry point is Next: facts in, one Step out, with its reason. Whoever takes the step observes the
// cluster anew and asks again; nothing is remembered between two questions.
package roll
