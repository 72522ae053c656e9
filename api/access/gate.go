package access

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/checkin"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// What the gate answers.
var (
	ErrNobody    = &turnout.Error{Kind: turnout.Unauthenticated, Code: "unauthenticated", Message: "This needs an API token: send it as Authorization: Bearer …"}
	ErrBadToken  = &turnout.Error{Kind: turnout.Unauthenticated, Code: "invalid_token", Message: "This API token is not known or was revoked."}
	ErrSignIn    = &turnout.Error{Kind: turnout.Unauthenticated, Code: "sign_in", Message: "Sign in first."}
	ErrScope     = &turnout.Error{Kind: turnout.Forbidden, Code: "missing_scope", Message: "This API token lacks the scope that this call needs."}
	ErrForbidden = &turnout.Error{Kind: turnout.Forbidden, Code: "forbidden", Message: "Your role does not include this."}
	ErrDeviceHas = &turnout.Error{Kind: turnout.Forbidden, Code: "device", Message: "A device may call only what its door needs: its check-in lists, scans and their numbers."}
	ErrDeviceIs  = &turnout.Error{Kind: turnout.Forbidden, Code: "device_role", Message: "The role of this device does not include this."}
	ErrNoSecret  = &turnout.Error{Kind: turnout.Unauthenticated, Code: "missing_secret", Message: "This needs the secret of the order or ticket (?secret=) or an API token."}
)

// Gate finds out who calls and what about, and enforces the rules.
type Gate struct {
	DB      *database.DB
	CheckIn *checkin.Service // knows devices
	// DeviceCookie is the name of the cookie that a paired phone holds.
	DeviceCookie string
	// Bearer gives the caller behind an API token, ErrBadToken for none.
	Bearer func(ctx context.Context, token string) (Caller, error)
	// Session gives the signed-in person of a page, nobody when there is none.
	Session func(ctx context.Context) (Caller, error)
	// FindCommunity gives the id of a community by id or slug.
	FindCommunity func(ctx context.Context, idOrSlug string) (turnout.ID, error)
	// Sandbox says whether the sandbox provider is on.
	Sandbox bool
	// Fail answers with an error in the manner of the surface.
	Fail func(c *gin.Context, err error)

	memory eventMemory
}

// Enforce gives the middleware that lets through whom the rule names and puts caller, community and event into the
// request's context.
func (g *Gate) Enforce(rule Rule) gin.HandlerFunc {
	if rule.Kind == kindNone {
		panic("access: a route without a rule")
	}
	return func(c *gin.Context) {
		r, err := g.admit(c, rule)
		if r != nil { // the refusal of a known caller says who they are here, too
			ctx := context.WithValue(c.Request.Context(), requestKey{}, r)
			c.Request = c.Request.WithContext(audit.WithActor(ctx, r.actor()))
		}
		if err != nil {
			g.Fail(c, err)
			c.Abort()
			return
		}
		c.Next()
	}
}

func (r *request) actor() audit.Actor {
	switch {
	case r.caller.Token != "":
		return audit.Actor{Kind: audit.Token, ID: r.caller.Token}
	case r.caller.Device != nil:
		return audit.Actor{Kind: audit.Device, ID: r.caller.Device.ID}
	case r.caller.Account != "":
		return audit.Actor{Kind: audit.Staff, ID: r.caller.Account}
	}
	return audit.Actor{Kind: audit.Buyer}
}

func (g *Gate) admit(c *gin.Context, rule Rule) (*request, error) {
	if rule.Kind == KindSandbox && !g.Sandbox {
		return nil, turnout.ErrNotFound
	}
	caller, err := g.caller(c, rule)
	if err != nil {
		return nil, err
	}
	r := &request{caller: caller, community: caller.Community}
	if err := rule.known(c, caller); err != nil {
		return nil, err
	}
	if rule.Lazy {
		return r, nil
	}
	if err := g.resolve(c, rule, r); err != nil {
		return nil, err
	}
	return r, rule.allowed(r)
}

// caller reads who comes: by bearer token under /api, by session, or at a door as a paired phone, elsewhere.
func (g *Gate) caller(c *gin.Context, rule Rule) (Caller, error) {
	ctx := c.Request.Context()
	if IsPage(c.FullPath()) {
		person, err := g.Session(ctx)
		if err != nil || rule.Device == "" {
			return person, err
		}
		return g.phone(c, person)
	}
	header := c.GetHeader("Authorization")
	if header == "" {
		return Caller{}, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Caller{}, ErrBadToken
	}
	if token = strings.TrimSpace(token); checkin.IsDeviceSecret(token) {
		return g.device(c, token)
	}
	return g.Bearer(ctx, token)
}

// machines are the beginnings of paths that are not pages.
var machines = []string{"/api/", "/static/", "/hooks/", "/sandbox/payments/", "/healthz", "/readyz", "/metrics"}

// IsPage reports whether a path is a page's: pages know a session and answer with HTML.
func IsPage(path string) bool {
	return !slices.ContainsFunc(machines, func(start string) bool { return strings.HasPrefix(path, start) })
}

// known refuses nobody where somebody is needed.
func (rule Rule) known(c *gin.Context, caller Caller) error {
	if caller.Device != nil {
		if rule.Device == "" {
			return ErrDeviceHas
		}
		return nil
	}
	switch rule.Kind {
	case KindDevice:
		return checkin.ErrDevice
	case KindToken:
		if caller.Token == "" {
			return ErrNobody
		}
	case KindSignedIn, KindStaff:
		if caller.Account == "" {
			return ErrSignIn
		}
	case KindSecret:
		if caller.Nobody() && c.Query("secret") == "" {
			return ErrNoSecret
		}
	}
	return nil
}

// resolve looks up what the path names, as far as the caller may know of it.
func (g *Gate) resolve(c *gin.Context, rule Rule, r *request) (err error) {
	ctx := c.Request.Context()
	if r.caller.Device != nil {
		return g.resolveDevice(c, r)
	}
	if name := c.Param("community"); name != "" {
		if rule.Kind == KindStaff {
			place, ok := r.caller.At(name)
			if !ok {
				return turnout.ErrNotFound
			}
			r.community = place.ID
		} else if r.community, err = g.FindCommunity(ctx, name); err != nil {
			return err
		}
	}
	name := c.Param("event")
	if name == "" {
		return nil
	}
	switch {
	case rule.Kind == KindPublic && r.caller.Nobody() && c.Request.Method == http.MethodPost && !IsPage(c.FullPath()):
		r.event, err = g.memory.event(ctx, name, func(ctx context.Context) (*events.Event, error) { return g.publicEvent(ctx, rule, r.caller, name) })
	case rule.Kind == KindToken:
		r.event, err = events.Find(ctx, g.DB.Read(), r.caller.Community, name)
	case rule.Kind == KindStaff, rule.Kind == KindSignedIn:
		r.event, err = events.FindIn(ctx, g.DB.Read(), r.caller.CommunityIDs(), name)
	default:
		r.event, err = g.publicEvent(ctx, rule, r.caller, name)
	}
	if err != nil {
		return err
	}
	r.community = r.event.CommunityID
	return nil
}

// publicEvent gives an event that anybody may see, or a draft of the token's own community when its scope shows drafts.
func (g *Gate) publicEvent(ctx context.Context, rule Rule, caller Caller, name string) (*events.Event, error) {
	if caller.Token != "" && rule.Need != "" {
		event, err := events.Find(ctx, g.DB.Read(), caller.Community, name)
		switch {
		case err == nil && caller.May(rule.Need, event.CommunityID, event):
			return event, nil
		case err != nil && !errors.Is(err, turnout.ErrNotFound):
			return nil, err
		}
	}
	return events.FindPublic(ctx, g.DB.Read(), name)
}

// met says whether the caller has what the rule names, or what it names instead.
func (rule Rule) met(r *request) bool {
	return r.caller.May(rule.Need, r.community, r.event) || rule.Or != "" && r.caller.May(rule.Or, r.community, r.event)
}

// allowed refuses a known caller who lacks the scope or capability.
func (rule Rule) allowed(r *request) error {
	if r.caller.Device != nil {
		if !r.caller.Covers(rule.Device) {
			return ErrDeviceIs
		}
		return nil
	}
	switch rule.Kind {
	case KindToken:
		if !rule.met(r) {
			return ErrScope.With("This API token lacks the scope %s.", rule.Need)
		}
	case KindStaff:
		if !rule.met(r) {
			return ErrForbidden
		}
	case KindSecret:
		if r.caller.Token != "" && !r.caller.May(rule.Need, r.community, r.event) {
			return ErrScope.With("This API token lacks the scope %s.", rule.Need)
		}
	}
	return nil
}
