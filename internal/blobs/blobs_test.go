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
