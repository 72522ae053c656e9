package audit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

func write(ctx context.Context, t *testing.T, db *database.DB, entry audit.Entry) {
	t.Helper()
	if err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return audit.Write(ctx, tx, entry) }); err != nil {
		t.Fatal(err)
	}
}

func TestEntriesSayWhoDidWhat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		staff := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Staff, ID: "per_1"})
		write(staff, t, db, audit.Entry{Community: "com_1", Action: "event.published", Subject: "evt_1", Detail: map[string]string{"from": "draft"}, At: at})
		write(t.Context(), t, db, audit.Entry{Community: "com_1", Action: "hold.expired", Subject: "ord_1", At: at})
		write(staff, t, db, audit.Entry{Community: "com_2", Action: "event.published", Subject: "evt_2", At: at})

		got, err := audit.List(t.Context(), db.Read(), "com_1", "", "", 10)
		if err != nil {
			t.Fatal(err)
		}
		want := []audit.Entry{
			{Community: "com_1", Action: "hold.expired", Subject: "ord_1", At: at, Actor: audit.Actor{Kind: audit.System}, Detail: map[string]string{}},
			{Community: "com_1", Action: "event.published", Subject: "evt_1", At: at, Actor: audit.Actor{Kind: audit.Staff, ID: "per_1"}, Detail: map[string]string{"from": "draft"}},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(audit.Entry{}, "ID")); diff != "" {
			t.Error(diff)
		}
		if got, err := audit.List(t.Context(), db.Read(), "com_1", "evt_1", "", 10); err != nil || len(got) != 1 {
			t.Errorf("of one subject: %v, %v", got, err)
		}
	})
}

func TestPagesJoinWithoutGapOrRepeat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		for i := range 25 {
			write(t.Context(), t, db, audit.Entry{Community: "com_1", Action: "x.done", Subject: turnout.ID(fmt.Sprint(i)), At: at})
		}
		var subjects []string
		for before := turnout.ID(""); ; {
			page, err := audit.List(t.Context(), db.Read(), "com_1", "", before, 10)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				subjects = append(subjects, string(e.Subject))
			}
			before = page[len(page)-1].ID
		}
		for i, s := range subjects {
			if s != fmt.Sprint(24-i) {
				t.Fatalf("entries come as %v", subjects)
			}
		}
		if len(subjects) != 25 {
			t.Errorf("%d entries, want 25", len(subjects))
		}
	})
}

func TestWhatWasRolledBackWasNotSaid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			if err := audit.Write(ctx, tx, audit.Entry{Community: "com_1", Action: "event.published", At: at}); err != nil {
				return err
			}
			return errors.New("the deed failed")
		})
		if err == nil {
			t.Fatal("the error was lost")
		}
		if got, err := audit.List(t.Context(), db.Read(), "com_1", "", "", 10); err != nil || len(got) != 0 {
			t.Errorf("the log says %v, %v", got, err)
		}
	})
}

func TestAnEntryNeedsActionAndTime(t *testing.T) {
	db := dbtest.Open(t, database.SQLite)
	for _, entry := range []audit.Entry{{Action: "event.published"}, {At: at}} {
		if err := audit.Write(t.Context(), db.Writer(), entry); err == nil {
			t.Errorf("%+v was written", entry)
		}
	}
}
