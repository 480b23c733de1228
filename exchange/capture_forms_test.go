package exchange_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sidenote/exchange"
)

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func zstandard(s string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(s), nil))
}

func inUTF16(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func zipped(files ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, _ := w.Create(files[i])
		io.WriteString(f, files[i+1])
	}
	w.Close()
	return b.String()
}

// entryOf is an entry by its path, which is how tests tell entries apart.
func entryOf(path string) string {
	return `{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"http://a.test/` + path + `","httpVersion":"HTTP/1.1","headers":[]},"response":{"status":204,"headers":[]}}`
}

// paths reads a capture and returns the paths of what is in it.
func paths(r io.Reader, c exchange.Capture) (got, bad []string, err error) {
	c.File = "f"
	c.Exchange = func(x *exchange.Exchange) error { got = append(got, x.Request.Target); return nil }
	c.Bad = func(e *exchange.EntryError) error { bad = append(bad, e.Error()); return nil }
	err = exchange.ReadCapture(r, c)
	return got, bad, err
}

// TestCaptureForms reads the same two entries in each form in which captures come.
func TestCaptureForms(t *testing.T) {
	a, b := entryOf("a"), entryOf("ü😀")
	plain := har(a, b)
	pretty := strings.NewReplacer("{", "{\n  ", ",", ",\n  ").Replace(plain)
	record := string(mustParse(t, "> GET /r HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 204 No Content\n<\n").AppendJSON(nil, exchange.EncodeOptions{Full: true}))
	two := []string{"/a", "/ü😀"}
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"plain", plain, two},
		{"pretty", pretty, two},
		{"byte order mark", "\ufeff" + plain, two},
		{"gzip", gzipped(plain), two},
		{"gzip in gzip", gzipped(gzipped(plain)), two},
		{"two members of gzip", gzipped(plain[:200]) + gzipped(plain[200:]), two},
		{"zstd", zstandard(plain), two},
		{"UTF-16", "\xff\xfe" + inUTF16(plain, binary.LittleEndian), two},
		{"UTF-16, the other way round", "\xfe\xff" + inUTF16(plain, binary.BigEndian), two},
		{"UTF-16 without a mark", inUTF16(plain, binary.LittleEndian), two},
		{"UTF-16 without a mark, the other way round", inUTF16(plain, binary.BigEndian), two},
		{"gzip of UTF-16", gzipped("\xff\xfe" + inUTF16(pretty, binary.LittleEndian)), two},
		{"JSONP", "onInputData(" + plain + ");\n", two},
		{"JSONP of an object", "window.har.load( " + pretty + " )", two},
		{"an assignment", "var har = " + plain + ";", two},
		{"a guard", ")]}',\n" + plain, two},
		{"several logs", har(a) + "\n" + har(b) + "\n", two},
		{"several logs, pretty", har(a) + "\n\n" + strings.ReplaceAll(har(b), ",", ",\n"), two},
		{"a sequence (RFC 7464)", "\x1e" + har(a) + "\n\x1e" + har(b) + "\n", two},
		{"a list of logs", "[" + har(a) + "," + har(b) + "]", two},
		{"a list of entries", "[" + a + ",\n" + b + "]", two},
		{"a log without its wrapper", `{"version":"1.2","entries":[` + a + "," + b + `]}`, two},
		{"entries, a line each", a + "\n" + b + "\n", two},
		{"entries, a line each, with CRLF", a + "\r\n\r\n" + b, two},
		{"entries, one after the other", strings.ReplaceAll(a, ",", ",\n") + strings.ReplaceAll(b, ",", ",\n"), two},
		{"records and entries", record + b, []string{"/r", "/ü😀"}},
		{"entries and records", a + "\n" + record, []string{"/a", "/r"}},
		{"a list of records", "[" + record + "," + record + "]", []string{"/r", "/r"}},
		{"zip", zipped("har.har", plain), two},
		{"zip of several", zipped("b.har", har(b), "readme.txt", "no", "a.har.gz", gzipped(har(a))), two},
		{"zip of Playwright", zipped("har.har", plain, "0a1b.jsonl", "{\"type\":\"send\"}\n", "ff.json", "{}"), two},
		{"zip of records", zipped("x/a.jsonl", record), []string{"/r"}},
		{"gzip of a zip", gzipped(zipped("a.har", plain)), two},
		{"nothing in the log", har(), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.text), iotest.HalfReader(strings.NewReader(c.text)), iotest.OneByteReader(strings.NewReader(c.text))} {
				got, bad, err := paths(r, exchange.Capture{})
				if err != nil || len(bad) > 0 || !slices.Equal(got, c.want) {
					t.Errorf("%q, want %q; %q, %v", got, c.want, bad, err)
				}
			}
			whole := strings.NewReader(c.text)
			if got, bad, err := paths(strings.NewReader(c.text), exchange.Capture{At: whole, Size: int64(len(c.text))}); err != nil || len(bad) > 0 || !slices.Equal(got, c.want) {
				t.Errorf("from a file: %q, want %q; %q, %v", got, c.want, bad, err)
			}
		})
	}
}

// TestRefusedCaptures has files that are not read, or not whole: what is said of
// them, and what of them is judged.
func TestRefusedCaptures(t *testing.T) {
	a, b := entryOf("a"), entryOf("b")
	bomb := gzipped(gzipped(gzipped(gzipped(gzipped(har(a))))))
	for _, c := range []struct {
		name, text string
		want       []string
		bad        []string
		err        string
	}{
		{"pcap", "\xd4\xc3\xb2\xa1\x02\x00", nil, nil, "f: byte 1: this is a capture of packets; "},
		{"mitmproxy", "1234:9:websocket;0:~8:response;", nil, nil, "f: byte 1: this is a flow file of mitmproxy; make a HAR of it: "},
		{"Fiddler", zipped("[Content_Types].xml", "<", "raw/1_c.txt", "GET / HTTP/1.1"), nil, nil, "f: byte 1: this is an archive of Fiddler (.saz); "},
		{"a trace of Playwright", zipped("0-trace.network", "{}"), nil, nil, "f: byte 1: this is a trace of Playwright; "},
		{"a zip of something else", zipped("a.txt", "x"), nil, nil, "f: byte 1: there is no *.har and no *.jsonl in the zip"},
		{"net log", `{"constants":{"x":1},"events":[]}`, nil, nil, "f: byte 14: this is a net log of Chrome; "},
		{"Postman", `{"info":{"name":"x"},"item":[]}`, nil, nil, "f: byte 29: this is a collection of Postman: "},
		{"Charles", `[{"status":"COMPLETE","method":"GET","protocolVersion":"HTTP/1.1"}]`, nil, nil, "f: byte 56: this is a session of Charles; "},
		{"XML", `<?xml version="1.0"?><items/>`, nil, nil, "f: byte 1: this is XML; "},
		{"a page", "<!doctype html>", nil, nil, "f: byte 1: this is a web page and not a capture; "},
		{"text", "GET / HTTP/1.1\r\n", nil, nil, "f: byte 1: this is a request as text; "},
		{"compressed for ever", bomb, nil, nil, "f: byte 1: the file is compressed again and again"},
		{"gzip cut short", gzipped(har(a, b))[:60], nil, nil, "the file ends in the middle: "},
		{"something behind", har(a) + "\nhello", []string{"/a"}, nil, fmt.Sprintf(`f: byte %d: the file goes on behind the capture with 'h'`, len(har(a))+2)},
		{"a bad line", a + "\n{\"request\":\n" + b + "\n", []string{"/a", "/b"}, []string{fmt.Sprintf("f: entry 1, byte %d: line 2: the JSON text ends early", len(a)+2)}, ""},
		{"a line that is none", a + "\nhello\n" + b + "\n", []string{"/a", "/b"}, []string{fmt.Sprintf("f: entry 1, byte %d: line 2: ", len(a)+2)}, ""},
		{"a bad entry in a list", "[" + a + `,7,{"request":{}},` + b + "]", []string{"/a", "/b"}, []string{"f: entry 1, byte ", "f: entry 2, byte "}, ""},
		{"a bad log among good ones", har(a) + `{"log":{}}` + har(b), []string{"/a"}, nil, fmt.Sprintf(`f: byte %d: not a HAR: "log" has no member "entries"`, len(har(a))+11)},
		{"one bad capture in a zip", zipped("a.har", har(a), "b.har", "hello", "c.har", har(b)), []string{"/a", "/b"}, nil, `f/b.har: byte 1: neither a HAR nor `},
		{"UTF-16 with half a pair", "\xff\xfe" + inUTF16(har(a), binary.LittleEndian) + "\x00\xd8", []string{"/a"}, nil, "f: byte "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, bad, err := paths(strings.NewReader(c.text), exchange.Capture{})
			if !slices.Equal(got, c.want) || len(bad) != len(c.bad) {
				t.Fatalf("%q, want %q; %q, %v", got, c.want, bad, err)
			}
			for i := range bad {
				if !strings.HasPrefix(bad[i], c.bad[i]) {
					t.Errorf("%q, want %q", bad[i], c.bad[i])
				}
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%v, want %q", err, c.err)
			}
		})
	}
}

// TestBodiesInZip takes bodies out of the files beside a HAR in a zip, as
// Playwright saves them, and out of no other.
func TestBodiesInZip(t *testing.T) {
	entry := func(file string) string {
		return `{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"headers":[{"name":"Content-Type","value":"application/json"}],"content":{"size":7,"mimeType":"application/json","_file":"` + file + `"}}}`
	}
	text := zipped("har.har", har(entry("x.json"), entry("../x.json"), entry("gone.json")), "x.json", `[1,2,3]`)
	all, bad, err := readCapture(strings.NewReader(text))
	if err != nil || len(all) != 3 || len(bad) != 1 || !strings.Contains(bad[0], `the body is in the file "gone.json"`) {
		t.Fatalf("%d exchanges, %q, %v", len(all), bad, err)
	}
	if c := &all[0].Response.Content; string(c.Kept) != "[1,2,3]" || c.Truncated || c.Decoded {
		t.Errorf("%q, truncated %v, decoded %v", c.Kept, c.Truncated, c.Decoded)
	}
	for _, x := range all[1:] {
		if len(x.Response.Content.Kept) != 0 || !x.Source.Lacks.Has(exchange.LacksContent) {
			t.Errorf("%q, lacks %v", x.Response.Content.Kept, x.Source.Lacks.Names())
		}
	}
	if all[0].Source.File != "f/har.har" {
		t.Errorf("from %q", all[0].Source.File)
	}
}

// TestCompressedInBoundedMemory reads a compressed capture that is far larger than
// what may be held of it.
func TestCompressedInBoundedMemory(t *testing.T) {
	r, w := io.Pipe()
	go func() {
		z := gzip.NewWriter(w)
		io.WriteString(z, `{"log":{"entries":[`+entryOf("a")+`,{"request":{"method":"GET","url":"http://a.test/b","headers":[]},"response":{"status":200,"content":{"text":"`)
		io.Copy(z, &repeated{strings.Repeat("A", 1<<16), 64 << 20})
		io.WriteString(z, `"}}},`+entryOf("c")+`]}}`)
		z.Close()
		w.Close()
	}()
	got, bad, err := paths(r, exchange.Capture{})
	if err != nil || len(bad) > 0 || !slices.Equal(got, []string{"/a", "/b", "/c"}) {
		t.Errorf("%q, %q, %v", got, bad, err)
	}
}
