package contract

import (
	"sidenote/annotate"
	"sidenote/exchange"
)

// exempting says which rules of others do not hold where a description declares
// what they note: by the ID of the rule, what of a request has to be declared.
func exempting() map[string]func(*route, *exchange.Message) bool {
	return map[string]func(*route, *exchange.Message) bool{
		// The description defines the content.
		"content/request-body-undefined-semantics": func(r *route, _ *exchange.Message) bool { return len(requestContent(r)) > 0 },
		// The description says how content of this type is applied.
		"content/patch-media-type-unsuitable": func(r *route, m *exchange.Message) bool {
			return requestContent(r).Get(m.Fields.Value(exchange.FieldContentType)) != nil
		},
	}
}

// Exempt returns rules that are silent about what the contract allows, and is to
// be given all rules that are used beside its own. Rules that no contract says
// anything of stay the same values.
func (c *Contract) Exempt(rules []*annotate.Rule) []*annotate.Rule {
	if c == nil || len(c.descriptions) == 0 {
		return rules
	}
	out := make([]*annotate.Rule, len(rules))
	declares := exempting()
	for i, r := range rules {
		out[i] = r
		if declared := declares[r.ID]; declared != nil && r.Check != nil {
			out[i] = c.exempted(r, declared)
		}
	}
	return out
}

// exempted is a copy of a rule that asks the contract first.
func (c *Contract) exempted(r *annotate.Rule, declared func(*route, *exchange.Message) bool) *annotate.Rule {
	exempt, check := *r, r.Check
	exempt.Check = func(p *annotate.Pass) {
		if m := &p.X.Request.Message; m.Content.Size > 0 {
			if route, ok := c.operation(p); ok && declared(route, m) {
				return
			}
		}
		check(p)
	}
	return &exempt
}
