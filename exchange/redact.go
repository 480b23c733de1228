package exchange

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// A Redactor replaces secrets by fingerprints that are keyed, so that no one
// without the key can test a guess, and equal secrets still look equal: "Bearer
// [redacted:9f3c21]". What counts as a secret: credentials, cookie values,
// fields and parameters whose name says so, user information in URIs, and the
// same names in form and JSON content.
//
// A nil Redactor shows everything. It is safe for concurrent use.
type Redactor struct {
	inner, outer [sha256.BlockSize]byte // the two pads of HMAC (RFC 2104 §2)
}

// NewRedactor makes a redactor with the given key, or with a random one when
// key is empty. The same key makes the same fingerprints.
func NewRedactor(key []byte) *Redactor {
	if len(key) == 0 {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
	}
	if len(key) > sha256.BlockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	r := &Redactor{}
	copy(r.inner[:], key)
	copy(r.outer[:], key)
	for i := range r.inner {
		r.inner[i] ^= 0x36
		r.outer[i] ^= 0x5c
	}
	return r
}

const (
	redactedPrefix = "[redacted:"
	redactedLen    = len(redactedPrefix) + 6 + 1
)

// mark is what is in the place of a secret: the first 24 bits of its HMAC.
func (r *Redactor) mark(secret string) string {
	var scratch [512]byte
	sum := sha256.Sum256(append(append(scratch[:0], r.inner[:]...), secret...))
	sum = sha256.Sum256(append(append(scratch[:0], r.outer[:]...), sum[:]...))
	out := append(scratch[:0], redactedPrefix...)
	out = hex.AppendEncode(out, sum[:3])
	return string(append(out, ']'))
}

// IsRedacted reports whether a value, or a part of it, was replaced by a
// Redactor, so that its grammar says nothing of what was sent.
func IsRedacted(value string) bool {
	i := strings.Index(value, redactedPrefix)
	return i >= 0 && i+redactedLen <= len(value) && value[i+redactedLen-1] == ']'
}

// Redact returns a copy of x without secrets, and x itself when it has none or r
// is nil. Request content is always searched; response content only when the
// copy is for something that shows it. Content that is coded and has secrets is
// left out, and the digest of content that has any too, for a digest of a
// guessable text discloses it.
func (r *Redactor) Redact(x *Exchange, content bool) *Exchange {
	if r == nil {
		return x
	}
	w := secretWalk{r: r}
	return w.exchange(x, content)
}

// StreamMessage returns a copy of m without secrets, and m itself when it has none
// or r is nil.
func (r *Redactor) StreamMessage(m *StreamMessage) *StreamMessage {
	if r == nil {
		return m
	}
	w := secretWalk{r: r}
	made, changed := w.streamMessage(m)
	if !changed {
		return m
	}
	return &made
}

// URI returns a URI or request target without its secrets.
func (r *Redactor) URI(s string) string {
	if r == nil {
		return s
	}
	w := secretWalk{r: r}
	s, _ = w.uri(s)
	return s
}

// A Scrubber removes the secrets of one exchange from text written about it.
type Scrubber struct {
	r       *Redactor
	secrets []string // longest first
	tooMany bool
}

// maxScrubbed bounds how many secrets of one exchange are searched for.
const maxScrubbed = 512

// Scrubber collects the secrets of x; content tells it to include those of its
// response content too.
func (r *Redactor) Scrubber(x *Exchange, content bool) Scrubber {
	if r == nil {
		return Scrubber{}
	}
	w := secretWalk{r: r, collect: true}
	w.exchange(x, content)
	s := Scrubber{r: r, tooMany: len(w.found) > maxScrubbed}
	if s.tooMany {
		return s
	}
	for _, secret := range w.found {
		s.add(secret)
		if plain, err := url.QueryUnescape(secret); err == nil && plain != secret {
			s.add(plain)
		}
		if plain, err := base64.StdEncoding.DecodeString(secret); err == nil {
			if user, password, ok := strings.Cut(string(plain), ":"); ok { // Basic (RFC 7617 §2)
				s.add(string(plain))
				s.add(user)
				s.add(password)
			}
		}
	}
	slices.SortFunc(s.secrets, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	s.secrets = slices.Compact(s.secrets)
	return s
}

// minScrubbed is the length below which a secret is no more than a word of any text.
const minScrubbed = 4

func (s *Scrubber) add(secret string) {
	switch strings.ToLower(secret) {
	case "true", "false", "null", "none", "http", "https":
		return
	}
	if len(secret) >= minScrubbed {
		s.secrets = append(s.secrets, secret)
	}
}

// Text returns t with every secret replaced, also where only the beginning of a
// long one is quoted.
func (s Scrubber) Text(t string) string {
	if s.tooMany && t != "" {
		return "[left out: the exchange has too many secrets to search for]"
	}
	for _, secret := range s.secrets {
		t = s.scrub(t, secret)
	}
	return t
}

// scrubPrefix is how much of a longer secret is enough to be recognised.
const scrubPrefix = 12

func (s Scrubber) scrub(t, secret string) string {
	head := secret[:min(len(secret), scrubPrefix)]
	i := strings.Index(t, head)
	if i < 0 {
		return t
	}
	var b strings.Builder
	mark := s.r.mark(secret)
	for i >= 0 {
		end := i + len(head)
		for k := len(head); end < len(t) && k < len(secret) && t[end] == secret[k]; k++ {
			end++
		}
		b.WriteString(t[:i])
		b.WriteString(mark)
		t = t[end:]
		i = strings.Index(t, head)
	}
	b.WriteString(t)
	return b.String()
}

// A Restorer puts the secrets of a request back where their marks stand.
type Restorer struct {
	// marks has what each mark stands for; that of a value in JSON is also there
	// with its quotation marks, and stands for the value as it was written.
	marks map[string]string
}

// Restorer returns what puts back the secrets that Redact takes out of the
// request of x.
func (r *Redactor) Restorer(x *Exchange) Restorer {
	if r == nil {
		return Restorer{}
	}
	w := secretWalk{r: r, marks: map[string]string{}}
	w.message(&x.Request.Message, true)
	w.uri(x.Request.Target)
	w.authority(x.Authority)
	return Restorer{w.marks}
}

// Text returns t with the secrets in place of their marks, and reports whether
// there were any. Marks of other exchanges stay.
func (s Restorer) Text(t string) (string, bool) {
	var b strings.Builder
	done := 0
	for i := 0; len(s.marks) > 0; {
		at := strings.Index(t[i:], redactedPrefix)
		if at < 0 || i+at+redactedLen > len(t) {
			break
		}
		start, end := i+at, i+at+redactedLen
		i = start + len(redactedPrefix)
		secret, known := s.marks[t[start:end]]
		if !known {
			continue
		}
		if start > done && end < len(t) {
			if raw, quoted := s.marks[t[start-1:end+1]]; quoted {
				start, end, secret = start-1, end+1, raw
			}
		}
		b.WriteString(t[done:start])
		b.WriteString(secret)
		done, i = end, end
	}
	if done == 0 {
		return t, false
	}
	return b.String() + t[done:], true
}
