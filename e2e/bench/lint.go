package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// What is asked of "sidenote lint" on a HAR of 100 MB whose contents are of 1 KiB.
const (
	lintFile   = 100e6     // octets
	lintRate   = 30_000    // exchanges for each second of CPU time, at least
	lintMemory = 100 << 20 // resident octets, at most
)

// harEntry is an entry as Chrome saves one. Its verbs are a number that differs
// between entries, and the content as JSON text.
const harEntry = `{"_connectionId":"4711","_initiator":{"type":"script","stack":{"callFrames":[{"functionName":"load","scriptId":"17","url":"https://shop.test/app.js","lineNumber":12,"columnNumber":7}]}},"_priority":"High","_resourceType":"fetch","cache":{},"connection":"443","pageref":"page_1",` +
	`"request":{"method":"GET","url":"https://api.shop.test/v1/orders/%[1]d?expand=lines","httpVersion":"http/2.0","headers":[{"name":":authority","value":"api.shop.test"},{"name":":method","value":"GET"},{"name":":path","value":"/v1/orders/%[1]d?expand=lines"},{"name":":scheme","value":"https"},` +
	`{"name":"accept","value":"application/json"},{"name":"accept-encoding","value":"gzip, deflate, br, zstd"},{"name":"accept-language","value":"en"},{"name":"user-agent","value":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"}],` +
	`"queryString":[{"name":"expand","value":"lines"}],"cookies":[],"headersSize":-1,"bodySize":0},` +
	`"response":{"status":200,"statusText":"","httpVersion":"http/2.0","headers":[{"name":"cache-control","value":"no-store"},{"name":"content-encoding","value":"br"},{"name":"content-type","value":"application/json; charset=utf-8"},{"name":"date","value":"Fri, 02 Jan 2026 03:04:05 GMT"},` +
	`{"name":"strict-transport-security","value":"max-age=31536000"},{"name":"vary","value":"Accept-Encoding, Origin"},{"name":"x-content-type-options","value":"nosniff"}],"cookies":[],"content":{"size":1024,"mimeType":"application/json","text":"%[2]s"},"redirectURL":"","headersSize":-1,"bodySize":-1,"_transferSize":412,"_error":null},` +
	`"serverIPAddress":"203.0.113.5","startedDateTime":"2026-01-02T03:04:05.123Z","time":43.2,"timings":{"blocked":1.2,"dns":-1,"ssl":-1,"connect":-1,"send":0.3,"wait":40.1,"receive":1.6,"_blocked_queueing":0.9}}`

// harOrder is the content of an API's answer, without its end.
const harOrder = `{"id":"ord_8f3k2q","created_at":"2026-01-02T03:04:05Z","status":"paid","currency":"EUR","total":129.9,"customer":{"id":4711,"name":"Jane Doe","email":"jane.doe@example.com","address":{"street":"12 High Street","city":"Ulm","country":"DE"}},"lines":[` +
	`{"sku":"A-7731","title":"Desk lamp, black","quantity":2,"price":39.95,"links":{"self":"https://api.shop.test/v1/products/A-7731"}},` +
	`{"sku":"B-1204","title":"Light bulb, warm white","quantity":4,"price":12.5,"links":{"self":"https://api.shop.test/v1/products/B-1204"}}],` +
	`"paid":true,"coupon":null,"note":"`

// harContent is 1 KiB of JSON as it is in a JSON string.
func harContent() string {
	const end = `"}`
	plain := harOrder + strings.Repeat("Leave it with the neighbours, please. ", 16)
	return strings.ReplaceAll(plain[:1<<10-len(end)]+end, `"`, `\"`)
}

// writeHAR writes a HAR of at least so many octets and returns the number of its entries.
func writeHAR(path string, octets int) (entries int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	written, _ := w.WriteString(`{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"pages":[],"entries":[`)
	content := harContent()
	for between := "\n"; written < octets; between = ",\n" {
		n, _ := fmt.Fprintf(w, between+harEntry, entries, content) // an error stays with w until Flush
		written += n
		entries++
	}
	_, _ = w.WriteString("\n]}}\n")
	return entries, w.Flush()
}

// A lintResult is what one run of lint cost.
type lintResult struct {
	cpu, wall float64 // seconds
	resident  int64   // octets, at most
}

// measureLint judges a HAR with all rules and prints every exchange to nowhere.
func measureLint(sidenote, file, format string) (lintResult, error) {
	c := command(sidenote, "lint", "--format", format, file)
	start := time.Now()
	if err := c.Run(); err != nil {
		return lintResult{}, fmt.Errorf("lint: %w", err)
	}
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return lintResult{}, fmt.Errorf("lint: what it used is not known here")
	}
	return lintResult{
		cpu:      (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(),
		wall:     time.Since(start).Seconds(),
		resident: usage.Maxrss << 10,
	}, nil
}

// compareLint prints what lint costs; the best of the rounds counts, for what
// else the machine does can only add to it.
func compareLint(sidenote, dir string, rounds int) error {
	file := filepath.Join(dir, "big.har")
	entries, err := writeHAR(file, lintFile)
	if err != nil {
		return err
	}
	fmt.Printf("\nlint of a HAR of %.0f MB, %d exchanges with 1 KiB of content; CPU is user+system time of the process; best of %d rounds\n\n", lintFile/1e6, entries, rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\tformat\texchanges/s and core (asked: %d)\texchanges/s\tpeak memory, MiB (asked: below %d)\t\n", lintRate, lintMemory>>20)
	for _, format := range []string{"text", "json"} {
		var best lintResult
		for i := range rounds {
			r, err := measureLint(sidenote, file, format)
			if err != nil {
				return err
			}
			if i == 0 || r.cpu < best.cpu {
				r.resident = max(r.resident, best.resident)
				best = r
			}
		}
		fmt.Fprintf(w, "lint\t%s\t%.0f\t%.0f\t%.0f\t\n", format, float64(entries)/best.cpu, float64(entries)/best.wall, float64(best.resident)/(1<<20))
	}
	return w.Flush()
}
