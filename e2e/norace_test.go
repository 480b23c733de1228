//go:build !race

package e2e_test

// raceEnabled builds the program with the race detector too.
const raceEnabled = false
