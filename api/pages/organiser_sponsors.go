package pages

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/sponsors"
	"turnout/templates"
)

type sponsorRow struct {
	*sponsors.Sponsor
	URL, Tier          string
	Promised, Received turnout.Money
}

type tierRow struct {
	*sponsors.Tier
	URL   string
	Price turnout.Money
	Taken int64 // sponsors that hold a place in it
}

type sponsorsPage struct {
	templates.Chrome
	Event                *events.Event
	Base                 string
	CanWrite             bool
	Rows                 []sponsorRow
	Tiers                []tierRow
	Promised, Received   turnout.Money
	Committed, Prospects int64
}

// EventSponsors is GET /console/events/{event}/sponsors.
func (h *Handler) EventSponsors(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "nav.sponsors"), "nav.sponsors")
	if !ok {
		return
	}
	all, err := sponsors.List(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	tiers, err := sponsors.Tiers(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	sums := sponsors.Sum(all)
	data := sponsorsPage{Chrome: chrome, Event: e, Base: eventPath(e) + "/sponsors", CanWrite: may(c, "sponsors:write"), Committed: sums.Sponsors,
		Prospects: int64(len(all)) - sums.Sponsors, Promised: turnout.Money{Amount: sums.Promised, Currency: e.Currency}, Received: turnout.Money{Amount: sums.Received, Currency: e.Currency}}
	names, taken := map[turnout.ID]string{}, map[turnout.ID]int64{}
	for _, t := range tiers {
		names[t.ID] = t.Name
	}
	for _, s := range all {
		if s.Status.Committed() {
			taken[s.TierID]++
		}
		data.Rows = append(data.Rows, sponsorRow{Sponsor: s, URL: data.Base + "/" + string(s.ID), Tier: names[s.TierID],
			Promised: turnout.Money{Amount: s.Promised, Currency: e.Currency}, Received: turnout.Money{Amount: s.Received, Currency: e.Currency}})
	}
	for _, t := range tiers {
		data.Tiers = append(data.Tiers, tierRow{Tier: t, URL: data.Base + "/tiers/" + string(t.ID), Price: turnout.Money{Amount: t.Price, Currency: e.Currency}, Taken: taken[t.ID]})
	}
	h.Render(c, http.StatusOK, "console_sponsors", data)
}

type sponsorForm struct {
	Name     string `form:"name" text:"name,max=300"`
	TierID   string `form:"tier_id" text:"name,max=60"`
	Website  string `form:"website" text:"name,max=2000"`
	Status   string `form:"status" text:"name,max=20"`
	Promised string `form:"promised" text:"name,max=30"`
	Version  int64  `form:"version"`
}

type sponsorPaymentForm struct {
	Amount     string `form:"amount" text:"name,max=30"`
	ReceivedOn string `form:"received_on" text:"name,max=20"`
	Note       string `form:"note" text:"name,max=500"`
}

type paymentRow struct {
	Date, Note string
	Amount     turnout.Money
}

type sponsorPage struct {
	templates.Chrome
	Errors          templates.Errors
	Event           *events.Event
	Sponsor         *sponsors.Sponsor // nil for a new one
	Form            sponsorForm
	Payment         sponsorPaymentForm
	Payments        []paymentRow
	Received        turnout.Money
	Tiers, Statuses []templates.Option
	Base, BackURL   string
}

var sponsorStatuses = []sponsors.Status{sponsors.Prospect, sponsors.Talking, sponsors.Promised, sponsors.Signed, sponsors.Invoiced, sponsors.Paid, sponsors.Lost}

// EventSponsor is GET /console/events/{event}/sponsors/new and …/sponsors/{sponsor}.
func (h *Handler) EventSponsor(c *gin.Context) {
	if c.Param("sponsor") == "" {
		h.sponsor(c, http.StatusOK, nil, sponsorPage{Form: sponsorForm{Status: string(sponsors.Prospect)}})
		return
	}
	if s, ok := h.sponsorOf(c); ok {
		h.sponsor(c, http.StatusOK, s, sponsorPage{Form: newSponsorForm(s, access.Event(c), h.point(c))})
	}
}

func newSponsorForm(s *sponsors.Sponsor, e *events.Event, point string) sponsorForm {
	return sponsorForm{s.Name, string(s.TierID), s.Website, string(s.Status), decimal(s.Promised, e.Currency, point), s.Version}
}

func (h *Handler) sponsorOf(c *gin.Context) (*sponsors.Sponsor, bool) {
	s, err := sponsors.Find(c.Request.Context(), h.DB.Read(), access.Community(c), turnout.ID(c.Param("sponsor")))
	if err == nil && s.EventID != access.Event(c).ID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
	}
	return s, err == nil
}

func (h *Handler) sponsor(c *gin.Context, status int, s *sponsors.Sponsor, data sponsorPage) {
	e, ctx := access.Event(c), c.Request.Context()
	data.Event, data.Sponsor, data.BackURL = e, s, eventPath(e)+"/sponsors"
	tiers, err := sponsors.Tiers(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Tiers = append([]templates.Option{{Text: h.text(c, "console.sponsor.no_tier")}},
		options(tiers, func(t *sponsors.Tier) templates.Option { return templates.Option{Value: string(t.ID), Text: t.Name} })...)
	data.Statuses = options(sponsorStatuses, func(s sponsors.Status) templates.Option {
		return templates.Option{Value: string(s), Text: h.text(c, "status.sponsor."+string(s))}
	})
	title := h.text(c, "console.sponsor.new")
	if s != nil {
		title, data.Base, data.Received = s.Name, data.BackURL+"/"+string(s.ID), turnout.Money{Amount: s.Received, Currency: e.Currency}
		payments, err := sponsors.Payments(ctx, h.DB.Read(), e.CommunityID, s.ID)
		if err != nil {
			h.Fail(c, err)
			return
		}
		for _, p := range payments {
			data.Payments = append(data.Payments, paymentRow{p.ReceivedOn, p.Note, turnout.Money{Amount: p.Amount, Currency: e.Currency}})
		}
		data.Payment.ReceivedOn = firstOf(data.Payment.ReceivedOn, h.Now().In(e.Location()).Format("2006-01-02"))
	}
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, title, "nav.sponsors"); ok {
		data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.sponsors"), URL: data.BackURL})
		h.Render(c, status, "console_sponsor", data)
	}
}

// SaveSponsor is POST /console/events/{event}/sponsors/new and …/sponsors/{sponsor}.
func (h *Handler) SaveSponsor(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	var known *sponsors.Sponsor
	if c.Param("sponsor") != "" {
		var ok bool
		if known, ok = h.sponsorOf(c); !ok {
			return
		}
	}
	var in sponsorForm
	form := formReader{point: h.point(c)}
	form.read(c, &in)
	input := sponsors.Input{Name: in.Name, TierID: turnout.ID(in.TierID), Website: in.Website, Status: sponsors.Status(in.Status), Promised: form.money("promised", in.Promised, e.Currency)}
	err := form.then(func() error { return input.Check(e.Currency) }, func() (err error) {
		if known == nil {
			_, err = h.Sponsors.Create(ctx, e.CommunityID, string(e.ID), input)
			return err
		}
		input.LogoHash = known.LogoHash
		_, err = h.Sponsors.Update(ctx, e.CommunityID, known.ID, input, &in.Version)
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/sponsors", "ok", h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.sponsor(c, status, known, sponsorPage{Form: in, Errors: shown})
	}
}

// ReceiveFromSponsor is POST /console/events/{event}/sponsors/{sponsor}/payments.
func (h *Handler) ReceiveFromSponsor(c *gin.Context) {
	s, ok := h.sponsorOf(c)
	if !ok {
		return
	}
	e := access.Event(c)
	var in sponsorPaymentForm
	form := formReader{point: h.point(c)}
	form.read(c, &in)
	form.Require("amount", in.Amount)
	input := sponsors.PaymentInput{Amount: form.money("amount", in.Amount, e.Currency), ReceivedOn: in.ReceivedOn, Note: in.Note}
	err := form.then(func() error { return input.Check(e.Currency) }, func() error {
		_, err := h.Sponsors.Receive(c.Request.Context(), e.CommunityID, s.ID, input)
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/sponsors/"+string(s.ID), "ok", h.text(c, "console.sponsor.received"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.sponsor(c, status, s, sponsorPage{Form: newSponsorForm(s, e, h.point(c)), Payment: in, Errors: shown})
	}
}

type tierForm struct {
	Name     string `form:"name" text:"name,max=300"`
	Price    string `form:"price" text:"name,max=30"`
	Limit    string `form:"limit" text:"name,max=40"`
	Benefits string `form:"benefits" text:"long,max=10000"`
	Position string `form:"position" text:"name,max=40"`
	Version  int64  `form:"version"`
}

type tierPage struct {
	templates.Chrome
	Errors  templates.Errors
	Event   *events.Event
	Form    tierForm
	BackURL string
	IsNew   bool
}

// EventTier is GET /console/events/{event}/sponsors/tiers/new and …/sponsors/tiers/{tier}.
func (h *Handler) EventTier(c *gin.Context) {
	if c.Param("tier") == "" {
		h.tier(c, http.StatusOK, tierForm{}, nil)
		return
	}
	if t, ok := h.tierOf(c); ok {
		h.tier(c, http.StatusOK, tierForm{t.Name, decimal(t.Price, access.Event(c).Currency, h.point(c)), whole(t.Limit), strings.Join(t.Benefits, "\n"), whole(&t.Position), t.Version}, nil)
	}
}

func (h *Handler) tierOf(c *gin.Context) (*sponsors.Tier, bool) {
	e := access.Event(c)
	tiers, err := sponsors.Tiers(c.Request.Context(), h.DB.Read(), e.CommunityID, e.ID)
	return here(h, c, tiers, err, func(t *sponsors.Tier) bool { return string(t.ID) == c.Param("tier") })
}

func (h *Handler) tier(c *gin.Context, status int, form tierForm, shown templates.Errors) {
	e, isNew := access.Event(c), c.Param("tier") == ""
	chrome, ok := h.eventConsole(c, firstOf(form.Name, h.text(c, "console.tier.new")), "nav.sponsors")
	if !ok {
		return
	}
	back := eventPath(e) + "/sponsors"
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.sponsors"), URL: back})
	h.Render(c, status, "console_tier", tierPage{Chrome: chrome, Errors: shown, Event: e, Form: form, BackURL: back, IsNew: isNew})
}

// SaveTier is POST /console/events/{event}/sponsors/tiers/new and …/sponsors/tiers/{tier}.
func (h *Handler) SaveTier(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	if c.Param("tier") != "" {
		if _, ok := h.tierOf(c); !ok {
			return
		}
	}
	var in tierForm
	form := formReader{point: h.point(c)}
	form.read(c, &in)
	input := sponsors.TierInput{Name: in.Name, Price: form.money("price", in.Price, e.Currency), Limit: form.number("limit", in.Limit)}
	if n := form.number("position", in.Position); n != nil {
		input.Position = *n
	}
	for line := range strings.Lines(in.Benefits) {
		if line = strings.TrimSpace(line); line != "" {
			input.Benefits = append(input.Benefits, line)
		}
	}
	input.Benefits = slices.Clip(input.Benefits)
	err := form.then(func() error { return input.Check(e.Currency) }, func() (err error) {
		if c.Param("tier") == "" {
			_, err = h.Sponsors.CreateTier(ctx, e.CommunityID, string(e.ID), input)
		} else {
			_, err = h.Sponsors.UpdateTier(ctx, e.CommunityID, turnout.ID(c.Param("tier")), input, &in.Version)
		}
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/sponsors", "ok", h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		for i, s := range shown { // the form has them all in one field
			if strings.HasPrefix(s.Name, "benefits[") {
				shown[i].Name = "benefits"
			}
		}
		h.tier(c, status, in, shown)
	}
}
