package project_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the folder of the repository, seen from this one.
const root = "../.."

// module begins the import path of every package of this repository.
const module = "sidenote/"

// everyFile calls f with each file of the repository that is kept in it, by
// its path with slashes. tools/ is a module of its own, whose go.sum is long.
func everyFile(t *testing.T, f func(name string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains([]string{".git", "bin", "dist", "tools"}, name) || d.Name() == "node_modules"):
			return fs.SkipDir
		case name == ".git": // in a work tree that git keeps elsewhere
		case d.Type().IsRegular() && !strings.HasSuffix(name, ".test") && !strings.HasSuffix(name, ".prof"):
			f(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A goFile is a parsed source file.
type goFile struct {
	name string // with slashes, from the root
	*ast.File
	set *token.FileSet
}

func (f *goFile) folder() string { return path.Dir(f.name) }

// line returns the line on which a node begins.
func (f *goFile) line(n ast.Node) int { return f.set.Position(n.Pos()).Line }

// imports lists the packages of this module that the file imports, by folder.
func (f *goFile) imports(t *testing.T) (folders []string) {
	t.Helper()
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if folder, ours := strings.CutPrefix(p, module); ours {
			folders = append(folders, folder)
		}
	}
	return folders
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	everyFile(t, func(name string) {
		if !strings.HasSuffix(name, ".go") || strings.Contains(name, "testdata/") {
			return
		}
		files = append(files, *parse(t, name, read(t, name)))
	})
	if len(files) < 100 {
		t.Fatalf("only %d Go files were found", len(files))
	}
	return files
}

func parse(t *testing.T, name, text string) *goFile {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return &goFile{name, parsed, set}
}

// A room is a row of the table in docs/architecture.md.
type room struct {
	folder  string
	all     bool
	imports []string
}

var quoted = regexp.MustCompile("`([^`]+)`")

// readRooms reads the table.
func readRooms(t *testing.T) (rooms []room) {
	t.Helper()
	for line := range strings.SplitSeq(read(t, "docs/architecture.md"), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		r := room{folder: strings.TrimSuffix(strings.Trim(cells[1], " `"), "/")}
		switch may := strings.TrimSpace(cells[3]); may {
		case "nothing":
		case "all":
			r.all = true
		default:
			for _, m := range quoted.FindAllStringSubmatch(may, -1) {
				r.imports = append(r.imports, strings.TrimSuffix(m[1], "/"))
			}
			if len(r.imports) == 0 {
				t.Errorf("the row of %s says neither \"nothing\" nor \"all\" nor names rooms: %q", r.folder, may)
			}
		}
		rooms = append(rooms, r)
	}
	return rooms
}

// roomOf finds the room that a folder is in: itself, or the nearest above it.
func roomOf(rooms []room, folder string) *room {
	for ; folder != "."; folder = path.Dir(folder) {
		for i := range rooms {
			if rooms[i].folder == folder {
				return &rooms[i]
			}
		}
	}
	return nil
}

// allows reports whether files of the room may import a package in another.
func (r *room) allows(other *room) bool {
	return r.all || r == other || slices.Contains(r.imports, other.folder)
}

func TestImportsFollowTheTable(t *testing.T) {
	rooms := readRooms(t)
	lived := map[string]bool{}
	for _, f := range goFiles(t) {
		in := roomOf(rooms, f.folder())
		if in == nil {
			t.Errorf("%s: the table of docs/architecture.md has no row for this folder", f.name)
			continue
		}
		lived[in.folder] = true
		for _, folder := range f.imports(t) {
			if to := roomOf(rooms, folder); to == nil || !in.allows(to) {
				t.Errorf("%s imports %s%s, which the table of docs/architecture.md does not let it", f.name, module, folder)
			}
		}
	}
	for _, r := range rooms {
		if !lived[r.folder] {
			t.Errorf("docs/architecture.md: no Go file is in %s/", r.folder)
		}
		for _, other := range r.imports {
			if !slices.ContainsFunc(rooms, func(r room) bool { return r.folder == other }) {
				t.Errorf("docs/architecture.md: %s/ may import %s, which is no room", r.folder, other)
			}
		}
	}
}

// TestTheTableIsEnforced makes sure that the test above can fail.
func TestTheTableIsEnforced(t *testing.T) {
	rooms := readRooms(t)
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"proxy", "annotate", false}, {"proxy/ca", "annotate/rules", false}, {"exchange", "annotate", false}, {"exchange", "exchange/field", true},
		{"annotate", "annotate/rules", false}, {"annotate/rules", "proxy", false}, {"sink", "proxy", false},
		{"proxy", "proxy/ca", true}, {"proxy", "exchange", true}, {"annotate/rules", "exchange/field", true}, {"cmd/sidenote", "proxy", true},
	} {
		if got := roomOf(rooms, c.from).allows(roomOf(rooms, c.to)); got != c.want {
			t.Errorf("%s may import %s: %v", c.from, c.to, got)
		}
	}
	if roomOf(rooms, "nowhere/at/all") != nil {
		t.Error("a folder without a row is in a room")
	}
}

func TestNoInit(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function: let whoever needs the value call for it", f.name)
			}
		}
	}
}

func TestPackageNamesSayWhatIsInThem(t *testing.T) {
	empty := []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "lib", "shared", "types"}
	for _, f := range goFiles(t) {
		if name := strings.TrimSuffix(f.Name.Name, "_test"); slices.Contains(empty, name) || slices.Contains(empty, path.Base(f.folder())) {
			t.Errorf("%s: package %s says nothing about what is in it", f.name, f.Name.Name)
		}
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	doc := map[string]string{}
	code := map[string]bool{} // folders that have more than tests
	files := goFiles(t)
	for _, f := range files {
		code[f.folder()] = code[f.folder()] || !strings.HasSuffix(f.name, "_test.go")
	}
	for _, f := range files {
		if strings.HasSuffix(f.name, "_test.go") && code[f.folder()] {
			continue
		}
		doc[f.folder()] += f.Doc.Text()
	}
	for folder, text := range doc {
		if len(strings.Fields(text)) < 4 {
			t.Errorf("%s: the package has no doc comment", folder)
		}
	}
}

// machinePath finds absolute paths into the folders where people and build
// machines keep their work.
var machinePath = regexp.MustCompile(`(?:^|[\s"'=(\x60])/(?:work|root|home/[a-z]\w*|Users/[A-Za-z]\w*)/[\w.]`)

func TestNoPathsOfAMachine(t *testing.T) {
	for line, want := range map[string]bool{
		"see /" + "work/main/x": true, `"/` + `root/.cache"`: true, "a=/" + "home/ada/x": true, "/" + "Users/ada/x": true,
		"https://a.test/work/1": false, "/v1/work/2": false, "a /workshop/x": false,
	} {
		if machinePath.MatchString(line) != want {
			t.Errorf("%q: want %v", line, want)
		}
	}
	everyFile(t, func(name string) {
		for i, line := range strings.Split(read(t, name), "\n") {
			if m := machinePath.FindString(line); m != "" {
				t.Errorf("%s:%d: a path of one machine: %s", name, i+1, strings.TrimSpace(m))
			}
		}
	})
}
