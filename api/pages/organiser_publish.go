package pages

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/payments/offline"
)

// check is one thing that people will look for on a public event, with the page where it is mended.
type check struct {
	Text, URL string
	Open      bool // it is missing
}

type publishPage struct {
	templates.Chrome
	Event      *events.Event
	Checks     []check // the open ones first
	OpenNumber int
	Base       string
}

// publishFacts are what the checks look at.
type publishFacts struct {
	pools    []*ticketing.Pool
	types    []*ticketing.TicketType
	sessions int
	released bool
	payable  bool   // by card, or buyers are told how to transfer
	settings string // the page where the latter is said
}

// AskPublish is GET /console/events/{event}/publish: what is still open, before everybody sees it. Nothing of it forbids to
// publish: a draft with its own times may always go out.
func (h *Handler) AskPublish(c *gin.Context) {
	e := access.Event(c)
	if e.Status != events.Draft {
		c.Redirect(http.StatusSeeOther, eventPath(e))
		return
	}
	chrome, ok := h.eventConsole(c, h.text(c, "console.event.publish"), "nav.details")
	if !ok {
		return
	}
	facts, err := h.publishFacts(c.Request.Context(), e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := publishPage{Chrome: chrome, Event: e, Base: eventPath(e)}
	for _, one := range h.publishChecks(c, e, facts) {
		if one.Open {
			data.Checks = slices.Insert(data.Checks, data.OpenNumber, one)
			data.OpenNumber++
		} else {
			data.Checks = append(data.Checks, one)
		}
	}
	h.Render(c, http.StatusOK, "console_publish", data)
}

func (h *Handler) publishFacts(ctx context.Context, e *events.Event) (facts publishFacts, err error) {
	if facts.pools, err = h.Ticketing.Pools(ctx, e.CommunityID, e.ID); err != nil {
		return facts, err
	}
	if facts.types, err = h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID); err != nil {
		return facts, err
	}
	counts, err := agenda.Count(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		return facts, err
	}
	releases, err := h.Agenda.Releases(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		return facts, err
	}
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return facts, err
	}
	facts.sessions, facts.released = counts.Sessions, len(releases) > 0
	facts.settings = communityPath(community) + "/settings#f-payment_instructions"
	facts.payable = h.Ticketing.Provider.Name() != offline.Provider{}.Name() || community.PaymentInstructions != ""
	return facts, nil
}

// publishChecks lists what matters for this event: its place, its tickets, its schedule, the way to pay.
func (h *Handler) publishChecks(c *gin.Context, e *events.Event, facts publishFacts) []check {
	base := eventPath(e)
	var list []check
	add := func(key, url string, open bool, args ...any) {
		if open {
			key += "_open"
		}
		list = append(list, check{h.text(c, "console.publish."+key, args...), url, open})
	}
	if !e.EndsAt.After(h.Now()) {
		add("date", base+"/details#f-starts_at", true)
	}
	if e.Format.OnSite() {
		add("venue", base+"/details#f-venue-name", e.VenueName == "" && e.VenueAddress == "")
	}
	if e.Format.Online() {
		add("online", base+"/details#f-online_url", e.OnlineURL == "")
	}
	add("description", base+"/details#f-description", e.Description == "")
	add("tickets", base+"/tickets", len(facts.types) == 0)
	has := func(fits func(t *ticketing.TicketType) bool) bool { return slices.ContainsFunc(facts.types, fits) }
	if len(facts.types) > 0 {
		if e.Format == events.Hybrid {
			for _, mode := range []ticketing.Mode{ticketing.InPerson, ticketing.Virtual} {
				add("mode_"+string(mode), base+"/tickets/types/new", !has(func(t *ticketing.TicketType) bool { return t.AttendanceMode == mode }))
			}
		}
		if !has(func(t *ticketing.TicketType) bool { return t.Visibility == ticketing.Public }) {
			add("hidden", base+"/tickets", true)
		}
	}
	for _, p := range facts.pools {
		url := base + "/tickets/pools/" + string(p.ID)
		if p.Capacity == 0 {
			add("empty_pool", url, true, "Name", p.Name)
		} else if !has(func(t *ticketing.TicketType) bool { return slices.Contains(t.PoolIDs, p.ID) }) {
			add("unused_pool", base+"/tickets/types/new", true, "Name", p.Name)
		}
	}
	if has(func(t *ticketing.TicketType) bool { return t.Price > 0 }) {
		url := facts.settings
		if !access.Who(c).May("settings:write", e.CommunityID, nil) {
			url = ""
		}
		add("payment", url, !facts.payable)
	}
	add("agenda", base+"/agenda", facts.sessions == 0)
	if facts.sessions > 0 {
		add("release", base+"/agenda/release", !facts.released)
	}
	return list
}

// PublishEvent is POST /console/events/{event}/publish.
func (h *Handler) PublishEvent(c *gin.Context) {
	e, version := access.Event(c), sentVersion(c)
	if c.PostForm("confirmed") == "" {
		h.AskPublish(c)
		return
	}
	_, err := h.Events.Publish(c.Request.Context(), e.CommunityID, string(e.ID), version)
	h.done(c, err, eventPath(e), h.text(c, "console.event.published"))
}
