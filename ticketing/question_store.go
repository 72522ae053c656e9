package ticketing

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

const (
	prefixQuestion = "qst"
	prefixOption   = "opt"
	prefixUpload   = "upl"
)

// loadQuestions gives what the events ask, in its order, with its words and ticket types: in two statements, one when they ask
// nothing.
func loadQuestions(ctx context.Context, db bun.IDB, eventIDs []turnout.ID) ([]*Question, error) {
	return questionsWhere(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("question.event_id IN (?)", bun.List(eventIDs)).Where("question.archived_at IS NULL")
	})
}

// loadOrderChoices is loadQuestions for those about orders that have choices alone: without such a choice nothing is sold.
func loadOrderChoices(ctx context.Context, db bun.IDB, eventIDs []turnout.ID) ([]*Question, error) {
	return questionsWhere(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("question.event_id IN (?)", bun.List(eventIDs)).Where("question.archived_at IS NULL").
			Where("question.subject = ?", OfOrder).Where("question.kind IN (?, ?)", AskChoice, AskMultiChoice)
	})
}

func questionsWhere(ctx context.Context, db bun.IDB, where func(*bun.SelectQuery) *bun.SelectQuery) ([]*Question, error) {
	var all []*Question
	err := where(db.NewSelect().Model(&all).Relation("Words")).Order("question.event_id", "question.position", "question.id").Scan(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	byID, ids := make(map[turnout.ID]*Question, len(all)), make([]turnout.ID, len(all))
	for i, q := range all {
		byID[q.ID], ids[i] = q, q.ID
	}
	var links []questionType
	if err := db.NewSelect().Model(&links).Where("question_id IN (?)", bun.List(ids)).Order("ticket_type_id").Scan(ctx); err != nil {
		return nil, err
	}
	for _, l := range links {
		byID[l.QuestionID].TypeIDs = append(byID[l.QuestionID].TypeIDs, l.TicketTypeID)
	}
	return all, nil
}

// loadChoicePools gives each option that counts places its pool, in one statement, none when there is no such option.
func loadChoicePools(ctx context.Context, db bun.IDB, questions []*Question) error {
	ids := choicePools(questions)
	if len(ids) == 0 {
		return nil
	}
	var list []*Pool
	if err := db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return err
	}
	byID := make(map[turnout.ID]*Pool, len(list))
	for _, p := range list {
		byID[p.ID] = p
	}
	for _, q := range questions {
		for i := range q.Words.Options {
			q.Words.Options[i].Pool = byID[q.Words.Options[i].PoolID]
		}
	}
	return nil
}

// choicePools lists the pools of the questions' options.
func choicePools(questions []*Question) (ids []turnout.ID) {
	for _, q := range questions {
		for _, o := range q.Words.Options {
			if o.PoolID != "" {
				ids = append(ids, o.PoolID)
			}
		}
	}
	return ids
}

// sameQuestions reports whether what the events ask is still what was read, for a sale that has taken its locks since: one statement.
// A sale that finds it is not so begins anew (database.ErrAgain), so that none chooses places uncounted.
func sameQuestions(ctx context.Context, tx bun.IDB, eventIDs []turnout.ID, read []*Question) (bool, error) {
	var now []*Question
	err := tx.NewSelect().Model(&now).Column("id", "asked").Where("event_id IN (?)", bun.List(eventIDs)).Where("archived_at IS NULL").
		Order("event_id", "position", "id").Scan(ctx)
	return slices.EqualFunc(now, read, func(a, b *Question) bool { return a.ID == b.ID && a.Asked == b.Asked }), err
}

// lockQuestions reads an event's questions, archived ones too, and keeps others from editing them. Sales lock none of these rows.
func lockQuestions(ctx context.Context, tx bun.IDB, community, event turnout.ID) ([]*Question, error) {
	if _, err := tx.NewUpdate().Model((*Question)(nil)).Set("position = position").Where("event_id = ?", event).Where("community_id = ?", community).Exec(ctx); err != nil {
		return nil, err
	}
	return questionsWhere(ctx, tx, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("question.event_id = ?", event).Where("question.community_id = ?", community)
	})
}

// live are those that are asked.
func live(all []*Question) []*Question {
	return slices.DeleteFunc(slices.Clone(all), (*Question).Archived)
}

// wording makes the words of an input: options keep their ids and pools, new ones get theirs.
func (in *QuestionInput) wording(q *Question, now time.Time) *Wording {
	w := &Wording{QuestionID: q.ID, CommunityID: q.CommunityID, Label: in.Label, Help: in.Help, Purpose: in.Purpose, Required: in.Required,
		Options: []Option{}, Bounds: in.Bounds, ShowIf: in.ShowIf, EraseDays: in.EraseDays, EraseOn: in.EraseOn, CreatedAt: now}
	for _, o := range in.Options {
		option := Option{ID: o.ID, Label: o.Label}
		if option.ID == "" {
			option.ID = turnout.NewID(prefixOption)
		} else if old := q.Words.Option(o.ID); old != nil {
			option.PoolID = old.PoolID // for good: what was ever counted stays counted
		}
		w.Options = append(w.Options, option)
	}
	return w
}

// savePlaces makes and changes the pools of a wording's options, in the order of their ids. It fails with ErrOptionChosen and
// ErrCapacityBelowTaken, about the option's field.
func savePlaces(ctx context.Context, tx bun.IDB, q *Question, w *Wording, in *QuestionInput, now time.Time) error {
	for i, o := range w.Options {
		if in.Options[i].ID != "" && in.Options[i].Places != nil && o.PoolID == "" {
			// Counting begins: a sale that read the question before holds places of the event until it has written who chose what.
			if err := lockAllPools(ctx, tx, q.CommunityID, q.EventID); err != nil {
				return err
			}
			break
		}
	}
	if err := makePlaces(ctx, tx, q, w, in, now); err != nil {
		return err
	}
	order := make([]int, len(w.Options))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(string(w.Options[a].PoolID), string(w.Options[b].PoolID)) })
	for _, i := range order {
		if w.Options[i].PoolID == "" {
			continue
		}
		places := int64(maxCapacity)
		if in.Options[i].Places != nil {
			places = *in.Options[i].Places
		}
		n, err := database.Changed(tx.NewUpdate().Model((*Pool)(nil)).Set("capacity = ?", places).Set("version = version + 1").Set("updated_at = ?", now).
			Where("id = ?", w.Options[i].PoolID).Where("community_id = ?", q.CommunityID).Where("taken <= ?", places).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return belowTaken(ctx, tx, w.Options[i].PoolID, i)
		}
	}
	return nil
}

// lockAllPools locks every pool of the event, so that none of its sales is under way.
func lockAllPools(ctx context.Context, tx bun.IDB, community, event turnout.ID) error {
	var ids []turnout.ID
	if err := tx.NewSelect().Model((*Pool)(nil)).Column("id").Where("event_id = ?", event).Where("community_id = ?", community).Scan(ctx, &ids); err != nil {
		return err
	}
	_, err := lockPools(ctx, tx, ids)
	return err
}

func makePlaces(ctx context.Context, tx bun.IDB, q *Question, w *Wording, in *QuestionInput, now time.Time) error {
	var pools []*Pool
	for i := range w.Options {
		o := &w.Options[i]
		if in.Options[i].Places == nil || o.PoolID != "" {
			continue
		}
		if in.Options[i].ID != "" {
			chosen, err := tx.NewSelect().Model((*Answer)(nil)).Where("question_id = ?", q.ID).Where("CAST(value AS TEXT) LIKE ?", "%"+string(o.ID)+"%").Exists(ctx)
			if err != nil {
				return err
			}
			if chosen {
				return refusedAt(ErrOptionChosen, i)
			}
		}
		o.PoolID = turnout.NewID(prefixPool)
		pools = append(pools, &Pool{ID: o.PoolID, CommunityID: q.CommunityID, EventID: q.EventID, Kind: ChoicePlaces, Name: string(o.ID),
			Capacity: *in.Options[i].Places, Version: 1, CreatedAt: now, UpdatedAt: now})
	}
	return insertAll(ctx, tx, &pools)
}

func belowTaken(ctx context.Context, tx bun.IDB, pool turnout.ID, i int) error {
	var taken int64
	if err := tx.NewSelect().Model((*Pool)(nil)).Column("taken").Where("id = ?", pool).Scan(ctx, &taken); err != nil {
		return err
	}
	return refusedAt(ErrCapacityBelowTaken.With("%d places are already sold, held, reserved or set aside; there cannot be fewer.", taken), i)
}

// refusedAt gives a refusal about the places of an option.
func refusedAt(refusal *turnout.Error, i int) error {
	refusal = refusal.With("%s", refusal.Message)
	refusal.Fields = []turnout.FieldError{{Name: fmt.Sprintf("options[%d].places", i), Code: refusal.Code, Message: refusal.Message}}
	return refusal
}

// equal reports whether the same is asked by the same rules.
func (w *Wording) equal(other *Wording) bool {
	a, b := *w, *other
	a.Version, a.CreatedAt, b.Version, b.CreatedAt = 0, time.Time{}, 0, time.Time{}
	a.Options, b.Options = bare(a.Options), bare(b.Options)
	return reflect.DeepEqual(a, b)
}

// bare are options without what was read beside them.
func bare(options []Option) []Option {
	out := make([]Option, len(options))
	for i, o := range options {
		o.Pool = nil
		out[i] = o
	}
	return out
}

// linkTypes writes which ticket types' tickets are asked; they must be the event's own.
func linkTypes(ctx context.Context, tx bun.IDB, q *Question) error {
	if _, err := tx.NewDelete().Model((*questionType)(nil)).Where("question_id = ?", q.ID).Where("community_id = ?", q.CommunityID).Exec(ctx); err != nil {
		return err
	}
	if len(q.TypeIDs) == 0 {
		return nil
	}
	n, err := tx.NewSelect().Model((*TicketType)(nil)).Where("community_id = ?", q.CommunityID).Where("event_id = ?", q.EventID).Where("id IN (?)", bun.List(q.TypeIDs)).Count(ctx)
	if err != nil {
		return err
	}
	if n != int64(len(q.TypeIDs)) {
		return turnout.Invalidf("ticket_type_ids", "unknown", "A ticket type that was named does not belong to this event.")
	}
	links := make([]questionType, len(q.TypeIDs))
	for i, id := range q.TypeIDs {
		links[i] = questionType{CommunityID: q.CommunityID, QuestionID: q.ID, TicketTypeID: id}
	}
	return insertAll(ctx, tx, &links)
}

// inOrder reports whether each question that is asked stands behind the one that decides whether it is shown.
func inOrder(asked []*Question) error {
	for _, q := range asked {
		if q.Words.ShowIf.always() {
			continue
		}
		i := slices.IndexFunc(asked, func(d *Question) bool { return d.ID == q.Words.ShowIf.QuestionID })
		if i < 0 || !before(asked[i], q) {
			return ErrQuestionOrder.With("“%s” stands behind the question that decides whether it is shown.", q.Words.Label)
		}
	}
	return nil
}
