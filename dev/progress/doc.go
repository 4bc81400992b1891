// Package progress tells what a long step is doing, how far it is and how long
// it has taken: one line that is redrawn on a terminal, plain lines elsewhere.
package progress
