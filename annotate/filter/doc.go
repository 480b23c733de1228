// Package filter is the language in which people pick exchanges:
//
//	status:4xx host:shop.test -type:image time:>500ms body~"err"
//
// One grammar serves the inspector's page, its API and the command line. The
// keys are one table, of which the parser, the completion of half-written
// filters and docs/filters.md are made.
package filter
