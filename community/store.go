package community

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/database"
)

// chunk is at most chunkRows activities of one community, with no key twice.
type chunk struct {
	community turnout.ID
	now       time.Time
	rows      []reported
}

// Short calls share a transaction; a long one is cut into chunks with a transaction each (decision 10), between which the
// door's lane and other sales are served. The answer is how many were new.
var (
	recordFew  = &database.Work[chunk, int64]{Name: "record few activities", Lane: database.Shop, Max: chunkRows / fewRows, Do: record}
	recordMany = &database.Work[chunk, int64]{Name: "record activities", Lane: database.Shop, Max: 1, Do: record}
)

// record writes the activities of all items, one community after the other.
func record(ctx context.Context, tx bun.Tx, items []*database.Item[chunk, int64]) error {
	byCommunity := map[turnout.ID][]*database.Item[chunk, int64]{}
	for _, item := range items {
		byCommunity[item.In.community] = append(byCommunity[item.In.community], item)
	}
	for _, community := range slices.Sorted(maps.Keys(byCommunity)) {
		if err := recordFor(ctx, tx, community, byCommunity[community]); err != nil {
			return fmt.Errorf("community: record activities: %w", err)
		}
	}
	return nil
}

func recordFor(ctx context.Context, tx bun.Tx, community turnout.ID, items []*database.Item[chunk, int64]) error {
	wanted := map[string][]string{} // external ids by source
	for _, item := range items {
		for i := range item.In.rows {
			row := &item.In.rows[i]
			wanted[row.Source] = append(wanted[row.Source], row.ExternalID)
		}
	}
	known, err := knownActivities(ctx, tx, community, wanted)
	if err != nil {
		return err
	}
	var rows []*Activity
	var contacts []people.Contact
	callers := map[turnout.ID]*database.Item[chunk, int64]{}
	for _, item := range items {
		for i := range item.In.rows {
			row := &item.In.rows[i]
			if known[row.key()] {
				continue
			}
			known[row.key()] = true // another caller of this batch may tell the same
			activity := row.Activity
			activity.ID, activity.CommunityID, activity.CreatedAt = turnout.NewID(PrefixActivity), community, item.In.now
			rows, contacts, callers[activity.ID] = append(rows, &activity), append(contacts, row.contact), item
		}
	}
	if len(rows) == 0 {
		return nil
	}
	persons, err := people.Ensure(ctx, tx, community, items[0].In.now, contacts)
	if err != nil {
		return err
	}
	for i, person := range persons {
		rows[i].PersonID = person
	}
	made, err := insertActivities(ctx, tx, rows)
	for _, row := range made {
		callers[row.ID].Out++
	}
	return err
}

// knownActivities finds which of the activities (external ids by source) are there already, in one statement.
func knownActivities(ctx context.Context, db bun.IDB, community turnout.ID, wanted map[string][]string) (map[activityKey]bool, error) {
	var rows []struct{ Source, ExternalID string }
	err := db.NewSelect().Model((*Activity)(nil)).Column("source", "external_id").Where("community_id = ?", community).
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, source := range slices.Sorted(maps.Keys(wanted)) {
				q = q.WhereOr("source = ? AND external_id IN (?)", source, bun.List(wanted[source]))
			}
			return q
		}).Scan(ctx, &rows)
	known := make(map[activityKey]bool, len(rows))
	for _, r := range rows {
		known[activityKey{r.Source, r.ExternalID}] = true
	}
	return known, err
}

// insertActivities writes the rows in one statement and gives those that were new: another process may have written one
// since knownActivities looked. All processes insert in one order, so that no two wait for each other.
func insertActivities(ctx context.Context, db bun.IDB, rows []*Activity) ([]*Activity, error) {
	slices.SortFunc(rows, func(a, b *Activity) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ExternalID, b.ExternalID))
	})
	n, err := database.Changed(db.NewInsert().Model(&rows).On("CONFLICT (community_id, source, external_id) DO NOTHING").Exec(ctx))
	if err != nil || n == int64(len(rows)) {
		return rows, err
	}
	ids := make([]turnout.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var made []*Activity
	err = db.NewSelect().Model(&made).Column("id").Where("community_id = ?", rows[0].CommunityID).Where("id IN (?)", bun.List(ids)).Scan(ctx)
	return made, err
}
