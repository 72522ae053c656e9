package signups_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/sheet"
	"turnout/ticketing"
	"turnout/ticketing/signups"
)

// Feedback is one a ticket, changeable, from the session's beginning until two weeks after the event, and says nowhere whose it is.
func TestFeedback(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		knots, hidden := w.session("Knots", 1), w.session("Knots for two", 2)
		w.publish()
		_, err := w.Agenda.Unplace(t.Context(), w.event.CommunityID, hidden, 0)
		w.must(err)
		w.publish()
		guests := w.tickets(3)
		rate := func(i int, session turnout.ID, stars int64, words string) string {
			err := w.Rate(t.Context(), guests[i], session, signups.FeedbackInput{Stars: stars, Words: words})
			if e, ok := errors.AsType[*turnout.Error](err); ok {
				return e.Code
			}
			w.must(err)
			return ""
		}
		if got := rate(0, knots, 5, "x"); got != "feedback_closed" {
			t.Errorf("before it began: %q", got)
		}
		w.clock.Store(int64(30*24*time.Hour + time.Hour))
		for _, bad := range []struct {
			stars int64
			words string
		}{{0, ""}, {6, ""}, {3, strings.Repeat("x", signups.MaxWords+1)}} {
			if err := w.Rate(t.Context(), guests[0], knots, signups.FeedbackInput{Stars: bad.stars, Words: bad.words}); err == nil {
				t.Errorf("%d stars and %d letters are taken", bad.stars, len(bad.words))
			}
		}
		if err := w.Rate(t.Context(), guests[0], hidden, signups.FeedbackInput{Stars: 1}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("a session outside the schedule: %v", err)
		}
		for i, said := range []struct {
			stars int64
			words string
		}{{5, "Great"}, {2, " slow\n"}, {4, ""}} {
			if got := rate(i, knots, said.stars, said.words); got != "" {
				t.Errorf("guest %d: %s", i, got)
			}
			sums, err := w.Summaries(t.Context(), w.event, knots)
			if err != nil || sums[knots].Shareable() != (i == 2) {
				t.Errorf("after %d: %+v, %v", i+1, sums, err)
			}
		}
		if got := rate(0, knots, 3, "Good"); got != "" { // changed
			t.Error(got)
		}
		sums, err := w.Summaries(t.Context(), w.event)
		if sum := sums[knots]; err != nil || sum.Count != 3 || sum.Average() != 3 || sum.ByStars != [5]int64{0, 1, 1, 1, 0} {
			t.Errorf("%+v, %v", sums, err)
		}
		said, err := w.Said(t.Context(), w.event, knots, "", 10)
		if err != nil || len(said) != 2 || said[0].TicketID != "" || said[0].PersonID != "" {
			t.Errorf("%+v, %v", said, err)
		}
		var file bytes.Buffer
		w.must(w.ExportFeedback(t.Context(), &file, w.event, knots, ticketing.Export{Format: sheet.CSV}))
		if text := file.String(); strings.Count(text, "\n") != 4 || strings.Contains(text, "@") || strings.Contains(text, "Guest") || !strings.Contains(text, "slow") {
			t.Errorf("file: %q", text)
		}
		own, err := w.FeedbackOfTicket(t.Context(), guests[0])
		if err != nil || own[knots] == nil || own[knots].Words != "Good" {
			t.Errorf("%+v, %v", own, err)
		}
		other := *guests[0]
		other.PersonID = "per_other" // who has the ticket by now
		w.must(w.Unrate(t.Context(), &other, knots))
		if own, err := w.FeedbackOfTicket(t.Context(), guests[0]); err != nil || own[knots] == nil {
			t.Errorf("who got the ticket took back what was said before: %v", err)
		}
		w.must(w.Unrate(t.Context(), guests[0], knots))
		_, err = w.Ticketing.CancelOrder(t.Context(), w.event.CommunityID, guests[1].OrderID, ticketing.CanceledByOrganiser, false)
		w.must(err)
		if got := rate(1, knots, 1, ""); got != "ticket_over" {
			t.Errorf("a canceled ticket: %q", got)
		}
		w.clock.Store(int64(32*24*time.Hour + signups.FeedbackDays*24*time.Hour))
		if got := rate(2, knots, 1, ""); got != "feedback_closed" {
			t.Errorf("long after: %q", got)
		}
	})
}
