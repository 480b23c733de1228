package policy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/internal/golden"
	"sidenote/policy"
)

// faults are policies that are wrong, each in one way.
func faults() []string {
	return []string{
		"just text",
		"- a\n",
		"fail-on: wran\n",
		"fail-on: [warn]\n",
		"failon: warn\n",
		"whatever: 1\n",
		"fail-on: warn\nfail-on: error\n",
		"fail-on: warn\n---\nfail-on: error\n",
		"rules: off\n",
		"rules:\n  - match: GET\n",
		"rules:\n  - mach: GET\n    cache/*: off\n",
		"rules:\n  - match: GET\n    cache/*: offf\n",
		"rules:\n  - match: get a.test\n    cache/*: off\n",
		"rules:\n  - match: https://a.test/\n    cache/*: off\n",
		"rules:\n  - match: [GET, 'a.test/b?c=d']\n    cache/*: off\n",
		"rules:\n  - match: a.test/b**\n    cache/*: off\n",
		"rules:\n  - match: a.test/{id\n    cache/*: off\n",
		"rules:\n  - match: a.*.test\n    cache/*: off\n",
		"rules:\n  - match: GET a.test b\n    cache/*: off\n",
		"rules:\n  - cache/no-validtor: off\n",
		"expect: [a]\n",
		"expect:\n  Upper: {status: 200}\n",
		"expect:\n  a:\n",
		"expect:\n  a: 200\n",
		"expect:\n  a: {match: GET}\n",
		"expect:\n  a: {statsu: 200}\n",
		"expect:\n  a: {status: 2xy}\n",
		"expect:\n  a: {status: 'any'}\n",
		"expect:\n  a: {status: [200, 700]}\n",
		"expect:\n  a: {status: 200-100}\n",
		"expect:\n  a: {content-type: json}\n",
		"expect:\n  a: {content-type: 'text/html; charset=utf-8'}\n",
		"expect:\n  a: {fields: [A]}\n",
		"expect:\n  a: {fields: {'A B': c}}\n",
		"expect:\n  a: {fields: {A: }}\n",
		"expect:\n  a: {fields: {A: /(/}}\n",
		"expect:\n  a: {fields: {A: {type: string}}}\n",
		"expect:\n  a: {fields: {A: {match: b}}}\n",
		"expect:\n  a: {json: {items: 1}}\n",
		"expect:\n  a: {json: {/a~2: 1}}\n",
		"expect:\n  a: {json: {/a: {type: int}}}\n",
		"expect:\n  a: {json: {/a: {min: low}}}\n",
		"expect:\n  a: {json: {/a: []}}\n",
		"expect:\n  a: {json: {/a: {is: {}}}}\n",
		"expect:\n  a: {duration: 500}\n",
		"expect:\n  a: {size: big}\n",
		"expect:\n  a: {tls: 1.4}\n",
		"expect:\n  a: {severity: fatal, status: 200}\n",
		"expect:\n  a: {assert: status = 200}\n",
		"expect:\n  a:\n    assert: status == 200 and statu < 3\n",
		"expect:\n  a:\n    assert: \"'ä' == text and statu < 3\"\n",
		"expect:\n  a: {assert: status}\n",
		"expect:\n  a: {assert: status ==}\n",
		"expect:\n  a: {assert: status == '200'}\n",
		"expect:\n  a: {assert: now() > now()}\n",
		"expect:\n  a:\n    assert: all(notes, .rul == '')\n",
		"expect:\n  a: {assert: request.body == ''}\n",
		"expect:\n  a: {assert: }\n",
		"expect:\n  a: {when: json.a., status: 200}\n",
		"budgets: 1%\n",
		"budgets: {p96: 1s}\n",
		"budgets: {p95: 100}\n",
		"budgets: {max-5xx-rate: 0.1}\n",
		"budgets: {max-5xx-rate: 101%}\n",
		"budgets: {max-redirects: -1}\n",
		"budgets:\n  - match: GET\n",
		"expect:\n  a: &x {status: 200}\n  b: *x\n",
		"expect: {a: {status: 200}\n",
	}
}

// knownRules stand for those that there are.
func knownRules() map[*annotate.Rule]annotate.Severity {
	return map[*annotate.Rule]annotate.Severity{
		{ID: "cache/no-validator"}: annotate.Warn, {ID: "status/405-missing-allow"}: annotate.Error,
	}
}

func TestFaultsAreShown(t *testing.T) {
	var b strings.Builder
	for _, text := range faults() {
		p, err := policy.Parse("p.yaml", []byte(text))
		if err == nil {
			_, err = p.Resolve(knownRules())
		}
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		b.WriteString(err.Error() + "\n\n")
	}
	golden.Compare(t, filepath.Join("testdata", "faults.txt"), b.String())
}

func TestEmptyPolicies(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "rules:\nexpect:\nbudgets:\n"} {
		p, err := policy.Parse("p.yaml", []byte(text))
		if err != nil || p.FailOn() != annotate.Error || !p.IsPlain() {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLongConditionsAreRefused(t *testing.T) {
	deep := strings.Repeat("(", 1<<19)
	if err := policy.Default().Expect("a: "+deep, "--expect"); err == nil || !strings.Contains(err.Error(), "more than 4096 bytes") {
		t.Errorf("%.100v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range faults() {
		f.Add(text)
	}
	f.Add("fail-on: warn\nrules:\n  - match: [GET a.test/{id}/**, '*.b.test:80']\n    cache/*: off\nexpect:\n  a:\n    when: status == 200\n    json: {/a: {min: 1}}\n    fields: {A: /b/}\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := policy.Parse("p.yaml", []byte(text))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a text")
			}
			return
		}
		_ = p.String()
		for _, x := range hostile(t) {
			set, err := annotate.NewSet(p.Rules(), annotate.DefaultOptions())
			if err != nil {
				t.Fatal(err)
			}
			g := p.NewGate()
			g.Observe(&annotate.Annotated{X: x, Notes: p.Adjust(x, set.All(x, nil))})
			_ = g.Verdict()
		}
	})
}
