package checkin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
)

// List is what a door accepts.
type List struct {
	bun.BaseModel `bun:"table:check_in_lists,alias:list"`

	ID           turnout.ID `bun:",pk"`
	CommunityID  turnout.ID
	EventID      turnout.ID
	Name         string
	StartsAt     time.Time `bun:",nullzero"` // zero: at any time
	EndsAt       time.Time `bun:",nullzero"`
	AllowReentry bool      // after an exit
	Admitted     int64     // tickets that were let in, however often
	Inside       int64     // those of them that have not gone out
	Refused      int64     // refused scans
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time

	TicketTypeIDs []turnout.ID `bun:"-"` // none: every type of mode in_person
}

// Accepts says whether the list lets this kind of ticket in at all.
func (l *List) Accepts(ticketType turnout.ID, mode ticketing.Mode) bool {
	if len(l.TicketTypeIDs) == 0 {
		return mode == ticketing.InPerson
	}
	return slices.Contains(l.TicketTypeIDs, ticketType)
}

// Standing is how a list's times stand at a moment.
type Standing string

// The standings.
const (
	Open   Standing = "open"
	Early  Standing = "early"  // opens later
	Closed Standing = "closed" // for good
)

// Standing says whether the list is open; one without times always is.
func (l *List) Standing(now time.Time) Standing {
	switch {
	case !l.StartsAt.IsZero() && now.Before(l.StartsAt):
		return Early
	case !l.EndsAt.IsZero() && !now.Before(l.EndsAt):
		return Closed
	}
	return Open
}

// ListInput is what a list is made or changed with.
type ListInput struct {
	Name          string
	TicketTypeIDs []turnout.ID
	StartsAt      time.Time
	EndsAt        time.Time
	AllowReentry  bool
	Rules         []string // names of further rules: there are none yet, so each is refused
}

// Check says all that is wrong with the input, field by field.
func (in *ListInput) Check() error {
	var p turnout.Problems
	p.Require("name", strings.TrimSpace(in.Name))
	p.InOrder("ends_at", in.StartsAt, in.EndsAt, "The list must end after it begins.")
	for _, rule := range in.Rules {
		p.Add("rules."+rule, "unknown_rule", "There is no such rule.")
	}
	slices.Sort(in.TicketTypeIDs)
	in.TicketTypeIDs = slices.Compact(in.TicketTypeIDs)
	return p.Err()
}

const prefixList = "lst"

// CreateList adds a list to an event. Its ticket types must be the event's own. It fails with turnout.ErrNotFound and with an
// Invalid error that names the fields.
func (s *Service) CreateList(ctx context.Context, community, event turnout.ID, in ListInput) (*List, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var l *List
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		if _, err := events.Find(ctx, tx, community, string(event)); err != nil {
			return err
		}
		l, err = s.addList(ctx, tx, community, event, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("checkin: create list: %w", err)
	}
	return l, nil
}

// FirstList gives the event's oldest list, and makes it when there is none: two who ask at the same moment get the same one. Its
// errors are those of CreateList.
func (s *Service) FirstList(ctx context.Context, community, event turnout.ID, in ListInput) (*List, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var l *List
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := database.Changed(tx.NewUpdate().Table("event_totals").Set("last_order = last_order").
			Where("event_id = ?", event).Where("community_id = ?", community).Exec(ctx)) // the lock: look only then
		if err != nil {
			return err
		}
		if n == 0 {
			return turnout.ErrNotFound
		}
		lists, err := listsOf(ctx, tx, community, event)
		if err != nil {
			return err
		}
		if len(lists) > 0 {
			l = lists[0]
			return nil
		}
		l, err = s.addList(ctx, tx, community, event, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("checkin: first list: %w", err)
	}
	return l, nil
}

func (s *Service) addList(ctx context.Context, tx bun.IDB, community, event turnout.ID, in ListInput) (*List, error) {
	now := s.Now()
	l := &List{ID: turnout.NewID(prefixList), CommunityID: community, EventID: event, CreatedAt: now}
	in.apply(l, now)
	if _, err := tx.NewInsert().Model(l).Exec(ctx); err != nil {
		return nil, err
	}
	if err := linkTypes(ctx, tx, l); err != nil {
		return nil, err
	}
	return l, audit.Write(ctx, tx, audit.Entry{Community: community, Action: "check_in_list.created", Subject: l.ID, At: now})
}

// UpdateList changes a list; version is the one that was read, 0 for whatever it is. It fails with turnout.ErrStale,
// turnout.ErrNotFound and with an Invalid error that names the fields.
func (s *Service) UpdateList(ctx context.Context, community, id turnout.ID, version int64, in ListInput) (*List, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var l *List
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		if l, err = findList(ctx, tx, id); err == nil && l.CommunityID != community {
			err = turnout.ErrNotFound
		}
		if err != nil {
			return err
		}
		read := l.Version
		if version != 0 && version != read {
			return turnout.ErrStale
		}
		now := s.Now()
		in.apply(l, now)
		n, err := database.Changed(tx.NewUpdate().Model(l).Column("name", "starts_at", "ends_at", "allow_reentry", "version", "updated_at").
			WherePK().Where("version = ?", read).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return turnout.ErrStale
		}
		if _, err := tx.NewDelete().Table("check_in_list_types").Where("list_id = ?", id).Exec(ctx); err != nil {
			return err
		}
		if err := linkTypes(ctx, tx, l); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "check_in_list.changed", Subject: id, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("checkin: update list: %w", err)
	}
	s.gates.forget()
	return l, nil
}

func (in *ListInput) apply(l *List, now time.Time) {
	l.Name, l.AllowReentry, l.TicketTypeIDs = in.Name, in.AllowReentry, in.TicketTypeIDs
	l.StartsAt, l.EndsAt = in.StartsAt.UTC().Truncate(time.Microsecond), in.EndsAt.UTC().Truncate(time.Microsecond)
	l.Version++
	l.UpdatedAt = now
}

type listType struct {
	bun.BaseModel `bun:"table:check_in_list_types,alias:list_type"`

	CommunityID  turnout.ID
	ListID       turnout.ID `bun:",pk"`
	TicketTypeID turnout.ID `bun:",pk"`
}

func linkTypes(ctx context.Context, tx bun.IDB, l *List) error {
	if len(l.TicketTypeIDs) == 0 {
		return nil
	}
	n, err := tx.NewSelect().Table("ticket_types").Where("community_id = ?", l.CommunityID).Where("event_id = ?", l.EventID).Where("id IN (?)", bun.List(l.TicketTypeIDs)).Count(ctx)
	if err != nil {
		return err
	}
	if n != int64(len(l.TicketTypeIDs)) {
		return turnout.Invalidf("ticket_type_ids", "unknown", "A ticket type that was named does not belong to this event.")
	}
	links := make([]listType, len(l.TicketTypeIDs))
	for i, id := range l.TicketTypeIDs {
		links[i] = listType{CommunityID: l.CommunityID, ListID: l.ID, TicketTypeID: id}
	}
	_, err = tx.NewInsert().Model(&links).Exec(ctx)
	return err
}

// List gives one list of the community. It fails with turnout.ErrNotFound.
func (s *Service) List(ctx context.Context, community, id turnout.ID) (*List, error) {
	l, err := findList(ctx, s.DB.Read(), id)
	if err == nil && l.CommunityID != community {
		err = turnout.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: list: %w", err)
	}
	return l, nil
}

func findList(ctx context.Context, db bun.IDB, id turnout.ID) (*List, error) {
	lists, err := listsWhere(ctx, db, "list.id = ?", id)
	if err == nil && len(lists) == 0 {
		err = turnout.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return lists[0], nil
}

// Lists gives an event's lists, oldest first.
func (s *Service) Lists(ctx context.Context, community, event turnout.ID) ([]*List, error) {
	lists, err := listsOf(ctx, s.DB.Read(), community, event)
	if err != nil {
		return nil, fmt.Errorf("checkin: lists: %w", err)
	}
	return lists, nil
}

func listsOf(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]*List, error) {
	return listsWhere(ctx, db, "list.event_id = ? AND list.community_id = ?", event, community)
}

func listsWhere(ctx context.Context, db bun.IDB, where string, args ...any) ([]*List, error) {
	var lists []*List
	if err := db.NewSelect().Model(&lists).Where(where, args...).Order("list.id").Scan(ctx); err != nil || len(lists) == 0 {
		return nil, err
	}
	byID := map[turnout.ID]*List{}
	ids := make([]turnout.ID, len(lists))
	for i, l := range lists {
		byID[l.ID], ids[i] = l, l.ID
	}
	var links []listType
	if err := db.NewSelect().Model(&links).Where("list_id IN (?)", bun.List(ids)).Order("ticket_type_id").Scan(ctx); err != nil {
		return nil, err
	}
	for _, link := range links {
		byID[link.ListID].TicketTypeIDs = append(byID[link.ListID].TicketTypeIDs, link.TicketTypeID)
	}
	return lists, nil
}

// Rezone keeps the times of lists at the wall clock that they showed, when an event moves to another zone. It runs in the
// transaction of the move.
func (s *Service) Rezone(ctx context.Context, tx bun.IDB, before, after *events.Event) error {
	lists, err := listsWhere(ctx, tx, "list.event_id = ?", after.ID)
	if err != nil {
		return fmt.Errorf("checkin: rezone: %w", err)
	}
	for _, l := range lists {
		for _, at := range []*time.Time{&l.StartsAt, &l.EndsAt} {
			if !at.IsZero() {
				*at, _ = events.KeepWallClock(*at, before.Location(), after.Location())
			}
		}
		l.Version++
		l.UpdatedAt = s.Now()
		if _, err := tx.NewUpdate().Model(l).Column("starts_at", "ends_at", "version", "updated_at").WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("checkin: rezone: %w", err)
		}
	}
	s.gates.forget()
	return nil
}
