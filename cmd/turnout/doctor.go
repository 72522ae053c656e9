package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"turnout/checkin"
	"turnout/internal/database"
	"turnout/migrations"
	"turnout/ticketing"
)

type doctorCommand struct{}

// examinations are what each room says of its own counters and invariants: a sentence for each difference.
var examinations = []struct {
	name  string
	check func(ctx context.Context, db bun.IDB) ([]string, error)
}{
	{"tickets, orders and money", ticketing.Check},
	{"check-in lists and attendance", checkin.Check},
	{"pictures", missingPictures},
}

// Run fails when anything differs. It changes nothing.
func (cmd *doctorCommand) Run(sh *shell) error {
	return withDatabase(sh, func(db *database.DB) error {
		applied, err := db.Read().NewSelect().TableExpr("bun_migrations").Count(sh.ctx)
		if err != nil || applied < int64(len(migrations.Texts())) {
			return errors.New("the database is older than this program. Run: turnout migrate")
		}
		if err := integrity(sh.ctx, db); err != nil {
			return err
		}
		found := 0
		for _, e := range examinations {
			differences, err := e.check(sh.ctx, db.Read())
			if err != nil {
				return err
			}
			for _, d := range differences {
				fmt.Fprintf(sh.out, "%s: %s\n", e.name, d)
			}
			found += len(differences)
		}
		if found > 0 {
			return fmt.Errorf("%d differences. Back the database up before anything else, then report them", found)
		}
		fmt.Fprintln(sh.out, "Everything agrees.")
		return nil
	})
}

// integrity asks SQLite whether its file is whole; PostgreSQL has checksums of its own.
func integrity(ctx context.Context, db *database.DB) error {
	if db.Engine != database.SQLite {
		return nil
	}
	var verdict string
	if err := db.Read().NewRaw("PRAGMA integrity_check(1)").Scan(ctx, &verdict); err != nil {
		return fmt.Errorf("integrity check: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("the database file is damaged: %s", verdict)
	}
	return nil
}

// missingPictures finds pictures that rows name and that are not kept.
func missingPictures(ctx context.Context, db bun.IDB) ([]string, error) {
	var found []string
	for _, column := range []struct{ table, name string }{{"events", "cover_hash"}, {"speakers", "photo_hash"}, {"sponsors", "logo_hash"}} {
		var ids []string
		err := db.NewSelect().Table(column.table).Column("id").Where("? <> ''", bun.Ident(column.name)).
			Where("NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.hash = ?)", bun.Ident(column.table+"."+column.name)).Scan(ctx, &ids)
		if err != nil {
			return nil, fmt.Errorf("pictures: %w", err)
		}
		for _, id := range ids {
			found = append(found, fmt.Sprintf("%s: its picture (%s) is not there", id, column.name))
		}
	}
	return found, nil
}
