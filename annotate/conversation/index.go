package conversation

import "math/bits"

// An index finds a number, which is not 0, by a key, which is not 0 either. Keys
// are hashes under a secret seed, so that their upper bits are spread. It holds no
// pointers, and takes 16 octets for a place; a quarter of its places are empty at
// least.
type index struct {
	slots []indexSlot
	count int
}

type indexSlot struct{ key, value uint64 }

const leastSlots = 64

// place is where a key is, or where it would be put.
func (x *index) place(key uint64) int {
	mask := len(x.slots) - 1
	i := x.home(key)
	for x.slots[i].value != 0 && x.slots[i].key != key {
		i = (i + 1) & mask
	}
	return i
}

// home is where a key is unless others were there before.
func (x *index) home(key uint64) int { return int(key >> (64 - bits.Len(uint(len(x.slots)-1)))) }

// find returns the number of a key; 0 where there is none.
func (x *index) find(key uint64) uint64 {
	if x.count == 0 {
		return 0
	}
	return x.slots[x.place(key)].value
}

// swap sets the number of a key, and returns the one that it had.
func (x *index) swap(key, value uint64) (old uint64) {
	if 4*(x.count+1) > 3*len(x.slots) {
		x.grow()
	}
	s := &x.slots[x.place(key)]
	old = s.value
	if old == 0 {
		x.count++
	}
	*s = indexSlot{key, value}
	return old
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]indexSlot, max(2*len(old), leastSlots))
	for _, s := range old {
		if s.value != 0 {
			x.slots[x.place(s.key)] = s
		}
	}
}

// remove drops a key that has the number given.
func (x *index) remove(key, value uint64) {
	if x.count == 0 {
		return
	}
	hole := x.place(key)
	if x.slots[hole].value != value {
		return
	}
	x.count--
	// What comes after it and would be nearer to its home here moves up, so that
	// no search ends too early.
	mask := len(x.slots) - 1
	for i := (hole + 1) & mask; x.slots[i].value != 0; i = (i + 1) & mask {
		if home := x.home(x.slots[i].key); (i-home)&mask >= (i-hole)&mask {
			x.slots[hole] = x.slots[i]
			hole = i
		}
	}
	x.slots[hole] = indexSlot{}
}
