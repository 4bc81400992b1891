// Command castellan is the one program of Castellan; its subcommands are the roles that it plays.
package main
