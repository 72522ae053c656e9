// Package agenda plans what happens when and where at an event: rooms, tracks, sessions and their slots, the conflicts
// between them, the import of agendas made elsewhere, and releases.
//
// A session is the content, its slot is when and where. The working draft is for organisers; the public sees the latest
// release only, which is a frozen copy and never changes.
//
// Decided here: every change of an agenda first touches the row of its event, so that an import and an edit of the same
// event wait for each other on both engines. An import compares what the file says with what the last import said: a session that the file
// left alone keeps what was changed here by hand, one that the file changed takes the file's version (with a warning when
// it had been changed here). A room or track made here is taken over by an import that names it alike. Releases hold
// confirmed sessions with a slot; drafts, withdrawn and unplaced ones stay inside.
package agenda

import (
	"context"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda/exchange"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/signing"
	"turnout/templates"
)

// Service holds the use cases of the agenda. DB and Now must be set, Keys for itineraries, Pages and BaseURL where mails are written.
type Service struct {
	DB      *database.DB
	Now     func() time.Time
	Keys    signing.Keys
	Pages   *templates.Set // words and mails
	BaseURL string         // of this installation, without a slash at its end
	Plans   []Plans        // of packages above: whom else a release concerns

	released releaseCache
}

// releaseCache keeps the schedules of a few releases. They never change, so nothing has to be told to it.
type releaseCache struct {
	mu   sync.Mutex
	byID map[turnout.ID]*exchange.Schedule
}

// releasesKept bounds the memory: a large conference's schedule takes about 10 MB.
const releasesKept = 8

func (c *releaseCache) find(id turnout.ID) *exchange.Schedule {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byID[id]
}

func (c *releaseCache) keep(id turnout.ID, s *exchange.Schedule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil || len(c.byID) >= releasesKept {
		c.byID = map[turnout.ID]*exchange.Schedule{}
	}
	c.byID[id] = s
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// edit runs a change of one event's agenda: found in the community, its row held, the deed audited.
func (s *Service) edit(ctx context.Context, community turnout.ID, event string, body func(ctx context.Context, tx bun.Tx, e *events.Event) (audit.Entry, error)) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.Find(ctx, tx, community, event)
		if err != nil {
			return err
		}
		if err := hold(ctx, tx, community, e.ID); err != nil {
			return err
		}
		entry, err := body(ctx, tx, e)
		if err != nil {
			return err
		}
		entry.Community, entry.At = community, s.now()
		return audit.Write(ctx, tx, entry)
	})
}

// hold makes other changes of the event's agenda wait until the transaction ends.
func hold(ctx context.Context, tx bun.Tx, community, event turnout.ID) error {
	n, err := database.Changed(tx.NewUpdate().Model((*events.Event)(nil)).Set("number = number").
		Where("id = ?", event).Where("community_id = ?", community).Exec(ctx))
	if err == nil && n == 0 {
		return turnout.ErrNotFound
	}
	return err
}
