package inspector

import (
	"go/parser"
	"go/token"
	"os/exec"
	"strings"
	"testing"

	"sidenote/exchange"
)

// hostile are values that would like to be more than values.
var hostile = []string{
	"plain", "", "it's", `"; rm -rf ~ #`, "$(touch /tmp/owned)", "`id`", "a\nb: c", "\x1b]0;owned\x07", "-o/tmp/x", "@/etc/passwd",
	"\u202e gnp.exe", "!!", "%s%n", `\'; id; '`, "${IFS}", "a\x00b", "\xff\xfe", "*", "~root", "</script>", "\u2028", `\u0041`, "𝒳",
}

func hostileRequest() copied {
	c := copied{method: "POST", url: "http://shop.test/a?b=" + hostile[3] + hostile[4], content: []byte(strings.Join(hostile, "|"))}
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
	c.fields = c.fields[:0]
	for _, v := range hostile {
		if !strings.Contains(v, "\x00") { // which no argument can hold, and no field
			c.fields = append(c.fields, [2]string{"X-Value", v})
		}
	}
	for name, write := range map[string]func(copied) string{"curl": copyCurl, "http": copyHTTPie} {
		got := words(t, "bash", write(c))
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
			found := false
			for _, w := range got {
				found = found || w == want
			}
			if !found {
				t.Errorf("%s: no argument is %q", name, want)
			}
		}
	}
	text := copied{method: "PUT", url: "http://shop.test/", content: []byte(`{"it's": "$(id)"}`)}
	if got := words(t, "bash", copyCurl(text)); got[len(got)-1] != string(text.content) || got[2] != "PUT" {
		t.Errorf("%q", got)
	}
}

func TestCopiesAreCode(t *testing.T) {
	c := hostileRequest()
	if _, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() {\n"+copyGo(c)+"}\n", 0); err != nil {
		t.Errorf("Go: %v\n%s", err, copyGo(c))
	}
	for _, check := range []struct {
		command []string
		text    string
	}{
		{[]string{"python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())"}, copyPython(c)},
		{[]string{"node", "--input-type=module", "--check"}, copyFetch(c)},
	} {
		cmd := exec.Command(check.command[0], check.command[1:]...)
		cmd.Stdin = strings.NewReader(check.text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", check.command[0], err, out, check.text)
		}
	}
	for name, write := range copiers {
		x, err := exchange.ParseText("> GET / HTTP/1.1\n> Host: a.test\n>\n< HTTP/1.1 204 No Content\n<\n")
		if err != nil {
			t.Fatal(err)
		}
		if name == "raw" {
			if got := write(requestToCopy(x)); !strings.HasPrefix(got, "GET / HTTP/1.1\nHost: a.test\n") {
				t.Errorf("raw: %q", got)
			}
			continue
		}
		if got := write(c); !isPrintable(strings.ReplaceAll(strings.ReplaceAll(got, "\n", ""), "\t", "")) {
			t.Errorf("%s has what does not print: %q", name, got)
		}
	}
}
