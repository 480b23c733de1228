package field_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dunglas/httpsfv"

	"sidenote/exchange/field"
)

func TestParseStructured(t *testing.T) {
	for _, c := range []struct {
		kind field.StructureKind
		in   string
		want string // the members: key=type:text;params
	}{
		{field.StructuredItem, " 42 ", "Integer:42"},
		{field.StructuredItem, "-0.5;a", "Decimal:-0.5;a=Boolean:"},
		{field.StructuredItem, `"a\"b";x="y"`, `String:"a\"b";x=String:"y"`},
		{field.StructuredItem, "*a:b/c", "Token:*a:b/c"},
		{field.StructuredItem, ":aGk=:", "Byte Sequence::aGk=:"},
		{field.StructuredItem, "?0", "Boolean:?0"},
		{field.StructuredItem, "@-5", "Date:@-5"},
		{field.StructuredItem, `%"f%c3%bc"`, `Display String:%"f%c3%bc"`},
		{field.StructuredList, "", ""},
		{field.StructuredList, "a;q=1;  r, \t(b \"c\");z", `Token:a;q=Integer:1;r=Boolean: Inner List:(b "c")[Token:b String:"c"];z=Boolean:`},
		{field.StructuredList, "()", "Inner List:()[]"},
		{field.StructuredDictionary, "a, b=1;c=2 , d=(1 2)", "a=Boolean: b=Integer:1;c=Integer:2 d=Inner List:(1 2)[Integer:1 Integer:2]"},
	} {
		f, err := field.ParseStructured(c.in, c.kind)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		var got []string
		for m := range f.Members() {
			got = append(got, show(t, c.in, m))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q gives %s, want %s", c.in, s, c.want)
		}
	}
}

// show writes a member for comparison and checks that its offsets are true.
func show(t *testing.T, in string, m field.Member) string {
	t.Helper()
	s := ""
	if m.Key != "" {
		s = m.Key + "="
		if in[m.KeyAt:m.KeyAt+len(m.Key)] != m.Key {
			t.Errorf("%q: key %q is said to be at %d", in, m.Key, m.KeyAt)
		}
	}
	if in[m.At:m.End()] != m.Text {
		t.Errorf("%q: %q is said to be at %d", in, m.Text, m.At)
	}
	s += fmt.Sprintf("%v:%s", m.Type, m.Text)
	if m.Type == field.InnerList {
		var items []string
		for i := range m.Items() {
			items = append(items, show(t, in, i))
		}
		s += "[" + strings.Join(items, " ") + "]"
	}
	for p := range m.Params() {
		if in[p.KeyAt:p.KeyAt+len(p.Key)] != p.Key || in[p.At:p.End()] != p.Text {
			t.Errorf("%q: parameter %+v", in, p)
		}
		s += fmt.Sprintf(";%s=%v:%s", p.Key, p.Type, p.Text)
	}
	return s
}

func TestParseStructuredSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		kind field.StructureKind
		in   string
		at   int
		what string
	}{
		{field.StructuredItem, "", 0, "want a value"},
		{field.StructuredItem, "a b", 0, "a value with spaces or punctuation must be in double quotes"},
		{field.StructuredItem, "'a'", 0, "a string must be in double quotes, not single ones"},
		{field.StructuredItem, `"a`, 2, "want a closing quote"},
		{field.StructuredItem, `"a\n"`, 3, `only \ and " may follow a backslash`},
		{field.StructuredItem, "\"\xc3\xbc\"", 1, "a String holds printable ASCII only"},
		{field.StructuredItem, "1234567890123456", 15, "an Integer has at most 15 digits"},
		{field.StructuredItem, "1234567890123.1", 13, "a Decimal has at most 12 digits before the point"},
		{field.StructuredItem, "1.2345", 5, "a Decimal has at most 3 digits after the point"},
		{field.StructuredItem, "1.", 2, "want a digit"},
		{field.StructuredItem, "-a", 1, "want a digit"},
		{field.StructuredItem, ":a", 2, "want a closing colon"},
		{field.StructuredItem, ":a-b=:", 2, "want base64 between the colons"},
		{field.StructuredItem, ":aaaaa:", 6, "the base64 ends early"},
		{field.StructuredItem, "?true", 1, "want 0 or 1 after the question mark"},
		{field.StructuredItem, "@1.5", 3, "a Date has no fraction of a second"},
		{field.StructuredItem, `%"%C3%BC"`, 3, "want two lower-case hexadecimal digits after the percent sign"},
		{field.StructuredItem, `%"%ff"`, 0, "a Display String holds UTF-8"},
		{field.StructuredItem, "a; Q=1", 3, "keys must be in lower case"},
		{field.StructuredList, "a,", 2, "nothing follows the last comma"},
		{field.StructuredList, "a,,b", 2, "want a value before the comma"},
		{field.StructuredList, "a b", 2, "want a comma before the next member"},
		{field.StructuredDictionary, "csp=https://r.test/?a=b", 4, "the URL must be in double quotes"},
		{field.StructuredDictionary, "a=\"b\" c", 6, "want a comma before the next member"},
		{field.StructuredList, "(a", 2, "want a closing parenthesis"},
		{field.StructuredList, "(a,b)", 2, "want a space between the items of an inner list"},
		{field.StructuredList, "(a (b))", 3, "want an item or a closing parenthesis"},
		{field.StructuredDictionary, "Max-Age=1", 0, "keys must be in lower case"},
		{field.StructuredDictionary, "max-Age=1", 4, "keys must be in lower case"},
		{field.StructuredDictionary, "a=", 2, "want a value"},
		{field.StructuredDictionary, "1=2", 0, "want a key, which begins with a lower-case letter"},
	} {
		if _, err := field.ParseStructured(c.in, c.kind); err == nil || err.At != c.at || err.What != c.what {
			t.Errorf("%q: %v, want %q at %d", c.in, err, c.what, c.at)
		}
	}
}

func TestStructuredLookup(t *testing.T) {
	f, err := field.ParseStructured(`a=1, b="x\\y";p=:aGk:;p=%"%e2%82%ac", a=-2.25`, field.StructuredDictionary)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := f.Member("a"); !ok || m.Type != field.Decimal || m.Number != -2250 {
		t.Errorf("a is %+v", m)
	}
	b, ok := f.Member("b")
	if !ok || b.Content() != `x\y` {
		t.Errorf("b is %+v", b)
	}
	if p, ok := b.Param("p"); !ok || p.Content() != "€" {
		t.Errorf("p is %+v", p)
	}
	if _, ok := f.Member("c"); ok {
		t.Error("there is a c")
	}
	if i, ok := f.Item(); !ok || i.Number != 1 {
		t.Errorf("the first member is %+v", i)
	}
}

func TestStructuredDoesNotAllocate(t *testing.T) {
	const value = `"minute";r=59;t=30, (a "b");c=?0`
	n := 0
	if allocs := testing.AllocsPerRun(100, func() {
		f, _ := field.ParseStructured(value, field.StructuredList)
		for m := range f.Members() {
			for p := range m.Params() {
				n += len(p.Key)
			}
			for i := range m.Items() {
				n += len(i.Text)
			}
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// FuzzStructured compares with another parser: both take and refuse the same
// values, and find the same in them.
func FuzzStructured(f *testing.F) {
	for _, s := range []string{
		"a;q=1, (b c);d", `"x\"y";z=:aGk=:`, "a=1.5, b=?0, c=@12, d", `%"f%c3%bc"`, "a,", "1.2345", "()", ":aGk:", "a;b= 1", "* ",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		i, err := httpsfv.UnmarshalItem([]string{s})
		item, ok := sameVerdict(t, s, field.StructuredItem, err)
		if m, found := item.Item(); ok && found {
			sameValue(t, s, m.Bare, i.Value)
		}
		l, err := httpsfv.UnmarshalList([]string{s})
		list, ok := sameVerdict(t, s, field.StructuredList, err)
		if ok {
			n := 0
			for m := range list.Members() {
				sameMember(t, s, m, l[n])
				n++
			}
			if n != len(l) {
				t.Fatalf("%q: %d members, want %d", s, n, len(l))
			}
		}
		d, err := httpsfv.UnmarshalDictionary([]string{s})
		dictionary, ok := sameVerdict(t, s, field.StructuredDictionary, err)
		if ok {
			for _, key := range d.Names() {
				want, _ := d.Get(key)
				m, _ := dictionary.Member(key)
				sameMember(t, s, m, want)
			}
		}
	})
}

func sameVerdict(t *testing.T, s string, kind field.StructureKind, other error) (field.Structured, bool) {
	t.Helper()
	got, err := field.ParseStructured(s, kind)
	if err != nil && (err.At < 0 || err.At > len(s) || err.What == "") {
		t.Fatalf("%v %q: error %+v", kind, s, err)
	}
	if (err == nil) != (other == nil) && !strings.ContainsAny(s, ":\n\r@") {
		t.Fatalf("%v %q: %v, the other parser says %v", kind, s, err, other)
	}
	return got, err == nil && other == nil
}

func sameMember(t *testing.T, s string, m field.Member, want httpsfv.Member) {
	t.Helper()
	switch w := want.(type) {
	case httpsfv.Item:
		sameValue(t, s, m.Bare, w.Value)
		sameParams(t, s, m, w.Params)
	case httpsfv.InnerList:
		n := 0
		for i := range m.Items() {
			sameValue(t, s, i.Bare, w.Items[n].Value)
			sameParams(t, s, i, w.Items[n].Params)
			n++
		}
		if n != len(w.Items) || m.Type != field.InnerList {
			t.Fatalf("%q: %+v, want %+v", s, m, w)
		}
		sameParams(t, s, m, w.Params)
	}
}

func sameParams(t *testing.T, s string, m field.Member, want *httpsfv.Params) {
	t.Helper()
	for _, key := range want.Names() {
		w, _ := want.Get(key)
		p, ok := m.Param(key)
		if !ok {
			t.Fatalf("%q: no parameter %s", s, key)
		}
		sameValue(t, s, p, w)
	}
}

func sameValue(t *testing.T, s string, b field.Bare, want any) {
	t.Helper()
	same := false
	switch w := want.(type) {
	case int64:
		same = b.Type == field.Integer && b.Number == w
	case float64:
		diff := float64(b.Number)/1000 - w
		same = b.Type == field.Decimal && diff < 0.0005 && diff > -0.0005
	case string:
		same = b.Type == field.String && b.Content() == w
	case httpsfv.Token:
		same = b.Type == field.Token && b.Text == string(w)
	case httpsfv.DisplayString:
		same = b.Type == field.DisplayString && b.Content() == string(w)
	case []byte:
		same = b.Type == field.ByteSequence && b.Content() == string(w)
	case bool:
		same = b.Type == field.Boolean && b.IsTrue() == w
	case time.Time:
		same = b.Type == field.StructuredDate && b.Number == w.Unix()
	}
	if !same {
		t.Fatalf("%q: %+v, want %T %v", s, b, want, want)
	}
}
