package checkin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
)

// List is what a door accepts.
type List struct {
	bun.BaseModel `bun:"table:check_in_lists,alias:list"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	Name        string
	SessionID   turnout.ID `bun:",nullzero"` // who comes in is at this session; empty: at the event alone. It never changes
	StartsAt    time.Time  `bun:",nullzero"` // zero: at any time
	EndsAt      time.Time  `bun:",nullzero"`
	Entry       rules.Entry
	DayFrom     int64        // minutes after midnight at which a day begins, for Daily and the rules
	ExitAt      *int64       // minutes after midnight at which everybody is taken as gone; nil: never
	GoneAt      time.Time    `bun:",nullzero"`  // the last of these moments that Inside knows of
	Rules       []rules.Rule `bun:"type:jsonb"` // one of them must be met; none: all may come in
	MostInside  *int64       // how many the place may hold: people are warned, nobody is refused; nil: not said
	Admitted    int64        // tickets that were let in, however often
	Inside      int64        // those of them that have not gone out
	Refused     int64        // refused scans
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time

	TicketTypeIDs []turnout.ID `bun:"-"` // none: every type of mode in_person
	AddOnIDs      []turnout.ID `bun:"-"` // a ticket must have one of them; none: it need not
}

// HasExits says whether it matters at the list's door that somebody goes out.
func (l *List) HasExits() bool { return l.Entry != rules.Single }

// Fullness is how close a place is to what it may hold.
type Fullness string

// The degrees of fullness.
const (
	Roomy      Fullness = ""
	NearlyFull Fullness = "nearly" // nine tenths, or more
	Full       Fullness = "full"   // as many as it may hold, or more
)

// Fullness says how close those inside are to the most that the place may hold.
func (l *List) Fullness() Fullness {
	switch {
	case l.MostInside == nil || l.Inside*10 < *l.MostInside*9:
		return Roomy
	case l.Inside < *l.MostInside:
		return NearlyFull
	}
	return Full
}

// remembers says whether the door must know when a ticket came in and went out before; for the others its admission is enough.
func (l *List) remembers() bool { return l.Entry == rules.Daily || len(l.Rules) > 0 }

// zoneMargin is how long before and after an event its doors know its clock.
const zoneMargin = 90 * 24 * time.Hour

// Evaluator gives what decides at the list's door, on the server and on devices.
func (l *List) Evaluator(e *events.Event) *rules.List {
	return &rules.List{Entry: l.Entry, DayFrom: l.DayFrom, ExitAt: l.ExitAt, Rules: l.Rules,
		Offsets: rules.OffsetsOf(e.Location(), e.StartsAt.Add(-zoneMargin), e.EndsAt.Add(zoneMargin))}
}

// Accepts says whether the list lets this kind of ticket in at all.
func (l *List) Accepts(t *ticketing.DoorTicket) bool {
	if len(l.TicketTypeIDs) == 0 && t.AttendanceMode != ticketing.InPerson || len(l.TicketTypeIDs) > 0 && !slices.Contains(l.TicketTypeIDs, t.TicketTypeID) {
		return false
	}
	return len(l.AddOnIDs) == 0 || slices.ContainsFunc(t.AddOnIDs, func(id turnout.ID) bool { return slices.Contains(l.AddOnIDs, id) })
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

// Covers says whether the list is open from one moment to another; never, when there are none.
func (l *List) Covers(from, until time.Time) bool {
	return !from.IsZero() && (l.StartsAt.IsZero() || !l.StartsAt.After(from)) && (l.EndsAt.IsZero() || !l.EndsAt.Before(until))
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
	if l.SessionID = in.SessionID; l.SessionID != "" {
		if _, err := agenda.Find(ctx, tx, community, event, l.SessionID); err != nil {
			return nil, namedSession(err)
		}
	}
	if _, err := tx.NewInsert().Model(l).Exec(ctx); err != nil {
		return nil, err
	}
	if err := in.link(ctx, tx, l); err != nil {
		return nil, err
	}
	return l, audit.Write(ctx, tx, audit.Entry{Community: community, Action: "check_in_list.created", Subject: l.ID, At: now})
}

// namedSession makes a session that is not there a problem of the field that named it.
func namedSession(err error) error {
	if errors.Is(err, turnout.ErrNotFound) {
		return turnout.Invalidf("session_id", "unknown", "This session does not belong to this event.")
	}
	return err
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
		if in.SessionID != "" && in.SessionID != l.SessionID {
			return turnout.Invalidf("session_id", "fixed", "A list stays with its session. Make another list.")
		}
		read := l.Version
		if version != 0 && version != read {
			return turnout.ErrStale
		}
		now := s.Now()
		in.apply(l, now)
		n, err := database.Changed(tx.NewUpdate().Model(l).Column("name", "starts_at", "ends_at", "entry", "day_from", "exit_at", "rules", "most_inside", "version", "updated_at").
			WherePK().Where("version = ?", read).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return turnout.ErrStale
		}
		for _, table := range []string{"check_in_list_types", "check_in_list_add_ons"} {
			if _, err := tx.NewDelete().Table(table).Where("list_id = ?", id).Exec(ctx); err != nil {
				return err
			}
		}
		if err := in.link(ctx, tx, l); err != nil {
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

type listType struct {
	bun.BaseModel `bun:"table:check_in_list_types,alias:list_type"`

	CommunityID  turnout.ID
	ListID       turnout.ID `bun:",pk"`
	TicketTypeID turnout.ID `bun:",pk"`
}

type listAddOn struct {
	bun.BaseModel `bun:"table:check_in_list_add_ons,alias:list_add_on"`

	CommunityID turnout.ID
	ListID      turnout.ID `bun:",pk"`
	AddOnID     turnout.ID `bun:",pk"`
}

// link writes which ticket types and add-ons a list accepts, once it is sure that they and those of its rules are the event's own.
func (in *ListInput) link(ctx context.Context, tx bun.IDB, l *List) error {
	types, addOns := in.named()
	for _, of := range []struct {
		table, field, message string
		ids                   []turnout.ID
	}{
		{"ticket_types", "ticket_type_ids", "A ticket type that was named does not belong to this event.", types},
		{"add_ons", "add_on_ids", "An add-on that was named does not belong to this event.", addOns},
	} {
		if len(of.ids) == 0 {
			continue
		}
		n, err := tx.NewSelect().Table(of.table).Where("community_id = ?", l.CommunityID).Where("event_id = ?", l.EventID).Where("id IN (?)", bun.List(of.ids)).Count(ctx)
		if err != nil {
			return err
		}
		if n != int64(len(of.ids)) {
			return turnout.Invalidf(of.field, "unknown", "%s", of.message)
		}
	}
	if len(l.TicketTypeIDs) > 0 {
		links := make([]listType, len(l.TicketTypeIDs))
		for i, id := range l.TicketTypeIDs {
			links[i] = listType{CommunityID: l.CommunityID, ListID: l.ID, TicketTypeID: id}
		}
		if _, err := tx.NewInsert().Model(&links).Exec(ctx); err != nil {
			return err
		}
	}
	if len(l.AddOnIDs) > 0 {
		links := make([]listAddOn, len(l.AddOnIDs))
		for i, id := range l.AddOnIDs {
			links[i] = listAddOn{CommunityID: l.CommunityID, ListID: l.ID, AddOnID: id}
		}
		if _, err := tx.NewInsert().Model(&links).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
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
	var asked []listAddOn
	if err := db.NewSelect().Model(&asked).Where("list_id IN (?)", bun.List(ids)).Order("add_on_id").Scan(ctx); err != nil {
		return nil, err
	}
	for _, link := range asked {
		byID[link.ListID].AddOnIDs = append(byID[link.ListID].AddOnIDs, link.AddOnID)
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
		for _, rule := range l.Rules {
			for i := range rule {
				if c := &rule[i]; c.Kind == rules.Between {
					for _, m := range []*rules.Minute{&c.From, &c.Until} {
						at, _ := events.KeepWallClock(rules.Time(*m), before.Location(), after.Location())
						*m = rules.At(at)
					}
				}
			}
		}
		l.Version++
		l.UpdatedAt = s.Now()
		if _, err := tx.NewUpdate().Model(l).Column("starts_at", "ends_at", "rules", "version", "updated_at").WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("checkin: rezone: %w", err)
		}
	}
	s.gates.forget()
	return nil
}
