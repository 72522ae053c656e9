package v1

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/events/budget"
)

var budgetOperations = operations{
	"POST /events/{event}/budget/lines": {Summary: "Add a budget line", In: budgetLineRequest{}, Out: budgetLineResponse{}, Status: 201, Version: true},
	"POST /budget/lines/{id}/entries": {Summary: "Note what a line really cost or brought", In: budgetEntryRequest{}, Out: budgetEntryResponse{}, Status: 201, Errors: []int{409},
		Text: "A correction is a negative amount. Income from tickets and sponsors is computed and cannot be typed."},
	"GET /events/{event}/budget": {Summary: "The budget", Out: budgetResponse{},
		Text: "planned, committed, actual and variance are income minus expense. Ticket income is payments less the provider's fees and refunds; sponsor income is what sponsors paid."},
}

type budgetLineRequest struct {
	Category  string        `json:"category" required:"true"`
	Kind      budget.Kind   `json:"kind" required:"true" enum:"income,expense"`
	Planned   turnout.Money `json:"planned" required:"true"`
	Committed turnout.Money `json:"committed"`
	SponsorID turnout.ID    `json:"sponsor_id" doc:"who funds it; of an income line: who pays it"`
}

type budgetLineResponse struct {
	ID        turnout.ID    `json:"id"`
	EventID   turnout.ID    `json:"event_id"`
	Category  string        `json:"category"`
	Kind      budget.Kind   `json:"kind" enum:"income,expense"`
	Planned   turnout.Money `json:"planned"`
	Committed turnout.Money `json:"committed"`
	SponsorID *turnout.ID   `json:"sponsor_id"`
	Version   int64         `json:"version"`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// CreateBudgetLine is POST /events/{event}/budget/lines.
func (h *Handler) CreateBudgetLine(c *gin.Context) {
	var in budgetLineRequest
	if !respond.Bind(c, &in) {
		return
	}
	event := access.Event(c)
	l, err := h.Budget.CreateLine(c.Request.Context(), event.CommunityID, string(event.ID), budget.LineInput(in))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	money := moneyIn(event.Currency)
	respond.ETag(c, l.Version)
	respond.JSON(c, http.StatusCreated, budgetLineResponse{l.ID, l.EventID, l.Category, l.Kind, money(l.Planned), money(l.Committed), named(l.SponsorID), l.Version, l.CreatedAt.UTC(), l.UpdatedAt.UTC()})
}

// moneyIn gives amounts in a currency.
func moneyIn(currency string) func(int64) turnout.Money {
	return func(amount int64) turnout.Money { return turnout.Money{Amount: amount, Currency: currency} }
}

// currencyOf is the currency of an event of the caller's community.
func (h *Handler) currencyOf(c *gin.Context, event turnout.ID) (string, error) {
	e, err := events.Find(c.Request.Context(), h.DB.Read(), access.Community(c), string(event))
	if err != nil {
		return "", err
	}
	return e.Currency, nil
}

type budgetEntryRequest struct {
	Amount turnout.Money `json:"amount" required:"true" doc:"negative for a correction"`
	Date   string        `json:"date" required:"true" doc:"2027-03-01"`
	Vendor string        `json:"vendor"`
	Note   string        `json:"note" text:"name,max=1000"`
}

type budgetEntryResponse struct {
	ID        turnout.ID    `json:"id"`
	LineID    turnout.ID    `json:"line_id"`
	Amount    turnout.Money `json:"amount"`
	Date      string        `json:"date"`
	Vendor    string        `json:"vendor"`
	Note      string        `json:"note"`
	CreatedAt time.Time     `json:"created_at"`
}

// CreateBudgetEntry is POST /budget/lines/{id}/entries.
func (h *Handler) CreateBudgetEntry(c *gin.Context) {
	var in budgetEntryRequest
	if !respond.Bind(c, &in) {
		return
	}
	e, err := h.Budget.Enter(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), budget.EntryInput(in))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusCreated, budgetEntryResponse{e.ID, e.LineID, turnout.Money{Amount: e.Amount, Currency: in.Amount.Currency}, e.Date, e.Vendor, e.Note, e.CreatedAt.UTC()})
}

type amounts struct {
	Planned   turnout.Money `json:"planned"`
	Committed turnout.Money `json:"committed"`
	Actual    turnout.Money `json:"actual"`
	Variance  turnout.Money `json:"variance" doc:"actual minus planned"`
}

func newAmounts(a budget.Amounts, money func(int64) turnout.Money) amounts {
	return amounts{money(a.Planned), money(a.Committed), money(a.Actual), money(a.Variance)}
}

type budgetLineSummary struct {
	ID        turnout.ID  `json:"id"`
	Category  string      `json:"category"`
	Kind      budget.Kind `json:"kind" enum:"income,expense"`
	SponsorID *turnout.ID `json:"sponsor_id"`
	Computed  bool        `json:"computed" doc:"the actual amount comes from tickets or sponsors"`
	amounts
}

type computedIncome struct {
	Category  string      `json:"category" enum:"tickets,sponsor"`
	SponsorID *turnout.ID `json:"sponsor_id" doc:"null for tickets"`
	amounts
}

type budgetResponse struct {
	Currency        string              `json:"currency"`
	amounts                             // income minus expense
	Income          amounts             `json:"income"`
	Expense         amounts             `json:"expense"`
	TicketIncome    turnout.Money       `json:"ticket_income" doc:"net of fees and refunds"`
	SponsorIncome   turnout.Money       `json:"sponsor_income" doc:"received"`
	SponsorPromised turnout.Money       `json:"sponsor_promised"`
	BreakEven       *int64              `json:"break_even_tickets" doc:"the least number of paid tickets that covers the expected costs; null while that cannot be said"`
	CostPerAttendee *turnout.Money      `json:"cost_per_attendee" doc:"null before the event is over, and when nobody came"`
	Lines           []budgetLineSummary `json:"lines" doc:"with without_line they add up to income and expense; of several lines for the same computed money the first holds it"`
	WithoutLine     []computedIncome    `json:"without_line" doc:"income that is computed and that no line plans"`
}

// GetBudget is GET /events/{event}/budget.
func (h *Handler) GetBudget(c *gin.Context) {
	event := access.Event(c)
	sum, err := h.Recap.Budget(c.Request.Context(), event.CommunityID, string(event.ID))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	money := moneyIn(sum.Currency)
	out := budgetResponse{Currency: sum.Currency, amounts: newAmounts(sum.Result, money), Income: newAmounts(sum.Income, money), Expense: newAmounts(sum.Expense, money),
		TicketIncome: money(sum.TicketNet), SponsorIncome: money(sum.SponsorReceived), SponsorPromised: money(sum.SponsorPromised), BreakEven: sum.BreakEvenTickets,
		Lines: make([]budgetLineSummary, len(sum.Lines)), WithoutLine: make([]computedIncome, len(sum.Unplanned))}
	if sum.CostPerAttendee != nil {
		cost := money(*sum.CostPerAttendee)
		out.CostPerAttendee = &cost
	}
	for i, l := range sum.Lines {
		out.Lines[i] = budgetLineSummary{l.ID, l.Category, l.Kind, named(l.SponsorID), l.Computed(), newAmounts(l.Amounts, money)}
	}
	for i, u := range sum.Unplanned {
		category := "sponsor"
		if u.SponsorID == "" {
			category = budget.CategoryTickets
		}
		out.WithoutLine[i] = computedIncome{category, named(u.SponsorID), newAmounts(u.Amounts, money)}
	}
	respond.JSON(c, http.StatusOK, out)
}
