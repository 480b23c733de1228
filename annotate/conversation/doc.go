// Package conversation holds the rules that compare an exchange with others: what
// a client did after an answer, and what an origin server said before. A State
// remembers a digest of each exchange, within a number of bytes, and runs the
// rules over it in the order in which exchanges ended.
package conversation
