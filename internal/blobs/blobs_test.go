package blobs_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestPutTwiceAndFind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		hash := blobs.Hash(every)
		for range 2 {
			err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				return blobs.Put(ctx, tx, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
					blobs.Blob{Name: hash, ContentType: "image/png", Data: every}, blobs.Blob{Name: blobs.Variant(hash, 480), ContentType: "image/jpeg", Data: nil})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		b, err := blobs.Find(t.Context(), db.Read(), hash)
		if err != nil || !bytes.Equal(b.Data, every) || b.ContentType != "image/png" {
			t.Errorf("found %+v, %v", b, err)
		}
		if b, err := blobs.Find(t.Context(), db.Read(), hash+"-480"); err != nil || len(b.Data) != 0 {
			t.Errorf("the variant is %+v, %v", b, err)
		}
		if _, err := blobs.Find(t.Context(), db.Read(), "none"); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("an unknown name: %v", err)
		}
	})
}

// What was kept for a while goes by its prefix and age; pictures stay.
func TestDrop(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		then, now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 2, 0, 0, 0, time.UTC)
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			if err := blobs.Put(ctx, tx, then, blobs.Blob{Name: "up_load.1"}, blobs.Blob{Name: "upxload.2"}, blobs.Blob{Name: "picture"}); err != nil {
				return err
			}
			if err := blobs.Put(ctx, tx, now, blobs.Blob{Name: "up_load.3"}); err != nil {
				return err
			}
			return blobs.Drop(ctx, tx, "up_load.", now)
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, there := range map[string]bool{"up_load.1": false, "upxload.2": true, "picture": true, "up_load.3": true} {
			if _, err := blobs.Find(t.Context(), db.Read(), name); (err == nil) != there {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := blobs.Drop(t.Context(), db.Writer(), "", now); err == nil {
			t.Error("dropping everything was not refused")
		}
	})
}
