package pages

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/budget"
	"turnout/events/sponsors"
	"turnout/templates"
)

type budgetRow struct {
	Name, URL                            string // no URL without a line
	Sponsor                              string // who funds it
	Computed                             bool
	Planned, Committed, Actual, Variance turnout.Money
}

type budgetPage struct {
	templates.Chrome
	Event           *events.Event
	Base            string
	CanWrite        bool
	Income, Expense []budgetRow
	CostPerAttendee *turnout.Money // nil before the event is over
	BreakEven       string         // a number of tickets, or a dash while it cannot be known
	Sums            map[string]budgetRow
}

// EventBudget is GET /console/events/{event}/budget.
func (h *Handler) EventBudget(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "nav.budget"), "nav.budget")
	if !ok {
		return
	}
	summary, err := h.Recap.Budget(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	all, err := sponsors.List(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	money := func(amount int64) turnout.Money { return turnout.Money{Amount: amount, Currency: e.Currency} }
	row := func(a budget.Amounts) budgetRow {
		return budgetRow{Planned: money(a.Planned), Committed: money(a.Committed), Actual: money(a.Actual), Variance: money(a.Variance)}
	}
	data := budgetPage{Chrome: chrome, Event: e, Base: eventPath(e) + "/budget", CanWrite: may(c, "budget:write"),
		Sums: map[string]budgetRow{"income": row(summary.Income), "expense": row(summary.Expense), "result": row(summary.Result)}}
	if summary.CostPerAttendee != nil {
		cost := money(*summary.CostPerAttendee)
		data.CostPerAttendee = &cost
	}
	data.BreakEven = "–"
	if summary.BreakEvenTickets != nil {
		data.BreakEven = h.Templates.Number(h.Language(c), *summary.BreakEvenTickets)
	}
	names := map[turnout.ID]string{}
	for _, s := range all {
		names[s.ID] = s.Name
	}
	for _, l := range summary.Lines {
		r := row(l.Amounts)
		r.Name, r.URL, r.Sponsor, r.Computed = l.Category, data.Base+"/lines/"+string(l.ID), names[l.SponsorID], l.Computed()
		if l.Kind == budget.Income {
			data.Income = append(data.Income, r)
		} else {
			data.Expense = append(data.Expense, r)
		}
	}
	for _, u := range summary.Unplanned {
		r := row(u.Amounts)
		if r.Name, r.Computed = names[u.SponsorID], true; u.SponsorID == "" {
			r.Name = h.text(c, "console.budget.ticket_net")
		}
		data.Income = append(data.Income, r)
	}
	h.Render(c, http.StatusOK, "console_budget", data)
}

type budgetLineForm struct {
	Category  string `form:"category" text:"name,max=200"`
	Kind      string `form:"kind" text:"name,max=20"`
	Planned   string `form:"planned" text:"name,max=30"`
	Committed string `form:"committed" text:"name,max=30"`
	SponsorID string `form:"sponsor_id" text:"name,max=60"`
	Version   int64  `form:"version"`
}

type budgetEntryForm struct {
	Amount string `form:"amount" text:"name,max=30"`
	Date   string `form:"date" text:"name,max=20"`
	Vendor string `form:"vendor" text:"name,max=300"`
	Note   string `form:"note" text:"name,max=1000"`
}

type entryRow struct {
	*budget.Entry
	Money turnout.Money
}

type budgetLinePage struct {
	templates.Chrome
	Errors        templates.Errors
	Event         *events.Event
	Line          *budget.Line // nil for a new one
	Form          budgetLineForm
	Entry         budgetEntryForm
	Entries       []entryRow
	Kinds         []templates.Option
	Sponsors      []templates.Option
	Base, BackURL string
}

// EventBudgetLine is GET /console/events/{event}/budget/lines/new and …/budget/lines/{line}.
func (h *Handler) EventBudgetLine(c *gin.Context) {
	if c.Param("line") == "" {
		h.budgetLine(c, http.StatusOK, nil, budgetLinePage{Form: budgetLineForm{Kind: string(budget.Expense)}})
		return
	}
	if l, ok := h.budgetLineOf(c); ok {
		h.budgetLine(c, http.StatusOK, l, budgetLinePage{Form: newBudgetLineForm(l, access.Event(c), h.point(c))})
	}
}

func newBudgetLineForm(l *budget.Line, e *events.Event, point string) budgetLineForm {
	return budgetLineForm{l.Category, string(l.Kind), decimal(l.Planned, e.Currency, point), decimal(l.Committed, e.Currency, point), string(l.SponsorID), l.Version}
}

func (h *Handler) budgetLineOf(c *gin.Context) (*budget.Line, bool) {
	e := access.Event(c)
	lines, err := budget.Lines(c.Request.Context(), h.DB.Read(), e.CommunityID, e.ID)
	return here(h, c, lines, err, func(l *budget.Line) bool { return string(l.ID) == c.Param("line") })
}

func (h *Handler) budgetLine(c *gin.Context, status int, l *budget.Line, data budgetLinePage) {
	e, ctx := access.Event(c), c.Request.Context()
	data.Event, data.Line, data.BackURL = e, l, eventPath(e)+"/budget"
	all, err := sponsors.List(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Sponsors = append([]templates.Option{{Text: h.text(c, "console.budget.no_sponsor")}},
		options(all, func(s *sponsors.Sponsor) templates.Option { return templates.Option{Value: string(s.ID), Text: s.Name} })...)
	data.Kinds = options([]budget.Kind{budget.Expense, budget.Income}, func(k budget.Kind) templates.Option {
		return templates.Option{Value: string(k), Text: h.text(c, "console.budget."+string(k))}
	})
	title := h.text(c, "console.budget.new")
	if l != nil {
		title, data.Base = l.Category, data.BackURL+"/lines/"+string(l.ID)
		entries, err := budget.Entries(ctx, h.DB.Read(), e.CommunityID, l.ID)
		if err != nil {
			h.Fail(c, err)
			return
		}
		for _, entry := range entries {
			data.Entries = append(data.Entries, entryRow{entry, turnout.Money{Amount: entry.Amount, Currency: e.Currency}})
		}
		data.Entry.Date = firstOf(data.Entry.Date, h.Now().In(e.Location()).Format("2006-01-02"))
	}
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, title, "nav.budget"); ok {
		data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.budget"), URL: data.BackURL})
		h.Render(c, status, "console_budget_line", data)
	}
}

// SaveBudgetLine is POST /console/events/{event}/budget/lines/new and …/budget/lines/{line}.
func (h *Handler) SaveBudgetLine(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	var known *budget.Line
	if c.Param("line") != "" {
		var ok bool
		if known, ok = h.budgetLineOf(c); !ok {
			return
		}
	}
	var in budgetLineForm
	form := formReader{point: h.point(c)}
	form.read(c, &in)
	input := budget.LineInput{Category: in.Category, Kind: budget.Kind(in.Kind), Planned: form.money("planned", in.Planned, e.Currency),
		Committed: form.money("committed", in.Committed, e.Currency), SponsorID: turnout.ID(in.SponsorID)}
	err := form.then(func() error { return input.Check(e.Currency) }, func() (err error) {
		if known == nil {
			_, err = h.Budget.CreateLine(ctx, e.CommunityID, string(e.ID), input)
		} else {
			_, err = h.Budget.UpdateLine(ctx, e.CommunityID, known.ID, input, &in.Version)
		}
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/budget", "ok", h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.budgetLine(c, status, known, budgetLinePage{Form: in, Errors: shown})
	}
}

// EnterOnBudgetLine is POST /console/events/{event}/budget/lines/{line}/entries.
func (h *Handler) EnterOnBudgetLine(c *gin.Context) {
	l, ok := h.budgetLineOf(c)
	if !ok {
		return
	}
	e := access.Event(c)
	var in budgetEntryForm
	form := formReader{point: h.point(c)}
	form.read(c, &in)
	form.Require("amount", in.Amount)
	input := budget.EntryInput{Amount: form.money("amount", in.Amount, e.Currency), Date: in.Date, Vendor: in.Vendor, Note: in.Note}
	err := form.then(func() error { return input.Check(e.Currency) }, func() error {
		_, err := h.Budget.Enter(c.Request.Context(), e.CommunityID, l.ID, input)
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/budget/lines/"+string(l.ID), "ok", h.text(c, "console.budget.entered"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.budgetLine(c, status, l, budgetLinePage{Form: newBudgetLineForm(l, e, h.point(c)), Entry: in, Errors: shown})
	}
}
