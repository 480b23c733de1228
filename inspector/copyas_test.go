package inspector

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sidenote/exchange"
)

// hostile are values that would like to be more than values.
var hostile = []string{
	"plain", "", "it's", `"; rm -rf ~ #`, "$(touch /tmp/owned)", "`id`", "a\nb: c", "\x1b]0;owned\x07", "-o/tmp/x", "@/etc/passwd",
	"\u202e gnp.exe", "!!", "%s%n", `\'; id; '`, "${IFS}", "a\x00b", "\xff\xfe", "*", "~root", "</script>", "\u2028", `\u0041`, "𝒳",
}

// toCopy makes a request to be copied of its head, as it was sent to an
// authority, and its content.
func toCopy(authority, head, content string) *copied {
	x := &exchange.Exchange{Scheme: "http", Authority: authority}
	x.Request.Version = exchange.HTTP11
	line, fields := exchange.ParseHead(head)
	x.Request.Method, line, _ = strings.Cut(line, " ")
	x.Request.Target = line[:strings.LastIndexByte(line, ' ')]
	x.Request.Fields, x.Request.Content.Kept = fields, []byte(content)
	return requestToCopy(x)
}

func hostileRequest() *copied {
	c := &copied{method: "POST", scheme: "http", authority: "shop.test", target: "/a?b=" + hostile[3] + hostile[4], x: &exchange.Exchange{}, content: []byte(strings.Join(hostile, "|"))}
	for _, v := range hostile {
		c.fields = append(c.fields, [2]string{"X-Value", v})
	}
	return c
}

// words runs a command line with a shell whose curl and http say what they
// were given.
func words(t *testing.T, shell, line string) []string {
	t.Helper()
	// Each argument ends with an octet that none has.
	program := `curl() { printf 'curl\001'; for a in "$@"; do printf '%s\001' "$a"; done; }; http() { printf 'http\001'; for a in "$@"; do printf '%s\001' "$a"; done; }
` + line
	out, err := exec.Command(shell, "-c", program).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, line, out)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x01"), "\x01")
}

func TestCopiesForAShellAreOnlyArguments(t *testing.T) {
	c := hostileRequest()
	c.fields, c.target = c.fields[:0], "/a?b=c"
	for _, v := range hostile {
		if !strings.Contains(v, "\x00") { // which no argument can hold, and no field
			c.fields = append(c.fields, [2]string{"X-Value", v})
		}
	}
	for name, as := range map[string]string{"curl": "curl", "http": "httpie"} {
		got := words(t, "bash", copyTools[as].copy(c))
		if got[0] != name {
			t.Errorf("%s: ran %q", name, got[0])
		}
		for _, f := range c.fields {
			want := f[0] + ": " + f[1]
			if name == "http" {
				want = f[0] + ":" + f[1]
			}
			if f[1] == "" {
				want = f[0] + ";"
			}
			if !slices.Contains(got, want) {
				t.Errorf("%s: no argument is %q", name, want)
			}
		}
	}
}

func TestCopiesAreCode(t *testing.T) {
	c := hostileRequest()
	for i := range c.fields { // which net/http refuses
		c.fields[i][1] = strings.Map(func(r rune) rune {
			if r < ' ' {
				return '?'
			}
			return r
		}, c.fields[i][1])
	}
	c.target = "/a?b=" + hostile[5] + hostile[13][:2]
	code := copyTools["go"].copy(c)
	if _, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() {\n"+code+"}\n", 0); err != nil || !strings.Contains(code, "client.Do") {
		t.Errorf("Go: %v\n%s", err, code)
	}
	plain := hostileRequest()
	plain.target = "/a?b=c"
	for _, check := range []struct {
		command []string
		text    string
	}{
		{[]string{"python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())"}, copyTools["python"].copy(plain)},
		{[]string{"node", "--input-type=module", "--check"}, copyTools["fetch"].copy(plain)},
	} {
		cmd := exec.Command(check.command[0], check.command[1:]...)
		cmd.Stdin = strings.NewReader(check.text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", check.command[0], err, out, check.text)
		}
	}
	for name, tool := range copyTools {
		if name == "raw" {
			if got := tool.copy(toCopy("a.test", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "")); !strings.HasPrefix(got, "GET / HTTP/1.1\nHost: a.test\n") {
				t.Errorf("raw: %q", got)
			}
			continue
		}
		for _, c := range []*copied{hostileRequest(), plain} {
			if got := tool.copy(c); got == "" || !isPrintable(strings.ReplaceAll(strings.ReplaceAll(got, "\n", ""), "\t", "")) {
				t.Errorf("%s has what does not print: %q", name, got)
			}
		}
	}
}

// An awkwardRequest is one that tools like to change, with the tools that cannot
// make it.
type awkwardRequest struct {
	head, content string
	cannot        []string
}

var awkwardRequests = func() (list []awkwardRequest) {
	add := func(line, fields, content string, cannot ...string) {
		if content != "" {
			fields += "Content-Length: " + strconv.Itoa(len(content)) + "\r\n"
		}
		list = append(list, awkwardRequest{line + " HTTP/1.1\r\nHost: AUTHORITY\r\n" + fields + "\r\n", content, cannot})
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "DELETE", "PATCH", "PUT", "POST", "PROPFIND", "M-SEARCH"} {
		add(method+" /plain?a=b&c=%20", "Accept: */*\r\n", "")
		if method == "GET" || method == "HEAD" {
			add(method+" /body", "Content-Type: text/plain\r\n", "with a body", "fetch")
		} else {
			add(method+" /body", "Content-Type: text/plain\r\n", "with a body")
		}
	}
	add("get /lower", "", "", "fetch")
	add("patch /lower", "", "")
	add("TRACE /trace", "", "", "fetch")
	add("OPTIONS *", "", "", "fetch", "httpie")
	add("POST /empty", "Content-Length: 0\r\n", "")
	for _, target := range []string{"/a/../b", "/./a", "/a/.", "/a/%2e%2e/b", "/a/..", "//a/b", "/a//b"} {
		if target == "/a//b" {
			add("GET "+target, "", "")
			continue
		}
		add("GET "+target, "", "", "fetch", "httpie")
	}
	for _, target := range []string{
		"/ä", "/\xff\xfe", "/%e4", "/%zz", "/%", "/%7Ea", "/a?q='x'", `/a?q="x"`, "/<b>", "/{id}", "/a|b", "/a^b", "/a`b", `/a\b`, "/[x]", "/a?b[]=1", "/𝒳?ü=ö", "/?", "/a?",
	} {
		add("GET "+target, "", "", "fetch", "httpie")
	}
	for _, target := range []string{"/", "/a?b?c", "/a;b=c", "/a:b@c", "/!$&()*+,;=:@", "/%20%2F", "/a?b=%26&c=d+e"} {
		add("GET "+target, "", "")
	}
	add("GET /fields", "X-Empty:\r\nX-Tab: a\tb\r\nX-Quote: \"it's\"\r\nX-Shell: $(id) `id` !! \\ %s\r\n", "")
	add("GET /twice", "X-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\n", "")
	add("GET /case", "x-lower: 1\r\nX-UPPER: 2\r\nuser-agent: mine\r\naccept: a/b\r\n", "")
	add("GET /text", "X-Latin: \xe4\r\nX-UTF: ä€\r\n", "")
	add("GET /agent", "User-Agent: curl/1\r\nAccept-Encoding: identity\r\nAccept-Language: de\r\n", "")
	add("POST /zero", "Content-Type: application/octet-stream\r\n", "a\x00b\xff\xfe\r\n\x00")
	add("POST /quotes", "Content-Type: application/json\r\n", `{"it's": "\"$(id)\" \\ @file %00"}`)
	add("POST /at", "Content-Type: text/plain\r\n", "@/etc/passwd")
	add("POST /untyped", "", "a body without a type")
	add("POST /lines", "Content-Type: text/plain\r\n", "a\r\nb\n\nc\t\u2028")
	add("PUT /large", "Content-Type: text/plain\r\n", strings.Repeat("0123456789", 20000))
	return list
}()

// A rawOrigin keeps each request as it came.
type rawOrigin struct {
	net.Listener
	came chan string
}

func newRawOrigin(t *testing.T) *rawOrigin {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &rawOrigin{l, make(chan string, 100)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go o.answer(c)
		}
	}()
	return o
}

// answer reads a request, and closes the connection after the response.
func (o *rawOrigin) answer(c net.Conn) {
	defer c.Close()
	var all []byte
	buffer := make([]byte, 64<<10)
	for {
		if head, content, whole := bytes.Cut(all, []byte("\r\n\r\n")); whole {
			_, fields := exchange.ParseHead(string(head) + "\r\n\r\n")
			length, _ := strconv.Atoi(fields.Value(exchange.FieldContentLength))
			if len(content) >= length {
				break
			}
		}
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		all = append(all, buffer[:n]...)
	}
	o.came <- string(all)
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// differences compares a request that came with the one that was copied, and
// says what differs. The fields that a note says are added may be more.
func differences(want awkwardRequest, authority, came, notes string, ordered bool) string {
	head, content, _ := strings.Cut(came, "\r\n\r\n")
	line, fields := exchange.ParseHead(head + "\r\n\r\n")
	wantLine, wantFields := exchange.ParseHead(strings.Replace(want.head, "AUTHORITY", authority, 1))
	if line != wantLine {
		return fmt.Sprintf("sent %q, not %q", line, wantLine)
	}
	if content != want.content {
		return fmt.Sprintf("sent %.80q, not %.80q", content, want.content)
	}
	list := func(f exchange.Fields) (out []string) {
		for _, l := range f.All() {
			name := strings.ToLower(l.Name)
			added := strings.Contains(notes, l.Name) || strings.Contains(strings.ToLower(notes), name+",")
			if name == "connection" || name == "content-length" && l.Value == "0" || added && !wantFields.Has(l.Known) {
				continue
			}
			if name == "host" || !ordered {
				out = append(out, name+": "+l.Value)
			} else {
				out = append(out, l.Name+": "+l.Value)
			}
		}
		if !ordered {
			slices.Sort(out)
		}
		return out
	}
	got, wanted := list(fields), list(wantFields)
	if strings.Contains(notes, "joins the lines") {
		return ""
	}
	if ordered { // clients have a place of their own for these
		for _, l := range []*[]string{&got, &wanted} {
			*l = slices.DeleteFunc(*l, func(s string) bool { return strings.HasPrefix(s, "host:") || strings.HasPrefix(s, "Content-Length:") })
		}
	}
	if !slices.Equal(got, wanted) {
		return fmt.Sprintf("sent the fields %q, not %q", got, wanted)
	}
	return ""
}

// TestCopiesMakeTheSameRequest runs the copies with the tools they are for, and
// compares what an origin server then gets.
func TestCopiesMakeTheSameRequest(t *testing.T) {
	origin := newRawOrigin(t)
	authority := origin.Addr().String()
	for as, tool := range map[string]struct {
		program string
		args    func(code string) []string
		ordered bool
	}{
		"curl":   {"curl", func(code string) []string { return []string{"bash", "-c", code} }, true},
		"python": {"python3", func(code string) []string { return []string{"python3", "-c", code} }, true},
		"fetch":  {"node", func(code string) []string { return []string{"node", "--input-type=module", "-e", code} }, false},
		"httpie": {"http", func(code string) []string { return []string{"bash", "-c", code} }, false},
	} {
		t.Run(as, func(t *testing.T) {
			for _, a := range awkwardRequests {
				copied := copyTools[as].copy(toCopy(authority, strings.Replace(a.head, "AUTHORITY", authority, 1), a.content))
				line, _, _ := strings.Cut(a.head, "\r\n")
				if saysCannot(t, as, a, copied) {
					continue
				}
				if _, err := exec.LookPath(tool.program); err != nil {
					continue
				}
				args := tool.args(copied)
				cmd := exec.Command(args[0], args[1:]...)
				cmd.Env = append(os.Environ(), "NO_PROXY=*", "no_proxy=*")
				if len(strings.Join(args, "")) > 100<<10 { // more than an argument may have
					cmd = exec.Command(args[0], script(t, as, copied))
				}
				out, err := cmd.CombinedOutput()
				select {
				case came := <-origin.came:
					if differs := differences(a, authority, came, notesOf(copied), tool.ordered); differs != "" {
						t.Errorf("%s: %s\n%.600s", line, differs, copied)
					}
				case <-time.After(5 * time.Second):
					t.Errorf("%s: nothing came: %v %s\n%.600s", line, err, out, copied)
				}
			}
		})
	}
	t.Run("go", func(t *testing.T) { runGoCopies(t, origin) })
}

// script writes code to a file.
func script(t *testing.T, as, code string) string {
	name := filepath.Join(t.TempDir(), "copy."+map[string]string{"fetch": "mjs", "python": "py", "curl": "sh", "httpie": "sh"}[as])
	if err := os.WriteFile(name, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// saysCannot checks that a copy says that its tool cannot make a request where
// it cannot, and nowhere else.
func saysCannot(t *testing.T, as string, a awkwardRequest, copied string) bool {
	t.Helper()
	says := strings.Contains(copied, "cannot be copied here")
	if line, _, _ := strings.Cut(a.head, "\r\n"); says != slices.Contains(a.cannot, as) {
		t.Errorf("%s: %s says that it cannot: %v\n%s", line, as, says, copied)
	}
	if says && strings.Count(copied, "\n") != 1 {
		t.Errorf("more than a comment: %s", copied)
	}
	return says
}

// notesOf are the comments that a copy begins with.
func notesOf(copied string) (notes string) {
	for line := range strings.Lines(copied) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "//") {
			break
		}
		notes += line
	}
	return notes
}

// runGoCopies makes one program of all requests.
func runGoCopies(t *testing.T, origin *rawOrigin) {
	authority := origin.Addr().String()
	var program strings.Builder
	program.WriteString("package main\n\nimport (\n\t\"log\"\n\t\"net/http\"\n\t\"strings\"\n)\n\nvar _ = strings.NewReader\n\nfunc main() {\n")
	var made []awkwardRequest
	for _, a := range awkwardRequests {
		copied := copyTools["go"].copy(toCopy(authority, strings.Replace(a.head, "AUTHORITY", authority, 1), a.content))
		if saysCannot(t, "go", a, copied) {
			continue
		}
		made = append(made, a)
		program.WriteString("\tfunc() {\n" + copied + "\t\tif err != nil {\n\t\t\tlog.Fatal(err)\n\t\t}\n\t\tresp.Body.Close()\n\t}()\n")
	}
	program.WriteString("}\n")
	name := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(name, []byte(program.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", name)
	cmd.Env = append(os.Environ(), "NO_PROXY=*", "no_proxy=*")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, a := range made {
		line, _, _ := strings.Cut(a.head, "\r\n")
		select {
		case came := <-origin.came:
			if differs := differences(a, authority, came, "", false); differs != "" {
				t.Errorf("%s: %s", line, differs)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: nothing came", line)
		}
	}
}

func TestCopiesSayWhatTheyLack(t *testing.T) {
	for _, c := range []struct{ head, says string }{
		{"GET / HTTP/1.1\r\nAuthorization: Bearer [redacted:123456]\r\n\r\n", "Put the true value in its place"},
		{"GET /?token=[redacted:123456] HTTP/1.1\r\n\r\n", "Put the true value in its place"},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "in chunks"},
		{"GET / HTTP/1.1\r\nUpgrade: websocket\r\nTE: trailers\r\n\r\n", "Upgrade, TE"},
		{"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n", "cannot be copied here"},
	} {
		for _, as := range []string{"curl", "python", "go"} {
			if got := copyTools[as].copy(toCopy("a.test", c.head, "")); !strings.Contains(notesOf(got), c.says) {
				t.Errorf("%q as %s does not say %q:\n%s", c.head, as, c.says, got)
			}
		}
	}
}
