// Package access says who may call a route and holds them to it.
//
// Every row of the route table carries a [Rule]; [Gate.Enforce] makes the middleware from it, so a route without one
// cannot exist. Programs come with a bearer token and use /api; people come with a session cookie and use pages. Neither
// opens the other's door: a cookie alone never reaches /api, so no other site can act there through somebody's browser. A
// device of a door comes with either, a paired phone with a cookie of its own, and is held to its event, its list and its role;
// routes that do not name a role of devices are closed to it.
//
// A path's {event} (id or slug) and {community} (id or slug) are looked up once, here. What belongs to another community
// is 404 for tokens and staff alike; a known caller who lacks the scope or the capability gets 403, nobody gets 401.
package access

import (
	"context"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/checkin"
	"turnout/events"
	"turnout/events/organisers"
)

// Kind is the sort of a rule.
type Kind int

// The kinds of rule.
const (
	kindNone     Kind = iota
	KindPublic        // anybody
	KindSecret        // whoever has the order's secret, or a token with the scope
	KindLink          // a page whose address holds a secret, which its handler checks
	KindSignedIn      // any person with a session
	KindStaff         // a person with a session and the capability
	KindToken         // a program whose token has the scope
	KindSandbox       // anybody, and only while the sandbox provider is on
	KindDevice        // a page for a paired device alone
)

// Rule is who may call a route.
type Rule struct {
	Kind Kind
	// Need is the scope that a token must have, or the capability of a staff member; both are words such as
	// "orders:read". On a public route it is what widens the answer (drafts among the events), not what opens it.
	Need string
	// Or is another scope or capability that opens the route as well, "" for none.
	Or string
	// Device is the role that a device needs to call the route too, "" for a route that no device may call.
	Device checkin.Role
	// Lazy leaves looking the event and community up to the handler: for pages that are mostly answered from memory.
	Lazy bool
}

// The rules without a parameter.
var (
	Public   = Rule{Kind: KindPublic}
	Link     = Rule{Kind: KindLink}
	SignedIn = Rule{Kind: KindSignedIn}
	Sandbox  = Rule{Kind: KindSandbox}
)

// PublicLazy is for public pages that are mostly answered from memory: the handler looks up what the path names.
var PublicLazy = Rule{Kind: KindPublic, Lazy: true}

// PublicOr is for routes that anybody may call and that show more to a token with the scope.
func PublicOr(scope string) Rule { return Rule{Kind: KindPublic, Need: scope} }

// SecretOr is for routes of one order: its secret (?secret=) or a token with the scope opens them.
func SecretOr(scope string) Rule { return Rule{Kind: KindSecret, Need: scope} }

// Staff is for pages that need a capability at the event or community in their path.
func Staff(capability string) Rule { return Rule{Kind: KindStaff, Need: capability} }

// StaffOr is Staff for pages that either of two capabilities opens.
func StaffOr(capability, or string) Rule {
	return Rule{Kind: KindStaff, Need: capability, Or: or}
}

// Token is for calls that need a scope.
func Token(scope string) Rule { return Rule{Kind: KindToken, Need: scope} }

// TokenOr is Token for calls that either of two scopes opens.
func TokenOr(scope, or string) Rule {
	return Rule{Kind: KindToken, Need: scope, Or: or}
}

// OrDevice opens a route to the devices of the event, and of the list if they have one, with the role.
func (rule Rule) OrDevice(role checkin.Role) Rule {
	rule.Device = role
	return rule
}

// Device is for pages that only a paired device has a use for.
func Device(role checkin.Role) Rule { return Rule{Kind: KindDevice, Device: role} }

// Frame chooses the Content-Security-Policy of a page.
type Frame int

// The frames.
const (
	Strict  Frame = iota // nothing from elsewhere, no inline script or style
	Camera               // strict, with the camera and WebAssembly of the door's code reader
	Paying               // strict, with forms that may lead to the payment provider
	Joining              // strict, with forms that may lead to any site: the room of a virtual event
)

// Route is one row of the route table.
type Route struct {
	Method string
	Path   string // as in the API document: /events/{event}/orders
	Who    Rule
	Handle gin.HandlerFunc
	Frame  Frame // of pages
	// Unseen says that what the row writes, such as a scan, shows on no public page: those that are remembered stay so.
	Unseen bool
	// Sells says that the row places orders: all such rows share one limit for strangers.
	Sells bool
	// Redraws says that the row draws a form again while somebody fills it in: all such rows share one limit for strangers, a wide one.
	Redraws bool
}

// Caller is who makes the request. The zero Caller is nobody.
type Caller struct {
	Token     turnout.ID      // the token's id, "" for none
	Account   turnout.ID      // the signed-in account's id, "" for none
	Device    *checkin.Device // at a door; nil for none
	Community turnout.ID      // that of a token or device; of staff it comes from the path
	Name      string          // of staff
	Email     string          // of staff
	// Communities are those that a staff member works on, by name.
	Communities []organisers.Workplace
	// Has says whether the caller has a scope or capability in a community, and at an event if one is given.
	Has func(need string, community turnout.ID, event *events.Event) bool
}

// Nobody reports whether the caller is unknown.
func (c Caller) Nobody() bool { return c.Token == "" && c.Account == "" && c.Device == nil }

// At gives the community with an id or slug, if a staff member works on it.
func (c Caller) At(idOrSlug string) (organisers.Workplace, bool) {
	for _, place := range c.Communities {
		if idOrSlug == string(place.ID) || idOrSlug == place.Slug {
			return place, true
		}
	}
	return organisers.Workplace{}, false
}

// CommunityIDs are those of Communities.
func (c Caller) CommunityIDs() (ids []turnout.ID) {
	for _, place := range c.Communities {
		ids = append(ids, place.ID)
	}
	return ids
}

// ID names the caller in nonces, idempotency scopes and the audit log; "" for nobody.
func (c Caller) ID() turnout.ID {
	switch {
	case c.Token != "":
		return c.Token
	case c.Device != nil:
		return c.Device.ID
	}
	return c.Account
}

// At the door, a device does what its role covers; everybody else whom the route let in does all.

// Covers reports whether the caller may do what takes a role of a device.
func (c Caller) Covers(role checkin.Role) bool { return c.Device == nil || c.Device.Role.Covers(role) }

// Serves reports whether the caller may use a check-in list of the event.
func (c Caller) Serves(list *checkin.List) bool { return c.Device == nil || c.Device.Serves(list) }

// Gate is the gate of a scan: that of the device, else the one that the scan names.
func (c Caller) Gate(named string) string {
	if c.Device != nil && c.Device.Gate != "" {
		return c.Device.Gate
	}
	return named
}

// May reports whether the caller has the scope or capability in the community, and at the event if one is given.
func (c Caller) May(need string, community turnout.ID, event *events.Event) bool {
	return c.Has != nil && c.Has(need, community, event)
}

// request is what the gate found out about a request.
type request struct {
	caller    Caller
	community turnout.ID
	event     *events.Event
}

type requestKey struct{}

func found(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// Who is the request's caller.
func Who(c *gin.Context) Caller { return found(c.Request.Context()).caller }

// Community is the community that the request is about: that of the event or community in the path, else the token's.
// It is empty on public routes without an event.
func Community(c *gin.Context) turnout.ID { return found(c.Request.Context()).community }

// EventOrNone is the event in the path, nil on routes without one.
func EventOrNone(c *gin.Context) *events.Event { return found(c.Request.Context()).event }

// Event is the event in the path. It is the caller's to see; asking on a route without {event} is a mistake in the program.
func Event(c *gin.Context) *events.Event {
	e := found(c.Request.Context()).event
	if e == nil {
		panic("access: " + c.FullPath() + " has no {event}")
	}
	return e
}
