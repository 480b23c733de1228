package exchange

import "strings"

// HasCredentials reports whether request fields say who the client is: by
// Authorization, Cookie, any field for a proxy, or another field whose value is
// a secret. One cookie that is empty counts too.
func (f *Fields) HasCredentials() bool {
	const forProxy = "proxy-"
	for _, l := range f.All() {
		kind := secretKinds[l.Known]
		if l.Known == 0 {
			kind = unknownKind(l.Name)
		}
		if kind != secretNone || len(l.Name) >= len(forProxy) && strings.EqualFold(l.Name[:len(forProxy)], forProxy) {
			return true
		}
	}
	return false
}

// BindsConnection reports whether response fields ask for, or grant, an
// authentication that may hold for the connection and not for the request alone:
// those of NTLM and Negotiate do (RFC 4559 §6), and of an unknown scheme sidenote
// cannot tell, so each challenge counts.
func (f *Fields) BindsConnection() bool { return f.HasAny(&bindingMask) }

var bindingMask = MaskOf(FieldWWWAuthenticate, FieldProxyAuthenticate, FieldAuthenticationInfo, FieldProxyAuthenticationInfo)
