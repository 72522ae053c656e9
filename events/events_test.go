package events_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// clock is a time that a test sets.
type clock struct{ atomic.Pointer[time.Time] }

func (c *clock) set(at time.Time) { c.Store(&at) }
func (c *clock) now() time.Time   { return *c.Load() }

func service(t *testing.T, db *database.DB) (*events.Service, *clock) {
	t.Helper()
	for _, id := range []string{"com_a", "com_b"} {
		if _, err := db.Writer().ExecContext(t.Context(), `INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES (?0, ?1, ?0, ?2, ?2)`, id, id[4:], noon); err != nil {
			t.Fatal(err)
		}
	}
	c := new(clock)
	c.set(noon)
	return &events.Service{DB: db, Now: c.now}, c
}

func details(slug string) events.Details {
	return events.Details{
		Slug: slug, Title: "Zażółć 2026", Format: events.Hybrid, Timezone: "Europe/Warsaw", Currency: "PLN",
		StartsAt: time.Date(2026, 5, 20, 7, 0, 0, 0, time.UTC), EndsAt: time.Date(2026, 5, 21, 16, 0, 0, 0, time.UTC),
		Venue: events.Venue{Name: "Hala", City: "Kraków", Country: "pl"}, OnlineURL: "https://meet.example.org/x",
	}
}

func create(t *testing.T, s *events.Service, slug string) *events.Event {
	t.Helper()
	event, err := s.Create(t.Context(), "com_a", details(slug))
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func TestCreateAndFind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		first, second := create(t, s, "first"), create(t, s, "second")
		if first.Number != 1 || second.Number != 2 || first.Status != events.Draft || first.Version != 1 || !first.PricesIncludeTax || first.JoinOpensMinutes != 30 || first.VenueCountry != "PL" {
			t.Errorf("created %+v", first)
		}
		if first.SigningKey == second.SigningKey {
			t.Error("two events have one signing key")
		}
		if _, err := first.PrivateKey(); err != nil {
			t.Error(err)
		}
		for _, name := range []string{string(first.ID), "first"} {
			got, err := events.Find(t.Context(), db.Read(), "com_a", name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, got, cmp.Comparer(time.Time.Equal)); diff != "" {
				t.Errorf("stored and read (-want +got)\n%s", diff)
			}
			if _, err := events.Find(t.Context(), db.Read(), "com_b", name); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("another community found it: %v", err)
			}
			if _, err := events.FindPublic(t.Context(), db.Read(), name); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("a draft is public: %v", err)
			}
		}
		if e, err := events.ByNumber(t.Context(), db.Read(), 2); err != nil || e.ID != second.ID {
			t.Errorf("by number: %+v, %v", e, err)
		}
		if n, err := db.Read().NewSelect().Table("event_totals").Where("community_id = 'com_a'").Count(t.Context()); err != nil || n != 2 {
			t.Errorf("%d totals, %v", n, err)
		}
		entries, err := audit.List(t.Context(), db.Read(), "com_a", first.ID, "", 10)
		if err != nil || len(entries) != 1 || entries[0].Action != "event.created" {
			t.Errorf("audit %+v, %v", entries, err)
		}
	})
}

func TestCreateNamesEveryProblem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		far := int64(2000)
		for field, spoil := range map[string]func(*events.Details){
			"slug":               func(d *events.Details) { d.Slug = "Not A Slug" },
			"title":              func(d *events.Details) { d.Title = "  " },
			"summary":            func(d *events.Details) { d.Summary = strings.Repeat("ü", 501) },
			"format":             func(d *events.Details) { d.Format = "carrier_pigeon" },
			"timezone":           func(d *events.Details) { d.Timezone = "Local" },
			"starts_at":          func(d *events.Details) { d.StartsAt = time.Time{} },
			"ends_at":            func(d *events.Details) { d.EndsAt = d.StartsAt },
			"currency":           func(d *events.Details) { d.Currency = "XAU" },
			"venue.country":      func(d *events.Details) { d.Venue.Country = "ZZ" },
			"online_url":         func(d *events.Details) { d.OnlineURL = "javascript:alert(1)" },
			"join_opens_minutes": func(d *events.Details) { d.JoinOpensMinutes = &far },
			"accent":             func(d *events.Details) { d.Accent = "red" },
			"group_id":           func(d *events.Details) { d.GroupID = "grp_none" },
		} {
			d := details("fine")
			spoil(&d)
			_, err := s.Create(t.Context(), "com_a", d)
			e, ok := errors.AsType[*turnout.Error](err)
			if !ok || e.Kind != turnout.Invalid || len(e.Fields) != 1 || e.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := s.Create(t.Context(), "com_nobody", details("fine")); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("unknown community: %v", err)
		}
	})
}

// Twenty organisers want one address at once: one has it, the others are told, and the numbers have no gap.
func TestOneSlugAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		var won, lost atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				_, err := s.Create(context.Background(), turnout.ID([]string{"com_a", "com_b"}[i%2]), details("wanted"))
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, events.ErrSlugTaken):
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != 19 {
			t.Errorf("%d won, %d lost", won.Load(), lost.Load())
		}
		if next := create(t, s, "next"); next.Number != 2 {
			t.Errorf("the next number is %d, want 2", next.Number)
		}
	})
}

func TestStatuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, clock := service(t, db)
		steps := map[string]func(slug string) error{
			"publish": func(slug string) error { _, err := s.Publish(t.Context(), "com_a", slug, 0); return err },
			"cancel":  func(slug string) error { _, err := s.Cancel(t.Context(), "com_a", slug, 0); return err },
			"end": func(string) error {
				clock.set(noon.AddDate(1, 0, 0))
				defer clock.set(noon)
				_, err := s.EndPast(t.Context())
				return err
			},
		}
		for i, tt := range []struct {
			path   string
			want   events.Status
			fails  bool
			public bool
			sale   error
		}{
			{"", events.Draft, false, false, turnout.ErrNotFound},
			{"publish", events.Published, false, true, nil},
			{"publish publish", events.Published, true, true, nil},
			{"cancel", events.Canceled, false, false, turnout.ErrNotFound},
			{"publish cancel", events.Canceled, false, true, events.ErrCanceled},
			{"publish end", events.Ended, false, true, events.ErrEnded},
			{"end", events.Draft, false, false, turnout.ErrNotFound},
			{"cancel publish", events.Canceled, true, false, turnout.ErrNotFound},
			{"publish cancel cancel", events.Canceled, true, true, events.ErrCanceled},
			{"publish end cancel", events.Ended, true, true, events.ErrEnded},
			{"publish end publish", events.Ended, true, true, events.ErrEnded},
		} {
			slug := fmt.Sprintf("event-%d", i)
			event := create(t, s, slug)
			var err error
			for step := range strings.FieldsSeq(tt.path) {
				err = steps[step](slug)
			}
			if tt.fails != errors.Is(err, events.ErrTransition) || !tt.fails && err != nil {
				t.Errorf("%q: %v", tt.path, err)
			}
			got, err := events.Find(t.Context(), db.Read(), "com_a", slug)
			if err != nil || got.Status != tt.want || got.Public() != tt.public {
				t.Errorf("%q: %s, public %v, %v", tt.path, got.Status, got.Public(), err)
			}
			if _, err := events.FindPublic(t.Context(), db.Read(), slug); (err == nil) != tt.public {
				t.Errorf("%q: public page: %v", tt.path, err)
			}
			if _, err := events.ForSale(t.Context(), db.Read(), event.ID); !errors.Is(err, tt.sale) {
				t.Errorf("%q: for sale: %v, want %v", tt.path, err, tt.sale)
			}
		}
	})
}

func TestEndPastOnlyEndsWhatIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, clock := service(t, db)
		event := create(t, s, "one")
		if _, err := s.Publish(t.Context(), "com_a", "one", 0); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			at   time.Time
			want int
		}{{event.EndsAt.Add(-time.Microsecond), 0}, {event.EndsAt, 1}, {event.EndsAt, 0}} {
			clock.set(tt.at)
			if n, err := s.EndPast(t.Context()); err != nil || n != tt.want {
				t.Errorf("at %v: %d, %v; want %d", tt.at, n, err, tt.want)
			}
		}
	})
}

func TestPatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		create(t, s, "one")
		create(t, s, "two")
		title, taken, zone, yen := "New", "two", "America/New_York", "JPY"
		got, err := s.Patch(t.Context(), "com_a", "one", 1, events.Patch{Title: &title})
		if err != nil || got.Title != "New" || got.Version != 2 || got.Slug != "one" || got.OnlineURL == "" {
			t.Fatalf("%+v, %v", got, err)
		}
		if _, err := s.Patch(t.Context(), "com_a", "one", 1, events.Patch{Title: &title}); !errors.Is(err, turnout.ErrStale) {
			t.Errorf("an edit of what was changed meanwhile: %v", err)
		}
		if _, err := s.Patch(t.Context(), "com_b", "one", 0, events.Patch{Title: &title}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		if _, err := s.Patch(t.Context(), "com_a", "one", 0, events.Patch{Slug: &taken}); !errors.Is(err, events.ErrSlugTaken) {
			t.Errorf("a slug that is taken: %v", err)
		}
		var told bool
		s.Rezoned = append(s.Rezoned, func(_ context.Context, _ bun.IDB, before, after *events.Event) error {
			told = before.Timezone == "Europe/Warsaw" && after.Timezone == zone
			return nil
		})
		before, after, err := s.Preview(t.Context(), "com_a", "one", events.Patch{Timezone: &zone})
		if err != nil || before.Timezone != "Europe/Warsaw" || after.Timezone != zone || told {
			t.Errorf("preview %v, %v", after, err)
		}
		got, err = s.Patch(t.Context(), "com_a", "one", 0, events.Patch{Timezone: &zone})
		if want := time.Date(2026, 5, 20, 13, 0, 0, 0, time.UTC); err != nil || !got.StartsAt.Equal(want) || !after.StartsAt.Equal(want) || !told {
			t.Errorf("9:00 in Warsaw became %v, %v; want 9:00 in New York", got.StartsAt, err)
		}
		if got, err = s.Patch(t.Context(), "com_a", "one", 0, events.Patch{Currency: &yen}); err != nil || got.Currency != "JPY" {
			t.Errorf("no orders yet: %v", err)
		}
		sell(t, db, got)
		zloty := "PLN"
		if _, err = s.Patch(t.Context(), "com_a", "one", 0, events.Patch{Currency: &zloty}); !errors.Is(err, events.ErrCurrency) {
			t.Errorf("the currency of sold tickets: %v", err)
		}
		if stored, err := events.Find(t.Context(), db.Read(), "com_a", "one"); err != nil || stored.Currency != "JPY" || stored.Version != got.Version {
			t.Errorf("a refused edit left %+v, %v", stored, err)
		}
	})
}

// sell places an order by hand.
func sell(t *testing.T, db *database.DB, event *events.Event) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO persons (id, community_id, name, created_at, updated_at) VALUES ('per_x', 'com_a', '', ?0, ?0)`,
		`INSERT INTO orders (id, community_id, event_id, number, status, person_id, buyer_name, buyer_email, currency, total, expires_at, created_at, updated_at)
		 VALUES ('ord_x', 'com_a', ?1, 1, 'held', 'per_x', '', '', 'JPY', 0, ?0, ?0, ?0)`,
	} {
		if _, err := db.Writer().ExecContext(t.Context(), sql, noon, event.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// Twenty edits of different fields at once: none is lost, each counts in the version.
func TestPatchesAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		create(t, s, "one")
		var wg sync.WaitGroup
		var stale atomic.Int64
		for i := range 20 {
			wg.Go(func() {
				text, patch, version := fmt.Sprint("edit ", i), events.Patch{}, int64(0)
				if i%2 == 0 {
					patch.Summary = &text
				} else {
					patch.Description, version = &text, 1
				}
				if _, err := s.Patch(context.Background(), "com_a", "one", version, patch); errors.Is(err, turnout.ErrStale) {
					stale.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		event, err := events.Find(t.Context(), db.Read(), "com_a", "one")
		if err != nil || stale.Load() < 9 || event.Version != 21-stale.Load() || event.Summary == "" {
			t.Errorf("version %d after %d stale edits, %v", event.Version, stale.Load(), err)
		}
	})
}

func TestClone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		from := create(t, s, "one")
		if _, err := s.Publish(t.Context(), "com_a", "one", 0); err != nil {
			t.Fatal(err)
		}
		var copied *events.Event
		s.Cloned = append(s.Cloned, func(ctx context.Context, tx bun.IDB, _, to *events.Event) error {
			copied = to
			_, err := events.Find(ctx, tx, "com_a", string(to.ID))
			return err
		})
		// From summer into the day before the clocks change: the second day is 24 h later on the wall, 25 h in truth.
		start := time.Date(2026, 10, 24, 7, 0, 0, 0, time.UTC)
		to, err := s.Clone(t.Context(), "com_a", "one", events.Clone{Slug: "again", StartsAt: start})
		if err != nil {
			t.Fatal(err)
		}
		if want := time.Date(2026, 10, 25, 17, 0, 0, 0, time.UTC); !to.StartsAt.Equal(start) || !to.EndsAt.Equal(want) {
			t.Errorf("%v to %v, want the end at %v (18:00 on the wall)", to.StartsAt, to.EndsAt, want)
		}
		if to.Status != events.Draft || to.Public() || to.Number == from.Number || to.SigningKey == from.SigningKey || to.ID == from.ID || to.Version != 1 || to.Title != from.Title || copied != to && copied.ID != to.ID {
			t.Errorf("the clone is %+v", to)
		}
		if _, err := s.Clone(t.Context(), "com_a", "one", events.Clone{Slug: "again", StartsAt: start}); !errors.Is(err, events.ErrSlugTaken) {
			t.Errorf("a slug that is taken: %v", err)
		}
		if _, err := s.Clone(t.Context(), "com_b", "one", events.Clone{Slug: "mine", StartsAt: start}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community's event: %v", err)
		}
		s.Cloned = append(s.Cloned, func(context.Context, bun.IDB, *events.Event, *events.Event) error { return errors.New("no") })
		if _, err := s.Clone(t.Context(), "com_a", "one", events.Clone{Slug: "half", StartsAt: start}); err == nil {
			t.Error("half a clone was made")
		}
		if _, err := events.Find(t.Context(), db.Read(), "com_a", "half"); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("half a clone stayed: %v", err)
		}
	})
}

func TestListsPageByPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		var want []string
		for i := range 7 {
			d := details(fmt.Sprintf("event-%d", i))
			d.StartsAt = d.StartsAt.Add(time.Duration(i/2) * time.Microsecond) // pairs begin together
			if _, err := s.Create(t.Context(), "com_a", d); err != nil {
				t.Fatal(err)
			}
			want = append([]string{d.Slug}, want...)
		}
		if _, err := s.Create(t.Context(), "com_b", details("theirs")); err != nil {
			t.Fatal(err)
		}
		for _, slug := range []string{"event-1", "theirs"} {
			community := turnout.ID("com_a")
			if slug == "theirs" {
				community = "com_b"
			}
			if _, err := s.Publish(t.Context(), community, slug, 0); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			filter events.Filter
			want   []string
		}{
			{events.Filter{Community: "com_a", Limit: 3}, want},
			{events.Filter{Community: "com_a", Limit: 7}, want},
			{events.Filter{Community: "com_a", Statuses: []events.Status{events.Published, events.Ended}}, []string{"event-1"}},
			{events.Filter{Limit: 1, Statuses: []events.Status{events.Draft}}, []string{"theirs", "event-1"}},
		} {
			var got []string
			for page := 0; page < 9; page++ {
				list, next, err := events.List(t.Context(), db.Read(), tt.filter)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range list {
					got = append(got, e.Slug)
				}
				if tt.filter.Cursor = next; next == "" {
					break
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%+v lists %v, want %v", tt.filter, got, tt.want)
			}
		}
		for _, cursor := range []string{"x", "!", "MjAyNi0wMS0wMQ"} {
			if _, _, err := events.List(t.Context(), db.Read(), events.Filter{Community: "com_a", Cursor: cursor}); !errors.Is(err, events.ErrCursor) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
	})
}

func TestHomeAndCalendar(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, clock := service(t, db)
		for slug, days := range map[string]int{"old": -400, "past": -10, "next": 5, "later": 50, "off": 20, "draft": 7, "never": 8} {
			d := details(slug)
			d.StartsAt, d.EndsAt = noon.AddDate(0, 0, days), noon.AddDate(0, 0, days+1)
			if _, err := s.Create(t.Context(), "com_a", d); err != nil {
				t.Fatal(err)
			}
			if slug != "draft" && slug != "never" {
				if _, err := s.Publish(t.Context(), "com_a", slug, 0); err != nil {
					t.Fatal(err)
				}
			}
			if slug == "off" || slug == "never" {
				if _, err := s.Cancel(t.Context(), "com_a", slug, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := s.EndPast(t.Context()); err != nil {
			t.Fatal(err)
		}
		slugs := func(list []events.Event) (slugs []string) {
			for _, e := range list {
				slugs = append(slugs, e.Slug)
			}
			return slugs
		}
		home, err := events.FindHome(t.Context(), db.Read(), "a", clock.now())
		if err != nil || home.Community.ID != "com_a" || !slices.Equal(slugs(home.Upcoming), []string{"next", "off", "later"}) || !slices.Equal(slugs(home.Past), []string{"past", "old"}) {
			t.Errorf("upcoming %v, past %v, %v", slugs(home.Upcoming), slugs(home.Past), err)
		}
		_, calendar, err := events.Calendar(t.Context(), db.Read(), "a", clock.now())
		if err != nil || !slices.Equal(slugs(calendar), []string{"past", "next", "off", "later"}) {
			t.Errorf("the calendar has %v, %v", slugs(calendar), err)
		}
		if _, _, err := events.Calendar(t.Context(), db.Read(), "nobody", clock.now()); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("no such community: %v", err)
		}
	})
}

func TestCover(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		create(t, s, "one")
		event, err := s.SetCover(t.Context(), "com_a", "one", 0, picture(t, 2000, 1000))
		if err != nil {
			t.Fatal(err)
		}
		for i, width := range events.CoverWidths {
			name := blobs.Variant(event.CoverHash, width)
			if i == 0 {
				name = event.CoverHash
			}
			if b, err := blobs.Find(t.Context(), db.Read(), name); err != nil || b.ContentType != "image/jpeg" {
				t.Errorf("%d pixels: %v", width, err)
			}
		}
		if _, err := s.SetCover(t.Context(), "com_a", "one", 0, []byte("<svg/>")); err == nil {
			t.Error("active content became a cover")
		}
		if event, err = s.DropCover(t.Context(), "com_a", "one", event.Version); err != nil || event.CoverHash != "" {
			t.Errorf("dropped: %q, %v", event.CoverHash, err)
		}
	})
}

func TestSlugs(t *testing.T) {
	for title, want := range map[string]string{
		"Größe & Maß 2026":           "grosse-mass-2026",
		"  Łódź — Konferencja!  ":    "lodz-konferencja",
		"FOSDEM":                     "fosdem",
		"Митап":                      "event",
		"🎉":                          "event",
		"Go 大会 2026":                 "go-2026",
		"X":                          "event",
		strings.Repeat("word ", 40):  strings.TrimSuffix(strings.Repeat("word-", 14), "-"),
		strings.Repeat("longer", 40): strings.Repeat("longer", 40)[:64],
	} {
		if got := events.Slugify(title); got != want {
			t.Errorf("%q became %q, want %q", title, got, want)
		}
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		for _, want := range []string{"go-conf", "go-conf-2", "go-conf-3"} {
			slug, err := s.SuggestSlug(t.Context(), "Go Conf")
			if err != nil || slug != want {
				t.Errorf("suggested %q, %v; want %q", slug, err, want)
			}
			create(t, s, slug)
		}
	})
}
