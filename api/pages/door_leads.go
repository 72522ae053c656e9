package pages

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/checkin/leads"
	"turnout/events"
	"turnout/events/sponsors"
	"turnout/templates"
)

// leadsPage is the data of the page "door_leads": what a sponsor's staff scan badges with. Parts: "answer", what became of a scan, and "leads".
type leadsPage struct {
	templates.Chrome
	Event   *events.Event
	Sponsor string
	Device  *checkin.Device
	URL     string
	Code    string // that was typed and not taken
	Answer  *leadAnswer
	Leads   []leadRow
}

type leadAnswer struct {
	Tone, Icon string
	Lead       *leads.Lead // nil: none
	Error      string      // what was said in place of it
}

type leadRow struct {
	*leads.Lead
	URL    string
	Zone   string
	Choice []int64 // of stars
	Errors templates.Errors
}

// Rated says whether the lead has so many stars.
func (r leadRow) Rated(stars int64) bool { return r.Rating != nil && *r.Rating == stars }

const leadsShown = 20 // of a device's own

// SponsorLeads is GET /door/{event}/leads: the last badges that this device scanned, and the camera for more.
func (h *Handler) SponsorLeads(c *gin.Context) { h.renderLeads(c, http.StatusOK, nil, nil) }

func (h *Handler) renderLeads(c *gin.Context, status int, answer *leadAnswer, change func([]leadRow)) {
	e, device, ctx := access.Event(c), access.Who(c).Device, c.Request.Context()
	page := leadsPage{Event: e, Device: device, URL: placeOf(device), Answer: answer}
	sponsor, err := sponsors.Find(ctx, h.DB.Read(), e.CommunityID, device.SponsorID)
	var rows []*leads.Lead
	if err == nil {
		rows, err = h.Leads.Leads(ctx, e, device.SponsorID, leads.Filter{Device: device.ID, Limit: leadsShown})
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.Sponsor = sponsor.Name
	page.Chrome = h.doorChrome(c, h.text(c, "leads.title", "Sponsor", sponsor.Name))
	page.Scripts = []string{"leads.js"}
	if answer != nil && answer.Lead == nil {
		page.Code = c.PostForm("code")
	}
	for _, r := range rows {
		page.Leads = append(page.Leads, leadRow{Lead: r, URL: page.URL + "/" + string(r.ID), Zone: e.Timezone, Choice: []int64{1, 2, 3, 4, 5}})
	}
	if change != nil {
		change(page.Leads)
	}
	if wantsPart(c) {
		h.RenderPart(c, http.StatusOK, "door_leads", "scanned", page)
		return
	}
	h.Render(c, status, "door_leads", page)
}

// TakeLead is POST /door/{event}/leads: a badge was scanned, or its code typed.
func (h *Handler) TakeLead(c *gin.Context) {
	lead, err := h.Leads.Take(c.Request.Context(), access.Who(c).Device, c.PostForm("code"))
	if known := leads.Explained(err); known != nil {
		h.renderLeads(c, http.StatusConflict, &leadAnswer{Tone: "warn", Icon: "triangle-alert", Error: h.Templates.ErrorText(h.Language(c), known)}, nil)
		return
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	if !wantsPart(c) {
		key := "leads.taken"
		if lead.Again {
			key = "leads.again"
		}
		h.Redirect(c, placeOf(access.Who(c).Device), "ok", h.text(c, key, "Name", lead.Name))
		return
	}
	h.renderLeads(c, http.StatusOK, &leadAnswer{Tone: "ok", Icon: "circle-check", Lead: lead}, nil)
}

type leadForm struct {
	Rating string `form:"rating" text:"name,max=1"`
	Note   string `form:"note" text:"long"`
}

// NoteLead is POST /door/{event}/leads/{lead}: stars and a note.
func (h *Handler) NoteLead(c *gin.Context) {
	var in leadForm
	err := respond.Form(c, &in)
	id := turnout.ID(c.Param("lead"))
	note := leads.NoteInput{Note: in.Note}
	if n, wrong := strconv.ParseInt(in.Rating, 10, 64); wrong == nil {
		note.Rating = &n
	}
	if err == nil {
		err = h.Leads.Note(c.Request.Context(), access.Who(c).Device, id, note)
	}
	if known := leads.Explained(err); known != nil {
		h.renderLeads(c, http.StatusConflict, &leadAnswer{Tone: "warn", Icon: "triangle-alert", Error: h.Templates.ErrorText(h.Language(c), known)}, nil)
		return
	}
	if err != nil {
		if shown, status, ok := h.refused(c, err); ok {
			h.renderLeads(c, status, nil, func(rows []leadRow) {
				if i := slices.IndexFunc(rows, func(r leadRow) bool { return r.ID == id }); i >= 0 {
					rows[i].Errors, rows[i].Note, rows[i].Rating = shown, in.Note, note.Rating
				}
			})
		}
		return
	}
	if wantsPart(c) {
		h.renderLeads(c, http.StatusOK, nil, nil)
		return
	}
	h.Redirect(c, placeOf(access.Who(c).Device), "ok", h.text(c, "console.saved"))
}
