package pages

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/internal/images"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// designForm is what an organiser chooses about the look of tickets, and what the sample beside it shows.
type designForm struct {
	Layout    string `form:"layout" text:"name,max=20"`
	LargeName bool   `form:"large_name"`
	ShowPrice bool   `form:"show_price"`
	ShowOrder bool   `form:"show_order"`
	ShowVenue bool   `form:"show_venue"`
	Note      string `form:"note" text:"long,max=4000"`
	Version   int64  `form:"version"`

	Size    string `form:"size" text:"name,max=10"`
	Virtual bool   `form:"virtual"`
}

func newDesignForm(d *ticketing.Design, e *events.Event) designForm {
	return designForm{Layout: string(d.Layout), LargeName: d.LargeName, ShowPrice: d.ShowPrice, ShowOrder: d.ShowOrder, ShowVenue: d.ShowVenue, Note: d.Note,
		Version: d.Version, Size: "a4", Virtual: !e.Format.OnSite()}
}

func (in *designForm) input() ticketing.DesignInput {
	return ticketing.DesignInput{Layout: documents.Layout(in.Layout), LargeName: in.LargeName, ShowPrice: in.ShowPrice, ShowOrder: in.ShowOrder, ShowVenue: in.ShowVenue, Note: in.Note}
}

// query writes the form into an address.
func (in *designForm) query() string {
	values := url.Values{"layout": {in.Layout}, "note": {in.Note}, "size": {in.Size}, "version": {strconv.FormatInt(in.Version, 10)}}
	for name, checked := range map[string]bool{"large_name": in.LargeName, "show_price": in.ShowPrice, "show_order": in.ShowOrder, "show_venue": in.ShowVenue, "virtual": in.Virtual} {
		if checked {
			values.Set(name, "1")
		}
	}
	return values.Encode()
}

// designPage is the data of the page "console_design".
type designPage struct {
	templates.Chrome
	Errors         templates.Errors
	Form           designForm
	Layouts, Sizes []templates.Option
	Event          *events.Event
	Hybrid         bool   // tickets of both modes can be looked at
	LogoURL        string // "" for none
	Base           string // of this page
	PictureURL     string // of the sample
	PDFURL         string
	CanWrite       bool
}

// EventDesign is GET /console/events/{event}/design. With a form in the address it shows that, unsaved.
func (h *Handler) EventDesign(c *gin.Context) {
	if c.Query("layout") == "" {
		h.design(c, http.StatusOK, nil, nil)
		return
	}
	var in designForm
	if err := respond.Query(c, &in); err != nil {
		if shown, status, ok := h.refused(c, err); ok {
			h.design(c, status, &in, shown)
		}
		return
	}
	h.design(c, http.StatusOK, &in, nil)
}

func (h *Handler) design(c *gin.Context, status int, typed *designForm, shown templates.Errors) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "nav.design"), "nav.design")
	if !ok {
		return
	}
	design, err := h.Ticketing.Design(c.Request.Context(), e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := designPage{Chrome: chrome, Errors: shown, Form: newDesignForm(design, e), Event: e, Hybrid: e.Format.OnSite() && e.Format.Online(),
		Base: eventPath(e) + "/design", CanWrite: may(c, "tickets:write")}
	if typed != nil {
		data.Form = *typed
	}
	if design.LogoHash != "" {
		data.LogoURL = "/pictures/" + design.LogoHash
	}
	for _, l := range documents.Layouts {
		data.Layouts = append(data.Layouts, templates.Option{Value: string(l), Text: h.text(c, "console.design.layout."+string(l)), Note: h.text(c, "console.design.layout_note."+string(l))})
	}
	for _, size := range []string{"a4", "letter", "phone"} {
		data.Sizes = append(data.Sizes, templates.Option{Value: size, Text: h.text(c, "console.design.size."+size)})
	}
	query := "?" + data.Form.query()
	data.PictureURL, data.PDFURL = data.Base+"/sample.svg"+query, data.Base+"/sample.pdf"+query
	h.Render(c, status, "console_design", data)
}

// SaveDesign is POST /console/events/{event}/design.
func (h *Handler) SaveDesign(c *gin.Context) {
	e := access.Event(c)
	var in designForm
	var form formReader
	form.read(c, &in)
	input := in.input()
	err := form.then(input.Check, func() error {
		_, err := h.Ticketing.SaveDesign(c.Request.Context(), e, &in.Version, input)
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/design", "ok", h.text(c, "console.design.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.design(c, status, &in, shown)
	}
}

// SetLogo is POST /console/events/{event}/design/logo.
func (h *Handler) SetLogo(c *gin.Context) {
	e := access.Event(c)
	data, err := upload(c, images.MaxBytes)
	if err == nil {
		_, err = h.Ticketing.SetLogo(c.Request.Context(), e, nil, data)
	}
	if err == nil {
		h.Redirect(c, eventPath(e)+"/design", "ok", h.text(c, "console.design.logo_set"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		for i := range shown {
			shown[i].Name = "file"
		}
		h.design(c, status, nil, shown)
	}
}

// DropLogo is POST /console/events/{event}/design/logo/remove.
func (h *Handler) DropLogo(c *gin.Context) {
	e := access.Event(c)
	_, err := h.Ticketing.DropLogo(c.Request.Context(), e, nil)
	h.done(c, err, eventPath(e)+"/design", h.text(c, "console.design.logo_dropped"))
}

// DesignSample is GET /console/events/{event}/design/sample.svg and sample.pdf: a made-up ticket as the form in the address would
// make it.
func (h *Handler) DesignSample(c *gin.Context) {
	kinds := map[string]string{"sample.svg": "image/svg+xml", "sample.pdf": "application/pdf"}
	kind := kinds[c.Param("sample")]
	if kind == "" {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	e, ctx := access.Event(c), c.Request.Context()
	var in designForm
	err := respond.Query(c, &in)
	var size documents.Size
	if err == nil {
		size, err = documents.ParseSize(in.Size)
	}
	var out bytes.Buffer
	if err == nil {
		err = h.Ticketing.WriteSample(ctx, &out, e, ticketing.Sample{Design: in.input(), Lang: h.Language(c), Size: size, Virtual: in.Virtual, Picture: kind == "image/svg+xml"})
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, kind, out.Bytes())
}
