package ticketing

import (
	"cmp"
	"context"
	"slices"
	"time"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/mail"
)

// Happening is one thing that happened to an order.
type Happening struct {
	At     time.Time
	What   string        // an action of the audit log ("order.placed"), or one of those below
	Who    audit.Actor   // empty where nobody did it
	Amount turnout.Money // of money that moved; zero for none
	Reason string        // of a refund; else ""
	Mail   *mail.Headline
}

// What happened that the audit log does not tell.
const (
	HappenedMail     = "mail.queued"
	HappenedFailed   = "payment.failed"
	HappenedDisputed = "payment.disputed"
)

// happeningsTold is how many entries of the audit log, and how many mails, a timeline goes back.
const happeningsTold = 200

// Timeline tells everything that happened to an order, its tickets, payments and refunds, newest first, in two statements.
func (s *Service) Timeline(ctx context.Context, o *Order) ([]Happening, error) {
	subjects := []turnout.ID{o.ID}
	for _, t := range o.Tickets {
		subjects = append(subjects, t.ID)
	}
	for _, p := range o.Payments {
		subjects = append(subjects, p.ID)
	}
	for _, r := range o.Refunds {
		subjects = append(subjects, r.ID)
	}
	entries, err := audit.About(ctx, s.DB.Read(), o.CommunityID, subjects, happeningsTold)
	if err != nil {
		return nil, wrapped("timeline", err)
	}
	mails, err := mail.About(ctx, s.DB.Read(), o.CommunityID, o.ID, happeningsTold)
	if err != nil {
		return nil, wrapped("timeline", err)
	}
	list := make([]Happening, 0, len(entries)+len(mails)+len(o.Payments))
	for _, e := range entries {
		list = append(list, o.told(e))
	}
	for i := range mails {
		list = append(list, Happening{At: mails[i].CreatedAt.UTC(), What: HappenedMail, Mail: &mails[i]})
	}
	for _, p := range o.Payments {
		switch p.Status {
		case PaymentFailed:
			list = append(list, Happening{At: p.UpdatedAt, What: HappenedFailed, Amount: o.Money(p.Amount)})
		case PaymentDisputed:
			list = append(list, Happening{At: p.UpdatedAt, What: HappenedDisputed, Amount: o.Money(p.Amount)})
		}
	}
	slices.SortStableFunc(list, func(a, b Happening) int { return cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()) })
	return list, nil
}

// told is an entry of the log with the money that the order's own rows say it moved: they were written at the same instant.
func (o *Order) told(e audit.Entry) Happening {
	h := Happening{At: e.At, What: e.Action, Who: e.Actor, Reason: e.Detail["reason"]}
	switch e.Action {
	case "order.confirmed", "payment.marked_paid":
		for _, p := range o.Payments {
			if p.Status != PaymentCreated && p.UpdatedAt.Equal(e.At) || p.ID == e.Subject {
				h.Amount = o.Money(p.Amount)
			}
		}
	case "order.refunded", "refund.succeeded", "refund.failed", "refund.marked_given_back":
		sum := int64(0)
		for _, r := range o.Refunds {
			at := r.UpdatedAt
			if e.Action == "order.refunded" {
				at = r.CreatedAt
			}
			if at.Equal(e.At) {
				sum += r.Amount
				h.Reason = r.Reason
			}
		}
		if sum > 0 {
			h.Amount = o.Money(sum)
		}
	}
	return h
}
