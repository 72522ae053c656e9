package recap_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/recap"
)

// conference is an event of 400 tickets, drawn with a fixed seed: most come within an hour of the start.
func conference(h *house) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for i := range 400 {
		kind, mode, source := "hall", "in_person", "door_scan"
		if i%4 == 0 {
			kind, mode, source = "stream", "virtual", "join"
		}
		seen := starts.Add(time.Duration(rnd.NormFloat64()*25-10) * time.Minute)
		status, likely := "valid", 0.3
		switch n := rnd.IntN(100); {
		case n < 4:
			status, seen = "canceled", time.Time{}
		case n < 22:
			seen, likely = time.Time{}, 0.15
		}
		person := h.ticket(kind, mode, status, source, seen)
		if rnd.Float64() < 0.1 {
			h.active(person, starts.Add(-240*time.Hour))
		}
		if rnd.Float64() < likely {
			h.active(person, ends.Add(time.Duration(1+rnd.IntN(600))*time.Hour))
		}
	}
}

func pdf(t *testing.T, r *recap.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.WritePDF(&b, now); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tool runs a program of the machine on the PDF and gives what it says.
func tool(t *testing.T, file []byte, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	path := filepath.Join(t.TempDir(), "recap.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = path
		}
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func TestPDFIsSoundAndTheSameEachTime(t *testing.T) {
	s := build(t, dbtest.Open(t, database.SQLite), conference)
	for _, audience := range []recap.Audience{recap.Team, recap.Sponsor, recap.Public} {
		t.Run(string(audience), func(t *testing.T) {
			whole, err := s.Recap(t.Context(), home, "spring")
			if err != nil {
				t.Fatal(err)
			}
			r, err := whole.For(audience)
			if err != nil {
				t.Fatal(err)
			}
			file := pdf(t, r)
			if !bytes.Equal(file, pdf(t, r)) {
				t.Error("the same report gives other bytes")
			}
			tool(t, file, "qpdf", "--check", "FILE")
		})
	}
}

// The paper says what the report says, and each audience's only what that may see.
func TestPDFSaysWhatTheReportSays(t *testing.T) {
	s := build(t, dbtest.Open(t, database.SQLite), small)
	whole, err := s.Recap(t.Context(), home, "spring")
	if err != nil {
		t.Fatal(err)
	}
	for audience, says := range map[recap.Audience]struct{ there, missing []string }{
		recap.Team:    {[]string{"Spring Łukasz 春 conference", "−2.00 EUR", "37.5 %", "Bücher AG", "200.00 EUR", "not proof", "already checked in", "Break-even: 3 paid tickets", "figures of 20 June 2026, 14:00 CEST"}, nil},
		recap.Sponsor: {[]string{"37.5 %", "Bücher AG", "not proof"}, []string{"EUR", "already checked in", "Left, but paid"}},
		recap.Public:  {[]string{"Bücher AG", "3 in person, 2 virtual"}, []string{"EUR", "37.5 %", "not proof", "Activation"}},
	} {
		r, err := whole.For(audience)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(tool(t, pdf(t, r), "pdftotext", "-layout", "FILE", "-")), " ")
		for _, part := range says.there {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q: %s", audience, part, text)
			}
		}
		for _, part := range says.missing {
			if strings.Contains(text, part) {
				t.Errorf("%s says %q", audience, part)
			}
		}
	}
}

func TestPDFOfAnEventWithNothing(t *testing.T) {
	s := build(t, dbtest.Open(t, database.SQLite), func(*house) {})
	r, err := s.Recap(t.Context(), home, "empty")
	if err != nil {
		t.Fatal(err)
	}
	tool(t, pdf(t, r), "qpdf", "--check", "FILE")
}
