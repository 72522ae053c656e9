package pages

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events/organisers"
	"turnout/templates"
)

// Paths of a person's own account.
const (
	SignOutPath = "/sign-out"
	ForgotPath  = "/forgot-password"
)

func (h *Handler) bare(c *gin.Context, key string) templates.Chrome {
	return templates.Chrome{Title: h.text(c, key), Path: c.Request.URL.Path, NoIndex: true, Demo: h.Demo, Flash: h.Flash(c)}
}

type signInPage struct {
	templates.Chrome
	Errors            templates.Errors
	Email             string `form:"email" text:"name,max=320"`
	Password          string `form:"password" text:"secret,max=1000"`
	Next              string `form:"next" text:"name,max=2000"`
	Action, ForgotURL string
}

// ShowSignIn is GET /sign-in.
func (h *Handler) ShowSignIn(c *gin.Context) {
	next := LocalPath(c.Query("next"), ConsolePath)
	if access.Who(c).Account != "" {
		c.Redirect(http.StatusSeeOther, next)
		return
	}
	h.signInForm(c, http.StatusOK, signInPage{Next: next})
}

// DoSignIn is POST /sign-in.
func (h *Handler) DoSignIn(c *gin.Context) {
	var in signInPage
	var form formReader
	form.read(c, &in)
	err := form.then(nil, func() error {
		account, err := h.Organisers.SignIn(c.Request.Context(), in.Email, in.Password, c.ClientIP())
		if err != nil {
			return err
		}
		return h.SignIn(c, account.ID)
	})
	if err == nil {
		h.Redirect(c, LocalPath(in.Next, ConsolePath), "", "")
		return
	}
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	in.Errors, in.Password = shown, ""
	h.signInForm(c, status, in)
}

func (h *Handler) signInForm(c *gin.Context, status int, data signInPage) {
	data.Chrome, data.Action, data.ForgotURL = h.bare(c, "sign_in.title"), SignInPath, ForgotPath
	h.Render(c, status, "sign_in", data)
}

// DoSignOut is POST /sign-out.
func (h *Handler) DoSignOut(c *gin.Context) {
	if err := h.SignOut(c); err != nil {
		h.Fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, SignInPath)
}

type forgotPage struct {
	templates.Chrome
	Errors templates.Errors
	Email  string `form:"email" text:"name,max=320"`
}

// ShowForgot is GET /forgot-password.
func (h *Handler) ShowForgot(c *gin.Context) {
	h.Render(c, http.StatusOK, "forgot_password", forgotPage{Chrome: h.bare(c, "forgot.title")})
}

// DoForgot is POST /forgot-password. Its answer does not tell whether there is such an account.
func (h *Handler) DoForgot(c *gin.Context) {
	var in forgotPage
	var form formReader
	form.read(c, &in)
	err := form.then(nil, func() error { return h.Organisers.RequestReset(c.Request.Context(), in.Email, c.ClientIP()) })
	if err == nil {
		h.Redirect(c, SignInPath, "ok", h.text(c, h.mailed("forgot.sent")))
		return
	}
	if shown, status, ok := h.refused(c, atField(err, "email")); ok {
		in.Chrome, in.Errors = h.bare(c, "forgot.title"), shown
		h.Render(c, status, "forgot_password", in)
	}
}

// atField lets an error about the whole input stand beside the one field that it is about.
func atField(err error, field string) error {
	var e *turnout.Error
	if errors.As(err, &e) && e.Kind == turnout.Invalid && len(e.Fields) == 0 {
		return turnout.Invalidf(field, e.Code, "%s", e.Message)
	}
	return err
}

type resetPage struct {
	templates.Chrome
	Errors   templates.Errors
	Password string `form:"password" text:"secret,max=1000"`
	Min      int
}

// ShowReset is GET /password-reset/{secret}.
func (h *Handler) ShowReset(c *gin.Context) {
	if _, err := h.Organisers.FindLink(c.Request.Context(), organisers.PasswordReset, c.Param("secret")); err != nil {
		h.Fail(c, err)
		return
	}
	h.Render(c, http.StatusOK, "password_reset", resetPage{Chrome: h.bare(c, "reset.title"), Min: organisers.PasswordMin})
}

// DoReset is POST /password-reset/{secret}.
func (h *Handler) DoReset(c *gin.Context) {
	var in resetPage
	var form formReader
	form.read(c, &in)
	err := form.then(nil, func() error {
		return h.Organisers.ResetPassword(c.Request.Context(), c.Param("secret"), in.Password)
	})
	if err == nil {
		h.Redirect(c, SignInPath, "ok", h.text(c, "reset.done"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.Render(c, status, "password_reset", resetPage{Chrome: h.bare(c, "reset.title"), Errors: shown, Min: organisers.PasswordMin})
	}
}

type invitationPage struct {
	templates.Chrome
	Errors                     templates.Errors
	CommunityName, Email, Role string
	NeedsPassword              bool   // there is no account yet
	Name                       string `form:"name" text:"name,max=200"`
	Password                   string `form:"password" text:"secret,max=1000"`
	Min                        int
}

// ShowInvitation is GET /invitation/{secret}.
func (h *Handler) ShowInvitation(c *gin.Context) { h.invitation(c, http.StatusOK, invitationPage{}) }

func (h *Handler) invitation(c *gin.Context, status int, data invitationPage) {
	ctx := c.Request.Context()
	link, err := h.Organisers.FindLink(ctx, organisers.Invitation, c.Param("secret"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(link.CommunityID))
	if err == nil {
		data.NeedsPassword, err = h.Organisers.NeedsPassword(ctx, link.Email)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Chrome, data.Min = h.bare(c, "invitation.title"), organisers.PasswordMin
	data.CommunityName, data.Email, data.Role = community.Name, link.Email, string(link.Role)
	h.Render(c, status, "invitation", data)
}

// AcceptInvitation is POST /invitation/{secret}.
func (h *Handler) AcceptInvitation(c *gin.Context) {
	var in invitationPage
	var form formReader
	form.read(c, &in)
	var account *organisers.Account
	var created bool
	err := form.then(nil, func() (err error) {
		account, created, err = h.Organisers.AcceptInvitation(c.Request.Context(), c.Param("secret"), in.Name, in.Password)
		return err
	})
	if err != nil {
		if shown, status, ok := h.refused(c, err); ok {
			in.Errors, in.Password = shown, ""
			h.invitation(c, status, in)
		}
		return
	}
	if created { // the link proved whose mailbox it is
		if err := h.SignIn(c, account.ID); err != nil {
			h.Fail(c, err)
			return
		}
	}
	h.Redirect(c, ConsolePath, "ok", h.text(c, "invitation.done"))
}

type firstOwnerPage struct {
	templates.Chrome
	Errors        templates.Errors
	Name          string `form:"name" text:"name,max=200"`
	Email         string `form:"email" text:"name,max=320"`
	Password      string `form:"password" text:"secret,max=1000"`
	CommunityName string `form:"community" text:"name,max=200"`
	Slug          string `form:"slug" text:"name,max=100"`
	Timezone      string `form:"timezone" text:"name,max=100"`
	Min           int
	Zones         []string
}

// ShowFirstOwner is GET /first-owner/{secret}: what the first start's link opens.
func (h *Handler) ShowFirstOwner(c *gin.Context) {
	if _, err := h.Organisers.FindLink(c.Request.Context(), organisers.FirstOwner, c.Param("secret")); err != nil {
		h.Fail(c, err)
		return
	}
	h.firstOwner(c, http.StatusOK, firstOwnerPage{Timezone: "Europe/Berlin"})
}

func (h *Handler) firstOwner(c *gin.Context, status int, data firstOwnerPage) {
	data.Chrome, data.Min, data.Zones = h.bare(c, "first_owner.title"), organisers.PasswordMin, commonZones
	h.Render(c, status, "first_owner", data)
}

// CreateFirstOwner is POST /first-owner/{secret}.
func (h *Handler) CreateFirstOwner(c *gin.Context) {
	var in firstOwnerPage
	var form formReader
	form.read(c, &in)
	err := form.then(nil, func() error {
		account, _, err := h.Organisers.CreateFirstOwner(c.Request.Context(), c.Param("secret"), organisers.NewOwner{
			Name: in.Name, Email: in.Email, Password: in.Password,
			Community: organisers.NewCommunity{Slug: in.Slug, Name: in.CommunityName, Locale: h.Language(c), Timezone: in.Timezone},
		})
		if err != nil {
			return err
		}
		return h.SignIn(c, account.ID)
	})
	if err == nil {
		h.Redirect(c, ConsolePath, "ok", h.text(c, "first_owner.done"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		in.Errors, in.Password = shown, ""
		h.firstOwner(c, status, in)
	}
}

// commonZones are what a zone's field suggests; every other IANA name can be typed.
var commonZones = []string{
	"Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Argentina/Buenos_Aires", "America/Bogota", "America/Chicago",
	"America/Denver", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Santiago", "America/Sao_Paulo", "America/Toronto",
	"Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Ho_Chi_Minh", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kolkata",
	"Asia/Manila", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo", "Atlantic/Reykjavik", "Australia/Melbourne",
	"Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Bucharest", "Europe/Budapest",
	"Europe/Copenhagen", "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid",
	"Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Sofia", "Europe/Stockholm", "Europe/Tallinn", "Europe/Vienna", "Europe/Vilnius",
	"Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland", "Pacific/Honolulu", "UTC",
}
