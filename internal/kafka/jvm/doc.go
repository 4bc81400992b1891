// Package jvm turns a user's JVM options into the environment variables that the launcher of a Java process reads.
package jvm
