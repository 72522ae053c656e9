package events

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// Format says how an event can be attended.
type Format string

// The formats. A hybrid event has a venue and an online link, and sells tickets of both attendance modes.
const (
	InPerson Format = "in_person"
	Virtual  Format = "virtual"
	Hybrid   Format = "hybrid"
)

// OnSite reports whether people can come to a venue.
func (f Format) OnSite() bool { return f == InPerson || f == Hybrid }

// Online reports whether people can take part over the network.
func (f Format) Online() bool { return f == Virtual || f == Hybrid }

func (f Format) known() bool { return f.OnSite() || f.Online() }

// Status is where an event stands in its life:
//
//	draft ──publish──▶ published ──its end passed──▶ ended
//	  │                    │
//	  └──────cancel────────┴──────▶ canceled
//
// Nothing leads back: people hold tickets, links and calendar entries of what was once public.
type Status string

// The statuses.
const (
	Draft     Status = "draft"
	Published Status = "published"
	Canceled  Status = "canceled"
	Ended     Status = "ended"
)

// follows lists the statuses that each may go to.
var follows = map[Status][]Status{
	Draft:     {Published, Canceled},
	Published: {Canceled, Ended},
}

// Event is one dated happening with registration.
type Event struct {
	bun.BaseModel `bun:"table:events,alias:event"`

	ID               turnout.ID `bun:"id,pk"`
	CommunityID      turnout.ID `bun:"community_id"`
	GroupID          turnout.ID `bun:"group_id,nullzero"`
	SeriesID         turnout.ID `bun:"series_id,nullzero"`
	Number           int64      `bun:"number"` // small and rising in the installation; stands in every ticket code
	Slug             string     `bun:"slug"`   // unique in the installation
	Title            string     `bun:"title"`
	Summary          string     `bun:"summary"`
	Description      string     `bun:"description"` // markdown as it was typed; pages sanitise what they render
	Format           Format     `bun:"format"`
	Status           Status     `bun:"status"`
	Timezone         string     `bun:"timezone"` // IANA: Europe/Warsaw
	StartsAt         time.Time  `bun:"starts_at"`
	EndsAt           time.Time  `bun:"ends_at"`
	Currency         string     `bun:"currency"` // ISO 4217; fixed once an order exists
	VenueName        string     `bun:"venue_name"`
	VenueAddress     string     `bun:"venue_address"`
	VenueCity        string     `bun:"venue_city"`
	VenueCountry     string     `bun:"venue_country"`      // ISO 3166-1 alpha-2
	OnlineURL        string     `bun:"online_url"`         // for ticket holders only, never on a public page
	JoinOpensMinutes int64      `bun:"join_opens_minutes"` // how long before the start join links open
	Accent           string     `bun:"accent"`             // #rrggbb, or empty for the community's
	CoverHash        string     `bun:"cover_hash"`         // of a picture in blobs
	PricesIncludeTax bool       `bun:"prices_include_tax"`
	SigningKey       string     `bun:"signing_key"` // secret: the Ed25519 seed (RFC 8032), base64
	Version          int64      `bun:"version"`     // rises with each edit; the ETag
	PublishedAt      time.Time  `bun:"published_at,nullzero"`
	CanceledAt       time.Time  `bun:"canceled_at,nullzero"`
	CreatedAt        time.Time  `bun:"created_at"`
	UpdatedAt        time.Time  `bun:"updated_at"`
}

// Errors of reading an event for a sale.
var (
	ErrCanceled = &turnout.Error{Kind: turnout.Conflict, Code: "event_canceled", Message: "This event was canceled."}
	ErrEnded    = &turnout.Error{Kind: turnout.Conflict, Code: "event_ended", Message: "This event is over."}
)

// Public reports whether anybody may see the event: it was published, whatever became of it. A draft that was canceled stays
// its organisers' own.
func (e *Event) Public() bool { return !e.PublishedAt.IsZero() }

// JoinOpensAt is when the personal links of virtual tickets open.
func (e *Event) JoinOpensAt() time.Time {
	return e.StartsAt.Add(-time.Duration(e.JoinOpensMinutes) * time.Minute)
}

// Location is the event's time zone. The zone was checked when it was stored; should this program's zone data lack it
// all the same, it is UTC.
func (e *Event) Location() *time.Location {
	if zone, err := LoadZone(e.Timezone); err == nil {
		return zone
	}
	return time.UTC
}

// Find gives an event of the community by its id or slug, in any status. Events that do not exist and those of other
// communities are turnout.ErrNotFound.
func Find(ctx context.Context, db bun.IDB, community turnout.ID, idOrSlug string) (*Event, error) {
	return one(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return named(q, idOrSlug).Where("community_id = ?", community)
	})
}

// FindIn is Find for whoever works on several communities: slugs are unique in an installation, so it is one event at most.
func FindIn(ctx context.Context, db bun.IDB, communities []turnout.ID, idOrSlug string) (*Event, error) {
	if len(communities) == 0 {
		return nil, turnout.ErrNotFound
	}
	return one(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return named(q, idOrSlug).Where("community_id IN (?)", bun.List(communities))
	})
}

// FindPublic gives an event that anybody may see (published, and perhaps canceled or ended since) by its id or slug; drafts
// are turnout.ErrNotFound.
func FindPublic(ctx context.Context, db bun.IDB, idOrSlug string) (*Event, error) {
	return one(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return named(q, idOrSlug).Where("published_at IS NOT NULL")
	})
}

// ByNumber gives the event whose number stands in a ticket code, whatever its community: the caller compares it.
func ByNumber(ctx context.Context, db bun.IDB, number int64) (*Event, error) {
	return one(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("number = ?", number) })
}

// ForSale gives a published event, for the transaction of a sale. A draft is turnout.ErrNotFound, other events are
// ErrCanceled or ErrEnded. Between an event's end and the sweep that notes it the status is still published: callers
// compare EndsAt with their clock.
func ForSale(ctx context.Context, db bun.IDB, id turnout.ID) (*Event, error) {
	event, err := FindPublic(ctx, db, string(id))
	if err != nil {
		return nil, err
	}
	switch event.Status {
	case Canceled:
		return nil, ErrCanceled
	case Ended:
		return nil, ErrEnded
	}
	return event, nil
}

func one(ctx context.Context, db bun.IDB, where func(*bun.SelectQuery) *bun.SelectQuery) (*Event, error) {
	event := new(Event)
	if err := where(db.NewSelect().Model(event)).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	return event, nil
}

// named asks for an id or a slug; a slug has no underscore, so the two cannot be confused.
func named(q *bun.SelectQuery, idOrSlug string) *bun.SelectQuery {
	if id := turnout.ID(idOrSlug); id.Is(turnout.PrefixEvent) {
		return q.Where("event.id = ?", id)
	}
	return q.Where("slug = ?", idOrSlug)
}
