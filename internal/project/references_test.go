package project_test

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/annotate/contract"
	"sidenote/annotate/conversation"
	"sidenote/annotate/rules"
	"sidenote/configs"
)

// documents lists the Markdown files that people wrote.
func documents(t *testing.T) (names []string) {
	t.Helper()
	everyFile(t, func(name string) {
		if strings.HasSuffix(name, ".md") && !strings.HasPrefix(read(t, name), made) {
			names = append(names, name)
		}
	})
	if !slices.Contains(names, "README.md") {
		t.Fatal("there is no README.md")
	}
	return names
}

// A manual is what the program says of its commands.
type manual struct {
	flags map[string][]string // by the words of a command, "ca export"
}

var (
	listedCommand = regexp.MustCompile(`(?m)^  ([a-z]+) +\S`)
	listedFlag    = regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z][a-z-]*)`)
)

// readManual reads the help of every command and of theirs.
func readManual(t *testing.T, program string) manual {
	t.Helper()
	m := manual{flags: map[string][]string{}}
	var add func(words []string)
	add = func(words []string) {
		help := ask(t, program, append(slices.Clone(words), "--help-all")...)
		for _, f := range listedFlag.FindAllStringSubmatch(help, -1) {
			key := strings.Join(words, " ")
			m.flags[key] = append(m.flags[key], f[1])
		}
		for part := range strings.SplitSeq(help, "\n\n") {
			title, commands, _ := strings.Cut(part, "\n")
			if !strings.HasSuffix(title, ":") || title == "Usage:" || title == "Examples:" {
				continue
			}
			for _, c := range listedCommand.FindAllStringSubmatch(commands, -1) {
				add(append(slices.Clone(words), c[1]))
			}
		}
	}
	add(nil)
	if len(m.flags) < 8 {
		t.Fatalf("the program's help lists only %v", slices.Collect(maps.Keys(m.flags)))
	}
	return m
}

// check says what is wrong with the arguments of a call, "" for nothing.
func (m *manual) check(args []string) string {
	command := ""
	for _, word := range args {
		if strings.HasPrefix(word, "-") {
			break
		}
		longer := strings.TrimSpace(command + " " + word)
		if _, known := m.flags[longer]; !known {
			if command == "" {
				return "there is no command " + word
			}
			break
		}
		command = longer
	}
	if command == "" && !slices.Contains(args, "--help") && !slices.Contains(args, "--version") {
		command = "serve"
	}
	for _, word := range args {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && name != "" && name != "version" && !slices.Contains(m.flags[command], name) {
			return "sidenote " + command + " has no flag --" + name
		}
	}
	return ""
}

var (
	shellBlock  = regexp.MustCompile("(?ms)^```(?:sh|console)\n(.*?)^```")
	sidenoteRun = regexp.MustCompile(`(?:^|[\s(/]|go run \./cmd/)sidenote((?: [^\s|>&;")#]+)*)`)
	makeRun     = regexp.MustCompile(`(?:^|\s)make ([a-z-]+)`)
	goRun       = regexp.MustCompile(`go run \./(\S+)`)
	longFlag    = regexp.MustCompile(`(?:^|[\s(` + "`" + `])--([a-z][a-z-]+)`)
	variable    = regexp.MustCompile(`SIDENOTE_[A-Z_]*[A-Z]`)
	link        = regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)
	codeSpan    = regexp.MustCompile("`([a-z0-9]+/[a-z0-9*-]+)`")
)

// shellLines returns the lines of a document's shell examples, a continued one
// as one line.
func shellLines(text string) (lines []string) {
	for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
		joined := strings.ReplaceAll(block[1], "\\\n", " ")
		lines = append(lines, strings.Split(strings.TrimSpace(joined), "\n")...)
	}
	return lines
}

func TestCommandsOfTheDocumentsExist(t *testing.T) {
	m := readManual(t, build(t))
	makefile := read(t, "Makefile")
	calls := 0
	for _, name := range documents(t) {
		for _, line := range shellLines(read(t, name)) {
			for _, call := range sidenoteRun.FindAllStringSubmatch(line, -1) {
				calls++
				if wrong := m.check(strings.Fields(call[1])); wrong != "" {
					t.Errorf("%s: %s\n\t%s", name, wrong, line)
				}
			}
			for _, target := range makeRun.FindAllStringSubmatch(line, -1) {
				if !strings.Contains(makefile, "\n"+target[1]+":") {
					t.Errorf("%s: the Makefile has no target %s", name, target[1])
				}
			}
			for _, folder := range goRun.FindAllStringSubmatch(line, -1) {
				if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(folder[1]))); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	if calls < 10 {
		t.Errorf("only %d calls of sidenote were found in the documents", calls)
	}
}

func TestManualFindsFaults(t *testing.T) {
	m := manual{flags: map[string][]string{"": {"help"}, "serve": {"listen"}, "ca": {"ca-dir"}, "ca export": {"output"}, "explain": {"format"}}}
	for call, want := range map[string]string{
		"": "", "--listen :0": "", "ca export --output=x": "", "explain 404 --format json": "", "--help": "", "--version": "",
		"explian": "no command explian", "--lisen": "no flag --lisen", "ca export --ca-dri x": "ca export has no flag --ca-dri", "ca exprot --output": "ca has no flag --output",
	} {
		got := m.check(strings.Fields(call))
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", call, got, want)
		}
	}
}

// TestNamesInTheDocumentsExist looks for flags, variables, rules and files that
// the documents speak of.
func TestNamesInTheDocumentsExist(t *testing.T) {
	m := readManual(t, build(t))
	flags := slices.Concat(slices.Collect(maps.Values(m.flags))...)
	variables := []string{"SIDENOTE_CONFIG", "SIDENOTE_TEST_NO_SKIP", "SIDENOTE_TEST_PICTURES"}
	for _, s := range configs.Settings() {
		variables = append(variables, s.Env())
	}
	topics, ids := map[string]bool{}, map[string]bool{}
	for _, r := range slices.Concat(rules.All(), contract.Rules(), conversation.Rules()) {
		topics[r.Topic()], ids[r.ID] = true, true
	}
	for _, name := range documents(t) {
		text := shellBlock.ReplaceAllString(read(t, name), "") // other programs in examples have flags of their own
		for _, f := range longFlag.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(flags, f[1]) {
				t.Errorf("%s: no command has a flag --%s", name, f[1])
			}
		}
		for _, v := range variable.FindAllString(read(t, name), -1) {
			if !slices.Contains(variables, v) {
				t.Errorf("%s: there is no variable %s", name, v)
			}
		}
		for _, c := range codeSpan.FindAllStringSubmatch(text, -1) {
			if topic, rule, _ := strings.Cut(c[1], "/"); topics[topic] && rule != "*" && rule != "name" && !ids[c[1]] {
				t.Errorf("%s: there is no rule %s", name, c[1])
			}
		}
		for _, l := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(path.Join(path.Dir(name), l[1])))); err != nil {
				t.Errorf("%s: a link leads nowhere: %s", name, l[1])
			}
		}
	}
}

// TestImageSettingsExist holds the variables of the Dockerfile to the settings.
func TestImageSettingsExist(t *testing.T) {
	found := variable.FindAllString(read(t, "Dockerfile"), -1)
	if len(found) == 0 {
		t.Error("the Dockerfile sets nothing")
	}
	for _, v := range found {
		if !slices.ContainsFunc(configs.Settings(), func(s configs.Setting) bool { return s.Env() == v }) {
			t.Errorf("there is no variable %s", v)
		}
	}
}

// TestImageLabels: the image has the labels of OCI that people look for, and
// "make image" fills in those that differ from build to build.
func TestImageLabels(t *testing.T) {
	_, final, _ := strings.Cut(read(t, "Dockerfile"), "\nFROM scratch\n")
	made := read(t, "Makefile")
	for label, want := range map[string]string{
		"title": "sidenote", "description": "", "licenses": "Apache-2.0",
		"version": "${VERSION}", "revision": "${REVISION}", "created": "${CREATED}",
	} {
		if !strings.Contains(final, " org.opencontainers.image."+label+`="`+want) {
			t.Errorf("Dockerfile: no label %s, or not with %s", label, want)
		}
		name, isMade := strings.CutPrefix(strings.TrimSuffix(want, "}"), "${")
		if !isMade {
			continue
		}
		if !strings.Contains(final, "\nARG "+name+"=") && !strings.HasPrefix(final, "ARG "+name+"=") {
			t.Errorf("Dockerfile: the last stage doesn't declare %s", name)
		}
		if !strings.Contains(made, `--build-arg "`+name+"=") {
			t.Errorf("Makefile: image doesn't set %s", name)
		}
	}
}

// TestReferencesAreSpeltAlike: what has an address is written as annotate.RefURL
// knows it, and rules refer to nothing else but OpenAPI and common practice.
func TestReferencesAreSpeltAlike(t *testing.T) {
	refs := map[string][]string{}
	for _, r := range slices.Concat(rules.All(), contract.Rules(), conversation.Rules()) {
		for _, ref := range r.Refs {
			refs["rule "+r.ID] = r.Refs
			if annotate.RefURL(ref) == "" && !strings.HasPrefix(ref, "OpenAPI 3.1 ") && ref != "practice" {
				t.Errorf("rule %s: %q has no address", r.ID, ref)
			}
		}
	}
	for _, s := range annotate.Statuses() {
		refs["status "+strconv.Itoa(s.Code)] = s.Refs
	}
	for _, f := range annotate.Fields() {
		refs["field "+f.Name.String()] = f.Refs
	}
	for of, list := range refs {
		for _, ref := range list {
			for i, c := range ref {
				if (c == ' ' || c == ',') && annotate.RefURL(ref[:i]) != "" && annotate.RefURL(ref) == "" {
					t.Errorf("%s: %q: write %q, or that and a section behind §", of, ref, ref[:i])
				}
			}
		}
	}
}
