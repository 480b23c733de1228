package rules

import "strings"

// The functions here write examples in which one or two field lines matter.

// asked is a GET with those field lines after Host, answered by a 200.
func asked(lines ...string) string {
	return requested("GET /orders HTTP/1.1", append([]string{"Host: shop.test"}, lines...)...)
}

// requested is a request with that first line and those field lines, answered by a 200.
func requested(line string, lines ...string) string {
	return exchangeWith("< ok\n", line, lines, "HTTP/1.1 200 OK", []string{"Content-Type: text/plain", "Content-Length: 2"})
}

// answered is a 200 with those field lines and two octets of text.
func answered(lines ...string) string {
	return exchangeWith("< ok\n", "GET /orders HTTP/1.1", []string{"Host: shop.test"}, "HTTP/1.1 200 OK",
		append(lines, "Content-Type: text/plain", "Content-Length: 2"))
}

// responded is the response with that first line and those field lines, to a GET.
func responded(line string, lines ...string) string {
	return exchangeOf("GET /orders HTTP/1.1", []string{"Host: shop.test"}, line, lines)
}

// exchangeOf is the text of an exchange without content. Hundreds of examples are
// made whenever sidenote starts, so that each is written into memory of its length.
func exchangeOf(requestLine string, request []string, statusLine string, response []string) string {
	return exchangeWith("", requestLine, request, statusLine, response)
}

// exchangeWith is the text of an exchange with those lines of content behind it.
func exchangeWith(content, requestLine string, request []string, statusLine string, response []string) string {
	length := len(content)
	for _, lines := range [...][]string{{requestLine, statusLine}, request, response} {
		for _, l := range lines {
			length += len("> \n") + len(l)
		}
	}
	var b strings.Builder
	b.Grow(length + len(">\n<\n"))
	writeHead(&b, '>', requestLine, request)
	writeHead(&b, '<', statusLine, response)
	b.WriteString(content)
	return b.String()
}

// writeHead writes the head of one message, each line after its mark.
func writeHead(b *strings.Builder, mark byte, first string, lines []string) {
	write := func(line string) {
		b.WriteByte(mark)
		b.WriteByte(' ')
		b.WriteString(line)
		b.WriteByte('\n')
	}
	write(first)
	for _, l := range lines {
		write(l)
	}
	b.WriteByte(mark)
	b.WriteByte('\n')
}

// overTLS is an example of which both connections are protected.
func overTLS(text string) string {
	return "* scheme https\n* client tls=0x0304\n* origin tls=0x0304\n" + text
}

// answeredWith is a 200 with content of that type and those field lines.
func answeredWith(mediaType string, lines ...string) string {
	return responded("HTTP/1.1 200 OK", append(lines, "Content-Type: "+mediaType, "Content-Length: 2")...) + "< ok\n"
}

// asPost is a POST of two octets with those field lines, answered by a 204.
func asPost(lines ...string) string {
	request := exchangeOf("POST /orders HTTP/1.1", append([]string{"Host: shop.test"}, append(lines, "Content-Length: 2")...), "HTTP/1.1 204 No Content", nil)
	return strings.Replace(request, ">\n<", ">\n> {}\n<", 1)
}

// askedAndAnswered is a GET with those request fields, answered by a 200 with
// those response fields and two octets of text.
func askedAndAnswered(request []string, response ...string) string {
	return exchangeOf("GET /orders HTTP/1.1", append([]string{"Host: shop.test"}, request...),
		"HTTP/1.1 200 OK", append(response, "Content-Type: text/plain", "Content-Length: 2")) + "< ok\n"
}
