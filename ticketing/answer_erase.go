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
// kept no longer than was said when it was given, nor than its question says now, wherever the event has moved to.
func (s *Service) EraseAnswers(ctx context.Context) error {
	due, err := answersDue(ctx, s.DB.Read(), s.Now())
	if err != nil {
		return fmt.Errorf("ticketing: erase answers: %w", err)
	}
	for _, d := range due {
		if err := s.eraseAnswersTo(ctx, d); err != nil {
			return fmt.Errorf("ticketing: erase answers: %w", err)
		}
	}
	if err := s.dropUploads(ctx); err != nil {
		return fmt.Errorf("ticketing: erase answers: %w", err)
	}
	return nil
}

// due are answers to be erased: all that were given to the words, or those that were promised to be gone by the instant.
type due struct {
	*Wording
	promised time.Time // zero: all
}

// answersDue gives the wordings with answers that are past their time.
func answersDue(ctx context.Context, db bun.IDB, now time.Time) (list []due, err error) {
	var asked []*Wording // whose answers are there
	if asked, err = wordsAnswered(ctx, db, "answer.erased_at IS NULL"); err != nil || len(asked) == 0 {
		return nil, err
	}
	promised, err := wordsAnswered(ctx, db, "answer.erased_at IS NULL AND answer.erase_at <= ?", now)
	if err != nil {
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
	for _, w := range asked {
		q := byID[w.QuestionID]
		event := eventIDs[q.EventID]
		switch {
		case !now.Before(w.ErasesAt(event)) || !now.Before(q.Words.ErasesAt(event)):
			list = append(list, due{Wording: w})
		case slices.ContainsFunc(promised, func(p *Wording) bool { return p.QuestionID == w.QuestionID && p.Version == w.Version }):
			list = append(list, due{w, now})
		}
	}
	return list, nil
}

// wordsAnswered gives the wordings to which there are such answers.
func wordsAnswered(ctx context.Context, db bun.IDB, such string, args ...any) (list []*Wording, err error) {
	err = db.NewSelect().Model(&list).Where("EXISTS (SELECT 1 FROM answers AS answer WHERE answer.question_id = words.question_id AND "+
		"answer.question_version = words.version AND "+such+")", args...).Order("question_id", "version").Scan(ctx)
	return list, err
}

func (s *Service) eraseAnswersTo(ctx context.Context, d due) error {
	for {
		var n int64
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			now := s.Now()
			some := tx.NewSelect().Model((*Answer)(nil)).Distinct().Column("order_id").Where("question_id = ?", d.QuestionID).Where("question_version = ?", d.Version).
				Where("erased_at IS NULL").Limit(eraseOrders)
			erase := tx.NewUpdate().Model((*Answer)(nil)).Set("value = ?", "{}").Set("upload_id = ''").Set("erased_at = ?", now).Set("updated_at = ?", now).
				Where("question_id = ?", d.QuestionID).Where("question_version = ?", d.Version).Where("erased_at IS NULL")
			if !d.promised.IsZero() {
				some, erase = some.Where("erase_at <= ?", d.promised), erase.Where("erase_at <= ?", d.promised)
			}
			n, err = database.Changed(erase.Where("order_id IN (?)", some).Exec(ctx))
			if err != nil || n == 0 {
				return err
			}
			return audit.Write(ctx, tx, audit.Entry{Community: d.CommunityID, Action: "question.answers_erased", Subject: d.QuestionID, At: now})
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
