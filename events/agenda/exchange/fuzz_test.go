package exchange

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
)

// FuzzRead: no file makes the reader panic, and what it takes can be written in every format and read again.
func FuzzRead(f *testing.F) {
	f.Add(fixture(f, "testdata/traps.xml"))
	f.Add(fixture(f, "testdata/traps.json"))
	f.Add([]byte(`<schedule><event guid="x"><date>2026-03-29T02:30</date><duration>25:00</duration><title>&lt;b&gt;*_[</title><abstract>&lt;pre&gt;&lt;a href="x</abstract></event></schedule>`))
	f.Add([]byte(`{"sessions":[{"id":1,"startsAt":"2026-01-01T00:00:00","endsAt":"x","speakers":[[{}]]}],"speakers":null,"rooms":[]}`))
	f.Add([]byte(trapCalendar))
	f.Add([]byte("Nr.;Titel;Raum;Datum;Beginn;Ende;Referenten\nx1;=Opening;Hall;4.6.2026;9:00;25:00;Ada, Bo\n"))
	f.Add([]byte(`{"schedule":{"conference":{"days":[{"date":"2026-06-04","rooms":{"Hall":[{"id":"x","title":{"de":"a"},"start":"25:00","duration":1,"persons":[{}]}]}}]},"events":[{"start":"2026-06-04T10:00","end":"2026-06-04T09:00","room":{"slug":"x"},"track":[]}]}}`))
	f.Add([]byte(`[{"date":"x","rooms":[{"id":1,"sessions":[{"id":1,"speakers":[{"id":[]}],"categories":[{"categoryItems":[{"id":{}}]}]}]}],"timeSlots":[]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _, err := Read(data, Options{Zone: brussels})
		if err != nil || placed(s) == 0 {
			return
		}
		var x, j, c bytes.Buffer
		if err := WriteXML(&x, s); err != nil {
			t.Fatal(err)
		}
		if err := WriteJSON(&j, s); err != nil {
			t.Fatal(err)
		}
		if err := WriteICS(&c, s, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		again, _, err := Read(x.Bytes(), Options{})
		if err != nil {
			t.Fatalf("our own XML is refused: %v\n%s", err, x.Bytes())
		}
		if len(again.Sessions) != placed(s) {
			t.Fatalf("%d sessions, then %d", placed(s), len(again.Sessions))
		}
		for i, session := range again.Sessions {
			if i > 0 && session.Start.Before(again.Sessions[i-1].Start) {
				t.Fatal("not in order of time")
			}
		}
	})
}

// FuzzICS: whatever the texts hold, the calendar has sound lines and gives the same texts back.
func FuzzICS(f *testing.F) {
	f.Add("Title", "Description", "Room 1", "https://example.org")
	f.Add("a;b,c\\d\ne\r\nf", strings.Repeat("ä😀", 100), "\x00\u2028", "https://example.org/\r\nBEGIN:VEVENT")
	f.Fuzz(func(t *testing.T, title, description, location, address string) {
		start := time.Date(2026, 6, 4, 18, 30, 0, 0, time.UTC)
		calendar := Calendar{Name: title, Events: []CalendarEvent{{UID: "uid-" + title, Stamp: start, Start: start, End: start.Add(time.Hour), Zone: brussels,
			Summary: title, Description: description, Location: location, URL: address, Categories: []string{title}}}}
		var out bytes.Buffer
		if err := calendar.Write(&out); err != nil {
			t.Fatal(err)
		}
		checkLines(t, "fuzz", out.String())
		read, err := ical.NewDecoder(&out).Decode()
		if err != nil {
			t.Fatal(err)
		}
		events := read.Events()
		if len(events) != 1 {
			t.Fatalf("%d entries", len(events))
		}
		got, err := events[0].Props.Text(ical.PropSummary)
		if want := strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n").Replace(escapeText(title)); err != nil || got != want {
			t.Fatalf("summary %q, want %q (%v)", got, want, err)
		}
	})
}
