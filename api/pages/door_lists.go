package pages

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin"
	"turnout/events"
	"turnout/templates"
)

// doorChrome is the frame of the door's pages.
func (h *Handler) doorChrome(c *gin.Context, title string) templates.Chrome {
	return templates.Chrome{Title: title, Path: c.Request.URL.Path, NoIndex: true, Demo: h.Demo, Flash: h.Flash(c)}
}

// wantsPart reports whether a script asked for a part of the page in place of the whole, and says in the answer that it depends on
// this. Who goes back in the browser's history needs the whole page, even where htmx asks for it.
func wantsPart(c *gin.Context) bool {
	if h := c.Writer.Header(); !slices.Contains(h.Values("Vary"), "HX-Request") {
		h.Add("Vary", "HX-Request")
	}
	return c.GetHeader("HX-Request") == "true" && c.GetHeader("HX-History-Restore-Request") != "true"
}

// doorPath is the address of an event's door, or of one of its lists.
func doorPath(event *events.Event, list turnout.ID) string {
	path := "/door/" + event.Slug
	if list != "" {
		path += "/lists/" + string(list)
	}
	return path
}

// doorListsPage is the data of the page "door_lists".
type doorListsPage struct {
	templates.Chrome
	Event     *events.Event
	Notice    *doorNotice
	Now       time.Time
	Lists     []doorChoice
	Base      string // of a list's address: its id follows
	CreateURL string // takes a POST; "" when the role does not allow it
	doorCaller
}

// doorChoice is a list that can be chosen, with how its times stand now.
type doorChoice struct {
	*checkin.List
	Stands checkin.Standing
}

// choices puts open lists first, closed ones last, and gives the only one that is open, nil for none or several.
func choices(lists []*checkin.List, now time.Time) (all []doorChoice, only *checkin.List) {
	order := []checkin.Standing{checkin.Open, checkin.Early, checkin.Closed}
	for _, list := range lists {
		all = append(all, doorChoice{list, list.Standing(now)})
	}
	slices.SortStableFunc(all, func(a, b doorChoice) int {
		return cmp.Compare(slices.Index(order, a.Stands), slices.Index(order, b.Stands))
	})
	if len(all) > 0 && all[0].Stands == checkin.Open && (len(all) == 1 || all[1].Stands != checkin.Open) {
		only = all[0].List
	}
	return all, only
}

// Doors is GET /door, for who types the address: the console's home leads to the door of each event that one may stand at, and a
// paired phone has one.
func (h *Handler) Doors(c *gin.Context) {
	to := ConsolePath
	if device := access.Who(c).Device; device != nil {
		to = "/door/" + device.EventSlug
	}
	c.Redirect(http.StatusSeeOther, to)
}

// DoorLists lets door staff choose what they admit to. With one list, or one that is open now, there is nothing to choose,
// unless they ask (?all=).
func (h *Handler) DoorLists(c *gin.Context) {
	event := access.Event(c)
	lists, err := h.CheckIn.Lists(c.Request.Context(), event.CommunityID, event.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	lists = servedLists(c, lists)
	all, only := choices(lists, h.Now())
	if len(lists) == 1 {
		only = lists[0]
	}
	if only != nil && c.Query("all") == "" {
		c.Redirect(http.StatusSeeOther, doorPath(event, only.ID))
		return
	}
	page := doorListsPage{Chrome: h.doorChrome(c, h.text(c, "door.title")), Event: event, Lists: all, Base: doorPath(event, "") + "/lists/",
		Notice: noticeOf(event, nil, h.Now()), Now: h.Now(), doorCaller: h.doorCaller(c)}
	if may(c, "events:write") {
		page.CreateURL = doorPath(event, "") + "/lists"
	}
	h.Render(c, http.StatusOK, "door_lists", page)
}

// CreateDoorList makes the first list, which accepts every ticket for the place. A second tap finds the first one's list.
func (h *Handler) CreateDoorList(c *gin.Context) {
	event := access.Event(c)
	list, err := h.CheckIn.FirstList(c.Request.Context(), event.CommunityID, event.ID, checkin.ListInput{Name: h.text(c, "door.main_door")})
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.Redirect(c, doorPath(event, list.ID), "", "")
}

// doorList is the list in the path, of the event in the path; nil when the error was answered.
func (h *Handler) doorList(c *gin.Context) *checkin.List {
	event := access.Event(c)
	list, err := h.CheckIn.List(c.Request.Context(), event.CommunityID, turnout.ID(c.Param("list")))
	if err == nil && list.EventID != event.ID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return nil
	}
	return list
}
