package agenda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda/exchange"
	"turnout/internal/database"
)

// PrefixItinerary begins the ids of itineraries.
const PrefixItinerary = "iti"

// What the secrets in an itinerary's links open.
const (
	secretItinerary = "itinerary"          // all of it
	secretCalendar  = "itinerary calendar" // reading it as a calendar: it is given to services of others
	secretConfirm   = "itinerary confirm"  // the address that it was mailed to, which is a part of it
	secretStop      = "itinerary stop"     // telling nothing more
)

// Itinerary is what somebody marked in an event's schedule. There is no account: whoever has its link has it, on as many devices as they like.
type Itinerary struct {
	bun.BaseModel `bun:"table:itineraries,alias:itinerary"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	MergedInto  turnout.ID `bun:"merged_into,nullzero"` // another one that its links lead to
	AskedEmail  string     `bun:"asked_email"`          // typed, not confirmed
	Email       string     `bun:"email"`                // is told of changes; "" for nobody
	Locale      string     `bun:"locale"`
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`

	Secret         string   `bun:"-"` // opens and changes it
	CalendarSecret string   `bun:"-"` // opens it as a calendar alone
	Keys           []string `bun:"-"` // of the sessions, in the order in which they were marked; a released schedule knows them by these
}

type itinerarySession struct {
	bun.BaseModel `bun:"table:itinerary_sessions,alias:chosen"`

	ItineraryID turnout.ID `bun:"itinerary_id,pk"`
	SessionID   turnout.ID `bun:"session_id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	ChosenAt    time.Time  `bun:"chosen_at"`
}

// ItineraryBySecret gives an itinerary of an event to whoever holds its secret. One that was merged gives what it was merged into. Error: turnout.ErrNotFound.
func (s *Service) ItineraryBySecret(ctx context.Context, e *events.Event, id turnout.ID, secret string) (*Itinerary, error) {
	if !s.Keys.Verify(secret, secretItinerary, string(id)) {
		return nil, turnout.ErrNotFound
	}
	return s.readItinerary(ctx, s.DB.Read(), e, id)
}

func (s *Service) readItinerary(ctx context.Context, db bun.IDB, e *events.Event, id turnout.ID) (*Itinerary, error) {
	it := new(Itinerary)
	err := db.NewSelect().Model(it).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).
		Where("id = (SELECT COALESCE(merged_into, id) FROM itineraries WHERE id = ?)", id).Scan(ctx)
	if err != nil {
		return nil, database.NotFound(err)
	}
	it.Secret, it.CalendarSecret = s.Keys.Sign(secretItinerary, string(it.ID)), s.Keys.Sign(secretCalendar, string(it.ID))
	err = db.NewSelect().Model((*itinerarySession)(nil)).ColumnExpr("session.guid").Join("JOIN sessions AS session ON session.id = chosen.session_id").
		Where("chosen.itinerary_id = ?", it.ID).OrderExpr("chosen.chosen_at, session.id").Scan(ctx, &it.Keys)
	return it, err
}

// Mark adds sessions of the public schedule to an itinerary and takes others out of it, by their GUIDs; both are done to what it holds now, so that devices which mark at the same
// time, or tell later what they marked without a network, do not undo each other. Without an itinerary it makes one, or gives nil where nothing is added. What is not public, or nobody can miss, is not added and no error.
// Errors: turnout.ErrNotFound, ErrNotReleased.
func (s *Service) Mark(ctx context.Context, e *events.Event, it *Itinerary, add, remove []string) (*Itinerary, error) {
	schedule, _, err := s.Schedule(ctx, e)
	if err != nil {
		return nil, err
	}
	adds, removes := markable(schedule, add, true), slices.Concat(remove, markable(schedule, remove, false)) // what is public no longer is known by its key alone
	if it == nil && len(adds) == 0 {
		return nil, nil //nolint:nilnil // there is nothing to remember
	}
	var made *Itinerary
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		id, err := s.holdItinerary(ctx, tx, e, it)
		if err != nil {
			return err
		}
		if err := s.mark(ctx, tx, e, id, adds, removes); err != nil {
			return err
		}
		made, err = s.readItinerary(ctx, tx, e, id)
		return err
	})
	if err != nil && !errors.Is(err, turnout.ErrNotFound) {
		err = fmt.Errorf("agenda: mark sessions: %w", err)
	}
	return made, err
}

// markable gives the keys of the public sessions with the GUIDs, breaks left out when they are to be added.
func markable(schedule *exchange.Schedule, guids []string, add bool) (keys []string) {
	if len(guids) == 0 {
		return nil
	}
	wanted := make(map[string]bool, len(guids))
	for _, guid := range guids {
		wanted[guid] = true
	}
	for _, x := range schedule.Sessions {
		if wanted[schedule.GUID(x)] && (!add || x.Kind != string(Break)) {
			keys = append(keys, x.Key)
		}
	}
	return keys
}

// holdItinerary gives the id of the itinerary that is to be changed, after making it, or making others wait who change it.
func (s *Service) holdItinerary(ctx context.Context, tx bun.Tx, e *events.Event, it *Itinerary) (turnout.ID, error) {
	now := s.now()
	if it == nil {
		it = &Itinerary{ID: turnout.NewID(PrefixItinerary), CommunityID: e.CommunityID, EventID: e.ID, CreatedAt: now, UpdatedAt: now}
		_, err := tx.NewInsert().Model(it).Exec(ctx)
		return it.ID, err
	}
	id := it.ID
	for range 2 { // it may have been merged since it was read
		var into turnout.ID
		err := tx.NewUpdate().Model((*Itinerary)(nil)).Set("updated_at = ?", now).Where("id = ?", id).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).
			Returning("COALESCE(merged_into, '')").Scan(ctx, &into)
		if err != nil {
			return "", database.NotFound(err)
		}
		if into == "" {
			return id, nil
		}
		id = into
	}
	return "", turnout.ErrNotFound
}

func (s *Service) mark(ctx context.Context, tx bun.Tx, e *events.Event, id turnout.ID, add, remove []string) error {
	ids := func(keys []string) *bun.SelectQuery {
		return tx.NewSelect().Model((*Session)(nil)).Where("session.event_id = ?", e.ID).Where("session.community_id = ?", e.CommunityID).Where("session.guid IN (?)", bun.List(keys))
	}
	if len(remove) > 0 {
		if _, err := tx.NewDelete().Model((*itinerarySession)(nil)).Where("itinerary_id = ?", id).Where("session_id IN (?)", ids(remove).Column("id")).Exec(ctx); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	chosen := ids(add).ColumnExpr("?, session.id, session.community_id, ?", id, s.now())
	_, err := tx.NewRaw("INSERT INTO itinerary_sessions (itinerary_id, session_id, community_id, chosen_at) ? ON CONFLICT DO NOTHING", chosen).Exec(ctx)
	return err
}

// Merge puts what is in one itinerary into another of the same event, whose link then opens both. The address that is told of changes is the other's, if it has one, or was asked.
// Error: turnout.ErrNotFound.
func (s *Service) Merge(ctx context.Context, e *events.Event, from, into *Itinerary) (*Itinerary, error) {
	var merged *Itinerary
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		pair := []turnout.ID{from.ID, into.ID}
		slices.Sort(pair) // two merges of the same two wait for each other in one order
		for _, id := range pair {
			if _, err := s.holdItinerary(ctx, tx, e, &Itinerary{ID: id}); err != nil {
				return err
			}
		}
		one, err := s.readItinerary(ctx, tx, e, from.ID)
		if err != nil {
			return err
		}
		if merged, err = s.readItinerary(ctx, tx, e, into.ID); err != nil || one.ID == merged.ID {
			return err
		}
		if err := s.takeOver(ctx, tx, one, merged); err != nil {
			return err
		}
		merged, err = s.readItinerary(ctx, tx, e, merged.ID)
		return err
	})
	return merged, err
}

func (s *Service) takeOver(ctx context.Context, tx bun.Tx, from, into *Itinerary) error {
	_, err := tx.NewRaw(`INSERT INTO itinerary_sessions (itinerary_id, session_id, community_id, chosen_at)
		SELECT ?, session_id, community_id, chosen_at FROM itinerary_sessions WHERE itinerary_id = ? ON CONFLICT DO NOTHING`, into.ID, from.ID).Exec(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.NewDelete().Model((*itinerarySession)(nil)).Where("itinerary_id = ?", from.ID).Exec(ctx); err != nil {
		return err
	}
	if into.Email == "" && into.AskedEmail == "" {
		if _, err := tx.NewUpdate().Model(into).Set("email = ?", from.Email).Set("asked_email = ?", from.AskedEmail).Set("locale = ?", from.Locale).WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	_, err = tx.NewUpdate().Model((*Itinerary)(nil)).Set("merged_into = ?", into.ID).Set("email = ''").Set("asked_email = ''").
		Where("id = ? OR merged_into = ?", from.ID, from.ID).Exec(ctx)
	return err
}

// Forget deletes an itinerary and all that was merged into it: their links open nothing any more. Once more it does nothing.
func (s *Service) Forget(ctx context.Context, it *Itinerary) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*Itinerary)(nil)).Where("id = ?", it.ID).Where("community_id = ?", it.CommunityID).Exec(ctx)
		return err
	})
}

// Marked is a session of an itinerary as the public knows it.
type Marked struct {
	exchange.Session
	Room     string // name
	Gone     bool   // in the schedule no longer: as it was public last
	Overlaps bool   // with another one that is not gone
}

// MarkedSessions gives what an itinerary holds, in order of time: as the public schedule has it, and of what is public no longer the last that was. Error: ErrNotReleased when there never was
// a release.
func (s *Service) MarkedSessions(ctx context.Context, e *events.Event, it *Itinerary) ([]Marked, error) {
	latest, schedule, err := s.latest(ctx, e)
	if err != nil {
		return nil, err
	}
	missing := make(map[string]bool, len(it.Keys))
	for _, key := range it.Keys {
		missing[key] = true
	}
	var all []Marked
	rooms := schedule.RoomNames()
	for _, x := range schedule.Sessions {
		if missing[x.Key] && x.Placed() {
			delete(missing, x.Key)
			all = append(all, Marked{Session: x, Room: rooms[x.Room]})
		}
	}
	if len(missing) > 0 {
		gone, err := s.removed(ctx, e, latest, missing)
		if err != nil {
			return nil, err
		}
		all = append(all, gone...)
	}
	slices.SortFunc(all, func(a, b Marked) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Title, b.Title), cmp.Compare(a.Key, b.Key))
	})
	overlapping(all)
	return all, nil
}

// latest gives an event's last release with its schedule, also where that takes everything back. Error: ErrNotReleased.
func (s *Service) latest(ctx context.Context, e *events.Event) (*Release, *exchange.Schedule, error) {
	r := new(Release)
	err := s.DB.Read().NewSelect().Model(r).Column("id", "number", "created_at").Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).OrderExpr("number DESC").Limit(1).Scan(ctx)
	if database.IsNoRows(err) {
		return nil, nil, ErrNotReleased
	}
	if err != nil {
		return nil, nil, err
	}
	schedule, err := s.frozen(ctx, e, r.ID)
	return r, schedule, err
}

// releasesSearched is how many releases back a session is looked for that is public no longer.
const releasesSearched = 200

// removed gives the sessions with the keys as they were when a release took them out of the schedule: the last that did.
func (s *Service) removed(ctx context.Context, e *events.Event, latest *Release, missing map[string]bool) (gone []Marked, err error) {
	var list []Release
	err = s.DB.Read().NewSelect().Model(&list).Column("id", "number", "changes").Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).
		Where("number > ?", latest.Number-releasesSearched).OrderExpr("number DESC").Scan(ctx)
	for _, r := range list {
		for _, item := range r.Changes.Sessions {
			if item.Is != nil || item.Was == nil || !missing[item.GUID] {
				continue
			}
			delete(missing, item.GUID)
			gone = append(gone, Marked{Session: exchange.Session{Key: item.GUID, Title: item.Title, Start: item.Was.StartsAt.In(e.Location()), Length: item.Was.EndsAt.Sub(item.Was.StartsAt)},
				Room: item.Was.Room, Gone: true})
		}
	}
	return gone, err
}

// overlapping notes which of the sessions, in order of time, overlap another.
func overlapping(all []Marked) {
	for i := range all {
		for j := i + 1; j < len(all) && all[j].Start.Before(all[i].End()); j++ {
			if !all[i].Gone && !all[j].Gone {
				all[i].Overlaps, all[j].Overlaps = true, true
			}
		}
	}
}

// ItineraryCalendar gives what an itinerary holds to whoever has its calendar's secret. Sessions have the ids of the whole schedule's calendar; those that are public no longer are told to be
// canceled. An itinerary that was merged gives what it was merged into. Errors: turnout.ErrNotFound, ErrNotReleased.
func (s *Service) ItineraryCalendar(ctx context.Context, e *events.Event, id turnout.ID, secret string) (exchange.Calendar, error) {
	if !s.Keys.Verify(secret, secretCalendar, string(id)) {
		return exchange.Calendar{}, turnout.ErrNotFound
	}
	it, err := s.readItinerary(ctx, s.DB.Read(), e, id)
	if err != nil {
		return exchange.Calendar{}, err
	}
	marked, err := s.MarkedSessions(ctx, e, it)
	if err != nil {
		return exchange.Calendar{}, err
	}
	latest, schedule, err := s.latest(ctx, e)
	if err != nil {
		return exchange.Calendar{}, err
	}
	mine := *schedule
	mine.UID, mine.Title, mine.Zone, mine.Sessions = string(e.ID), e.Title, e.Location().String(), nil
	mine.Rooms = slices.Clone(schedule.Rooms)
	gone := map[string]bool{}
	for _, m := range marked {
		if m.Gone {
			m.Revision = int(latest.Number)
			gone[mine.GUID(m.Session)] = true
			if m.Room != "" { // which may have another name now, or be gone too
				m.Session.Room = "gone:" + m.Key
				mine.Rooms = append(mine.Rooms, exchange.Room{Key: m.Session.Room, Name: m.Room})
			}
		}
		mine.Sessions = append(mine.Sessions, m.Session)
	}
	calendar := exchange.CalendarOf(&mine, latest.CreatedAt)
	for i := range calendar.Events {
		calendar.Events[i].Canceled = gone[calendar.Events[i].UID]
	}
	return calendar, nil
}

// favourites is the column of a session's count of itineraries.
const favourites = "(SELECT COUNT(*) FROM itinerary_sessions AS chosen WHERE chosen.session_id = session.id) AS favourites"

// favouritesWhereSeatsAreKnown is favourites where they can be too many, else 0: each count is a look at an index for every itinerary.
const favouritesWhereSeatsAreKnown = "CASE WHEN room.capacity IS NULL THEN 0 ELSE (SELECT COUNT(*) FROM itinerary_sessions AS chosen WHERE chosen.session_id = session.id) END AS favourites"

// Favourites counts for each session of an event how many itineraries it is in.
func Favourites(ctx context.Context, db bun.IDB, e *events.Event) (map[turnout.ID]int64, error) {
	var rows []struct {
		SessionID turnout.ID
		N         int64
	}
	err := db.NewSelect().Model((*itinerarySession)(nil)).ColumnExpr("chosen.session_id, COUNT(*) AS n").Join("JOIN sessions AS session ON session.id = chosen.session_id").
		Where("session.event_id = ?", e.ID).Where("session.community_id = ?", e.CommunityID).GroupExpr("chosen.session_id").Scan(ctx, &rows)
	counts := make(map[turnout.ID]int64, len(rows))
	for _, r := range rows {
		counts[r.SessionID] = r.N
	}
	return counts, err
}
