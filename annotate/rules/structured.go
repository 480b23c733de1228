package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
	"slices"
)

// bareTypes is a set of types that a value of a structured field may have; the
// empty set allows all of them.
type bareTypes uint16

func oneOf(types ...field.BareType) (set bareTypes) {
	for _, t := range types {
		set |= 1 << t
	}
	return set
}

func (s bareTypes) has(t field.BareType) bool { return s == 0 || s&(1<<t) != 0 }

// typedKey is a key, of a dictionary or of parameters, whose definition says
// which types its value may have.
type typedKey struct {
	key   string
	types bareTypes
}

// A structuredField is how a field is defined as a structured field (RFC 9651
// §2): its shape, and the types that its definition allows where another one
// makes the whole field void.
type structuredField struct {
	name    exchange.Name
	kind    field.StructureKind // filled in from the facts about the field
	members bareTypes           // of the item, or of each member
	items   bareTypes           // inside inner lists
	params  []typedKey          // of the item or of each member
	keys    []typedKey          // of a dictionary
}

// structuredFields lists the types of structured fields; their shape is among
// the facts about each field (annotate.Facts). Fields whose types have a rule
// of their own, or whose wrong members alone are ignored, are left out.
func structuredFields() []structuredField {
	return slices.Concat(structuredFieldsAToO(), structuredFieldsPToZ())
}

func structuredFieldsAToO() []structuredField {
	text, token, binary := oneOf(field.String), oneOf(field.Token), oneOf(field.ByteSequence)
	boolean := oneOf(field.Boolean)
	return []structuredField{
		{name: exchange.FieldAcceptCH, members: token},
		{name: exchange.FieldAcceptQuery, members: oneOf(field.String, field.Token)},
		{name: exchange.FieldAcceptSignature, members: oneOf(field.InnerList)},
		{name: exchange.FieldActivateStorageAccess, members: token},
		{name: exchange.FieldAvailableDictionary, members: binary},
		{name: exchange.FieldCacheGroupInvalidation, members: text},
		{name: exchange.FieldCacheGroups, members: text},
		{name: exchange.FieldCapsuleProtocol, members: boolean},
		{name: exchange.FieldClientCert, members: binary},
		{name: exchange.FieldClientCertChain, members: binary},
		{name: exchange.FieldConcealedAuthExport, members: binary},
		{name: exchange.FieldContentDigest, members: binary},
		{name: exchange.FieldCriticalCH, members: token},
		{name: exchange.FieldCrossOriginEmbedderPolicy, members: token, params: []typedKey{{"report-to", text}}},
		{name: exchange.FieldCrossOriginEmbedderPolicyReportOnly, members: token, params: []typedKey{{"report-to", text}}},
		{name: exchange.FieldCrossOriginOpenerPolicy, members: token, params: []typedKey{{"report-to", text}}},
		{name: exchange.FieldCrossOriginOpenerPolicyReportOnly, members: token, params: []typedKey{{"report-to", text}}},
		{name: exchange.FieldDeprecation, members: oneOf(field.StructuredDate)},
		{name: exchange.FieldDictionaryID, members: text},
		{name: exchange.FieldDocumentIsolationPolicy, members: token, params: []typedKey{{"report-to", text}}},
		{name: exchange.FieldDocumentIsolationPolicyReportOnly, members: token, params: []typedKey{{"report-to", text}}},
		{name: exchange.FieldIncremental, members: boolean},
		{name: exchange.FieldIntegrityPolicy, members: oneOf(field.InnerList), items: token},
		{name: exchange.FieldIntegrityPolicyReportOnly, members: oneOf(field.InnerList), items: token},
		{name: exchange.FieldLinkTemplate, members: text},
		{name: exchange.FieldNoVarySearch, items: text, keys: []typedKey{
			{"key-order", boolean}, {"params", oneOf(field.Boolean, field.InnerList)}, {"except", oneOf(field.InnerList)},
		}},
		{name: exchange.FieldOriginAgentCluster, members: boolean},
	}
}

func structuredFieldsPToZ() []structuredField {
	text, token, binary := oneOf(field.String), oneOf(field.Token), oneOf(field.ByteSequence)
	integer, boolean := oneOf(field.Integer), oneOf(field.Boolean)
	return []structuredField{
		{name: exchange.FieldReportingEndpoints, members: text},
		{name: exchange.FieldReprDigest, members: binary},
		{name: exchange.FieldSecCHUA, members: text, params: []typedKey{{"v", text}}},
		{name: exchange.FieldSaveData, members: token},
		{name: exchange.FieldSecCHUAArch, members: text},
		{name: exchange.FieldSecCHUAMobile, members: boolean},
		{name: exchange.FieldSecCHUAPlatform, members: text},
		{name: exchange.FieldSecFetchDest, members: token},
		{name: exchange.FieldSecFetchMode, members: token},
		{name: exchange.FieldSecFetchSite, members: token},
		{name: exchange.FieldSecFetchStorageAccess, members: token},
		{name: exchange.FieldSecFetchUser, members: boolean},
		{name: exchange.FieldSecPurpose, members: token},
		{name: exchange.FieldSecSecureSessionID, members: text},
		{name: exchange.FieldSecureSessionChallenge, members: text, params: []typedKey{{"id", text}}},
		{name: exchange.FieldSecureSessionRegistration, members: oneOf(field.InnerList), items: token, params: []typedKey{
			{"path", text}, {"challenge", text}, {"authorization", text},
		}},
		{name: exchange.FieldSecureSessionSkipped, members: token, params: []typedKey{{"session_identifier", text}}},
		{name: exchange.FieldSetLogin, members: token},
		{name: exchange.FieldSignature, members: binary},
		{name: exchange.FieldSignatureInput, members: oneOf(field.InnerList), items: text, params: []typedKey{
			{"created", integer}, {"expires", integer}, {"nonce", text}, {"alg", text}, {"keyid", text}, {"tag", text},
		}},
		{name: exchange.FieldSignatureAgent, members: text},
		{name: exchange.FieldSpeculationRules, members: text},
		{name: exchange.FieldSupportsLoadingMode, members: token},
		{name: exchange.FieldUnencodedDigest, members: binary},
		{name: exchange.FieldUploadComplete, members: boolean},
		{name: exchange.FieldUploadDraftInteropVersion, members: integer},
		{name: exchange.FieldUploadLimit, keys: []typedKey{
			{"max-size", integer}, {"min-size", integer}, {"max-append-size", integer}, {"min-append-size", integer}, {"max-age", integer},
		}},
		{name: exchange.FieldUploadOffset, members: integer},
		{name: exchange.FieldUseAsDictionary, keys: []typedKey{
			{"match", text}, {"match-dest", oneOf(field.InnerList)}, {"id", text}, {"type", token},
		}},
		{name: exchange.FieldWantContentDigest, members: integer},
		{name: exchange.FieldWantReprDigest, members: integer},
		{name: exchange.FieldWantUnencodedDigest, members: integer},
	}
}

// structuredTable finds a structured field by its name, and structuredNames
// whether a message has any. Neither is written again.
var structuredTable, structuredNames = makeStructuredTable()

func makeStructuredTable() (table []*structuredField, names exchange.NameMask) {
	fields := structuredFields()
	for i := range fields {
		n := fields[i].name
		fields[i].kind = structureOf(annotate.FactsOf(n).Form)
		if fields[i].kind == 0 {
			continue // only some of its values are structured
		}
		for len(table) <= int(n) {
			table = append(table, nil)
		}
		table[n] = &fields[i]
		one := exchange.MaskOf(n)
		for w := range names {
			names[w] |= one[w]
		}
	}
	return table, names
}

// structuredFieldOf is how a field is defined as a structured field, nil for
// one that is not.
func structuredFieldOf(n exchange.Name) *structuredField {
	if int(n) >= len(structuredTable) {
		return nil
	}
	return structuredTable[n]
}

// wrongType finds the first value whose type the definition does not allow.
// What is the thing that has it, as "the parameter v".
func (s *structuredField) wrongType(v field.Structured) (b field.Bare, what string, want bareTypes) {
	for m := range v.Members() {
		if !s.members.has(m.Type) {
			return m.Bare, s.memberWords(m), s.members
		}
		if k := keyTypes(s.keys, m.Key); !k.has(m.Type) {
			return m.Bare, "the member " + m.Key, k
		}
		if s.items != 0 {
			for i := range m.Items() {
				if !s.items.has(i.Type) {
					return i.Bare, "an item of the inner list", s.items
				}
			}
		}
		if s.params == nil {
			continue
		}
		for p := range m.Params() {
			if k := keyTypes(s.params, p.Key); !k.has(p.Type) {
				return p.Bare, "the parameter " + p.Key, k
			}
		}
	}
	return b, "", 0
}

func (s *structuredField) memberWords(m field.Member) string {
	switch s.kind {
	case field.StructuredItem:
		return "the value"
	case field.StructuredDictionary:
		return "the member " + m.Key
	}
	return "a member"
}

func keyTypes(keys []typedKey, key string) bareTypes {
	for i := range keys {
		if keys[i].key == key {
			return keys[i].types
		}
	}
	return 0
}

// String names the types of a set: "a Token", "a String or a Token".
func (s bareTypes) String() string {
	words := ""
	for t := field.Integer; t <= field.InnerList; t++ {
		if s&(1<<t) == 0 {
			continue
		}
		if words != "" {
			words += " or "
		}
		words += article(t)
	}
	return words
}

func article(t field.BareType) string {
	if t == field.Integer || t == field.InnerList {
		return "an " + t.String()
	}
	return "a " + t.String()
}
