// Package golden compares text that a test makes with text that is kept in a file.
//
// Running the tests of a package with the flag -update writes the files anew; read what changed before it is committed.
package golden
