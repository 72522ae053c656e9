package events

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Create makes a draft. It fails with field problems, ErrSlugTaken, or turnout.ErrNotFound for an unknown community or group.
func (s *Service) Create(ctx context.Context, community turnout.ID, details Details) (*Event, error) {
	event := details.event(community)
	if err := event.problems().Err(); err != nil {
		return nil, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.insert(ctx, tx, event, "event.created", nil) })
	if err != nil {
		return nil, createError(err)
	}
	return event, nil
}

func (d Details) event(community turnout.ID) *Event {
	event := &Event{
		CommunityID: community, GroupID: d.GroupID, Slug: d.Slug, Title: d.Title, Summary: d.Summary, Description: d.Description,
		Format: d.Format, Timezone: d.Timezone, StartsAt: d.StartsAt, EndsAt: d.EndsAt, Currency: d.Currency,
		VenueName: d.Venue.Name, VenueAddress: d.Venue.Address, VenueCity: d.Venue.City, VenueCountry: d.Venue.Country,
		OnlineURL: d.OnlineURL, JoinOpensMinutes: 30, Accent: d.Accent, PricesIncludeTax: !d.PricesExcludeTax,
	}
	put(&event.JoinOpensMinutes, d.JoinOpensMinutes)
	event.tidy()
	return event
}

// insert writes a new draft with its own number, key and totals.
func (s *Service) insert(ctx context.Context, tx bun.Tx, event *Event, action string, detail map[string]string) error {
	now := s.now()
	event.ID, event.Status, event.Version = turnout.NewID(turnout.PrefixEvent), Draft, 1
	event.CreatedAt, event.UpdatedAt = now, now
	var err error
	if event.SigningKey, err = newSigningKey(); err != nil {
		return err
	}
	if err := belongs(ctx, tx, event); err != nil {
		return err
	}
	if event.Number, err = nextNumber(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(event).Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO event_totals (event_id, community_id) VALUES (?, ?)", event.ID, event.CommunityID); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Community: event.CommunityID, Action: action, Subject: event.ID, Detail: detail, At: now})
}

// belongs refuses a group that is not the community's.
func belongs(ctx context.Context, tx bun.Tx, event *Event) error {
	if event.GroupID == "" {
		return nil
	}
	there, err := tx.NewSelect().Table("groups").Where("id = ?", event.GroupID).Where("community_id = ?", event.CommunityID).Exists(ctx)
	if err == nil && !there {
		err = turnout.Invalidf("group_id", "not_found", "The community has no such group.")
	}
	return err
}

// nextNumber counts the installation's events. The counter's row is locked until the commit: numbers have no gaps.
func nextNumber(ctx context.Context, tx bun.Tx) (number int64, err error) {
	err = tx.NewRaw(`INSERT INTO counters (name, value) VALUES ('events', 1)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`).Scan(ctx, &number)
	return number, err
}

func newSigningKey() (string, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := rand.Read(seed); err != nil {
		return "", fmt.Errorf("events: signing key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(seed), nil
}

// PrivateKey is the key that signs the event's ticket codes (Ed25519, RFC 8032; decision 27). Its public half checks them.
func (e *Event) PrivateKey() (ed25519.PrivateKey, error) {
	seed, err := base64.StdEncoding.DecodeString(e.SigningKey)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("events: the signing key of %s is damaged", e.ID)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// createError names what the database refused of a new event: its number and id are new, so a second row under a unique
// key has a slug that is taken.
func createError(err error) error {
	switch {
	case database.IsUnique(err):
		return ErrSlugTaken
	case database.IsConstraint(err): // no such community
		return turnout.ErrNotFound
	}
	return err
}
