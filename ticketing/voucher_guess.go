package ticketing

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/organisers"
)

// ErrTooManyCodes is the answer to a client that tried too many codes that there are not.
var ErrTooManyCodes = &turnout.Error{Kind: turnout.TooMany, Code: "too_many_codes", Message: "Too many wrong voucher codes came from here. Try again in a quarter of an hour, or buy without one."}

// GuessesWithin is the while in which a client may try so many unknown codes. A client may be a whole office, of which each mistypes once.
const (
	GuessesWithin = 15 * time.Minute
	guessesOfCode = 30
)

// Unguessed lets a stranger name only so many voucher codes that there are not, counted by the database for all servers together; after
// that their codes are not looked at, right or wrong, and it fails with ErrTooManyCodes. One code of a purchase is counted once.
func (s *Service) Unguessed(ctx context.Context, p *Purchase) error {
	code := FoldCode(p.Voucher)
	if p.Client == "" || code == "" || code == p.counted {
		return nil
	}
	what := "voucher code from " + organisers.Network(p.Client).String()
	tries, err := organisers.Tries(ctx, s.DB.Read(), what, s.Now())
	if err != nil {
		return fmt.Errorf("ticketing: voucher codes tried: %w", err)
	}
	if tries >= guessesOfCode {
		return ErrTooManyCodes
	}
	known, err := s.DB.Read().NewSelect().Model((*Voucher)(nil)).Where("event_id = ?", p.EventID).Where("folded = ?", code).Exists(ctx)
	if err != nil {
		return fmt.Errorf("ticketing: voucher codes tried: %w", err)
	}
	if known {
		p.counted = code
		return nil
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		again, err := organisers.Tried(ctx, tx, what+": "+code, s.Now(), GuessesWithin)
		if err != nil || again > 1 { // a form that stands there with one wrong code is no second guess
			return err
		}
		tries, err = organisers.Tried(ctx, tx, what, s.Now(), GuessesWithin)
		return err
	})
	if err == nil && tries > guessesOfCode {
		return ErrTooManyCodes
	}
	p.counted = code
	return wrapped("voucher codes tried", err)
}
