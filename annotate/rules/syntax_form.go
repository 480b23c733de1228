package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// formChecks holds a value to each form that is not structured. They stand by
// annotate.Form; nil for a form that needs more than the value, or none.
var formChecks = [...]func(string) *field.Error{
	annotate.FormTokens:       field.CheckTokens,
	annotate.FormFieldNames:   field.CheckTokens,
	annotate.FormLanguageTags: func(s string) *field.Error { return field.CheckLanguages(s, false) },
	annotate.FormLanguages:    func(s string) *field.Error { return field.CheckLanguages(s, true) },
	annotate.FormWeighted:     field.CheckWeighted,
	annotate.FormWeights:      field.CheckWeights,
	annotate.FormMediaType:    field.CheckMediaType,
	annotate.FormMediaTypes:   field.CheckConcreteTypes,
	annotate.FormMediaRanges:  field.CheckMediaTypes,
	annotate.FormDirectives:   field.CheckDirectives,
	annotate.FormPreferences:  field.CheckPreferences,
	annotate.FormAuthInfo:     field.CheckAuthParams,
	annotate.FormChallenges:   checkChallenges,
	annotate.FormNumber:       field.CheckNumber,
	annotate.FormDate:         checkDateShape,
	annotate.FormURI:          field.CheckURI,
	annotate.FormHost:         checkHost,
	annotate.FormETag:         func(s string) *field.Error { return field.ParseETag(s).Err },
	annotate.FormVia:          field.CheckVia,
	annotate.FormForwarded:    field.CheckForwarded,
	annotate.FormProtocols:    field.CheckProtocols,
	annotate.FormLinks:        field.CheckLinks,
	annotate.FormDisposition:  field.CheckDisposition,
	annotate.FormCDNLoop:      field.CheckCDNLoop,
	annotate.FormToken:        field.CheckToken,
	annotate.FormNumbers:      field.CheckNumbers,
	annotate.FormDecimal:      field.CheckDecimal,
	annotate.FormVersion:      field.CheckVersion,
	annotate.FormBase64:       field.CheckBase64,
	annotate.FormBase64URL:    field.CheckBase64URL,
	annotate.FormJWT:          func(s string) *field.Error { return field.CheckBase64URLs(s, 3) },
	annotate.FormTraceID:      func(s string) *field.Error { return field.CheckHex(s, 16, 32) },
	annotate.FormNonce:        field.CheckNonce,
	annotate.FormPercent:      field.CheckPercentEncoded,
	annotate.FormDigests:      field.CheckDigests,
	annotate.FormPairs:        field.CheckPairs,
	annotate.FormCodedURL:     field.CheckCodedURL,
	annotate.FormCodedURLs:    field.CheckCodedURLs,
	annotate.FormDAV:          field.CheckDAV,
	annotate.FormDAVIf:        field.CheckDAVIf,
	annotate.FormTimeout:      field.CheckTimeout,
	annotate.FormPosition:     field.CheckPosition,
	annotate.FormMailbox:      field.CheckMailbox,
	annotate.FormMessageID:    field.CheckMessageID,
	annotate.FormOrigins:      field.CheckOrigins,
	annotate.FormTraceparent:  field.CheckTraceparent,
	annotate.FormTracestate:   field.CheckTracestate,
	annotate.FormGRPCTimeout:  field.CheckGRPCTimeout,
	annotate.FormSOAPAction:   field.CheckSOAPAction,
	annotate.FormWarning:      field.CheckWarning,
	annotate.FormMeter:        field.CheckMeter,
	annotate.FormFeatures:     field.CheckFeatures,
	annotate.FormAlternates:   field.CheckAlternates,
	annotate.FormStatus:       field.CheckStatusField,
	annotate.FormTk:           field.CheckTk,
	annotate.FormProducts:     field.CheckProducts,
	annotate.FormRefresh:      field.CheckRefresh,
	annotate.FormRangeUnits:   field.CheckRangeUnits,
}

// checkForm holds the value of a field to the field's grammar.
func checkForm(n exchange.Name, value string) *field.Error {
	form := annotate.FactsOf(n).Form
	if form == annotate.FormWords {
		return field.CheckWords(value, annotate.WordsOf(n))
	}
	if int(form) >= len(formChecks) || formChecks[form] == nil {
		return nil
	}
	return formChecks[form](value)
}

// checkHost wants a host with or without a port; an empty one is for a target
// URI without an authority (RFC 9110 §7.2).
func checkHost(value string) *field.Error {
	if at := hostError(value); at >= 0 {
		return &field.Error{At: at, What: "it must be host or host:port"}
	}
	return nil
}
