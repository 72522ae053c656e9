package v1

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin/badges"
	"turnout/ticketing/documents"
)

var badgeOperations = operations{
	"GET /events/{event}/badge-design": {Summary: "How the event's badges look", Out: badgeDesignResponse{}, Version: true},
	"PUT /events/{event}/badge-design": {Summary: "Change how the event's badges look", Text: "Badges that are printed already stay as they are; badge-prints with which changed finds those that would say something else now.",
		In: badgeDesignRequest{}, Out: badgeDesignResponse{}, Version: true},
	"POST /events/{event}/badge-prints": {Summary: "Print badges", In: badgePrintRequest{}, Out: badgePrintResponse{}, Status: 201, Errors: []int{409},
		Text: "For valid tickets for coming in person. The badges are counted now, each time again; their files are fetched as often as needed. 409 no_badges when nobody is meant."},
	"GET /events/{event}/badge-prints":         {Summary: "List what was printed, the newest first", Out: respond.Page[badgePrintResponse]{}, Query: window},
	"GET /events/{event}/badge-prints/{print}": {Summary: "What was printed", Out: badgePrintResponse{}},
	"GET /events/{event}/badge-prints/{print}/badges.pdf": {Summary: "A file of badges", OutRaw: "application/pdf", Errors: []int{409},
		Text:  fmt.Sprintf("Drawn from the tickets as they are now, %d badges a file; those that were canceled since are left out (409 badge_canceled when all were).", badges.FileBadges),
		Query: []parameter{{Name: "file", Text: "Which one; 1 when absent."}}},
}

type badgeBand struct {
	TicketTypeID turnout.ID `json:"ticket_type_id" required:"true"`
	Words        string     `json:"words" required:"true" text:"name,max=60" doc:"at most 24 characters: SPEAKER"`
	Color        string     `json:"color" doc:"#rrggbb; the event's when empty"`
}

type badgeDesignRequest struct {
	Layout    documents.BadgeLayout `json:"layout" required:"true" enum:"brand,name,details,thermal"`
	Paper     documents.BadgePaper  `json:"paper" required:"true" enum:"a4,a4_fold,a6,4x6,label_62"`
	FirstName bool                  `json:"first_name" doc:"the first word of the name large, the rest smaller"`
	ShowType  *bool                 `json:"show_type" doc:"true when absent"`
	ShowOrder bool                  `json:"show_order"`
	ShowQR    *bool                 `json:"show_qr" doc:"true when absent"`
	Questions []turnout.ID          `json:"question_ids" doc:"at most two, about the ticket, whose answers stand under the name"`
	Bands     []badgeBand           `json:"bands" doc:"a coloured band with words for a ticket type"`
}

type badgeDesignResponse struct {
	Layout    documents.BadgeLayout `json:"layout" enum:"brand,name,details,thermal"`
	Paper     documents.BadgePaper  `json:"paper" enum:"a4,a4_fold,a6,4x6,label_62"`
	FirstName bool                  `json:"first_name"`
	ShowType  bool                  `json:"show_type"`
	ShowOrder bool                  `json:"show_order"`
	ShowQR    bool                  `json:"show_qr"`
	Questions []turnout.ID          `json:"question_ids"`
	Bands     []badgeBand           `json:"bands"`
	Version   int64                 `json:"version" doc:"0 while nobody has chosen anything"`
}

type badgePrintRequest struct {
	Which        badges.Which `json:"which" enum:"all,not_printed,changed" doc:"all when absent; changed: printed, and the badge would say something else now"`
	TicketTypeID turnout.ID   `json:"ticket_type_id" doc:"only of this type"`
	Search       string       `json:"search" doc:"only with words that begin so, or of the order with this code"`
	TicketIDs    []turnout.ID `json:"ticket_ids" doc:"only these, at most 500; all when empty"`
	Sort         badges.Sort  `json:"sort" enum:"name,type,order" doc:"name when absent"`
}

type badgePrintResponse struct {
	ID        turnout.ID `json:"id"`
	Badges    int64      `json:"badges"`
	Files     []string   `json:"files" doc:"addresses of the PDFs"`
	CreatedAt time.Time  `json:"created_at"`
}

func (h *Handler) newBadgePrint(event string, r *badges.Run) badgePrintResponse {
	out := badgePrintResponse{ID: r.ID, Badges: r.Badges, CreatedAt: r.CreatedAt.UTC()}
	for file := range r.Files() {
		out.Files = append(out.Files, fmt.Sprintf("%s/api/v1/events/%s/badge-prints/%s/badges.pdf?file=%d", h.BaseURL, event, r.ID, file+1))
	}
	return out
}

// GetBadgeDesign is GET /events/{event}/badge-design.
func (h *Handler) GetBadgeDesign(c *gin.Context) {
	d, err := h.Badges.Design(c.Request.Context(), access.Event(c))
	answerBadgeDesign(c, d, err)
}

// SetBadgeDesign is PUT /events/{event}/badge-design.
func (h *Handler) SetBadgeDesign(c *gin.Context) {
	var in badgeDesignRequest
	version, ok := respond.IfVersion(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	choice := badges.Choice{Layout: in.Layout, Paper: in.Paper, FirstName: in.FirstName, ShowType: true, ShowOrder: in.ShowOrder, ShowQR: true, Questions: in.Questions}
	set(&choice.ShowType, in.ShowType)
	set(&choice.ShowQR, in.ShowQR)
	for _, b := range in.Bands {
		choice.Bands = append(choice.Bands, badges.Band(b))
	}
	d, err := h.Badges.SaveDesign(c.Request.Context(), access.Event(c), version, choice)
	answerBadgeDesign(c, d, err)
}

func answerBadgeDesign(c *gin.Context, d *badges.Design, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	out := badgeDesignResponse{d.Choice.Layout, d.Choice.Paper, d.Choice.FirstName, d.Choice.ShowType, d.Choice.ShowOrder, d.Choice.ShowQR,
		append([]turnout.ID{}, d.Choice.Questions...), []badgeBand{}, d.Version}
	for _, b := range d.Choice.Bands {
		out.Bands = append(out.Bands, badgeBand(b))
	}
	respond.ETag(c, d.Version)
	respond.JSON(c, http.StatusOK, out)
}

// PrintBadges is POST /events/{event}/badge-prints.
func (h *Handler) PrintBadges(c *gin.Context) {
	var in badgePrintRequest
	if !respond.Bind(c, &in) {
		return
	}
	selection := badges.Selection{Which: in.Which, Type: in.TicketTypeID, Search: in.Search, Sort: in.Sort}
	if len(in.TicketIDs) > 0 {
		selection.IDs = in.TicketIDs
	}
	e := access.Event(c)
	run, err := h.Badges.Print(c.Request.Context(), e, turnout.NewID(badges.PrefixRun), selection)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusCreated, h.newBadgePrint(e.Slug, run))
}

// ListBadgePrints is GET /events/{event}/badge-prints.
func (h *Handler) ListBadgePrints(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	e := access.Event(c)
	runs, err := h.Badges.Runs(c.Request.Context(), e, turnout.ID(window.Cursor), window.Limit+1)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	runs, next := cut(runs, window.Limit, func(r *badges.Run) turnout.ID { return r.ID })
	items := make([]badgePrintResponse, len(runs))
	for i, r := range runs {
		items[i] = h.newBadgePrint(e.Slug, r)
	}
	respond.List(c, items, next)
}

// GetBadgePrint is GET /events/{event}/badge-prints/{print}.
func (h *Handler) GetBadgePrint(c *gin.Context) {
	e := access.Event(c)
	run, err := h.Badges.Run(c.Request.Context(), e, turnout.ID(c.Param("print")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, h.newBadgePrint(e.Slug, run))
}

// BadgesPDF is GET /events/{event}/badge-prints/{print}/badges.pdf.
func (h *Handler) BadgesPDF(c *gin.Context) {
	e := access.Event(c)
	run, err := h.Badges.Run(c.Request.Context(), e, turnout.ID(c.Param("print")))
	file, bad := strconv.Atoi(c.DefaultQuery("file", "1"))
	if err == nil && (bad != nil || file < 1) {
		err = turnout.ErrNotFound
	}
	var pdf bytes.Buffer
	if err == nil {
		err = h.Badges.WriteFile(c.Request.Context(), &pdf, e, run, file)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	paper(c, fmt.Sprintf("badges-%s-%d", e.Slug, file), pdf.Bytes())
}
