package pages

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/events/sponsors"
	"turnout/templates"
	"turnout/ticketing"
)

// place is an entry of the console's menu: its word, its path below the community or the event, and what one must be
// allowed to see it.
type place struct {
	key, path, icon string
	need            string // or several, of which one is enough
}

var communityPlaces = []place{
	{"nav.events", "/events", "calendar", "events:read"},
	{"nav.people", "/people", "users", "people:read"},
	{"nav.team", "/team", "shield-check", "settings:read"},
	{"nav.settings", "/settings", "settings", "settings:read"},
	{"nav.tokens", "/tokens", "key-round", "settings:read"},
	{"nav.outbox", "/mail", "mail", "settings:read"},
	{"nav.jobs", "/jobs", "refresh-cw", "settings:read"},
	{"nav.audit", "/audit", "list", "settings:read"},
}

var eventPlaces = []place{
	{"nav.overview", "", "chart-column", "events:read"},
	{"nav.details", "/details", "pencil", "events:write"},
	{"nav.agenda", "/agenda", "calendar-days", "agenda:read"},
	{"nav.speakers", "/speakers", "mic", "agenda:read"},
	{"nav.tickets", "/tickets", "ticket", "tickets:read"},
	{"nav.vouchers", "/vouchers", "tag", "tickets:write orders:read"},
	{"nav.questions", "/questions", "circle-help", "tickets:read"},
	{"nav.boxoffice", "/box-office", "wallet", "orders:write checkin:write"},
	{"nav.design", "/design", "printer", "tickets:read"},
	{"nav.orders", "/orders", "credit-card", "orders:read"},
	{"nav.attendees", "/attendees", "users", "orders:read"},
	{"nav.waitlist", "/waitlist", "hourglass", "orders:read"},
	{"nav.checkin", "/check-in", "scan-line", "checkin:read"},
	{"nav.badges", "/badges", "user", "orders:read"},
	{"nav.sponsors", "/sponsors", "handshake", "sponsors:read"},
	{"nav.budget", "/budget", "wallet", "budget:read"},
	{"nav.activation", "/activation", "activity", "recap:read"},
	{"nav.recap", "/recap", "file-text", "recap:read"},
}

// ConsolePath is the organisers' home.
const ConsolePath = "/console"

func communityPath(slug string) string { return ConsolePath + "/" + slug }

func eventPath(e *events.Event) string { return ConsolePath + "/events/" + e.Slug }

// console makes the organisers' frame around a page: the menu with the entry that is open (a message key, "" for none) and
// the message that the last redirect left. It answers the request itself and gives false to who does not work there.
func (h *Handler) console(c *gin.Context, title, open string) (templates.Chrome, organisers.Workplace, bool) {
	community, ok := access.Who(c).At(string(access.Community(c)))
	if !ok {
		h.Fail(c, turnout.ErrNotFound)
		return templates.Chrome{}, community, false
	}
	chrome := h.consoleFrame(c, title, templates.Brand{Name: community.Name, URL: ConsolePath})
	chrome.Nav = []templates.NavGroup{h.communityMenu(c, community, open)}
	return chrome, community, true
}

// eventConsole is console for a page about the event in the path: its places stand in the menu too.
func (h *Handler) eventConsole(c *gin.Context, title, open string) (templates.Chrome, bool) {
	chrome, community, ok := h.console(c, title, "")
	if !ok {
		return chrome, false
	}
	e := access.Event(c)
	group := menu(c, eventPath(e), eventPlaces, open, func(need string) bool { return access.Who(c).May(need, community.ID, e) })
	group.Title, group.URL = e.Title, eventPath(e)
	chrome.Nav = append([]templates.NavGroup{group}, chrome.Nav...)
	chrome.Crumbs = []templates.Link{{Text: e.Title, URL: eventPath(e)}}
	return chrome, true
}

func (h *Handler) consoleFrame(c *gin.Context, title string, brand templates.Brand) templates.Chrome {
	who := access.Who(c)
	return templates.Chrome{
		Title: title, Path: c.Request.URL.Path, NoIndex: true, Demo: h.Demo, Community: brand, Flash: h.Flash(c),
		Staff: &templates.Staff{Name: firstOf(who.Name, who.Email), Email: who.Email, SignOutURL: SignOutPath},
	}
}

func (h *Handler) communityMenu(c *gin.Context, community organisers.Workplace, open string) templates.NavGroup {
	return menu(c, communityPath(community.Slug), communityPlaces, open, func(need string) bool { return access.Who(c).May(need, community.ID, nil) })
}

func menu(c *gin.Context, base string, places []place, open string, may func(need string) bool) templates.NavGroup {
	var group templates.NavGroup
	for _, p := range places {
		if slices.ContainsFunc(strings.Fields(p.need), may) {
			url := base + p.path
			group.Items = append(group.Items, templates.NavItem{Key: p.key, URL: url, Icon: p.icon, Current: p.key == open || c.Request.URL.Path == url})
		}
	}
	return group
}

// may reports whether the reader has a capability at what the page is about: pages leave out what one cannot do.
func may(c *gin.Context, need string) bool {
	e, community := access.EventOrNone(c), access.Community(c)
	return access.Who(c).May(need, community, e)
}

// text gives a message in the reader's language.
func (h *Handler) text(c *gin.Context, key string, args ...any) string {
	return h.Templates.Message(h.Language(c), key, args...)
}

// refused turns the refusal of what was sent into what the form shows, with the status to answer. Any other error is
// answered here, and ok is false.
func (h *Handler) refused(c *gin.Context, err error) (shown templates.Errors, status int, ok bool) {
	public, lang := respond.Public(err), h.Language(c)
	if !correctable[public.Kind] {
		h.Fail(c, err)
		return nil, 0, false
	}
	if shown = h.Templates.Errors(lang, err); len(shown) == 0 {
		shown = templates.Errors{{Code: public.Code, Message: h.Templates.ErrorText(lang, err)}}
	}
	for i := range shown {
		if shown[i].Name == "" {
			shown[i].Name = fieldOf[shown[i].Code]
		}
	}
	return shown, respond.Status(err), true
}

// fieldOf names the field that a refusal without one is about, by the refusal's code.
var fieldOf = map[string]string{
	ticketing.ErrPriceChanged.Code: "total", ticketing.ErrViewTaken.Code: "name",
	events.ErrSlugTaken.Code: "slug", events.ErrCurrency.Code: "currency",
	events.ErrCurrencyAmounts.Code: "currency", events.ErrCurrencyDecimals.Code: "currency", ticketing.ErrCapacityBelowTaken.Code: "capacity", ticketing.ErrPlacesReserved.Code: "pool_ids",
	agenda.ErrVersionTaken.Code: "version_name", sponsors.ErrTierFull.Code: "tier_id", sponsors.ErrTransition.Code: "status",
	sponsors.ErrOverdrawn.Code: "amount", organisers.ErrInTeam.Code: "email",
}

// correctable are the kinds of refusal that a person can do something about on the same page.
var correctable = map[turnout.Kind]bool{turnout.Invalid: true, turnout.Conflict: true, turnout.Stale: true, turnout.TooMany: true,
	turnout.TooLarge: true, turnout.Unauthenticated: true}

// done answers a button's POST: back to the page that shows the result, with the message or with why it was refused.
func (h *Handler) done(c *gin.Context, err error, to, message string) {
	if err == nil {
		h.Redirect(c, to, "ok", message)
		return
	}
	if shown, _, ok := h.refused(c, err); ok {
		h.Redirect(c, to, "error", shown[0].Message)
	}
}

type confirmPage struct {
	templates.Chrome
	Question, Action, BackURL string
	Fields                    []confirmField
	AsksWhy                   bool
}

type confirmField struct{ Name, Value string }

// confirmed reports whether the person has said yes to what a button does. If not, it answers with a page that asks: scripts
// ask in a dialog before they send, so only browsers without them see it.
func (h *Handler) confirmed(c *gin.Context, question, back string) bool {
	if c.PostForm("confirmed") != "" {
		return true
	}
	h.askFirst(c, h.consoleFrame(c, "", templates.Brand{}), question, back)
	return false
}

// confirmedFor is confirmed for what is done for a reason: the person may say which.
func (h *Handler) confirmedFor(c *gin.Context, question, back string) (reason string, ok bool) {
	if c.PostForm("confirmed") == "" {
		frame := h.consoleFrame(c, h.text(c, "console.confirm.title"), templates.Brand{})
		h.Render(c, http.StatusOK, "console_confirm", confirmPage{Chrome: frame, Question: question, Action: c.Request.URL.RequestURI(), BackURL: back, AsksWhy: true})
		return "", false
	}
	reason, err := respond.Text("reason", c.PostForm("reason"), "name,max=300")
	if err != nil {
		h.Fail(c, err)
	}
	return reason, err == nil
}

// askFirst answers a button's POST with the page that asks whether it is meant, in a frame.
func (h *Handler) askFirst(c *gin.Context, frame templates.Chrome, question, back string) {
	frame.Title = h.text(c, "console.confirm.title")
	data := confirmPage{Chrome: frame, Question: question, Action: c.Request.URL.RequestURI(), BackURL: back}
	for name, values := range c.Request.PostForm {
		for _, value := range values {
			data.Fields = append(data.Fields, confirmField{name, value})
		}
	}
	h.Render(c, http.StatusOK, "console_confirm", data)
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}
	return ""
}
