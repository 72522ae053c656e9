package pages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin"
	"turnout/events"
	"turnout/templates"
)

type checkInLivePage struct {
	templates.Chrome
	Now                time.Time
	Event              *events.Event
	List               *checkin.List
	Notice             *doorNotice
	Stats              *checkin.Stats
	Live               *checkin.Live
	Arrivals           *checkin.Arrivals // of the event; nil at the door of a session
	Scans              []*checkin.Scan
	Conflicts          []*checkin.Scan // tickets that doors let in twice
	Base, DoorURL      string
	AttendanceURL      string // who was there
	CanWrite, CanAnnul bool
}

const scansShown = 30

// liveList reads what the page of a list shows of how its doors go; compares says whether whoever looks may know of the event before.
func (h *Handler) liveList(ctx context.Context, e *events.Event, list *checkin.List, canAnnul, compares bool) (data checkInLivePage, err error) {
	data = checkInLivePage{Now: h.Now(), Event: e, List: list, Notice: noticeOf(e, list, h.Now()), Base: eventPath(e) + "/check-in/" + string(list.ID), CanAnnul: canAnnul}
	if data.Stats, err = h.live.read(ctx, h.CheckIn, list, h.Now()); err == nil {
		data.Live, err = h.rates.read(list.ID, h.Now(), func() (*checkin.Live, error) { return h.CheckIn.Live(ctx, list) })
	}
	if err == nil && list.SessionID == "" {
		data.Arrivals, err = h.arrivalsOf(ctx, e)
	}
	if err == nil && data.Arrivals != nil && !compares {
		alone := *data.Arrivals // it is everybody's
		alone.Before = nil
		data.Arrivals = &alone
	}
	if err == nil {
		data.Scans, err = h.CheckIn.Recent(ctx, e.CommunityID, list.ID, scansShown)
	}
	if err == nil {
		data.Conflicts, err = h.CheckIn.Conflicts(ctx, e.CommunityID, list.ID, scansShown)
	}
	return data, err
}

func (h *Handler) arrivalsOf(ctx context.Context, e *events.Event) (*checkin.Arrivals, error) {
	return h.arrivals.read(e.ID, h.Now(), func() (*checkin.Arrivals, error) { return h.CheckIn.Arrivals(ctx, e) })
}

// compares says whether whoever asks may see the event that an event's arrivals are compared with: their role may end at a group or an event.
func (h *Handler) compares(c *gin.Context, e *events.Event) (bool, error) {
	a, err := h.arrivalsOf(c.Request.Context(), e)
	return err == nil && a.Before != nil && access.Who(c).May("checkin:read", e.CommunityID, a.Before.Event), err
}

// EventCheckInList is GET /console/events/{event}/check-in/{list}: who is in, live. The part "live" is what StreamCheckIn sends, and what the page
// asks for every few seconds where that does not come.
func (h *Handler) EventCheckInList(c *gin.Context) {
	list := h.doorList(c)
	if list == nil {
		return
	}
	e := access.Event(c)
	compares, err := h.compares(c, e)
	var data checkInLivePage
	if err == nil {
		data, err = h.liveList(c.Request.Context(), e, list, may(c, "checkin:write"), compares)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	if wantsPart(c) {
		h.RenderPart(c, http.StatusOK, "console_checkin_list", "live", data)
		return
	}
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, list.Name, "nav.checkin"); !ok {
		return
	}
	if data.CanAnnul {
		data.DoorURL = doorPath(e, list.ID)
	}
	data.CanWrite, data.AttendanceURL = may(c, "events:write"), attendanceURL(e, list.SessionID)
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.checkin"), URL: eventPath(e) + "/check-in"})
	h.Render(c, http.StatusOK, "console_checkin_list", data)
}

// How a stream of a list's figures goes. It ends by itself before a server's time for an answer is over: the browser opens it again, and with it
// who may see it is asked again.
var (
	streamFor  = 45 * time.Second
	streamTick = time.Second
	streamBeat = 15 * time.Second // something is sent at least so often: a browser that hears nothing for longer asks by itself
)

const (
	streamsAtOnce = 200 // of a process
	streamRetry   = time.Second
)

var errStreams = &turnout.Error{Kind: turnout.Unavailable, Code: "too_many_streams", Message: "Too many people are watching. The page asks by itself every few seconds."}

// drawnFor says for whom a part is drawn: those who may do the same and read the same language see the same.
type drawnFor struct {
	list     turnout.ID
	language string
	canAnnul bool
	compares bool
}

// drawnLive draws the part "live" of a list, at most once a second for all who see the same.
func (h *Handler) drawnLive(ctx context.Context, e *events.Event, who drawnFor) (*[]byte, error) {
	return h.drawn.read(who, h.Now(), func() (*[]byte, error) {
		list, err := h.CheckIn.List(ctx, e.CommunityID, who.list)
		if err != nil {
			return nil, err
		}
		data, err := h.liveList(ctx, e, list, who.canAnnul, who.compares)
		if err != nil {
			return nil, err
		}
		var body bytes.Buffer
		err = h.Templates.Part(&body, who.language, "console_checkin_list", "live", data)
		drawn := body.Bytes()
		return &drawn, err
	})
}

// StreamCheckIn is GET /console/events/{event}/check-in/{list}/live: the part "live" as server-sent events, each time that it has changed. It reads the database once
// a second for each list, however many listen, so that what other processes wrote is seen as soon.
func (h *Handler) StreamCheckIn(c *gin.Context) {
	list := h.doorList(c)
	if list == nil {
		return
	}
	defer h.streams.Add(-1)
	if h.streams.Add(1) > streamsAtOnce {
		h.Fail(c, errStreams)
		return
	}
	e := access.Event(c)
	compares, err := h.compares(c, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no") // a proxy in front shall not gather it
	if c.Request.Method == http.MethodHead {
		return
	}
	who := drawnFor{list.ID, h.Language(c), may(c, "checkin:write"), compares}
	ctx, cancel := context.WithTimeout(c.Request.Context(), streamFor)
	defer cancel()
	tick := time.NewTicker(streamTick)
	defer tick.Stop()
	last, sent := c.GetHeader("Last-Event-ID"), time.Time{}
	for {
		body, err := h.drawnLive(ctx, e, who)
		if err != nil {
			return // the browser comes again, and is told
		}
		sum := sha256.Sum256(*body)
		switch id := hex.EncodeToString(sum[:8]); {
		case id != last:
			err = writeEvent(c, "live", id, *body)
			last, sent = id, time.Now()
		case time.Since(sent) >= streamBeat:
			err = writeEvent(c, "beat", last, nil)
			sent = time.Now()
		}
		if err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-h.Stopping:
			return
		case <-tick.C:
		}
	}
}

// writeEvent writes one server-sent event: https://html.spec.whatwg.org/multipage/server-sent-events.html.
func writeEvent(c *gin.Context, event, id string, body []byte) error {
	if _, err := fmt.Fprintf(c.Writer, "retry: %d\nevent: %s\nid: %s\n", streamRetry.Milliseconds(), event, id); err != nil {
		return err
	}
	for line := range bytes.SplitSeq(body, []byte("\n")) { // the body is everybody's: it is only read
		if _, err := fmt.Fprintf(c.Writer, "data: %s\n", bytes.TrimRight(line, "\r")); err != nil {
			return err
		}
	}
	if _, err := c.Writer.WriteString("\n"); err != nil {
		return err
	}
	// What lies below may be wrapped, and Gin's own Flush asks it for what only its innermost can.
	under, ok := c.Writer.(interface{ Unwrap() http.ResponseWriter })
	if !ok {
		return http.ErrNotSupported
	}
	return http.NewResponseController(under.Unwrap()).Flush()
}
