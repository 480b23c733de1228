package conversation

import (
	"math/rand/v2"
	"testing"
)

// TestIndex compares an index with a map, with keys that collide.
func TestIndex(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, spread := range []uint64{1, 1 << 40, 1 << 58, 0x9E3779B97F4A7C15} {
		var x index
		want := make(map[uint64]uint64)
		for i := range uint64(20_000) {
			key := (random.Uint64N(300) + 1) * spread
			if key == 0 {
				continue
			}
			switch {
			case i/4000%2 == 1 && i%3 > 0 || i%3 == 0:
				x.remove(key, i+1<<40) // it never has this number
				if want[key] != 0 {
					x.remove(key, want[key])
					delete(want, key)
				}
			default:
				if old := x.swap(key, i+1); old != want[key] {
					t.Fatalf("swap(%#x) returned %d, want %d", key, old, want[key])
				}
				want[key] = i + 1
			}
			if probe := (random.Uint64N(300) + 1) * spread; probe != 0 && x.find(probe) != want[probe] {
				t.Fatalf("step %d: find(%#x) = %d, want %d", i, probe, x.find(probe), want[probe])
			}
			if x.count != len(want) {
				t.Fatalf("step %d: %d keys, want %d", i, x.count, len(want))
			}
		}
		if len(x.slots) > 1024 {
			t.Errorf("%d slots for at most 300 keys", len(x.slots))
		}
	}
}

// TestTable: what was asked for longest ago is dropped first, and values do not
// move while others are made.
func TestTable(t *testing.T) {
	tab := table[uint64]{most: 50}
	random := rand.New(rand.NewPCG(3, 4))
	var order []uint64 // keys, that of longest ago first
	at := make(map[uint64]*uint64)
	for range 20_000 {
		key := random.Uint64N(80)*0x9E3779B97F4A7C15 | 1
		known := tab.find(key)
		v := tab.get(key)
		if known == nil && *v != 0 {
			t.Fatalf("a new value is %d", *v)
		}
		if known != nil && (v != known || v != at[key] || *v != key) {
			t.Fatalf("the value of %#x moved or changed", key)
		}
		*v, at[key] = key, v
		for i, k := range order {
			if k == key {
				order = append(order[:i], order[i+1:]...)
				break
			}
		}
		if order = append(order, key); len(order) > tab.most {
			if tab.find(order[0]) != nil {
				t.Fatalf("%#x is still there, and was asked for longest ago", order[0])
			}
			order = order[1:]
		}
		for _, k := range order[:min(3, len(order))] {
			if tab.find(k) == nil {
				t.Fatalf("%#x was dropped too early", k)
			}
		}
	}
}

// TestGatesFit: every rule has a bit in a set.
func TestGatesFit(t *testing.T) {
	if n, most := len(All()), 64*len(gateSet{}); n > most {
		t.Errorf("%d rules, and %d bits for them", n, most)
	}
}
