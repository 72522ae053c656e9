package recap_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"turnout/checkin"
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

func pdf(t *testing.T, r *recap.Report, lang string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.WritePDF(&b, lang, now); err != nil {
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
			for _, lang := range words().Languages() {
				file := pdf(t, r, lang)
				if !bytes.Equal(file, pdf(t, r, lang)) {
					t.Errorf("the same report in %s gives other bytes", lang)
				}
				tool(t, file, "qpdf", "--check", "FILE")
			}
		})
	}
}

// said is the text of the paper, its words parted by one space.
func said(t *testing.T, r *recap.Report, lang string) string {
	t.Helper()
	return strings.Join(strings.Fields(tool(t, pdf(t, r, lang), "pdftotext", "-layout", "FILE", "-")), " ")
}

// The paper says what the report says, and each audience's only what that may see.
func TestPDFSaysWhatTheReportSays(t *testing.T) {
	s := build(t, dbtest.Open(t, database.SQLite), small)
	whole, err := s.Recap(t.Context(), home, "spring")
	if err != nil {
		t.Fatal(err)
	}
	for audience, says := range map[recap.Audience]struct{ there, missing []string }{
		recap.Team:    {[]string{"Spring Łukasz 春 conference", "−€2.00", "37.5%", "Bücher AG", "€200.00", "not proof", "already checked in", "Break-even: 3 paid tickets", "figures of Sat 20 June 2026, 14:00 CEST"}, nil},
		recap.Sponsor: {[]string{"37.5%", "Bücher AG", "not proof"}, []string{"€", "already checked in", "Left, but paid"}},
		recap.Public:  {[]string{"Bücher AG", "3 in person, 2 virtual"}, []string{"€", "37.5%", "not proof", "Activation"}},
	} {
		r, err := whole.For(audience)
		if err != nil {
			t.Fatal(err)
		}
		text := said(t, r, "en")
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
	for _, lang := range words().Languages() {
		tool(t, pdf(t, r, lang), "qpdf", "--check", "FILE")
	}
}

// Every word of the paper is in the catalogue, and in German the paper is German.
func TestPDFInGerman(t *testing.T) {
	s := build(t, dbtest.Open(t, database.SQLite), small)
	r, err := s.Recap(t.Context(), home, "spring")
	if err != nil {
		t.Fatal(err)
	}
	text := said(t, r, "de")
	for _, part := range []string{"Rückblick", "−2,00 €", "37,5 %", "Nicht erschienen", "kein Beweis", "schon eingelassen", "Unterschrieben",
		"Sonntag, 1. März 2026, 10:00–19:00 MEZ", "Zahlen vom Sa., 20. Juni 2026, 14:00 MESZ", "Vor Ort"} {
		if !strings.Contains(text, part) {
			t.Errorf("it lacks %q: %s", part, text)
		}
	}
	for _, part := range []string{"⟦", "tickets", "people", " of ", "Came"} {
		if strings.Contains(text, part) {
			t.Errorf("it says %q: %s", part, text)
		}
	}
}

// A page that asks for a definition in English gets the JSON's; each is there in each language, and only what the audience sees.
func TestDefinitions(t *testing.T) {
	s := build(t, dbtest.Open(t, database.SQLite), small)
	whole, err := s.Recap(t.Context(), home, "spring")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"definition":`); n != len(whole.Keys()) {
		t.Errorf("%d definitions in the JSON, %d keys", n, len(whole.Keys()))
	}
	seen := map[string]bool{}
	for _, key := range whole.Keys() {
		english, german := whole.Definition("en", key), whole.Definition("de", key)
		quoted, err := json.Marshal(english)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), `"definition":`+string(quoted)) || !strings.Contains(string(text), `"`+key+`":{"value":`) {
			t.Errorf("the JSON has no %s with %s", key, quoted)
		}
		for _, words := range []string{english, german, whole.Name("en", key), whole.Name("de", key)} {
			if words == "" || strings.Contains(words, "⟦") {
				t.Errorf("%s: %q", key, words)
			}
		}
		if english == german || seen[english] {
			t.Errorf("%s: the definition %q is no German, or another figure's too", key, german)
		}
		seen[english] = true
	}
	public, err := whole.For(recap.Public)
	if err != nil {
		t.Fatal(err)
	}
	if public.Definition("en", "result") != "" || public.Definition("en", "activated") != "" || public.Definition("en", "came") == "" {
		t.Error("the public is told of figures it does not see, or not of those it sees")
	}
}

// Each reason for which a door refuses has its words on the paper.
func TestReasonsHaveWords(t *testing.T) {
	for _, reason := range []checkin.Reason{checkin.AlreadyCheckedIn, checkin.UnknownTicket, checkin.BadSignature, checkin.Canceled, checkin.Revoked,
		checkin.Unpaid, checkin.WrongList, checkin.NotYetValid, checkin.NoLongerValid, checkin.NotInside} {
		for _, lang := range words().Languages() {
			if text := words().Message(lang, "recap.reason."+string(reason)); strings.Contains(text, "⟦") {
				t.Errorf("%s: %s", lang, text)
			}
		}
	}
}
