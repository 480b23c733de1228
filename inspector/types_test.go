package inspector_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

var (
	tsInterface = regexp.MustCompile(`(?s)export interface (\w+)(?: extends (\w+))? \{\n(.*?)\n\}`)
	tsMember    = regexp.MustCompile(`(?m)^  (\w+)(\??): `)
)

// members reads the interfaces of a TypeScript file: for each the names of its
// members, with a question mark behind those that may be missing.
func members(t *testing.T, file string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, m := range tsInterface.FindAllStringSubmatch(string(b), -1) {
		list := slices.Clone(all[m[2]])
		for _, member := range tsMember.FindAllStringSubmatch(m[3], -1) {
			list = append(list, member[1]+member[2])
		}
		slices.Sort(list)
		all[m[1]] = list
	}
	return all
}

// described returns the properties of a schema in the same form, with those of
// the schemas that it is made of.
func described(s *openapi3.Schema) (list []string) {
	for _, part := range s.AllOf {
		list = append(list, described(part.Value)...)
	}
	for name := range s.Properties {
		if !slices.Contains(s.Required, name) {
			name += "?"
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// TestTypesOfThePage holds the types with which the page reads answers to the
// description of the API.
func TestTypesOfThePage(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	types, compared := members(t, "web/src/api.ts"), 0
	for name, schema := range doc.Components.Schemas {
		got, used := types[name]
		if !used {
			continue
		}
		compared++
		if want := described(schema.Value); !slices.Equal(got, want) {
			t.Errorf("%s: web/src/api.ts has\n\t%s\nopenapi.yaml has\n\t%s", name, strings.Join(got, " "), strings.Join(want, " "))
		}
	}
	if compared < 10 {
		t.Errorf("only %d types have a schema", compared)
	}
}
