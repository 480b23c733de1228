package inside

import (
	"strconv"
	"strings"

	"sidenote/exchange/field"
)

// envelope reads an object as the envelope that many APIs put round their
// answers. A thing that is described may have members with the same names: an
// object with something in it that belongs to no envelope is one, unless it says
// clearly that the call failed.
func (o *object) envelope() Finding {
	strong := o.strongError()
	switch {
	case o.flag == flagTrue:
		return fine
	case o.flag == flagFalse:
		if o.resource == 0 && (o.stranger == 0 || strong) {
			return o.failed()
		}
		return fine
	case o.flag == flagWeak:
		if o.resource == 0 && o.stranger == 0 && strong {
			return o.failed()
		}
		return fine
	case o.resource > 0:
		return fine
	}
	if fails, told := o.stateFails(strong); told {
		if fails {
			return o.failed()
		}
		return fine
	}
	if o.payload {
		return o.partly()
	}
	if o.codeFails() || o.errorFails() || o.errorsFail() || o.nestedFails() {
		return o.failed()
	}
	return fine
}

// partly is the finding of an object that has what was asked for, and beside data a
// list of errors about parts of it, if it has one.
func (o *object) partly() Finding {
	if o.stranger > 0 || !o.has(roleData) || !o.is(roleErrors, '[') || !o.errorsFail() {
		return fine
	}
	f := o.failed()
	f.Outcome = Partial
	return f
}

// strongError reports whether a member can only be an error: a code or words of
// one, or an object that describes it.
func (o *object) strongError() bool {
	for _, r := range [...]role{roleErrorCode, roleErrorText, roleFault} {
		if o.has(r) && !o.m[r].IsEmpty() {
			return true
		}
	}
	for _, r := range [...]role{roleError, roleErrors} {
		if m := o.m[r]; m.Value != nil && !m.IsEmpty() && (m.Value[0] == '{' || m.Value[0] == '[' || m.Value[0] == '"') {
			return true
		}
	}
	return false
}

// hasWords reports whether a message is there.
func (o *object) hasWords() bool {
	return o.is(roleMessage, '"') && !o.m[roleMessage].IsEmpty() || o.has(roleErrorText) && !o.m[roleErrorText].IsEmpty()
}

// stateFails reads members such as status and result; told is false where they
// say nothing that decides.
func (o *object) stateFails(strong bool) (fails, told bool) {
	states := o.states[:]
	if o.is(roleResult, '"') {
		states = append(states, o.m[roleResult])
	}
	for _, m := range states {
		if len(m.Value) == 0 || m.Value[0] != '"' {
			continue
		}
		switch word := strings.ToLower(textOf(m.Value)); word {
		case "error", "fail", "err":
			few := o.stranger <= 1 && (o.hasWords() || strong)
			isStatus := word == "error" && string(m.RawName()) == "status"
			return few || o.stranger == 0 && (o.has(roleData) || isStatus || o.has(roleCode)), true
		case "failed", "failure", "nok", "ko", "request_denied", "invalid_request", "over_query_limit", "over_daily_limit", "unknown_error":
			return o.stranger == 0 && (o.hasWords() || strong || o.isKubernetes()), true
		case "not_found", "max_elements_exceeded":
			return o.stranger == 0 && strong, true
		case "0":
			return o.stranger == 0 && o.is(roleMessage, '"') && textOf(o.m[roleMessage].Value) == "NOTOK", true
		case "ok", "success", "succeeded", "1", "true", "done", "completed":
			return false, true
		case "status": // kind of Kubernetes
		default:
			if !strong {
				return false, true // a state of something else
			}
		}
	}
	return false, false
}

func (o *object) isKubernetes() bool { return o.has(roleCode) && o.hasWords() }

// httpError reports whether a member is a status code of an error.
func httpError(m field.JSONMember) bool {
	n, err := strconv.Atoi(scalar(m.Value))
	return err == nil && n >= 400 && n <= 599
}

// codeFails reads a status or a code in numbers.
func (o *object) codeFails() bool {
	if o.stranger > 0 {
		return false
	}
	words := o.hasWords() || o.is(roleError, '"', '{')
	for _, m := range o.states {
		if m.Value != nil && httpError(m) && words {
			return true
		}
	}
	if !o.has(roleCode) {
		return false
	}
	code := o.m[roleCode]
	if httpError(code) && words {
		return true
	}
	n, isNumber := code.Integer()
	explicit := string(o.m[roleMessage].RawName()) == "msg" || string(o.m[roleData].Value) == "null"
	return isNumber && explicit && o.hasWords() && isFailureCode(n) && !isSuccessWord(textOf(o.m[roleMessage].Value))
}

// isFailureCode reports whether a number is not one that APIs have for success.
func isFailureCode(n int) bool {
	switch {
	case n == 0, n == 1, n >= 200 && n < 400, n == 1000, n == 10000, n == 20000, n == 100:
		return false
	}
	return true
}

func isSuccessWord(s string) bool {
	switch strings.ToLower(strings.Trim(s, " .!")) {
	case "", "ok", "success", "succeed", "succeeded", "successful", "done", "成功", "操作成功", "请求成功":
		return true
	}
	return false
}

// errorFails reads the members error, fault, and codes and words of errors.
func (o *object) errorFails() bool {
	if m := o.m[roleFault]; m.Value != nil && m.Value[0] == '{' && !m.IsEmpty() {
		return o.stranger <= 1
	}
	if m := o.m[roleErrorCode]; m.Value != nil && !m.IsEmpty() && o.stranger <= 1 {
		if s := scalar(m.Value); (o.hasWords() || m.Value[0] == '[') && s != "0" && !isSuccessWord(strings.ToLower(s)+".") {
			return true
		}
	}
	if m := o.m[roleErrorText]; m.Value != nil && m.Value[0] == '"' && !isSuccessWord(textOf(m.Value)) && o.stranger == 0 {
		return true
	}
	m := o.m[roleError]
	if m.Value == nil || m.IsEmpty() {
		return false
	}
	switch m.Value[0] {
	case '{':
		return o.stranger <= 1 && isErrorObject(m.Value)
	case '"':
		return o.stranger == 0
	case 't':
		return o.stranger == 0
	case '[':
		return o.stranger == 0 && isErrorList(m.Value)
	}
	return o.stranger == 0 && o.hasWords() // a number
}

// isErrorObject reports whether an object describes an error.
func isErrorObject(b []byte) bool {
	for m := range field.JSONMembers(b) {
		switch string(m.RawName()) {
		case "message", "msg", "code", "detail", "reason", "description", "faultstring", "Message", "error", "info", "error_message", "errorcode", "errors":
			if !m.IsEmpty() {
				return true
			}
		case "status":
			if httpError(m) {
				return true
			}
		}
	}
	return false
}

// errorsFail reads a list of errors, or a map from fields to what is wrong.
func (o *object) errorsFail() bool {
	m := o.m[roleErrors]
	if m.Value == nil || m.IsEmpty() || o.stranger > 0 {
		return false
	}
	switch m.Value[0] {
	case '[':
		return isErrorList(m.Value)
	case '{':
		return isErrorMap(m.Value)
	}
	return false
}

// isErrorList reports whether a list holds errors of the call: texts, or objects
// that describe one. What has a time or a count is a record of an error.
func isErrorList(b []byte) bool {
	for e := range field.JSONElements(b) {
		switch e[0] {
		case '"':
			continue
		case '{':
		default:
			return false
		}
		described := false
		for m := range field.JSONMembers(e) {
			switch string(m.RawName()) {
			case "message", "msg", "detail", "title", "code", "description", "reason", "error", "Message", "errorCode", "keyword":
				described = described || !m.IsEmpty()
			case "count", "occurrences", "created_at", "createdAt", "lastSeen", "last_seen", "first_seen", "firstSeen", "timestamp", "time":
				return false
			}
		}
		if !described {
			return false
		}
	}
	return true
}

// isErrorMap reports whether every member is a text or a list of texts.
func isErrorMap(b []byte) bool {
	for m := range field.JSONMembers(b) {
		switch m.Value[0] {
		case '"':
			continue
		case '[':
			for e := range field.JSONElements(m.Value) {
				if e[0] != '"' {
					return false
				}
			}
		default:
			return isErrorObject(b)
		}
	}
	return true
}

// nestedFails reads a status that is an object with a code of its own.
func (o *object) nestedFails() bool {
	if o.stranger > 0 {
		return false
	}
	for _, m := range [...]field.JSONMember{o.states[0], o.states[1], o.m[roleEnvelope]} {
		if len(m.Value) == 0 || m.Value[0] != '{' {
			continue
		}
		var inner object
		inner.read(m.Value)
		if inner.has(roleErrorCode) && inner.errorFails() || inner.has(roleCode) && httpError(inner.m[roleCode]) && inner.hasWords() {
			o.nested = m.Value
			return true
		}
	}
	return false
}

// failed is the finding of an object that says that the call failed.
func (o *object) failed() Finding {
	f := Finding{Outcome: Error, Protocol: JSON}
	for _, m := range [...]field.JSONMember{
		o.m[roleError], o.m[roleErrors], o.m[roleFault], o.m[roleErrorCode], o.m[roleErrorText], o.flagAt, o.states[0], o.m[roleCode],
	} {
		if m.Value != nil && !m.IsEmpty() || m.Value != nil && f.End == 0 && string(m.Value) == "false" {
			f.At, f.End = m.At, m.End()
			break
		}
	}
	o.describeFailure(&f)
	f.ByClient = o.statusIsClients()
	return f
}

// describeFailure takes code and message from the members that have them, the
// most exact last.
func (o *object) describeFailure(f *Finding) {
	for _, r := range [...]role{roleError, roleErrors, roleFault, roleResult, roleMessage, roleErrorText} {
		m := o.m[r]
		if m.Value == nil || m.IsEmpty() {
			continue
		}
		switch m.Value[0] {
		case '{':
			if r != roleErrors && r != roleResult || f.Message == "" {
				f.describe(m.Value, 0)
			}
		case '[':
			n := 0
			for e := range field.JSONElements(m.Value) {
				if n == 0 {
					f.describe(e, 0)
				}
				n++
			}
			f.More = max(0, n-1)
		case '"':
			o.takeWords(f, r, textOf(m.Value))
		default:
			if s := scalar(m.Value); s != "" {
				f.Code = s
			}
		}
	}
	for _, r := range [...]role{roleCode, roleErrorCode} {
		m := o.m[r]
		if m.Value != nil && m.Value[0] == '[' {
			for e := range field.JSONElements(m.Value) {
				m.Value = e
				break
			}
		}
		if s := scalar(m.Value); s != "" && s != "0" && s != "200" {
			f.Code = cut(s, mostCode)
		}
	}
	switch {
	case f.Code == "" && httpError(o.states[0]):
		f.Code = scalar(o.states[0].Value)
	case f.Code == "" && f.Message == "":
		f.describe(o.nested, 0)
	}
	if f.Code == "" && isCode(f.Message) {
		f.Code, f.Message = cut(f.Message, mostCode), ""
	}
}

// isCode reports whether an error's words are a name for programs: missing_scope.
func isCode(s string) bool {
	return s != "" && !strings.ContainsAny(s, " !,") && (strings.Contains(s, "_") || strings.ToUpper(s) == s)
}

// takeWords keeps a text. A word of error beside a sentence is its code.
func (o *object) takeWords(f *Finding, r role, s string) {
	if f.Message != "" && f.Code == "" && !strings.Contains(f.Message, " ") {
		f.Code = cut(f.Message, mostCode)
	}
	if r == roleResult && f.Message != "" {
		return
	}
	if r == roleMessage && strings.Contains(f.Message, " ") && !strings.Contains(s, " ") {
		return
	}
	f.Message = cut(s, MostMessage)
}

// statusIsClients reports whether a code is a 4xx.
func (o *object) statusIsClients() bool {
	for _, m := range [...]field.JSONMember{o.m[roleCode], o.states[0]} {
		if n, err := strconv.Atoi(scalar(m.Value)); err == nil && n >= 400 && n < 500 {
			return true
		}
	}
	return false
}
