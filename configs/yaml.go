package configs

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"sidenote/internal/wording"
	"sidenote/internal/yamlfile"
)

// yamlFile reads one configuration file.
type yamlFile struct{ *yamlfile.File }

func (c *Config) loadYAML(name string, b []byte) error {
	file, err := yamlfile.Parse(name, b)
	if err != nil || file.Root == nil {
		return err
	}
	f := yamlFile{file}
	entries, ok := yamlfile.Mapping(f.Root)
	if !ok {
		return f.Fault(f.Root, "want one setting per line, such as: listen: 127.0.0.1:8080")
	}
	for _, entry := range entries {
		if err := f.setting(c, entry); err != nil {
			return err
		}
	}
	return nil
}

func (f yamlFile) setting(c *Config, entry *ast.MappingValueNode) error {
	at := entry.Key.GetToken()
	key := yamlfile.Key(entry.Key)
	s := findSetting(key)
	if s == nil {
		return f.At(at, unknownKey(key))
	}
	if _, ok := yamlfile.Mapping(entry.Value); ok && key == policySetting {
		c.Policy, c.PolicyPart = "", &PolicyPart{f.File, entry.Value}
		c.came(key, f.origin(at))
		return nil
	}
	value, err := f.value(s, entry.Value)
	if err != nil {
		return err
	}
	if err := c.setFrom(s, value, f.origin(at)); err != nil {
		return f.Fault(entry.Value, "%s: %v", s.Name, err)
	}
	if s.Kind == KindMap {
		entries, _ := yamlfile.Mapping(entry.Value)
		for _, e := range entries {
			c.came(ruleKey(yamlfile.Key(e.Key)), f.origin(e.Key.GetToken()))
		}
	}
	return nil
}

// origin is a place of the file.
func (f yamlFile) origin(at *token.Token) origin {
	return origin{
		where: fmt.Sprintf("%s:%d", f.Name, at.Position.Line),
		fault: func(message string) error { return f.At(at, message) },
	}
}

func findSetting(name string) *Setting {
	settings := Settings()
	for i := range settings {
		if settings[i].Name == name && !settings[i].InPolicy {
			return &settings[i]
		}
	}
	return nil
}

func unknownKey(key string) string {
	if key == configFlag {
		return "a configuration file can't name another one"
	}
	var known []string
	for _, s := range Settings() {
		if s.InPolicy && s.Name == key {
			return key + " is part of the policy: write it below policy"
		}
		if !s.InPolicy {
			known = append(known, s.Name)
		}
	}
	return fmt.Sprintf("there is no setting %q%s", key, wording.DidYouMean(key, known))
}

// value makes of a node the text that the flag would have.
func (f yamlFile) value(s *Setting, n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		if s.Kind == KindList {
			return f.list(s, n)
		}
		return "", f.Fault(n, "%s: want one value, not a list", s.Name)
	case *ast.MappingNode, *ast.MappingValueNode:
		if s.Kind == KindMap {
			return f.pairs(s, n)
		}
		return "", f.Fault(n, "%s: want one value, not a mapping", s.Name)
	}
	if s.Kind == KindMap && n.Type() != ast.NullType {
		return "", f.Fault(n, "%s: want one rule per line, such as: cache/heuristic-freshness: off", s.Name)
	}
	v, err := f.scalar(s, n)
	if err != nil {
		return "", err
	}
	if n.Type() == ast.NullType {
		v = s.Default
	}
	return v, nil
}

func (f yamlFile) list(s *Setting, n *ast.SequenceNode) (string, error) {
	var items []string
	for _, item := range n.Values {
		v, err := f.item(s, item)
		if err != nil {
			return "", err
		}
		var probe Config
		if err := s.put(&probe, v); err != nil {
			return "", f.Fault(item, "%s: %v", s.Name, err)
		}
		items = append(items, v)
	}
	return strings.Join(items, ","), nil
}

func (f yamlFile) pairs(s *Setting, n ast.Node) (string, error) {
	var items []string
	entries, _ := yamlfile.Mapping(n)
	for _, entry := range entries {
		v, err := f.item(s, entry.Value)
		if err != nil {
			return "", err
		}
		pair := yamlfile.Key(entry.Key) + "=" + v
		if strings.ContainsAny(yamlfile.Key(entry.Key), "=,") {
			return "", f.Fault(entry.Key, "%s: a name can't contain a comma or an equals sign", s.Name)
		}
		var probe Config
		if err := s.put(&probe, pair); err != nil {
			return "", f.Fault(entry.Value, "%v", err)
		}
		items = append(items, pair)
	}
	return strings.Join(items, ","), nil
}

func (f yamlFile) item(s *Setting, n ast.Node) (string, error) {
	v, err := f.scalar(s, n)
	if err == nil && strings.Contains(v, ",") {
		err = f.Fault(n, "%s: write one value per item, without commas", s.Name)
	}
	return v, err
}

// scalar returns a plain value as it is written in the file.
func (f yamlFile) scalar(s *Setting, n ast.Node) (string, error) {
	text, ok := yamlfile.Scalar(n)
	if !ok {
		return "", f.Fault(n, "%s: want a plain value", s.Name)
	}
	return text, nil
}
