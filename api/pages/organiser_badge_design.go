package pages

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin/badges"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// badgeForm is what an organiser chooses about the look of badges, and what the sample beside it shows.
type badgeForm struct {
	Layout    string `form:"layout" text:"name,max=20"`
	Paper     string `form:"paper" text:"name,max=20"`
	FirstName bool   `form:"first_name"`
	ShowType  bool   `form:"show_type"`
	ShowOrder bool   `form:"show_order"`
	ShowQR    bool   `form:"show_qr"`
	Line1     string `form:"line_1" text:"name,max=60"`
	Line2     string `form:"line_2" text:"name,max=60"`
	// One of each a ticket type, in the order of the shop.
	BandType  []string `form:"band_type"`
	BandWords []string `form:"band_words" text:"name,max=60"`
	BandColor []string `form:"band_color"`
	Version   int64    `form:"version"`

	SampleName string `form:"sample_name" text:"name,max=200"`
	SampleType string `form:"sample_type" text:"name,max=60"`
}

func newBadgeForm(d *badges.Design, types []*ticketing.TicketType, accent string) badgeForm {
	c := d.Choice
	in := badgeForm{Layout: string(c.Layout), Paper: string(c.Paper), FirstName: c.FirstName, ShowType: c.ShowType, ShowOrder: c.ShowOrder, ShowQR: c.ShowQR, Version: d.Version}
	for i, line := range []*string{&in.Line1, &in.Line2} {
		if i < len(c.Questions) {
			*line = string(c.Questions[i])
		}
	}
	for _, t := range types {
		band := badges.Band{}
		if i := slices.IndexFunc(c.Bands, func(b badges.Band) bool { return b.TicketTypeID == t.ID }); i >= 0 {
			band = c.Bands[i]
		}
		in.BandType, in.BandWords, in.BandColor = append(in.BandType, string(t.ID)), append(in.BandWords, band.Words), append(in.BandColor, cmp.Or(band.Color, accent, plainAccent))
	}
	return in
}

// plainAccent is Turnout's own colour, for a field that must show one.
const plainAccent = "#3b4fd8"

func (in *badgeForm) choice() badges.Choice {
	c := badges.Choice{Layout: documents.BadgeLayout(in.Layout), Paper: documents.BadgePaper(in.Paper), FirstName: in.FirstName, ShowType: in.ShowType, ShowOrder: in.ShowOrder, ShowQR: in.ShowQR}
	for _, line := range []string{in.Line1, in.Line2} {
		if line != "" && !slices.Contains(c.Questions, turnout.ID(line)) {
			c.Questions = append(c.Questions, turnout.ID(line))
		}
	}
	for i, id := range in.BandType {
		if i < len(in.BandWords) && i < len(in.BandColor) && in.BandWords[i] != "" {
			c.Bands = append(c.Bands, badges.Band{TicketTypeID: turnout.ID(id), Words: in.BandWords[i], Color: in.BandColor[i]})
		}
	}
	return c
}

// query writes the form into an address.
func (in *badgeForm) query() string {
	values := url.Values{"layout": {in.Layout}, "paper": {in.Paper}, "line_1": {in.Line1}, "line_2": {in.Line2}, "band_type": in.BandType, "band_words": in.BandWords,
		"band_color": in.BandColor, "version": {strconv.FormatInt(in.Version, 10)}, "sample_name": {in.SampleName}, "sample_type": {in.SampleType}}
	for name, checked := range map[string]bool{"first_name": in.FirstName, "show_type": in.ShowType, "show_order": in.ShowOrder, "show_qr": in.ShowQR} {
		if checked {
			values.Set(name, "1")
		}
	}
	return values.Encode()
}

// bandRow is the band of a ticket type in the form.
type bandRow struct {
	ID          turnout.ID
	Name        string
	Words       string
	Color       string
	Field, What string // of the words: the id of the field, and what is wrong
}

// badgeDesignPage is the data of the page "console_badge_design".
type badgeDesignPage struct {
	templates.Chrome
	Errors          templates.Errors
	Form            badgeForm
	Event           *events.Event
	Layouts, Papers []templates.Option
	Lines, Types    []templates.Option
	Bands           []bandRow
	Base            string // of this page
	PictureURL      string // of the sample
	PDFURL          string
	CanWrite        bool
	CanUndo         bool
}

// EventBadgeDesign is GET /console/events/{event}/badges/design. With a form in the address it shows that, unsaved.
func (h *Handler) EventBadgeDesign(c *gin.Context) {
	if c.Query("layout") == "" {
		h.badgeDesign(c, http.StatusOK, nil, nil)
		return
	}
	var in badgeForm
	if err := respond.Query(c, &in); err != nil {
		if shown, status, ok := h.refused(c, err); ok {
			h.badgeDesign(c, status, &in, shown)
		}
		return
	}
	h.badgeDesign(c, http.StatusOK, &in, nil)
}

func (h *Handler) badgeDesign(c *gin.Context, status int, typed *badgeForm, shown templates.Errors) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "console.badges.design"), "nav.badges")
	if !ok {
		return
	}
	if may(c, "orders:read") {
		chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.badges"), URL: eventPath(e) + "/badges"})
	}
	design, err := h.Badges.Design(ctx, e)
	var types []*ticketing.TicketType
	if err == nil {
		types, err = h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID)
	}
	types = slices.DeleteFunc(types, func(t *ticketing.TicketType) bool { return t.AttendanceMode != ticketing.InPerson })
	accent := ""
	if err == nil {
		accent, err = h.Ticketing.Accent(ctx, e)
	}
	var questions []*ticketing.Question
	if err == nil {
		questions, err = h.Ticketing.Questions(ctx, e.CommunityID, e.ID, false)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := badgeDesignPage{Chrome: chrome, Errors: shown, Form: newBadgeForm(design, types, accent), Event: e, Base: eventPath(e) + "/badges/design",
		CanWrite: may(c, "tickets:write"), CanUndo: design.Previous.Layout != ""}
	if typed != nil {
		data.Form = *typed
	}
	data.choices(h, c, types, questions, cmp.Or(accent, plainAccent))
	query := "?" + data.Form.query()
	data.PictureURL, data.PDFURL = data.Base+"/sample.svg"+query, data.Base+"/sample.pdf"+query
	h.Render(c, status, "console_badge_design", data)
}

// choices fills in what can be chosen.
func (p *badgeDesignPage) choices(h *Handler, c *gin.Context, types []*ticketing.TicketType, questions []*ticketing.Question, accent string) {
	for _, l := range documents.BadgeLayouts {
		p.Layouts = append(p.Layouts, templates.Option{Value: string(l), Text: h.text(c, "console.badges.layout."+string(l)), Note: h.text(c, "console.badges.layout_note."+string(l))})
	}
	for _, on := range documents.BadgePapers {
		p.Papers = append(p.Papers, templates.Option{Value: string(on), Text: h.text(c, "console.badges.paper."+string(on))})
	}
	p.Lines = []templates.Option{{Text: h.text(c, "console.badges.no_line")}}
	for _, q := range questions {
		if q.Subject == ticketing.OfTicket && q.Kind != ticketing.AskFile && q.Kind != ticketing.AskConsent && q.Kind != ticketing.AskLongText {
			p.Lines = append(p.Lines, templates.Option{Value: string(q.ID), Text: q.Words.Label})
		}
	}
	p.Types = []templates.Option{{Text: h.text(c, "console.badges.sample_any")}}
	for i, t := range types {
		p.Types = append(p.Types, templates.Option{Value: string(t.ID), Text: t.Name})
		row := bandRow{ID: t.ID, Name: t.Name, Field: fmt.Sprintf("band-%d", i), Color: accent}
		if at := slices.Index(p.Form.BandType, string(t.ID)); at >= 0 && at < len(p.Form.BandWords) && at < len(p.Form.BandColor) {
			row.Words, row.Color = p.Form.BandWords[at], p.Form.BandColor[at]
		}
		p.Bands = append(p.Bands, row)
	}
	p.errorsOfBands()
}

// errorsOfBands has what is wrong with a band stand beside its field: the bands that have words are counted.
func (p *badgeDesignPage) errorsOfBands() {
	n := 0
	for i := range p.Bands {
		if p.Bands[i].Words == "" {
			continue
		}
		for k, e := range p.Errors {
			if strings.HasPrefix(e.Name, fmt.Sprintf("bands[%d].", n)) {
				p.Errors[k].Name, p.Errors[k].Label, p.Bands[i].What = p.Bands[i].Field, p.Bands[i].Name, e.Message
			}
		}
		n++
	}
}

// SaveBadgeDesign is POST /console/events/{event}/badges/design.
func (h *Handler) SaveBadgeDesign(c *gin.Context) {
	e := access.Event(c)
	var in badgeForm
	var form formReader
	form.read(c, &in)
	choice := in.choice()
	err := form.then(choice.Check, func() error {
		_, err := h.Badges.SaveDesign(c.Request.Context(), e, &in.Version, choice)
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/badges/design", "ok", h.text(c, "console.badges.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.badgeDesign(c, status, &in, shown)
	}
}

// UndoBadgeDesign is POST /console/events/{event}/badges/design/undo.
func (h *Handler) UndoBadgeDesign(c *gin.Context) {
	e := access.Event(c)
	version, err := strconv.ParseInt(c.PostForm("version"), 10, 64)
	if err != nil {
		version = -1 // of no design: stale
	}
	_, err = h.Badges.UndoDesign(c.Request.Context(), e, &version)
	h.done(c, err, eventPath(e)+"/badges/design", h.text(c, "console.badges.undone"))
}

// BadgeSample is GET /console/events/{event}/badges/design/sample.svg and sample.pdf: a made-up badge as the form in the address would
// make it.
func (h *Handler) BadgeSample(c *gin.Context) {
	kinds := map[string]string{"sample.svg": "image/svg+xml", "sample.pdf": "application/pdf"}
	kind := kinds[c.Param("sample")]
	if kind == "" {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	var in badgeForm
	err := respond.Query(c, &in)
	var out bytes.Buffer
	if err == nil {
		err = h.Badges.WriteSample(c.Request.Context(), &out, access.Event(c), badges.Sample{Choice: in.choice(), Name: in.SampleName, Type: turnout.ID(in.SampleType),
			Lang: h.Language(c), Picture: kind == "image/svg+xml"})
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, kind, out.Bytes())
}
