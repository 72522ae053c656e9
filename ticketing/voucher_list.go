package ticketing

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
)

// VoucherState is how a voucher stands at an instant.
type VoucherState string

// The states of a voucher: it is in the first that applies, in this order.
const (
	VoucherOver      VoucherState = "ended" // by the organiser, or its time is over
	VoucherUsedUp    VoucherState = "used_up"
	VoucherScheduled VoucherState = "scheduled" // its time begins later
	VoucherActive    VoucherState = "active"
)

// VoucherStates are all of them, as lists offer them.
var VoucherStates = []VoucherState{VoucherActive, VoucherScheduled, VoucherUsedUp, VoucherOver}

// StateAt says how the voucher stands at the instant.
func (v *Voucher) StateAt(now time.Time) VoucherState {
	switch {
	case !v.live(now):
		return VoucherOver
	case v.usesLeft() <= 0 || v.Budget != nil && v.budgetLeft() <= 0:
		return VoucherUsedUp
	case !v.ValidFrom.IsZero() && now.Before(v.ValidFrom):
		return VoucherScheduled
	}
	return VoucherActive
}

// inState is StateAt as a condition.
func inState(q *bun.SelectQuery, state VoucherState, now time.Time) *bun.SelectQuery {
	const over, used = "(ended OR valid_until IS NOT NULL AND valid_until <= ?)", "(max_uses IS NOT NULL AND uses >= max_uses OR budget IS NOT NULL AND spent >= budget)"
	if state == VoucherOver {
		return q.Where(over, now)
	}
	q = q.Where("NOT "+over, now)
	switch state {
	case VoucherUsedUp:
		return q.Where(used)
	case VoucherScheduled:
		return q.Where("NOT "+used).Where("valid_from > ?", now)
	}
	return q.Where("NOT "+used).Where("valid_from IS NULL OR valid_from <= ?", now)
}

// VoucherWords are the words that a search for a voucher looks in: those of its code, batch and note, folded, each behind a space.
func VoucherWords(v *Voucher) string {
	var words strings.Builder
	for _, text := range []string{v.Code, v.Folded, v.Batch, v.Note} {
		for _, w := range people.Fold(text) {
			words.WriteString(" " + w)
		}
	}
	return words.String()
}

// VoucherFilters are the names of the parameters by which vouchers are listed.
var VoucherFilters = []string{"search", "batch", "state"}

// VoucherFilter narrows a list of vouchers; its zero value takes all.
type VoucherFilter struct {
	Search string // each word begins one of the code, the batch or the note
	Batch  string // exactly
	Single bool   // only those of no batch
	State  VoucherState
	Before turnout.ID // the last of the page before
	Limit  int        // 0 for all
}

// ReadVoucherFilter reads a filter as people and programs write it. It fails with an Invalid error about a state that there is not.
func ReadVoucherFilter(value func(name string) string) (VoucherFilter, error) {
	r := &filterReader{value: value}
	f := VoucherFilter{Search: value("search"), Batch: value("batch"), State: oneOf(r, "state", VoucherStates)}
	return f, r.Err()
}

// Vouchers lists an event's vouchers, the newest first.
func (s *Service) Vouchers(ctx context.Context, community, event turnout.ID, f VoucherFilter) ([]*Voucher, error) {
	list, err := loadVouchers(ctx, s.DB.Read(), func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("community_id = ?", community).Where("event_id = ?", event).Order("id DESC")
		if f.Before != "" {
			q = q.Where("id < ?", f.Before)
		}
		if f.Limit > 0 {
			q = q.Limit(int64(f.Limit))
		}
		if f.Batch != "" {
			q = q.Where("batch = ?", f.Batch)
		}
		if f.Single {
			q = q.Where("batch = ''")
		}
		if f.State != "" {
			q = inState(q, f.State, s.Now())
		}
		for _, word := range people.Fold(f.Search) { // letters and digits: nothing that LIKE reads otherwise
			q = q.Where("words LIKE ?", "% "+word+"%")
		}
		return q
	})
	return list, wrapped("list vouchers", err)
}

// EachVoucher goes through the vouchers that a filter takes, as Vouchers lists them, reading some at a time.
func (s *Service) EachVoucher(ctx context.Context, community, event turnout.ID, f VoucherFilter, do func(*Voucher) error) error {
	f.Limit = exportChunk
	for {
		list, err := s.Vouchers(ctx, community, event, f)
		if err != nil {
			return err
		}
		for _, v := range list {
			if err := do(v); err != nil {
				return err
			}
			f.Before = v.ID
		}
		if len(list) < f.Limit {
			return nil
		}
	}
}

// VoucherBatch names vouchers that were made together.
type VoucherBatch struct {
	Name  string
	Count int64
}

// VoucherBatches lists an event's batches by name.
func (s *Service) VoucherBatches(ctx context.Context, community, event turnout.ID) ([]VoucherBatch, error) {
	var list []VoucherBatch
	err := s.DB.Read().NewSelect().Model((*Voucher)(nil)).ColumnExpr("batch AS name").ColumnExpr("COUNT(*) AS count").
		Where("community_id = ?", community).Where("event_id = ?", event).Where("batch <> ''").Group("batch").Order("batch").Limit(500).Scan(ctx, &list)
	return list, wrapped("list batches of vouchers", err)
}

// VoucherLink is the address at which the voucher is filled in already.
func (s *Service) VoucherLink(event *events.Event, v *Voucher) string {
	return fmt.Sprintf("%s/e/%s/checkout?voucher=%s", s.BaseURL, event.Slug, url.QueryEscape(v.Code))
}
