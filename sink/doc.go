// Package sink hands annotated exchanges on: to the terminal, to a JSON log,
// to a file that keeps whole exchanges, and as fields of the response itself.
//
// A Fanout is in front of the sinks. Each sink runs in a goroutine of its own
// behind a bounded queue, so a slow one delays no other.
package sink
