// Package report tells how a run went: which notes there were, what to fix
// first, and the verdict. A Collector sees every exchange and makes one Report
// of them; each kind of report is a function that writes it.
//
// What a report says does not depend on the order in which concurrent exchanges
// ended, except for what their order in time is itself.
package report
