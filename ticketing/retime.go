package ticketing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// Retime lets the deadlines that end with an event follow its end, and keeps the times of vouchers as the wall clock showed them, when its
// dates or its zone are edited. It takes the locks of a sale, in their order, so it comes before everything else in the transaction of the edit.
func (s *Service) Retime(ctx context.Context, tx bun.IDB, before, after *events.Event) error {
	if err := s.retime(ctx, tx, before, after); err != nil {
		return fmt.Errorf("ticketing: retime: %w", err)
	}
	return nil
}

func (s *Service) retime(ctx context.Context, tx bun.IDB, before, after *events.Event) error {
	if err := lockAllPools(ctx, tx, after.CommunityID, after.ID); err != nil {
		return err
	}
	if err := rezoneVouchers(ctx, tx, before, after, s.Now()); err != nil {
		return err
	}
	if _, err := addTotals(ctx, tx, &totals{EventID: after.ID}); err != nil {
		return err
	}
	if before.EndsAt.Equal(after.EndsAt) {
		return nil
	}
	return followEnd(ctx, tx, after, s.Now())
}

// validity are the times between which vouchers can be used.
type validity struct{ from, until time.Time }

// rezoneVouchers keeps what the wall clock showed, for all vouchers of the same times at once: a batch has thousands.
func rezoneVouchers(ctx context.Context, tx bun.IDB, before, after *events.Event, now time.Time) error {
	if before.Timezone == after.Timezone {
		return nil
	}
	var dated []*Voucher
	// Locked as they are read: whoever edits one at this moment is waited for, and what they wrote is moved.
	if err := tx.NewUpdate().Model(&dated).Set("uses = uses").Where("event_id = ?", after.ID).Where("community_id = ?", after.CommunityID).
		Where("(valid_from IS NOT NULL OR valid_until IS NOT NULL)").Returning("id, valid_from, valid_until").Scan(ctx); err != nil {
		return err
	}
	ids := map[validity][]turnout.ID{}
	for _, v := range dated {
		times := validity{v.ValidFrom, v.ValidUntil}
		ids[times] = append(ids[times], v.ID)
	}
	for times, same := range ids {
		for _, at := range []*time.Time{&times.from, &times.until} {
			if !at.IsZero() {
				*at, _ = events.KeepWallClock(*at, before.Location(), after.Location())
			}
		}
		for chunk := range slices.Chunk(same, 500) {
			if _, err := tx.NewUpdate().Model(&Voucher{ValidFrom: times.from, ValidUntil: times.until, UpdatedAt: now}).Column("valid_from", "valid_until", "updated_at").
				Set("version = version + 1").Where("id IN (?)", bun.List(chunk)).Where("community_id = ?", after.CommunityID).Exec(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// followEnd lets orders that nobody has decided about wait until the event's end, and gives those that were approved or offered no more
// time than that; money that is under way may take its time.
func followEnd(ctx context.Context, tx bun.IDB, event *events.Event, now time.Time) error {
	orders := func() *bun.UpdateQuery {
		return tx.NewUpdate().Model((*Order)(nil)).Set("expires_at = ?", event.EndsAt).Set("updated_at = ?", now).
			Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID)
	}
	for _, q := range []*bun.UpdateQuery{
		orders().Where("status = ?", AwaitingApproval),
		orders().Where("status IN (?, ?)", Held, Pending).Where("expires_at > ?", event.EndsAt).Where("(decided_at IS NOT NULL OR entry_id IS NOT NULL)").
			Where("NOT EXISTS (SELECT 1 FROM payments AS payment WHERE payment.order_id = ord.id AND payment.status = ?)", PaymentProcessing),
		tx.NewUpdate().Model((*WaitlistEntry)(nil)).Set("offer_expires_at = ?", event.EndsAt).Set("updated_at = ?", now).
			Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID).Where("status = ?", Offered).Where("offer_expires_at > ?", event.EndsAt),
	} {
		if _, err := q.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
