package ticketing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// once is a request that is to be done once, whatever becomes of its answer on the way.
type once struct{ id, hash string }

type onceKey struct{}

// MaxKey is how many characters an Idempotency-Key has at most.
const MaxKey = 255

// WithKey lets what a request makes be remembered under the key that its caller chose; scope keeps the keys of different calls
// and callers apart, asked is all that the request says. An empty key remembers nothing.
func WithKey(ctx context.Context, key string, asked []byte, scope ...string) (context.Context, error) {
	if key == "" {
		return ctx, nil
	}
	if len(key) > MaxKey {
		return ctx, turnout.Invalidf("Idempotency-Key", "too_long", "This has at most %d characters.", MaxKey)
	}
	sum := sha256.Sum256(asked)
	return context.WithValue(ctx, onceKey{}, once{idempotencyID(append(scope, key)...), hex.EncodeToString(sum[:])}), nil
}

// MadeBefore gives what the same request with the context's key has made, "" for nothing. It fails with ErrIdempotencyKeyReused when
// the key was used with another request.
func (s *Service) MadeBefore(ctx context.Context) (turnout.ID, error) {
	o, ok := ctx.Value(onceKey{}).(once)
	if !ok {
		return "", nil
	}
	stored, err := storedKey(ctx, s.DB.Read(), o.id)
	switch {
	case err != nil:
		return "", fmt.Errorf("ticketing: made before: %w", err)
	case stored.ID != "" && stored.RequestHash != o.hash:
		return "", ErrIdempotencyKeyReused
	}
	return stored.ResultID, nil
}

// remember notes, in the transaction that made it, what the context's request has made. A second one with its key violates the key's
// uniqueness, so that nothing is made twice.
func remember(ctx context.Context, tx bun.IDB, made turnout.ID, now time.Time) error {
	o, ok := ctx.Value(onceKey{}).(once)
	if !ok {
		return nil
	}
	_, err := tx.NewInsert().Model(&idempotencyKey{ID: o.id, RequestHash: o.hash, ResultID: made, CreatedAt: now}).Exec(ctx)
	return err
}
