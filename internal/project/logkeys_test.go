package project_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sidenote/exchange"
	"sidenote/sink"
)

func TestKeysOfRecordsAreFresh(t *testing.T) {
	k := keyTables{t: t, first: map[string]string{}}
	of := sink.ExchangeProperties()
	compare(t, "docs/log-keys.md", "# Keys of the records\n\n"+
		"`--log-file`, `--format json` and `--save` write these keys, one object per line ([Logs](logs.md)). "+
		"For programs, the same is in the JSON Schemas: `sidenote schema exchange`, `sidenote schema note`, `sidenote schema message`.\n\n"+
		"A name with dots, such as `http.request.method`, is one key. `>` leads into an object, and `[]` into each object of an array. "+
		"If text from a message isn't UTF-8, the value is an object with the key `base64` instead of a string.\n"+
		k.chapter("A record of an exchange", "", append(withoutFull(of, false), fieldKeys()...))+
		k.chapter("Further keys with --save", "With these keys, sidenote can rebuild the exchange from the record.", withoutFull(of, true))+
		k.chapter("A record of a note", "With `--log-notes`, sidenote writes one for each note, after the record of the exchange.", sink.NoteProperties())+
		k.chapter("A record of a message", "With `--log-messages`, sidenote writes one for each message of a stream, when it has passed.", exchange.MessageProperties()))
}

// withoutFull returns the keys that all records have, or those of --save only.
func withoutFull(list []exchange.Property, full bool) (some []exchange.Property) {
	for _, p := range list {
		if p.Full == full {
			some = append(some, p)
		}
	}
	return some
}

// fieldKeys returns the keys of field lines in a form for people.
func fieldKeys() []exchange.Property {
	list := exchange.FieldPatterns()
	for i := range list {
		key := strings.TrimPrefix(list[i].Key, "^")
		list[i].Key = strings.ReplaceAll(key, `\.`, ".") + "NAME"
	}
	return list
}

// keyTables writes what keys mean. Objects of one kind are written out once.
type keyTables struct {
	t     *testing.T
	first map[string]string // rows of an object's keys → the key that had it first
}

func (k *keyTables) chapter(title, intro string, list []exchange.Property) string {
	if intro != "" {
		intro = "\n" + intro + "\n"
	}
	return "\n## " + title + "\n" + intro + "\n| key | type | present when | what it is |\n|---|---|---|---|\n" + k.rows("", list)
}

// rows returns a row for each key, and for those of objects in it.
func (k *keyTables) rows(within string, list []exchange.Property) string {
	k.t.Helper()
	var b strings.Builder
	for _, p := range list {
		when := p.When
		if p.Required {
			when = "always"
		}
		if p.Doc == "" || when == "" || p.Required && p.When != "" {
			k.t.Errorf("%s%s: say what it is and when it is there", within, p.Key)
		}
		at := within + p.Key
		if p.List {
			at += "[]"
		}
		kind, inner := kindOfKey(k.t, &p), ""
		if p.Members != nil {
			alike := fmt.Sprint(p.Members)
			if there, again := k.first[alike]; again {
				kind += ", as `" + there + "`"
			} else {
				k.first[alike] = at
				inner = k.rows(at+" > ", p.Members)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n%s", within+p.Key, kind, when, p.Doc, inner)
	}
	return b.String()
}

// kindOfKey returns the type of a value in words.
func kindOfKey(t *testing.T, p *exchange.Property) string {
	t.Helper()
	b, err := json.Marshal(p.JSONSchema())
	if err != nil {
		t.Fatal(err)
	}
	var s valueSchema
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	words := s.words()
	if words == "" {
		t.Errorf("%s: a value of no type", p.Key)
	}
	return words
}

// A valueSchema is as much of a JSON Schema as the keys of records need.
type valueSchema struct {
	Type     string
	Format   string
	Encoding string `json:"contentEncoding"`
	Const    any
	Enum     []string
	OneOf    []valueSchema
	Items    json.RawMessage
	Prefix   []valueSchema `json:"prefixItems"`
}

func (s *valueSchema) words() string {
	switch {
	case s.Const != nil:
		return fmt.Sprintf("`%v`", s.Const)
	case s.Enum != nil:
		return quotedWords(s.Enum)
	case s.OneOf != nil:
		return s.OneOf[0].words()
	case s.Type == "array":
		var item valueSchema
		switch {
		case json.Unmarshal(s.Items, &item) != nil:
			return ""
		case item.Prefix != nil:
			return fmt.Sprintf("array of arrays of %d", len(item.Prefix))
		default:
			words := item.words()
			if words == "" {
				return ""
			}
			return "array of " + words
		}
	case s.Type == "string" && s.Format != "":
		return "string, " + s.Format
	case s.Type == "string" && s.Encoding != "":
		return "string, " + s.Encoding
	}
	return s.Type
}

// quotedWords lists the words that a value can be.
func quotedWords(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		if w == "" {
			b.WriteString("empty")
		} else {
			b.WriteString("`" + strings.ReplaceAll(w, "|", `\|`) + "`")
		}
	}
	return b.String()
}
