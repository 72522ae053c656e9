package pages

import (
	"bytes"
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/community"
	"turnout/events"
	"turnout/recap"
	"turnout/templates"
)

// figureRow is one figure with the sentence that says what it counts.
type figureRow struct{ Key, Value, Definition string }

type stepRow struct {
	Name  string
	Count string  // with its unit: tickets or people
	Share float64 // of the first step; -1 for none
}

type populationRow struct {
	community.Population
	Title string
}

type recapPage struct {
	templates.Chrome
	Event          *events.Event
	Report         *recap.Report
	Base           string
	Funnel         []stepRow
	Figures, Money []figureRow
	Arrivals       []int64
	Populations    []populationRow
	Statement      string
	Over           bool
	Definitions    map[string]string
	Audiences      []recap.Audience
}

// EventRecap is GET /console/events/{event}/recap: the figures of the report, each with its definition.
func (h *Handler) EventRecap(c *gin.Context) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "nav.recap"), "nav.recap")
	if !ok {
		return
	}
	report, err := h.Recap.Recap(c.Request.Context(), e.CommunityID, string(e.ID))
	if err == nil && !may(c, "budget:read") { // money is for those who may see the budget
		report, err = report.For(recap.Sponsor)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := recapPage{Chrome: chrome, Event: e, Report: report, Base: eventPath(e), Over: !e.EndsAt.After(h.Now()), Definitions: map[string]string{}}
	data.Audiences = []recap.Audience{recap.Public, recap.Sponsor}
	if report.Money != nil {
		data.Audiences = []recap.Audience{recap.Team, recap.Sponsor, recap.Public}
	}
	h.recapFigures(c, &data)
	h.recapMoney(c, &data)
	h.Render(c, http.StatusOK, "console_recap", data)
}

func (h *Handler) recapFigures(c *gin.Context, data *recapPage) {
	r, lang := data.Report, h.Language(c)
	number := func(key string, n int64) {
		data.Figures = append(data.Figures, figureRow{key, h.Templates.Number(lang, n), r.Definition(lang, key)})
	}
	number("registered", r.Registered.Value)
	number("paid", r.Paid.Value)
	number("came", r.Came.Value)
	number("came_in_person", r.CameInPerson.Value)
	number("came_virtual", r.CameVirtual.Value)
	if r.NoShows != nil {
		text := h.Templates.Number(lang, r.NoShows.Value.Count)
		if r.NoShows.Value.Rate != nil {
			text += " (" + h.Templates.Percent(lang, *r.NoShows.Value.Rate) + ")"
		}
		data.Figures = append(data.Figures, figureRow{"no_shows", text, r.Definition(lang, "no_shows")})
	}
	for _, optional := range []struct {
		key    string
		figure *recap.Figure[int64]
	}{{"orders", r.Orders}, {"canceled", r.Canceled}, {"people", r.People}, {"activated", r.Activated}} {
		if optional.figure != nil {
			number(optional.key, optional.figure.Value)
		}
	}
	for _, key := range []string{"arrivals", "funnel", "activation", "by_ticket_type", "refusals", "sponsors"} {
		data.Definitions[key] = r.Definition(lang, key)
	}
	for _, b := range r.Arrivals.Value.Buckets {
		data.Arrivals = append(data.Arrivals, b.InPerson+b.Virtual)
	}
	if r.Funnel != nil {
		for _, s := range r.Funnel.Value {
			unit := "recap.unit.tickets"
			if s.Name == "activated" {
				unit = "recap.unit.people"
			}
			row := stepRow{Name: s.Name, Count: h.text(c, unit, "Count", s.Count), Share: -1}
			if first := r.Funnel.Value[0].Count; first > 0 && s.Name != "activated" { // activated counts people, the others tickets
				row.Share = float64(s.Count) / float64(first)
			}
			data.Funnel = append(data.Funnel, row)
		}
	}
	if r.Activation != nil {
		data.Populations, data.Statement = h.populations(c, r.Activation.Value), r.Activation.Value.Say(lang)
	}
}

func (h *Handler) populations(c *gin.Context, a *community.Activation) []populationRow {
	rows := make([]populationRow, len(a.Populations))
	for i, p := range a.Populations {
		rows[i] = populationRow{p, community.PopulationName(h.Templates, h.Language(c), p.Name)}
	}
	return rows
}

func (h *Handler) recapMoney(c *gin.Context, data *recapPage) {
	m, lang := data.Report.Money, h.Language(c)
	if m == nil {
		return
	}
	add := func(key, value string) {
		data.Money = append(data.Money, figureRow{key, value, data.Report.Definition(lang, key)})
	}
	add("ticket_gross", h.Templates.Money(lang, m.TicketGross.Value))
	add("provider_fees", h.Templates.Money(lang, m.ProviderFees.Value))
	add("refunded", h.Templates.Money(lang, m.Refunded.Value))
	add("ticket_income", h.Templates.Money(lang, m.TicketIncome.Value))
	add("sponsor_promised", h.Templates.Money(lang, m.SponsorPromised.Value))
	add("sponsor_received", h.Templates.Money(lang, m.SponsorReceived.Value))
	add("other_income", h.Templates.Money(lang, m.OtherIncome.Value))
	add("costs_planned", h.Templates.Money(lang, m.CostsPlanned.Value))
	add("costs_actual", h.Templates.Money(lang, m.CostsActual.Value))
	add("result", h.Templates.Money(lang, m.Result.Value))
	if m.BreakEven.Value != nil {
		add("break_even_tickets", h.Templates.Number(lang, *m.BreakEven.Value))
	}
	each := "–" // nobody came, or the event is not over
	if m.CostPerAttendee.Value != nil {
		each = h.Templates.Money(lang, *m.CostPerAttendee.Value)
	}
	add("cost_per_attendee", each)
}

// EventRecapPDF is GET /console/events/{event}/recap.pdf?audience=: the report on paper, in the reader's language.
func (h *Handler) EventRecapPDF(c *gin.Context) {
	e := access.Event(c)
	widest := recap.Team
	if !may(c, "budget:read") {
		widest = recap.Sponsor
	}
	audience := recap.Audience(cmp.Or(c.Query("audience"), string(widest)))
	if audience == recap.Team && widest != recap.Team {
		h.Fail(c, access.ErrForbidden)
		return
	}
	report, err := h.Recap.Recap(c.Request.Context(), e.CommunityID, string(e.ID))
	if err == nil {
		report, err = report.For(audience)
	}
	var pdf bytes.Buffer
	if err == nil {
		err = report.WritePDF(&pdf, h.Language(c), h.Now())
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "private, no-store")
	c.Header("Content-Disposition", `inline; filename="recap-`+e.Slug+`-`+string(audience)+`.pdf"`)
	c.Data(http.StatusOK, "application/pdf", pdf.Bytes())
}

type activationPage struct {
	templates.Chrome
	Event       *events.Event
	Activation  *community.Activation
	Populations []populationRow
	Statement   string
	RuleURL     string
}

// EventActivation is GET /console/events/{event}/activation: who became an active member afterwards.
func (h *Handler) EventActivation(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "nav.activation"), "nav.activation")
	if !ok {
		return
	}
	a, err := h.Community.Activation(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	tenant, _ := access.Who(c).At(string(e.CommunityID))
	data := activationPage{Chrome: chrome, Event: e, Activation: a, Populations: h.populations(c, a), Statement: a.Say(h.Language(c))}
	if access.Who(c).May("people:read", tenant.ID, nil) {
		data.RuleURL = communityPath(tenant.Slug) + "/people"
	}
	h.Render(c, http.StatusOK, "console_activation", data)
}
