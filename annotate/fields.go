package annotate

import "sidenote/exchange"

// A Field describes one field name.
type Field struct {
	Name      exchange.Name
	Says      string // what it says, in one or two sentences
	Refs      []string
	Direction Direction
	List      bool   // several lines mean the same as one with all their members (RFC 9110 §5.3)
	Form      Form   // the grammar of its value
	Marks     Marks  // what else is so
	Example   string // one field line
}

// Facts are the parts of a Field that rules judge by.
type Facts struct {
	Form      Form
	Marks     Marks
	Direction Direction // 0 for a name that is not described
	List      bool
}

// Is reports whether all of the marks are there.
func (f Facts) Is(m Marks) bool { return f.Marks&m == m }

// Direction says in which messages a field has a meaning.
type Direction uint8

// The directions.
const (
	InRequests Direction = iota + 1
	InResponses
	InBoth
)

// String returns "request", "response" or "both".
func (d Direction) String() string {
	return [...]string{"", "request", "response", "both"}[d]
}

// A Form is a kind of grammar that the values of a field have in common with
// those of others. A list has it in every member.
type Form uint8

// The forms. FormItem to FormDictionary are those of structured fields (RFC
// 9651 §3); a field that only may be read so, such as Cache-Control, has another.
const (
	_                Form = iota
	FormText              // free text, or a grammar that no one defined
	FormOwn               // a grammar that rules of the field's own judge
	FormTokens            // tokens
	FormFieldNames        // field names, or "*"
	FormLanguageTags      // language tags (RFC 5646)
	FormLanguages         // language ranges with weights
	FormWeighted          // tokens with weights or other parameters
	FormWeights           // tokens with weights
	FormMediaType         // a media type
	FormMediaTypes        // media types, no ranges of them
	FormMediaRanges       // media ranges with weights
	FormDirectives        // token, or token = token or quoted string
	FormPreferences       // the same, with parameters
	FormAuthInfo          // token = token or quoted string
	FormChallenges        // challenges
	FormNumber            // digits
	FormDate              // an HTTP-date
	FormURI               // a URI reference
	FormHost              // host and port
	FormETag              // an entity tag
	FormVia               // protocol and who received by it
	FormForwarded         // elements of Forwarded
	FormProtocols         // names with versions
	FormLinks             // links
	FormDisposition       // a disposition with parameters
	FormCDNLoop           // CDN identifiers with parameters
	FormWords             // one of the words that WordsOf lists
	FormToken             // one token
	FormNumbers           // numbers
	FormDecimal           // digits, perhaps with a point and more
	FormVersion           // two numbers with a point between
	FormBase64            // base64
	FormBase64URL         // base64url
	FormJWT               // three pieces of base64url with points between
	FormTraceID           // 16 or 32 hexadecimal digits
	FormNonce             // a word
	FormPercent           // printable ASCII with percent-encoding
	FormDigests           // algorithm=digest
	FormPairs             // name=value with semicolons between
	FormCodedURL          // a URI in angle brackets
	FormCodedURLs         // URIs in angle brackets
	FormDAV               // tokens and URIs in angle brackets
	FormDAVIf             // WebDAV's conditions
	FormTimeout           // lifetimes of WebDAV locks
	FormPosition          // a place in an ordered collection
	FormMailbox           // a mail address
	FormMessageID         // an identifier of mail
	FormOrigins           // origins, "*" or null
	FormTraceparent       // a trace and its parent
	FormTracestate        // key=value
	FormGRPCTimeout       // digits and a unit
	FormSOAPAction        // a URI in quotes, or nothing
	FormWarning           // code, agent and text
	FormMeter             // words with numbers
	FormFeatures          // feature expressions
	FormAlternates        // variants in braces
	FormStatus            // a status code and a phrase
	FormTk                // a sign
	FormProducts          // products and comments
	FormRefresh           // seconds and a URL
	FormRangeUnits        // range units, or none
	FormItem              // an Item
	FormSFList            // a List
	FormDictionary        // a Dictionary
)

// IsStructured reports whether the field is defined as a structured field.
func (f Form) IsStructured() bool { return f >= FormItem && f <= FormDictionary }

// Marks is a set of facts about a field.
type Marks uint16

// The marks.
const (
	Registered   Marks = 1 << iota // permanently, in IANA's HTTP Field Name Registry
	Outdated                       // deprecated, obsoleted or given up: no one new should send it
	EndToEnd                       // for all recipients, so that Connection cannot list it
	MayTrail                       // defined for trailer sections, or known to make sense there
	NeverTrails                    // needed before the content, so that it cannot be a trailer (RFC 9110 §6.5.1)
	RequestOnly                    // surely of no meaning in a response
	ResponseOnly                   // surely of no meaning in a request
	OwnRepeat                      // a rule of its own says what several lines are
	OneEachLine                    // no list, and yet sent on several lines
)

// Fields lists every field that is described, in alphabetical order. The
// caller must not change what it gets.
func Fields() []Field { return fields }

// LookupField returns the description of a name; ok is false if there is none.
func LookupField(n exchange.Name) (f Field, ok bool) {
	if int(n) >= len(fieldIndex) || fieldIndex[n] == 0 {
		return Field{}, false
	}
	return fields[fieldIndex[n]-1], true
}

// FactsOf returns the facts about a name in constant time; the zero value for
// one that is not described.
func FactsOf(n exchange.Name) Facts {
	if int(n) >= len(fieldFacts) {
		return Facts{}
	}
	return fieldFacts[n]
}

// fieldIndex has for each name 1 + its index in fields, and fieldFacts its
// facts. They are made once and never written again.
var fieldIndex, fieldFacts = indexFields()

func indexFields() ([]int16, []Facts) {
	size := len(exchange.Names()) + 1
	index, facts := make([]int16, size), make([]Facts, size)
	for i := range fields {
		f := &fields[i]
		index[f.Name] = int16(i + 1)
		facts[f.Name] = Facts{Form: f.Form, Marks: f.Marks, Direction: f.Direction, List: f.List}
	}
	return index, facts
}

// NamesWith returns the names of all fields that have the marks.
func NamesWith(m Marks) []exchange.Name {
	return namesOf(func(f *Field) bool { return f.Marks&m == m })
}

// NamesIn returns the names of all fields whose values have one of the forms.
func NamesIn(first, last Form) []exchange.Name {
	return namesOf(func(f *Field) bool { return f.Form >= first && f.Form <= last })
}

func namesOf(is func(*Field) bool) (names []exchange.Name) {
	for i := range fields {
		if is(&fields[i]) {
			names = append(names, fields[i].Name)
		}
	}
	return names
}

// fields is in the order of exchange.Name, which is alphabetical.
var fields = []Field{
	{exchange.FieldAIM, "Which kinds of delta the client takes instead of the whole.",
		[]string{"RFC 3229 §10.5.3"}, InRequests, true, FormWeighted, Registered, "A-IM: vcdiff, gzip"},
	{exchange.FieldAccept, "Which media types the client accepts, each with a weight. On a 415 it lists the types that the server accepts.",
		[]string{"RFC 9110 §12.5.1"}, InBoth, true, FormMediaRanges, Registered | EndToEnd, "Accept: application/json, text/html;q=0.8, */*;q=0.1"},
	{exchange.FieldAcceptAdditions, "Which further kinds of content negotiation the client understands, in HTCPCP.",
		[]string{"RFC 2324 §2.2.2.1"}, InRequests, true, FormPreferences, Registered | EndToEnd, "Accept-Additions: milk-type=Whole-milk"},
	{exchange.FieldAcceptCH, "Which client hints the server would like with later requests.",
		[]string{"RFC 8942 §3.1"}, InResponses, true, FormSFList, Registered | EndToEnd | ResponseOnly, "Accept-CH: Sec-CH-UA-Platform, Viewport-Width"},
	{exchange.FieldAcceptCharset, "Which charsets the client accepts. It is obsolete: servers answer in UTF-8.",
		[]string{"RFC 9110 §12.5.2"}, InRequests, true, FormWeights, Registered | Outdated | RequestOnly | EndToEnd, "Accept-Charset: utf-8"},
	{exchange.FieldAcceptDatetime, "The point in time of which the client wants the state of a resource.",
		[]string{"RFC 7089 §2.1.1"}, InRequests, false, FormDate, Registered | EndToEnd, "Accept-Datetime: Thu, 31 May 2007 20:35:00 GMT"},
	{exchange.FieldAcceptEncoding, "Which content codings the client can decode. On a 415 it lists those that the server accepts.",
		[]string{"RFC 9110 §12.5.3"}, InBoth, true, FormWeights, Registered | EndToEnd, "Accept-Encoding: gzip, br, zstd"},
	{exchange.FieldAcceptFeatures, "Which features the client has, for transparent negotiation.",
		[]string{"RFC 2295 §8.2"}, InRequests, true, FormFeatures, Registered | EndToEnd, "Accept-Features: tables"},
	{exchange.FieldAcceptLanguage, "Which languages the user reads, each with a weight.",
		[]string{"RFC 9110 §12.5.4"}, InRequests, true, FormLanguages, Registered | RequestOnly | EndToEnd, "Accept-Language: de, en;q=0.7"},
	{exchange.FieldAcceptPatch, "Which media types the resource accepts as the body of a PATCH.",
		[]string{"RFC 5789 §3.1"}, InResponses, true, FormMediaTypes, Registered | EndToEnd | ResponseOnly, "Accept-Patch: application/merge-patch+json"},
	{exchange.FieldAcceptPost, "Which media types the resource accepts as the body of a POST.",
		[]string{"LDP 1.0 §7.1"}, InResponses, true, FormMediaRanges, Registered | EndToEnd | ResponseOnly, "Accept-Post: application/json"},
	{exchange.FieldAcceptQuery, "Which media types the resource accepts in a QUERY request.",
		[]string{"RFC 10008 §3"}, InResponses, true, FormSFList, Registered | EndToEnd | ResponseOnly, "Accept-Query: \"application/sql\", application/json"},
	{exchange.FieldAcceptRanges, "Whether the resource can be had in parts, and by which unit.",
		[]string{"RFC 9110 §14.3"}, InResponses, true, FormRangeUnits, Registered | MayTrail | ResponseOnly | EndToEnd, "Accept-Ranges: bytes"},
	{exchange.FieldAcceptSignature, "Which parts of a message the sender would like to see signed.",
		[]string{"RFC 9421 §5.1"}, InBoth, true, FormDictionary, Registered | EndToEnd, "Accept-Signature: sig1=(\"@method\" \"@target-uri\");created"},
	{exchange.FieldAccessControl, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Access-Control: -"},
	{exchange.FieldAccessControlAllowCredentials, "That a script may read the response though the request carried credentials.",
		[]string{"Fetch §3.3.3"}, InResponses, false, FormOwn, Registered | ResponseOnly | OwnRepeat, "Access-Control-Allow-Credentials: true"},
	{exchange.FieldAccessControlAllowHeaders, "Which fields a cross-origin request may carry.",
		[]string{"Fetch §3.3.3"}, InResponses, true, FormFieldNames, Registered | ResponseOnly, "Access-Control-Allow-Headers: Content-Type, Authorization"},
	{exchange.FieldAccessControlAllowMethods, "Which methods a cross-origin request may use.",
		[]string{"Fetch §3.3.3"}, InResponses, true, FormTokens, Registered | ResponseOnly, "Access-Control-Allow-Methods: GET, PUT"},
	{exchange.FieldAccessControlAllowOrigin, "Which web origin may read the response from a script.",
		[]string{"Fetch §3.3.3"}, InResponses, false, FormOwn, Registered | ResponseOnly | OwnRepeat, "Access-Control-Allow-Origin: https://shop.example"},
	{exchange.FieldAccessControlAllowPrivateNetwork, "That a public site may ask this private one.",
		[]string{"Private Network Access"}, InResponses, false, FormWords, ResponseOnly, "Access-Control-Allow-Private-Network: true"},
	{exchange.FieldAccessControlExposeHeaders, "Which response fields a script may read.",
		[]string{"Fetch §3.3.3"}, InResponses, true, FormFieldNames, Registered | ResponseOnly, "Access-Control-Expose-Headers: ETag, Link"},
	{exchange.FieldAccessControlMaxAge, "How many seconds a browser may remember the answer to a preflight.",
		[]string{"Fetch §3.3.3"}, InResponses, false, FormOwn, Registered | ResponseOnly | OwnRepeat, "Access-Control-Max-Age: 600"},
	{exchange.FieldAccessControlRequestHeaders, "Which fields the request after this preflight will carry.",
		[]string{"Fetch §3.3.2"}, InRequests, true, FormOwn, Registered | RequestOnly, "Access-Control-Request-Headers: authorization,content-type"},
	{exchange.FieldAccessControlRequestMethod, "Which method the request after this preflight will use.",
		[]string{"Fetch §3.3.2"}, InRequests, false, FormOwn, Registered | RequestOnly, "Access-Control-Request-Method: PUT"},
	{exchange.FieldAccessControlRequestPrivateNetwork, "That the request after this preflight goes from a public site to a private one.",
		[]string{"Private Network Access"}, InRequests, false, FormWords, RequestOnly, "Access-Control-Request-Private-Network: true"},
	{exchange.FieldActivateStorageAccess, "That the browser is to try again with access to unpartitioned cookies.",
		[]string{"Storage Access Headers"}, InResponses, false, FormItem, Registered, "Activate-Storage-Access: load"},
	{exchange.FieldAge, "How many seconds a cache thinks have passed since the origin server made or confirmed the response.",
		[]string{"RFC 9111 §5.1"}, InResponses, false, FormOwn, Registered | ResponseOnly | NeverTrails | OwnRepeat, "Age: 340"},
	{exchange.FieldAllow, "Which methods the resource supports. A 405 must have it; empty means none.",
		[]string{"RFC 9110 §10.2.1"}, InBoth, true, FormTokens, Registered, "Allow: GET, HEAD, PUT"},
	{exchange.FieldALPN, "Which protocol the client will speak inside the tunnel that it asks for.",
		[]string{"RFC 7639 §2"}, InRequests, true, FormTokens, Registered, "ALPN: h2, http%2F1.1"},
	{exchange.FieldAltSvc, "Where else the same origin can be reached, such as over HTTP/3.",
		[]string{"RFC 7838 §3"}, InResponses, true, FormOwn, Registered | ResponseOnly, "Alt-Svc: h3=\":443\"; ma=86400"},
	{exchange.FieldAltUsed, "Which alternative service the client uses.",
		[]string{"RFC 7838 §5"}, InRequests, false, FormHost, Registered | RequestOnly, "Alt-Used: alternate.example:443"},
	{exchange.FieldAlternates, "Which variants of the resource there are.",
		[]string{"RFC 2295 §8.3"}, InResponses, true, FormAlternates, Registered, "Alternates: {\"paper.1\" 0.9 {type text/html}}"},
	{exchange.FieldAMPCacheTransform, "That the client wants the page as a signed exchange for AMP. The format is out of use.",
		[]string{"AMP"}, InRequests, false, FormText, Outdated, "AMP-Cache-Transform: google;v=\"1\""},
	{exchange.FieldApiKey, "A key that says who asks.",
		[]string{"custom"}, InRequests, false, FormText, 0, "Api-Key: 5f1a2c"},
	{exchange.FieldApplyToRedirectRef, "That the request is meant for the redirect reference itself.",
		[]string{"RFC 4437 §12.2"}, InRequests, false, FormWords, Registered, "Apply-To-Redirect-Ref: T"},
	{exchange.FieldAuthenticationControl, "How a client should go about user authentication on the web.",
		[]string{"RFC 8053 §4"}, InResponses, true, FormChallenges, Registered, "Authentication-Control: Basic realm=\"x\", auth-style=modal"},
	{exchange.FieldAuthenticationInfo, "What the server adds once authentication has succeeded.",
		[]string{"RFC 9110 §11.6.3"}, InResponses, true, FormAuthInfo, Registered | MayTrail | ResponseOnly, "Authentication-Info: nextnonce=\"4b1d\""},
	{exchange.FieldAuthorization, "The client's credentials for the resource: a scheme, then what the scheme wants.",
		[]string{"RFC 9110 §11.6.2"}, InRequests, false, FormOwn, Registered | RequestOnly | NeverTrails | EndToEnd, "Authorization: Bearer mF_9.B5f-4.1JqM"},
	{exchange.FieldAvailableDictionary, "The hash of the dictionary that the client has for this request.",
		[]string{"RFC 9842 §2.2"}, InRequests, false, FormItem, Registered, "Available-Dictionary: :pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:"},
	{exchange.FieldAzureAsyncOperation, "Where to ask how a long operation is doing.",
		[]string{"Azure Resource Manager"}, InResponses, false, FormURI, 0, "Azure-AsyncOperation: https://management.example/operations/7"},
	{exchange.FieldCExt, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "C-Ext: -"},
	{exchange.FieldCMan, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "C-Man: -"},
	{exchange.FieldCOpt, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "C-Opt: -"},
	{exchange.FieldCPEP, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "C-PEP: -"},
	{exchange.FieldCPEPInfo, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "C-PEP-Info: -"},
	{exchange.FieldCacheControl, "What caches may and must do with the message.",
		[]string{"RFC 9111 §5.2"}, InBoth, true, FormDirectives, Registered | NeverTrails | EndToEnd, "Cache-Control: max-age=60, private"},
	{exchange.FieldCacheGroupInvalidation, "Which groups of stored responses the caches are to invalidate.",
		[]string{"RFC 9875 §3"}, InResponses, true, FormSFList, Registered | ResponseOnly, "Cache-Group-Invalidation: \"catalogue\""},
	{exchange.FieldCacheGroups, "To which groups the stored response belongs.",
		[]string{"RFC 9875 §2"}, InResponses, true, FormSFList, Registered | ResponseOnly, "Cache-Groups: \"catalogue\", \"prices\""},
	{exchange.FieldCacheStatus, "What each cache on the way did with the request: hit, forwarded, and why.",
		[]string{"RFC 9211 §2"}, InResponses, true, FormSFList, Registered | ResponseOnly, "Cache-Status: edge; fwd=uri-miss; stored"},
	{exchange.FieldCalManagedID, "The identifier of an attachment that a calendar server manages.",
		[]string{"RFC 8607 §5.1"}, InResponses, false, FormText, Registered, "Cal-Managed-ID: 97S"},
	{exchange.FieldCalDAVTimezones, "Whether the client wants time zones in calendar data.",
		[]string{"RFC 7809 §7.1"}, InRequests, false, FormWords, Registered, "CalDAV-Timezones: T"},
	{exchange.FieldCapsuleProtocol, "Whether the content is a sequence of capsules.",
		[]string{"RFC 9297 §3.4"}, InBoth, false, FormItem, Registered, "Capsule-Protocol: ?1"},
	{exchange.FieldCDNCacheControl, "What content delivery networks may do with the response; others go by Cache-Control.",
		[]string{"RFC 9213 §3.1"}, InResponses, true, FormDictionary, Registered | ResponseOnly, "CDN-Cache-Control: max-age=600"},
	{exchange.FieldCDNLoop, "Which content delivery networks the request has passed, so that loops are seen.",
		[]string{"RFC 8586 §2"}, InRequests, true, FormCDNLoop, Registered | RequestOnly, "CDN-Loop: cdn.example"},
	{exchange.FieldCertNotAfter, "Until when the short-lived certificate is wanted.",
		[]string{"RFC 8739 §3.3"}, InResponses, false, FormDate, Registered, "Cert-Not-After: Thu, 04 Oct 2018 12:00:00 GMT"},
	{exchange.FieldCertNotBefore, "From when the short-lived certificate is valid.",
		[]string{"RFC 8739 §3.3"}, InResponses, false, FormDate, Registered, "Cert-Not-Before: Thu, 04 Oct 2018 12:00:00 GMT"},
	{exchange.FieldCFCacheStatus, "What Cloudflare's cache did.",
		[]string{"Cloudflare"}, InResponses, false, FormToken, 0, "CF-Cache-Status: HIT"},
	{exchange.FieldCFRay, "Cloudflare's number for the request, to look it up there.",
		[]string{"Cloudflare"}, InBoth, false, FormText, 0, "CF-Ray: 88a1f2b3c4d5e6f7-FRA"},
	{exchange.FieldClearSiteData, "Which data of the site the browser is to throw away.",
		[]string{"Clear Site Data §3.1"}, InResponses, true, FormOwn, Registered | ResponseOnly, "Clear-Site-Data: \"cache\", \"storage\""},
	{exchange.FieldClientCert, "The client certificate that a TLS terminator saw.",
		[]string{"RFC 9440 §2.2"}, InRequests, false, FormItem, Registered, "Client-Cert: :MIIBqDCCAU6g:"},
	{exchange.FieldClientCertChain, "The certificates above the client's own.",
		[]string{"RFC 9440 §2.3"}, InRequests, true, FormSFList, Registered, "Client-Cert-Chain: :MIIB5jCCAYug:"},
	{exchange.FieldClose, "Reserved, since close is a connection option.",
		[]string{"RFC 9112 §9.6"}, InBoth, false, FormText, Registered, "Close: -"},
	{exchange.FieldCMCDObject, "What a media player says of the piece that it asks for: its kind, length and bitrate.",
		[]string{"CTA-5004"}, InRequests, true, FormDictionary, Registered | RequestOnly, "CMCD-Object: br=3200,d=4004,ot=v"},
	{exchange.FieldCMCDRequest, "What a media player says of the request: how much it has buffered, and what it will ask for next.",
		[]string{"CTA-5004"}, InRequests, true, FormDictionary, Registered | RequestOnly, "CMCD-Request: bl=21300,dl=18500"},
	{exchange.FieldCMCDSession, "What a media player says of the whole playback: content, session and format.",
		[]string{"CTA-5004"}, InRequests, true, FormDictionary, Registered | RequestOnly, "CMCD-Session: sid=\"6e2fb550\",sf=d"},
	{exchange.FieldCMCDStatus, "That playback has stalled, and up to which bitrate the player may ask.",
		[]string{"CTA-5004"}, InRequests, true, FormDictionary, Registered | RequestOnly, "CMCD-Status: bs,rtp=12000"},
	{exchange.FieldCMSDDynamic, "What each server of media says of this one response, such as the throughput that it estimates.",
		[]string{"CTA-5006"}, InResponses, true, FormSFList, Registered | ResponseOnly, "CMSD-Dynamic: \"CDN-A\";etp=115;rtt=16"},
	{exchange.FieldCMSDStatic, "What a server of media says of the piece: its kind, length and bitrate.",
		[]string{"CTA-5006"}, InResponses, true, FormDictionary, Registered | ResponseOnly, "CMSD-Static: ot=v,sf=h,st=v,d=5000,br=2000"},
	{exchange.FieldCompliance, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Compliance: -"},
	{exchange.FieldConcealedAuthExport, "What the back end of a TLS terminator needs to check Concealed authentication.",
		[]string{"RFC 9729 §6.1"}, InRequests, false, FormItem, Registered, "Concealed-Auth-Export: :VGhpcyBpcw==:"},
	{exchange.FieldConfigurationContext, "In which configuration of a product the request is meant.",
		[]string{"OSLC Configuration Management 1.0 §4.1"}, InRequests, false, FormURI, Registered, "Configuration-Context: https://oslc.example/streams/7"},
	{exchange.FieldConnection, "What holds for this one connection: that it will close, or which other fields end at the next hop. HTTP/2 and HTTP/3 forbid it.",
		[]string{"RFC 9110 §7.6.1"}, InBoth, true, FormTokens, Registered | NeverTrails, "Connection: close"},
	{exchange.FieldContentBase, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Content-Base: -"},
	{exchange.FieldContentDigest, "A hash of the content as sent, codings included, to find damage.",
		[]string{"RFC 9530 §2"}, InBoth, true, FormDictionary, Registered | MayTrail, "Content-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"},
	{exchange.FieldContentDisposition, "Whether to show the content or to save it, and under which file name.",
		[]string{"RFC 6266 §4"}, InResponses, false, FormDisposition, Registered | EndToEnd, "Content-Disposition: attachment; filename=\"report.pdf\""},
	{exchange.FieldContentDPR, "The pixel ratio of the image that was chosen. A relic.",
		[]string{"Client Hints (draft)"}, InResponses, false, FormDecimal, Outdated, "Content-DPR: 2.0"},
	{exchange.FieldContentEncoding, "Which codings were applied to the content, in their order; the reader undoes them from the last.",
		[]string{"RFC 9110 §8.4"}, InBoth, true, FormTokens, Registered | NeverTrails | EndToEnd, "Content-Encoding: gzip"},
	{exchange.FieldContentID, "An identifier for a part of a message; of MIME.",
		[]string{"RFC 2045 §7"}, InBoth, false, FormMessageID, Registered | Outdated, "Content-ID: <part1@shop.example>"},
	{exchange.FieldContentLanguage, "For readers of which languages the content is meant.",
		[]string{"RFC 9110 §8.5"}, InBoth, true, FormLanguageTags, Registered | EndToEnd, "Content-Language: de"},
	{exchange.FieldContentLength, "How many bytes of content follow. Where it is wrong, messages are cut short or run into each other.",
		[]string{"RFC 9110 §8.6"}, InBoth, false, FormOwn, Registered | NeverTrails | EndToEnd | OwnRepeat, "Content-Length: 348"},
	{exchange.FieldContentLocation, "The URI of exactly the representation that the message holds.",
		[]string{"RFC 9110 §8.7"}, InBoth, false, FormURI, Registered | EndToEnd, "Content-Location: /report.de.html"},
	{exchange.FieldContentMD5, "An MD5 of the content. Obsolete; Content-Digest takes its place.",
		[]string{"RFC 2616 §14.15"}, InBoth, false, FormBase64, Registered | Outdated | EndToEnd, "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ=="},
	{exchange.FieldContentRange, "Which part of the whole the content is. On a 416 only how long the whole is.",
		[]string{"RFC 9110 §14.4"}, InBoth, false, FormOwn, Registered | NeverTrails | EndToEnd, "Content-Range: bytes 0-499/8000"},
	{exchange.FieldContentScriptType, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Content-Script-Type: -"},
	{exchange.FieldContentSecurityPolicy, "From where a page may load scripts, styles and the rest.",
		[]string{"CSP 3 §3.1"}, InResponses, true, FormOwn, Registered | EndToEnd | ResponseOnly, "Content-Security-Policy: default-src 'self'"},
	{exchange.FieldContentSecurityPolicyReportOnly, "The same as Content-Security-Policy, but violations are only reported.",
		[]string{"CSP 3 §3.2"}, InResponses, true, FormOwn, Registered | EndToEnd | ResponseOnly, "Content-Security-Policy-Report-Only: default-src 'self'; report-to csp"},
	{exchange.FieldContentStyleType, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Content-Style-Type: -"},
	{exchange.FieldContentTransferEncoding, "How the content is encoded; of MIME, and without meaning in HTTP.",
		[]string{"RFC 9112 §B.5"}, InBoth, false, FormToken, Outdated, "Content-Transfer-Encoding: binary"},
	{exchange.FieldContentType, "The media type of the content, and for text often its charset.",
		[]string{"RFC 9110 §8.3"}, InBoth, false, FormMediaType, Registered | NeverTrails | EndToEnd, "Content-Type: application/json"},
	{exchange.FieldContentVersion, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Content-Version: -"},
	{exchange.FieldCookie, "The cookies that the client holds for this URI.",
		[]string{"RFC 6265 §4.2"}, InRequests, false, FormOwn, Registered | RequestOnly | NeverTrails | EndToEnd, "Cookie: sid=31d4d96e; lang=de"},
	{exchange.FieldCookie2, "A relic of cookies with versions.",
		[]string{"RFC 2965 §3.3.5"}, InRequests, false, FormPairs, Registered | Outdated, "Cookie2: $Version=\"1\""},
	{exchange.FieldCost, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Cost: -"},
	{exchange.FieldCriticalCH, "Which client hints are so important that the browser should ask again with them.",
		[]string{"Client Hint Reliability §3"}, InResponses, true, FormSFList, ResponseOnly, "Critical-CH: Sec-CH-UA-Platform"},
	{exchange.FieldCrossOriginEmbedderPolicy, "Whether the page may load what did not allow to be embedded.",
		[]string{"HTML §7.1.4"}, InResponses, false, FormOwn, Registered | ResponseOnly, "Cross-Origin-Embedder-Policy: require-corp"},
	{exchange.FieldCrossOriginEmbedderPolicyReportOnly, "The same as Cross-Origin-Embedder-Policy, but only reported.",
		[]string{"HTML §7.1.4"}, InResponses, false, FormOwn, Registered | ResponseOnly, "Cross-Origin-Embedder-Policy-Report-Only: require-corp; report-to=\"coep\""},
	{exchange.FieldCrossOriginOpenerPolicy, "Whether the page shares a browsing context group with foreign openers.",
		[]string{"HTML §7.1.3"}, InResponses, false, FormOwn, Registered | ResponseOnly, "Cross-Origin-Opener-Policy: same-origin"},
	{exchange.FieldCrossOriginOpenerPolicyReportOnly, "The same as Cross-Origin-Opener-Policy, but only reported.",
		[]string{"HTML §7.1.3"}, InResponses, false, FormOwn, Registered | ResponseOnly, "Cross-Origin-Opener-Policy-Report-Only: same-origin; report-to=\"coop\""},
	{exchange.FieldCrossOriginResourcePolicy, "Which sites may embed the resource.",
		[]string{"Fetch §3.7"}, InResponses, false, FormOwn, Registered | ResponseOnly, "Cross-Origin-Resource-Policy: same-site"},
	{exchange.FieldCTACommonAccessToken, "A token that lets a client at media.",
		[]string{"CTA-5007"}, InBoth, false, FormText, Registered, "CTA-Common-Access-Token: 2D3RhEOhAQWhBFDZ"},
	{exchange.FieldDASL, "Which search grammars the resource supports.",
		[]string{"RFC 5323 §5.1.2"}, InResponses, true, FormCodedURLs, Registered, "DASL: <DAV:basicsearch>"},
	{exchange.FieldDate, "When the message was made. A server with a clock sends it on every 2xx, 3xx and 4xx.",
		[]string{"RFC 9110 §6.6.1"}, InBoth, false, FormDate, Registered | NeverTrails | EndToEnd, "Date: Tue, 15 Nov 2022 08:12:31 GMT"},
	{exchange.FieldDAV, "Which classes of WebDAV the resource supports.",
		[]string{"RFC 4918 §10.1"}, InBoth, true, FormDAV, Registered, "DAV: 1, 2"},
	{exchange.FieldDefaultStyle, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Default-Style: -"},
	{exchange.FieldDeltaBase, "The entity tag of the version that a delta is to be applied to.",
		[]string{"RFC 3229 §10.5.1"}, InResponses, false, FormETag, Registered, "Delta-Base: \"v41\""},
	{exchange.FieldDeprecation, "That the resource is or will be deprecated, and since when.",
		[]string{"RFC 9745 §2"}, InResponses, false, FormItem, Registered | ResponseOnly, "Deprecation: @1688169599"},
	{exchange.FieldDepth, "How far down a WebDAV request reaches: 0, 1 or infinity.",
		[]string{"RFC 4918 §10.2"}, InRequests, false, FormWords, Registered | RequestOnly, "Depth: 1"},
	{exchange.FieldDerivedFrom, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Derived-From: -"},
	{exchange.FieldDestination, "Where COPY and MOVE are to go.",
		[]string{"RFC 4918 §10.3"}, InRequests, false, FormURI, Registered | RequestOnly, "Destination: https://dav.example/new/name"},
	{exchange.FieldDetachedJWS, "A signature over the body, without the body in it.",
		[]string{"draft-ietf-gnap-core-protocol"}, InRequests, false, FormText, Registered | RequestOnly, "Detached-JWS: eyJhbGci..Lr1v"},
	{exchange.FieldDeviceMemory, "How much memory the device has, in gibibytes. A relic; Sec-CH-Device-Memory takes its place.",
		[]string{"Device Memory §3.1"}, InRequests, false, FormDecimal, Outdated, "Device-Memory: 8"},
	{exchange.FieldDictionaryID, "The name under which the server offered the dictionary that the client uses.",
		[]string{"RFC 9842 §2.3"}, InRequests, false, FormItem, Registered, "Dictionary-ID: \"/product/v1\""},
	{exchange.FieldDifferentialID, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Differential-ID: -"},
	{exchange.FieldDigest, "A hash of the representation. Obsolete; Repr-Digest takes its place.",
		[]string{"RFC 9530 §1.3"}, InBoth, true, FormDigests, Registered | Outdated | MayTrail, "Digest: SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="},
	{exchange.FieldDNT, "That the user does not want to be tracked. A relic.",
		[]string{"Tracking Preference Expression §5"}, InRequests, false, FormWords, Outdated | RequestOnly, "DNT: 1"},
	{exchange.FieldDocumentIsolationPolicy, "Whether the document gets a process of its own, with what it may load restricted.",
		[]string{"Document-Isolation-Policy (WICG)"}, InResponses, false, FormItem, ResponseOnly, "Document-Isolation-Policy: isolate-and-require-corp"},
	{exchange.FieldDocumentIsolationPolicyReportOnly, "The same as Document-Isolation-Policy, but violations are only reported.",
		[]string{"Document-Isolation-Policy (WICG)"}, InResponses, false, FormItem, ResponseOnly, "Document-Isolation-Policy-Report-Only: isolate-and-require-corp"},
	{exchange.FieldDownlink, "The client's guess at its bandwidth, in megabits a second.",
		[]string{"Network Information"}, InRequests, false, FormDecimal, 0, "Downlink: 1.7"},
	{exchange.FieldDPoP, "A proof that the client holds the key to which its token is bound.",
		[]string{"RFC 9449 §4.1"}, InRequests, false, FormJWT, Registered | RequestOnly, "DPoP: eyJ0eXAi.eyJqdGki.Lr1v"},
	{exchange.FieldDPoPNonce, "A value that the client must put in its next proof.",
		[]string{"RFC 9449 §8.1"}, InResponses, false, FormNonce, Registered | ResponseOnly, "DPoP-Nonce: eyJ7S_zG.eyJH0-Z.HX4w-7v"},
	{exchange.FieldDPR, "How many device pixels a CSS pixel has. A relic; Sec-CH-DPR takes its place.",
		[]string{"Client Hints (draft)"}, InRequests, false, FormDecimal, Outdated, "DPR: 2.0"},
	{exchange.FieldEarlyData, "That the request was received in TLS early data on an earlier hop and may be a replay.",
		[]string{"RFC 8470 §5.1"}, InRequests, false, FormOwn, Registered | OwnRepeat, "Early-Data: 1"},
	{exchange.FieldECT, "The client's guess at the kind of its network.",
		[]string{"Network Information"}, InRequests, false, FormWords, 0, "ECT: 4g"},
	{exchange.FieldEDIINTFeatures, "Which features a partner in business data interchange supports.",
		[]string{"RFC 6017 §2"}, InBoth, true, FormTokens, Registered, "EDIINT-Features: CEM, AS2-Reliability"},
	{exchange.FieldETag, "A name for this version of the representation, to ask later whether it has changed.",
		[]string{"RFC 9110 §8.8.3"}, InResponses, false, FormOwn, Registered | ResponseOnly | MayTrail | EndToEnd, "ETag: \"33a64df5\""},
	{exchange.FieldExpect, "That the client waits for 100 (Continue) before it sends its content.",
		[]string{"RFC 9110 §10.1.1"}, InRequests, true, FormOwn, Registered | RequestOnly | NeverTrails, "Expect: 100-continue"},
	{exchange.FieldExpectCT, "That certificates must be in transparency logs. Browsers require that anyway.",
		[]string{"RFC 9163 §2.1"}, InResponses, true, FormDirectives, Registered | Outdated, "Expect-CT: max-age=86400, enforce"},
	{exchange.FieldExpires, "When the response becomes stale. max-age in Cache-Control takes precedence.",
		[]string{"RFC 9111 §5.3"}, InResponses, false, FormOwn, Registered | NeverTrails, "Expires: Thu, 01 Dec 2022 16:00:00 GMT"},
	{exchange.FieldExt, "Acknowledges an extension. The framework was never in use.",
		[]string{"RFC 2774 §5"}, InResponses, false, FormText, Outdated, "Ext: -"},
	{exchange.FieldFeaturePolicy, "The old name of Permissions-Policy, with another syntax.",
		[]string{"Permissions Policy §9"}, InResponses, true, FormText, Outdated, "Feature-Policy: geolocation 'none'"},
	{exchange.FieldForwarded, "What proxies knew of the client: its address, the host and scheme that it asked for.",
		[]string{"RFC 7239 §4"}, InRequests, true, FormForwarded, Registered | EndToEnd | RequestOnly, "Forwarded: for=192.0.2.60;proto=https"},
	{exchange.FieldFrom, "The mail address of the person behind the client.",
		[]string{"RFC 9110 §10.1.2"}, InRequests, false, FormMailbox, Registered | RequestOnly, "From: webmaster@shop.example"},
	{exchange.FieldGetProfile, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "GetProfile: -"},
	{exchange.FieldGrpcEncoding, "How gRPC messages are compressed.",
		[]string{"gRPC over HTTP/2"}, InBoth, false, FormToken, 0, "Grpc-Encoding: gzip"},
	{exchange.FieldGrpcMessage, "What went wrong with a gRPC call, in words.",
		[]string{"gRPC over HTTP/2"}, InResponses, false, FormPercent, MayTrail, "Grpc-Message: not found"},
	{exchange.FieldGrpcStatus, "How a gRPC call ended.",
		[]string{"gRPC over HTTP/2"}, InResponses, false, FormNumber, MayTrail, "Grpc-Status: 0"},
	{exchange.FieldGrpcTimeout, "How long the client waits for a gRPC call.",
		[]string{"gRPC over HTTP/2"}, InRequests, false, FormGRPCTimeout, 0, "Grpc-Timeout: 5S"},
	{exchange.FieldHobareg, "That a registration with HOBA is under way.",
		[]string{"RFC 7486 §6.1.1"}, InResponses, false, FormWords, Registered, "Hobareg: regok"},
	{exchange.FieldHost, "The host and port that the client asks for; HTTP/1.1 requires exactly one.",
		[]string{"RFC 9110 §7.2"}, InRequests, false, FormHost, Registered | RequestOnly | NeverTrails | EndToEnd, "Host: api.example:8443"},
	{exchange.FieldHTTP2Settings, "The settings for an upgrade to HTTP/2 in clear. Obsolete.",
		[]string{"RFC 9113 §11.1"}, InRequests, false, FormBase64URL, Registered | Outdated, "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"},
	{exchange.FieldIdempotencyKey, "A name for this attempt, so that the server does the work once however often it is sent.",
		[]string{"draft-ietf-httpapi-idempotency-key-header"}, InRequests, false, FormOwn, 0, "Idempotency-Key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\""},
	{exchange.FieldIf, "WebDAV's precondition: which states and locks must hold.",
		[]string{"RFC 4918 §10.4"}, InRequests, false, FormDAVIf, Registered | RequestOnly | NeverTrails, "If: (<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>)"},
	{exchange.FieldIfMatch, "Do it only if the resource still has one of these entity tags; else 412. Guards against overwriting another's change.",
		[]string{"RFC 9110 §13.1.1"}, InRequests, true, FormOwn, Registered | RequestOnly | NeverTrails | EndToEnd, "If-Match: \"33a64df5\""},
	{exchange.FieldIfModifiedSince, "Send it only if it has changed since then; else 304. Of use with GET and HEAD only.",
		[]string{"RFC 9110 §13.1.3"}, InRequests, false, FormDate, Registered | RequestOnly | NeverTrails | EndToEnd, "If-Modified-Since: Sat, 29 Oct 2022 19:43:31 GMT"},
	{exchange.FieldIfNoneMatch, "Send it only if it has none of these entity tags: else 304 to GET and HEAD, 412 to other methods.",
		[]string{"RFC 9110 §13.1.2"}, InRequests, true, FormOwn, Registered | RequestOnly | NeverTrails | EndToEnd, "If-None-Match: \"33a64df5\", W/\"9c1\""},
	{exchange.FieldIfRange, "Send the range if the representation is still this one, else the whole.",
		[]string{"RFC 9110 §13.1.5"}, InRequests, false, FormOwn, Registered | RequestOnly | NeverTrails | EndToEnd, "If-Range: \"33a64df5\""},
	{exchange.FieldIfScheduleTagMatch, "Do it only if nothing but attendees' replies has changed.",
		[]string{"RFC 6638 §8.3"}, InRequests, false, FormETag, Registered | RequestOnly | NeverTrails | EndToEnd, "If-Schedule-Tag-Match: \"488177c8\""},
	{exchange.FieldIfUnmodifiedSince, "Do it only if the resource has not changed since then; else 412.",
		[]string{"RFC 9110 §13.1.4"}, InRequests, false, FormDate, Registered | RequestOnly | NeverTrails | EndToEnd, "If-Unmodified-Since: Sat, 29 Oct 2022 19:43:31 GMT"},
	{exchange.FieldIM, "Which manipulations made the delta that a 226 holds.",
		[]string{"RFC 3229 §10.5.2"}, InResponses, true, FormWeighted, Registered, "IM: vcdiff"},
	{exchange.FieldIncludeReferredTokenBindingID, "That the client is to name the token binding that it uses with another server.",
		[]string{"RFC 8473 §5.3"}, InResponses, false, FormWords, Registered, "Include-Referred-Token-Binding-ID: true"},
	{exchange.FieldIncremental, "That intermediaries are to pass the message on piece by piece and not to wait for its end.",
		[]string{"RFC 10036"}, InBoth, false, FormItem, Registered, "Incremental: ?1"},
	{exchange.FieldIntegrityPolicy, "Which kinds of files the page may load only with an integrity attribute.",
		[]string{"Subresource Integrity §3.3"}, InResponses, true, FormDictionary, ResponseOnly, "Integrity-Policy: blocked-destinations=(script), endpoints=(reports)"},
	{exchange.FieldIntegrityPolicyReportOnly, "The same as Integrity-Policy, but violations are only reported.",
		[]string{"Subresource Integrity §3.3"}, InResponses, true, FormDictionary, ResponseOnly, "Integrity-Policy-Report-Only: blocked-destinations=(script)"},
	{exchange.FieldIsolation, "Which isolation an OData request wants.",
		[]string{"OData 4.01 §8.2.4"}, InRequests, false, FormWords, Registered, "Isolation: snapshot"},
	{exchange.FieldKeepAlive, "How long an idle connection is kept open, as a hint.",
		[]string{"RFC 2068 §19.7.1.1"}, InBoth, true, FormDirectives, Registered, "Keep-Alive: timeout=5, max=100"},
	{exchange.FieldLabel, "Which version of a resource is meant, in versioned WebDAV.",
		[]string{"RFC 3253 §8.3"}, InRequests, false, FormText, Registered, "Label: beta"},
	{exchange.FieldLargeAllocation, "That the page needs much memory. A relic.",
		[]string{"Mozilla"}, InResponses, false, FormNumber, Outdated, "Large-Allocation: 500"},
	{exchange.FieldLastEventID, "The last event that a client saw of a stream.",
		[]string{"HTML §9.2"}, InRequests, false, FormText, Registered, "Last-Event-ID: 17"},
	{exchange.FieldLastModified, "When the representation was last changed, as far as the server knows.",
		[]string{"RFC 9110 §8.8.2"}, InResponses, false, FormDate, Registered, "Last-Modified: Tue, 15 Nov 2022 12:45:26 GMT"},
	{exchange.FieldLink, "Links to other resources and what they are to this one: next page, stylesheet, who blocks it.",
		[]string{"RFC 8288 §3"}, InBoth, true, FormLinks, Registered, "Link: </orders?page=2>; rel=\"next\""},
	{exchange.FieldLinkTemplate, "Links whose targets have variables.",
		[]string{"RFC 9652 §2"}, InBoth, true, FormSFList, Registered, "Link-Template: \"/{username}\"; rel=\"item\""},
	{exchange.FieldLocation, "Where to go: on a 3xx the URI to follow, on a 201 what was made.",
		[]string{"RFC 9110 §10.2.2"}, InResponses, false, FormOwn, Registered | ResponseOnly | NeverTrails | EndToEnd, "Location: /orders/981"},
	{exchange.FieldLockToken, "The name of a WebDAV lock.",
		[]string{"RFC 4918 §10.5"}, InBoth, false, FormCodedURL, Registered, "Lock-Token: <urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>"},
	{exchange.FieldMan, "Which extensions must be understood. The framework was never in use.",
		[]string{"RFC 2774 §4.1"}, InRequests, false, FormText, Outdated, "Man: -"},
	{exchange.FieldMaxForwards, "How many more proxies a TRACE or OPTIONS may pass.",
		[]string{"RFC 9110 §7.6.2"}, InRequests, false, FormNumber, Registered | RequestOnly | NeverTrails, "Max-Forwards: 5"},
	{exchange.FieldMCPMethod, "The JSON-RPC method in the body of an MCP request, for proxies that do not read the body.",
		[]string{"MCP 2026-07-28 §Streamable HTTP"}, InRequests, false, FormText, 0, "Mcp-Method: tools/call"},
	{exchange.FieldMCPName, "The name of the tool, prompt or resource in the body of an MCP request.",
		[]string{"MCP 2026-07-28 §Streamable HTTP"}, InRequests, false, FormText, 0, "Mcp-Name: get_weather"},
	{exchange.FieldMCPProtocolVersion, "The version of the Model Context Protocol that the request follows.",
		[]string{"MCP 2026-07-28 §Streamable HTTP"}, InRequests, false, FormOwn, 0, "MCP-Protocol-Version: 2026-07-28"},
	{exchange.FieldMCPSessionID, "The session of an MCP client. MCP has had no sessions since 2026-07-28.",
		[]string{"MCP 2025-11-25 §Session Management"}, InBoth, false, FormNonce, 0, "Mcp-Session-Id: 1868a90c-5d4b"},
	{exchange.FieldMementoDatetime, "Of which point in time the state is that the message holds.",
		[]string{"RFC 7089 §2.1.1"}, InResponses, false, FormDate, Registered, "Memento-Datetime: Tue, 11 Sep 2001 20:36:10 GMT"},
	{exchange.FieldMessageID, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Message-ID: -"},
	{exchange.FieldMeter, "How often a stored response may be used.",
		[]string{"RFC 2227 §5.1"}, InBoth, true, FormMeter, Registered, "Meter: count=5/2"},
	{exchange.FieldMethodCheck, "Which methods the client may use.",
		[]string{"W3C Access Control 2007"}, InRequests, false, FormText, Outdated, "Method-Check: GET"},
	{exchange.FieldMethodCheckExpires, "Until when Method-Check holds.",
		[]string{"W3C Access Control 2007"}, InResponses, false, FormNumber, Outdated, "Method-Check-Expires: 600"},
	{exchange.FieldMIMEVersion, "The version of MIME; without meaning in HTTP.",
		[]string{"RFC 9112 §B.1"}, InBoth, false, FormVersion, Registered, "MIME-Version: 1.0"},
	{exchange.FieldNegotiate, "Which ways of transparent negotiation the client knows.",
		[]string{"RFC 2295 §8.4"}, InRequests, true, FormTokens, Registered, "Negotiate: trans"},
	{exchange.FieldNEL, "Where the browser is to report that the site could not be reached.",
		[]string{"Network Error Logging §4"}, InResponses, true, FormOwn, ResponseOnly, "NEL: {\"report_to\":\"nel\",\"max_age\":86400}"},
	{exchange.FieldNice, "How long the request may wait behind others.",
		[]string{"NiceHeader (custom)"}, InRequests, false, FormText, 0, "Nice: 5"},
	{exchange.FieldNoVarySearch, "Which parameters of the query do not change the response, so that caches can ignore them.",
		[]string{"draft-ietf-httpbis-no-vary-search"}, InResponses, true, FormDictionary, Registered | ResponseOnly, "No-Vary-Search: params=(\"utm_source\"), key-order"},
	{exchange.FieldNonCompliance, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Non-Compliance: -"},
	{exchange.FieldODataEntityId, "The identifier of the entity that was made.",
		[]string{"OData 4.01 §8.3.4"}, InResponses, false, FormURI, Registered, "OData-EntityId: https://shop.example/Orders(7)"},
	{exchange.FieldODataIsolation, "Which isolation an OData request wants.",
		[]string{"OData 4.01 §8.2.4"}, InRequests, false, FormWords, Registered, "OData-Isolation: snapshot"},
	{exchange.FieldODataMaxVersion, "The highest version of OData that the client understands.",
		[]string{"OData 4.01 §8.2.7"}, InRequests, false, FormVersion, Registered, "OData-MaxVersion: 4.01"},
	{exchange.FieldODataVersion, "The version of OData that the message is in.",
		[]string{"OData 4.01 §8.1.5"}, InBoth, false, FormVersion, Registered, "OData-Version: 4.0"},
	{exchange.FieldOperationLocation, "Where to ask how a long operation is doing.",
		[]string{"Azure REST guidelines"}, InResponses, false, FormURI, 0, "Operation-Location: https://api.example/operations/7"},
	{exchange.FieldOpt, "Which extensions may be understood. The framework was never in use.",
		[]string{"RFC 2774 §4.1"}, InRequests, false, FormText, Outdated, "Opt: -"},
	{exchange.FieldOptional, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Optional: -"},
	{exchange.FieldOptionalWWWAuthenticate, "That the client may authenticate though the resource is there without it.",
		[]string{"RFC 8053 §3"}, InResponses, true, FormChallenges, Registered, "Optional-WWW-Authenticate: Basic realm=\"members\""},
	{exchange.FieldOrderingType, "How the members of a WebDAV collection are ordered.",
		[]string{"RFC 3648 §5.1"}, InRequests, false, FormURI, Registered, "Ordering-Type: https://order.example/by-date"},
	{exchange.FieldOrigin, "Which web origin caused the request.",
		[]string{"Fetch §3.2"}, InRequests, false, FormOwn, Registered | RequestOnly | EndToEnd, "Origin: https://shop.example"},
	{exchange.FieldOriginAgentCluster, "Whether the browser may keep the origin's pages in a process of their own.",
		[]string{"HTML §7.1.2"}, InResponses, false, FormItem, Registered, "Origin-Agent-Cluster: ?1"},
	{exchange.FieldOSCORE, "What protects the message end to end, in constrained networks.",
		[]string{"RFC 8613 §11.1"}, InBoth, false, FormBase64URL, Registered, "OSCORE: CSU"},
	{exchange.FieldOSLCCoreVersion, "The version of OSLC that the message is in.",
		[]string{"OSLC Core 3.0 §4.1"}, InBoth, false, FormVersion, Registered, "OSLC-Core-Version: 2.0"},
	{exchange.FieldOverwrite, "Whether COPY and MOVE may replace what is there: T or F.",
		[]string{"RFC 4918 §10.6"}, InRequests, false, FormWords, Registered | RequestOnly, "Overwrite: F"},
	{exchange.FieldP3P, "A privacy policy in short form. A relic.",
		[]string{"P3P 1.0 §2.2"}, InResponses, false, FormText, Outdated, "P3P: CP=\"NOI DSP\""},
	{exchange.FieldPEP, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "PEP: -"},
	{exchange.FieldPEPInfo, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "PEP-Info: -"},
	{exchange.FieldPermissionsPolicy, "Which features of the browser the page may use.",
		[]string{"Permissions Policy §5"}, InResponses, true, FormDictionary, ResponseOnly, "Permissions-Policy: geolocation=(), camera=(self)"},
	{exchange.FieldPermissionsPolicyReportOnly, "The same as Permissions-Policy, but only reported.",
		[]string{"Permissions Policy §5"}, InResponses, true, FormDictionary, 0, "Permissions-Policy-Report-Only: geolocation=()"},
	{exchange.FieldPICSLabel, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "PICS-Label: -"},
	{exchange.FieldPingFrom, "The page whose link was followed.",
		[]string{"HTML §4.6.5"}, InRequests, false, FormURI, Registered, "Ping-From: https://shop.example/"},
	{exchange.FieldPingTo, "Where the link that was followed leads.",
		[]string{"HTML §4.6.5"}, InRequests, false, FormURI, Registered, "Ping-To: https://other.example/"},
	{exchange.FieldPosition, "Where in an ordered WebDAV collection the new member goes.",
		[]string{"RFC 3648 §6.1"}, InRequests, false, FormPosition, Registered, "Position: first"},
	{exchange.FieldPragma, "A relic of HTTP/1.0; send Cache-Control instead.",
		[]string{"RFC 9111 §5.4"}, InBoth, true, FormDirectives, Registered | Outdated, "Pragma: no-cache"},
	{exchange.FieldPrefer, "What the client would like, such as an answer before the work is done.",
		[]string{"RFC 7240 §2"}, InRequests, true, FormPreferences, Registered | RequestOnly, "Prefer: respond-async, wait=10"},
	{exchange.FieldPreferenceApplied, "Which preferences of the request the server took into account.",
		[]string{"RFC 7240 §3"}, InResponses, true, FormPreferences, Registered | ResponseOnly, "Preference-Applied: respond-async"},
	{exchange.FieldPriority, "How urgent a response is, and whether it is of use piece by piece.",
		[]string{"RFC 9218 §5"}, InBoth, true, FormDictionary, Registered, "Priority: u=1, i"},
	{exchange.FieldProfileObject, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "ProfileObject: -"},
	{exchange.FieldProtocol, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Protocol: -"},
	{exchange.FieldProtocolInfo, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Protocol-Info: -"},
	{exchange.FieldProtocolQuery, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Protocol-Query: -"},
	{exchange.FieldProtocolRequest, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Protocol-Request: -"},
	{exchange.FieldProxyAuthenticate, "How to authenticate to a proxy. A 407 must have it.",
		[]string{"RFC 9110 §11.7.1"}, InResponses, true, FormChallenges, Registered | ResponseOnly | NeverTrails, "Proxy-Authenticate: Basic realm=\"office\""},
	{exchange.FieldProxyAuthenticationInfo, "What the proxy adds on a successful authentication.",
		[]string{"RFC 9110 §11.7.3"}, InResponses, true, FormAuthInfo, Registered | MayTrail | ResponseOnly, "Proxy-Authentication-Info: nextnonce=\"7d2f\""},
	{exchange.FieldProxyAuthorization, "The client's credentials for a proxy; they go no further than that proxy.",
		[]string{"RFC 9110 §11.7.2"}, InRequests, false, FormOwn, Registered | RequestOnly | NeverTrails, "Proxy-Authorization: Basic dXNlcjpwYXNz"},
	{exchange.FieldProxyConnection, "A misunderstanding of old browsers; Connection is what counts.",
		[]string{"RFC 9112 §C.2.2"}, InRequests, true, FormTokens, Outdated, "Proxy-Connection: keep-alive"},
	{exchange.FieldProxyFeatures, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Proxy-Features: -"},
	{exchange.FieldProxyInstruction, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Proxy-Instruction: -"},
	{exchange.FieldProxyStatus, "What each intermediary met when it handled the response, such as which error and where.",
		[]string{"RFC 9209 §2"}, InResponses, true, FormSFList, Registered | MayTrail, "Proxy-Status: edge.example; error=connection_timeout"},
	{exchange.FieldPublic, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Public: -"},
	{exchange.FieldPublicKeyPins, "Which keys the site's certificates must have. Browsers have dropped it.",
		[]string{"RFC 7469 §2.1"}, InResponses, false, FormPairs, Registered | Outdated, "Public-Key-Pins: pin-sha256=\"d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=\"; max-age=5"},
	{exchange.FieldPublicKeyPinsReportOnly, "The same as Public-Key-Pins, but only reported. Browsers have dropped it.",
		[]string{"RFC 7469 §2.1"}, InResponses, false, FormPairs, Registered | Outdated, "Public-Key-Pins-Report-Only: pin-sha256=\"d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=\"; max-age=5"},
	{exchange.FieldPurpose, "That the request is a prefetch. A relic; Sec-Purpose takes its place.",
		[]string{"custom"}, InRequests, false, FormTokens, Outdated, "Purpose: prefetch"},
	{exchange.FieldRange, "Which part of the representation the client wants.",
		[]string{"RFC 9110 §14.2"}, InRequests, false, FormOwn, Registered | RequestOnly | NeverTrails | EndToEnd, "Range: bytes=500-999"},
	{exchange.FieldRateLimit, "How many requests are left and until when.",
		[]string{"draft-ietf-httpapi-ratelimit-headers"}, InResponses, true, FormSFList, 0, "RateLimit: \"default\";r=50;t=30"},
	{exchange.FieldRateLimitLimit, "How many requests a window has. Of drafts; RateLimit-Policy takes its place.",
		[]string{"draft-ietf-httpapi-ratelimit-headers-06"}, InResponses, false, FormOwn, Outdated, "RateLimit-Limit: 100"},
	{exchange.FieldRateLimitPolicy, "Which quotas there are and for how long a window each.",
		[]string{"draft-ietf-httpapi-ratelimit-headers"}, InResponses, true, FormSFList, 0, "RateLimit-Policy: \"default\";q=100;w=60"},
	{exchange.FieldRateLimitRemaining, "How many requests are left. Of drafts; RateLimit takes its place.",
		[]string{"draft-ietf-httpapi-ratelimit-headers-06"}, InResponses, false, FormNumber, Outdated, "RateLimit-Remaining: 50"},
	{exchange.FieldRateLimitReset, "In how many seconds the window ends. Of drafts; RateLimit takes its place.",
		[]string{"draft-ietf-httpapi-ratelimit-headers-06"}, InResponses, false, FormOwn, Outdated, "RateLimit-Reset: 50"},
	{exchange.FieldRedirectRef, "Where a redirect reference points.",
		[]string{"RFC 4437 §12.1"}, InBoth, false, FormURI, Registered, "Redirect-Ref: /new"},
	{exchange.FieldReferer, "The page from which the request came.",
		[]string{"RFC 9110 §10.1.3"}, InRequests, false, FormURI, Registered | RequestOnly, "Referer: https://shop.example/cart"},
	{exchange.FieldRefererRoot, "The root of the page from which the request came.",
		[]string{"W3C Access Control 2007"}, InRequests, false, FormURI, Outdated, "Referer-Root: https://shop.example"},
	{exchange.FieldReferrerPolicy, "How much of its address a page tells to others.",
		[]string{"Referrer Policy §4.1"}, InResponses, true, FormOwn, Registered, "Referrer-Policy: strict-origin-when-cross-origin"},
	{exchange.FieldRefresh, "After how many seconds the browser is to load which page.",
		[]string{"HTML §7.7"}, InResponses, false, FormRefresh, Registered | ResponseOnly, "Refresh: 5; url=/next"},
	{exchange.FieldRepeatabilityClientID, "Which client repeats a request.",
		[]string{"Repeatable Requests 1.0 §4.2"}, InRequests, false, FormText, Registered, "Repeatability-Client-ID: 5f1a"},
	{exchange.FieldRepeatabilityFirstSent, "When the request was sent for the first time.",
		[]string{"Repeatable Requests 1.0 §4.3"}, InRequests, false, FormDate, Registered, "Repeatability-First-Sent: Tue, 15 Nov 2022 08:12:31 GMT"},
	{exchange.FieldRepeatabilityRequestID, "A name for the request that stays the same when it is repeated.",
		[]string{"Repeatable Requests 1.0 §4.1"}, InRequests, false, FormText, Registered, "Repeatability-Request-ID: 8e03978e"},
	{exchange.FieldRepeatabilityResult, "Whether the repeated request was accepted.",
		[]string{"Repeatable Requests 1.0 §4.5"}, InResponses, false, FormWords, Registered, "Repeatability-Result: accepted"},
	{exchange.FieldReplayNonce, "A value that the client must put in its next signed request, in ACME.",
		[]string{"RFC 8555 §6.5.1"}, InResponses, false, FormBase64URL, Registered, "Replay-Nonce: 8_uBBV3N2DBRJczhoiB46ugJKUkUHxGzVe6xIMpjHFM"},
	{exchange.FieldReportTo, "Groups of endpoints for reports. Reporting-Endpoints takes its place.",
		[]string{"Reporting (2018 draft) §3.1"}, InResponses, true, FormOwn, Outdated | ResponseOnly, "Report-To: {\"group\":\"nel\",\"max_age\":86400,\"endpoints\":[{\"url\":\"https://r.example/\"}]}"},
	{exchange.FieldReportingEndpoints, "Where the browser is to send reports, by name.",
		[]string{"Reporting §3.2"}, InResponses, true, FormDictionary, ResponseOnly, "Reporting-Endpoints: csp=\"https://reports.example/csp\""},
	{exchange.FieldReprDigest, "A hash of the whole representation, whichever part of it the message holds.",
		[]string{"RFC 9530 §3"}, InBoth, true, FormDictionary, Registered | MayTrail, "Repr-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"},
	{exchange.FieldRequestId, "A number for the request, to find it in logs.",
		[]string{"custom"}, InBoth, false, FormText, 0, "Request-Id: 5f1a2c"},
	{exchange.FieldRetryAfter, "When to come back: a number of seconds, or a date.",
		[]string{"RFC 9110 §10.2.3"}, InResponses, false, FormOwn, Registered | ResponseOnly | NeverTrails | OwnRepeat, "Retry-After: 120"},
	{exchange.FieldRetryAfterMs, "In how many milliseconds to come back.",
		[]string{"Azure, OpenAI"}, InResponses, false, FormNumber, 0, "Retry-After-Ms: 250"},
	{exchange.FieldRTT, "The client's guess at its round-trip time, in milliseconds.",
		[]string{"Network Information"}, InRequests, false, FormNumber, 0, "RTT: 50"},
	{exchange.FieldSafe, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Safe: -"},
	{exchange.FieldSaveData, "That the user wants to use little data.",
		[]string{"Save Data §2"}, InRequests, false, FormItem, RequestOnly, "Save-Data: on"},
	{exchange.FieldScheduleReply, "Whether the server is to tell the organizer.",
		[]string{"RFC 6638 §8.1"}, InRequests, false, FormWords, Registered, "Schedule-Reply: F"},
	{exchange.FieldScheduleTag, "A tag of a scheduling object that attendees' replies leave alone.",
		[]string{"RFC 6638 §8.2"}, InResponses, false, FormETag, Registered, "Schedule-Tag: \"12ab34-cd56ef\""},
	{exchange.FieldSecCHUA, "Which browser asks, roughly.",
		[]string{"UA Client Hints §3.1"}, InRequests, true, FormSFList, 0, "Sec-CH-UA: \"Chromium\";v=\"120\", \"Not A Brand\";v=\"8\""},
	{exchange.FieldSecCHUAArch, "The architecture of the processor.",
		[]string{"UA Client Hints §3.2"}, InRequests, false, FormItem, 0, "Sec-CH-UA-Arch: \"arm\""},
	{exchange.FieldSecCHUAMobile, "Whether the device is a mobile one.",
		[]string{"UA Client Hints §3.7"}, InRequests, false, FormItem, 0, "Sec-CH-UA-Mobile: ?0"},
	{exchange.FieldSecCHUAPlatform, "The operating system.",
		[]string{"UA Client Hints §3.9"}, InRequests, false, FormItem, 0, "Sec-CH-UA-Platform: \"macOS\""},
	{exchange.FieldSecFetchDest, "What the browser wants the resource for.",
		[]string{"Fetch Metadata §2.1"}, InRequests, false, FormOwn, RequestOnly, "Sec-Fetch-Dest: document"},
	{exchange.FieldSecFetchMode, "In which mode the browser asks.",
		[]string{"Fetch Metadata §2.2"}, InRequests, false, FormOwn, RequestOnly, "Sec-Fetch-Mode: cors"},
	{exchange.FieldSecFetchSite, "From how near a site the request comes.",
		[]string{"Fetch Metadata §2.3"}, InRequests, false, FormOwn, RequestOnly, "Sec-Fetch-Site: same-origin"},
	{exchange.FieldSecFetchStorageAccess, "Whether unpartitioned cookies go along, or could.",
		[]string{"Storage Access Headers"}, InRequests, false, FormItem, 0, "Sec-Fetch-Storage-Access: active"},
	{exchange.FieldSecFetchUser, "That the user caused the navigation.",
		[]string{"Fetch Metadata §2.4"}, InRequests, false, FormOwn, RequestOnly, "Sec-Fetch-User: ?1"},
	{exchange.FieldSecGPC, "That the user does not want data to be sold or shared.",
		[]string{"Global Privacy Control §4"}, InRequests, false, FormWords, Registered, "Sec-GPC: 1"},
	{exchange.FieldSecPurpose, "That the request is a prefetch.",
		[]string{"Fetch §3.8"}, InRequests, false, FormItem, Registered, "Sec-Purpose: prefetch"},
	{exchange.FieldSecSecureSessionID, "The session whose key the browser proves or refreshes.",
		[]string{"Device Bound Session Credentials"}, InRequests, false, FormItem, RequestOnly, "Sec-Secure-Session-Id: \"5f1a2c\""},
	{exchange.FieldSecTokenBinding, "A proof that the client holds the keys to which tokens are bound.",
		[]string{"RFC 8473 §2"}, InRequests, false, FormBase64URL, Registered, "Sec-Token-Binding: AIkAAgBBQFzK"},
	{exchange.FieldSecWebSocketAccept, "Proof that the server understood the WebSocket request: a hash of its Sec-WebSocket-Key.",
		[]string{"RFC 6455 §11.3.3"}, InResponses, false, FormBase64, Registered | ResponseOnly, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
	{exchange.FieldSecWebSocketExtensions, "Which extensions of WebSocket the client offers, and which the server chose.",
		[]string{"RFC 6455 §11.3.2"}, InBoth, true, FormPreferences, Registered, "Sec-WebSocket-Extensions: permessage-deflate"},
	{exchange.FieldSecWebSocketKey, "A random value that the server must hash into Sec-WebSocket-Accept.",
		[]string{"RFC 6455 §11.3.1"}, InRequests, false, FormBase64, Registered | RequestOnly, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="},
	{exchange.FieldSecWebSocketProtocol, "Which subprotocols the client offers, and which one the server chose.",
		[]string{"RFC 6455 §11.3.4"}, InBoth, true, FormTokens, Registered, "Sec-WebSocket-Protocol: graphql-transport-ws"},
	{exchange.FieldSecWebSocketVersion, "Which version of WebSocket is meant; on a refusal, which ones the server speaks.",
		[]string{"RFC 6455 §11.3.5"}, InBoth, true, FormNumbers, Registered, "Sec-WebSocket-Version: 13"},
	{exchange.FieldSecureSessionChallenge, "A value that the browser must sign to prove that it holds the key of a session.",
		[]string{"Device Bound Session Credentials"}, InResponses, true, FormSFList, ResponseOnly, "Secure-Session-Challenge: \"nonce\";id=\"5f1a2c\""},
	{exchange.FieldSecureSessionRegistration, "That the browser may bind the session to a key of the device, by which algorithms and at which path.",
		[]string{"Device Bound Session Credentials"}, InResponses, true, FormSFList, ResponseOnly, "Secure-Session-Registration: (ES256 RS256);path=\"/register\";challenge=\"nonce\""},
	{exchange.FieldSecureSessionResponse, "The proof that the browser holds the key of a session.",
		[]string{"Device Bound Session Credentials"}, InRequests, false, FormText, RequestOnly, "Secure-Session-Response: eyJ0eXAi.eyJqdGki.Lr1v"},
	{exchange.FieldSecureSessionSkipped, "For which sessions the browser sent the request without refreshing them, and why.",
		[]string{"Device Bound Session Credentials"}, InRequests, true, FormSFList, RequestOnly, "Secure-Session-Skipped: unreachable;session_identifier=\"5f1a2c\""},
	{exchange.FieldSecurityScheme, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Security-Scheme: -"},
	{exchange.FieldServer, "Which software answered.",
		[]string{"RFC 9110 §10.2.4"}, InResponses, false, FormProducts, Registered | ResponseOnly, "Server: nginx"},
	{exchange.FieldServerId, "Which server answered.",
		[]string{"custom"}, InResponses, false, FormText, 0, "Server-Id: web-3"},
	{exchange.FieldServerTiming, "How long parts of the work took, for the browser's tools.",
		[]string{"Server Timing §2"}, InResponses, true, FormOwn, Registered | MayTrail, "Server-Timing: db;dur=53, app;dur=47.2"},
	{exchange.FieldServiceWorker, "That the browser fetches the script of a service worker.",
		[]string{"Service Workers §6.1"}, InRequests, false, FormWords, 0, "Service-Worker: script"},
	{exchange.FieldServiceWorkerAllowed, "How much of the site a service worker may control.",
		[]string{"Service Workers §6.2"}, InResponses, false, FormURI, 0, "Service-Worker-Allowed: /"},
	{exchange.FieldServiceWorkerNavigationPreload, "That the navigation was preloaded for a service worker.",
		[]string{"Service Workers §6.3"}, InRequests, false, FormText, 0, "Service-Worker-Navigation-Preload: true"},
	{exchange.FieldSetCookie, "A cookie to store. Each line is one cookie; lines must not be joined.",
		[]string{"RFC 6265 §4.1"}, InResponses, false, FormOwn, Registered | ResponseOnly | NeverTrails | EndToEnd | OneEachLine, "Set-Cookie: sid=31d4d96e; Path=/; Secure; HttpOnly; SameSite=Lax"},
	{exchange.FieldSetCookie2, "A relic of cookies with versions.",
		[]string{"RFC 2965 §3.2.2"}, InResponses, true, FormText, Registered | Outdated, "Set-Cookie2: a=b; Version=1"},
	{exchange.FieldSetLogin, "Whether the user is signed in at the identity provider.",
		[]string{"FedCM §4"}, InResponses, false, FormItem, 0, "Set-Login: logged-in"},
	{exchange.FieldSetTxn, "The number under which the resource server logged the transaction, for the client to pass on.",
		[]string{"draft-ietf-oauth-transaction-tokens"}, InBoth, false, FormText, 0, "Set-Txn: 5f1a2c"},
	{exchange.FieldSetProfile, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "SetProfile: -"},
	{exchange.FieldSidenote, "The notes that sidenote wrote about this exchange when its head was known.",
		[]string{"sidenote"}, InResponses, true, FormOwn, 0, "Sidenote: status/405-missing-allow;sev=error;by=origin"},
	{exchange.FieldSidenoteExchange, "The exchange's number in sidenote's log, its class and its verdict.",
		[]string{"sidenote"}, InResponses, false, FormOwn, 0, "Sidenote-Exchange: \"7f3k\";v=1;class=success;verdict=warn"},
	{exchange.FieldSidenoteIgnore, "Which notes sidenote is to leave out for this exchange. It is not forwarded.",
		[]string{"sidenote"}, InRequests, true, FormOwn, 0, "Sidenote-Ignore: cache/*, cors/wildcard-credentials"},
	{exchange.FieldSignature, "Signatures over parts of the message.",
		[]string{"RFC 9421 §4.2"}, InBoth, true, FormOwn, Registered | MayTrail, "Signature: sig1=:P0wLUszWQjoi54udOtydf9IWTfNhy+r53jGFj9XZuP4=:"},
	{exchange.FieldSignatureAgent, "Where the keys of the agent that signed the request are listed.",
		[]string{"draft-meunier-http-message-signatures-directory"}, InRequests, true, FormDictionary, 0, "Signature-Agent: sig1=\"https://agent.example\""},
	{exchange.FieldSignatureInput, "Which parts of the message each signature covers.",
		[]string{"RFC 9421 §4.1"}, InBoth, true, FormDictionary, Registered | MayTrail, "Signature-Input: sig1=(\"@method\" \"@authority\");keyid=\"k\""},
	{exchange.FieldSLUG, "The name that the client would like for what it posts.",
		[]string{"RFC 5023 §9.7"}, InRequests, false, FormPercent, Registered, "SLUG: The Beach"},
	{exchange.FieldSOAPAction, "What a SOAP request wants.",
		[]string{"SOAP 1.1 §6.1.1"}, InRequests, false, FormSOAPAction, Registered, "SOAPAction: \"urn:order\""},
	{exchange.FieldSourceMap, "Where the map from a script to its source is.",
		[]string{"Source Map §7"}, InResponses, false, FormURI, ResponseOnly, "SourceMap: /app.js.map"},
	{exchange.FieldSpeculationRules, "Where the rules are by which the browser may load pages ahead.",
		[]string{"HTML §7.6"}, InResponses, true, FormSFList, 0, "Speculation-Rules: \"/rules.json\""},
	{exchange.FieldStatus, "The status, as CGI programs give it to their server. It should not come out.",
		[]string{"RFC 3875 §6.3.3"}, InResponses, false, FormStatus, 0, "Status: 200 OK"},
	{exchange.FieldStatusURI, "Status of parts of a WebDAV operation. A relic.",
		[]string{"RFC 2518 §9.7"}, InResponses, false, FormText, Outdated, "Status-URI: 200 <https://dav.example/a>"},
	{exchange.FieldStrictTransportSecurity, "That the host is to be asked over TLS only, and for how long.",
		[]string{"RFC 6797 §6.1"}, InResponses, false, FormOwn, Registered | ResponseOnly | OwnRepeat, "Strict-Transport-Security: max-age=31536000"},
	{exchange.FieldSubOK, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "SubOK: -"},
	{exchange.FieldSubst, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Subst: -"},
	{exchange.FieldSunset, "When the resource is expected to go away.",
		[]string{"RFC 8594 §3"}, InResponses, false, FormOwn, Registered | OwnRepeat | ResponseOnly, "Sunset: Sat, 31 Dec 2022 23:59:59 GMT"},
	{exchange.FieldSupportsLoadingMode, "In which special ways the page may be loaded.",
		[]string{"Supports-Loading-Mode (WICG)"}, InResponses, true, FormSFList, 0, "Supports-Loading-Mode: credentialed-prerender"},
	{exchange.FieldSurrogateCapability, "What a surrogate before the server can do.",
		[]string{"Edge Architecture 1.0 §2.2"}, InRequests, true, FormAuthInfo, Registered, "Surrogate-Capability: abc=\"Surrogate/1.0\""},
	{exchange.FieldSurrogateControl, "What surrogates before the server may do; others go by Cache-Control.",
		[]string{"Edge Architecture 1.0 §2.1"}, InResponses, true, FormPreferences, Registered | ResponseOnly, "Surrogate-Control: max-age=600"},
	{exchange.FieldTCN, "That the response was negotiated transparently.",
		[]string{"RFC 2295 §8.5"}, InResponses, true, FormDirectives, Registered, "TCN: choice"},
	{exchange.FieldTE, "Which transfer codings the client takes, and whether it reads trailers.",
		[]string{"RFC 9110 §10.1.4"}, InRequests, true, FormWeighted, Registered | RequestOnly | NeverTrails, "TE: trailers"},
	{exchange.FieldTimeout, "For how long the client wants a WebDAV lock.",
		[]string{"RFC 4918 §10.7"}, InRequests, true, FormTimeout, Registered, "Timeout: Infinite, Second-4100000000"},
	{exchange.FieldTimingAllowOrigin, "Which origins may see how long the load took.",
		[]string{"Resource Timing §4.5"}, InResponses, true, FormOrigins, Registered | ResponseOnly, "Timing-Allow-Origin: *"},
	{exchange.FieldTitle, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Title: -"},
	{exchange.FieldTk, "Whether the user is tracked. A relic.",
		[]string{"Tracking Preference Expression §6"}, InResponses, false, FormTk, Outdated, "Tk: N"},
	{exchange.FieldTopic, "Which messages a new push message replaces.",
		[]string{"RFC 8030 §5.4"}, InRequests, false, FormBase64URL, Registered, "Topic: upd"},
	{exchange.FieldTraceparent, "The trace that the request belongs to, and which step caused it.",
		[]string{"Trace Context §3.2"}, InRequests, false, FormTraceparent, Registered, "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
	{exchange.FieldTracestate, "What tracing systems add to Traceparent.",
		[]string{"Trace Context §3.3"}, InRequests, true, FormTracestate, Registered, "Tracestate: vendor=value"},
	{exchange.FieldTrailer, "Which fields will come after the content.",
		[]string{"RFC 9110 §6.6.2"}, InBoth, true, FormTokens, Registered | NeverTrails, "Trailer: Server-Timing"},
	{exchange.FieldTransferEncoding, "How the content is wrapped for this hop, so that its end can be found. HTTP/1.1 only, and never with Content-Length.",
		[]string{"RFC 9112 §6.1"}, InBoth, true, FormOwn, Registered | NeverTrails, "Transfer-Encoding: chunked"},
	{exchange.FieldTTL, "For how many seconds a push message is kept.",
		[]string{"RFC 8030 §5.2"}, InBoth, false, FormNumber, Registered, "TTL: 15"},
	{exchange.FieldUAColor, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "UA-Color: -"},
	{exchange.FieldUAMedia, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "UA-Media: -"},
	{exchange.FieldUAPixels, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "UA-Pixels: -"},
	{exchange.FieldUAResolution, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "UA-Resolution: -"},
	{exchange.FieldUAWindowpixels, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "UA-Windowpixels: -"},
	{exchange.FieldUnencodedDigest, "A hash of the representation before content codings.",
		[]string{"draft-ietf-httpbis-unencoded-digest"}, InBoth, true, FormDictionary, Registered | MayTrail, "Unencoded-Digest: sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"},
	{exchange.FieldUpgrade, "Which other protocols the client offers, or which one a 101 changes to and a 426 asks for. HTTP/1.1 only.",
		[]string{"RFC 9110 §7.8"}, InBoth, true, FormProtocols, Registered | NeverTrails, "Upgrade: websocket"},
	{exchange.FieldUpgradeInsecureRequests, "That the browser would rather have the page over https.",
		[]string{"Upgrade Insecure Requests §3.2"}, InRequests, false, FormWords, RequestOnly, "Upgrade-Insecure-Requests: 1"},
	{exchange.FieldUploadComplete, "Whether the message holds the last part of an upload.",
		[]string{"draft-ietf-httpbis-resumable-upload"}, InBoth, false, FormItem, 0, "Upload-Complete: ?1"},
	{exchange.FieldUploadDraftInteropVersion, "Which edition of the draft both sides must share while resumable uploads are a draft.",
		[]string{"draft-ietf-httpbis-resumable-upload"}, InBoth, false, FormItem, 0, "Upload-Draft-Interop-Version: 8"},
	{exchange.FieldUploadLimit, "How large and how old an upload may become.",
		[]string{"draft-ietf-httpbis-resumable-upload"}, InResponses, true, FormDictionary, 0, "Upload-Limit: max-size=1000000000"},
	{exchange.FieldUploadOffset, "How many bytes of an upload have arrived.",
		[]string{"draft-ietf-httpbis-resumable-upload"}, InBoth, false, FormItem, 0, "Upload-Offset: 100"},
	{exchange.FieldUrgency, "How urgent a push message is.",
		[]string{"RFC 8030 §5.3"}, InRequests, true, FormWords, Registered, "Urgency: high"},
	{exchange.FieldURI, "Where else the resource is. A relic.",
		[]string{"RFC 2068 §19.6.2.5"}, InResponses, true, FormText, Outdated, "URI: </other>"},
	{exchange.FieldUseAsDictionary, "For which later requests the response may serve as a dictionary.",
		[]string{"RFC 9842 §2.1"}, InResponses, true, FormDictionary, Registered | ResponseOnly, "Use-As-Dictionary: match=\"/product/*\""},
	{exchange.FieldUserAgent, "Which software asks.",
		[]string{"RFC 9110 §10.1.5"}, InRequests, false, FormProducts, Registered | RequestOnly, "User-Agent: curl/8.9.1"},
	{exchange.FieldVariantVary, "Which fields would have chosen among variants.",
		[]string{"RFC 2295 §8.6"}, InResponses, true, FormFieldNames, Registered, "Variant-Vary: Accept"},
	{exchange.FieldVary, "Which request fields chose this representation, so that caches keep others apart.",
		[]string{"RFC 9110 §12.5.5"}, InResponses, true, FormFieldNames, Registered | ResponseOnly | NeverTrails | EndToEnd, "Vary: Accept-Encoding, Origin"},
	{exchange.FieldVersion, "Obsolete: software of today does not read it.",
		[]string{"IANA HTTP Field Name Registry"}, InBoth, true, FormText, Outdated, "Version: -"},
	{exchange.FieldVia, "Which proxies and gateways the message has passed, and by which HTTP version each received it.",
		[]string{"RFC 9110 §7.6.3"}, InBoth, true, FormVia, Registered | EndToEnd, "Via: 1.1 edge.example, 2 sidenote"},
	{exchange.FieldViewportWidth, "How wide the window is, in CSS pixels. A relic; Sec-CH-Viewport-Width takes its place.",
		[]string{"Client Hints (draft)"}, InRequests, false, FormNumber, Outdated, "Viewport-Width: 320"},
	{exchange.FieldWantContentDigest, "Which hashes of the content the other side would like.",
		[]string{"RFC 9530 §4"}, InBoth, true, FormDictionary, Registered, "Want-Content-Digest: sha-256=10"},
	{exchange.FieldWantDigest, "Which hashes the other side would like. Obsolete; Want-Repr-Digest takes its place.",
		[]string{"RFC 9530 §1.3"}, InBoth, true, FormWeighted, Registered | Outdated, "Want-Digest: SHA-256;q=1"},
	{exchange.FieldWantReprDigest, "Which hashes of the representation the other side would like.",
		[]string{"RFC 9530 §4"}, InBoth, true, FormDictionary, Registered, "Want-Repr-Digest: sha-256=10"},
	{exchange.FieldWantUnencodedDigest, "Which hashes of the representation before content codings the other side would like.",
		[]string{"draft-ietf-httpbis-unencoded-digest"}, InBoth, true, FormDictionary, Registered, "Want-Unencoded-Digest: sha-256=10"},
	{exchange.FieldWarning, "A relic that no cache needs any more.",
		[]string{"RFC 9111 §5.5"}, InBoth, true, FormWarning, Registered | Outdated, "Warning: 110 - \"Response is Stale\""},
	{exchange.FieldWidth, "How wide an image is wanted, in physical pixels. A relic; Sec-CH-Width takes its place.",
		[]string{"Client Hints (draft)"}, InRequests, false, FormNumber, Outdated, "Width: 1280"},
	{exchange.FieldWWWAuthenticate, "How to authenticate to the resource: one or more challenges. A 401 must have it.",
		[]string{"RFC 9110 §11.6.1"}, InResponses, true, FormChallenges, Registered | ResponseOnly | NeverTrails, "WWW-Authenticate: Bearer realm=\"api\", error=\"invalid_token\""},
	{exchange.FieldXAccelBuffering, "Whether nginx is to buffer the response.",
		[]string{"nginx"}, InResponses, false, FormWords, 0, "X-Accel-Buffering: no"},
	{exchange.FieldXAccelRedirect, "Which internal location nginx is to serve instead. It should not come out.",
		[]string{"nginx"}, InResponses, false, FormText, 0, "X-Accel-Redirect: /files/7"},
	{exchange.FieldXAmznTraceId, "The trace that the request belongs to, on Amazon's servers.",
		[]string{"AWS"}, InBoth, false, FormText, 0, "X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678"},
	{exchange.FieldXAPIKey, "A key that says who asks.",
		[]string{"custom"}, InRequests, false, FormText, 0, "X-API-Key: 5f1a2c"},
	{exchange.FieldXAspNetVersion, "Which version of ASP.NET answered.",
		[]string{"Microsoft"}, InResponses, false, FormText, 0, "X-AspNet-Version: 4.0.30319"},
	{exchange.FieldXAspNetMvcVersion, "Which version of ASP.NET MVC answered.",
		[]string{"Microsoft"}, InResponses, false, FormText, 0, "X-AspNetMvc-Version: 5.2"},
	{exchange.FieldXAuthToken, "A token that says who asks.",
		[]string{"custom"}, InBoth, false, FormText, 0, "X-Auth-Token: 5f1a2c"},
	{exchange.FieldXB3TraceId, "The trace that the request belongs to, in Zipkin.",
		[]string{"B3 propagation"}, InRequests, false, FormTraceID, 0, "X-B3-TraceId: 80f198ee56343ba864fe8b2a57d3eff7"},
	{exchange.FieldXCache, "Whether a cache had the response.",
		[]string{"custom; Cache-Status is RFC 9211"}, InResponses, true, FormText, 0, "X-Cache: HIT"},
	{exchange.FieldXCloudTraceContext, "The trace that the request belongs to, on Google's servers.",
		[]string{"Google Cloud"}, InBoth, false, FormText, 0, "X-Cloud-Trace-Context: 105445aa7843bc8bf206b12000100000/1;o=1"},
	{exchange.FieldXContentSecurityPolicy, "An early name of Content-Security-Policy that browsers ignore.",
		[]string{"custom"}, InResponses, false, FormText, Outdated, "X-Content-Security-Policy: default-src 'self'"},
	{exchange.FieldXContentTypeOptions, "That the browser is to believe Content-Type and not guess.",
		[]string{"Fetch §3.6"}, InResponses, true, FormOwn, Registered | ResponseOnly, "X-Content-Type-Options: nosniff"},
	{exchange.FieldXCorrelationID, "A number for everything that one call causes.",
		[]string{"custom"}, InBoth, false, FormText, 0, "X-Correlation-ID: 5f1a2c"},
	{exchange.FieldXCSRFToken, "A proof that the request comes from the site's own page.",
		[]string{"custom"}, InBoth, false, FormText, 0, "X-CSRF-Token: 5f1a2c"},
	{exchange.FieldXDNSPrefetchControl, "Whether the browser may look up names ahead.",
		[]string{"custom"}, InResponses, false, FormWords, 0, "X-DNS-Prefetch-Control: off"},
	{exchange.FieldXDownloadOptions, "That Internet Explorer may not open a download. A relic.",
		[]string{"Microsoft"}, InResponses, false, FormWords, Outdated, "X-Download-Options: noopen"},
	{exchange.FieldXForwardedFor, "Addresses that the request came through, as proxies reported them; anybody can make it up.",
		[]string{"custom; Forwarded is RFC 7239"}, InRequests, true, FormText, EndToEnd | RequestOnly, "X-Forwarded-For: 203.0.113.7, 10.0.0.2"},
	{exchange.FieldXForwardedHost, "The host that the client asked for, as a proxy reported it.",
		[]string{"custom; Forwarded is RFC 7239"}, InRequests, true, FormText, EndToEnd | RequestOnly, "X-Forwarded-Host: shop.example"},
	{exchange.FieldXForwardedPort, "The port that the client asked for, as a proxy reported it.",
		[]string{"custom; Forwarded is RFC 7239"}, InRequests, true, FormText, EndToEnd, "X-Forwarded-Port: 443"},
	{exchange.FieldXForwardedProto, "The scheme that the client used, as a proxy reported it.",
		[]string{"custom; Forwarded is RFC 7239"}, InRequests, true, FormText, EndToEnd | RequestOnly, "X-Forwarded-Proto: https"},
	{exchange.FieldXFrameOptions, "Whether the page may be shown in a frame; frame-ancestors of a policy takes its place.",
		[]string{"HTML §7.3.2"}, InResponses, true, FormOwn, Registered | OwnRepeat | ResponseOnly, "X-Frame-Options: DENY"},
	{exchange.FieldXHTTPMethod, "The method that the request really means.",
		[]string{"Microsoft"}, InRequests, false, FormText, 0, "X-HTTP-Method: PATCH"},
	{exchange.FieldXHTTPMethodOverride, "The method that the request really means.",
		[]string{"Google"}, InRequests, false, FormText, 0, "X-HTTP-Method-Override: PATCH"},
	{exchange.FieldXMethodOverride, "The method that the request really means.",
		[]string{"IBM"}, InRequests, false, FormText, 0, "X-Method-Override: PATCH"},
	{exchange.FieldXOriginalURL, "The URL before a server rewrote it.",
		[]string{"Microsoft IIS"}, InRequests, false, FormText, 0, "X-Original-URL: /admin"},
	{exchange.FieldXPermittedCrossDomainPolicies, "Which Flash policy files count. A relic.",
		[]string{"Adobe"}, InResponses, false, FormWords, Outdated, "X-Permitted-Cross-Domain-Policies: none"},
	{exchange.FieldXPoweredBy, "Which framework answered.",
		[]string{"custom"}, InResponses, false, FormText, 0, "X-Powered-By: Express"},
	{exchange.FieldXHyphenRateLimitLimit, "How many requests a window has.",
		[]string{"custom; RateLimit-Policy is the draft"}, InResponses, false, FormText, 0, "X-Rate-Limit-Limit: 100"},
	{exchange.FieldXHyphenRateLimitRemaining, "How many requests are left.",
		[]string{"custom; RateLimit is the draft"}, InResponses, false, FormText, 0, "X-Rate-Limit-Remaining: 50"},
	{exchange.FieldXHyphenRateLimitReset, "When the window ends.",
		[]string{"custom; RateLimit is the draft"}, InResponses, false, FormText, 0, "X-Rate-Limit-Reset: 50"},
	{exchange.FieldXRateLimitLimit, "How many requests a window has.",
		[]string{"custom; RateLimit-Policy is the draft"}, InResponses, false, FormText, 0, "X-RateLimit-Limit: 100"},
	{exchange.FieldXRateLimitRemaining, "How many requests are left.",
		[]string{"custom; RateLimit is the draft"}, InResponses, false, FormText, 0, "X-RateLimit-Remaining: 50"},
	{exchange.FieldXRateLimitReset, "When the window ends: seconds, or a point in time in seconds since 1970.",
		[]string{"custom; RateLimit is the draft"}, InResponses, false, FormText, 0, "X-RateLimit-Reset: 1767323045"},
	{exchange.FieldXRealIP, "The address of the client, as a proxy reported it.",
		[]string{"custom; Forwarded is RFC 7239"}, InRequests, false, FormText, 0, "X-Real-IP: 203.0.113.7"},
	{exchange.FieldXRequestID, "A number for the request, to find it in logs.",
		[]string{"custom"}, InBoth, false, FormText, 0, "X-Request-ID: 5f1a2c"},
	{exchange.FieldXRequestedWith, "That a script made the request.",
		[]string{"custom"}, InRequests, false, FormText, RequestOnly, "X-Requested-With: XMLHttpRequest"},
	{exchange.FieldXRewriteURL, "The URL before a server rewrote it.",
		[]string{"Microsoft IIS"}, InRequests, false, FormText, 0, "X-Rewrite-URL: /admin"},
	{exchange.FieldXRobotsTag, "What search engines may do with the resource.",
		[]string{"RFC 9309, Google"}, InResponses, true, FormText, 0, "X-Robots-Tag: noindex"},
	{exchange.FieldXRuntime, "How many seconds the work took.",
		[]string{"Ruby on Rails"}, InResponses, false, FormDecimal, 0, "X-Runtime: 0.012"},
	{exchange.FieldXServedBy, "Which server or cache answered.",
		[]string{"custom"}, InResponses, true, FormText, 0, "X-Served-By: cache-fra-1"},
	{exchange.FieldXUACompatible, "As which version Internet Explorer is to behave. A relic.",
		[]string{"Microsoft"}, InResponses, false, FormText, Outdated, "X-UA-Compatible: IE=edge"},
	{exchange.FieldXVarnish, "Varnish's numbers for the request, and for the one that it stored.",
		[]string{"Varnish"}, InResponses, false, FormText, 0, "X-Varnish: 32770 3"},
	{exchange.FieldXWebkitCSP, "An early name of Content-Security-Policy that browsers ignore.",
		[]string{"custom"}, InResponses, false, FormText, Outdated, "X-Webkit-CSP: default-src 'self'"},
	{exchange.FieldXXSRFToken, "A proof that the request comes from the site's own page.",
		[]string{"custom"}, InRequests, false, FormText, 0, "X-XSRF-Token: 5f1a2c"},
	{exchange.FieldXXSSProtection, "Whether an old browser's filter against scripts is on. A relic that did harm.",
		[]string{"custom"}, InResponses, false, FormText, Outdated, "X-XSS-Protection: 0"},
}
