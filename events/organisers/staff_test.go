package organisers_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"turnout"
	"turnout/events/organisers"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestGrantsAreChecked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		community, owner := w.community(t, "gophers", "ada@example.org")
		other, _ := w.community(t, "others", "eve@example.org")
		staff := member(t, w, community.ID, owner)
		for name, tt := range map[string]struct {
			grant organisers.Grant
			field string
		}{
			"unknown role":      {everywhere(community, "king"), "role"},
			"another community": {everywhere(other, organisers.Door), "scope"},
			"no such event":     {organisers.Grant{Role: organisers.Door, Scope: organisers.Scope{Kind: organisers.InEvent, ID: "evt_none"}}, "scope"},
			"no such group":     {organisers.Grant{Role: organisers.Door, Scope: organisers.Scope{Kind: organisers.InGroup, ID: "grp_none"}}, "scope"},
			"no scope":          {organisers.Grant{Role: organisers.Door}, "scope"},
			"owner of an event": {organisers.Grant{Role: organisers.Owner, Scope: organisers.Scope{Kind: organisers.InEvent, ID: "evt_none"}}, "role"},
		} {
			t.Run(name, func(t *testing.T) {
				field(t, w.Invite(t.Context(), community.ID, "bob@example.org", tt.grant), tt.field)
				field(t, w.SetGrants(t.Context(), community.ID, staff.ID, []organisers.Grant{tt.grant}), tt.field)
			})
		}
		field(t, w.SetGrants(t.Context(), community.ID, staff.ID, nil), "grants")
		if err := w.SetGrants(t.Context(), other.ID, staff.ID, []organisers.Grant{everywhere(other, organisers.Door)}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("staff of another community: %v", err)
		}
		both := []organisers.Grant{everywhere(community, organisers.Owner), everywhere(community, organisers.Door)}
		if err := w.SetGrants(t.Context(), community.ID, staff.ID, append(both, both[0])); err != nil {
			t.Fatal(err)
		}
		if got := member(t, w, community.ID, owner).Grants; !slices.Equal(got, both) {
			t.Errorf("grants %+v, want %+v", got, both)
		}
	})
}

func TestTheLastOwnerStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		community, ada := w.community(t, "gophers", "ada@example.org")
		staff := member(t, w, community.ID, ada)
		if err := w.RemoveStaff(t.Context(), community.ID, staff.ID); !errors.Is(err, organisers.ErrLastOwner) {
			t.Errorf("the last owner removed: %v", err)
		}
		if err := w.SetGrants(t.Context(), community.ID, staff.ID, []organisers.Grant{everywhere(community, organisers.Viewer)}); !errors.Is(err, organisers.ErrLastOwner) {
			t.Errorf("the last owner made a viewer: %v", err)
		}
		// Two owners remove each other at the same moment: one stays.
		bob := w.join(t, community, "bob@example.org", organisers.Owner)
		var wg sync.WaitGroup
		for _, id := range []turnout.ID{staff.ID, member(t, w, community.ID, bob).ID} {
			wg.Go(func() {
				if err := w.RemoveStaff(context.Background(), community.ID, id); err != nil && !errors.Is(err, organisers.ErrLastOwner) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if left, err := organisers.Members(t.Context(), db.Read(), community.ID); err != nil || len(left) != 1 || len(left[0].Grants) != 1 {
			t.Errorf("left are %+v, %v", left, err)
		}
	})
}

func TestRemovedStaffMayNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		community, _ := w.community(t, "gophers", "ada@example.org")
		bob := w.join(t, community, "bob@example.org", organisers.Organiser)
		id := member(t, w, community.ID, bob).ID
		if err := w.RemoveStaff(t.Context(), community.ID, id); err != nil {
			t.Fatal(err)
		}
		if standing, err := organisers.FindStanding(t.Context(), db.Read(), bob.ID); err != nil || len(standing.Grants) != 0 || len(standing.Communities) != 0 {
			t.Errorf("bob still may %+v, %v", standing, err)
		}
		if err := w.RemoveStaff(t.Context(), community.ID, id); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("removed again: %v", err)
		}
		entries, err := audit.List(t.Context(), db.Read(), community.ID, id, "", 10)
		if err != nil || len(entries) != 2 || entries[0].Action != "staff.removed" || entries[1].Action != "staff.joined" {
			t.Errorf("audit %+v, %v", entries, err)
		}
	})
}
