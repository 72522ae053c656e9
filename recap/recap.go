package recap

import (
	"context"
	"fmt"
	"time"

	"turnout"
	"turnout/community"
	"turnout/events"
	"turnout/events/budget"
	"turnout/events/sponsors"
)

// facts is what the statements of a report read, before it is put into figures.
type facts struct {
	event    *events.Event
	totals   totals
	types    []TypeRow
	sponsors []*sponsors.Sponsor
	lines    []*budget.Line

	reserved, valid, canceled, came, absent, charged int64
}

// Recap gives the whole report, for the team; Report.For makes it fit for others. The event is named by id or slug; one
// that is not the community's is turnout.ErrNotFound. It takes a constant number of statements.
func (s *Service) Recap(ctx context.Context, tenant turnout.ID, event string) (*Report, error) {
	f, err := s.read(ctx, tenant, event)
	if err != nil {
		return nil, fmt.Errorf("recap: %w", err)
	}
	db := s.DB.Read()
	arrivals, err := readArrivals(ctx, db, tenant, f.event.ID)
	if err != nil {
		return nil, fmt.Errorf("recap: arrivals: %w", err)
	}
	refusals, err := readRefusals(ctx, db, tenant, f.event.ID)
	if err != nil {
		return nil, fmt.Errorf("recap: refusals: %w", err)
	}
	tiers, err := sponsors.Tiers(ctx, db, tenant, f.event.ID)
	if err != nil {
		return nil, fmt.Errorf("recap: %w", err)
	}
	activation, err := s.Community.Activation(ctx, tenant, string(f.event.ID))
	if err != nil {
		return nil, fmt.Errorf("recap: %w", err)
	}
	r := &Report{Audience: Team, Event: eventFacts(f.event), AsOf: s.Now().UTC().Truncate(time.Microsecond)}
	r.attendance(f, arrivals)
	r.followUp(f, activation)
	r.ByType = optional(f.types, "Tickets by ticket type and attendance mode: reserved (not paid yet), valid, canceled, and those with an attendance record.")
	r.Refusals = optional(refusals, "Scans that a door refused, by reason, without annulled ones. One ticket can be refused many times.")
	r.money(f)
	r.Sponsors = figure(sponsorRows(f, tiers), "Sponsors that have promised, signed, been invoiced or paid, and others from whom money came.")
	return r, nil
}

// Budget gives the budget's summary with ticket and sponsor income as computed from their payments. Errors as of Recap.
func (s *Service) Budget(ctx context.Context, tenant turnout.ID, event string) (*budget.Summary, error) {
	f, err := s.read(ctx, tenant, event)
	if err != nil {
		return nil, fmt.Errorf("recap: budget: %w", err)
	}
	return f.budget(), nil
}

// read asks for what both the report and the budget stand on.
func (s *Service) read(ctx context.Context, tenant turnout.ID, event string) (*facts, error) {
	db := s.DB.Read()
	e, err := events.Find(ctx, db, tenant, event)
	if err != nil {
		return nil, err
	}
	f := &facts{event: e}
	if f.totals, err = readTotals(ctx, db, tenant, e.ID); err != nil {
		return nil, err
	}
	if f.types, err = readTypes(ctx, db, tenant, e.ID); err != nil {
		return nil, err
	}
	if f.sponsors, err = sponsors.List(ctx, db, tenant, e.ID); err != nil {
		return nil, err
	}
	if f.lines, err = budget.Lines(ctx, db, tenant, e.ID); err != nil {
		return nil, err
	}
	for _, t := range f.types {
		f.reserved += t.Reserved
		f.valid += t.Valid
		f.canceled += t.Canceled
		f.came += t.Came
		f.absent += t.Absent
		f.charged += t.Charged
	}
	return f, nil
}

func (f *facts) budget() *budget.Summary {
	figures := budget.Figures{
		TicketGross: f.totals.Paid, ProviderFees: f.totals.ProviderFees, Refunded: f.totals.Refunded,
		PaidTickets: f.charged, Attendees: f.came,
	}
	for _, s := range f.sponsors {
		one := budget.SponsorFigure{ID: s.ID, Received: s.Received}
		if s.Status.Committed() {
			one.Promised = s.Promised
		}
		figures.Sponsors = append(figures.Sponsors, one)
	}
	return budget.Summarise(f.event.Currency, f.lines, figures)
}

func eventFacts(e *events.Event) EventFacts {
	return EventFacts{ID: e.ID, Slug: e.Slug, Title: e.Title, Format: string(e.Format), Status: string(e.Status), Timezone: e.Timezone,
		StartsAt: e.StartsAt.UTC(), EndsAt: e.EndsAt.UTC(), Venue: e.VenueName, Accent: e.Accent}
}

func (r *Report) attendance(f *facts, arrivals []arrival) {
	var inPerson, virtual int64
	for _, a := range arrivals {
		if a.AttendanceMode == "virtual" {
			virtual += a.Count
		} else {
			inPerson += a.Count
		}
	}
	r.Orders = optional(f.totals.OrdersConfirmed, "Orders that are confirmed: paid in full, or free.")
	r.Registered = figure(f.reserved+f.valid, "Tickets that are reserved or valid; canceled and expired ones do not count.")
	r.Paid = figure(f.valid, "Tickets that are valid: their order was paid in full, or nothing was to pay.")
	r.Canceled = optional(f.canceled, "Tickets that were canceled, or whose order expired unpaid.")
	r.Came = figure(f.came, "Tickets with an attendance record of this event: their holder came through a door, joined online, or was noted by staff.")
	r.CameInPerson = figure(inPerson, "Of those who came: attended in person.")
	r.CameVirtual = figure(virtual, "Of those who came: attended online, by their personal join link or as noted by staff.")
	no := "Valid tickets without an attendance record, as a share of valid tickets, with Wilson's 95 % interval."
	if r.AsOf.Before(r.Event.EndsAt) {
		no += " The event is not over: these are the people who have not come yet."
	}
	r.NoShows = optional(share(f.absent, f.valid), no)
	r.Arrivals = figure(bucketed(arrivals), "Tickets by the time at which their holder was first seen, in stretches of equal length.")
}

func (r *Report) followUp(f *facts, a *community.Activation) {
	came := a.Population(community.Attended)
	activated := came.Activated + came.Reactivated
	r.People = optional(came.People, "Different people among those who came; one person can hold several tickets.")
	definition := fmt.Sprintf("People who came, were not active members before, and met the community's rule afterwards: at least %d counted activities within %d days after the event (activated or reactivated).", a.MinCount, a.WindowDays)
	if !a.Complete {
		definition += " So far: the window is still open."
	}
	r.Activated = optional(activated, definition)
	r.Activation = optional(a, "People of the event sorted by the community's rule, those who came beside those who did not; rates with Wilson's, their difference with Newcombe's 95 % interval.")
	r.Funnel = optional([]Step{{"registered", r.Registered.Value}, {"paid", r.Paid.Value}, {"came", r.Came.Value}, {"activated", activated}},
		"Registered, paid and came count tickets; activated counts people, each as defined above.")
}

func (r *Report) money(f *facts) {
	sum := f.budget()
	m := func(amount int64, definition string) Figure[turnout.Money] {
		return figure(turnout.Money{Amount: amount, Currency: sum.Currency}, definition)
	}
	other := sum.Income.Actual - sum.TicketNet - sum.SponsorReceived
	r.Money = &Money{
		TicketGross:     m(f.totals.Paid, "Payments for orders that came in, late and disputed ones among them."),
		ProviderFees:    m(f.totals.ProviderFees, "What the payment provider kept of them."),
		Refunded:        m(f.totals.Refunded, "Refunds that did not fail."),
		TicketIncome:    m(sum.TicketNet, "Payments for orders − the provider's fees − refunds."),
		SponsorPromised: m(sum.SponsorPromised, "Promised by sponsors from promised to paid."),
		SponsorReceived: m(sum.SponsorReceived, "Received from sponsors, corrections taken off."),
		OtherIncome:     m(other, "Entered on the budget's other income lines."),
		CostsPlanned:    m(sum.Expense.Planned, "Planned on the budget's expense lines."),
		CostsActual:     m(sum.Expense.Actual, "Entered on the budget's expense lines."),
		Result:          m(sum.Result.Actual, "Ticket income + received from sponsors + other income − actual costs."),
		BreakEven: figure(sum.BreakEvenTickets, "The least number of paid tickets whose net income, at today's average, and all other income cover the expected costs "+
			"(of each expense line the largest of planned, committed and actual). None while no ticket has brought money."),
		CostPerAttendee: figure[*turnout.Money](nil, "Actual costs ÷ tickets that came, rounded half away from zero. None when nobody came."),
	}
	if sum.CostPerAttendee != nil {
		r.Money.CostPerAttendee.Value = &turnout.Money{Amount: *sum.CostPerAttendee, Currency: sum.Currency}
	}
}

func sponsorRows(f *facts, tiers []*sponsors.Tier) []SponsorRow {
	names, order := map[turnout.ID]string{}, []turnout.ID{}
	for _, t := range tiers {
		names[t.ID] = t.Name
		order = append(order, t.ID)
	}
	rows := []SponsorRow{}
	for _, tier := range append(order, "") { // tier by tier, those without one last
		for _, s := range f.sponsors {
			if s.TierID != tier || !s.Status.Committed() && s.Received == 0 {
				continue
			}
			rows = append(rows, SponsorRow{ID: s.ID, Name: s.Name, Tier: names[s.TierID], Status: string(s.Status),
				Promised: &turnout.Money{Amount: s.Promised, Currency: f.event.Currency},
				Received: &turnout.Money{Amount: s.Received, Currency: f.event.Currency}})
		}
	}
	return rows
}

// maxBuckets is how many stretches of time a chart still shows.
const maxBuckets = 192

// bucketed sorts arrivals, which are in order of time, into stretches as short as the chart allows.
func bucketed(arrivals []arrival) Arrivals {
	if len(arrivals) == 0 {
		return Arrivals{Minutes: 5, Buckets: []Bucket{}}
	}
	first, last := arrivals[0].Minute, arrivals[len(arrivals)-1].Minute
	length := 5 * time.Minute
	for _, length = range []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour} {
		if last.Sub(first.Truncate(length)) < maxBuckets*length {
			break
		}
	}
	first = first.Truncate(length)
	// What lies beyond the last stretch of the chart, months of joining late, falls into it.
	n := min(int64(last.Sub(first)/length), maxBuckets-1) + 1
	curve := Arrivals{Minutes: int64(length / time.Minute), Buckets: make([]Bucket, n)}
	for i := range curve.Buckets {
		curve.Buckets[i].StartsAt = first.Add(time.Duration(i) * length)
	}
	for _, a := range arrivals {
		b := &curve.Buckets[min(int64(a.Minute.Sub(first)/length), n-1)]
		if a.AttendanceMode == "virtual" {
			b.Virtual += a.Count
		} else {
			b.InPerson += a.Count
		}
	}
	return curve
}
