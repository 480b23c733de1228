// Package scale sends many exchanges through a running sidenote while a browser
// has the inspector's page open, and measures both. The command bench and the
// tests of e2e run it, with numbers of their own.
package scale
