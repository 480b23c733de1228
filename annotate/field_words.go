package annotate

import "sidenote/exchange"

// WordsOf lists the words that a field of FormWords can have, the only ones
// that its definition allows; nil for any other field.
func WordsOf(n exchange.Name) []string {
	if int(n) >= len(fieldWords) {
		return nil
	}
	return fieldWords[n]
}

// fieldWords is made once and never written again.
var fieldWords = [...][]string{
	exchange.FieldAccessControlAllowPrivateNetwork:   {"true"},
	exchange.FieldAccessControlRequestPrivateNetwork: {"true"},
	exchange.FieldApplyToRedirectRef:                 {"T", "F"},
	exchange.FieldCalDAVTimezones:                    {"T", "F"},
	exchange.FieldDepth:                              {"0", "1", "infinity", "1,noroot", "infinity,noroot"},
	exchange.FieldDNT:                                {"0", "1", "null", "unspecified"},
	exchange.FieldECT:                                {"slow-2g", "2g", "3g", "4g"},
	exchange.FieldHobareg:                            {"regok", "reginwork"},
	exchange.FieldIncludeReferredTokenBindingID:      {"true"},
	exchange.FieldIsolation:                          {"snapshot"},
	exchange.FieldODataIsolation:                     {"snapshot"},
	exchange.FieldOverwrite:                          {"T", "F"},
	exchange.FieldRepeatabilityResult:                {"accepted", "rejected"},
	exchange.FieldScheduleReply:                      {"T", "F"},
	exchange.FieldSecGPC:                             {"1"},
	exchange.FieldServiceWorker:                      {"script"},
	exchange.FieldUpgradeInsecureRequests:            {"1"},
	exchange.FieldUrgency:                            {"very-low", "low", "normal", "high"},
	exchange.FieldXAccelBuffering:                    {"yes", "no"},
	exchange.FieldXDNSPrefetchControl:                {"on", "off"},
	exchange.FieldXDownloadOptions:                   {"noopen"},
	exchange.FieldXPermittedCrossDomainPolicies: {
		"none", "master-only", "by-content-type", "by-ftp-filename", "all", "none-this-response",
	},
}
