package ticketing

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/jobs"
	"turnout/internal/mail"
	"turnout/ticketing/documents"
)

// Register has the runner do the work that follows a sale, and sweep.
func (s *Service) Register(r *jobs.Runner) {
	r.Handle(JobOrderPlaced, s.forOrder(func(ctx context.Context, _ jobs.Job, o *Order) error { return s.indexOrder(ctx, o) }))
	r.Handle(JobOrderConfirmed, s.forOrder(s.orderConfirmed))
	r.Handle(JobDetailsAsked, s.forOrder(func(ctx context.Context, job jobs.Job, o *Order) error { return s.askDetails(ctx, o, job.ID) }))
	r.Handle(JobTransferAwaited, s.forOrder(s.transferAwaited))
	r.Handle(JobOrderCanceled, s.forOrder(s.orderCanceled))
	r.Handle(JobAddOnCanceled, s.forOrder(s.addOnCanceled))
	r.Handle(JobTicketGiven, s.forOrder(s.ticketGiven))
	r.Handle(JobTicketPassedOn, s.forOrder(s.ticketPassedOn))
	r.Handle(JobLatePayment, s.forOrder(s.latePayment))
	r.Handle(JobOrderLinks, s.forOrder(s.orderLinks))
	r.Handle(JobApprovalAsked, s.forOrder(s.approvalMail("approval_asked")))
	r.Handle(JobApproved, s.forOrder(s.approvalMail("approved")))
	r.Handle(JobDeclined, s.forOrder(s.approvalMail("declined")))
	r.Handle(JobWaitlistJoined, s.entryMail("waitlist_joined"))
	r.Handle(JobWaitlistOffered, s.entryMail("waitlist_offered"))
	r.Handle(JobWaitlistMissed, s.entryMail("waitlist_missed"))
	r.Handle(JobWaitlistClosed, s.entryMail("waitlist_closed"))
	r.Handle(JobRefund, s.refund)
	r.Handle(JobBulk, s.carryOut)
	r.Handle(JobExpireSession, s.expireSession)
	s.registerImports(r)
	for name, sweep := range map[string]func(context.Context, turnout.ID) (int, error){
		"ticketing.expire_holds": s.ExpireHolds, "ticketing.vouchers": s.EndVouchers, "ticketing.offers": s.ExpireOffers,
	} {
		r.Every(name, 3*time.Second, func(ctx context.Context) error {
			_, err := sweep(ctx, "")
			return err
		})
	}
	r.Every("ticketing.close_waitlists", 3*time.Second, s.CloseWaitlists)
	r.Every("ticketing.serve_waitlists", 3*time.Second, s.ServeWaitlists)
	r.Every("ticketing.canceled_events", 10*time.Second, s.CancelOrdersOfCanceledEvents)
	r.Every("ticketing.idempotency_keys", time.Hour, s.forgetKeys)
	r.Every("ticketing.erase_answers", time.Hour, s.EraseAnswers)
}

// forgetKeys removes idempotency keys after a day.
func (s *Service) forgetKeys(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*idempotencyKey)(nil)).Where("created_at < ?", s.Now().Add(-24*time.Hour)).Exec(ctx)
		return err
	})
}

// forOrder reads the order that a job is about.
func (s *Service) forOrder(do func(ctx context.Context, job jobs.Job, o *Order) error) jobs.Handler {
	return func(ctx context.Context, job jobs.Job) error {
		var ref orderRef
		if err := job.Read(&ref); err != nil {
			return err
		}
		o, err := s.orderWhere(ctx, s.DB.Read(), "id = ?", ref.Order)
		if err != nil {
			return err
		}
		return do(ctx, job, s.revealed(o))
	}
}

// orderMail is what the mails about an order say.
type orderMail struct {
	Community, Accent, BuyerName, EventTitle, Zone, Place, OrderCode, OrderURL, EventURL, Reason, PayHow string
	StartsAt, EndsAt                                                                                     time.Time
	Lines                                                                                                []mailLine
	Orders                                                                                               []linkedOrder
	Total, Refund                                                                                        turnout.Money
	Tickets                                                                                              int
	JoinNote, Valid, Transfer                                                                            bool   // Valid: its tickets let their holders in; Transfer: it is paid by one
	Note                                                                                                 string // of the organiser's decision
	PayBefore                                                                                            time.Time
	Each                                                                                                 []ticketMail
}

// ticketMail is a ticket with its own page, in the mail of a confirmed order.
type ticketMail struct{ Name, Type, URL string }

// eachMailed bounds the tickets that a mail links to one by one; the page of the order shows all.
const eachMailed = 20

type mailLine struct {
	Name     string
	Quantity int64
	Total    turnout.Money
}

func (s *Service) orderMail(ctx context.Context, o *Order) (orderMail, error) {
	event, community, err := s.eventOf(ctx, o)
	if err != nil {
		return orderMail{}, err
	}
	m := orderMail{
		Community: community.Name, Accent: community.Accent, BuyerName: o.BuyerName, EventTitle: event.Title, Zone: event.Timezone, Place: Place(event), OrderCode: o.Code,
		OrderURL: s.OrderLink(o), EventURL: s.BaseURL + "/e/" + event.Slug, StartsAt: event.StartsAt, EndsAt: event.EndsAt,
		Total: o.Money(o.Total), Refund: o.Money(0), Tickets: len(o.Tickets), PayBefore: o.ExpiresAt, Note: o.DecisionNote,
	}
	if !slices.ContainsFunc(o.Tickets, func(t *Ticket) bool { return t.AttendanceMode == InPerson }) {
		m.Place = "" // nobody of the order goes there
	}
	for _, l := range o.Lines {
		m.Lines = append(m.Lines, mailLine{l.Name, l.Quantity, o.Money(l.Total)})
		m.JoinNote = m.JoinNote || l.AttendanceMode == Virtual
	}
	for _, r := range o.Refunds {
		if r.Status != RefundFailed {
			m.Refund.Amount += r.Amount
		}
	}
	return m, nil
}

// send queues a mail to the buyer, once however often the job runs.
func (s *Service) send(ctx context.Context, job jobs.Job, o *Order, name string, data any, files ...mail.Attachment) error {
	return s.sendTo(ctx, o.BuyerEmail, job.ID, o, name, data, files...)
}

// sendTo queues a mail about an order, once for each cause.
func (s *Service) sendTo(ctx context.Context, to string, cause turnout.ID, o *Order, name string, data any, files ...mail.Attachment) error {
	subject, html, text, err := s.Pages.Email(o.Locale, name, data)
	if err != nil {
		return fmt.Errorf("ticketing: mail %s: %w", name, err)
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		return mail.Queue(ctx, tx, o.CommunityID, mail.Message{ID: mail.IDFor(cause), To: to, Subject: subject, HTML: html, Text: text,
			Attachments: files, Source: o.ID}, s.Now())
	})
}

// orderConfirmed mails a confirmed order's tickets. A free one is made findable here: it has no job of its placing. An order
// canceled since gets no tickets.
func (s *Service) orderConfirmed(ctx context.Context, job jobs.Job, o *Order) error {
	if len(o.Payments) == 0 || o.Source != FromShop {
		if err := s.indexOrder(ctx, o); err != nil {
			return err
		}
	}
	if o.Status != Confirmed {
		return nil
	}
	if err := s.askDetails(ctx, o, ""); err != nil {
		return err
	}
	data, err := s.orderMail(ctx, o)
	if err != nil {
		return err
	}
	for _, t := range o.Tickets {
		if t.Status == Valid && len(data.Each) < eachMailed {
			data.Each = append(data.Each, ticketMail{t.AttendeeName, o.TypeName(t), s.TicketLink(t)})
		}
	}
	pdf, err := toBytes(func(w io.Writer) error { return s.WriteTickets(ctx, w, o, documents.A4) })
	if err != nil {
		return err
	}
	ics, err := toBytes(func(w io.Writer) error { return s.WriteCalendar(ctx, w, o, data.OrderURL) })
	if err != nil {
		return err
	}
	return s.send(ctx, job, o, "order_confirmed", data,
		mail.Attachment{Name: "tickets-" + o.Code + ".pdf", Type: "application/pdf", Data: pdf},
		mail.Attachment{Name: "event.ics", Type: "text/calendar; charset=utf-8; method=PUBLISH", Data: ics})
}

// approvalMail mails the buyer where their order stands with the organiser, while it stands so.
func (s *Service) approvalMail(name string) func(ctx context.Context, job jobs.Job, o *Order) error {
	stands := map[string][]OrderStatus{"approval_asked": {AwaitingApproval}, "approved": {Held, Pending}, "declined": {OrderCanceled}}[name]
	return func(ctx context.Context, job jobs.Job, o *Order) error {
		if !slices.Contains(stands, o.Status) {
			return nil
		}
		data, err := s.orderMail(ctx, o)
		if err != nil {
			return err
		}
		if data.Transfer = o.Status == Pending; data.Transfer {
			if data.PayHow, err = s.PayInstructions(ctx, o); err != nil {
				return err
			}
		}
		return s.send(ctx, job, o, name, data)
	}
}

func (s *Service) transferAwaited(ctx context.Context, job jobs.Job, o *Order) error {
	if o.Status != Pending {
		return nil
	}
	data, err := s.orderMail(ctx, o)
	if err != nil {
		return err
	}
	if data.PayHow, err = s.PayInstructions(ctx, o); err != nil {
		return err
	}
	return s.send(ctx, job, o, "order_pending", data)
}

// orderCanceled tells the buyer, and whoever else had a ticket of the order under an address of their own: they would learn it at the door.
func (s *Service) orderCanceled(ctx context.Context, job jobs.Job, o *Order) error {
	data, err := s.orderMail(ctx, o)
	if err == nil && o.BuyerEmail != "" {
		err = s.send(ctx, job, o, "order_canceled", data)
	}
	if err != nil {
		return err
	}
	return s.ticketsCanceled(ctx, o, data)
}

// latePayment tells the buyer why a payment goes back: it came too late, or a second time.
func (s *Service) latePayment(ctx context.Context, job jobs.Job, o *Order) error {
	var ref returnRef
	if err := job.Read(&ref); err != nil {
		return err
	}
	data, err := s.orderMail(ctx, o)
	if err != nil {
		return err
	}
	name := "payment_returned"
	for _, r := range o.Refunds {
		if r.PaymentID == ref.Payment && (r.Reason == PaidTwice || r.Reason == LatePayment) {
			data.Refund = o.Money(r.Amount)
			if r.Reason == PaidTwice {
				name, data.Valid = "paid_twice", o.Status == Confirmed
			}
		}
	}
	return s.send(ctx, job, o, name, data)
}

// entryMail mails what became of a wish to whoever waits, while it stands so.
func (s *Service) entryMail(name string) jobs.Handler {
	stands := map[string]WaitlistStatus{"waitlist_offered": Offered, "waitlist_missed": OfferExpired, "waitlist_closed": OfferExpired}[name]
	return func(ctx context.Context, job jobs.Job) error {
		var ref entryRef
		if err := job.Read(&ref); err != nil {
			return err
		}
		e := new(WaitlistEntry)
		if err := s.DB.Read().NewSelect().Model(e).Where("id = ?", ref.Entry).Where("community_id = ?", job.Community).Scan(ctx); err != nil {
			return err
		}
		if stands != "" && e.StatusAt(s.Now()) != stands {
			return nil
		}
		if err := loadWishes(ctx, s.DB.Read(), []*WaitlistEntry{e}); err != nil {
			return err
		}
		event, community, err := s.eventOf(ctx, &Order{CommunityID: e.CommunityID, EventID: e.EventID})
		if err != nil {
			return err
		}
		types, err := loadTypes(ctx, s.DB.Read(), []turnout.ID{e.EventID})
		if err != nil {
			return err
		}
		names := map[turnout.ID]string{}
		for _, t := range types {
			names[t.ID] = t.Name
		}
		wished := []string{names[e.OfferedTypeID]}
		if e.OfferedTypeID == "" {
			wished = nil
			for _, id := range e.TicketTypeIDs { // the best first
				wished = append(wished, names[id])
			}
		}
		subject, html, text, err := s.Pages.Email(e.Locale, name, struct {
			Community, Accent, Name, EventTitle, TicketType, EventURL, LeaveURL, OfferURL, Zone string
			PartySize                                                                           int64
			ExpiresAt                                                                           time.Time
			Canceled                                                                            bool
		}{community.Name, community.Accent, e.Name, event.Title, strings.Join(wished, " · "), s.BaseURL + "/e/" + event.Slug, s.WaitlistLink(e), s.OfferLink(e), event.Timezone,
			e.PartySize, e.OfferExpiresAt, event.Status == events.Canceled})
		if err != nil {
			return fmt.Errorf("ticketing: mail %s: %w", name, err)
		}
		return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			return mail.Queue(ctx, tx, e.CommunityID, mail.Message{ID: mail.IDFor(job.ID), To: e.Email, Subject: subject, HTML: html, Text: text, Source: e.ID}, s.Now())
		})
	}
}

// PayInstructions says how to pay an order by transfer, in the organiser's words; empty while they wrote none.
func (s *Service) PayInstructions(ctx context.Context, o *Order) (text string, err error) {
	err = s.DB.Read().NewSelect().Table("communities").Column("payment_instructions").Where("id = ?", o.CommunityID).Scan(ctx, &text)
	if err != nil {
		return "", fmt.Errorf("ticketing: payment instructions: %w", err)
	}
	return text, nil
}
