package turnout_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// corridor is the order of the rooms: a package imports only packages that stand before it. What stands on one line is
// one step, whose packages do not import each other.
var corridor = [][]string{
	{"events/people"},
	{"events/organisers"},
	{"events"},
	{"events/speakers"},
	{"events/agenda"},
	{"events/sponsors"},
	{"events/budget"},
	{"ticketing"},
	{"ticketing/signups"},
	{"checkin/badges"},
	{"checkin"},
	{"checkin/leads", "checkin/online"},
	{"community"},
	{"recap"},
	{"api"},
	{"cmd"},
}

// ground holds what every room stands on. Its packages may import each other; Go itself refuses a circle.
var ground = []string{"internal", "migrations", "templates"}

// confined names libraries that only some folders may import, tests aside.
var confined = map[string][]string{
	"net/http":                    {"api", "cmd", "ticketing/payments/stripe", "ticketing/payments/sandbox", "internal/browsertest"},
	"github.com/gin-gonic/gin":    {"api", "cmd"},
	"github.com/stripe/stripe-go": {"ticketing/payments/stripe", "ticketing/payments/sandbox"},
	"github.com/jung-kurt/gofpdf": {"internal/paper", "ticketing/documents", "recap"},
	"github.com/chromedp":         {"internal/browsertest"}, // which only tests import
}

// listed is what the go command tells of a package.
type listed struct {
	ImportPath, Name                   string
	Imports, TestImports, XTestImports []string
}

// dir is the package's folder below the repository, "" for the root.
func (p listed) dir() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "turnout"), "/")
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Imports,TestImports,XTestImports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// under reports whether the folder is the room or below it.
func under(dir, room string) bool { return dir == room || strings.HasPrefix(dir, room+"/") }

// place finds the step of the corridor that a folder belongs to: the longest room that it is under. leaf is true for a
// folder below a room of the corridor, an adapter such as ticketing/payments. Packages of the ground have step -1.
func place(dir string) (room string, step int, leaf, ok bool) {
	step = -1
	for i, rooms := range corridor {
		for _, r := range rooms {
			if under(dir, r) && len(r) > len(room) {
				room, step = r, i
			}
		}
	}
	if room != "" {
		return room, step, dir != room, true
	}
	onGround := dir == "" || slices.ContainsFunc(ground, func(g string) bool { return under(dir, g) })
	return "", -1, false, onGround
}

// allowed says whether from may import to, both folders below the repository.
func allowed(from, to string) bool {
	fromRoom, fromStep, fromLeaf, _ := place(from)
	toRoom, toStep, _, _ := place(to)
	switch {
	case toStep == -1: // everybody stands on the ground; the root stands on nothing of ours
		return from != ""
	case fromRoom == "api", fromRoom == "cmd":
		return toStep <= fromStep
	case fromRoom == toRoom:
		// A room imports its leaf adapters and leaves one another, but never a leaf its room.
		return to != toRoom
	case fromLeaf: // a leaf declares what it needs and its room fills it
		return false
	}
	return toStep < fromStep
}

func TestImportsPointBackTowardsTheBeginning(t *testing.T) {
	for _, p := range packages(t) {
		from := p.dir()
		if _, _, _, ok := place(from); !ok {
			t.Errorf("%s is in no room: see corridor in architecture_test.go", p.ImportPath)
			continue
		}
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			to, ours := strings.CutPrefix(imported, "turnout")
			to = strings.TrimPrefix(to, "/")
			if !ours || to == from { // a test in its own _test package
				continue
			}
			if !allowed(from, to) {
				t.Errorf("%s imports %s, which stands after it or is none of its leaf adapters", p.ImportPath, imported)
			}
		}
	}
}

func TestTheRulesOfTheCorridor(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"ticketing", "events", true},
		{"events", "ticketing", false},
		{"events", "events/people", true},
		{"events/people", "events", false},
		{"events/agenda", "events", true},
		{"events/agenda", "events/agenda/exchange", true},
		{"events/agenda/exchange", "events/agenda", false},
		{"events/agenda/exchange", "events", false},
		{"events/speakers", "events/agenda", false},
		{"ticketing", "ticketing/payments/stripe", true},
		{"ticketing/payments/stripe", "ticketing/payments", true},
		{"ticketing/payments", "ticketing", false},
		{"ticketing/documents", "internal/paper", true},
		{"internal/jobs", "internal/database", true},
		{"internal/jobs", "events", false},
		{"checkin", "checkin/badges", true},
		{"checkin/badges", "checkin", false},
		{"checkin/leads", "checkin", true},
		{"checkin", "checkin/leads", false},
		{"checkin/badges", "ticketing/documents", true},
		{"checkin", "recap", false},
		{"recap", "community", true},
		{"api/v1", "api/respond", true},
		{"api", "api/v1", true},
		{"recap", "api", false},
		{"cmd/turnout", "api", true},
		{"api", "cmd/turnout", false},
		{"", "internal/database", false},
		{"events", "", true},
	} {
		if got := allowed(tt.from, tt.to); got != tt.want {
			t.Errorf("%q imports %q: allowed is %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			for library, rooms := range confined {
				if under(imported, library) && !slices.ContainsFunc(rooms, func(r string) bool { return under(p.dir(), r) }) {
					t.Errorf("%s imports %s, which only %q may", p.ImportPath, imported, rooms)
				}
			}
			if p.dir() == "" && strings.Contains(strings.Split(imported, "/")[0], ".") {
				t.Errorf("the root package imports %s: it knows the standard library only", imported)
			}
		}
	}
}

func TestFoldersAndPackageNames(t *testing.T) {
	rooms := []string{"api", "checkin", "cmd", "community", "events", "internal", "migrations", "recap", "templates", "ticketing"}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(rooms, e.Name()) {
			t.Errorf("the folder %s is none of %q", e.Name(), rooms)
		}
	}
	said := []string{"base", "common", "dto", "helper", "helpers", "lib", "misc", "model", "models", "pkg", "shared", "types", "util", "utils"}
	for _, p := range packages(t) {
		if slices.Contains(said, p.Name) || slices.Contains(said, path.Base(p.ImportPath)) {
			t.Errorf("%s: the name says nothing about what it holds", p.ImportPath)
		}
	}
}
