package guide

// Comparisons lists all of them.
func Comparisons() []Comparison { return comparisons }

// Pairs lists all of them.
func Pairs() []Pair { return pairs }
