package ticketing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/blobs"
	"turnout/internal/database"
)

// eraseOrders is of how many orders answers are erased in one transaction, so that a sale never waits long.
const eraseOrders = 200

// EraseAnswers erases the answers that are past the day until which they are kept, and the files that no answer names. An answer is
// kept no longer than was said when it was given, nor than its question says now.
func (s *Service) EraseAnswers(ctx context.Context) error {
	due, err := answersDue(ctx, s.DB.Read(), s.Now())
	if err != nil {
		return fmt.Errorf("ticketing: erase answers: %w", err)
	}
	for _, w := range due {
		if err := s.eraseAnswersTo(ctx, w); err != nil {
			return fmt.Errorf("ticketing: erase answers: %w", err)
		}
	}
	if err := s.dropUploads(ctx); err != nil {
		return fmt.Errorf("ticketing: erase answers: %w", err)
	}
	return nil
}

// answersDue gives the wordings with answers that are past their time.
func answersDue(ctx context.Context, db bun.IDB, now time.Time) ([]*Wording, error) {
	var asked []*Wording // whose answers are there
	err := db.NewSelect().Model(&asked).Where("EXISTS (SELECT 1 FROM answers AS answer WHERE answer.question_id = words.question_id AND "+
		"answer.question_version = words.version AND answer.erased_at IS NULL)").Order("question_id", "version").Scan(ctx)
	if err != nil || len(asked) == 0 {
		return nil, err
	}
	ids := make([]turnout.ID, len(asked))
	for i, w := range asked {
		ids[i] = w.QuestionID
	}
	questions, err := questionsWhere(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("question.id IN (?)", bun.List(slices.Compact(ids)))
	})
	if err != nil {
		return nil, err
	}
	eventIDs, byID := map[turnout.ID]*events.Event{}, map[turnout.ID]*Question{}
	for _, q := range questions {
		eventIDs[q.EventID], byID[q.ID] = nil, q
	}
	if err := loadEvents(ctx, db, eventIDs); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(asked, func(w *Wording) bool {
		q := byID[w.QuestionID]
		event := eventIDs[q.EventID]
		return now.Before(w.ErasesAt(event)) && now.Before(q.Words.ErasesAt(event))
	}), nil
}

func (s *Service) eraseAnswersTo(ctx context.Context, w *Wording) error {
	for {
		var n int64
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			now := s.Now()
			some := tx.NewSelect().Model((*Answer)(nil)).Distinct().Column("order_id").Where("question_id = ?", w.QuestionID).Where("question_version = ?", w.Version).
				Where("erased_at IS NULL").Limit(eraseOrders)
			n, err = database.Changed(tx.NewUpdate().Model((*Answer)(nil)).Set("value = ?", "{}").Set("upload_id = ''").Set("erased_at = ?", now).Set("updated_at = ?", now).
				Where("question_id = ?", w.QuestionID).Where("question_version = ?", w.Version).Where("erased_at IS NULL").Where("order_id IN (?)", some).Exec(ctx))
			if err != nil || n == 0 {
				return err
			}
			return audit.Write(ctx, tx, audit.Entry{Community: w.CommunityID, Action: "question.answers_erased", Subject: w.QuestionID, At: now})
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// dropUploads drops files that no answer names, or names any more, once their time to be named is over.
func (s *Service) dropUploads(ctx context.Context) error {
	for {
		var ids []turnout.ID
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			ids = nil
			err := tx.NewSelect().Model((*Upload)(nil)).Column("id").Where("created_at < ?", s.Now().Add(-uploadUnused)).
				Where("NOT EXISTS (SELECT 1 FROM answers AS answer WHERE answer.upload_id = upload.id)").Order("created_at").Limit(50).Scan(ctx, &ids)
			if err != nil || len(ids) == 0 {
				return err
			}
			names := make([]string, len(ids))
			for i, id := range ids {
				names[i] = string(id)
			}
			if err := blobs.Remove(ctx, tx, names...); err != nil {
				return err
			}
			_, err = tx.NewDelete().Model((*Upload)(nil)).Where("id IN (?)", bun.List(ids)).Exec(ctx)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
	}
}
