// Package cruisecontrol asks Cruise Control to change the replication factor of topics, and whether it has done so.
//
// Client speaks its REST API (https://github.com/linkedin/cruise-control/wiki/REST-APIs). What to ask, and what the
// answer makes of a topic's status, are pure functions of Change.
package cruisecontrol
