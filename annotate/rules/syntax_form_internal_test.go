package rules

import (
	"slices"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// freeText are the registered fields whose definitions allow any text.
var freeText = []exchange.Name{
	exchange.FieldCalManagedID, exchange.FieldClose, exchange.FieldDetachedJWS, exchange.FieldCTACommonAccessToken, exchange.FieldLabel, exchange.FieldLastEventID,
	exchange.FieldRepeatabilityClientID, exchange.FieldRepeatabilityRequestID, exchange.FieldSetCookie2,
}

// TestRegisteredFieldsHaveAGrammar: no field of the registry is left without
// one, and each field's example fits.
func TestRegisteredFieldsHaveAGrammar(t *testing.T) {
	for _, f := range annotate.Fields() {
		switch {
		case f.Form == 0:
			t.Errorf("%v has no form", f.Name)
		case f.Form == annotate.FormText && f.Marks&annotate.Registered != 0 && f.Marks&annotate.Outdated == 0 && !slices.Contains(freeText, f.Name):
			t.Errorf("%v is registered and no grammar judges it", f.Name)
		case f.Form > annotate.FormOwn && !f.Form.IsStructured() && f.Form != annotate.FormWords && (int(f.Form) >= len(formChecks) || formChecks[f.Form] == nil):
			t.Errorf("%v has a form that nothing checks", f.Name)
		case (f.Form == annotate.FormWords) != (annotate.WordsOf(f.Name) != nil):
			t.Errorf("%v has the words %q", f.Name, annotate.WordsOf(f.Name))
		}
		_, value, _ := strings.Cut(f.Example, ": ")
		if err := checkForm(f.Name, value); err != nil {
			t.Errorf("%s: %v", f.Example, err)
		}
		if kind := structureOf(f.Form); kind != 0 {
			if _, err := field.ParseStructured(value, kind); err != nil {
				t.Errorf("%s: %v", f.Example, err)
			}
		}
	}
}

// TestGarbageFitsNoGrammar: every grammar refuses something.
func TestGarbageFitsNoGrammar(t *testing.T) {
	for _, f := range annotate.Fields() {
		if f.Form == annotate.FormText || f.Form == annotate.FormOwn || f.Form.IsStructured() {
			continue
		}
		refused := false
		for _, garbage := range []string{"a b;;=", "\"", "{", "<", "%", "=,=", "(", "@ @", "http://[x"} {
			refused = refused || checkForm(f.Name, garbage) != nil
		}
		if !refused {
			t.Errorf("%v takes whatever it is given", f.Name)
		}
	}
}

// ownTypes are structured fields whose types have rules of their own, or of
// which a wrong member alone is ignored.
var ownTypes = []exchange.Name{
	exchange.FieldCacheStatus, exchange.FieldCDNCacheControl, exchange.FieldCMCDObject, exchange.FieldCMCDRequest, exchange.FieldCMCDSession, exchange.FieldCMCDStatus,
	exchange.FieldCMSDDynamic, exchange.FieldCMSDStatic, exchange.FieldPermissionsPolicy, exchange.FieldPermissionsPolicyReportOnly,
	exchange.FieldPriority, exchange.FieldProxyStatus, exchange.FieldRateLimit, exchange.FieldRateLimitPolicy,
}

// TestStructuredFieldsHaveTypes: a field that is defined as a structured one is
// held to the types of its definition.
func TestStructuredFieldsHaveTypes(t *testing.T) {
	for _, n := range structuredFieldNames {
		if structuredFieldOf(n) == nil && !slices.Contains(ownTypes, n) {
			t.Errorf("%v has no types", n)
		}
	}
}
