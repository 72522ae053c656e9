package agenda

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda/exchange"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// CopyDayInput says which day is copied to which, and how much of it.
type CopyDayInput struct {
	From, To string // dates of days, see DayOf: 2026-05-20
	All      bool   // everything; otherwise breaks and what is for all rooms
}

// CopiedDay is what a copy made.
type CopiedDay struct {
	Batch    turnout.ID // names the copy, to take it back
	Sessions []*Session // the new ones, in order of time
	Shifted  int        // of them, those whose time of day the clocks jump over, or show twice, on the other day
}

// maxCopied is how many sessions a day can have to be copied.
const maxCopied = maxMoves

const prefixCopy = "cpy"

// CopyDay puts the sessions of a day on another day too: the same rooms and times of day, as sessions of their own. Errors: turnout.ErrNotFound, Invalid with fields.
func (s *Service) CopyDay(ctx context.Context, community turnout.ID, event string, in CopyDayInput) (*CopiedDay, error) {
	days, err := in.days()
	if err != nil {
		return nil, err
	}
	var made *CopiedDay
	err = s.edit(ctx, community, event, func(ctx context.Context, tx bun.Tx, e *events.Event) (audit.Entry, error) {
		sessions, err := s.toCopy(ctx, tx, e, in)
		if err != nil {
			return audit.Entry{}, err
		}
		made = copied(sessions, e, days, s.now())
		for chunk := range slices.Chunk(made.Sessions, rowsAtOnce) {
			if _, err := tx.NewInsert().Model(&chunk).Exec(ctx); err != nil {
				return audit.Entry{}, err
			}
		}
		return audit.Entry{Action: "agenda.day_copied", Subject: e.ID, Detail: map[string]string{"from": in.From, "to": in.To}}, linkSpeakers(ctx, tx, community, made.Sessions)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// days checks the input and gives how many days lie between.
func (in CopyDayInput) days() (int, error) {
	var problems turnout.Problems
	from, wrong := time.Parse(time.DateOnly, in.From)
	if wrong != nil {
		problems.Add("from_day", "date", "Choose a day.")
	}
	to, wrong := time.Parse(time.DateOnly, in.To)
	switch {
	case wrong != nil:
		problems.Add("to_day", "date", "Choose a day.")
	case in.From == in.To:
		problems.Add("to_day", "same_day", "Choose another day than the one that is copied.")
	}
	return int(to.Sub(from) / (24 * time.Hour)), problems.Err()
}

// toCopy reads the sessions of the day.
func (s *Service) toCopy(ctx context.Context, db bun.IDB, e *events.Event, in CopyDayInput) ([]*Session, error) {
	noon, _ := time.ParseInLocation(time.DateTime, in.From+" 12:00:00", e.Location())
	day := DayOf(e, noon)
	var sessions []*Session
	q := db.NewSelect().Model(&sessions).Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID).Where("starts_at >= ?", day.StartsAt).Where("starts_at < ?", day.EndsAt)
	if !in.All {
		q = q.Where("(kind = ? OR room_id IS NULL)", Break)
	}
	if err := q.OrderExpr("starts_at, id").Limit(maxCopied + 1).Scan(ctx); err != nil {
		return nil, err
	}
	switch {
	case len(sessions) == 0:
		return nil, turnout.Invalidf("from_day", "empty", "There is nothing to copy on this day.")
	case len(sessions) > maxCopied:
		return nil, turnout.Invalidf("from_day", "out_of_range", "At most %d sessions are copied at once.", maxCopied)
	}
	return sessions, readSpeakers(ctx, db, e.CommunityID, sessions)
}

// copied makes sessions into new ones, so many days later.
func copied(sessions []*Session, e *events.Event, days int, now time.Time) *CopiedDay {
	made, zone := &CopiedDay{Batch: turnout.NewID(prefixCopy)}, e.Location()
	for _, old := range sessions {
		x := *old
		long := x.EndsAt.Sub(x.StartsAt)
		var how events.Resolution
		if x.StartsAt, how = events.DaysLater(old.StartsAt, zone, days); how != events.Exact {
			made.Shifted++
		}
		x.ID, x.EndsAt, x.Batch, x.Version, x.CreatedAt, x.UpdatedAt = turnout.NewID(PrefixSession), x.StartsAt.Add(long), made.Batch, 1, now, now
		x.ExternalKey, x.SourceNumber = "", 0
		x.GUID = (&exchange.Schedule{UID: string(e.ID)}).GUID(exchange.Session{Key: string(x.ID)})
		made.Sessions = append(made.Sessions, &x)
	}
	return made
}

// TakeBackCopy withdraws the sessions that a copy made, but for those that were changed since, and gives how many went and how many stay. Once more it does nothing. Error: turnout.ErrNotFound.
func (s *Service) TakeBackCopy(ctx context.Context, community turnout.ID, event string, batch turnout.ID) (gone, stay int64, err error) {
	err = s.edit(ctx, community, event, func(ctx context.Context, tx bun.Tx, e *events.Event) (audit.Entry, error) {
		all, err := tx.NewSelect().Model((*Session)(nil)).Where("community_id = ?", community).Where("event_id = ?", e.ID).Where("batch = ?", batch).Where("status <> ?", Withdrawn).Count(ctx)
		if err != nil {
			return audit.Entry{}, err
		}
		gone, err = database.Changed(tx.NewUpdate().Model((*Session)(nil)).Set("status = ?", Withdrawn).Set("room_id = NULL").Set("starts_at = NULL").Set("ends_at = NULL").
			Set("version = version + 1").Set("updated_at = ?", s.now()).
			Where("community_id = ?", community).Where("event_id = ?", e.ID).Where("batch = ?", batch).Where("version = 1").Exec(ctx))
		stay = all - gone
		return audit.Entry{Action: "agenda.copy_taken_back", Subject: e.ID}, err
	})
	return gone, stay, err
}

// Copied lists the sessions of a copy that still have a slot, in order of time.
func (s *Service) Copied(ctx context.Context, e *events.Event, batch turnout.ID) ([]*Session, error) {
	return placesOf(ctx, s.DB.Read(), e, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("batch = ?", batch).Where("starts_at IS NOT NULL")
	})
}
