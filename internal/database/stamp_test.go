package database_test

import (
	"testing"
	"time"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// A moment comes back as it was written, to the microsecond and in UTC, whether it is read as text or as it is.
func TestStamp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		for _, at := range []time.Time{{}, time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 23, 59, 59, 123456000, time.FixedZone("", -5400)), time.Date(1999, 1, 1, 0, 0, 0, 10000, time.UTC)} {
			for _, column := range []string{"at", database.AsText("at")} {
				got := time.Now()
				var written any = at
				if at.IsZero() {
					written = nil
				}
				row := db.Read().NewRaw("SELECT "+column+" FROM (SELECT CAST(? AS "+map[database.Engine]string{database.SQLite: "TEXT", database.Postgres: "TIMESTAMPTZ"}[db.Engine]+") AS at) AS moments", written)
				if err := row.Scan(t.Context(), database.Stamp{To: &got}); err != nil || !got.Equal(at) || got.Location() != time.UTC {
					t.Errorf("%s: %v came back as %v, %v", column, at, got, err)
				}
			}
		}
	})
	for _, wrong := range []any{"2026-05-01", "2026-05-01 09:00:00", "2026-05-01 09:00:00+02", 7} {
		if err := (database.Stamp{To: new(time.Time)}).Scan(wrong); err == nil {
			t.Errorf("%v was taken for a moment in UTC", wrong)
		}
	}
}
