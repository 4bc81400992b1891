// Command castellan is Castellan's program for people and for the operator's own pods; its subcommands are the roles that it plays.
// What runs in Kafka's containers is castellan-launch; the roles of the entity operator are played by castellan-entity.
package main
