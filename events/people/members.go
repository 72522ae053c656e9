package people

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// Member is a person of a community whom its organisers call a member, by one of their addresses.
type Member struct {
	PersonID turnout.ID
	Name     string
	Email    string
	Since    time.Time
}

// ListMembers gives the newest members, at most limit, and how many there are.
func ListMembers(ctx context.Context, db bun.IDB, community turnout.ID, limit int) (list []Member, total int64, err error) {
	err = db.NewSelect().TableExpr("persons AS person").ColumnExpr("person.id AS person_id, person.name, person.member_since AS since").
		ColumnExpr("(SELECT MIN(identity.handle) FROM identities AS identity WHERE identity.person_id = person.id AND identity.community_id = person.community_id AND identity.source = ?) AS email", SourceEmail).
		Where("person.community_id = ?", community).Where("person.member_since IS NOT NULL").OrderExpr("person.member_since DESC, person.id").Limit(int64(limit)).Scan(ctx, &list)
	if err == nil {
		total, err = db.NewSelect().Model((*Person)(nil)).Where("community_id = ?", community).Where("member_since IS NOT NULL").Count(ctx)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("people: list members: %w", err)
	}
	return list, total, nil
}

// SetMembers makes persons of a community members from now on, or no members any more, and gives those whom that changed.
func SetMembers(ctx context.Context, tx bun.IDB, community turnout.ID, persons []turnout.ID, member bool, now time.Time) (changed []turnout.ID, err error) {
	for _, id := range persons {
		q := tx.NewUpdate().Model((*Person)(nil)).Set("updated_at = ?", now).Where("id = ?", id).Where("community_id = ?", community)
		if member {
			q = q.Set("member_since = ?", now).Where("member_since IS NULL")
		} else {
			q = q.Set("member_since = NULL").Where("member_since IS NOT NULL")
		}
		n, err := database.Changed(q.Exec(ctx))
		if err != nil {
			return nil, fmt.Errorf("people: set members: %w", err)
		}
		if n == 1 {
			changed = append(changed, id)
		}
	}
	return changed, nil
}

// WithEmails gives the persons of a community who have the addresses, normalised; those whom nobody knows are left out.
func WithEmails(ctx context.Context, db bun.IDB, community turnout.ID, emails []string) (ids []turnout.ID, err error) {
	err = db.NewSelect().Model((*Identity)(nil)).Distinct().Column("person_id").Where("community_id = ?", community).Where("source = ?", SourceEmail).
		Where("handle IN (?)", bun.List(emails)).Order("person_id").Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("people: with emails: %w", err)
	}
	return ids, nil
}
