package speakers

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// rowsAtOnce bounds one statement.
const rowsAtOnce = 500

// Find gives a speaker of the community; unknown ids and those of other communities are turnout.ErrNotFound.
func Find(ctx context.Context, db bun.IDB, community, id turnout.ID) (*Speaker, error) {
	speaker := new(Speaker)
	if err := db.NewSelect().Model(speaker).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	return speaker, nil
}

// hold is Find that makes other changes of the speaker wait until the transaction ends: what is read of them afterwards is as it is.
func hold(ctx context.Context, tx bun.Tx, community, id turnout.ID) (*Speaker, error) {
	speaker := new(Speaker)
	err := tx.NewUpdate().Model(speaker).Set("version = version").Where("id = ?", id).Where("community_id = ?", community).Returning("*").Scan(ctx)
	if err != nil {
		return nil, database.NotFound(err)
	}
	return speaker, nil
}

// ByEvent lists the speakers of an event by name.
func ByEvent(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]*Speaker, error) {
	var all []*Speaker
	err := db.NewSelect().Model(&all).Where("community_id = ?", community).Where("event_id = ?", event).OrderExpr("name, id").Scan(ctx)
	return all, err
}

// Names is ByEvent without what is said about them: with their names, and when they were changed.
func Names(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]*Speaker, error) {
	var all []*Speaker
	err := db.NewSelect().Model(&all).Column("id", "community_id", "event_id", "name", "version", "updated_at").Where("community_id = ?", community).Where("event_id = ?", event).OrderExpr("name, id").Scan(ctx)
	return all, err
}

// ByIDs gives those of an event's speakers that have one of the ids, in no order.
func ByIDs(ctx context.Context, db bun.IDB, community, event turnout.ID, ids []turnout.ID) ([]*Speaker, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var all []*Speaker
	err := db.NewSelect().Model(&all).Where("id IN (?)", bun.List(ids)).Where("community_id = ?", community).Where("event_id = ?", event).Scan(ctx)
	return all, err
}

// Save writes new and changed speakers of an import, in a statement for every few hundred. It runs in the caller's
// transaction; rows that exist are told by their id, and keep their e-mail address, person and photo.
func Save(ctx context.Context, db bun.IDB, all []*Speaker) error {
	for chunk := range slices.Chunk(all, rowsAtOnce) {
		_, err := db.NewInsert().Model(&chunk).On("CONFLICT (id) DO UPDATE").
			Set("external_key = EXCLUDED.external_key, name = EXCLUDED.name, bio = EXCLUDED.bio").
			Set("version = EXCLUDED.version, updated_at = EXCLUDED.updated_at").Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}
