package v1

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/agenda/wall"
)

var releaseOperations = operations{
	"POST /events/{event}/agenda/releases": {Summary: "Freeze the agenda and make it public", In: releaseRequest{}, Out: releaseResponse{}, Status: 201, Errors: []int{409}},
	"POST /events/{event}/agenda/releases/{release}/take-back": {Summary: "Take the public release back", Text: "What was public before it is public again, by a release of its own. Those who were not told yet are not told.",
		Out: releaseResponse{}, Status: 201, Errors: []int{409}},
	"GET /events/{event}/agenda/releases": {Summary: "The releases, the latest first", Out: respond.Page[releaseResponse]{}, Query: window},
	"GET /events/{event}/schedule.json":   {Summary: "The public schedule as schedule JSON", Text: "The schema is c3voc's.", OutRaw: "application/json"},
	"GET /events/{event}/schedule.xml":    {Summary: "The public schedule as frab XML", OutRaw: "application/xml"},
	"GET /events/{event}/schedule.csv":    {Summary: "The public schedule as a table", OutRaw: "text/csv"},
	"GET /events/{event}/schedule.ics":    {Summary: "The public schedule as a calendar", OutRaw: "text/calendar"},
	"GET /events/{event}/site.zip": {Summary: "The public site as files", Text: "Its pages, pictures and files as they are now, with links that work from a disk. The same site gives the same bytes.", OutRaw: "application/zip", Errors: []int{409},
		Query: []parameter{{Name: "lang", Text: "The language; en when absent."}}},
	"GET /events/{event}/schedule.pdf": {Summary: "The public schedule for walls and doors", Text: "A page for each day and room, and where the rooms of a day fit side by side one with all of them.", OutRaw: "application/pdf", Errors: []int{422},
		Query: []parameter{{Name: "day", Text: "Its date, 2027-06-04; each day when absent."}, {Name: "room_id", Text: "Each room when absent."},
			{Name: "size", Text: "The paper; a4 when absent.", Enum: []string{"a4", "a3", "letter"}}, {Name: "lang", Text: "The language; en when absent."}}},
}

type releaseRequest struct {
	Version string `json:"version" required:"true" doc:"your name for it: 1.0"`
	Note    string `json:"note" text:"long,max=2000"`
	Quiet   bool   `json:"quiet" doc:"tell nobody; otherwise those concerned are told after ten minutes"`
}

type releaseResponse struct {
	ID        turnout.ID            `json:"id"`
	EventID   turnout.ID            `json:"event_id"`
	Number    int64                 `json:"number"`
	Version   string                `json:"version"`
	Note      string                `json:"note"`
	TakesBack *turnout.ID           `json:"takes_back" doc:"the release that this one undoes; null for an ordinary one"`
	Restores  *turnout.ID           `json:"restores" doc:"the release whose schedule is public again by it"`
	Sessions  int64                 `json:"sessions" doc:"how many it shows; 0: the schedule is public no longer"`
	Changes   agenda.ReleaseChanges `json:"changes"`
	CreatedAt time.Time             `json:"created_at"`
}

func newReleaseResponse(r *agenda.Release) releaseResponse {
	changes := r.Changes
	if changes.Sessions == nil {
		changes.Sessions = []agenda.ChangedItem{}
	}
	return releaseResponse{r.ID, r.EventID, r.Number, r.Version, r.Note, orNull(r.TakesBack), orNull(r.Restores), r.Sessions, changes, r.CreatedAt.UTC()}
}

// ReleaseAgenda is POST /events/{event}/agenda/releases.
func (h *Handler) ReleaseAgenda(c *gin.Context) {
	create(c, func(in releaseRequest) (*agenda.Release, error) {
		return h.Agenda.Release(c.Request.Context(), access.Community(c), string(access.Event(c).ID), agenda.ReleaseInput{Version: in.Version, Note: in.Note, Quiet: in.Quiet})
	}, func(r *agenda.Release) (any, int64) { return newReleaseResponse(r), 0 })
}

// TakeBackRelease is POST /events/{event}/agenda/releases/{release}/take-back.
func (h *Handler) TakeBackRelease(c *gin.Context) {
	made, err := h.Agenda.TakeBack(c.Request.Context(), access.Community(c), string(access.Event(c).ID), turnout.ID(c.Param("release")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusCreated, newReleaseResponse(made))
}

// ListReleases is GET /events/{event}/agenda/releases.
func (h *Handler) ListReleases(c *gin.Context) {
	list, err := h.Agenda.Releases(c.Request.Context(), access.Community(c), string(access.Event(c).ID))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, list, func(r *agenda.Release) turnout.ID { return r.ID }, newReleaseResponse)
}

// ScheduleJSON is GET /events/{event}/schedule.json.
func (h *Handler) ScheduleJSON(c *gin.Context) {
	h.schedule(c, "application/json; charset=utf-8", func(w io.Writer, s *exchange.Schedule, _ *agenda.Release) error {
		return exchange.WriteJSON(w, s)
	})
}

// ScheduleXML is GET /events/{event}/schedule.xml.
func (h *Handler) ScheduleXML(c *gin.Context) {
	h.schedule(c, "application/xml; charset=utf-8", func(w io.Writer, s *exchange.Schedule, _ *agenda.Release) error {
		return exchange.WriteXML(w, s)
	})
}

// ScheduleCSV is GET /events/{event}/schedule.csv.
func (h *Handler) ScheduleCSV(c *gin.Context) {
	h.schedule(c, "text/csv; charset=utf-8", func(w io.Writer, s *exchange.Schedule, _ *agenda.Release) error {
		return exchange.WriteCSV(w, s)
	})
}

// ScheduleICS is GET /events/{event}/schedule.ics.
func (h *Handler) ScheduleICS(c *gin.Context) {
	h.schedule(c, "text/calendar; charset=utf-8", func(w io.Writer, s *exchange.Schedule, r *agenda.Release) error {
		return exchange.WriteICS(w, s, r.CreatedAt)
	})
}

// SchedulePDF is GET /events/{event}/schedule.pdf.
func (h *Handler) SchedulePDF(c *gin.Context) {
	var pdf bytes.Buffer
	choice := wall.Choice{Size: wall.Size(c.Query("size")), Day: c.Query("day"), Room: c.Query("room_id")}
	if err := h.Agenda.WriteWall(c.Request.Context(), &pdf, access.Event(c), h.Site.Words.Match(c.Query("lang")), choice); err != nil {
		respond.Fail(c, err)
		return
	}
	c.Data(http.StatusOK, "application/pdf", pdf.Bytes())
}

// SaveSite is GET /events/{event}/site.zip.
func (h *Handler) SaveSite(c *gin.Context) {
	e, lang := access.Event(c), h.Site.Words.Match(c.Query("lang"))
	ctx, done := respond.Unhurried(c)
	defer done()
	if err := respond.Download(c, e.Slug+"-site.zip", "application/zip", func(w io.Writer) error { return h.Site.Write(ctx, w, e, lang) }); err != nil {
		respond.Fail(c, err)
	}
}

// schedule writes the latest release. A release never changes, so its id is the ETag and other sites' pages may read it.
func (h *Handler) schedule(c *gin.Context, contentType string, write func(io.Writer, *exchange.Schedule, *agenda.Release) error) {
	schedule, release, err := h.Agenda.Schedule(c.Request.Context(), access.Event(c))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	c.Header("ETag", `"`+string(release.ID)+`"`)
	c.Header("Access-Control-Allow-Origin", "*")
	c.Header("Cross-Origin-Resource-Policy", "cross-origin")
	c.Header("Cache-Control", "public, max-age=60")
	var body bytes.Buffer
	if err := write(&body, schedule, release); err != nil {
		respond.Fail(c, err)
		return
	}
	c.Header("Content-Type", contentType)
	http.ServeContent(c.Writer, c.Request, "", release.CreatedAt, bytes.NewReader(body.Bytes()))
}
