package audit

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
)

// About gives a community's entries about any of the subjects, newest first, at most limit of them.
func About(ctx context.Context, db bun.IDB, community turnout.ID, subjects []turnout.ID, limit int) ([]Entry, error) {
	var rows []row
	err := db.NewSelect().Model(&rows).Where("community_id = ?", community).Where("subject_id IN (?)", bun.List(subjects)).
		OrderExpr("id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("audit: about: %w", err)
	}
	return entries(rows), nil
}

func entries(rows []row) []Entry {
	list := make([]Entry, len(rows))
	for i, r := range rows {
		list[i] = Entry{
			ID: r.ID, Community: r.CommunityID, Actor: Actor{Kind: r.ActorKind, ID: r.ActorID},
			Action: r.Action, Subject: r.SubjectID, Detail: r.Detail, At: r.At.UTC(),
		}
	}
	return list
}
