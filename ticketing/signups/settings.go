package signups

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
)

// MaxSeats is the most that a session can have.
const MaxSeats = 100_000

// SettingsInput is what a session's settings are changed to.
type SettingsInput struct {
	Offered       bool
	Seats         int64
	OpensAt       time.Time      // zero: at once
	ClosesAt      time.Time      // zero: when the session begins
	Mode          ticketing.Mode // empty: both
	TicketTypeIDs []turnout.ID   // none: all
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *SettingsInput) Check() error {
	var p turnout.Problems
	in.OpensAt, in.ClosesAt = in.OpensAt.UTC().Truncate(time.Microsecond), in.ClosesAt.UTC().Truncate(time.Microsecond)
	in.TicketTypeIDs = slices.Compact(slices.Sorted(slices.Values(in.TicketTypeIDs)))
	if in.TicketTypeIDs == nil {
		in.TicketTypeIDs = []turnout.ID{}
	}
	if in.Seats < 0 || in.Seats > MaxSeats {
		p.Add("seats", "out_of_range", "A session has 0 to %d seats.", MaxSeats)
	}
	if !in.ClosesAt.IsZero() && !in.ClosesAt.After(in.OpensAt) {
		p.Add("closes_at", "before_start", "The end must come after the start.")
	}
	if in.Mode != "" && in.Mode != ticketing.InPerson && in.Mode != ticketing.Virtual {
		p.Add("attendance_mode", "unknown", "Choose in_person, virtual or nothing for both.")
	}
	return p.Err()
}

// Settings gives a session's settings. While nobody has said anything they are not offered, of version 0, with as many seats as the session's room has. It fails with
// turnout.ErrNotFound.
func (s *Service) Settings(ctx context.Context, community, event, session turnout.ID) (*Settings, error) {
	db := s.DB.Read()
	settings := new(Settings)
	err := db.NewSelect().Model(settings).Where("session_id = ?", session).Where("community_id = ?", community).Where("event_id = ?", event).Scan(ctx)
	if err == nil || !database.IsNoRows(err) {
		return settings, wrapped("settings", err)
	}
	found, err := agenda.Find(ctx, db, community, event, session)
	if err != nil {
		return nil, wrapped("settings", err)
	}
	settings = &Settings{SessionID: session, CommunityID: community, EventID: event}
	if found.RoomID != "" {
		var seats *int64
		if err := db.NewSelect().Table("rooms").Column("capacity").Where("id = ?", found.RoomID).Scan(ctx, &seats); err != nil {
			return nil, wrapped("settings", err)
		}
		if seats != nil {
			settings.Seats = min(*seats, MaxSeats)
		}
	}
	return settings, nil
}

// SaveSettings changes a session's settings; version is the one that was read. More seats let those who wait move up; fewer than are taken is ErrSeatsTaken, and who has a place keeps
// it whatever else changes. It fails with turnout.ErrNotFound, turnout.ErrStale and with an Invalid error that names the fields.
func (s *Service) SaveSettings(ctx context.Context, community, event, session turnout.ID, version int64, in SettingsInput) error {
	if err := in.Check(); err != nil {
		return err
	}
	return wrapped("save settings", s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := agenda.Find(ctx, tx, community, event, session); err != nil {
			return err
		}
		if err := s.knowsTypes(ctx, tx, community, event, in.TicketTypeIDs); err != nil {
			return err
		}
		now := s.Now()
		row := &Settings{SessionID: session, CommunityID: community, EventID: event}
		if version == 0 {
			row.TicketTypeIDs, row.UpdatedAt = []turnout.ID{}, now
			if n, err := database.Changed(tx.NewInsert().Model(row).On("CONFLICT (session_id) DO NOTHING").Exec(ctx)); err != nil || n == 0 {
				return stale(err)
			}
		}
		row, err := lock(ctx, tx, community, event, session)
		if err != nil {
			return stale(err)
		}
		if row.Version != version {
			return turnout.ErrStale
		}
		if in.Seats < row.Taken {
			return ErrSeatsTaken.With("%d are signed up. Take some out first, or keep as many seats.", row.Taken)
		}
		row.Offered, row.Seats, row.OpensAt, row.ClosesAt, row.Mode, row.TicketTypeIDs = in.Offered, in.Seats, in.OpensAt, in.ClosesAt, in.Mode, in.TicketTypeIDs
		row.Version, row.UpdatedAt = version+1, now
		if _, err := tx.NewUpdate().Model(row).ExcludeColumn("session_id", "community_id", "event_id", "taken", "waiting").WherePK().Exec(ctx); err != nil {
			return err
		}
		if err := moveUp(ctx, tx, row, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "sign_up.settings_changed", Subject: session, At: now})
	}))
}

// stale is turnout.ErrStale where nothing else went wrong: somebody else said something, or nobody yet.
func stale(err error) error {
	if err == nil || errors.Is(err, ErrNotOffered) {
		return turnout.ErrStale
	}
	return err
}

// knowsTypes refuses ticket types that are not the event's.
func (s *Service) knowsTypes(ctx context.Context, db bun.IDB, community, event turnout.ID, ids []turnout.ID) error {
	if len(ids) == 0 {
		return nil
	}
	n, err := db.NewSelect().Table("ticket_types").Where("id IN (?)", bun.List(ids)).Where("community_id = ?", community).Where("event_id = ?", event).Count(ctx)
	if err == nil && n != int64(len(ids)) {
		err = turnout.Invalidf("ticket_type_ids", "unknown", "Choose ticket types of this event.")
	}
	return err
}

// OfKey gives the settings of the session that schedules know by a key, nil where one does not sign up.
func (s *Service) OfKey(ctx context.Context, e *events.Event, key string) (*Settings, error) {
	settings := new(Settings)
	err := s.DB.Read().NewSelect().Model(settings).Join("JOIN sessions AS session ON session.id = settings.session_id").Where("session.guid = ?", key).
		Where("settings.event_id = ?", e.ID).Where("settings.community_id = ?", e.CommunityID).Where("settings.offered").Scan(ctx)
	if database.IsNoRows(err) {
		return nil, nil
	}
	return settings, wrapped("settings", err)
}

// All gives the settings of an event's sessions for which anybody ever said something, by session.
func (s *Service) All(ctx context.Context, e *events.Event) (map[turnout.ID]*Settings, error) {
	var rows []*Settings
	err := s.DB.Read().NewSelect().Model(&rows).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Scan(ctx)
	all := make(map[turnout.ID]*Settings, len(rows))
	for _, r := range rows {
		all[r.SessionID] = r
	}
	return all, wrapped("all settings", err)
}

// WithoutPlace says of which of the sessions a ticket has no place although one signs up for them with tickets of its mode: whoever has none does not come in. Where
// sign-up ended those keep their places to whom it gave some; with none taken it is as if nobody had ever signed up.
func (s *Service) WithoutPlace(ctx context.Context, t *ticketing.Ticket, sessions ...turnout.ID) (map[turnout.ID]bool, error) {
	without := map[turnout.ID]bool{}
	if len(sessions) == 0 {
		return without, nil
	}
	var rows []*Settings
	err := s.DB.Read().NewSelect().Model(&rows).Where("session_id IN (?)", bun.List(sessions)).Where("event_id = ?", t.EventID).Where("community_id = ?", t.CommunityID).Scan(ctx)
	if err != nil {
		return nil, wrapped("without place", err)
	}
	own, err := ofTicket(ctx, s.DB.Read(), t.ID)
	if err != nil {
		return nil, wrapped("without place", err)
	}
	for _, r := range rows {
		if (r.Offered || r.Taken > 0) && (r.Mode == "" || r.Mode == t.AttendanceMode) {
			without[r.SessionID] = !slices.ContainsFunc(own, func(u *SignUp) bool { return u.SessionID == r.SessionID && u.Status == Signed })
		}
	}
	return without, nil
}
