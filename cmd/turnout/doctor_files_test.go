package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/events"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// The logo of a ticket's design and the files of answers are looked for like other pictures.
func TestTheDoctorMissesFiles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		at := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
		write := func(query string, args ...any) {
			t.Helper()
			if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewRaw(query, args...).Exec(ctx)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		write("INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES ('com_1', 'com', 'Com', ?, ?)", at, at)
		e, err := (&events.Service{DB: db, Now: func() time.Time { return at }}).Create(t.Context(), "com_1", events.Details{Slug: "spring", Title: "Spring", Format: events.InPerson,
			Timezone: "UTC", StartsAt: at.AddDate(0, 1, 0), EndsAt: at.AddDate(0, 1, 1), Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		write("INSERT INTO ticket_designs (event_id, community_id, layout, logo_hash, updated_at) VALUES (?, 'com_1', 'classic', 'logo', ?)", e.ID, at)
		write("INSERT INTO questions (id, community_id, event_id, subject, kind, position, asked, created_at, updated_at) VALUES ('qst_1', 'com_1', ?, 'order', 'file', 1, 1, ?, ?)", e.ID, at, at)
		write("INSERT INTO uploads (id, community_id, event_id, question_id, name, content_type, size, created_at) VALUES ('upl_1', 'com_1', ?, 'qst_1', 'x.pdf', 'application/pdf', 3, ?)", e.ID, at)
		want := []string{string(e.ID) + ": its file (ticket_designs.logo_hash) is not there", "upl_1: its file (uploads.id) is not there"}
		for _, names := range [][]string{{}, {"logo"}, {"upl_1"}} {
			for _, name := range names {
				if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
					return blobs.Put(ctx, tx, at, blobs.Blob{Name: name, Data: []byte("x")})
				}); err != nil {
					t.Fatal(err)
				}
				want = want[1:]
			}
			if found, err := missingFiles(t.Context(), db.Read()); err != nil || !slices.Equal(found, want) {
				t.Errorf("%q, %v; want %q", found, err, want)
			}
		}
	})
}

// Only the community's own row may be there already: any other that is double is a mistake of the seeding, and is said.
func TestSeedingSaysItsMistakes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		seed := func(change func(s *story)) error {
			s := newStory("demo-two", 2, time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
			if err := inventQuietCode(s); err != nil {
				t.Fatal(err)
			}
			change(s)
			return db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return s.write(ctx, tx) })
		}
		if err := seed(func(s *story) { s.pools = append(s.pools, s.pools[0]) }); !database.IsUnique(err) || errors.Is(err, errSeeded) {
			t.Errorf("a pool twice: %v", err)
		}
		for _, want := range []error{nil, errSeeded} {
			if err := seed(func(*story) {}); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	})
}
