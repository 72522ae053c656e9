package community_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/community"
	"turnout/events/people"
	"turnout/internal/database"
	"turnout/templates"
)

const (
	home  = turnout.ID("com_home")
	other = turnout.ID("com_other")
)

// at is the clock of these tests.
var at = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

// newService gives a service over two empty communities.
func newService(t testing.TB, db *database.DB) *community.Service {
	t.Helper()
	for _, id := range []turnout.ID{home, other} {
		run(t, db, `INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES (?0, ?0, ?0, ?1, ?1)`, id, at)
	}
	return &community.Service{DB: db, Now: func() time.Time { return at }, Words: words()}
}

var words = sync.OnceValue(func() *templates.Set {
	set, err := templates.New()
	if err != nil {
		panic(err)
	}
	return set
})

// run writes what a lower package would have written.
func run(t testing.TB, db *database.DB, sql string, args ...any) {
	t.Helper()
	if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, sql, args...)
		return err
	}); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func count(t testing.TB, db *database.DB, sql string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := db.Read().NewRaw(sql, args...).Scan(t.Context(), &n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func byEmail(email string) people.Contact { return people.Contact{Email: email} }

// message is a valid report with the given external id.
func message(email, externalID string) community.ActivityReport {
	return community.ActivityReport{Person: byEmail(email), Type: "message", Source: "slack", ExternalID: externalID, OccurredAt: at.Add(-time.Hour)}
}

func messages(n int, name string) []community.ActivityReport {
	all := make([]community.ActivityReport, n)
	for i := range all {
		all[i] = message(fmt.Sprintf("%s%d@example.org", name, i%100), fmt.Sprintf("%s-%d", name, i))
	}
	return all
}
