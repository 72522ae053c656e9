package budget

import (
	"math/big"
	"slices"

	"turnout"
)

// Figures is what the packages above compute for the budget: amounts in minor units of the event's currency.
type Figures struct {
	TicketGross  int64 // succeeded payments for orders
	ProviderFees int64 // what the payment provider kept of them
	Refunded     int64 // refunds that did not fail
	PaidTickets  int64 // valid tickets with a price above 0
	Attendees    int64 // people who came; 0 until the event is over, because a cost for each says nothing before
	Sponsors     []SponsorFigure
}

// SponsorFigure is what one sponsor promised (0 before it has given its word) and paid.
type SponsorFigure struct {
	ID                 turnout.ID
	Promised, Received int64
}

// TicketNet is the ticket income net of fees and refunds.
func (f Figures) TicketNet() int64 { return f.TicketGross - f.ProviderFees - f.Refunded }

// Amounts are planned, committed and actual money, minor units. Variance is actual − planned: above 0, more was spent or
// came in than planned.
type Amounts struct {
	Planned, Committed, Actual, Variance int64
}

func (a *Amounts) add(b Amounts) {
	a.Planned += b.Planned
	a.Committed += b.Committed
	a.Actual += b.Actual
	a.Variance += b.Variance
}

func (a *Amounts) subtract(b Amounts) {
	a.add(Amounts{-b.Planned, -b.Committed, -b.Actual, -b.Variance})
}

// LineSummary is one line's amounts. Of several lines for the same computed money the first holds it.
type LineSummary struct {
	*Line
	Amounts
}

// Unplanned is computed income that no line plans. Its planned amount is 0.
type Unplanned struct {
	SponsorID turnout.ID // empty: from tickets
	Amounts
}

// Summary is an event's whole budget.
type Summary struct {
	Currency  string
	Lines     []LineSummary
	Unplanned []Unplanned // tickets first, then sponsors
	Income    Amounts     // the sum of the income lines and Unplanned
	Expense   Amounts     // the sum of the expense lines
	Result    Amounts     // income − expense

	TicketNet       int64 // payments − provider fees − refunds
	SponsorPromised int64
	SponsorReceived int64

	// BreakEvenTickets is the least number of paid tickets at which their net income, at today's average for a paid
	// ticket, and all other income cover the expected costs: ceil((costs − other income) × paid tickets ÷ ticket net).
	// Costs are each expense line's largest of planned, committed and actual; other income is, for sponsors, the larger of
	// promised and received, and for other lines the larger of committed and actual. It is 0 when other income covers the costs
	// without a ticket, and nil while no paid ticket was sold or tickets brought nothing net.
	BreakEvenTickets *int64
	// CostPerAttendee is actual expense ÷ people who came, rounded half away from zero; nil before the event is over and when nobody came.
	CostPerAttendee *int64
}

// Summarise adds the lines and the computed figures up.
func Summarise(currency string, lines []*Line, f Figures) *Summary {
	sum := &Summary{Currency: currency, TicketNet: f.TicketNet(), Lines: make([]LineSummary, len(lines))}
	computed := []Unplanned{{Amounts: Amounts{Committed: sum.TicketNet, Actual: sum.TicketNet}}}
	costs, other := int64(0), int64(0) // other: income that is none of the tickets'
	for _, s := range f.Sponsors {
		computed = append(computed, Unplanned{s.ID, Amounts{Committed: s.Promised, Actual: s.Received}})
		sum.SponsorPromised += s.Promised
		sum.SponsorReceived += s.Received
		other += max(s.Promised, s.Received)
	}
	for i, l := range lines {
		a := Amounts{Planned: l.Planned, Committed: l.Committed, Actual: l.Entered}
		switch {
		case l.Kind == Expense:
			costs += max(a.Planned, a.Committed, a.Actual)
		case l.Computed(): // its money is counted once, however many lines plan it
			at := slices.IndexFunc(computed, func(c Unplanned) bool { return c.SponsorID == l.SponsorID })
			a.Committed, a.Actual = 0, 0
			if at >= 0 {
				a.Committed, a.Actual = computed[at].Committed, computed[at].Actual
				computed = slices.Delete(computed, at, at+1)
			}
		default:
			other += max(a.Committed, a.Actual)
		}
		a.Variance = a.Actual - a.Planned
		sum.Lines[i] = LineSummary{l, a}
		if l.Kind == Expense {
			sum.Expense.add(a)
		} else {
			sum.Income.add(a)
		}
	}
	for _, c := range computed {
		if c.Variance = c.Actual; c.Committed != 0 || c.Actual != 0 {
			sum.Unplanned = append(sum.Unplanned, c)
			sum.Income.add(c.Amounts)
		}
	}
	sum.Result.add(sum.Income)
	sum.Result.subtract(sum.Expense)
	sum.BreakEvenTickets = breakEven(costs-other, f.PaidTickets, sum.TicketNet)
	if f.Attendees > 0 {
		cost := turnout.MulDiv(sum.Expense.Actual, 1, f.Attendees)
		sum.CostPerAttendee = &cost
	}
	return sum
}

// breakEven is how many tickets cover what is missing when paid tickets brought net.
func breakEven(missing, paid, net int64) *int64 {
	if paid <= 0 || net <= 0 {
		return nil
	}
	tickets := int64(0)
	if missing > 0 { // rounded up; in big numbers, because the product of two amounts overflows
		product := new(big.Int).Mul(big.NewInt(missing), big.NewInt(paid))
		product.Add(product, big.NewInt(net-1))
		tickets = product.Quo(product, big.NewInt(net)).Int64()
	}
	return &tickets
}
