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
	"turnout/internal/database"
)

// Questions lists what an event asks in the order of its forms, those of tickets before those of the order and those at the door, with the
// places of choices; archived adds the ones that are not asked any more.
func (s *Service) Questions(ctx context.Context, community, event turnout.ID, archived bool) ([]*Question, error) {
	db := s.DB.Read()
	all, err := questionsWhere(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("question.event_id = ?", event).Where("question.community_id = ?", community)
		if !archived {
			q = q.Where("question.archived_at IS NULL")
		}
		return q
	})
	if err == nil {
		err = loadChoicePools(ctx, db, all)
	}
	if err != nil {
		return nil, fmt.Errorf("ticketing: questions: %w", err)
	}
	slices.SortStableFunc(all, func(a, b *Question) int {
		return slices.Index(QuestionSubjects, a.Subject) - slices.Index(QuestionSubjects, b.Subject)
	})
	return all, nil
}

// Question gives one question, archived or not, with the places of its choices. It fails with turnout.ErrNotFound.
func (s *Service) Question(ctx context.Context, community, id turnout.ID) (*Question, error) {
	db := s.DB.Read()
	all, err := questionsWhere(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("question.id = ?", id).Where("question.community_id = ?", community)
	})
	switch {
	case err == nil && len(all) == 0:
		err = turnout.ErrNotFound
	case err == nil:
		err = loadChoicePools(ctx, db, all)
	}
	if err != nil {
		return nil, fmt.Errorf("ticketing: question: %w", err)
	}
	return all[0], nil
}

// CreateQuestion adds a question at the end of its form.
func (s *Service) CreateQuestion(ctx context.Context, community, event turnout.ID, in QuestionInput) (*Question, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	q := new(Question)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now, in := s.Now(), in.clone()
		e, err := events.Find(ctx, tx, community, string(event))
		if err != nil {
			return err
		}
		all, err := lockQuestions(ctx, tx, community, event)
		if err != nil {
			return err
		}
		if err := in.fits(e, live(all), nil, now); err != nil {
			return err
		}
		*q = Question{ID: turnout.NewID(prefixQuestion), CommunityID: community, EventID: event, Subject: in.Subject, Kind: in.Kind, Asked: 1,
			Position: 1, Version: 1, CreatedAt: now, UpdatedAt: now, TypeIDs: in.TypeIDs}
		for _, other := range all {
			q.Position = max(q.Position, other.Position+1)
		}
		w := in.wording(q, now)
		w.Version = 1
		if _, err := tx.NewInsert().Model(q).Exec(ctx); err != nil {
			return err
		}
		if err := savePlaces(ctx, tx, q, w, &in, now); err != nil {
			return err
		}
		return q.saveWords(ctx, tx, w, "question.created", now)
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: create question: %w", err)
	}
	return s.Question(ctx, community, q.ID)
}

// saveWords writes a new wording, whom it is asked of, and the deed.
func (q *Question) saveWords(ctx context.Context, tx bun.IDB, w *Wording, action string, now time.Time) error {
	if w != nil {
		if _, err := tx.NewInsert().Model(w).Exec(ctx); err != nil {
			return err
		}
	}
	if err := linkTypes(ctx, tx, q); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Community: q.CommunityID, Action: action, Subject: q.ID, At: now})
}

// UpdateQuestion changes a question for the answers to come; those that were given keep the words that were asked. version is the
// one that was read, 0 for whatever it is. It fails with ErrCapacityBelowTaken, ErrOptionChosen, turnout.ErrStale,
// turnout.ErrNotFound.
func (s *Service) UpdateQuestion(ctx context.Context, community, id turnout.ID, version int64, in QuestionInput) (*Question, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	err := s.editQuestion(ctx, community, id, version, func(ctx context.Context, tx bun.Tx, q *Question, all []*Question, now time.Time) error {
		in := in.clone()
		e, err := events.Find(ctx, tx, community, string(q.EventID))
		if err != nil {
			return err
		}
		if err := in.fits(e, live(all), q, now); err != nil {
			return err
		}
		w := in.wording(q, now)
		if err := savePlaces(ctx, tx, q, w, &in, now); err != nil {
			return err
		}
		q.TypeIDs = in.TypeIDs
		if w.equal(q.Words) {
			w = nil
		} else {
			q.Asked++
			w.Version = q.Asked
		}
		return q.saveWords(ctx, tx, w, "question.changed", now)
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: update question: %w", err)
	}
	return s.Question(ctx, community, id)
}

// editQuestion runs a change of one question under the lock of its form and writes its row. all are the event's questions with
// it, archived ones too.
func (s *Service) editQuestion(ctx context.Context, community, id turnout.ID, version int64,
	edit func(ctx context.Context, tx bun.Tx, q *Question, all []*Question, now time.Time) error,
) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		var event turnout.ID
		if err := tx.NewSelect().Model((*Question)(nil)).Column("event_id").Where("id = ?", id).Where("community_id = ?", community).Scan(ctx, &event); err != nil {
			return database.NotFound(err)
		}
		all, err := lockQuestions(ctx, tx, community, event)
		if err != nil {
			return err
		}
		q := all[slices.IndexFunc(all, func(q *Question) bool { return q.ID == id })]
		if version != 0 && q.Version != version {
			return turnout.ErrStale
		}
		now := s.Now()
		if err := edit(ctx, tx, q, all, now); err != nil {
			return err
		}
		q.Version++
		q.UpdatedAt = now
		_, err = tx.NewUpdate().Model(q).WherePK().Exec(ctx)
		return err
	})
}

// ArchiveQuestion asks a question no more; its answers stay. version is the one that was read, 0 for whatever it is. It fails with
// ErrQuestionNeeded, turnout.ErrStale, turnout.ErrNotFound.
func (s *Service) ArchiveQuestion(ctx context.Context, community, id turnout.ID, version int64) error {
	err := s.editQuestion(ctx, community, id, version, func(ctx context.Context, tx bun.Tx, q *Question, all []*Question, now time.Time) error {
		if q.Archived() {
			return nil
		}
		for _, other := range live(all) {
			if other.Words.ShowIf.QuestionID == id {
				return ErrQuestionNeeded.With("“%s” is shown by the answer to this question. Change that first.", other.Words.Label)
			}
		}
		q.ArchivedAt = now
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "question.archived", Subject: id, At: now})
	})
	if err != nil {
		return fmt.Errorf("ticketing: archive question: %w", err)
	}
	return nil
}

// RestoreQuestion asks an archived question again, at its old place or, when that is before the one that decides whether it is
// shown, at the end. It fails with ErrQuestionOrder when that one is archived, turnout.ErrNotFound.
func (s *Service) RestoreQuestion(ctx context.Context, community, id turnout.ID, version int64) error {
	err := s.editQuestion(ctx, community, id, version, func(ctx context.Context, tx bun.Tx, q *Question, all []*Question, now time.Time) error {
		if !q.Archived() {
			return nil
		}
		q.ArchivedAt = time.Time{}
		if inOrder(live(all)) != nil {
			for _, other := range all {
				q.Position = max(q.Position, other.Position+1)
			}
		}
		if err := inOrder(live(all)); err != nil {
			return ErrQuestionOrder.With("The question that decides whether this one is shown is archived. Bring that back first.")
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "question.restored", Subject: id, At: now})
	})
	if err != nil {
		return fmt.Errorf("ticketing: restore question: %w", err)
	}
	return nil
}

// MoveQuestion puts a question at a place among those of its form that are asked, the first being 0. It fails with
// ErrQuestionOrder, turnout.ErrNotFound.
func (s *Service) MoveQuestion(ctx context.Context, community, id turnout.ID, to int) error {
	err := s.editQuestion(ctx, community, id, 0, func(ctx context.Context, tx bun.Tx, q *Question, all []*Question, now time.Time) error {
		form := slices.DeleteFunc(live(all), func(o *Question) bool { return o.Subject != q.Subject })
		from := slices.Index(form, q)
		if from < 0 {
			return turnout.ErrNotFound
		}
		form = slices.Insert(slices.Delete(form, from, from+1), min(max(to, 0), len(form)-1), q)
		for i, o := range form {
			if o.Position == int64(i+1) {
				continue
			}
			o.Position = int64(i + 1)
			if _, err := tx.NewUpdate().Model(o).Column("position").WherePK().Exec(ctx); err != nil {
				return err
			}
		}
		if err := inOrder(form); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "question.moved", Subject: id, At: now})
	})
	if err != nil {
		return fmt.Errorf("ticketing: move question: %w", err)
	}
	return nil
}

// fits says what does not fit the event, its other questions and the day.
func (in *QuestionInput) fits(event *events.Event, asked []*Question, self *Question, now time.Time) error {
	var p turnout.Problems
	in.among(&p, asked, self)
	// A day that is over, perhaps mistyped, would erase every answer at once.
	w := Wording{EraseOn: in.EraseOn}
	if changed := self == nil || self.Words.EraseOn != in.EraseOn; in.EraseOn != "" && changed && !now.Before(w.ErasesAt(event)) {
		p.Add("erase_on", "day_past", "This day is over.")
	}
	return p.Err()
}

// clone is a copy that a transaction which runs again may change.
func (in QuestionInput) clone() QuestionInput {
	in.Options, in.TypeIDs, in.ShowIf.AnyOf = slices.Clone(in.Options), slices.Clone(in.TypeIDs), slices.Clone(in.ShowIf.AnyOf)
	return in
}
