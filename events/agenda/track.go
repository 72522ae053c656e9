package agenda

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
)

// ErrTrackInUse is the answer to removing a track that still has sessions.
var ErrTrackInUse = &turnout.Error{Kind: turnout.Conflict, Code: "track_in_use", Message: "Sessions still belong to this track. Move them first."}

// Track is a theme that sessions belong to.
type Track struct {
	bun.BaseModel `bun:"table:tracks,alias:track"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	ExternalKey string     `bun:"external_key,nullzero"` // of an import; empty when made here
	Name        string     `bun:"name"`
	Color       string     `bun:"color"` // #rrggbb or empty
	Position    int64      `bun:"position"`
	Version     int64      `bun:"version"` // rises with each edit; the ETag
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`
}

// TrackInput is what an organiser says about a track.
type TrackInput struct {
	Name  string
	Color string // #rrggbb or empty
}

var colorPattern = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *TrackInput) Check() error {
	var problems turnout.Problems
	in.Name, in.Color = strings.TrimSpace(in.Name), strings.ToLower(in.Color)
	checkName(&problems, in.Name)
	if in.Color != "" && !colorPattern.MatchString(in.Color) {
		problems.Add("color", "color", "A colour looks like #1a7f37.")
	}
	return problems.Err()
}

// AddTrack makes a track of the event (id or slug), after those that it has. Errors: turnout.ErrNotFound, Invalid with fields.
func (s *Service) AddTrack(ctx context.Context, community turnout.ID, event string, in TrackInput) (*Track, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var track *Track
	err := s.edit(ctx, community, event, func(ctx context.Context, tx bun.Tx, e *events.Event) (audit.Entry, error) {
		position, err := nextPosition(ctx, tx, (*Track)(nil), community, e.ID)
		if err != nil {
			return audit.Entry{}, err
		}
		now := s.now()
		track = &Track{ID: turnout.NewID(PrefixTrack), CommunityID: community, EventID: e.ID, Name: in.Name, Color: in.Color,
			Position: position, Version: 1, CreatedAt: now, UpdatedAt: now}
		_, err = tx.NewInsert().Model(track).Exec(ctx)
		return audit.Entry{Action: "track.added", Subject: track.ID}, err
	})
	if err != nil {
		return nil, err
	}
	return track, nil
}

// UpdateTrack replaces what is said about a track. version is what the caller saw, 0 for whatever is there. Errors:
// turnout.ErrNotFound, turnout.ErrStale, Invalid with fields.
func (s *Service) UpdateTrack(ctx context.Context, community, id turnout.ID, version int64, in TrackInput) (*Track, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var track *Track
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		track = new(Track)
		if err := find(ctx, tx, track, community, id); err != nil {
			return err
		}
		now, seen := s.now(), track.Version
		track.Name, track.Color, track.Version, track.UpdatedAt = in.Name, in.Color, seen+1, now
		if err := update(ctx, tx, track, community, version, seen); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "track.updated", Subject: id, At: now})
	})
	if err != nil {
		return nil, err
	}
	return track, nil
}

// RemoveTrack deletes a track that no session belongs to. Errors: turnout.ErrNotFound, ErrTrackInUse.
func (s *Service) RemoveTrack(ctx context.Context, community, id turnout.ID) error {
	return s.remove(ctx, new(Track), community, id, "track_id", "track.removed", ErrTrackInUse)
}
