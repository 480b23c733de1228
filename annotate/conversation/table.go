package conversation

// A table keeps a bounded number of values by key; the one that was asked for
// longest ago is dropped first. Values stay where they are until then.
type table[V any] struct {
	most           int
	byKey          index
	chunks         []*[chunkEntries]tableEntry[V]
	newest, oldest uint32 // numbers of entries, which count from 1
}

// chunkEntries is how many values are made room for at once.
const chunkEntries = 16

type tableEntry[V any] struct {
	key          uint64
	newer, older uint32
	value        V
}

func (t *table[V]) entry(n uint32) *tableEntry[V] {
	return &t.chunks[(n-1)/chunkEntries][(n-1)%chunkEntries]
}

// get returns the value of a key, made where there is none.
func (t *table[V]) get(key uint64) *V {
	n := uint32(t.byKey.find(key))
	if n != 0 && n == t.newest {
		return &t.entry(n).value
	}
	if n != 0 {
		t.unlink(t.entry(n))
	} else {
		n = t.room()
		*t.entry(n) = tableEntry[V]{key: key}
		t.byKey.swap(key, uint64(n))
	}
	e := t.entry(n)
	e.older, e.newer = t.newest, 0
	if t.newest != 0 {
		t.entry(t.newest).newer = n
	}
	t.newest = n
	if t.oldest == 0 {
		t.oldest = n
	}
	return &e.value
}

// room returns the number of an entry that is free, if need be because the oldest
// value was dropped.
func (t *table[V]) room() uint32 {
	if n := t.byKey.count; n < t.most {
		if n == len(t.chunks)*chunkEntries {
			t.chunks = append(t.chunks, new([chunkEntries]tableEntry[V]))
		}
		return uint32(n) + 1
	}
	n := t.oldest
	e := t.entry(n)
	t.unlink(e)
	t.byKey.remove(e.key, uint64(n))
	return n
}

// find returns the value of a key; nil where there is none.
func (t *table[V]) find(key uint64) *V {
	if n := uint32(t.byKey.find(key)); n != 0 {
		return &t.entry(n).value
	}
	return nil
}

func (t *table[V]) unlink(e *tableEntry[V]) {
	if e.newer != 0 {
		t.entry(e.newer).older = e.older
	} else {
		t.newest = e.older
	}
	if e.older != 0 {
		t.entry(e.older).newer = e.newer
	} else {
		t.oldest = e.newer
	}
	e.newer, e.older = 0, 0
}
