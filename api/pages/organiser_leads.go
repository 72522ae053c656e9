package pages

import (
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin"
	"turnout/checkin/leads"
	"turnout/events/sponsors"
	"turnout/templates"
	"turnout/ticketing"
)

// sponsorLeadsPage is what a sponsor's staff have scanned, and what they scan with.
type sponsorLeadsPage struct {
	listPage
	Sponsor  *sponsors.Sponsor
	Rows     []*leads.Lead
	Devices  []deviceRow
	Settings *leads.Settings
	Sharing  string // address of the settings
}

// sponsorHere is the sponsor in the path, of the event in the path; nil when the error was answered.
func (h *Handler) sponsorHere(c *gin.Context) *sponsors.Sponsor {
	e := access.Event(c)
	s, err := sponsors.Find(c.Request.Context(), h.DB.Read(), e.CommunityID, turnout.ID(c.Param("sponsor")))
	if err == nil && s.EventID != e.ID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return nil
	}
	return s
}

// EventSponsorLeads is GET /console/events/{event}/sponsors/{sponsor}/leads.
func (h *Handler) EventSponsorLeads(c *gin.Context) {
	s := h.sponsorHere(c)
	if s == nil {
		return
	}
	e, ctx := access.Event(c), c.Request.Context()
	common, ok := h.newList(c, "sponsors", c.Query, []string{"search"}, "search")
	if !ok {
		return
	}
	common.Action += "/" + string(s.ID) + "/leads"
	data := &sponsorLeadsPage{listPage: common, Sponsor: s, Sharing: eventPath(e) + "/sponsors/sharing"}
	data.Title = h.text(c, "leads.of", "Sponsor", s.Name)
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.sponsors"), URL: eventPath(e) + "/sponsors"}, templates.Link{Text: s.Name, URL: eventPath(e) + "/sponsors/" + string(s.ID)})
	var err error
	if data.Settings, err = h.Leads.Settings(ctx, e.CommunityID, e.ID); err == nil {
		data.Rows, err = h.Leads.Leads(ctx, e, s.ID, leads.Filter{Search: strings.TrimSpace(c.Query("search")), Before: turnout.ID(c.Query("before")), Limit: rowsShown + 1})
	}
	if len(data.Rows) > rowsShown {
		data.Rows = data.Rows[:rowsShown]
		data.NextPageURL = data.next("before", data.Rows[rowsShown-1].ID)
	}
	if err == nil && !data.Part {
		var devices []*checkin.Device
		devices, err = h.CheckIn.Devices(ctx, e.CommunityID, e.ID)
		for _, d := range devices {
			if d.SponsorID == s.ID {
				data.Devices = append(data.Devices, h.deviceRow(d, nil))
			}
		}
	}
	h.listed(c, "console_leads", &data.listPage, data, err)
}

// ExportLeads is GET /console/events/{event}/sponsors/{sponsor}/leads.csv and .xlsx.
func (h *Handler) ExportLeads(c *gin.Context) {
	s := h.sponsorHere(c)
	if s == nil {
		return
	}
	h.export(c, "leads", func(w io.Writer, x ticketing.Export) error {
		return h.Leads.Export(c.Request.Context(), w, access.Event(c), s.ID, x)
	})
}

// AddLeadDevice is POST /console/events/{event}/sponsors/{sponsor}/devices: a scanner for the sponsor's staff, and how it is paired.
func (h *Handler) AddLeadDevice(c *gin.Context) {
	s := h.sponsorHere(c)
	if s == nil {
		return
	}
	e := access.Event(c)
	var in deviceForm
	form := formReader{zone: e.Location()}
	form.read(c, &in)
	input := checkin.DeviceInput{Name: in.Name, Role: checkin.Leads, SponsorID: s.ID}
	var device *checkin.Device
	var opening checkin.Opening
	err := form.then(input.Check, func() (err error) {
		device, opening, err = h.CheckIn.CreateDevice(c.Request.Context(), e.CommunityID, e.ID, input)
		return err
	})
	if err != nil {
		h.done(c, err, eventPath(e)+"/sponsors/"+string(s.ID)+"/leads", "")
		return
	}
	h.renderPairing(c, device, opening)
}

type sharingForm struct {
	Consent  string `form:"consent" text:"name,max=20"`
	Text     string `form:"text" text:"long"`
	Question string `form:"question_id" text:"name,max=60"`
	Version  int64  `form:"version"`
}

type sharingPage struct {
	templates.Chrome
	Errors    templates.Errors
	Form      sharingForm
	Consents  []leads.Consent
	Questions []templates.Option
	BackURL   string
}

// EventSharing is GET /console/events/{event}/sponsors/sharing: whether sponsors may scan badges, and what consent is.
func (h *Handler) EventSharing(c *gin.Context) {
	e := access.Event(c)
	settings, err := h.Leads.Settings(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	form := sharingForm{Consent: string(settings.Consent), Text: settings.Text, Question: string(settings.QuestionID), Version: settings.Version}
	if form.Text == "" {
		form.Text = h.text(c, "leads.default_text")
	}
	h.renderSharing(c, http.StatusOK, form, nil)
}

func (h *Handler) renderSharing(c *gin.Context, status int, form sharingForm, shown templates.Errors) {
	e := access.Event(c)
	questions, err := h.Ticketing.Questions(c.Request.Context(), e.CommunityID, e.ID, false)
	if err != nil {
		h.Fail(c, err)
		return
	}
	page := sharingPage{Errors: shown, Form: form, Consents: leads.Consents, BackURL: eventPath(e) + "/sponsors"}
	page.Questions = append(page.Questions, templates.Option{Text: h.text(c, "leads.no_question")})
	for _, q := range questions {
		if q.Subject == ticketing.OfTicket && q.Kind == ticketing.AskConsent {
			page.Questions = append(page.Questions, templates.Option{Value: string(q.ID), Text: q.Words.Label})
		}
	}
	var ok bool
	if page.Chrome, ok = h.eventConsole(c, h.text(c, "leads.sharing"), "nav.sponsors"); !ok {
		return
	}
	page.Crumbs = append(page.Crumbs, templates.Link{Text: h.text(c, "nav.sponsors"), URL: page.BackURL})
	h.Render(c, status, "console_sharing", page)
}

// SaveSharing is POST /console/events/{event}/sponsors/sharing.
func (h *Handler) SaveSharing(c *gin.Context) {
	e := access.Event(c)
	var in sharingForm
	form := formReader{zone: e.Location()}
	form.read(c, &in)
	input := leads.SettingsInput{Consent: leads.Consent(in.Consent), Text: in.Text, QuestionID: turnout.ID(in.Question)}
	err := form.then(input.Check, func() error {
		return h.Leads.SaveSettings(c.Request.Context(), e.CommunityID, e.ID, in.Version, input)
	})
	if err == nil {
		h.saved(c, &form, eventPath(e)+"/sponsors", h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.renderSharing(c, status, in, shown)
	}
}
