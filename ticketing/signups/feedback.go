package signups

import (
	"context"
	"crypto/rand"
	"io"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// Bounds of feedback.
const (
	FeedbackDays = 14   // after the event's end
	MaxWords     = 2000 // characters
	// FewAnswers is how many there must be before anybody but organisers sees what they amount to: of fewer one could guess who said what.
	FewAnswers = 3
)

// ErrFeedbackClosed refuses feedback before the session has begun, and long after the event.
var ErrFeedbackClosed = &turnout.Error{Kind: turnout.Conflict, Code: "feedback_closed", Message: "Feedback on this session can be given from its beginning until two weeks after the event."}

// Feedback is what the bearer of a ticket says of a session.
type Feedback struct {
	bun.BaseModel `bun:"table:session_feedback,alias:feedback"`

	SessionID   turnout.ID `bun:",pk"`
	TicketID    turnout.ID `bun:",pk"`
	PersonID    turnout.ID
	CommunityID turnout.ID
	EventID     turnout.ID
	Stars       int64 // 1 to 5
	Words       string
	ShownAs     string // random: lists are in this order, which does not tell who wrote when
	UpdatedAt   time.Time
}

// FeedbackInput is what is said of a session.
type FeedbackInput struct {
	Stars int64 // 1 to 5
	Words string
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *FeedbackInput) Check() error {
	var p turnout.Problems
	in.Words = strings.TrimSpace(in.Words)
	if in.Stars < 1 || in.Stars > 5 {
		p.Add("stars", "out_of_range", "Choose one to five stars.")
	}
	p.Length("words", in.Words, MaxWords)
	return p.Err()
}

// FeedbackOpen says whether feedback on a session that takes place in a slot can be given at a moment: from its beginning until FeedbackDays after the event.
func FeedbackOpen(slot Slot, eventEnds, now time.Time) bool {
	return !slot.StartsAt.IsZero() && !now.Before(slot.StartsAt) && now.Before(eventEnds.AddDate(0, 0, FeedbackDays))
}

// Rate keeps what the bearer of a ticket says of a session of the released schedule; the last word stands. Whoever asks has shown that the ticket is theirs. It fails with
// turnout.ErrNotFound, ErrTicketOver, ErrFeedbackClosed, events.ErrCanceled and with an Invalid error that names the fields.
func (s *Service) Rate(ctx context.Context, t *ticketing.Ticket, session turnout.ID, in FeedbackInput) error {
	if err := in.Check(); err != nil {
		return err
	}
	e, err := events.Find(ctx, s.DB.Read(), t.CommunityID, string(t.EventID))
	if err != nil {
		return wrapped("rate", err)
	}
	if e.Status == events.Canceled {
		return wrapped("rate", events.ErrCanceled)
	}
	slots, err := s.Released(ctx, e, session)
	if err != nil {
		return err
	}
	slot, there := slots[session]
	if !there {
		return wrapped("rate", turnout.ErrNotFound)
	}
	return wrapped("rate", s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		t, err := ticketing.LockTicket(ctx, tx, t.CommunityID, t.ID)
		if err != nil {
			return err
		}
		now := s.Now()
		switch {
		case t.Status != ticketing.Valid:
			return ErrTicketOver
		case !FeedbackOpen(slot, e.EndsAt, now):
			return ErrFeedbackClosed
		}
		row := &Feedback{SessionID: session, TicketID: t.ID, PersonID: t.PersonID, CommunityID: t.CommunityID, EventID: t.EventID, Stars: in.Stars, Words: in.Words,
			ShownAs: rand.Text(), UpdatedAt: now}
		_, err = tx.NewInsert().Model(row).On("CONFLICT (session_id, ticket_id) DO UPDATE").Set("person_id = EXCLUDED.person_id").Set("stars = EXCLUDED.stars").
			Set("words = EXCLUDED.words").Set("shown_as = EXCLUDED.shown_as").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
		return err
	}))
}

// Unrate takes back what whoever has a ticket now said of a session, at any time. Doing it again changes nothing.
func (s *Service) Unrate(ctx context.Context, t *ticketing.Ticket, session turnout.ID) error {
	return wrapped("unrate", s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*Feedback)(nil)).Where("session_id = ?", session).Where("ticket_id = ?", t.ID).Where("person_id = ?", t.PersonID).Where("community_id = ?", t.CommunityID).Exec(ctx)
		return err
	}))
}

// FeedbackOfTicket gives what whoever has a ticket now said of sessions, by session.
func (s *Service) FeedbackOfTicket(ctx context.Context, t *ticketing.Ticket) (map[turnout.ID]*Feedback, error) {
	var rows []*Feedback
	err := s.DB.Read().NewSelect().Model(&rows).Where("ticket_id = ?", t.ID).Where("person_id = ?", t.PersonID).Where("community_id = ?", t.CommunityID).Scan(ctx)
	own := make(map[turnout.ID]*Feedback, len(rows))
	for _, r := range rows {
		own[r.SessionID] = r
	}
	return own, wrapped("feedback of ticket", err)
}

// Summary is what the feedback on a session amounts to.
type Summary struct {
	Count   int64
	Sum     int64    // of stars
	ByStars [5]int64 // how many gave 1, 2, … 5
}

// Average is the mean of the stars, 0 while nobody has given any.
func (s Summary) Average() float64 {
	if s.Count == 0 {
		return 0
	}
	return float64(s.Sum) / float64(s.Count)
}

// Shareable says whether the summary may be shown to others than organisers: see FewAnswers.
func (s Summary) Shareable() bool { return s.Count >= FewAnswers }

// Summaries gives what the feedback on the sessions of an event amounts to, by session; one that nobody said anything of is not in it. Sessions narrow it, where any are named.
func (s *Service) Summaries(ctx context.Context, e *events.Event, sessions ...turnout.ID) (map[turnout.ID]Summary, error) {
	var rows []struct {
		SessionID   turnout.ID
		Stars, Said int64
	}
	q := s.DB.Read().NewSelect().Model((*Feedback)(nil)).Column("session_id", "stars").ColumnExpr("COUNT(*) AS said").Where("event_id = ?", e.ID).
		Where("community_id = ?", e.CommunityID).Group("session_id", "stars")
	if len(sessions) > 0 {
		q = q.Where("session_id IN (?)", bun.List(sessions))
	}
	err := q.Scan(ctx, &rows)
	found := map[turnout.ID]Summary{}
	for _, r := range rows {
		sum := found[r.SessionID]
		sum.Count += r.Said
		sum.Sum += r.Said * r.Stars
		sum.ByStars[r.Stars-1] += r.Said
		found[r.SessionID] = sum
	}
	return found, wrapped("summaries", err)
}

// Said lists the feedback on a session that has words, in no order that tells who wrote it, without whose it is; at most limit behind the one that is shown as after.
func (s *Service) Said(ctx context.Context, e *events.Event, session turnout.ID, after string, limit int) ([]*Feedback, error) {
	said, err := s.said(ctx, e, session, after, limit, true)
	return said, wrapped("said", err)
}

func (s *Service) said(ctx context.Context, e *events.Event, session turnout.ID, after string, limit int, withWords bool) (rows []*Feedback, err error) {
	q := s.DB.Read().NewSelect().Model(&rows).Column("session_id", "stars", "words", "shown_as").Where("session_id = ?", session).Where("community_id = ?", e.CommunityID).
		Where("event_id = ?", e.ID).Where("shown_as > ?", after).Order("shown_as").Limit(int64(limit))
	if withWords {
		q = q.Where("words <> ''")
	}
	return rows, q.Scan(ctx)
}

// exportChunk is how many rows an export reads at a time.
const exportChunk = 500

// ExportFeedback writes what was said of a session as a table, without whose it is. It fails before it has written anything, or in the midst of it.
func (s *Service) ExportFeedback(ctx context.Context, w io.Writer, e *events.Event, session turnout.ID, x ticketing.Export) error {
	rows, err := s.said(ctx, e, session, "", exportChunk, false)
	if err != nil {
		return wrapped("export feedback", err)
	}
	out, err := sheet.New(w, x.Format, s.titles(x, e, "stars", "words"))
	if err != nil {
		return wrapped("export feedback", err)
	}
	for len(rows) > 0 {
		for _, r := range rows {
			if err := out.Row([]sheet.Cell{sheet.Number(r.Stars), sheet.Text(r.Words)}); err != nil {
				return wrapped("export feedback", err)
			}
		}
		if len(rows) < exportChunk {
			break
		}
		if rows, err = s.said(ctx, e, session, rows[len(rows)-1].ShownAs, exportChunk, false); err != nil {
			return wrapped("export feedback", err)
		}
	}
	return wrapped("export feedback", out.Close())
}
