package agenda

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"turnout"
	"turnout/events"
	"turnout/events/speakers"
	"turnout/internal/database"
)

// realData is the folder of published schedules beside the repository.
const realData = "../../../shared/real-data"

func realFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(realData, name))
	if os.IsNotExist(err) {
		t.Skipf("%s is not on this machine; it belongs into shared/real-data beside the repository", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const (
	december = "schedules/fosdem-2025.2024-12-22.schedule.xml"
	final    = "schedules/fosdem-2025.schedule.xml"
)

// world is a community with one event, and the services on it.
type world struct {
	*Service
	t         *testing.T
	ctx       context.Context
	community turnout.ID
	event     *events.Event
	speakers  *speakers.Service
}

var (
	clock   = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	numbers atomic.Int64
)

func newWorld(t *testing.T, db *database.DB, zone string, starts, ends string) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), community: turnout.NewID(turnout.PrefixCommunity)}
	w.Service = &Service{DB: db, Now: func() time.Time { return clock }}
	w.speakers = &speakers.Service{DB: db, Now: w.Now}
	w.addCommunity(w.community)
	w.event = w.addEvent(w.community, zone, starts, ends)
	return w
}

func (w *world) addCommunity(id turnout.ID) {
	w.t.Helper()
	_, err := w.DB.Writer().NewInsert().Model(&map[string]any{"id": id, "slug": id, "name": "Community", "created_at": clock, "updated_at": clock}).
		TableExpr("communities").Exec(w.ctx)
	w.must(err)
}

func (w *world) addEvent(community turnout.ID, zone, starts, ends string) *events.Event {
	w.t.Helper()
	location, err := time.LoadLocation(zone)
	w.must(err)
	from, err := time.ParseInLocation("2006-01-02 15:04", starts, location)
	w.must(err)
	to, err := time.ParseInLocation("2006-01-02 15:04", ends, location)
	w.must(err)
	id := turnout.NewID(turnout.PrefixEvent)
	e := &events.Event{ID: id, CommunityID: community, Number: numbers.Add(1), Slug: "event-" + string(id[4:]), Title: "Event", Format: events.InPerson,
		Status: events.Published, Timezone: zone, StartsAt: from.UTC(), EndsAt: to.UTC(), Currency: "EUR", SigningKey: "x", Version: 1, CreatedAt: clock, UpdatedAt: clock}
	_, err = w.DB.Writer().NewInsert().Model(e).Exec(w.ctx)
	w.must(err)
	return e
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) agenda() *Agenda {
	w.t.Helper()
	a, err := w.Agenda(w.ctx, w.community, string(w.event.ID))
	w.must(err)
	return a
}

func (w *world) conflicts() []Conflict {
	w.t.Helper()
	all, err := w.Conflicts(w.ctx, w.community, string(w.event.ID))
	w.must(err)
	if _, n, err := CountAll(w.ctx, w.DB.Read(), w.event); n != len(all) || err != nil {
		w.t.Errorf("%d conflicts are counted, %d listed, %v", n, len(all), err)
	}
	return all
}

func countKinds(all []Conflict) map[ConflictKind]int {
	n := map[ConflictKind]int{}
	for _, c := range all {
		n[c.Kind]++
	}
	return n
}

func at(t testing.TB, clock string) time.Time {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04", clock)
	if err != nil {
		t.Fatal(err)
	}
	return when
}
