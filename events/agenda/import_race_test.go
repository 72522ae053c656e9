package agenda

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"turnout"
	"turnout/events"
	"turnout/internal/dbtest"
)

// fileOf is a schedule of the sessions from first to last, with a room for every five of them and a speaker for every three.
func fileOf(version string, first, last int) []byte {
	var out strings.Builder
	out.WriteString("<schedule>")
	for n := first; n <= last; n++ {
		fmt.Fprintf(&out, `<event id="%d"><date>2026-06-04T%02d:00:00Z</date><duration>01:00</duration><room>%s %d</room><title>%s %d</title><persons><person id="%d">%s %d</person></persons></event>`,
			n, 8+n%5, version, n/5, version, n, n/3, version, n/3)
	}
	out.WriteString("</schedule>")
	return []byte(out.String())
}

// said is what an event's agenda says, without ids and times of writing.
func (w *world) said(e *events.Event) string {
	w.t.Helper()
	a, err := w.Agenda(w.ctx, w.community, string(e.ID))
	w.must(err)
	names := map[turnout.ID]string{}
	var lines []string
	for _, r := range a.Rooms {
		names[r.ID] = r.Name
		lines = append(lines, "room "+r.Name)
	}
	for _, s := range a.Speakers {
		names[s.ID] = s.Name
		lines = append(lines, "speaker "+s.Name)
	}
	for _, s := range a.Sessions {
		line := fmt.Sprintf("session %s %s %s %q %v", s.ExternalKey, s.Title, s.Status, names[s.RoomID], s.StartsAt)
		for _, id := range s.SpeakerIDs {
			line += " " + names[id]
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Two organisers import different schedules at the same moment, at two servers: the second's import comes after the first's, as if
// they had waited for each other, and nothing of both stands mixed.
func TestTwoImportsAtOnceAreOneAfterTheOther(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			w := newWorld(t, dbtest.Handle(t, address), "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
			servers := []*Service{w.Service, {DB: dbtest.Handle(t, address), Now: w.Now}}
			files := [][]byte{fileOf("A", 1, 60), fileOf("B", 31, 90)}
			event := func() *events.Event { return w.addEvent(w.community, "UTC", "2026-06-04 08:00", "2026-06-04 18:00") }
			bring := func(e *events.Event, i int) {
				if _, err := servers[i].Import(w.ctx, w.community, string(e.ID), files[i], ImportChoices{}, false); err != nil {
					t.Error(err)
				}
			}
			orders := map[string]string{}
			for _, first := range []int{0, 1} {
				e := event()
				bring(e, first)
				bring(e, 1-first)
				orders[w.said(e)] = []string{"A, then B", "B, then A"}[first]
			}
			if len(orders) != 2 {
				t.Fatal("both orders end alike: this test cannot fail")
			}
			for range 8 {
				e := event()
				dbtest.Together(2, func(i int) { bring(e, i) })
				if said := w.said(e); orders[said] == "" {
					t.Fatalf("neither order:\n%s", said)
				}
			}
		})
	}
}
