package pages

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/templates"
	"turnout/ticketing"
)

type checkInPage struct {
	templates.Chrome
	Event    *events.Event
	Notice   *doorNotice
	Now      time.Time
	Base     string
	Lists    []doorChoice
	CanWrite bool
}

// EventCheckIn is GET /console/events/{event}/check-in: the lists that doors check against.
func (h *Handler) EventCheckIn(c *gin.Context) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "nav.checkin"), "nav.checkin")
	if !ok {
		return
	}
	lists, err := h.CheckIn.Lists(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	all, _ := choices(lists, h.Now())
	h.Render(c, http.StatusOK, "console_checkin", checkInPage{Chrome: chrome, Event: e, Notice: noticeOf(e, nil, h.Now()), Now: h.Now(), Base: eventPath(e) + "/check-in",
		Lists: all, CanWrite: may(c, "events:write")})
}

type checkInListForm struct {
	Name     string   `form:"name" text:"name,max=200"`
	Types    []string `form:"ticket_type_ids" text:"name,max=60"`
	StartsAt string   `form:"starts_at" text:"name,max=40"`
	EndsAt   string   `form:"ends_at" text:"name,max=40"`
	AddOns   []string `form:"add_on_ids" text:"name,max=60"`
	Entry    string   `form:"entry" text:"name,max=20"`
	DayFrom  string   `form:"day_from" text:"name,max=10"`
	ExitAt   string   `form:"exit_at" text:"name,max=10"`
	Most     string   `form:"most_inside" text:"name,max=20"`
	Session  string   `form:"session_id" text:"name,max=60"` // of a new list
	Version  int64    `form:"version"`

	Rules []ruleRow // see readRules
}

type checkInListPage struct {
	templates.Chrome
	Errors        templates.Errors
	Event         *events.Event
	Form          checkInListForm
	Types         []*ticketing.TicketType
	AddOns        []*ticketing.AddOn
	Entries       []templates.Option
	Kinds         []templates.Option
	Days          []templates.Option
	Sessions      []templates.Option // to choose from, for a new list
	Session       *templates.Link    // where one who comes in is present; nil: at the event alone
	BackURL       string
	IsNew         bool
	DoorURL, Live string
}

// Accepts reports whether a ticket type is ticked.
func (p checkInListPage) Accepts(id turnout.ID) bool {
	return slices.Contains(p.Form.Types, string(id))
}

// Asks reports whether an add-on is ticked.
func (p checkInListPage) Asks(id turnout.ID) bool { return slices.Contains(p.Form.AddOns, string(id)) }

// EventCheckInForm is GET /console/events/{event}/check-in/new and …/check-in/{list}/edit.
func (h *Handler) EventCheckInForm(c *gin.Context) {
	if c.Param("list") == "" {
		if form, ok := h.newListForm(c); ok {
			h.checkInForm(c, http.StatusOK, form, nil)
		}
		return
	}
	list := h.doorList(c)
	if list == nil {
		return
	}
	zone := access.Event(c).Location()
	form := checkInListForm{Name: list.Name, StartsAt: wallClock(list.StartsAt, zone), EndsAt: wallClock(list.EndsAt, zone), Entry: string(list.Entry), Version: list.Version, Session: string(list.SessionID),
		Rules: newRuleRows(list.Rules, zone)}
	if list.DayFrom != 0 {
		form.DayFrom = rules.Clocked(list.DayFrom)
	}
	if list.MostInside != nil {
		form.Most = strconv.FormatInt(*list.MostInside, 10)
	}
	if list.ExitAt != nil {
		form.ExitAt = rules.Clocked(*list.ExitAt)
	}
	for _, id := range list.AddOnIDs {
		form.AddOns = append(form.AddOns, string(id))
	}
	for _, id := range list.TicketTypeIDs {
		form.Types = append(form.Types, string(id))
	}
	h.checkInForm(c, http.StatusOK, form, nil)
}

// openBefore is how long before a session the list of its door opens, unless somebody says otherwise.
const openBefore = 30 * time.Minute

// newListForm is the form of a new list: of the event, or with the name and the time of the session that the address names.
func (h *Handler) newListForm(c *gin.Context) (checkInListForm, bool) {
	e := access.Event(c)
	form := checkInListForm{Entry: string(rules.Single), Session: c.Query("session_id")}
	if form.Session == "" {
		return form, true
	}
	s, err := agenda.Find(c.Request.Context(), h.DB.Read(), e.CommunityID, e.ID, turnout.ID(form.Session))
	if err != nil {
		h.Fail(c, err)
		return form, false
	}
	if form.Name = s.Title; s.Placed() {
		form.StartsAt, form.EndsAt = wallClock(s.StartsAt.Add(-openBefore), e.Location()), wallClock(s.EndsAt, e.Location())
	}
	return form, true
}

// listSessions fills in what a list's form says of its session.
func (h *Handler) listSessions(c *gin.Context, page *checkInListPage) error {
	e := page.Event
	sessions, err := agenda.Titles(c.Request.Context(), h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		return err
	}
	if page.IsNew {
		page.Sessions = append(page.Sessions, templates.Option{Text: h.text(c, "console.checkin.session_none")})
		for _, s := range sessions {
			if s.Status == agenda.Confirmed || string(s.ID) == page.Form.Session {
				page.Sessions = append(page.Sessions, templates.Option{Value: string(s.ID), Text: h.sessionOption(c, e, s)})
			}
		}
		return nil
	}
	for _, s := range sessions {
		if string(s.ID) == page.Form.Session {
			page.Session = &templates.Link{Text: h.sessionOption(c, e, s), URL: attendanceURL(e, s.ID)}
		}
	}
	return nil
}

func (h *Handler) checkInForm(c *gin.Context, status int, form checkInListForm, shown templates.Errors) {
	e, isNew := access.Event(c), c.Param("list") == ""
	title := form.Name
	if isNew || title == "" {
		title = h.text(c, "console.checkin.new")
	}
	chrome, ok := h.eventConsole(c, title, "nav.checkin")
	if !ok {
		return
	}
	types, err := h.Ticketing.TicketTypes(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	addOns, err := h.Ticketing.AddOns(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	back := eventPath(e) + "/check-in"
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.checkin"), URL: back})
	page := checkInListPage{Chrome: chrome, Errors: shown, Event: e, Form: form, Types: types, AddOns: addOns, BackURL: back, IsNew: isNew}
	page.Entries = options(rules.Entries, func(e rules.Entry) templates.Option {
		return templates.Option{Value: string(e), Text: h.text(c, "console.entry."+string(e))}
	})
	for _, kind := range conditionKinds {
		if kind != rules.AddOns || len(addOns) > 0 {
			page.Kinds = append(page.Kinds, templates.Option{Value: string(kind), Text: h.text(c, "console.rule.kind."+string(kind))})
		}
	}
	for day := 1; day <= 7; day++ {
		page.Days = append(page.Days, templates.Option{Value: strconv.Itoa(day), Text: h.text(c, "weekday."+strconv.Itoa(day%7))})
	}
	if err := h.listSessions(c, &page); err != nil {
		h.Fail(c, err)
		return
	}
	h.labelRules(c, page.Errors, form.Rules)
	h.Render(c, status, "console_checkin_form", page)
}

// input reads the form; what cannot be read is a problem of its field.
func (in *checkInListForm) input(form *formReader) checkin.ListInput {
	out := checkin.ListInput{Name: in.Name, SessionID: turnout.ID(in.Session), StartsAt: form.clock("starts_at", in.StartsAt), EndsAt: form.clock("ends_at", in.EndsAt), Entry: rules.Entry(in.Entry),
		DayFrom: form.timeOfDay("day_from", in.DayFrom), Rules: form.rulesOf(in.Rules), MostInside: form.number("most_inside", in.Most)}
	if in.ExitAt != "" {
		exit := form.timeOfDay("exit_at", in.ExitAt)
		out.ExitAt = &exit
	}
	for _, id := range in.Types {
		out.TicketTypeIDs = append(out.TicketTypeIDs, turnout.ID(id))
	}
	for _, id := range in.AddOns {
		out.AddOnIDs = append(out.AddOnIDs, turnout.ID(id))
	}
	return out
}

// SaveCheckInList is POST /console/events/{event}/check-in/new and …/check-in/{list}/edit.
func (h *Handler) SaveCheckInList(c *gin.Context) {
	e, ctx, id := access.Event(c), c.Request.Context(), c.Param("list")
	if id != "" && h.doorList(c) == nil {
		return
	}
	var in checkInListForm
	form := formReader{zone: e.Location()}
	form.read(c, &in)
	in.Rules = readRules(c, &form)
	if isRuleButton(c) {
		h.checkInForm(c, http.StatusOK, in, nil)
		return
	}
	input := in.input(&form)
	var list *checkin.List
	err := form.then(input.Check, func() (err error) {
		if id == "" {
			list, err = h.CheckIn.CreateList(ctx, e.CommunityID, e.ID, input)
		} else {
			list, err = h.CheckIn.UpdateList(ctx, e.CommunityID, turnout.ID(id), in.Version, input)
		}
		return err
	})
	if err == nil {
		h.saved(c, &form, eventPath(e)+"/check-in/"+string(list.ID), h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.checkInForm(c, status, in, shown)
	}
}

// AnnulScanByStaff is POST /console/events/{event}/check-in/{list}/scans/{scan}/annul.
func (h *Handler) AnnulScanByStaff(c *gin.Context) {
	list, scan := h.doorScan(c)
	if scan == nil {
		return
	}
	back := eventPath(access.Event(c)) + "/check-in/" + string(list.ID)
	if reason, ok := h.confirmedFor(c, h.text(c, "console.checkin.annul_ask"), back); ok {
		_, err := h.CheckIn.Annul(c.Request.Context(), list.CommunityID, scan.ID, reason)
		h.done(c, err, back, h.text(c, "console.checkin.annulled"))
	}
}
