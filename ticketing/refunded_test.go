package ticketing_test

import (
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/ticketing"
	"turnout/ticketing/payments/offline"
)

// Transfer money that came too late is given back by a person, who says so: then it has found its end.
func TestMoneyGivenBackByHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := shopWith(t, db, offline.Provider{})
		tt := s.ticketType(2500, s.pool(1))
		late := s.buy(tt, 1, 1)
		if late.Status != ticketing.Pending {
			t.Fatal(late.Status)
		}
		s.wait(8 * 24 * time.Hour)
		s.buy(tt, 1, 2) // takes the only place
		if _, err := s.MarkPaid(t.Context(), s.event.CommunityID, late.ID, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.MarkRefunded(t.Context(), s.event.CommunityID, late.ID); !errors.Is(err, ticketing.ErrNoManualRefund) {
			t.Errorf("before the refund is a person's: %v", err)
		}
		r := &jobs.Runner{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: s.now}
		s.Register(r)
		if _, err := r.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.order(late.ID); got.Refunds[0].Status != ticketing.RefundManual || got.Payment().Status != ticketing.PaymentLateRefund {
			t.Fatalf("refund %s, payment %s", got.Refunds[0].Status, got.Payment().Status)
		}
		if err := s.MarkRefunded(t.Context(), "com_other", late.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		if err := s.MarkRefunded(t.Context(), s.event.CommunityID, late.ID); err != nil {
			t.Fatal(err)
		}
		if got := s.order(late.ID); got.Refunds[0].Status != ticketing.RefundSucceeded || got.Payment().Status != ticketing.PaymentLateRefunded {
			t.Errorf("refund %s, payment %s", got.Refunds[0].Status, got.Payment().Status)
		}
		if err := s.MarkRefunded(t.Context(), s.event.CommunityID, late.ID); !errors.Is(err, ticketing.ErrNoManualRefund) {
			t.Errorf("twice: %v", err)
		}
	})
}
