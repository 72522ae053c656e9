package database

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// Invariant is something that must hold of stored rows: a query for those that break it (subject, stored, counted), and the
// sentence about one of them, with a place for each.
type Invariant struct{ Says, Query string }

// Tally is the invariant of a table of counters: its column is, for each key, what the rows count. key is an expression of
// text over the table's columns; rows is a query that gives the same key as subject, and the number as counted. A key that
// only one of them knows is compared with 0.
func Tally(table, key, column, rows string) Invariant {
	return Invariant{table + " %s: " + column + " is %d, the rows count %d",
		"SELECT subject, CAST(SUM(stored) AS BIGINT) AS stored, CAST(SUM(counted) AS BIGINT) AS counted FROM (SELECT " + key + " AS subject, " + column +
			" AS stored, 0 AS counted FROM " + table + " UNION ALL SELECT subject, 0 AS stored, counted FROM (" + rows +
			") AS the_rows) AS compared GROUP BY subject HAVING SUM(stored) <> SUM(counted)"}
}

// Broken looks for rows that break invariants and says a sentence about each.
func Broken(ctx context.Context, db bun.IDB, invariants []Invariant) ([]string, error) {
	var found []string
	for _, i := range invariants {
		var rows []struct {
			Subject         string
			Stored, Counted int64
		}
		if err := db.NewRaw(i.Query).Scan(ctx, &rows); err != nil {
			return nil, fmt.Errorf("%s: %w", i.Says, err)
		}
		for _, r := range rows {
			found = append(found, fmt.Sprintf(i.Says, r.Subject, r.Stored, r.Counted))
		}
	}
	return found, nil
}
