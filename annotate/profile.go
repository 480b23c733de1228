package annotate

import "slices"

// A Profile is a choice of rules and severities for one kind of work. What a
// user sets for single rules comes after it and so wins.
type Profile struct {
	Name    string
	Title   string   // for whom it is, as a clause
	Doc     string   // what it does, in plain sentences
	Changes []Change // in the order in which they apply
}

// ChangesOf returns the profile's changes of some rules: those that name one of
// them, since a profile is written for every rule that there is.
func (p Profile) ChangesOf(rules []*Rule) (changes []Change) {
	for _, c := range p.Changes {
		if slices.ContainsFunc(rules, func(r *Rule) bool { return Matches(c.Rule, r.ID) }) {
			changes = append(changes, c)
		}
	}
	return changes
}

// DefaultProfile is the name of the profile that changes nothing.
const DefaultProfile = "default"

// Profiles lists the profiles.
func Profiles() []Profile {
	return []Profile{
		{
			Name:  DefaultProfile,
			Title: "what helps with any HTTP traffic",
			Doc:   "Every rule but those that are off by default, each with its own severity.",
		},
		strictProfile(),
		restProfile(),
		securityProfile(),
		browserProfile(),
	}
}

// LookupProfile finds a profile by its name.
func LookupProfile(name string) (Profile, bool) {
	all := Profiles()
	i := slices.IndexFunc(all, func(p Profile) bool { return p.Name == name })
	if i < 0 {
		return Profile{}, false
	}
	return all[i], true
}

// ProfileNames lists the names of the profiles.
func ProfileNames() []string {
	var names []string
	for _, p := range Profiles() {
		names = append(names, p.Name)
	}
	return names
}

func strictProfile() Profile {
	return Profile{
		Name:  "strict",
		Title: "for software that speaks HTTP by the letter",
		Doc: "Every rule, those that are off by default too. What is info by default becomes warn " +
			"where a specification says SHOULD or SHOULD NOT of it.",
		// The rows below are breaches of a SHOULD that is so seldom followed, or
		// so often harmless, that it is no more than info in daily work.
		Changes: slices.Concat(
			on("*"),
			at(Warn,
				"cache/no-cache-without-validator",                  // RFC 9110 §8.8.3.1: SHOULD send ETag
				"conditional/304-with-representation-metadata",      // RFC 9110 §15.4.5: SHOULD NOT generate other metadata
				"conditional/if-modified-since-ignored",             // RFC 9110 §13.1.3: SHOULD answer 304
				"conditional/no-validator-on-large-get",             // RFC 9110 §8.8.3.1
				"content/user-agent-missing",                        // RFC 9110 §10.1.5: SHOULD send it
				"range/200-to-satisfiable-range-with-accept-ranges", // RFC 9110 §14.2: SHOULD send 206
				"range/put-content-range-not-rejected",              // RFC 9110 §14.5: SHOULD answer 400
				"security/server-version-disclosed",                 // RFC 9110 §10.2.4: SHOULD NOT be needlessly detailed
				"status/408-missing-connection-close",               // RFC 9112 §9.6: SHOULD send close
				"status/error-missing-body",                         // RFC 9110 §15.5, §15.6: SHOULD explain the error
				"syntax/host-not-first",                             // RFC 9110 §7.2: SHOULD be the first field
			),
		),
	}
}

func restProfile() Profile {
	return Profile{
		Name:  "rest",
		Title: "for those who write or call an API",
		Doc: "The default rules, and what is surprising in an API: statuses that a method does not normally lead to. " +
			"Errors without an explanation and numbers that clients will round become warn. " +
			"Rules about web pages are off.",
		Changes: slices.Concat(
			on("status/unusual-for-method"),
			at(Warn,
				"content/json-number-precision-loss",
				"content/problem-json-wrong-type",
				"status/202-missing-status-pointer",
				"status/error-missing-body",
			),
			off(
				"cache/static-asset-short-lifetime",
				"link/hints-too-many",
				"link/preload-*",
				"redirect/refresh-field-used",
				"security/csp-*",
				"security/frame-options-*",
				"security/hsts-preload-unsuitable",
				"security/hsts-weak",
				"security/html-only-field-on-non-html",
				"security/mixed-content",
				"security/permissions-policy-*",
				"security/policy-in-meta",
				"security/referrer-policy-*",
				"security/speculation-rules-insecure",
			),
		),
	}
}

func securityProfile() Profile {
	return Profile{
		Name:  "security",
		Title: "for a look at how well an application is protected",
		Doc: "Only rules on security: the topics auth, cookie, cors, security and tls, failures, and single rules of other topics. " +
			"Those are about redirects to another host, responses of one user that a shared cache may store, and messages that two " +
			"receivers can read differently. Hardening rules that are off or info by default are on; those about whole missing protections are warn.",
		Changes: slices.Concat(
			off("*"),
			on("auth/*", "cookie/*", "cors/*", "failure/*", "security/*", "tls/*"),
			on(
				"cache/authenticated-response-shared-cacheable",
				"cache/set-cookie-on-shared-cacheable",
				"content/body-xml-entity-declarations",
				"content/content-disposition-filename-unsafe",
				"contract/security",
				"encoding/decompression-bomb",
				"framing/content-length-invalid",
				"framing/multiple-content-length-differ",
				"framing/te-*",
				"redirect/cross-host",
				"redirect/https-to-http",
				"redirect/location-internal-host",
				"redirect/location-unescaped",
				"redirect/location-unfollowable-scheme",
				"redirect/location-userinfo",
				"redirect/target-from-request",
				"status/bad-host-not-rejected",
				"status/error-detail-disclosed",
				"syntax/bare-cr-or-nul-in-field",
				"syntax/field-name-trailing-space",
				"syntax/field-name-underscore-alias",
				"syntax/host-authority-mismatch",
				"syntax/obs-fold",
				"syntax/whitespace-before-first-field",
			),
			at(Warn,
				"cookie/without-httponly",
				"cookie/without-samesite",
				"redirect/target-from-request",
				"security/csp-missing",
				"security/csp-unsafe-eval",
				"security/csp-unsafe-inline",
				"security/frame-options-missing",
				"security/hsts-disabled",
				"security/hsts-missing",
				"security/nosniff-missing",
			),
			off("cors/preflight"), // explains, and accuses no one
		),
	}
}

func browserProfile() Profile {
	return Profile{
		Name:  "browser",
		Title: "for those who build web pages",
		Doc: "What decides how a browser treats a page and its parts: the topics cache, cookie, cors, deprecated, encoding, failure, link, redirect, " +
			"reporting, security and tls, media types, and statuses that break a page. Hardening rules that are off by default are on.",
		Changes: slices.Concat(
			off("*"),
			on("cache/*", "cookie/*", "cors/*", "encoding/*", "failure/*", "link/*", "redirect/*", "reporting/*", "security/*", "tls/*", "timing/*"),
			on("deprecated/csp-obsolete-header", "deprecated/feature-policy-deprecated", "deprecated/media-type-deprecated"),
			on(
				"conditional/304-*",
				"conditional/etag-unquoted",
				"content/body-bom",
				"content/body-invalid-json",
				"content/charset-mismatch",
				"content/content-disposition-*",
				"content/content-type-*",
				"content/media-type-*",
				"content/multipart-*",
				"range/206-*",
				"status/101-*",
				"status/103-*",
				"status/426-*",
				"status/out-of-range",
				"status/websocket-handshake-refused",
			),
			off("cookie/value-from-request"), // a suspicion, for those who look for it
		),
	}
}

// on makes changes that switch rules on, with their own severity.
func on(patterns ...string) []Change { return at(0, patterns...) }

// at makes changes that switch rules on, with another severity.
func at(s Severity, patterns ...string) []Change {
	changes := make([]Change, len(patterns))
	for i, p := range patterns {
		changes[i] = Change{Rule: p, Severity: s}
	}
	return changes
}

// off makes changes that switch rules off.
func off(patterns ...string) []Change {
	changes := on(patterns...)
	for i := range changes {
		changes[i].Off = true
	}
	return changes
}
