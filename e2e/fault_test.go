package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
)

// TestFaultNotes runs every rule over the records of the proxy's fault test:
// each failed exchange has a note that names its failure. The two halves are
// apart since the proxy and its tests know nothing of rules.
func TestFaultNotes(t *testing.T) {
	t.Parallel()
	lookAtSource()
	set, err := annotate.NewSet(rules.All(), annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	met := map[exchange.ErrCode]int{}
	for _, x := range faultRecords(t) {
		checkFaultNotes(t, x, set.All(x, nil))
		if x.Err != nil {
			met[x.Err.Code]++
		}
	}
	for _, f := range exchange.Failures() {
		if met[f.Code] == 0 && !slices.Contains(notInFaultTest, f.Code) {
			t.Errorf("no exchange of the fault test failed with %s", f.Code)
		}
	}
}

// notInFaultTest are the codes that are not the fault of an origin server, or have
// no way to be led to, those of peers that do not read or speak unasked, which have
// tests of their own, and ErrUndecodable, which is not known when the exchange ends.
var notInFaultTest = []exchange.ErrCode{
	exchange.ErrRequestMalformed, exchange.ErrRequestHeadLarge, exchange.ErrRequestTruncated,
	exchange.ErrClientRefusedCA, exchange.ErrClientTLS, exchange.ErrClientH2, exchange.ErrClientBlocked, exchange.ErrClientFailed, exchange.ErrShutdown, exchange.ErrInternal,
	exchange.ErrSendTimeout, exchange.ErrDeliveryTimeout, exchange.ErrUnasked,
	exchange.ErrConnectFailed, exchange.ErrTLSFailed, exchange.ErrUnknown, exchange.ErrUndecodable,
}

// faultRecords runs the proxy's fault test and returns its records.
func faultRecords(t *testing.T) (records []*exchange.Exchange) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "faults.jsonl")
	test := exec.Command("go", "test", "-count=1", "-run", "^TestFault", "sidenote/proxy")
	test.Env = append(os.Environ(), "SIDENOTE_FAULT_RECORDS="+name)
	if out, err := test.CombinedOutput(); err != nil {
		t.Fatalf("the fault test: %v\n%s", err, out)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = exchange.ReadCapture(f, exchange.Capture{Exchange: func(x *exchange.Exchange) error {
		records = append(records, x)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(records) < 150 {
		t.Fatalf("only %d records", len(records))
	}
	return records
}

// checkFaultNotes looks for the note that names the failure: of the code's own
// rule, or of one that says it better and is in its place.
func checkFaultNotes(t *testing.T, x *exchange.Exchange, notes []annotate.Note) {
	t.Helper()
	code, severity := exchange.ErrUndecodable, annotate.Error
	if x.Err != nil {
		code = x.Err.Code
	}
	if code == exchange.ErrClientGone {
		severity = annotate.Info
	}
	own := "failure/" + strings.ReplaceAll(string(code), "_", "-")
	if isCertificateError(code) {
		own = "tls/verification-failed"
	}
	for _, n := range notes {
		names := n.Rule.ID == own || slices.Contains(n.Rule.Suppresses, own)
		if names && n.Severity == severity && n.Message != "" && n.HelpText() != "" {
			return
		}
	}
	t.Errorf("there is no %v for %s among the notes of\n%.2000s", severity, own, x.Format())
	for _, n := range notes {
		t.Errorf("  %v %s: %s", n.Severity, n.Rule.ID, n.Message)
	}
}

func isCertificateError(c exchange.ErrCode) bool {
	switch c {
	case exchange.ErrTLSUntrusted, exchange.ErrTLSSelfSigned, exchange.ErrTLSExpired, exchange.ErrTLSNotYetValid,
		exchange.ErrTLSWrongName, exchange.ErrTLSCertificate:
		return true
	}
	return false
}
