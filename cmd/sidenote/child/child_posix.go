//go:build unix && !linux

package child

// adoptOrphans does nothing: only Linux knows such a thing.
func adoptOrphans() {}

// descendants is empty: only Linux tells cheaply whose child a process is.
func descendants(int) []int { return nil }
