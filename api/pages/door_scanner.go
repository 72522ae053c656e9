package pages

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/events"
	"turnout/templates"
)

// doorPage is the data of the page "door_scanner" and, with what was searched, of its part "results".
type doorPage struct {
	templates.Chrome
	Event    *events.Event
	List     *checkin.List
	Notice   *doorNotice
	Stats    *checkin.Stats
	URL      string // of this door
	ListsURL string
	Nonce    string // for the form of typed codes
	Code     string // that was typed and not taken
	Gate     string // kept by the browser where scripts run
	Exit     bool   // the direction that was chosen last
	Query    string
	ByCode   bool // the query is an order's code
	Found    []doorResult
	Errors   templates.Errors
	Reasons  []doorReason // what a paired phone may have to say alone; nil for staff
	doorCaller
}

// DoorScanner is the door: camera, keyboard scanners, search. Without scripts it is two forms.
func (h *Handler) DoorScanner(c *gin.Context) {
	if list := h.doorList(c); list != nil {
		h.renderScanner(c, http.StatusOK, list, nil)
	}
}

// renderScanner draws the door, with what a search found (?q=) or what was wrong with the form.
func (h *Handler) renderScanner(c *gin.Context, status int, list *checkin.List, problems templates.Errors) {
	event := access.Event(c)
	stats, err := h.live.read(c.Request.Context(), h.CheckIn, list, h.Now())
	if err != nil {
		h.Fail(c, err)
		return
	}
	page := doorPage{
		Chrome: h.doorChrome(c, list.Name), Event: event, List: list, Notice: noticeOf(event, list, h.Now()), Stats: stats,
		URL: doorPath(event, list.ID), ListsURL: doorPath(event, "") + "?all=1", Nonce: string(turnout.NewID("non")), Gate: c.Query("gate"),
		Exit: c.Query("direction") == string(checkin.Exit), Errors: problems, doorCaller: h.doorCaller(c),
	}
	if page.Device != nil && page.Device.ListID != "" { // there is no other
		page.ListsURL = ""
	}
	if c.Request.Method == http.MethodPost { // the form again, as it was typed
		page.Code, page.Gate, page.Exit = c.PostForm("code"), c.PostForm("gate"), c.PostForm("direction") == string(checkin.Exit)
	}
	if page.Device != nil {
		page.Reasons = doorReasons()
		c.Header(keptHeader, "door")
	}
	page.Scripts = []string{"door.js"}
	if page.MaySearch {
		page.Query, page.ByCode = searchedFor(c)
	}
	if page.Found, err = h.doorSearch(c, list, page.Query, page.ByCode); err != nil {
		h.Fail(c, err)
		return
	}
	h.Render(c, status, "door_scanner", page)
}

// DoorStats is the counters alone, for the door that asks again and again.
func (h *Handler) DoorStats(c *gin.Context) {
	list := h.doorList(c)
	if list == nil {
		return
	}
	stats, err := h.live.read(c.Request.Context(), h.CheckIn, list, h.Now())
	if err != nil {
		h.Fail(c, err)
		return
	}
	respond.TellTime(c, h.Now())
	h.RenderPart(c, http.StatusOK, "door_scanner", "door-counters", stats)
}

// liveStats adds a list's figures up at most once a second, however many doors ask. What doors count themselves is as new as
// the list that was read.
type liveStats struct {
	secondly[turnout.ID, checkin.Stats]
}

// read gives the figures of a list that was just read.
func (l *liveStats) read(ctx context.Context, service *checkin.Service, list *checkin.List, now time.Time) (*checkin.Stats, error) {
	known, err := l.secondly.read(list.ID, now, func() (*checkin.Stats, error) { return service.Stats(ctx, list.CommunityID, list.ID) })
	if err != nil {
		return nil, err
	}
	stats := *known
	stats.CheckedIn, stats.Inside, stats.Refused = list.Admitted, list.Inside, list.Refused
	return &stats, nil
}

// secondly remembers something for a second, of each list or whatever K names.
type secondly[K comparable, T any] struct {
	mu    sync.Mutex
	known map[K]*remembered[T]
}

type remembered[T any] struct {
	mu    sync.Mutex
	is    *T
	until time.Time
}

const (
	liveFor  = time.Second
	liveMany = 1000 // remembered at once
)

// read gives what is remembered, or asks; those who come in the meantime wait for the one answer.
func (l *secondly[K, T]) read(of K, now time.Time, ask func() (*T, error)) (*T, error) {
	l.mu.Lock()
	if l.known == nil || len(l.known) >= liveMany {
		l.known = map[K]*remembered[T]{}
	}
	known := l.known[of]
	if known == nil {
		known = &remembered[T]{}
		l.known[of] = known
	}
	l.mu.Unlock()

	known.mu.Lock()
	defer known.mu.Unlock()
	if known.is == nil || !now.Before(known.until) {
		is, err := ask()
		if err != nil {
			return nil, err
		}
		known.is, known.until = is, now.Add(liveFor)
	}
	return known.is, nil
}
