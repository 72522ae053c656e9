package pages

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/templates"
	"turnout/ticketing"
)

// eventRow is an event in the console's lists.
type eventRow struct {
	*events.Event
	URL   string
	Place string
	Sold  *ticketing.Totals // nil: not for the reader's eyes
	Door  bool              // the row leads to the door: there the reader works
	Needs []string          // message keys: what an organiser should do about it
}

type homeSection struct {
	Name, NewURL, AllURL string
	Drafts, Coming, Past []eventRow
}

type consoleHomePage struct {
	templates.Chrome
	Now      time.Time
	Sections []homeSection
}

// pastShown is how many past events the home page names; the list has them all.
const pastShown = 5

// ConsoleHome is GET /console: the events of all communities that one works on, and what they need.
func (h *Handler) ConsoleHome(c *gin.Context) {
	communities := access.Who(c).Communities
	data := consoleHomePage{Chrome: h.consoleFrame(c, h.text(c, "console.home.title"), templates.Brand{Name: "Turnout", URL: ConsolePath}), Now: h.Now()}
	for _, community := range communities {
		section, err := h.homeSection(c, community)
		if err != nil {
			h.Fail(c, err)
			return
		}
		data.Sections = append(data.Sections, section)
		group := h.communityMenu(c, community, "")
		if len(communities) > 1 {
			group.Title = community.Name
		}
		data.Nav = append(data.Nav, group)
	}
	if len(communities) == 1 {
		data.Community.Name = communities[0].Name
	}
	h.Render(c, http.StatusOK, "console_home", data)
}

func (h *Handler) homeSection(c *gin.Context, community organisers.Workplace) (homeSection, error) {
	section := homeSection{Name: community.Name}
	if access.Who(c).May("events:read", community.ID, nil) {
		section.AllURL = communityPath(community.Slug) + "/events"
	}
	if access.Who(c).May("events:write", community.ID, nil) {
		section.NewURL = communityPath(community.Slug) + "/events/new"
	}
	list, _, err := events.List(c.Request.Context(), h.DB.Read(), events.Filter{Community: community.ID, Limit: 100})
	if err != nil {
		return section, err
	}
	list = slices.DeleteFunc(list, func(e events.Event) bool { return !access.Who(c).May("events:read", community.ID, &e) })
	rows, err := h.eventRows(c, community.ID, list)
	if err != nil {
		return section, err
	}
	for _, row := range rows {
		switch {
		case row.Status == events.Draft:
			section.Drafts = append(section.Drafts, row)
		case row.Status == events.Published && row.EndsAt.After(h.Now()):
			section.Coming = append(section.Coming, row)
		case len(section.Past) < pastShown:
			section.Past = append(section.Past, row)
		}
	}
	slices.Reverse(section.Coming) // the next first
	slices.Reverse(section.Drafts)
	return section, nil
}

// eventRows adds to events what their rows say, by a constant number of statements.
func (h *Handler) eventRows(c *gin.Context, community turnout.ID, list []events.Event) ([]eventRow, error) {
	ctx, db := c.Request.Context(), h.DB.Read()
	ids := make([]turnout.ID, len(list))
	for i, e := range list {
		ids[i] = e.ID
	}
	sold, err := ticketing.EventTotals(ctx, db, community, ids)
	if err != nil {
		return nil, err
	}
	types, err := ticketing.CountTypes(ctx, db, community, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]eventRow, len(list))
	for i := range list {
		e := &list[i]
		may := func(need string) bool { return access.Who(c).May(need, community, e) }
		rows[i] = eventRow{Event: e, URL: eventPath(e), Place: shortPlace(e)}
		if may("tickets:read") {
			totals := sold[e.ID]
			rows[i].Sold = &totals
		} else if may("checkin:write") && e.Status == events.Published {
			rows[i].Door, rows[i].URL = true, doorPath(e, "")
		}
		if !may("events:write") {
			continue
		}
		over := !e.EndsAt.After(h.Now())
		switch {
		case e.Status == events.Draft && over:
			rows[i].Needs = append(rows[i].Needs, "console.needs.date_past")
		case e.Status == events.Draft && types[e.ID] > 0:
			rows[i].Needs = append(rows[i].Needs, "console.needs.publish")
		}
		if sold[e.ID].Approvals > 0 {
			rows[i].Needs = append(rows[i].Needs, "console.needs.approvals")
		}
		if types[e.ID] == 0 && !over && e.Status != events.Canceled {
			rows[i].Needs = append(rows[i].Needs, "console.needs.tickets")
		}
	}
	return rows, nil
}

func shortPlace(e *events.Event) string {
	if e.VenueName != "" && e.VenueCity != "" {
		return e.VenueName + ", " + e.VenueCity
	}
	return firstOf(e.VenueName, e.VenueCity)
}

type eventListPage struct {
	templates.Chrome
	Now         time.Time
	Status      string
	Filters     []filterLink
	Rows        []eventRow
	NewURL      string
	NextPageURL string
}

// filterLink is one choice of a segmented filter.
type filterLink struct {
	Text, URL string
	Current   bool
}

// ConsoleEvents is GET /console/{community}/events: all of a community's events, by state.
func (h *Handler) ConsoleEvents(c *gin.Context) {
	chrome, community, ok := h.console(c, h.text(c, "nav.events"), "nav.events")
	if !ok {
		return
	}
	data := eventListPage{Chrome: chrome, Now: h.Now(), Status: c.Query("status")}
	filter := events.Filter{Community: community.ID, Limit: 50, Cursor: c.Query("cursor")}
	base := communityPath(community.Slug) + "/events"
	data.Filters = []filterLink{{h.text(c, "console.filter.all"), base, data.Status == ""}}
	for _, status := range []events.Status{events.Draft, events.Published, events.Ended, events.Canceled} {
		current := data.Status == string(status)
		if current {
			filter.Statuses = []events.Status{status}
		}
		data.Filters = append(data.Filters, filterLink{h.text(c, "status.event."+string(status)), base + "?status=" + string(status), current})
	}
	list, next, err := events.List(c.Request.Context(), h.DB.Read(), filter)
	if err == nil {
		data.Rows, err = h.eventRows(c, community.ID, list)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.NextPageURL = nextPage(c, "cursor", next)
	if may(c, "events:write") {
		data.NewURL = base + "/new"
	}
	h.Render(c, http.StatusOK, "console_events", data)
}

// nextPage is this page's address with the cursor of the page after it, "" at the end.
func nextPage(c *gin.Context, name, cursor string) string {
	if cursor == "" {
		return ""
	}
	query := c.Request.URL.Query()
	query.Set(name, cursor)
	return c.Request.URL.Path + "?" + query.Encode()
}
