package main

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"sidenote/internal/golden"

	"github.com/mccutchen/go-httpbin/v2/httpbin"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sidenote": main})
}

// TestScripts runs testdata/script/*.txtar: each uses the program as a user
// would. $ORIGIN and $SECURE_ORIGIN are the URLs of go-httpbin in clear and over
// TLS, which the CA of $ORIGIN_CA vouches for, and $PROGRAM is the path of the
// program, in $BIN. With -update what is printed is written into the scripts.
func TestScripts(t *testing.T) {
	clear, secure, caFile := startOrigin(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       golden.Update(),
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
			e.Setenv("SHELL", "/bin/sh")
			bin := filepath.SplitList(e.Getenv("PATH"))[0]
			e.Setenv("BIN", bin)
			e.Setenv("PROGRAM", filepath.Join(bin, "sidenote"))
			e.Setenv("ORIGIN", clear)
			e.Setenv("SECURE_ORIGIN", secure)
			e.Setenv("ORIGIN_CA", caFile)
			return os.MkdirAll(home, 0o700)
		},
	})
}

// startOrigin serves go-httpbin until the test ends.
func startOrigin(t *testing.T) (clear, secure, caFile string) {
	t.Helper()
	h := httpbin.New().Handler()
	c, s := httptest.NewServer(h), httptest.NewTLSServer(h)
	t.Cleanup(c.Close)
	t.Cleanup(s.Close)
	caFile = filepath.Join(t.TempDir(), "origin-ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return c.URL, s.URL, caFile
}

// TestErrorsSteerNoTerminal prints errors that quote what someone else wrote.
func TestErrorsSteerNoTerminal(t *testing.T) {
	if got, want := oneLine(" a\n\tb\x1b[2J\u202ec\u009b \n"), `a  b\x1b[2J\u202ec\u009b`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
