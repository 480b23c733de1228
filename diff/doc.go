// Package diff compares what two runs did over HTTP.
//
// Each run becomes a Side: exchanges are taken apart into facts (the status, each
// field and the shape of its value, each member of a JSON text and its type, each
// note), and a Side counts in how many exchanges of an operation each fact was
// seen. Compare looks for facts that one side has and the other lacks, and for
// numbers that differ by more than chance explains. What varies between runs of
// one version anyway is known, such as IDs and times, or learnt from two such runs.
//
// The package knows nothing of files and terminals.
package diff
