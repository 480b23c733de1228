package rules_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
)

// vendorExample is a response that shows a code of a vendor's; status takes the
// place of the code's own, and without marks nothing names the vendor.
func vendorExample(v *annotate.Vendor, c *annotate.VendorCode, status int, marked bool) string {
	var b strings.Builder
	b.WriteString("* scheme https\n* client tls=0x0304\n* origin tls=0x0304\n")
	request := "> GET /orders HTTP/1.1\n> Host: shop.test\n> User-Agent: a/1\n>\n"
	if status == 413 {
		request = "> PUT /orders HTTP/1.1\n> Host: shop.test\n> User-Agent: a/1\n> Content-Type: text/plain\n> Content-Length: 2\n>\n> ok\n"
	}
	fmt.Fprintf(&b, "%s< HTTP/1.1 %d %s\n", request, status, strings.TrimSpace(http.StatusText(status)+" x"))
	if marked && len(v.Marks) > 0 && v.Marks[0].Name != c.Field {
		value := v.Marks[0].Value
		if value == "" {
			value = "7f1a2b"
		}
		fmt.Fprintf(&b, "< %s: %s\n", v.Marks[0].Name, value)
	}
	if c.Field != 0 {
		value := c.Value
		if value == "" {
			value = "7f1a2b"
		}
		fmt.Fprintf(&b, "< %s: %s\n", c.Field, value)
	}
	for _, id := range v.IDs {
		if marked && id != c.Field && (len(v.Marks) == 0 || id != v.Marks[0].Name) {
			fmt.Fprintf(&b, "< %s: 7f1a2b\n", id)
		}
	}
	switch status {
	case 301:
		b.WriteString("< Location: /orders/\n")
	case 401:
		b.WriteString("< WWW-Authenticate: Bearer realm=\"shop\"\n")
	case 429, 503:
		b.WriteString("< Retry-After: 60\n")
	}
	page := "no"
	if c.Page != "" {
		page = c.Page
		if len(v.Leads) > 0 {
			page = v.Leads[0] + page
		}
		if len(v.Leads) > 1 && c.Code == "unknown domain" {
			page = v.Leads[1] + c.Page
		}
		page = v.Page + " " + page
	}
	b.WriteString("< Content-Type: text/html\n<\n")
	for line := range strings.SplitSeq(page, "\n") {
		b.WriteString("< " + escape(line) + "\n")
	}
	return b.String()
}

func vendorStatus(c *annotate.VendorCode) int {
	switch {
	case c.Status != 0:
		return c.Status
	case c.Kind == annotate.VendorState:
		return 200
	case c.Who == annotate.ByClient:
		return 403
	}
	return 502
}

// vendorNotes are the notes of the rules vendor/* on an example, but that of
// vendor/support-id, which is about any error.
func vendorNotes(t *testing.T, set *annotate.Set, text string) (notes []annotate.Note) {
	t.Helper()
	for _, n := range notesOver(t, set, text) {
		if n.Rule.Topic() == "vendor" && n.Rule.ID != "vendor/support-id" {
			notes = append(notes, n)
		}
	}
	return notes
}

// TestVendorCodes makes a response of each row of the table. It has one note, of
// the row; and none where the vendor is not there or the status is another.
func TestVendorCodes(t *testing.T) {
	set := allOn(t)
	rows := 0
	for i := range annotate.Vendors() {
		v := &annotate.Vendors()[i]
		for j := range v.Codes {
			c := &v.Codes[j]
			rows++
			status := vendorStatus(c)
			text := vendorExample(v, c, status, true)
			notes := vendorNotes(t, set, text)
			if len(notes) != 1 || !strings.HasSuffix(notes[0].Message, c.Means) || !strings.HasPrefix(notes[0].Message, v.Name+" ") {
				t.Errorf("%s %s: %q\n%s", v.Name, c.Code, messages(notes), text)
				continue
			}
			n := notes[0]
			if n.Blame != c.Who || !strings.HasPrefix(n.Help, c.Do) || (len(v.IDs) > 0) != strings.Contains(n.Help, "; quote ") {
				t.Errorf("%s %s: %s, help %q", v.Name, c.Code, n.Blame, n.Help)
			}
			for _, other := range notesOver(t, set, text) {
				if other.Severity > annotate.Info && other.Rule.Topic() != "vendor" && !abridged(other.Rule.ID) {
					t.Errorf("%s %s also has %s: %s", v.Name, c.Code, other.Rule.ID, other.Message)
				}
			}
			marksItself := slices.ContainsFunc(v.Marks, func(m annotate.VendorMark) bool { return m.Name == c.Field })
			if len(v.Marks) > 0 && !marksItself {
				for _, n := range vendorNotes(t, set, vendorExample(v, c, status, false)) {
					if strings.HasPrefix(n.Message, v.Name+" ") {
						t.Errorf("%s %s, of an unknown server: %q", v.Name, c.Code, n.Message)
					}
				}
			}
			if c.Kind == annotate.VendorFailure {
				if notes := vendorNotes(t, set, vendorExample(v, c, 200, true)); len(notes) > 0 {
					t.Errorf("%s %s, with a success: %q", v.Name, c.Code, messages(notes))
				}
			}
		}
	}
	if rows < 150 {
		t.Errorf("%d rows are too few", rows)
	}
}

func messages(notes []annotate.Note) (all []string) {
	for _, n := range notes {
		all = append(all, n.Message)
	}
	return all
}
