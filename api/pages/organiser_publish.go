package pages

import (
	"context"
	"errors"
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
	community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(e.CommunityID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	needs, err := h.needs(c.Request.Context(), e, community)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := publishPage{Chrome: chrome, Event: e, Base: eventPath(e)}
	for _, need := range needs {
		one := h.check(c, need, community)
		if one.Open {
			data.Checks = slices.Insert(data.Checks, data.OpenNumber, one)
			data.OpenNumber++
		} else {
			data.Checks = append(data.Checks, one)
		}
	}
	h.Render(c, http.StatusOK, "console_publish", data)
}

// needs lists what matters for this event: its place, its tickets, the way to pay, its schedule.
func (h *Handler) needs(ctx context.Context, e *events.Event, community *organisers.Community) ([]events.Need, error) {
	pools, err := h.Ticketing.Pools(ctx, e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	types, err := h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	addOns, err := h.Ticketing.AddOns(ctx, e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	counts, err := agenda.Count(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	_, err = h.Agenda.LatestRelease(ctx, e)
	if err != nil && !errors.Is(err, agenda.ErrNotReleased) {
		return nil, err
	}
	payable := h.Ticketing.Provider.Name() != offline.Provider{}.Name() || community.PaymentInstructions != ""
	return slices.Concat(e.Needs(h.Now()), ticketing.Needs(e, types, addOns, pools, payable), counts.Needs(err == nil)), nil
}

// needPages are where needs are seen to, by their codes, below the event's page; those of a pool are at the pool's own.
var needPages = map[string]string{
	"date": "/details#f-starts_at", "venue": "/details#f-venue-name", "online": "/details#f-online_url", "description": "/details#f-description",
	"tickets": "/tickets", "hidden": "/tickets", "mode_in_person": "/tickets/types/new", "mode_virtual": "/tickets/types/new",
	"unused_pool": "/tickets/types/new", "empty_pool": "/tickets/pools/", "agenda": "/agenda", "release": "/agenda/release",
}

// check says a need in words, with the page where it is seen to, "" for who may not open that.
func (h *Handler) check(c *gin.Context, need events.Need, community *organisers.Community) check {
	e, key := access.Event(c), "console.publish."+need.Code
	if need.Open {
		key += "_open"
	}
	out := check{Text: h.text(c, key, "Name", need.Name), URL: eventPath(e) + needPages[need.Code], Open: need.Open}
	switch need.Code {
	case "empty_pool":
		out.URL += string(need.Subject)
	case "payment":
		if out.URL = ""; access.Who(c).May("settings:write", e.CommunityID, nil) {
			out.URL = communityPath(community.Slug) + "/settings#f-payment_instructions"
		}
	}
	return out
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
