package pages

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/events/organisers"
	"turnout/templates"
)

type communityForm struct {
	Name         string `form:"name" text:"name,max=300"`
	Description  string `form:"description" text:"long,max=25000"`
	Locale       string `form:"locale" text:"name,max=20"`
	Timezone     string `form:"timezone" text:"name,max=100"`
	Accent       string `form:"accent" text:"name,max=20"`
	NoAccent     bool   `form:"no_accent"`
	Instructions string `form:"payment_instructions" text:"long,max=3000"`
	Version      int64  `form:"version"`
}

type settingsPage struct {
	templates.Chrome
	Errors    templates.Errors
	Form      communityForm
	PublicURL string
	Zones     []string
	Languages []templates.Option
	CanWrite  bool
}

// ConsoleSettings is GET /console/{community}/settings.
func (h *Handler) ConsoleSettings(c *gin.Context) { h.settings(c, http.StatusOK, nil, nil) }

func (h *Handler) settings(c *gin.Context, status int, typed *communityForm, shown templates.Errors) {
	chrome, _, ok := h.console(c, h.text(c, "nav.settings"), "nav.settings")
	if !ok {
		return
	}
	tenant, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(access.Community(c)))
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := settingsPage{Chrome: chrome, Errors: shown, PublicURL: h.BaseURL + "/c/" + tenant.Slug, Zones: commonZones, CanWrite: may(c, "settings:write"),
		Form: communityForm{tenant.Name, tenant.Description, tenant.Locale, tenant.Timezone, tenant.Accent, tenant.Accent == "", tenant.PaymentInstructions, tenant.Version}}
	if typed != nil {
		data.Form = *typed
	}
	for _, lang := range h.Templates.Languages() {
		data.Languages = append(data.Languages, templates.Option{Value: lang, Text: h.text(c, "language."+lang)})
	}
	h.Render(c, status, "console_settings", data)
}

// SaveSettings is POST /console/{community}/settings.
func (h *Handler) SaveSettings(c *gin.Context) {
	var in communityForm
	var form formReader
	form.read(c, &in)
	accent := in.Accent
	if in.NoAccent {
		accent = ""
	}
	err := form.then(nil, func() error {
		_, err := h.Organisers.PatchCommunity(c.Request.Context(), access.Community(c), in.Version, organisers.CommunityPatch{Name: &in.Name, Description: &in.Description,
			Locale: &in.Locale, Timezone: &in.Timezone, Accent: &accent, PaymentInstructions: &in.Instructions})
		return err
	})
	if err == nil {
		h.Redirect(c, c.Request.URL.Path, "ok", h.text(c, "console.saved"))
		return
	}
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	for i := range shown {
		if shown[i].Name == "community" { // as the first owner's form calls it
			shown[i].Name = "name"
		}
	}
	h.settings(c, status, &in, shown)
}
