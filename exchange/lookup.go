package exchange

import "strings"

// nameWords is the size of a bit set of names.
const nameWords = (nameCount + 63) / 64

// tableSize is a power of two, a good deal above nameCount so that probes are short.
const tableSize = 2048

// nameTable finds a name by the hash of its lower-case form: open addressing,
// linear probing. It is made once from spellings and never written again.
var nameTable = makeNameTable()

func makeNameTable() *[tableSize]Name {
	var t [tableSize]Name
	for n := Name(1); int(n) < nameCount; n++ {
		i := hashName(spellings[n])
		for t[i] != 0 {
			i = (i + 1) % tableSize
		}
		t[i] = n
	}
	return &t
}

// hashName is FNV-1a over the lower-case octets, folded to the table's size.
func hashName(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		h = (h ^ uint32(c)) * 16777619
	}
	return (h ^ h>>15) % tableSize
}

// LookupName finds a known name, compared without case as field names are
// (RFC 9110 §5.1); 0 when it is not in the table.
func LookupName(s string) Name {
	for i := hashName(s); ; i = (i + 1) % tableSize {
		n := nameTable[i]
		if n == 0 {
			return 0
		}
		if k := spellings[n]; len(k) == len(s) && (k == s || strings.EqualFold(k, s)) {
			return n
		}
	}
}

// String returns the name as its specification writes it.
func (n Name) String() string {
	if int(n) >= nameCount {
		return ""
	}
	return spellings[n]
}

// Names returns every known name.
func Names() []Name {
	all := make([]Name, 0, nameCount-1)
	for n := Name(1); int(n) < nameCount; n++ {
		all = append(all, n)
	}
	return all
}
