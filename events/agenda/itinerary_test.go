package agenda

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// titles gives the titles of an itinerary's sessions in order of time, with what is said of them.
func (n *newsroom) titles(it *Itinerary) (out []string) {
	n.t.Helper()
	marked, err := n.MarkedSessions(n.ctx, n.event, it)
	n.must(err)
	for _, m := range marked {
		title := m.Title
		if m.Gone {
			title += " (gone)"
		}
		if m.Overlaps {
			title += " (overlaps)"
		}
		out = append(out, title)
	}
	return out
}

func (n *newsroom) mark(it *Itinerary, add, remove []string) *Itinerary {
	n.t.Helper()
	it, err := n.Mark(n.ctx, n.event, it, add, remove)
	n.must(err)
	return it
}

func (n *newsroom) holds(it *Itinerary, want ...string) {
	n.t.Helper()
	fresh, err := n.ItineraryBySecret(n.ctx, n.event, it.ID, it.Secret)
	n.must(err)
	if got := n.titles(fresh); !slices.Equal(got, want) {
		n.t.Errorf("it holds %q, not %q", got, want)
	}
}

// Whoever marks gets an itinerary of what is public and can be missed; its secret alone opens it, at its event alone.
func TestSessionsAreMarked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		n := newNewsroom(t, db)
		a, b, draft := n.talk("A", 0), n.talk("B", 2), n.talk("C", 4)
		lunch, err := n.AddSession(n.ctx, n.community, n.event.Slug, SessionInput{Title: "Lunch", Kind: Break, Status: Confirmed, Minutes: 60})
		n.must(err)
		n.place(lunch, 5)
		if _, err := n.Mark(n.ctx, n.event, nil, []string{a.GUID}, nil); !errors.Is(err, ErrNotReleased) {
			t.Errorf("before the schedule is public: %v", err)
		}
		_, err = n.Unplace(n.ctx, n.community, draft.ID, 0)
		n.must(err)
		n.publishes("1", true)

		it := n.mark(nil, []string{b.GUID, a.GUID, a.GUID, draft.GUID, lunch.GUID, "no such", ""}, nil)
		n.holds(it, "A", "B")
		n.mark(it, []string{a.GUID}, []string{b.GUID, "no such"})
		n.mark(it, []string{a.GUID}, []string{b.GUID})
		n.holds(it, "A")
		counts, err := Favourites(n.ctx, db.Read(), n.event)
		n.must(err)
		if len(counts) != 1 || counts[a.ID] != 1 {
			t.Errorf("counted: %v", counts)
		}

		other := n.addEvent(n.community, "Europe/Berlin", "2026-06-04 08:00", "2026-06-04 18:00")
		foreign := *n.event
		foreign.CommunityID = turnout.NewID(turnout.PrefixCommunity)
		for name, try := range map[string]struct {
			e      *events.Event
			id     turnout.ID
			secret string
		}{
			"a wrong secret":      {n.event, it.ID, it.Secret[1:] + "x"},
			"no secret":           {n.event, it.ID, ""},
			"the calendar's":      {n.event, it.ID, it.CalendarSecret},
			"another event":       {other, it.ID, it.Secret},
			"another community":   {&foreign, it.ID, it.Secret},
			"another itinerary's": {n.event, turnout.NewID(PrefixItinerary), it.Secret},
		} {
			if _, err := n.ItineraryBySecret(n.ctx, try.e, try.id, try.secret); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%s opens it: %v", name, err)
			}
		}
		if _, err := n.Mark(n.ctx, &foreign, it, nil, []string{a.GUID}); err == nil {
			t.Error("another community changes it")
		}
		n.must(n.Forget(n.ctx, it))
		n.must(n.Forget(n.ctx, it))
		if _, err := n.Mark(n.ctx, n.event, it, []string{b.GUID}, nil); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("after it is forgotten: %v", err)
		}
		if counts, err = Favourites(n.ctx, db.Read(), n.event); err != nil || len(counts) != 0 {
			t.Errorf("counted after it is forgotten: %v %v", counts, err)
		}
	})
}

// A room with fewer seats than people who marked a session is a conflict of that slot, wherever conflicts are read.
func TestAPopularSessionNeedsSeats(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		n := newNewsroom(t, db)
		a, b := n.talk("A", 0), n.talk("B", 2)
		n.publishes("1", true)
		n.mark(nil, []string{a.GUID}, nil)
		n.mark(nil, []string{a.GUID, b.GUID}, nil)
		one := int64(1)
		room, err := n.AddRoom(n.ctx, n.community, n.event.Slug, RoomInput{Name: "Closet", Capacity: &one})
		n.must(err)
		slot := SlotInput{room.ID, n.event.StartsAt, n.event.StartsAt.Add(time.Hour)}
		_, conflicts, err := n.Place(n.ctx, n.community, a.ID, 0, slot)
		n.must(err)
		if len(conflicts) != 1 || conflicts[0].Kind != CapacityShort || conflicts[0].Message != "“A” was marked by 2 people; seats in Closet: 1." {
			t.Errorf("placed: %v", conflicts)
		}
		slot.StartsAt, slot.EndsAt = slot.StartsAt.Add(2*time.Hour), slot.EndsAt.Add(2*time.Hour)
		if _, conflicts, err = n.Place(n.ctx, n.community, b.ID, 0, slot); err != nil || len(conflicts) != 0 {
			t.Errorf("placed: %v %v", conflicts, err)
		}
		all, err := n.Agenda(n.ctx, n.community, n.event.Slug)
		n.must(err)
		_, counted, err := CountAll(n.ctx, db.Read(), n.event)
		n.must(err)
		draft, err := n.Draft(n.ctx, n.community, n.event.Slug, time.Time{})
		n.must(err)
		if len(all.Conflicts()) != 1 || counted != 1 || len(draft.Conflicts()) != 1 || draft.Sessions[0].Favourites != 2 {
			t.Errorf("%v, %d counted, %v in the draft", all.Conflicts(), counted, draft.Conflicts())
		}
	})
}

// Devices that mark at the same time lose nothing of each other, also while itineraries are merged crosswise.
func TestItinerariesAreMergedWhileTheyAreMarked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		n := newNewsroom(t, db)
		var guids, titles []string
		for i := range 8 {
			s := n.talk(string(rune('A'+i)), i)
			guids, titles = append(guids, s.GUID), append(titles, s.Title)
		}
		n.publishes("1", true)
		for range 5 {
			emptied := func() *Itinerary { return n.mark(n.mark(nil, guids[:1], nil), nil, guids[:1]) }
			phone, laptop, tablet := emptied(), emptied(), emptied()
			var wg sync.WaitGroup
			for i, guid := range guids {
				wg.Go(func() {
					if _, err := n.Mark(n.ctx, n.event, []*Itinerary{phone, laptop, tablet}[i%3], []string{guid}, nil); err != nil {
						t.Error(err)
					}
				})
			}
			for _, pair := range [][2]*Itinerary{{phone, laptop}, {laptop, phone}, {tablet, phone}, {laptop, tablet}} {
				wg.Go(func() {
					if _, err := n.Merge(n.ctx, n.event, pair[0], pair[1]); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for _, it := range []*Itinerary{phone, laptop, tablet} {
				n.holds(it, titles...)
			}
		}
		counts, err := Favourites(n.ctx, db.Read(), n.event)
		n.must(err)
		for id, count := range counts {
			if count != 5 {
				t.Errorf("%s is counted %d times, not once for each of five people", id, count)
			}
		}
	})
}

// A session that is public no longer stays in an itinerary as what it was, and in its calendar as canceled, under the same id and a later revision.
func TestAMarkedSessionIsWithdrawn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		n := newNewsroom(t, db)
		a, b, c := n.talk("A", 0), n.talk("B", 2), n.talk("C", 2)
		room, err := n.AddRoom(n.ctx, n.community, n.event.Slug, RoomInput{Name: "Attic"})
		n.must(err)
		_, _, err = n.Place(n.ctx, n.community, a.ID, 0, SlotInput{room.ID, n.event.StartsAt, n.event.StartsAt.Add(time.Hour)})
		n.must(err)
		n.publishes("1", true)
		it := n.mark(nil, []string{a.GUID, b.GUID, c.GUID}, nil)
		n.holds(it, "A", "B (overlaps)", "C (overlaps)")

		calendar := func() string {
			t.Helper()
			entries, err := n.ItineraryCalendar(n.ctx, n.event, it.ID, it.CalendarSecret)
			n.must(err)
			var out bytes.Buffer
			n.must(entries.Write(&out))
			return out.String()
		}
		if text := calendar(); strings.Count(text, "BEGIN:VEVENT") != 3 || strings.Contains(text, "CANCELLED") || strings.Contains(text, "METHOD") {
			t.Errorf("the calendar: %s", text)
		}
		_, err = n.Withdraw(n.ctx, n.community, a.ID, 0)
		n.must(err)
		n.place(b, 5)
		n.publishes("2", true)
		_, err = n.UpdateSession(n.ctx, n.community, a.ID, 0, SessionInput{Title: "Not to be known", Kind: Talk, Status: Draft, Minutes: 60})
		n.must(err)
		n.holds(it, "A (gone)", "C", "B")
		text := calendar()
		entry := text[strings.Index(text, "UID:"+a.GUID):]
		entry = entry[:strings.Index(entry, "END:VEVENT")]
		for _, want := range []string{"SEQUENCE:2\r\n", "STATUS:CANCELLED", "SUMMARY:A\r\n", "LOCATION:Attic"} {
			if !strings.Contains(entry, want) {
				t.Errorf("no %q in %s", want, entry)
			}
		}
		for i := range 12 { // of which none says anything of A
			n.place(b, 5+i%2)
			n.publishes(fmt.Sprint("3.", i), true)
		}
		n.holds(it, "A (gone)", "C", "B")
		if text := calendar(); !strings.Contains(text, "UID:"+a.GUID) || strings.Count(text, "STATUS:CANCELLED") != 1 {
			t.Errorf("after many releases: %s", text)
		}
		if n.mark(it, nil, []string{a.GUID}); strings.Contains(calendar(), a.GUID) {
			t.Error("what was taken out stands in the calendar")
		}
		for _, try := range []string{it.Secret, "", it.CalendarSecret + "x"} {
			if _, err := n.ItineraryCalendar(n.ctx, n.event, it.ID, try); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("the secret %q opens the calendar: %v", try, err)
			}
		}
	})
}

// Changes are told to an address after whoever reads there said yes, once, until they say no.
func TestWhoMarkedIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		n := newNewsroom(t, db)
		a, b := n.talk("A", 0), n.talk("B", 2)
		n.publishes("1", true)
		it := n.mark(nil, []string{a.GUID, b.GUID}, nil)
		secretIn := func(text, path string) string {
			t.Helper()
			_, rest, found := strings.Cut(text, "/e/"+n.event.Slug+"/my-agenda/"+string(it.ID)+path+"?secret=")
			if !found {
				t.Fatalf("no link to %s in %s", path, text)
			}
			secret, _, _ := strings.Cut(rest, "\n")
			return strings.TrimSpace(secret)
		}
		if err := n.AskToTell(n.ctx, n.event, it, "nowhere", "en"); err == nil {
			t.Error("an address that is none was taken")
		}
		n.must(n.AskToTell(n.ctx, n.event, it, "First@example.org", "en"))
		first := n.after(time.Minute)
		n.must(n.AskToTell(n.ctx, n.event, it, "second@example.org", "en"))
		second := n.after(time.Minute)
		n.told(second, map[string][]string{"second@example.org": {"say yes"}})
		n.place(a, 2) // on B's time
		n.publishes("2", false)
		n.told(n.after(time.Hour), nil) // nobody said yes

		if err := n.Tell(n.ctx, n.event, it.ID, secretIn(first[0], "/tell")); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("the link to an address that was replaced: %v", err)
		}
		yes := secretIn(second[0], "/tell")
		n.must(n.Tell(n.ctx, n.event, it.ID, yes))
		n.must(n.Tell(n.ctx, n.event, it.ID, yes))
		n.place(a, 3)
		n.publishes("3", false)
		got := n.after(time.Hour)
		n.told(got, map[string][]string{"second@example.org": {"A\n", "Another time"}})
		n.told(n.after(time.Hour), nil)

		stop := secretIn(got[0], "/stop")
		if _, err := n.ItineraryToStop(n.ctx, n.event, it.ID, yes); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another secret stops the mails: %v", err)
		}
		found, err := n.ItineraryToStop(n.ctx, n.event, it.ID, stop)
		n.must(err)
		n.must(n.StopTelling(n.ctx, found))
		n.place(a, 4)
		n.publishes("4", false)
		n.told(n.after(time.Hour), nil)
		n.holds(it, "B", "A")

		n.must(n.AskToTell(n.ctx, n.event, it, "second@example.org", "en"))
		for _, wait := range []struct {
			until time.Time
			kept  string
		}{{n.event.EndsAt.Add(addressesKept), "second@example.org"}, {n.event.EndsAt.Add(addressesKept + time.Second), ""}} {
			n.now = wait.until
			n.must(n.forgetAddresses(n.ctx))
			if it, err = n.ItineraryBySecret(n.ctx, n.event, it.ID, it.Secret); err != nil || it.AskedEmail != wait.kept {
				t.Errorf("%s: the address is %q: %v", wait.until, it.AskedEmail, err)
			}
		}
	})
}

// A stranger cannot fill a mailbox, and does not learn that it was asked before.
func TestAnAddressIsNotAskedForEver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		n := newNewsroom(t, db)
		a := n.talk("A", 0)
		n.publishes("1", true)
		for range 6 {
			n.must(n.AskToTell(n.ctx, n.event, n.mark(nil, []string{a.GUID}, nil), "victim@example.org", "en"))
		}
		if got := n.after(time.Minute); len(got) != 3 {
			t.Errorf("%d mails within an hour", len(got))
		}
	})
}
