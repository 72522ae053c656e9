package blobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

var like = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// Drop removes files that were only kept for a while: those whose name begins so and that were put before the time. What
// the prefix stands for must be told apart from pictures by it, for those stay.
func Drop(ctx context.Context, db bun.IDB, prefix string, before time.Time) error {
	if prefix == "" {
		return fmt.Errorf("blobs: drop without a prefix")
	}
	_, err := db.NewDelete().Model((*row)(nil)).Where("hash LIKE ? ESCAPE '!'", like.Replace(prefix)+"%").Where("created_at < ?", before).Exec(ctx)
	if err != nil {
		return fmt.Errorf("blobs: drop: %w", err)
	}
	return nil
}

// Remove removes files by their names, which are not those of content: nothing else bears them.
func Remove(ctx context.Context, db bun.IDB, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	if _, err := db.NewDelete().Model((*row)(nil)).Where("hash IN (?)", bun.List(names)).Exec(ctx); err != nil {
		return fmt.Errorf("blobs: remove: %w", err)
	}
	return nil
}
