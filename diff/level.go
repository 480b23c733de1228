package diff

import (
	"slices"
	"strings"
)

// diagnostic are fields that say something about a server and that no client acts on.
var diagnostic = map[string]bool{
	"server": true, "x-powered-by": true, "x-aspnet-version": true, "x-runtime": true, "x-generator": true, "report-to": true, "nel": true,
	"reporting-endpoints": true, "x-request-id": true, "x-correlation-id": true, "x-trace-id": true, "x-served-by": true, "x-timer": true, "x-cache": true,
}

// decisive are fields by whose value clients decide what to do.
var decisive = map[string]bool{"content-type": true, "www-authenticate": true, "content-encoding": true, "allow": true, "content-disposition": true}

// level says what a difference means for those who use a service.
func (d *delta) level() Level {
	name, isGone := d.key.name, len(d.gone) > 0
	breaks := false
	switch d.key.kind {
	case KindRedirect:
		breaks = true
	case KindField:
		if d.key.aspect == presence {
			breaks = isGone && !diagnostic[name] && !isIDName(name)
		} else {
			breaks = decisive[name] || strings.HasPrefix(name, "access-control-")
		}
	case KindCookie:
		breaks = isGone && (d.key.aspect == presence || losesProtection(d.gone, d.fresh))
	case KindCaching:
		before, after := strings.Join(d.gone, ","), strings.Join(d.fresh, ",")
		for _, guard := range []string{"private", "no-store"} {
			breaks = breaks || strings.Contains(before, guard) && !strings.Contains(after, guard)
		}
	case KindBody:
		breaks = slices.Contains(d.fresh, "no content")
	case KindJSON:
		breaks = d.breaksJSON()
	case KindTLS:
		breaks = weakerTLS(d.gone, d.fresh)
	case KindNote:
		breaks = slices.Contains(d.fresh, "error")
	}
	if breaks {
		return Breaking
	}
	return Changed
}

// breaksJSON reports whether programs that read the JSON as it was may fail.
func (d *delta) breaksJSON() bool {
	switch d.key.aspect {
	case member:
		return len(d.gone) > 0
	case types:
		return len(d.fresh) > 0
	case filled:
		return slices.Contains(d.fresh, "empty") && len(d.gone) > 0
	}
	return len(d.fresh) > 0
}

// losesProtection reports whether a cookie lost an attribute that protects it, or
// goes elsewhere.
func losesProtection(gone, fresh []string) bool {
	attributes := func(all []string) []string { return strings.Split(strings.ToLower(strings.Join(all, "; ")), "; ") }
	after := attributes(fresh)
	for _, a := range attributes(gone) {
		if (a == "secure" || a == "httponly" || strings.Contains(a, "=")) && !slices.Contains(after, a) {
			return true
		}
	}
	return false
}

// weakerTLS reports whether a version is lower than before, or trust is gone.
func weakerTLS(gone, fresh []string) bool {
	if len(gone) == 0 {
		return slices.Contains(fresh, "not trusted")
	}
	return slices.Contains(fresh, "not trusted") || len(fresh) > 0 && slices.Min(fresh) < slices.Min(gone)
}
