package configs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sidenote/internal/wording"
)

// put puts a text into a Config, if the setting can have it.
func (s *Setting) put(c *Config, text string) error {
	if err := s.set(c, text); err != nil {
		return err
	}
	if len(s.Choices) == 0 {
		return nil
	}
	if s.Chosen == Whole {
		return oneOf(text, s.Choices)
	}
	for item := range strings.SplitSeq(text, ",") {
		if err := s.checkItem(strings.TrimSpace(item)); err != nil {
			return err
		}
	}
	return nil
}

// checkItem checks one item of a list against the choices.
func (s *Setting) checkItem(item string) error {
	if item == "" && s.Kind != KindChoice {
		return nil
	}
	name, value, _ := strings.Cut(item, "=")
	switch s.Chosen {
	case ItemName:
		return oneOf(name, s.Choices)
	case ItemValue:
		if err := oneOf(value, s.Choices); err != nil {
			return fmt.Errorf("rule %s: %w", name, err)
		}
		return nil
	}
	return oneOf(item, s.Choices)
}

func oneOf(s string, choices []string) error {
	if slices.Contains(choices, s) {
		return nil
	}
	return errors.New(wording.NotOneOf(s, choices))
}

// Complete lists the texts that a value may become that begins with what is
// there already; none where any text may stand.
func (s *Setting) Complete(begun string) (values []string) {
	before := ""
	if s.Chosen != Whole {
		i := strings.LastIndexByte(begun, ',') + 1
		before, begun = begun[:i], begun[i:]
	}
	after := ""
	switch name, _, named := strings.Cut(begun, "="); s.Chosen {
	case ItemName:
		if named {
			return nil // what follows is free
		}
		after = "="
	case ItemValue:
		if !named {
			return nil
		}
		before += name + "="
	}
	for _, choice := range s.Choices {
		values = append(values, before+choice+after)
	}
	return values
}

// TakesFile reports whether the value is the name of a file or a folder.
func (s *Setting) TakesFile() bool {
	return strings.Contains(s.Value, "FILE") || s.Value == "DIR" || strings.Contains(s.Value, "CERT")
}

// Variable is the environment variable of a setting that there is.
func Variable(name string) string {
	s := Setting{Name: name}
	return s.Env()
}
