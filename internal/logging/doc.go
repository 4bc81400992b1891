// Package logging is how Castellan's programs write their logs: as text, a line for each event, at the level that the compatible API's variable
// asks for.
package logging
