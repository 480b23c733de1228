// Package check requests things once each, through a proxy inside the program,
// so that the result of it is recorded exactly as live traffic is: the octets
// of the heads, the timing, what failed and why. It knows nothing of rules but
// the expectations that a check brings along.
package check
