package conversation

// A table keeps a bounded number of values by key; the one that was asked for
// longest ago is dropped first.
type table[V any] struct {
	most    int
	byKey   map[uint64]*tableEntry[V]
	newest  *tableEntry[V]
	oldest  *tableEntry[V]
	Dropped uint64
}

type tableEntry[V any] struct {
	key          uint64
	value        V
	newer, older *tableEntry[V]
}

// get returns the value of a key, made where there is none.
func (t *table[V]) get(key uint64) *V {
	if t.byKey == nil {
		t.byKey = make(map[uint64]*tableEntry[V])
	}
	e := t.byKey[key]
	switch {
	case e != nil:
		if t.newest == e {
			return &e.value
		}
		t.unlink(e)
	case len(t.byKey) >= t.most:
		e = t.oldest
		t.unlink(e)
		delete(t.byKey, e.key)
		var zero V
		e.value, e.key = zero, key
		t.byKey[key] = e
		t.Dropped++
	default:
		e = &tableEntry[V]{key: key}
		t.byKey[key] = e
	}
	e.older, e.newer = t.newest, nil
	if t.newest != nil {
		t.newest.newer = e
	}
	t.newest = e
	if t.oldest == nil {
		t.oldest = e
	}
	return &e.value
}

// find returns the value of a key; nil where there is none.
func (t *table[V]) find(key uint64) *V {
	if e := t.byKey[key]; e != nil {
		return &e.value
	}
	return nil
}

func (t *table[V]) unlink(e *tableEntry[V]) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		t.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		t.oldest = e.newer
	}
	e.newer, e.older = nil, nil
}
