package organisers

import (
	"slices"
	"strings"

	"turnout"
)

// Capability is a thing that one may do: a subject and read or write. API tokens carry them as scopes.
type Capability string

// All stands in a token for every capability.
const All Capability = "all"

// Capabilities lists what routes can ask for, in the order of the corridor.
var Capabilities = func() (all []Capability) {
	for _, subject := range []string{"events", "agenda", "tickets", "orders", "checkin", "people", "sponsors", "budget", "recap", "settings"} {
		all = append(all, Capability(subject+":read"), Capability(subject+":write"))
	}
	return all
}()

// Covers reports whether having these capabilities is having the one asked for: itself, everything, or the right to write what
// is to be read.
func Covers(have []Capability, want Capability) bool {
	return slices.Contains(have, want) || slices.Contains(have, All) ||
		strings.HasSuffix(string(want), ":read") && slices.Contains(have, Capability(strings.TrimSuffix(string(want), ":read")+":write"))
}

// Role is what somebody does for a community, a group or an event.
type Role string

// The roles.
const (
	Owner        Role = "owner"
	Organiser    Role = "organiser"
	Finance      Role = "finance"
	AgendaEditor Role = "agenda_editor"
	Door         Role = "door"
	Viewer       Role = "viewer"
)

// Roles says what each role may do. An organiser runs events, but staff, tokens and settings are the owner's; a viewer sees no
// orders and no people.
var Roles = map[Role][]Capability{
	Owner: {All},
	Organiser: {"events:write", "agenda:write", "tickets:write", "orders:write", "checkin:write", "people:write", "sponsors:write",
		"budget:write", "recap:write", "settings:read"},
	Finance:      {"events:read", "tickets:read", "orders:write", "people:read", "sponsors:write", "budget:write", "recap:read"},
	AgendaEditor: {"events:read", "agenda:write"},
	Door:         {"events:read", "agenda:read", "checkin:write"},
	Viewer:       {"events:read", "agenda:read", "tickets:read", "sponsors:read", "recap:read"},
}

// ScopeKind says how far a grant reaches.
type ScopeKind string

// The kinds of scope.
const (
	InCommunity ScopeKind = "community"
	InGroup     ScopeKind = "group"
	InEvent     ScopeKind = "event"
)

// Scope is where a grant holds: the community, one of its groups with that group's events, or one event.
type Scope struct {
	Kind ScopeKind  `bun:"scope_kind"`
	ID   turnout.ID `bun:"scope_id"`
}

// Grant gives a role within a scope.
type Grant struct {
	Role  Role
	Scope Scope
}

// Place is where something is about to be done. Group and Event are empty for what concerns the whole community.
type Place struct {
	Community turnout.ID
	Group     turnout.ID
	Event     turnout.ID
}

func (s Scope) holds(at Place) bool {
	switch s.Kind {
	case InCommunity:
		return s.ID == at.Community && s.ID != ""
	case InGroup:
		return s.ID == at.Group && s.ID != ""
	case InEvent:
		return s.ID == at.Event && s.ID != ""
	}
	return false
}

// Can reports whether the grants allow something at a place.
func Can(grants []Grant, want Capability, at Place) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Scope.holds(at) && Covers(Roles[g.Role], want) })
}
