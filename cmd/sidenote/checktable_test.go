package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidenote/internal/golden"
	"sidenote/internal/printable"
	"sidenote/sink"
)

// TestCheckScreens holds the table of checks to what people saw and found good,
// at the widths that terminals have, and where it is piped.
func TestCheckScreens(t *testing.T) {
	rows := func() []checkRow {
		return []checkRow{
			{name: "health", status: "200", took: 12 * time.Millisecond},
			{name: "Größe", status: "404", took: 1520 * time.Millisecond, failed: true, why: "status is 404, want 200; the field Cache-Control is missing; the body is no JSON"},
			{name: "GET https://api.shop.test/v1/orders?expand=items,customer&page=2", status: "200", took: 91 * time.Millisecond, failed: true},
			{name: "down", status: "-", took: 3 * time.Millisecond, failed: true, why: "connection refused"},
		}
	}
	for _, width := range []int{0, 60, 72, 80, 100, 160} {
		for _, kind := range []struct {
			name         string
			color, ascii bool
		}{{"", false, false}, {"-color", true, false}, {"-ascii", false, true}} {
			name := fmt.Sprintf("check-%d%s", width, kind.name)
			t.Run(name, func(t *testing.T) {
				table := checkTable(rows(), sink.Terminal{TTY: width > 0, Color: kind.color, ASCII: kind.ascii, Width: func() int { return width }})
				for line := range strings.Lines(table) {
					line = strings.TrimSuffix(line, "\n")
					if columns := printable.Columns(line); width > 0 && !kind.color && columns > width && !strings.Contains(line, "://") {
						t.Errorf("%d columns: %q", columns, line)
					}
					if kind.ascii && !printable.IsPlain(line) {
						t.Errorf("beyond ASCII: %q", line)
					}
				}
				golden.Compare(t, filepath.Join("testdata", "screens", name+".txt"), table)
			})
		}
	}
}
