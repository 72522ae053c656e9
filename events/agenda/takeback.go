package agenda

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda/exchange"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// ErrNotPublic is the answer to taking back what is not public now.
var ErrNotPublic = &turnout.Error{Kind: turnout.Conflict, Code: "release_not_public", Message: "This version is not the public one. Only what is public now can be taken back."}

// TakeBack makes public again what was public before a release, which must be the one that is public now. History stays as it is: taking back is a release of its own, whose number
// and revisions rise, so that calendars follow it. The draft stays as it is too. Whoever was not told yet never is. Errors: turnout.ErrNotFound, ErrNotPublic.
func (s *Service) TakeBack(ctx context.Context, community turnout.ID, event string, id turnout.ID) (*Release, error) {
	var made *release
	err := s.edit(ctx, community, event, func(ctx context.Context, tx bun.Tx, e *events.Event) (audit.Entry, error) {
		undone, latest, err := publicRelease(ctx, tx, e, id)
		if err != nil {
			return audit.Entry{}, err
		}
		made, err = s.restoring(ctx, tx, e, &undone.Release, latest.Number+1)
		if err != nil {
			return audit.Entry{}, err
		}
		made.measure(undone.Schedule)
		return audit.Entry{Action: "schedule.taken_back", Subject: undone.ID}, s.publish(ctx, tx, made, false)
	})
	if err != nil {
		return nil, err
	}
	return &made.Release, nil
}

// publicRelease gives the release of an id, which must be the one whose schedule is public, and the latest, which may be one that restored it.
func publicRelease(ctx context.Context, tx bun.Tx, e *events.Event, id turnout.ID) (public *release, latest *Release, err error) {
	public, latest = new(release), new(Release)
	if err := find(ctx, tx, public, e.CommunityID, id); err != nil {
		return nil, nil, err
	}
	if public.EventID != e.ID {
		return nil, nil, turnout.ErrNotFound
	}
	if err := tx.NewSelect().Model(latest).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).OrderExpr("number DESC").Limit(1).Scan(ctx); err != nil {
		return nil, nil, err
	}
	if shown := latest.Shows(); shown != id {
		return nil, nil, ErrNotPublic
	}
	if latest.ID != id { // its sessions' revisions are those of the latest
		shown := new(release)
		if err := find(ctx, tx, shown, e.CommunityID, latest.ID); err != nil {
			return nil, nil, err
		}
		public.Schedule = shown.Schedule
	}
	return public, latest, nil
}

// Shows is the id of the release whose schedule it made public: its own, or the one that it restored, "" for none.
func (r *Release) Shows() turnout.ID {
	if r.TakesBack != "" {
		return r.Restores
	}
	return r.ID
}

// restoring makes the release that puts what stood before another in its place.
func (s *Service) restoring(ctx context.Context, tx bun.Tx, e *events.Event, undone *Release, number int64) (*release, error) {
	before := new(release)
	err := tx.NewSelect().Model(before).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Where("takes_back IS NULL").Where("number < ?", undone.Number).
		Where("id NOT IN (?)", tx.NewSelect().Model((*Release)(nil)).Column("takes_back").Where("event_id = ?", e.ID).Where("takes_back IS NOT NULL")).
		OrderExpr("number DESC").Limit(1).Scan(ctx)
	if err != nil && !database.IsNoRows(err) {
		return nil, err
	}
	next := &release{Release: Release{ID: turnout.NewID(PrefixRelease), CommunityID: e.CommunityID, EventID: e.ID, Number: number, TakesBack: undone.ID, Restores: before.ID, CreatedAt: s.now()},
		Schedule: before.Schedule}
	if next.Schedule == nil {
		zone := e.Location().String()
		next.Schedule = &exchange.Schedule{UID: string(e.ID), Title: e.Title, Acronym: e.Slug, Zone: zone}
	}
	name := before.Version
	for n := number; ; n++ {
		if next.Version = fmt.Sprintf("%s (%d)", name, n); name == "" {
			next.Version = fmt.Sprintf("(%d)", n)
		}
		if taken, err := versionTaken(ctx, tx, e, next.Version); err != nil || !taken {
			next.Schedule.Version = next.Version
			return next, err
		}
	}
}

// TakenBack gives which of an event's releases were taken back.
func TakenBack(releases []*Release) map[turnout.ID]bool {
	gone := map[turnout.ID]bool{}
	for _, r := range releases {
		if r.TakesBack != "" {
			gone[r.TakesBack] = true
		}
	}
	return gone
}
