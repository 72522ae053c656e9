package agenda

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/events/agenda/exchange"
	"turnout/events/people"
	"turnout/events/speakers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func (w *world) imports(data []byte, dryRun bool) *ImportReport {
	w.t.Helper()
	begun := time.Now()
	report, err := w.Import(w.ctx, w.community, string(w.event.ID), data, ImportChoices{}, dryRun)
	w.must(err)
	w.t.Logf("%s, dry run %t: %s", w.DB.Engine, dryRun, time.Since(begun).Round(time.Millisecond)) // the goal is 10 s on two idle cores
	return report
}

func (w *world) wants(name string, got *ImportReport, want ImportReport) {
	w.t.Helper()
	want.Format, want.Warnings = got.Format, got.Warnings
	if got.Created != want.Created || got.Updated != want.Updated || got.Unchanged != want.Unchanged || got.Removed != want.Removed || got.Changes != want.Changes {
		w.t.Errorf("%s:\n got %+v\nwant %+v", name, *got, want)
	}
}

// fingerprint is all of the agenda, to see that nothing was written.
func (w *world) fingerprint() string {
	w.t.Helper()
	var out strings.Builder
	for _, table := range []string{"rooms", "tracks", "speakers", "sessions", "session_speakers", "audit_log"} {
		var rows []map[string]any
		w.must(w.DB.Read().NewSelect().TableExpr(table).Where("community_id = ?", w.community).OrderExpr("1, 2, 3").Scan(w.ctx, &rows))
		for _, row := range rows {
			for _, key := range slices.Sorted(maps.Keys(row)) {
				out.WriteString(key + "=" + strings.TrimSpace(strings.ReplaceAll(fmt.Sprint(row[key]), "\n", " ")) + ";")
			}
			out.WriteString("\n")
		}
	}
	return out.String()
}

func TestFOSDEMIsImportedOnceAndUpdatedAsCounted(t *testing.T) {
	older, newer := realFile(t, december), realFile(t, final)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Brussels", "2025-02-01 09:00", "2025-02-02 18:30")
		fresh := ImportReport{Created: Tally{Rooms: 40, Tracks: 68, Sessions: 904, Slots: 904, Speakers: 937}}
		empty := w.fingerprint()
		w.wants("dry run", w.imports(older, true), fresh)
		if w.fingerprint() != empty {
			t.Error("the dry run wrote something")
		}
		w.wants("December", w.imports(older, false), fresh)
		if got := countKinds(w.conflicts()); got[RoomConflict] != 0 || got[SpeakerConflict] != 1 || got[OutsideEvent] != 0 {
			t.Errorf("conflicts in December: %v", got)
		}
		before := w.fingerprint()
		if len(before) < 1_000_000 {
			t.Fatalf("the fingerprint holds %d bytes only: it shows nothing", len(before))
		}
		w.wants("again", w.imports(older, false), ImportReport{Unchanged: fresh.Created})
		if w.fingerprint() != before {
			t.Error("the second import of the same file wrote something")
		}
		dry := w.imports(newer, true)
		got := w.imports(newer, false)
		w.wants("dry run and real run", got, *dry)
		if got.Created.Sessions != 236 || got.Removed.Sessions != 35 || got.Updated.Sessions+got.Unchanged.Sessions != 869 || got.Unchanged.Sessions > 692 {
			t.Errorf("sessions: %+v", got)
		}
		if got.Created.Slots != 236 || got.Removed.Slots != 35 || got.Updated.Slots+got.Unchanged.Slots != 869 {
			t.Errorf("slots: %+v", got)
		}
		if want := (Changes{Moved: 70, Rerooms: 25, Retitled: 36, Resized: 32, Speakers: 68}); got.Changes != want {
			t.Errorf("changes %+v, want %+v", got.Changes, want)
		}
		if got.Removed.Rooms+got.Removed.Tracks+got.Removed.Speakers != 0 {
			t.Errorf("rooms, tracks and speakers stay: %+v", got.Removed)
		}
		w.checkFinal()
		after := w.fingerprint()
		again := w.imports(newer, false)
		w.wants("the final one again", again, ImportReport{Unchanged: Tally{Rooms: 35, Tracks: 78, Sessions: 1105, Slots: 1105, Speakers: 1193}})
		if w.fingerprint() != after {
			t.Error("the second import of the final file wrote something")
		}
		// Two of its speakers have a namesake by now: people who had other numbers in December.
		contents := asJSON(t, w.contents())
		var out bytes.Buffer
		w.must(exchange.Write(&out, exchange.CSV, w.agenda().Draft(), clock))
		if report := w.imports(out.Bytes(), false); report.Created != (Tally{}) || report.Updated != (Tally{}) || report.Removed != (Tally{}) {
			t.Errorf("our own CSV: created %+v, updated %+v, removed %+v, %.1000s", report.Created, report.Updated, report.Removed, asJSON(t, report.Sessions))
		}
		if asJSON(t, w.contents()) != contents {
			t.Error("our own CSV changed something")
		}
	})
}

// checkFinal looks at the agenda after the final file came over December's.
func (w *world) checkFinal() {
	w.t.Helper()
	a := w.agenda()
	placed, withdrawn, places := 0, 0, 0
	for _, s := range a.Sessions {
		switch {
		case s.Status == Withdrawn && s.Placed():
			w.t.Errorf("%s is withdrawn and has a slot", s.GUID)
		case s.Status == Withdrawn:
			withdrawn++
		case s.Placed():
			placed++
			places += len(s.SpeakerIDs)
		}
	}
	if placed != 1105 || withdrawn != 35 || places != 1455 {
		w.t.Errorf("%d placed, %d withdrawn, %d speaker places", placed, withdrawn, places)
	}
	if got := a.Conflicts(); len(got) != 0 {
		w.t.Errorf("%d conflicts in the final schedule: %v", len(got), got[:min(3, len(got))])
	}
}

func TestFOSDEMAtOnce(t *testing.T) {
	data := realFile(t, final)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Brussels", "2025-02-01 09:00", "2025-02-02 18:30")
		w.wants("final", w.imports(data, false), ImportReport{Created: Tally{Rooms: 35, Tracks: 78, Sessions: 1105, Slots: 1105, Speakers: 1193}})
	})
}

func TestOrlandoWithItsByteOrderMark(t *testing.T) {
	data := realFile(t, "sessionize/orlando-code-camp-2020.All.json")
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "America/New_York", "2020-03-28 07:00", "2020-03-28 22:00")
		created := Tally{Rooms: 14, Tracks: 16, Sessions: 99, Slots: 99, Speakers: 84}
		got := w.imports(data, false)
		created.Tracks = got.Created.Tracks // counted nowhere
		w.wants("first", got, ImportReport{Created: created})
		if got.Format != exchange.SessionizeJSON {
			t.Errorf("format %q", got.Format)
		}
		w.wants("again", w.imports(data, false), ImportReport{Unchanged: created})
		breaks := 0
		for _, s := range w.agenda().Sessions {
			if s.Kind == Break {
				breaks++
			}
		}
		if breaks != 12 {
			t.Errorf("%d breaks, want 12", breaks)
		}
		if first := w.agenda().Sessions[0].StartsAt; !first.Equal(at(t, "2020-03-28 12:00")) {
			t.Errorf("08:00 in Orlando is 12:00 in UTC, not %s", first)
		}
		if kinds := countKinds(w.conflicts()); kinds[RoomConflict] != 0 || kinds[SpeakerConflict] != 1 {
			t.Errorf("conflicts %v", kinds)
		}
	})
}

func TestImportKeepsWhatWasDoneByHand(t *testing.T) {
	schedule := func(title, room string) []byte {
		return []byte(`<schedule><conference><title>x</title></conference><day date="2026-06-04"><room name="` + room + `"><event id="1" guid="11111111-1111-4111-8111-111111111111">
			<date>2026-06-04T09:00:00Z</date><duration>01:00</duration><title>` + title + `</title><persons><person id="5">Ada Example</person></persons></event></room></day></schedule>`)
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		seats := int64(80)
		hall, err := w.AddRoom(w.ctx, w.community, w.event.Slug, RoomInput{Name: "HALL", Capacity: &seats})
		w.must(err)
		own, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: "Made here", Kind: Social, Minutes: 60})
		w.must(err)
		w.wants("first", w.imports(schedule("Talk", "Hall"), false), ImportReport{Created: Tally{Sessions: 1, Slots: 1, Speakers: 1}, Updated: Tally{Rooms: 1}})
		a := w.agenda()
		if len(a.Rooms) != 1 || a.Rooms[0].ID != hall.ID || *a.Rooms[0].Capacity != 80 || a.Rooms[0].Name != "Hall" {
			t.Errorf("the room made here was not taken over: %+v", a.Rooms)
		}
		talk := a.Sessions[0]
		_, err = w.UpdateSession(w.ctx, w.community, talk.ID, talk.Version, SessionInput{Title: "Edited here", Kind: Talk, Minutes: 60, SpeakerIDs: talk.SpeakerIDs})
		w.must(err)
		w.wants("same file", w.imports(schedule("Talk", "Hall"), false), ImportReport{Unchanged: Tally{Rooms: 1, Sessions: 1, Slots: 1, Speakers: 1}})
		if got, _ := w.Session(w.ctx, w.community, talk.ID); got.Title != "Edited here" {
			t.Errorf("an edit was lost although the file did not change: %q", got.Title)
		}
		report := w.imports(schedule("New title", "Hall"), true)
		w.wants("changed on both sides", report, ImportReport{Unchanged: Tally{Rooms: 1, Sessions: 1, Slots: 1, Speakers: 1}})
		if len(report.Conflicts) != 1 || report.Conflicts[0] != (ImportConflict{talk.ID, "Edited here", "title", "Talk", "Edited here", "New title", "ours"}) {
			t.Errorf("conflicts %+v", report.Conflicts)
		}
		taken, err := w.Import(w.ctx, w.community, w.event.Slug, schedule("New title", "Hall"), ImportChoices{Theirs: []string{report.Conflicts[0].Choice()}, Seen: report.Seen}, false)
		w.must(err)
		w.wants("the file's title is taken", taken, ImportReport{Updated: Tally{Sessions: 1}, Unchanged: Tally{Rooms: 1, Slots: 1, Speakers: 1}, Changes: Changes{Retitled: 1}})
		if _, err := w.Import(w.ctx, w.community, w.event.Slug, schedule("New title", "Hall"), ImportChoices{Seen: report.Seen}, false); !errors.Is(err, ErrChanged) {
			t.Errorf("the agenda that was seen is another one now: %v", err)
		}
		if got, _ := w.Session(w.ctx, w.community, own.ID); got.Status != Confirmed {
			t.Errorf("a session made here is no business of the import: %+v", got)
		}
	})
}

// A link that the file adds is news; another kind set by hand ends the file's word for the old one.
func TestImportKeepsLinksTypeAndNumber(t *testing.T) {
	schedule := func(link string) []byte {
		return []byte(`<schedule><event id="7"><date>2026-06-04T09:00:00Z</date><duration>01:00</duration><room>A</room><title>One</title><type>devroom</type>
			<links><link href="https://example.org/page">Page</link>` + link + `</links><attachments><attachment href="https://example.org/s.pdf"/></attachments></event></schedule>`)
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		w.imports(schedule(""), false)
		unchanged := Tally{Rooms: 1, Sessions: 1, Slots: 1}
		w.wants("same file", w.imports(schedule(""), false), ImportReport{Unchanged: unchanged})
		report := w.imports(schedule(`<link href="https://example.org/more">More</link>`), false)
		w.wants("one link more", report, ImportReport{Updated: Tally{Sessions: 1}, Unchanged: Tally{Rooms: 1, Slots: 1}})
		if len(report.Warnings) != 0 {
			t.Errorf("nobody edited it: %v", report.Warnings)
		}
		got := w.agenda().Sessions[0]
		want := []exchange.Link{{Title: "Page", URL: "https://example.org/page"}, {Title: "More", URL: "https://example.org/more"}, {URL: "https://example.org/s.pdf", File: true}}
		if !slices.Equal(got.Links, want) || got.SourceType != "devroom" || got.SourceNumber != 7 {
			t.Errorf("links %v, type %q, number %d", got.Links, got.SourceType, got.SourceNumber)
		}
		edit := SessionInput{Title: got.Title, Kind: got.Kind, Minutes: got.Minutes}
		got, err := w.UpdateSession(w.ctx, w.community, got.ID, 0, edit)
		w.must(err)
		if got.SourceType != "devroom" || len(got.Links) != 3 {
			t.Errorf("after an edit: type %q, links %v", got.SourceType, got.Links)
		}
		edit.Kind = Keynote
		got, err = w.UpdateSession(w.ctx, w.community, got.ID, 0, edit)
		w.must(err)
		if got.SourceType != "" {
			t.Errorf("it is a keynote now, no %q", got.SourceType)
		}
	})
}

func TestASessionLeavesAndComesBack(t *testing.T) {
	two := []byte(`<schedule><event id="1"><date>2026-06-04T09:00:00Z</date><duration>01:00</duration><room>A</room><title>One</title></event>
		<event id="2"><date>2026-06-04T10:00:00Z</date><duration>01:00</duration><room>A</room><title>Two</title></event></schedule>`)
	one := []byte(strings.Replace(string(two), `<event id="2">`, `<event id="3">`, 1))
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		w.imports(two, false)
		w.wants("2 becomes 3", w.imports(one, false), ImportReport{Created: Tally{Sessions: 1, Slots: 1}, Removed: Tally{Sessions: 1, Slots: 1},
			Unchanged: Tally{Rooms: 1, Sessions: 1, Slots: 1}})
		w.wants("2 comes back", w.imports(two, false), ImportReport{Created: Tally{Slots: 1}, Updated: Tally{Sessions: 1}, Removed: Tally{Sessions: 1, Slots: 1},
			Unchanged: Tally{Rooms: 1, Sessions: 1, Slots: 1}})
		a := w.agenda()
		i := slices.IndexFunc(a.Sessions, func(s *Session) bool { return s.Title == "One" })
		_, err := w.Withdraw(w.ctx, w.community, a.Sessions[i].ID, 0)
		w.must(err)
		w.wants("1 was withdrawn by hand", w.imports(two, false), ImportReport{Unchanged: Tally{Rooms: 1, Sessions: 2, Slots: 1}})
		if n := len(w.agenda().Sessions); n != 3 {
			t.Errorf("%d sessions are known, want 3", n)
		}
	})
}

// Our own files of the draft come back and change nothing, in every format, whatever the sessions came from.
func TestOurOwnExportsChangeNothing(t *testing.T) {
	for name, zone := range map[string]string{"": "Europe/Brussels", final: "Europe/Brussels", "schedules/frab-camp2019.schedule.json": "Europe/Berlin", "schedules/pretalx-democon.schedule.json": "UTC",
		"sessionize/orlando-code-camp-2020.All.json": "America/New_York", "sessionize/demo.GridSmart.json": "UTC", "ics/conferences/pycon-uk-2015.ics": "Europe/London"} {
		t.Run(name, func(t *testing.T) {
			var data []byte
			if name != "" {
				data = realFile(t, name)
			}
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				w := newWorld(t, db, zone, "2026-06-04 08:00", "2026-06-04 18:00")
				if data != nil {
					w.imports(data, false)
				} else {
					speaker, err := w.speakers.Add(w.ctx, w.community, w.event.Slug, speakers.Input{Name: "Ada", Bio: "Writes."})
					w.must(err)
					session, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: "Made here", Kind: Workshop, Subtitle: "by hand", Abstract: "One\n\n*Two*", Description: "Three", Language: "en", Minutes: 60,
						SpeakerIDs: []turnout.ID{speaker.ID}})
					w.must(err)
					_, _, err = w.Place(w.ctx, w.community, session.ID, 0, SlotInput{StartsAt: w.event.StartsAt, EndsAt: w.event.StartsAt.Add(time.Hour)})
					w.must(err)
				}
				before := asJSON(t, w.contents())
				for _, format := range exchange.Writers {
					var out bytes.Buffer
					w.must(exchange.Write(&out, format, w.agenda().Draft(), clock))
					times := 2
					if name == final { // large
						times = 1
					}
					for range times {
						report := w.imports(out.Bytes(), false)
						if report.Created != (Tally{}) || report.Updated != (Tally{}) || report.Removed != (Tally{}) || len(report.Conflicts) > 0 {
							t.Errorf("%s: created %+v, updated %+v, removed %+v, %d conflicts, %.1000s", format, report.Created, report.Updated, report.Removed, len(report.Conflicts), asJSON(t, report.Sessions))
						}
					}
					if after := asJSON(t, w.contents()); after != before {
						t.Errorf("%s: something is different", format)
					}
				}
				if data != nil {
					if again := w.imports(data, false); again.Created != (Tally{}) || again.Updated != (Tally{}) || again.Removed != (Tally{}) || len(again.Conflicts) > 0 {
						t.Errorf("and the first file again: %+v %+v %+v %+v", again.Created, again.Updated, again.Removed, again.Conflicts)
					}
				}
			})
		})
	}
}

// contents are all that people see of an agenda, without keys.
func (w *world) contents() any {
	w.t.Helper()
	a := w.agenda()
	for _, s := range a.Sessions {
		s.ExternalKey = ""
	}
	for _, r := range a.Rooms {
		r.ExternalKey = ""
	}
	for _, r := range a.Tracks {
		r.ExternalKey = ""
	}
	return []any{a.Sessions, a.Rooms, a.Tracks, a.Speakers}
}

func TestARefusedImportChangesNothing(t *testing.T) {
	data := []byte(`<schedule><event id="1"><title>One</title></event></schedule>`)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		w.imports(data, false)
		before := w.fingerprint()
		for name, test := range map[string]struct {
			data []byte
			want error
		}{
			"cut off": {data[:len(data)-5], exchange.ErrTruncated},
			"empty":   {nil, exchange.ErrUnknownFormat},
			"a list":  {[]byte(`[1]`), exchange.ErrUnknownFormat},
		} {
			if _, err := w.Import(w.ctx, w.community, w.event.Slug, test.data, ImportChoices{}, false); !errors.Is(err, test.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		stranger := turnout.NewID(turnout.PrefixCommunity)
		if _, err := w.Import(w.ctx, stranger, w.event.Slug, data, ImportChoices{}, false); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		if w.fingerprint() != before {
			t.Error("something was written")
		}
	})
}

func TestASpeakerWithAnEmailIsAPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		w.imports([]byte(`<schedule><event id="1"><title>One</title><persons><person id="5">Ada Example</person></persons></event></schedule>`), false)
		ada := w.agenda().Speakers[0]
		if ada.PersonID != "" {
			t.Errorf("without an address nobody is known: %q", ada.PersonID)
		}
		if _, err := w.speakers.Update(w.ctx, w.community, ada.ID, ada.Version+1, speakers.Input{Name: "Ada Example", Email: "ada@example.org"}); !errors.Is(err, turnout.ErrStale) {
			t.Errorf("an edit of what nobody saw: %v", err)
		}
		ada, err := w.speakers.Update(w.ctx, w.community, ada.ID, ada.Version, speakers.Input{Name: "Ada Example", Email: "Ada@Example.ORG"})
		w.must(err)
		person, err := people.Find(w.ctx, w.DB.Read(), w.community, ada.PersonID)
		w.must(err)
		if person.Name != "Ada Example" || ada.Email != "ada@example.org" {
			t.Errorf("person %+v, address %q", person, ada.Email)
		}
		w.imports([]byte(`<schedule><event id="1"><title>One</title><persons><person id="5">Ada Q. Example</person></persons></event></schedule>`), false)
		after := w.agenda().Speakers[0]
		if after.Name != "Ada Q. Example" || after.PersonID != ada.PersonID || after.Email != ada.Email {
			t.Errorf("an import must not touch address and person: %+v", after)
		}
		if err := w.speakers.Remove(w.ctx, w.community, ada.ID); err == nil {
			t.Error("a speaker with a session was removed")
		}
	})
}

// What only one side changed is taken, field by field; what both changed stays as it is here, unless the file's is chosen. Names and biographies too.
func TestAnImportMergesInThreeWays(t *testing.T) {
	type file struct{ title, abstract, room, start, long, bio string }
	write := func(f file) []byte {
		return fmt.Appendf(nil, `{"schedule":{"conference":{"title":"x","time_zone_name":"UTC","days":[{"date":"2026-06-04","rooms":{%q:[{"guid":"11111111-1111-4111-8111-111111111111",
			"date":"2026-06-04T%s:00Z","duration":%q,"title":%q,"abstract":%q,"persons":[{"id":5,"name":"Ada","biography":%q}]}]}}]}}}`, f.room, f.start, f.long, f.title, f.abstract, f.bio)
	}
	base := file{"Talk", "About", "Hall", "09:00", "01:00", "Writes."}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		w.imports(write(base), false)
		cellar, err := w.AddRoom(w.ctx, w.community, w.event.Slug, RoomInput{Name: "Cellar"})
		w.must(err)
		a := w.agenda()
		talk, ada := a.Sessions[0], a.Speakers[0]
		edit := SessionInput{Title: "Talk", Kind: Talk, Minutes: 60, Abstract: "Edited here", SpeakerIDs: talk.SpeakerIDs}
		_, err = w.UpdateSession(w.ctx, w.community, talk.ID, 0, edit)
		w.must(err)
		_, _, err = w.Place(w.ctx, w.community, talk.ID, 0, SlotInput{cellar.ID, talk.StartsAt, talk.EndsAt})
		w.must(err)
		_, err = w.speakers.Update(w.ctx, w.community, ada.ID, 0, speakers.Input{Name: "Ada L.", Bio: "Writes here."})
		w.must(err)

		is := func(what string, wants file, room string) {
			t.Helper()
			a := w.agenda()
			s := a.Sessions[0]
			if s.Title != wants.title || s.Abstract != wants.abstract || s.StartsAt.Format("15:04") != wants.start || s.EndsAt.Sub(s.StartsAt).String() != wants.long || w.roomName(a, s.RoomID) != room || a.Speakers[0].Bio != wants.bio {
				t.Errorf("%s: %+v in %q, %q", what, s, w.roomName(a, s.RoomID), a.Speakers[0].Bio)
			}
		}
		report := w.imports(write(base), false)
		if len(report.Conflicts) != 0 || report.Unchanged.Sessions != 1 || report.Unchanged.Speakers != 1 {
			t.Errorf("the same file: %+v", report)
		}
		is("the same file", file{"Talk", "Edited here", "", "09:00", "1h0m0s", "Writes here."}, "Cellar")

		theirs := base
		theirs.title, theirs.start, theirs.bio = "Their title", "10:00", "Writes there."
		report = w.imports(write(theirs), false)
		if len(report.Conflicts) != 0 || report.Changes != (Changes{Moved: 1, Retitled: 1}) {
			t.Errorf("other fields: %+v", report)
		}
		is("what they changed alone", file{"Their title", "Edited here", "", "10:00", "1h0m0s", "Writes here."}, "Cellar")

		theirs.abstract, theirs.room = "Their abstract", "Stage"
		report = w.imports(write(theirs), true)
		if len(report.Conflicts) != 2 || report.Conflicts[0].Field != "abstract" || report.Conflicts[1].Field != "room" || report.Conflicts[1].Ours != "Cellar" || report.Conflicts[1].Theirs != "Stage" || report.Conflicts[1].Base != "Hall" {
			t.Fatalf("both: %+v", report.Conflicts)
		}
		report, err = w.Import(w.ctx, w.community, w.event.Slug, write(theirs), ImportChoices{Theirs: []string{report.Conflicts[1].Choice()}, Seen: report.Seen}, false)
		w.must(err)
		if report.Conflicts[0].Taken != "ours" || report.Conflicts[1].Taken != "theirs" {
			t.Errorf("taken: %+v", report.Conflicts)
		}
		is("one of two", file{"Their title", "Edited here", "", "10:00", "1h0m0s", "Writes here."}, "Stage")
		if again := w.imports(write(theirs), false); len(again.Conflicts) != 0 || again.Unchanged.Sessions != 1 { // what was decided is decided
			t.Errorf("once more: %+v", again)
		}

		// A slot that was taken away here stays away while the file only says so again.
		_, err = w.Unplace(w.ctx, w.community, talk.ID, 0)
		w.must(err)
		theirs.title = "Fourth title"
		report = w.imports(write(theirs), false)
		if got, _ := w.Session(w.ctx, w.community, talk.ID); got.Placed() || got.Title != "Fourth title" || len(report.Conflicts) != 0 {
			t.Errorf("unplaced here: %+v %+v", got, report.Conflicts)
		}
		theirs.start = "11:00"
		if report = w.imports(write(theirs), true); len(report.Conflicts) != 1 || report.Conflicts[0].Field != "slot" || report.Conflicts[0].Ours != "" {
			t.Errorf("moved there: %+v", report.Conflicts)
		}
		// Withdrawn here, it does not come back by itself.
		_, err = w.Withdraw(w.ctx, w.community, talk.ID, 0)
		w.must(err)
		w.imports(write(theirs), false)
		if got, _ := w.Session(w.ctx, w.community, talk.ID); got.Status != Withdrawn {
			t.Errorf("withdrawn here: %+v", got)
		}
	})
}

func (w *world) roomName(a *Agenda, id turnout.ID) string {
	for _, r := range a.Rooms {
		if r.ID == id {
			return r.Name
		}
	}
	return ""
}

// A calendar cannot say who speaks, and a list of speakers nothing of sessions: what they cannot say stays.
func TestWhatAFileCannotSayStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		w.imports([]byte(`[{"date":"2026-06-04T00:00:00","timeSlots":[],"rooms":[{"id":1,"name":"Hall","sessions":[{"id":"7","title":"Talk","startsAt":"2026-06-04T09:00:00","endsAt":"2026-06-04T10:00:00","roomId":1,"speakers":[{"id":"a","name":"Ada"}]}]}]}]`), false)
		report := w.imports([]byte(`[{"id":"a","fullName":"Ada Lovelace","tagLine":"","bio":"Writes.","sessions":[]}]`), false)
		a := w.agenda()
		if report.Removed.Sessions != 0 || report.Updated.Speakers != 1 || a.Sessions[0].Status != Confirmed || a.Speakers[0].Name != "Ada Lovelace" || a.Speakers[0].Bio != "Writes." {
			t.Errorf("speakers alone: %+v %+v", report, a.Speakers[0])
		}
		w.imports([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:7\r\nDTSTART:20260604T110000Z\r\nDTEND:20260604T120000Z\r\nSUMMARY:Talk\r\nLOCATION:Hall\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"), false)
		a = w.agenda()
		if len(a.Rooms) != 1 || len(a.Sessions) != 1 || len(a.Sessions[0].SpeakerIDs) != 1 || a.Sessions[0].StartsAt.Hour() != 11 {
			t.Errorf("a calendar: %+v", a.Sessions)
		}
	})
}
