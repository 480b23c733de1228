package proxy

import (
	"bytes"
	"crypto/tls"
	"strings"
)

// protocols are what else passes through tunnels, by the first octets of the
// side that speaks first. They name it in the record; nothing hangs on them.
var protocols = [...]struct{ name, begin, contains string }{
	{"ssh", "SSH-", ""},
	{"imap", "* OK", ""}, {"imap", "* PREAUTH", ""},
	{"pop3", "+OK", ""},
	{"smtp", "220", "SMTP"},
	{"ftp", "220", "FTP"},
	{"smtp", "EHLO ", ""}, {"smtp", "HELO ", ""},
	{"nats", "INFO {", ""}, {"nats", "CONNECT {", ""},
	{"redis", "*", "\r\n$"}, {"redis", "PING\r\n", ""}, {"redis", "AUTH ", ""},
	{"irc", "NICK ", ""}, {"irc", "CAP LS", ""}, {"irc", "PASS ", ""}, {"irc", "USER ", ""},
	{"rtsp", "", " RTSP/1.0\r\n"}, {"rtsp", "", " RTSP/2.0\r\n"},
	{"sip", "", " SIP/2.0\r\n"},
	{"amqp", "AMQP", ""},
	{"mqtt", "\x10", "\x00\x04MQTT"}, {"mqtt", "\x10", "\x00\x06MQIsdp"},
	{"stomp", "CONNECT\n", ""}, {"stomp", "STOMP\n", ""},
	{"xmpp", "", "http://etherx.jabber.org/streams"},
	{"postgresql", "\x00\x00\x00\x08\x04\xd2\x16\x2f", ""}, {"postgresql", "\x00\x00\x00", "\x00\x03\x00\x00user\x00"},
	{"mysql", "", "mysql_native_password"}, {"mysql", "", "caching_sha2_password"},
	{"vnc", "RFB 00", ""},
	{"memcached", "get ", "\r\n"}, {"memcached", "stats\r\n", ""},
}

// protocolOf names the protocol of the first octets of either side, that which
// spoke first at the front; "" where it is not known.
func protocolOf(first ...[]byte) string {
	for _, octets := range first {
		if len(octets) == 0 {
			continue
		}
		for _, p := range protocols {
			if bytes.HasPrefix(octets, []byte(p.begin)) && bytes.Contains(octets, []byte(p.contains)) {
				return p.name
			}
		}
		switch openingOf(octets, len(octets)) {
		case openingTLS:
			return "tls"
		case openingHTTP:
			return "http"
		}
	}
	return ""
}

// tlsProtocol names TLS that is passed on as it came, with what it is to carry
// where the client offers nothing of HTTP.
func tlsProtocol(hello *tls.ClientHelloInfo) string {
	if hello == nil || !speaksNoHTTP(hello.SupportedProtos) {
		return "tls"
	}
	return "tls (" + strings.Join(hello.SupportedProtos, ", ") + ")"
}
