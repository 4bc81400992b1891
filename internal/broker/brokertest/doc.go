// Package brokertest is the suite that every implementation of package broker passes.
package brokertest
