// Package blobs keeps small files (pictures) in the database under the SHA-256 of their bytes, so that a backup is one
// file, every process sees them, and what a name stands for never changes.
package blobs

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
)

// Blob is a stored file.
type Blob struct {
	Name        string // the hash, or what Variant made of it
	ContentType string
	Data        []byte
}

type row struct {
	bun.BaseModel `bun:"table:blobs,alias:blob"`

	Hash        string    `bun:"hash,pk"`
	ContentType string    `bun:"content_type"`
	Data        string    `bun:"data"` // base64
	CreatedAt   time.Time `bun:"created_at"`
}

// Hash is the name under which bytes are kept: SHA-256 in hexadecimal.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Variant names another size of a picture: that of the given width in pixels, derived from the picture kept under hash.
func Variant(hash string, width int) string { return hash + "-" + strconv.Itoa(width) }

// Put keeps files; one that is there already stays.
func Put(ctx context.Context, db bun.IDB, now time.Time, files ...Blob) error {
	rows := make([]row, len(files))
	for i, f := range files {
		rows[i] = row{Hash: f.Name, ContentType: f.ContentType, Data: base64.StdEncoding.EncodeToString(f.Data), CreatedAt: now}
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := db.NewInsert().Model(&rows).On("CONFLICT (hash) DO NOTHING").Exec(ctx); err != nil {
		return fmt.Errorf("blobs: put: %w", err)
	}
	return nil
}

// Find gives a file by its name, or turnout.ErrNotFound. It may be cached for ever.
func Find(ctx context.Context, db bun.IDB, name string) (*Blob, error) {
	var r row
	if err := db.NewSelect().Model(&r).Where("hash = ?", name).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		return nil, fmt.Errorf("blobs: %s: %w", name, err)
	}
	return &Blob{Name: r.Hash, ContentType: r.ContentType, Data: data}, nil
}
