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
	arrivals []arrival
	sponsors []*sponsors.Sponsor
	lines    []*budget.Line
	over     bool // the event has ended

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
	r := &Report{Audience: Team, Event: eventFacts(f.event), AsOf: s.Now().UTC().Truncate(time.Microsecond), words: s.Words}
	r.attendance(f)
	r.followUp(activation)
	r.ByType = optional(r, "by_ticket_type", f.types)
	r.Refusals = optional(r, "refusals", refusals)
	r.money(f)
	r.Sponsors = figure(r, "sponsors", sponsorRows(f, tiers))
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
	f := &facts{event: e, over: !e.EndsAt.After(s.Now())}
	if f.totals, err = readTotals(ctx, db, tenant, e.ID); err != nil {
		return nil, err
	}
	if f.arrivals, err = readArrivals(ctx, db, tenant, e.ID); err != nil {
		return nil, err
	}
	if f.types, err = readTypes(ctx, db, tenant, e.ID, f.arrivals); err != nil {
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
		PaidTickets: f.charged,
	}
	if f.over {
		figures.Attendees = f.came
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

func (r *Report) attendance(f *facts) {
	var inPerson, virtual int64
	for _, a := range f.arrivals {
		if a.AttendanceMode == "virtual" {
			virtual += a.Came
		} else {
			inPerson += a.Came
		}
	}
	r.Orders = optional(r, "orders", f.totals.OrdersConfirmed)
	r.Registered = figure(r, "registered", f.reserved+f.valid)
	r.Paid = figure(r, "paid", f.valid)
	r.Canceled = optional(r, "canceled", f.canceled)
	r.Came = figure(r, "came", f.came)
	r.CameInPerson = figure(r, "came_in_person", inPerson)
	r.CameVirtual = figure(r, "came_virtual", virtual)
	r.NoShows = optional(r, "no_shows", share(f.absent, f.valid))
	r.Arrivals = figure(r, "arrivals", bucketed(f.arrivals))
}

func (r *Report) followUp(a *community.Activation) {
	came := a.Population(community.Attended)
	activated := came.Activated + came.Reactivated
	r.Activation = optional(r, "activation", a)
	r.People = optional(r, "people", came.People)
	r.Activated = optional(r, "activated", activated)
	r.Funnel = optional(r, "funnel", []Step{{"registered", r.Registered.Value}, {"paid", r.Paid.Value}, {"came", r.Came.Value}, {"activated", activated}})
}

func (r *Report) money(f *facts) {
	sum := f.budget()
	m := func(key string, amount int64) Figure[turnout.Money] {
		return figure(r, key, turnout.Money{Amount: amount, Currency: sum.Currency})
	}
	r.Money = &Money{
		TicketGross:     m("ticket_gross", f.totals.Paid),
		ProviderFees:    m("provider_fees", f.totals.ProviderFees),
		Refunded:        m("refunded", f.totals.Refunded),
		TicketIncome:    m("ticket_income", sum.TicketNet),
		SponsorPromised: m("sponsor_promised", sum.SponsorPromised),
		SponsorReceived: m("sponsor_received", sum.SponsorReceived),
		OtherIncome:     m("other_income", sum.Income.Actual-sum.TicketNet-sum.SponsorReceived),
		CostsPlanned:    m("costs_planned", sum.Expense.Planned),
		CostsActual:     m("costs_actual", sum.Expense.Actual),
		Result:          m("result", sum.Result.Actual),
		BreakEven:       figure(r, "break_even_tickets", sum.BreakEvenTickets),
		CostPerAttendee: figure[*turnout.Money](r, "cost_per_attendee", nil),
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
	first, last := arrivals[0].StartsAt.UTC(), arrivals[len(arrivals)-1].StartsAt
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
		b := &curve.Buckets[min(int64(a.StartsAt.Sub(first)/length), n-1)]
		if a.AttendanceMode == "virtual" {
			b.Virtual += a.Came
		} else {
			b.InPerson += a.Came
		}
	}
	return curve
}
