package pages

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/events/people"
	"turnout/templates"
)

type grantRow struct {
	Role  string
	Where string // "" for the whole community
}

type memberRow struct {
	organisers.Member
	Grants      []grantRow
	Role, Scope string // of the first grant: what the form shows
	IsMe        bool
	Found       bool // by an invitation of somebody who is in the team
}

type invitationRow struct {
	organisers.Link
	Where string
}

type teamForm struct {
	Email string `form:"email" text:"name,max=320"`
	Role  string `form:"role" text:"name,max=30"`
	Scope string `form:"scope" text:"name,max=60"`
}

type teamPage struct {
	templates.Chrome
	Errors      templates.Errors
	Zone        string // the community's
	Form        teamForm
	Members     []memberRow
	Invitations []invitationRow
	Roles       []templates.Option
	Scopes      []templates.Option
	Base        string
	CanWrite    bool
	Owners      string     // whom to ask, for those who cannot write
	Already     *memberRow // whom somebody tried to invite who is in the team
}

var roleOrder = []organisers.Role{organisers.Owner, organisers.Organiser, organisers.Finance, organisers.AgendaEditor, organisers.Door, organisers.Viewer}

// ConsoleTeam is GET /console/{community}/team. The form offers the role that may do least: more is a choice that somebody makes.
func (h *Handler) ConsoleTeam(c *gin.Context) {
	h.team(c, http.StatusOK, teamForm{Role: string(organisers.Viewer)}, nil)
}

func (h *Handler) team(c *gin.Context, status int, typed teamForm, shown templates.Errors) {
	ctx := c.Request.Context()
	chrome, tenant, ok := h.console(c, h.text(c, "nav.team"), "nav.team")
	if !ok {
		return
	}
	data := teamPage{Chrome: chrome, Errors: shown, Zone: tenant.Timezone, Form: typed, Base: communityPath(tenant.Slug) + "/team", CanWrite: may(c, "settings:write")}
	for _, role := range roleOrder {
		data.Roles = append(data.Roles, templates.Option{Value: string(role), Text: h.text(c, "role."+string(role)), Note: h.text(c, "console.role."+string(role))})
	}
	list, _, err := events.List(ctx, h.DB.Read(), events.Filter{Community: tenant.ID, Limit: 100})
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Scopes = h.scopes(c, list)
	members, err := organisers.Members(ctx, h.DB.Read(), tenant.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	invitations, err := h.Organisers.Invitations(ctx, tenant.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Owners = owners(members)
	data.fill(members, invitations, list, access.Who(c).Account)
	h.Render(c, status, "console_team", data)
}

// scopes are where a role can be given: everywhere, or at an event that is not over.
func (h *Handler) scopes(c *gin.Context, list []events.Event) []templates.Option {
	out := []templates.Option{{Text: h.text(c, "console.team.everywhere")}}
	for _, e := range list {
		if e.EndsAt.After(h.Now()) {
			out = append(out, templates.Option{Value: string(e.ID), Text: e.Title})
		}
	}
	return out
}

// fill makes the rows of those who are in the team and of those who are invited; me is the reader.
func (p *teamPage) fill(members []organisers.Member, invitations []organisers.Link, list []events.Event, me turnout.ID) {
	titles := map[turnout.ID]string{}
	for _, e := range list {
		titles[e.ID] = e.Title
	}
	where := func(s organisers.Scope) string {
		if s.Kind == organisers.InCommunity {
			return ""
		}
		return firstOf(titles[s.ID], string(s.ID))
	}
	for _, m := range members {
		row := memberRow{Member: m, IsMe: m.AccountID == me, Found: p.inTeam(m.Email)}
		for _, g := range m.Grants {
			row.Grants = append(row.Grants, grantRow{string(g.Role), where(g.Scope)})
		}
		if len(m.Grants) > 0 {
			first := m.Grants[0]
			row.Role = string(first.Role)
			if first.Scope.Kind == organisers.InEvent {
				row.Scope = string(first.Scope.ID)
			}
		}
		if row.Found {
			p.Already = &row
		}
		p.Members = append(p.Members, row)
	}
	for _, link := range invitations {
		p.Invitations = append(p.Invitations, invitationRow{link, where(link.Scope)})
	}
}

// inTeam reports whether this is the address that was refused because its owner is in the team.
func (p *teamPage) inTeam(email string) bool {
	typed, err := people.NormaliseEmail(p.Form.Email)
	return err == nil && typed == email && slices.ContainsFunc(p.Errors, func(e templates.Problem) bool { return e.Code == organisers.ErrInTeam.Code })
}

// owners names those who own the whole community, each with the address to write to.
func owners(members []organisers.Member) string {
	var names []string
	for _, m := range members {
		if slices.ContainsFunc(m.Grants, func(g organisers.Grant) bool { return g.Role == organisers.Owner }) {
			if m.Name == "" {
				names = append(names, m.Email)
			} else {
				names = append(names, m.Name+" ("+m.Email+")")
			}
		}
	}
	return strings.Join(names, ", ")
}

// grant is what a form of the team says: a role in the whole community, or at one event.
func (in teamForm) grant(community turnout.ID) organisers.Grant {
	g := organisers.Grant{Role: organisers.Role(in.Role), Scope: organisers.Scope{Kind: organisers.InCommunity, ID: community}}
	if in.Scope != "" {
		g.Scope = organisers.Scope{Kind: organisers.InEvent, ID: turnout.ID(in.Scope)}
	}
	return g
}

// Invite is POST /console/{community}/team/invitations.
func (h *Handler) Invite(c *gin.Context) {
	community := access.Community(c)
	var in teamForm
	var form formReader
	form.read(c, &in)
	err := form.then(nil, func() error {
		return h.Organisers.Invite(c.Request.Context(), community, in.Email, in.grant(community))
	})
	h.teamSaved(c, err, in, h.text(c, h.mailed("console.team.invited"), "Email", in.Email))
}

func (h *Handler) teamSaved(c *gin.Context, err error, in teamForm, message string) {
	if err != nil {
		if shown, status, ok := h.refused(c, err); ok {
			h.team(c, status, in, shown)
		}
		return
	}
	h.Redirect(c, h.teamPath(c), "ok", message)
}

func (h *Handler) teamPath(c *gin.Context) string {
	return ConsolePath + "/" + c.Param("community") + "/team"
}

// WithdrawInvitation is POST /console/{community}/team/invitations/{hash}/withdraw.
func (h *Handler) WithdrawInvitation(c *gin.Context) {
	err := h.Organisers.WithdrawInvitation(c.Request.Context(), access.Community(c), c.Param("hash"))
	h.done(c, err, h.teamPath(c), h.text(c, "console.team.withdrawn"))
}

// SetRole is POST /console/{community}/team/members/{member}.
func (h *Handler) SetRole(c *gin.Context) {
	community := access.Community(c)
	var in teamForm
	var form formReader
	form.read(c, &in)
	err := form.then(nil, func() error {
		return h.Organisers.SetGrants(c.Request.Context(), community, turnout.ID(c.Param("member")), []organisers.Grant{in.grant(community)})
	})
	h.done(c, err, h.teamPath(c), h.text(c, "console.saved"))
}

// RemoveMember is POST /console/{community}/team/members/{member}/remove.
func (h *Handler) RemoveMember(c *gin.Context) {
	if h.confirmed(c, h.text(c, "console.team.remove_ask"), h.teamPath(c)) {
		err := h.Organisers.RemoveStaff(c.Request.Context(), access.Community(c), turnout.ID(c.Param("member")))
		h.done(c, err, h.teamPath(c), h.text(c, "console.team.removed"))
	}
}

type tokensPage struct {
	templates.Chrome
	Errors   templates.Errors
	Now      time.Time
	Name     string   `form:"name" text:"name,max=200"`
	Scopes   []string `form:"scopes" text:"name,max=30"`
	Choices  []scopeChoice
	Tokens   []organisers.Token
	Secret   string // of the one that was just made; shown once
	Base     string
	CanWrite bool
}

type scopeChoice struct {
	Subject     string
	Read, Write bool // ticked
}

// ConsoleTokens is GET /console/{community}/tokens.
func (h *Handler) ConsoleTokens(c *gin.Context) { h.tokens(c, http.StatusOK, tokensPage{}) }

func (h *Handler) tokens(c *gin.Context, status int, data tokensPage) {
	chrome, tenant, ok := h.console(c, h.text(c, "nav.tokens"), "nav.tokens")
	if !ok {
		return
	}
	data.Chrome, data.Now, data.Base, data.CanWrite = chrome, h.Now(), communityPath(tenant.Slug)+"/tokens", may(c, "settings:write")
	var err error
	if data.Tokens, err = organisers.Tokens(c.Request.Context(), h.DB.Read(), tenant.ID); err != nil {
		h.Fail(c, err)
		return
	}
	ticked := map[string]bool{}
	for _, s := range data.Scopes {
		ticked[s] = true
	}
	for i := 0; i < len(organisers.Capabilities); i += 2 { // each subject's read, then its write
		subject := string(organisers.Capabilities[i][:len(organisers.Capabilities[i])-len(":read")])
		data.Choices = append(data.Choices, scopeChoice{subject, ticked[subject+":read"], ticked[subject+":write"]})
	}
	h.Render(c, status, "console_tokens", data)
}

// CreateToken is POST /console/{community}/tokens. It answers with the page itself: the secret is stored nowhere, not even for
// the moment of a redirect.
func (h *Handler) CreateToken(c *gin.Context) {
	var in tokensPage
	var form formReader
	form.read(c, &in)
	scopes := make([]organisers.Capability, len(in.Scopes))
	for i, s := range in.Scopes {
		scopes[i] = organisers.Capability(s)
	}
	var secret string
	err := form.then(nil, func() (err error) {
		secret, _, err = h.Organisers.CreateToken(c.Request.Context(), access.Community(c), in.Name, scopes)
		return err
	})
	if err == nil {
		h.tokens(c, http.StatusCreated, tokensPage{Secret: secret})
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.tokens(c, status, tokensPage{Errors: shown, Name: in.Name, Scopes: in.Scopes})
	}
}

// RevokeToken is POST /console/{community}/tokens/{token}/revoke.
func (h *Handler) RevokeToken(c *gin.Context) {
	back := ConsolePath + "/" + c.Param("community") + "/tokens"
	if h.confirmed(c, h.text(c, "console.tokens.revoke_ask"), back) {
		h.done(c, h.Organisers.RevokeToken(c.Request.Context(), access.Community(c), turnout.ID(c.Param("token"))), back, h.text(c, "console.tokens.revoked"))
	}
}
