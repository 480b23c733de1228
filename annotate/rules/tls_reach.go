package rules

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/internal/wording"
)

// tlsReachRules lists the rules on what sidenote reaches, and how.
func tlsReachRules() []*annotate.Rule {
	return []*annotate.Rule{
		tlsCertificateRefused,
		tlsWeakConnection,
	}
}

var tlsWeakConnection = &annotate.Rule{
	ID:       "tls/weak-connection",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the connection to the server is weakly protected",
	Refs:     []string{"RFC 9325 §4.1", "RFC 9325 §4.2", "RFC 5280 §4.1.2.2"},
	Doc: "Browsers and current TLS libraries refuse some of what older servers offer: key exchange without forward secrecy, CBC and 3DES encryption, certificates with a negative serial number. " +
		"sidenote accepts them so that you can debug the server. A client that works through sidenote may fail without it. There is one note for each server.",
	Help: "enable TLS 1.3 or TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 on the server, and issue certificates with positive serial numbers",
	Bad: []string{`* scheme https
* origin peer=192.0.2.1:443 tls=0x0303 cipher=0x009c weakness="RSA key exchange, which has no forward secrecy"
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	Good: []string{`* scheme https
* origin peer=192.0.2.1:443 tls=0x0303 cipher=0xc02f
> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 200 OK
< Content-Length: 2
<
< ok
`},
	When:  annotate.When{Always: true},
	Needs: annotate.NeedsTLS,
	Once:  originKey,
	Check: func(p *annotate.Pass) {
		if t := p.X.Origin.TLS; t != nil && t.Weakness != "" {
			p.Note(theConnection(), "the connection to %s is weak: %s", p.X.Authority, t.Weakness)
		}
	},
}

var tlsCertificateRefused = &annotate.Rule{
	ID:       "tls/certificate-refused",
	Severity: annotate.Warn,
	Blame:    annotate.ByClient,
	Title:    "the client doesn't trust sidenote's certificate, so sidenote read nothing",
	Refs:     []string{"RFC 9110 §9.3.6", "RFC 8446 §6.2"},
	Doc: "The client refused sidenote's certificate for this host several times in a row. " +
		"So sidenote passed this connection on unchanged: it worked, but sidenote didn't read, check or record any exchange in it. " +
		"After a minute sidenote offers its certificate again. Other programs on the same machine are not affected.",
	Help: "let the client trust the CA: eval \"$(sidenote env)\" or sidenote ca install; or exclude the host: --intercept all,-HOST",
	Bad: []string{`* scheme https
* tunnel sent=100 received=2000 protocol=tls refused=2 refused-since=2026-01-02T12:03:04Z refused-until=2026-01-02T12:04:05Z
> CONNECT shop.test:443 HTTP/1.1
> Host: shop.test:443
>
< HTTP/1.1 200 Connection established
<
`},
	Good: []string{`* scheme https
* tunnel sent=100 received=2000 protocol=tls
> CONNECT shop.test:443 HTTP/1.1
> Host: shop.test:443
>
< HTTP/1.1 200 Connection established
<
`},
	When:  annotate.When{Always: true, Methods: []string{"CONNECT"}},
	Needs: annotate.NeedsTLS | annotate.NeedsEnd,
	Check: func(p *annotate.Pass) {
		r := p.X.Tunnel.Refused
		if r == nil {
			return
		}
		p.Note(exchange.Place{Message: exchange.InConnection}, "the client has refused sidenote's certificate for %s %s since %s, so sidenote passed this tunnel on without reading it; it offers the certificate again at %s",
			p.X.Host(), wording.Count(r.Times, "time"), r.Since.Format(time.TimeOnly), r.Until.Format(time.TimeOnly))
	},
}
