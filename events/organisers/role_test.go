package organisers_test

import (
	"slices"
	"testing"

	"turnout"
	"turnout/events/organisers"
)

func TestCan(t *testing.T) {
	grant := func(role organisers.Role, kind organisers.ScopeKind, id turnout.ID) []organisers.Grant {
		return []organisers.Grant{{Role: role, Scope: organisers.Scope{Kind: kind, ID: id}}}
	}
	whole, ours := organisers.Place{Community: "com_a"}, organisers.Place{Community: "com_a", Group: "grp_a", Event: "evt_a"}
	theirs, other := organisers.Place{Community: "com_b", Event: "evt_b"}, organisers.Place{Community: "com_a", Event: "evt_c"}
	for _, tt := range []struct {
		grants []organisers.Grant
		want   organisers.Capability
		at     organisers.Place
		can    bool
	}{
		{grant("owner", "community", "com_a"), "settings:write", whole, true},
		{grant("owner", "community", "com_a"), "settings:write", ours, true},
		{grant("owner", "community", "com_a"), "events:read", theirs, false},
		{grant("organiser", "community", "com_a"), "settings:read", whole, true},
		{grant("organiser", "community", "com_a"), "settings:write", whole, false},
		{grant("organiser", "community", "com_a"), "orders:write", ours, true},
		{grant("organiser", "event", "evt_a"), "orders:write", ours, true},
		{grant("organiser", "event", "evt_a"), "orders:write", other, false},
		{grant("organiser", "event", "evt_a"), "events:write", whole, false},
		{grant("organiser", "group", "grp_a"), "events:write", ours, true},
		{grant("organiser", "group", "grp_a"), "events:write", other, false},
		{grant("door", "event", "evt_a"), "checkin:write", ours, true},
		{grant("door", "event", "evt_a"), "orders:read", ours, false},
		{grant("finance", "community", "com_a"), "orders:write", ours, true},
		{grant("finance", "community", "com_a"), "agenda:write", ours, false},
		{grant("agenda_editor", "event", "evt_a"), "agenda:write", ours, true},
		{grant("agenda_editor", "event", "evt_a"), "tickets:write", ours, false},
		{grant("viewer", "community", "com_a"), "recap:read", ours, true},
		{grant("viewer", "community", "com_a"), "people:read", ours, false},
		{grant("king", "community", "com_a"), "events:read", ours, false},
		{grant("owner", "event", ""), "events:read", whole, false},
		{nil, "events:read", ours, false},
	} {
		if got := organisers.Can(tt.grants, tt.want, tt.at); got != tt.can {
			t.Errorf("%+v can %s at %+v: %v", tt.grants, tt.want, tt.at, got)
		}
	}
}

// What the roles and tokens name is what routes can ask for, and no viewer writes.
func TestCapabilitiesAreKnown(t *testing.T) {
	if len(organisers.Capabilities) != 20 {
		t.Errorf("%d capabilities, want 10 subjects to read and write", len(organisers.Capabilities))
	}
	for role, has := range organisers.Roles {
		for _, c := range has {
			if c != organisers.All && !slices.Contains(organisers.Capabilities, c) {
				t.Errorf("%s has %q, which no route can ask for", role, c)
			}
		}
	}
	for _, c := range organisers.Capabilities {
		if !organisers.Covers(organisers.Roles[organisers.Owner], c) {
			t.Errorf("an owner may not %s", c)
		}
		if organisers.Covers([]organisers.Capability{"events:read"}, c) != (c == "events:read") {
			t.Errorf("to read events covers %s", c)
		}
	}
}
