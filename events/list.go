package events

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/organisers"
)

// Filter says which events a list has.
type Filter struct {
	Community turnout.ID // empty: published events of all communities, whatever Statuses says
	Statuses  []Status   // none: all
	Limit     int        // 1–200; 0 means 50
	Cursor    string     // of the page before; empty for the first
}

// ErrCursor is the answer to a cursor that no list gave.
var ErrCursor = &turnout.Error{Kind: turnout.Invalid, Code: "cursor", Message: "This cursor was not given by this list. Begin again without one."}

// List gives events, the latest start first, and the cursor of the next page, empty after the last. It fails with ErrCursor.
func List(ctx context.Context, db bun.IDB, filter Filter) (events []Event, next string, err error) {
	limit := min(max(filter.Limit, 0), 200)
	if limit == 0 {
		limit = 50
	}
	q := db.NewSelect().Model(&events).OrderExpr("starts_at DESC, id DESC").Limit(int64(limit + 1))
	if filter.Community == "" {
		q = q.Where("status = ?", Published)
	} else {
		q = q.Where("community_id = ?", filter.Community)
		if len(filter.Statuses) > 0 {
			q = q.Where("status IN (?)", bun.List(filter.Statuses))
		}
	}
	if filter.Cursor != "" {
		at, id, err := readCursor(filter.Cursor)
		if err != nil {
			return nil, "", err
		}
		q = q.Where("(starts_at, id) < (?, ?)", at, id)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, "", err
	}
	if len(events) > limit {
		events = events[:limit]
		next = cursorAt(events[limit-1])
	}
	return events, next, nil
}

func cursorAt(e Event) string {
	return base64.RawURLEncoding.EncodeToString([]byte(e.StartsAt.UTC().Format(time.RFC3339Nano) + " " + string(e.ID)))
}

func readCursor(cursor string) (time.Time, turnout.ID, error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return time.Time{}, "", ErrCursor
	}
	start, id, _ := strings.Cut(string(text), " ")
	at, err := time.Parse(time.RFC3339Nano, start)
	if err != nil || !turnout.ID(id).Is(turnout.PrefixEvent) {
		return time.Time{}, "", ErrCursor
	}
	return at, turnout.ID(id), nil
}

// Home is what the public page of a community shows.
type Home struct {
	Community *organisers.Community
	Upcoming  []Event // not over yet, the next first; canceled ones too, for those who planned to come
	Past      []Event // over, the latest first
}

// FindHome reads a community's public page: at most 50 events to come and 20 past ones.
func FindHome(ctx context.Context, db bun.IDB, communitySlug string, now time.Time) (*Home, error) {
	community, err := organisers.FindCommunity(ctx, db, communitySlug)
	if err != nil {
		return nil, err
	}
	home := &Home{Community: community}
	err = db.NewSelect().Model(&home.Upcoming).Where("community_id = ?", community.ID).Where("published_at IS NOT NULL").
		Where("ends_at > ?", now).OrderExpr("starts_at, id").Limit(50).Scan(ctx)
	if err != nil {
		return nil, err
	}
	err = db.NewSelect().Model(&home.Past).Where("community_id = ?", community.ID).Where("published_at IS NOT NULL").
		Where("status <> ?", Canceled).Where("ends_at <= ?", now).OrderExpr("starts_at DESC, id DESC").Limit(20).Scan(ctx)
	return home, err
}

// Upcoming gives the public events of all communities that are not over, the next first, at most 500: for the home page of an
// installation.
func Upcoming(ctx context.Context, db bun.IDB, now time.Time) (events []Event, err error) {
	err = db.NewSelect().Model(&events).Where("status = ?", Published).Where("ends_at > ?", now).OrderExpr("starts_at, id").Limit(500).Scan(ctx)
	return events, err
}

// Calendar gives what a community's calendar feed lists: its public events from a year ago on, the canceled ones among them
// (a calendar strikes them out), by start, at most 500.
func Calendar(ctx context.Context, db bun.IDB, communitySlug string, now time.Time) (*organisers.Community, []Event, error) {
	community, err := organisers.FindCommunity(ctx, db, communitySlug)
	if err != nil {
		return nil, nil, err
	}
	var events []Event
	err = db.NewSelect().Model(&events).Where("community_id = ?", community.ID).Where("published_at IS NOT NULL").
		Where("starts_at > ?", now.AddDate(-1, 0, 0)).OrderExpr("starts_at, id").Limit(500).Scan(ctx)
	return community, events, err
}
