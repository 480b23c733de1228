// Package store keeps the latest exchanges in memory, within a number of
// octets, for people to look at: filtered, ordered, pinned and commented.
//
// It keeps them as they are, secrets too, since a request that is sent again
// needs its credentials. Callers must redact what it returns before they show
// or write it.
package store
