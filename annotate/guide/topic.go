package guide

import (
	"strings"

	"sidenote/exchange"
)

// A Topic is a page about one part of HTTP, for a reader who knows little of it.
type Topic struct {
	Name     string   // "cors"
	Aliases  []string // other words for it
	Title    string
	Intro    []string // paragraphs
	Sections []Section
	Statuses []int
	Fields   []exchange.Name
	Rules    []string // topics of rules: "cors"
	Refs     []string
}

// A Section is a step of a topic.
type Section struct {
	Title    string
	Text     []string // paragraphs
	Examples []Example
}

// Topics lists all of them in alphabetical order.
func Topics() []Topic { return topics }

// LookupTopic finds a topic by its name or another word for it, in any case.
func LookupTopic(word string) (t *Topic, known bool) {
	for i := range topics {
		if strings.EqualFold(topics[i].Name, word) {
			return &topics[i], true
		}
		for _, alias := range topics[i].Aliases {
			if strings.EqualFold(alias, word) {
				return &topics[i], true
			}
		}
	}
	return nil, false
}

var topics = []Topic{authTopic, cacheTopic, conditionalTopic, cookiesTopic, corsTopic, rangesTopic, redirectsTopic, retriesTopic}
