package community_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout/community"
	"turnout/events/people"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestActivitiesCountOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		again := message("ann@example.org", "m1")
		again.Source = " Slack " // the same source, written otherwise
		elsewhere := message("ann@example.org", "m1")
		elsewhere.Source = "github"
		for _, tt := range []struct {
			name                 string
			items                []community.ActivityReport
			accepted, duplicates int64
		}{
			{"nothing", nil, 0, 0},
			{"two, one repeated in the call", []community.ActivityReport{message("ann@example.org", "m1"), message("bo@example.org", "m2"), again}, 2, 1},
			{"the same call again", []community.ActivityReport{message("ann@example.org", "m1"), message("bo@example.org", "m2"), again}, 0, 3},
			{"the same id from another source, and one known", []community.ActivityReport{elsewhere, message("cy@example.org", "m2")}, 1, 1},
		} {
			got, err := s.RecordActivities(t.Context(), home, tt.items)
			if err != nil {
				t.Fatal(tt.name, err)
			}
			if got.Accepted != tt.accepted || got.Duplicates != tt.duplicates || len(got.Rejected) != 0 {
				t.Errorf("%s: %+v", tt.name, got)
			}
		}
		if got, err := s.RecordActivities(t.Context(), other, []community.ActivityReport{message("ann@example.org", "m1")}); err != nil || got.Accepted != 1 {
			t.Errorf("another community's ids are its own: %+v, %v", got, err)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM persons WHERE community_id = ?`, home); n != 2 {
			t.Errorf("%d persons, want ann and bo: a duplicate makes nobody", n)
		}
	})
}

func TestPeopleAreJoinedByEmailAndIdentity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		contacts := []people.Contact{
			{Email: "Ann@Example.org"},
			{Email: " ann@example.org ", Source: "github", Handle: "AnnG"},
			{Source: "GitHub", Handle: "@anng"},
			{Source: "email", Handle: "ann@EXAMPLE.org"},
			{Source: "slack", Handle: "anng"}, // the same handle elsewhere is somebody else
		}
		var items []community.ActivityReport
		for i, c := range contacts {
			item := message("", strings.Repeat("x", i+1))
			item.Person = c
			items = append(items, item)
		}
		if got, err := s.RecordActivities(t.Context(), home, items); err != nil || got.Accepted != 5 {
			t.Fatalf("%+v, %v", got, err)
		}
		var perPerson []int64
		if err := db.Read().NewRaw(`SELECT COUNT(*) FROM activities GROUP BY person_id ORDER BY 1`).Scan(t.Context(), &perPerson); err != nil {
			t.Fatal(err)
		}
		if len(perPerson) != 2 || perPerson[0] != 1 || perPerson[1] != 4 {
			t.Errorf("activities a person: %v, want 1 and 4", perPerson)
		}
	})
}

func TestActivitiesThatCannotBeTaken(t *testing.T) {
	change := func(f func(*community.ActivityReport)) community.ActivityReport {
		r := message("ann@example.org", "id")
		f(&r)
		return r
	}
	weight := func(n int64) func(*community.ActivityReport) {
		return func(r *community.ActivityReport) { r.Weight = &n }
	}
	for _, tt := range []struct {
		name, code string
		item       community.ActivityReport
	}{
		{"as it should be", "", message("ann@example.org", "id")},
		{"nobody", "person", change(func(r *community.ActivityReport) { r.Person = people.Contact{Name: "Ann"} })},
		{"no address", "email", message("ann at example.org", "id")},
		{"no address as identity", "email", change(func(r *community.ActivityReport) { r.Person = people.Contact{Source: "Email", Handle: "ann"} })},
		{"a handle without its source", "identity", change(func(r *community.ActivityReport) { r.Person = people.Contact{Handle: "ann"} })},
		{"a source without a handle", "identity", change(func(r *community.ActivityReport) { r.Person = people.Contact{Source: "slack", Handle: " @ "} })},
		{"no type", "type", change(func(r *community.ActivityReport) { r.Type = "  " })},
		{"a type that is a text", "type", change(func(r *community.ActivityReport) { r.Type = strings.Repeat("y", 65) })},
		{"no source", "source", change(func(r *community.ActivityReport) { r.Source = "" })},
		{"no external id", "external_id", message("ann@example.org", "")},
		{"a control character", "external_id", message("ann@example.org", "a\x00b")},
		{"broken UTF-8", "external_id", message("ann@example.org", "a\xffb")},
		{"an endless external id", "external_id", message("ann@example.org", strings.Repeat("é", 201))},
		{"the longest external id", "", message("ann@example.org", strings.Repeat("é", 200))},
		{"no time", "occurred_at", change(func(r *community.ActivityReport) { r.OccurredAt = time.Time{} })},
		{"five minutes ahead", "", change(func(r *community.ActivityReport) { r.OccurredAt = at.Add(5 * time.Minute) })},
		{"more than five minutes ahead", "in_future", change(func(r *community.ActivityReport) { r.OccurredAt = at.Add(5*time.Minute + time.Microsecond) })},
		{"weight 0", "", change(weight(0))},
		{"weight below 0", "weight", change(weight(-1))},
		{"weight above the limit", "weight", change(weight(community.MaxWeight + 1))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t, dbtest.Open(t, database.SQLite))
			got, err := s.RecordActivities(t.Context(), home, []community.ActivityReport{message("bo@example.org", "first"), tt.item})
			if err != nil {
				t.Fatal(err)
			}
			if tt.code == "" {
				if got.Accepted != 2 || len(got.Rejected) != 0 {
					t.Errorf("%+v", got)
				}
				return
			}
			if got.Accepted != 1 || len(got.Rejected) != 1 || got.Rejected[0].Index != 1 || got.Rejected[0].Code != tt.code || got.Rejected[0].Message == "" {
				t.Errorf("%+v, want code %s", got, tt.code)
			}
		})
	}
}

func TestTooManyActivities(t *testing.T) {
	s := newService(t, dbtest.Open(t, database.SQLite))
	if _, err := s.RecordActivities(t.Context(), home, messages(community.MaxActivities+1, "a")); !errors.Is(err, community.ErrTooManyActivities) {
		t.Error(err)
	}
}

// A long call costs a handful of statements for each 500 activities, not one for each.
func TestActivitiesAreWrittenInBulk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		ctx, statements := database.CountQueries(t.Context())
		got, err := s.RecordActivities(ctx, home, messages(2001, "a"))
		if err != nil || got.Accepted != 2001 {
			t.Fatalf("%+v, %v", got, err)
		}
		if n := statements.Load(); n == 0 || n > 5*8 {
			t.Errorf("%d statements for 5 transactions", n)
		}
	})
}

// Many sources tell the same at the same moment: each activity is accepted exactly once.
func TestActivitiesToldAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var accepted, duplicates int64
		for caller := range 16 {
			wg.Go(func() {
				n := []int{3, 40}[caller%2] // short calls share a transaction, longer ones do not
				got, err := s.RecordActivities(t.Context(), home, messages(n, "a"))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				accepted += got.Accepted
				duplicates += got.Duplicates
			})
		}
		wg.Wait()
		if accepted != 40 || accepted+duplicates != 8*43 {
			t.Errorf("%d accepted, %d duplicates", accepted, duplicates)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM activities`); n != 40 {
			t.Errorf("%d activities", n)
		}
	})
}

func BenchmarkRecordActivities(b *testing.B) {
	for _, engine := range dbtest.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			s := newService(b, dbtest.Open(b, engine))
			recorded := 0
			for b.Loop() {
				items := messages(5000, "b")
				for i := range items {
					items[i].ExternalID = fmt.Sprintf("%d/%d", recorded, i)
				}
				if got, err := s.RecordActivities(b.Context(), home, items); err != nil || got.Accepted != 5000 {
					b.Fatal(got, err)
				}
				recorded += 5000
			}
			b.ReportMetric(float64(recorded)/b.Elapsed().Seconds(), "activities/s")
		})
	}
}
