package inside

import (
	"strings"

	"sidenote/exchange/field"
)

// A role is what a member of an answer is for. Members whose names say the same
// have one role.
type role uint8

const (
	roleStranger  role = iota // what belongs to no envelope
	roleEnvelope              // beside an answer or an error, and neither
	roleResource              // names a thing, which an envelope has no reason to
	roleID                    // the same, or an envelope's
	roleError                 // what went wrong
	roleErrors                // what went wrong, a list
	roleErrorCode             // its code
	roleErrorText             // its words
	roleFlag                  // whether it went well
	roleState                 // how it went, in a word or a number
	roleCode                  // a code, also of a success
	roleMessage               // words, also of a success
	roleFault                 // what went wrong, always an object
	roleData                  // what was asked for
	roleResult                // the same, or how it went
	rolePayload               // the same, by other names
	roleItems
	roleResponses
	roleCount // how many parts failed
	roleUndone
	roleJSONRPC
	roleBody
	roleHeaders
	roleHasNext // of GraphQL in parts
	roleVerdict // on something that was sent to be judged
	roles
)

// roleOf returns the role of a member by its name.
func roleOf(name string) role {
	switch name {
	case "error", "Error", "err", "exception", "isError", "hasError", "hasErrors":
		return roleError
	case "fault", "Fault":
		return roleFault
	case "errors", "Errors", "error_list", "errorList":
		return roleErrors
	case "error_code", "errorCode", "errcode", "errCode", "ErrorCode", "errno", "err_code", "errorcode", "error-codes", "errorType", "error_type", "ret", "retcode", "retCode":
		return roleErrorCode
	case "error_message", "errorMessage", "errmsg", "errMsg", "error_msg", "error_description", "errorDescription", "ErrorMessage", "err_msg", "Error Message", "error_reason":
		return roleErrorText
	case "ok", "success", "Success", "succeeded", "successful", "isSuccess", "IsSuccess", "is_success", "isSuccessful", "Response":
		return roleFlag
	case "status", "stat", "Status", "ack", "Ack", "return_code", "result_code", "object", "kind", "type":
		return roleState
	case "code", "cod", "Code", "statusCode", "status_code", "httpStatus", "http_code", "StatusCode":
		return roleCode
	case "message", "msg", "Message", "detail", "reason", "return_msg", "description", "title", "statusMessage", "status_message", "info":
		return roleMessage
	case "data", "Data":
		return roleData
	case "result", "Result":
		return roleResult
	case "results", "payload", "response", "records", "rows", "hits", "value", "content", "entries", "list", "output", "Search":
		return rolePayload
	case "items", "Items":
		return roleItems
	case "responses":
		return roleResponses
	case "FailedRecordCount", "FailedPutCount", "FailedEntryCount":
		return roleCount
	case "Failed", "UnprocessedItems", "UnprocessedKeys":
		return roleUndone
	case "jsonrpc":
		return roleJSONRPC
	case "body":
		return roleBody
	case "headers":
		return roleHeaders
	case "hasNext", "incremental", "pending", "completed":
		return roleHasNext
	case "id":
		return roleID
	case "valid", "isValid", "is_valid":
		return roleVerdict
	}
	return roleAround(name)
}

// roleAround returns the role of a member that tells nothing of errors itself.
func roleAround(name string) role {
	switch name {
	case "request_id", "requestId", "requestID", "RequestId", "RequestID", "reqId", "log_id", "logid", "trace", "traceId", "trace_id", "traceID", "correlationId", "correlation_id",
		"timestamp", "time", "path", "method", "meta", "metadata", "details", "error_uri", "documentation_url", "help", "help_url", "more_info", "moreInfo",
		"instance", "stack", "stackTrace", "stacktrace", "extensions", "jsonapi", "links", "version", "api_version", "apiVersion", "response_metadata", "needed", "provided",
		"messages", "parameters", "params", "fields", "violations", "validation_errors", "request", "hostname", "challenge_ts", "action", "cdata", "servedby", "took", "duration",
		"elapsed", "elapsed_ms", "debug", "debuginfo", "error_user_msg", "error_user_title", "fbtrace_id", "statusText", "responseStatus", "ResponseStatus",
		"retryable", "retry_after", "retryAfter", "docs", "href", "domain", "serverTime", "server_time", "html_attributions", "error_subcode", "sub_code", "sub_msg",
		"subcode", "lang", "locale", "source", "level", "severity":
		return roleEnvelope
	case "_id", "uuid", "guid", "name", "created_at", "createdAt", "updated_at", "updatedAt", "created", "started_at", "startedAt", "finished_at", "finishedAt", "finished",
		"url", "jobId", "job_id", "steps", "progress", "total", "count", "page", "warnings", "cancel", "checks", "conclusion":
		return roleResource
	}
	return roleStranger
}

// A flag is what an answer says of its success.
type flag uint8

const (
	flagNone flag = iota
	flagTrue
	flagFalse
	flagWeak // false, in a form that may be something else
)

// An object is the members of an answer by their roles: the first that says
// something, where several have one.
type object struct {
	m        [roles]field.JSONMember
	last     role
	count    int
	stranger int // members with something in them that belong to no envelope
	resource int // members that name a thing
	flag     flag
	flagAt   field.JSONMember
	payload  bool // something was given
	stream   bool // a part of a response of GraphQL that comes in parts
	states   [2]field.JSONMember
	nested   []byte // an object that says that the call failed
}

func (o *object) read(b []byte) {
	for m := range field.JSONMembers(b) {
		o.count++
		r := roleOf(string(m.RawName()))
		o.last = r
		empty := m.IsEmpty()
		switch r {
		case roleStranger, roleResource:
			if !empty {
				o.stranger++
			}
			if r == roleResource && !empty {
				o.resource++
			}
			continue
		case roleVerdict:
			o.resource++
		case roleFlag:
			o.setFlag(m)
			continue
		case roleState:
			o.setState(m)
		case roleData, rolePayload, roleItems, roleResponses:
			o.payload = o.payload || !empty
		case roleResult:
			o.payload = o.payload || !empty && m.Value[0] != '"'
		case roleHasNext:
			o.stream = true
		case roleID:
			if !empty {
				o.resource++
			}
		}
		if o.m[r].Value == nil || o.m[r].IsEmpty() && !empty {
			o.m[r] = m
		}
	}
}

// setFlag reads a member that is true where the call succeeded.
func (o *object) setFlag(m field.JSONMember) {
	var f flag
	switch v := string(m.Value); {
	case v == "false", strings.EqualFold(v, `"false"`):
		f = flagFalse
	case v == "true", v == "1", strings.EqualFold(v, `"true"`):
		f = flagTrue
	case v == "0", v == `"0"`:
		f = flagWeak
	default:
		o.stranger++ // it is about something else
		return
	}
	if o.flag == flagNone {
		o.flag, o.flagAt = f, m
	}
}

// setState keeps what may say how the call went; type, kind and object do so
// only where they are "error" or "Status".
func (o *object) setState(m field.JSONMember) {
	switch string(m.RawName()) {
	case "type", "kind", "object":
		if v := string(m.Value); v != `"error"` && v != `"Status"` {
			return
		}
	}
	for i := range o.states {
		if o.states[i].Value == nil {
			o.states[i] = m
			return
		}
	}
}

func (o *object) has(r role) bool { return o.m[r].Value != nil }

// is reports whether a member begins with one of the octets.
func (o *object) is(r role, first ...byte) bool {
	v := o.m[r].Value
	if len(v) == 0 {
		return false
	}
	for _, c := range first {
		if v[0] == c {
			return true
		}
	}
	return false
}

// onlyGraphQL reports whether there is nothing beside what a response of GraphQL
// has: data, errors and extensions.
func (o *object) onlyGraphQL() bool {
	n := 0
	for _, r := range [...]role{roleData, roleErrors} {
		if o.has(r) {
			n++
		}
	}
	return o.count == n || o.count == n+1 && o.has(roleEnvelope)
}
