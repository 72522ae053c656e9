package agenda

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"turnout/events/agenda/exchange"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func (w *world) release(version string) *Release {
	w.t.Helper()
	r, err := w.Release(w.ctx, w.community, w.event.Slug, ReleaseInput{Version: version, Note: "note"})
	w.must(err)
	return r
}

func (w *world) public() *exchange.Schedule {
	w.t.Helper()
	s, _, err := w.Schedule(w.ctx, w.event)
	w.must(err)
	return s
}

func TestTheDraftIsNotPublicUntilItIsReleased(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Brussels", "2026-06-04 08:00", "2026-06-04 18:00")
		if _, _, err := w.Schedule(w.ctx, w.event); !errors.Is(err, ErrNotReleased) {
			t.Errorf("before the first release: %v", err)
		}
		if _, err := w.Release(w.ctx, w.community, w.event.Slug, ReleaseInput{Version: "0"}); !errors.Is(err, ErrNothing) {
			t.Errorf("an empty agenda: %v", err)
		}
		start := w.event.StartsAt
		var ids [3]*Session
		for i, status := range []Status{Confirmed, Draft, Confirmed} {
			s, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: "S" + string(rune('0'+i)), Kind: Talk, Status: status, Minutes: 60})
			w.must(err)
			_, _, err = w.Place(w.ctx, w.community, s.ID, 0, SlotInput{"", start.Add(time.Duration(i) * time.Hour), start.Add(time.Duration(i+1) * time.Hour)})
			w.must(err)
			ids[i] = s
		}
		first := w.release("1.0")
		if first.Number != 1 || first.Changes.Added != 2 || len(first.Changes.Sessions) != 0 {
			t.Errorf("first release %+v", first)
		}
		if got := w.public(); len(got.Sessions) != 2 || got.Version != "1.0" || got.Sessions[0].Key != ids[0].GUID {
			t.Errorf("public: %+v", got)
		}
		_, _, err := w.Place(w.ctx, w.community, ids[0].ID, 0, SlotInput{"", start.Add(4 * time.Hour), start.Add(5 * time.Hour)})
		w.must(err)
		_, err = w.Withdraw(w.ctx, w.community, ids[2].ID, 0)
		w.must(err)
		if got := w.public(); !got.Sessions[0].Start.Equal(start) || len(got.Sessions) != 2 {
			t.Error("the working draft shows through")
		}
		preview, err := w.PreviewRelease(w.ctx, w.community, w.event.Slug)
		w.must(err)
		if preview.Moved != 1 || preview.Removed != 1 || preview.Added != 0 {
			t.Errorf("preview %+v", preview)
		}
		if _, err := w.Release(w.ctx, w.community, w.event.Slug, ReleaseInput{Version: "1.0"}); !errors.Is(err, ErrVersionTaken) {
			t.Errorf("the same version again: %v", err)
		}
		second := w.release("1.1")
		slot := func(hours int) *ChangedSlot {
			return &ChangedSlot{StartsAt: start.Add(time.Duration(hours) * time.Hour), EndsAt: start.Add(time.Duration(hours+1) * time.Hour)}
		}
		want := []ChangedItem{{ids[0].GUID, "S0", []string{"moved"}, slot(0), slot(4)}, {ids[2].GUID, "S2", []string{"removed"}, slot(2), nil}}
		if a, b := asJSON(t, second.Changes.Sessions), asJSON(t, want); a != b || second.Number != 2 {
			t.Errorf("got %s want %s", a, b)
		}
		got := w.public()
		if len(got.Sessions) != 1 || got.Sessions[0].Revision != 2 || got.Sessions[0].Key != ids[0].GUID {
			t.Errorf("public after the second: %+v", got.Sessions)
		}
		all, err := w.Releases(w.ctx, w.community, w.event.Slug)
		w.must(err)
		if len(all) != 2 || all[0].Version != "1.1" || all[1].Note != "note" {
			t.Errorf("releases %+v", all)
		}
	})
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFOSDEMIsReleasedTwice(t *testing.T) {
	older, newer := realFile(t, december), realFile(t, final)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Brussels", "2025-02-01 09:00", "2025-02-02 18:30")
		w.imports(older, false)
		w.release("December")
		december := w.public()
		w.imports(newer, false)
		begun := time.Now()
		got := w.release("final").Changes
		t.Logf("%s: released in %s", db.Engine, time.Since(begun).Round(time.Millisecond))
		if got.Added != 236 || got.Removed != 35 || got.Unchanged != 692 || got.Changes != (Changes{Moved: 70, Rerooms: 25, Retitled: 36, Resized: 32, Speakers: 68}) {
			t.Errorf("changes %+v", got)
		}
		fresh := &Service{DB: db, Now: w.Now} // nothing kept in memory
		begun = time.Now()
		public, release, err := fresh.Schedule(w.ctx, w.event)
		w.must(err)
		cold := time.Since(begun)
		begun = time.Now()
		_, _, err = fresh.Schedule(w.ctx, w.event)
		w.must(err)
		t.Logf("%s: public schedule read in %s, then in %s", db.Engine, cold.Round(time.Millisecond), time.Since(begun).Round(time.Microsecond))
		if len(public.Sessions) != 1105 || release.Version != "final" {
			t.Errorf("%d sessions in %s", len(public.Sessions), release.Version)
		}
		w.checkUIDs(december, public)
		w.checkExports(public)
	})
}

// checkUIDs: calendars know sessions by UID and take a change when SEQUENCE rises.
func (w *world) checkUIDs(before, after *exchange.Schedule) {
	w.t.Helper()
	old := map[string]exchange.Session{}
	for _, s := range before.Sessions {
		old[before.GUID(s)] = s
	}
	kept, raised := 0, 0
	for _, s := range after.Sessions {
		o, ok := old[after.GUID(s)]
		if !ok {
			continue
		}
		kept++
		if s.Revision > o.Revision {
			raised++
		} else if !s.Start.Equal(o.Start) || s.Room != o.Room || s.Title != o.Title {
			w.t.Errorf("%q changed without a new revision", s.Title)
		}
	}
	if kept != 869 || raised < 177 || raised == kept {
		w.t.Errorf("%d kept, %d with a new revision", kept, raised)
	}
}

// checkExports: the three public files hold the release and read back as it.
func (w *world) checkExports(s *exchange.Schedule) {
	w.t.Helper()
	var xml, js, ics bytes.Buffer
	w.must(exchange.WriteXML(&xml, s))
	w.must(exchange.WriteJSON(&js, s))
	w.must(exchange.WriteICS(&ics, s, clock))
	back, warnings, err := exchange.Read(xml.Bytes(), exchange.Options{})
	w.must(err)
	if len(back.Sessions) != 1105 || len(back.People) != 1193 || len(warnings) != 0 {
		w.t.Errorf("XML holds %d sessions, %d people, warnings %v", len(back.Sessions), len(back.People), warnings)
	}
	guids := func(s *exchange.Schedule) []string {
		var all []string
		for _, x := range s.Sessions {
			all = append(all, s.GUID(x))
		}
		return slices.Sorted(slices.Values(all))
	}
	if !slices.Equal(guids(back), guids(s)) {
		w.t.Error("the GUIDs changed on the way")
	}
	if n := strings.Count(js.String(), `"guid":"`+s.GUID(s.Sessions[0])); n != 1 {
		w.t.Errorf("JSON holds the first session %d times", n)
	}
	if n := strings.Count(ics.String(), "BEGIN:VEVENT"); n != 1105 {
		w.t.Errorf("the calendar holds %d entries", n)
	}
}

// told is what a file says of a session, whatever it calls rooms and people.
type told struct {
	Title, Subtitle, Abstract, Description, Kind, Type, Language, Track, Room, URL string
	Number                                                                         int64
	Start                                                                          time.Time
	Length                                                                         time.Duration
	Speakers                                                                       []string
	Links                                                                          []exchange.Link
}

// tell sorts what a schedule says by GUID.
func tell(s *exchange.Schedule) map[string]told {
	rooms, people := map[string]string{}, map[string]string{}
	for _, r := range s.Rooms {
		rooms[r.Key] = r.Name
	}
	for _, p := range s.People {
		people[p.Key] = p.Name
	}
	all := map[string]told{}
	for _, x := range s.Sessions {
		one := told{Title: x.Title, Subtitle: x.Subtitle, Abstract: x.Abstract, Description: x.Description, Kind: x.Kind, Type: x.Type, Language: x.Language,
			Track: x.Track, Room: rooms[x.Room], URL: x.URL, Number: x.Number, Start: x.Start.UTC(), Length: x.Length, Links: append([]exchange.Link{}, x.Links...)}
		for _, key := range x.Speakers {
			one.Speakers = append(one.Speakers, people[key])
		}
		all[s.GUID(x)] = one
	}
	return all
}

// What FOSDEM's file says of its sessions stands in our files again: links, attachments, types and numbers too.
func TestFOSDEMComesBackFromOurFiles(t *testing.T) {
	data := realFile(t, final)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Brussels", "2025-02-01 09:00", "2025-02-02 18:30")
		source, _, err := exchange.Read(data, exchange.Options{Zone: w.event.Location()})
		w.must(err)
		w.imports(data, false)
		w.release("1.0")
		var file bytes.Buffer
		w.must(exchange.WriteXML(&file, w.public()))
		back, _, err := exchange.Read(file.Bytes(), exchange.Options{Zone: w.event.Location()})
		w.must(err)
		want, got := tell(source), tell(back)
		links, files, numbers, types := 0, 0, map[int64]bool{}, map[string]bool{}
		for guid, s := range want {
			if diff := cmp.Diff(s, got[guid]); diff != "" {
				t.Errorf("%s: %s", guid, diff)
			}
			for _, l := range s.Links {
				if links++; l.File {
					files++
				}
			}
			numbers[s.Number], types[s.Type] = true, true
		}
		if len(want) != 1105 || len(got) != 1105 || links < 1105 || files == 0 || len(numbers) != 1105 || len(types) < 2 {
			t.Errorf("%d and %d sessions, %d links, %d of them files, %d numbers, %d types: the comparison shows nothing", len(want), len(got), links, files, len(numbers), len(types))
		}
		w.checkJSON(want)
	})
}

// checkJSON: the JSON file names the same links, types and numbers.
func (w *world) checkJSON(want map[string]told) {
	w.t.Helper()
	var out bytes.Buffer
	w.must(exchange.WriteJSON(&out, w.public()))
	type link struct{ URL string }
	var file struct {
		Schedule struct {
			Conference struct {
				Days []struct {
					Rooms map[string][]struct {
						GUID, Type         string
						ID                 int64
						Links, Attachments []link
					}
				}
			}
		}
	}
	w.must(json.Unmarshal(out.Bytes(), &file))
	n := 0
	for _, day := range file.Schedule.Conference.Days {
		for _, room := range day.Rooms {
			for _, s := range room {
				n++
				if o := want[s.GUID]; s.Type != o.Type || s.ID != o.Number || len(s.Links)+len(s.Attachments) != len(o.Links) {
					w.t.Errorf("%s in JSON: %+v, want %+v", s.GUID, s, o)
				}
			}
		}
	}
	if n != len(want) {
		w.t.Errorf("%d sessions in JSON, want %d", n, len(want))
	}
}
