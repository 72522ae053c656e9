package checkin

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
	"turnout/events"
	"turnout/internal/database"
)

const (
	leaveAtOnce = 200             // tickets of one transaction
	leaveAgain  = 2 * time.Minute // scans that were decided just before the moment have arrived by then
)

// EndStays takes everybody as gone who is inside by a list whose time for that has come; doors decide so from that moment on, whether the
// counters know it yet or not. Told again it changes nothing.
func (s *Service) EndStays(ctx context.Context) error {
	lists, err := listsWhere(ctx, s.DB.Read(), "list.exit_at IS NOT NULL AND list.inside > 0")
	if err != nil {
		return fmt.Errorf("checkin: end stays: %w", err)
	}
	for _, l := range lists {
		e, err := events.Find(ctx, s.DB.Read(), l.CommunityID, string(l.EventID))
		if err != nil {
			return fmt.Errorf("checkin: end stays: %w", err)
		}
		now := s.Now()
		gone := rules.Time(l.Evaluator(e).LastExit(rules.At(now)))
		if !l.GoneAt.Before(gone) && now.Sub(gone) >= leaveAgain {
			continue
		}
		if err := s.leave(ctx, l, gone); err != nil {
			return fmt.Errorf("checkin: end stays: %w", err)
		}
	}
	return nil
}

// leave takes everybody as gone who came in by a list before a moment.
func (s *Service) leave(ctx context.Context, l *List, gone time.Time) error {
	for all := false; !all; {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			var tickets []turnout.ID
			if err := tx.NewSelect().Model((*admission)(nil)).Column("ticket_id").Where("list_id = ?", l.ID).Where("inside").Where("entered_at < ?", gone).
				Order("ticket_id").Limit(leaveAtOnce).Scan(ctx, &tickets); err != nil {
				return err
			}
			all = len(tickets) < leaveAtOnce
			counts := newLedger()
			for _, ticket := range tickets { // one by one, in the order in which doors write them
				n, err := database.Changed(tx.NewUpdate().Model((*admission)(nil)).Set("inside = FALSE").Set("passes = passes + 1").
					Where("list_id = ?", l.ID).Where("ticket_id = ?", ticket).Where("inside").Where("entered_at < ?", gone).Exec(ctx))
				if err != nil {
					return err
				}
				counts.list(l.ID).Inside -= n
			}
			if err := counts.write(ctx, tx); err != nil || !all {
				return err
			}
			_, err := tx.NewUpdate().Model((*List)(nil)).Set("gone_at = ?", gone).Where("id = ?", l.ID).Where("gone_at IS NULL OR gone_at < ?", gone).Exec(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
