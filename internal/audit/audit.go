// Package audit keeps the append-only log of who did what. An entry is written in the transaction that did it, so a thing
// that was rolled back was never said to have happened, and it holds ids and codes only: an erased person leaves nothing
// here to erase.
package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// ActorKind says in what capacity somebody acted.
type ActorKind string

// The kinds of actor.
const (
	Staff   ActorKind = "staff"   // a person with an account
	Token   ActorKind = "token"   // an API token
	Buyer   ActorKind = "buyer"   // whoever holds an order's secret link
	Device  ActorKind = "device"  // a paired scanner at a door
	Speaker ActorKind = "speaker" // whoever holds a speaker's secret link
	System  ActorKind = "system"  // a sweep, a job, a webhook
)

// Actor is who acts.
type Actor struct {
	Kind ActorKind
	ID   turnout.ID // the person, the token, the order or the speaker; empty for the system
}

type actorKey struct{}

// WithActor gives a context under which entries are the actor's.
func WithActor(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorFrom is the actor of the context, the system if nobody was set.
func ActorFrom(ctx context.Context) Actor {
	if actor, ok := ctx.Value(actorKey{}).(Actor); ok {
		return actor
	}
	return Actor{Kind: System}
}

// Entry is one deed.
type Entry struct {
	Community turnout.ID
	Action    string            // noun and past participle: "event.published"
	Subject   turnout.ID        // what it was done to
	Detail    map[string]string // more ids and codes, never personal data
	At        time.Time         // UTC, microseconds
	Actor     Actor             // left empty when writing: ActorFrom the context

	ID turnout.ID // set by Write
}

type row struct {
	bun.BaseModel `bun:"table:audit_log"`

	ID          turnout.ID        `bun:"id,pk"`
	CommunityID turnout.ID        `bun:"community_id"`
	ActorKind   ActorKind         `bun:"actor_kind"`
	ActorID     turnout.ID        `bun:"actor_id"`
	Action      string            `bun:"action"`
	SubjectID   turnout.ID        `bun:"subject_id"`
	Detail      map[string]string `bun:"detail,type:jsonb"`
	At          time.Time         `bun:"at"`
}

// Write adds the entries in one statement; tx is the transaction that did the deeds. At must be set.
func Write(ctx context.Context, tx bun.IDB, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	rows := make([]row, len(entries))
	for i, entry := range entries {
		if entry.At.IsZero() || entry.Action == "" {
			return fmt.Errorf("audit: an entry needs its action and its time, got %q at %v", entry.Action, entry.At)
		}
		if entry.Actor == (Actor{}) {
			entry.Actor = ActorFrom(ctx)
		}
		if entry.Detail == nil {
			entry.Detail = map[string]string{}
		}
		rows[i] = row{
			ID: turnout.NewID("aud"), CommunityID: entry.Community, ActorKind: entry.Actor.Kind, ActorID: entry.Actor.ID,
			Action: entry.Action, SubjectID: entry.Subject, Detail: entry.Detail, At: entry.At.UTC().Truncate(time.Microsecond),
		}
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("audit: write %s: %w", entries[0].Action, err)
	}
	return nil
}

// List gives a community's entries, newest first, at most limit of them. A subject limits it to what was done to that one;
// before, when set, is the ID of the last entry of the page before.
func List(ctx context.Context, db bun.IDB, community, subject, before turnout.ID, limit int) ([]Entry, error) {
	var rows []row
	query := db.NewSelect().Model(&rows).Where("community_id = ?", community).OrderExpr("id DESC").Limit(int64(limit))
	if subject != "" {
		query = query.Where("subject_id = ?", subject)
	}
	if before != "" {
		query = query.Where("id < ?", before)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, fmt.Errorf("audit: list: %w", err)
	}
	return entries(rows), nil
}
