// Package pages answers with HTML: one file a page, named after who sees it (organiser_*.go, attendee_*.go, door_*.go,
// speaker_*.go). Pages work without JavaScript; a POST is answered with a redirect ([Handler.Redirect]) or, when the input
// needs a change, with the same form again, status 422, what was typed kept.
//
// A page's row stands in api/routes_pages.go with who may see it, so a handler never asks for permission: it takes
// access.Event(c), access.Community(c) and access.Who(c) as given.
package pages

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/api/services"
	"turnout/api/site"
	"turnout/checkin"
	"turnout/events/organisers"
	"turnout/internal/logging"
	"turnout/templates"
	"turnout/ticketing/payments/sandbox"
)

// SignInPath is where people without a session are sent; ?next= brings them back.
const SignInPath = "/sign-in"

// The pages that a link with a secret opens, each followed by the secret.
const (
	FirstOwnerPath = "/first-owner/"
	InvitationPath = "/invitation/"
	ResetPath      = "/password-reset/"
)

// Handler holds every page.
type Handler struct {
	services.Services
	Templates *templates.Set
	Sessions  *scs.SessionManager
	Sandbox   *sandbox.Provider // nil while it is off
	Demo      bool              // says on every page that nothing here is real
	KeepsMail bool              // there is no mail server: mails stay in the outbox
	Site      *site.Copier

	// Stopping is closed when the server stops: answers that go on for long end.
	Stopping <-chan struct{}

	cache    cache     // of public pages
	printed  printed   // schedules
	live     liveStats // of doors
	rates    secondly[turnout.ID, checkin.Live]
	arrivals secondly[turnout.ID, checkin.Arrivals] // by event
	drawn    secondly[drawnFor, []byte]
	streams  atomic.Int64 // that are open
}

// The session's entries that name the signed-in account, and its epoch when it signed in.
const (
	SessionAccount = "account"
	SessionEpoch   = "epoch"
)

// SignIn makes the session the account's, under a new cookie: one that somebody else knew before is worth nothing.
func (h *Handler) SignIn(c *gin.Context, id turnout.ID) error {
	ctx := c.Request.Context()
	account, err := organisers.FindAccount(ctx, h.DB.Read(), id) // as stored: its password may be a moment old
	if err != nil {
		return err
	}
	if err := h.Sessions.RenewToken(ctx); err != nil {
		return err
	}
	h.Sessions.Put(ctx, SessionAccount, string(account.ID))
	h.Sessions.Put(ctx, SessionEpoch, account.Epoch())
	return nil
}

// SignOut ends the session.
func (h *Handler) SignOut(c *gin.Context) error { return h.Sessions.Destroy(c.Request.Context()) }

// Language is the reader's: what they chose (?lang=, kept in a cookie), else what the browser asks for.
func (h *Handler) Language(c *gin.Context) string {
	chosen, _ := c.Cookie("lang")
	return h.Templates.Match(c.Query("lang"), chosen, c.GetHeader("Accept-Language"))
}

// keepLanguage remembers the language that the address asks for, for the pages after it.
func (h *Handler) keepLanguage(c *gin.Context) {
	if lang := c.Query("lang"); slices.Contains(h.Templates.Languages(), lang) {
		http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // Secure wherever the installation is: it may run without TLS on a local machine
			Name: "lang", Value: lang, Path: "/", MaxAge: 365 * 24 * 60 * 60, HttpOnly: true,
			SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(h.BaseURL, "https://")})
	}
}

// Render answers with a page; data embeds templates.Chrome. Nothing is sent when the template fails: the error page is.
func (h *Handler) Render(c *gin.Context, status int, page string, data any) {
	var body bytes.Buffer
	if err := h.Templates.Page(&body, h.Language(c), page, data); err != nil {
		h.Fail(c, err)
		return
	}
	h.html(c, status, body.Bytes())
}

// RenderPart answers with one part of a page, for htmx.
func (h *Handler) RenderPart(c *gin.Context, status int, page, part string, data any) {
	var body bytes.Buffer
	if err := h.Templates.Part(&body, h.Language(c), page, part, data); err != nil {
		h.Fail(c, err)
		return
	}
	h.html(c, status, body.Bytes())
}

func (h *Handler) html(c *gin.Context, status int, body []byte) {
	if c.Writer.Header().Get("Cache-Control") == "" {
		c.Header("Cache-Control", "private, no-store")
	}
	h.keepLanguage(c)
	c.Data(status, "text/html; charset=utf-8", body)
}

// Redirect answers a POST: 303 to the page that shows the result, with a message for it ("" for none).
func (h *Handler) Redirect(c *gin.Context, to, kind, message string) {
	if message != "" {
		h.Sessions.Put(c.Request.Context(), "flash_kind", kind)
		h.Sessions.Put(c.Request.Context(), "flash_text", message)
	}
	c.Redirect(http.StatusSeeOther, to)
}

// Flash takes the message that the last redirect left, nil when there is none.
func (h *Handler) Flash(c *gin.Context) *templates.Flash {
	ctx := c.Request.Context()
	if !h.Sessions.Exists(ctx, "flash_text") {
		return nil
	}
	return &templates.Flash{Kind: h.Sessions.PopString(ctx, "flash_kind"), Text: h.Sessions.PopString(ctx, "flash_text")}
}

// LocalPath gives a path on this site to go on to, or the fallback for anything else: an address given in a link must not
// lead elsewhere.
func LocalPath(next, fallback string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return fallback
	}
	return next
}

// errorPage is the data of the page "error".
type errorPage struct {
	templates.Chrome
	Status    int
	Heading   string // "" takes the catalogue's for the status
	Message   string
	RequestID string
	HomeURL   string // "" for no way on
	Roles     string // of a known person whom their role refuses: what they are, and whom to ask
	Ask       string
	Sent      *sentForm // whose sender was not signed in any more
}

// sentForm is a form that somebody sent after their session had ended. The page of the refusal holds it, so that nothing that was
// typed is lost: it is sent again from there.
type sentForm struct {
	Action, SignInURL string
	Fields            []sentField // none where files were sent, or too much
}

type sentField struct{ Name, Value string }

// sentFormLimit is how many bytes of a form are kept.
const sentFormLimit = 1 << 20

func newSentForm(c *gin.Context) *sentForm {
	sent := &sentForm{Action: c.Request.URL.RequestURI(), SignInURL: SignInPath}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, sentFormLimit)
	if err := c.Request.ParseForm(); err != nil {
		return sent
	}
	for _, name := range slices.Sorted(maps.Keys(c.Request.PostForm)) {
		for _, value := range c.Request.PostForm[name] {
			sent.Fields = append(sent.Fields, sentField{name, value})
		}
	}
	return sent
}

// Fail answers with the error page. Who is not signed in and looks at a page is sent to sign in and comes back.
func (h *Handler) Fail(c *gin.Context, err error) {
	respond.Log(c.Request.Context(), err)
	public := respond.Public(err)
	if errors.Is(err, checkin.ErrDevice) && !wantsPart(c) {
		c.Abort()
		h.renderPair(c, http.StatusUnauthorized, pairPage{State: "ended"})
		return
	}
	if public.Kind == turnout.Unauthenticated && c.Request.Method == http.MethodGet && !wantsPart(c) && !c.IsAborted() {
		c.Redirect(http.StatusSeeOther, SignInPath+"?next="+url.QueryEscape(c.Request.URL.RequestURI()))
		c.Abort()
		return
	}
	c.Abort()
	data := errorPage{HomeURL: home(c)}
	if public.Kind == turnout.Forbidden && access.Who(c).Account != "" {
		h.explainRole(c, &data)
	}
	if errors.Is(err, access.ErrSignIn) && c.Request.Method == http.MethodPost && !wantsPart(c) {
		data.HomeURL, data.Sent = "", newSentForm(c)
	}
	h.fail(c, respond.Status(err), h.Templates.ErrorText(h.Language(c), public), data)
}

// explainRole says on the page of a refusal what the signed-in person's role is and who could change it. Should reading that
// fail, the page is the plainer one.
func (h *Handler) explainRole(c *gin.Context, data *errorPage) {
	ctx, community := c.Request.Context(), access.Community(c)
	data.HomeURL = ConsolePath
	members, err := organisers.Members(ctx, h.DB.Read(), community)
	if err != nil {
		respond.Log(ctx, err)
		return
	}
	var roles []string
	for _, m := range members {
		if m.AccountID != access.Who(c).Account {
			continue
		}
		for _, g := range m.Grants {
			if role := h.text(c, "role."+string(g.Role)); !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	data.Roles = h.text(c, "error_page.no_role")
	if len(roles) > 0 {
		data.Roles = h.text(c, "error_page.role", "Roles", strings.Join(roles, ", "))
	}
	data.Ask = h.text(c, "error_page.ask", "Names", owners(members))
}

// FailStatus answers with the error page for what net/http itself refuses (405, a request from another site).
func (h *Handler) FailStatus(c *gin.Context, status int, message string) {
	c.Abort()
	h.fail(c, status, message, errorPage{HomeURL: home(c)})
}

// home is where an error page leads: whoever was in the console stays there, at the event if there was one.
func home(c *gin.Context) string {
	path := c.Request.URL.Path
	if path != ConsolePath && !strings.HasPrefix(path, ConsolePath+"/") {
		return "/"
	}
	if e := access.EventOrNone(c); e != nil {
		if own := eventPath(e); own != path {
			return own
		}
	}
	return ConsolePath
}

func (h *Handler) fail(c *gin.Context, status int, message string, data errorPage) {
	data.Chrome = templates.Chrome{Title: http.StatusText(status), NoIndex: true, Demo: h.Demo, Path: c.Request.URL.Path}
	data.Status, data.Message, data.RequestID = status, message, logging.RequestID(c.Request.Context())
	var body bytes.Buffer
	if err := h.Templates.Page(&body, h.Language(c), "error", data); err != nil {
		respond.Log(c.Request.Context(), errors.Join(err, respond.ErrInternal))
		c.String(status, "%s\n%s\n", message, data.RequestID)
		return
	}
	h.html(c, status, body.Bytes())
}
