package organisers_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"turnout"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestFirstOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		link := func() string {
			t.Helper()
			secret, err := w.FirstOwnerLink(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return secret
		}
		old, secret := link(), link()
		in := organisers.NewOwner{Name: " Ada ", Email: "ada@example.org", Password: secretWords, Community: organisers.NewCommunity{Slug: "gophers", Name: "Gophers"}}
		if _, _, err := w.CreateFirstOwner(t.Context(), old, in); !errors.Is(err, organisers.ErrLink) {
			t.Errorf("the link of an earlier start: %v", err)
		}
		_, _, err := w.CreateFirstOwner(t.Context(), secret, organisers.NewOwner{})
		if e, ok := errors.AsType[*turnout.Error](err); !ok || len(e.Fields) != 5 {
			t.Errorf("an empty form: %v", err)
		}
		var made atomic.Int64
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				account, community, err := w.CreateFirstOwner(context.Background(), secret, in)
				if err == nil && account.Name == "Ada" && community.Slug == "gophers" {
					made.Add(1)
				} else if !errors.Is(err, organisers.ErrLink) {
					t.Errorf("%+v, %v", account, err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 {
			t.Errorf("%d first owners", made.Load())
		}
		if _, err := w.SignIn(t.Context(), "ada@example.org", secretWords, "192.0.2.1"); err != nil {
			t.Error(err)
		}
		if again := link(); again != "" {
			t.Error("a second first owner could be made")
		}
	})
}

func TestInvitation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		community, _ := w.community(t, "gophers", "ada@example.org")
		other, eve := w.community(t, "others", "eve@example.org")
		grant := everywhere(community, organisers.Finance)
		invite := func(email string) string {
			t.Helper()
			if err := w.Invite(t.Context(), community.ID, email, grant); err != nil {
				t.Fatal(err)
			}
			return w.mail(t).Token
		}
		old, secret := invite("bob@example.org"), invite("BOB@example.org")
		if m := w.mail(t); m.To != "bob@example.org" || m.Community.ID != community.ID || m.Role != organisers.Finance || !m.Expires.Equal(noon.AddDate(0, 0, 7)) {
			t.Errorf("the mail is %+v", m)
		}
		if _, _, err := w.AcceptInvitation(t.Context(), old, "Bob", secretWords); !errors.Is(err, organisers.ErrLink) {
			t.Errorf("the invitation before: %v", err)
		}
		_, _, err := w.AcceptInvitation(t.Context(), secret, "Bob", "short")
		field(t, err, "password")
		if list, err := w.Invitations(t.Context(), community.ID); err != nil || len(list) != 1 || list[0].Email != "bob@example.org" || list[0].Scope != grant.Scope {
			t.Errorf("open invitations: %+v, %v", list, err)
		}
		var accepted atomic.Int64
		var wg sync.WaitGroup
		for range 8 { // clicked twice, and more
			wg.Go(func() {
				_, created, err := w.AcceptInvitation(context.Background(), secret, "Bob", secretWords)
				if err == nil && created {
					accepted.Add(1)
				} else if !errors.Is(err, organisers.ErrLink) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if accepted.Load() != 1 {
			t.Errorf("accepted %d times", accepted.Load())
		}
		bob, err := w.SignIn(t.Context(), "bob@example.org", secretWords, "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		standing, err := organisers.FindStanding(t.Context(), db.Read(), bob.ID)
		if err != nil || len(standing.Grants) != 1 || !slices.Equal(standing.Grants[community.ID], []organisers.Grant{grant}) || !slices.Equal(standing.Communities, []organisers.Workplace{{ID: community.ID, Slug: community.Slug, Name: community.Name, Timezone: community.Timezone}}) {
			t.Errorf("bob may %+v, %v", standing, err)
		}
		if err := w.Invite(t.Context(), community.ID, "ADA@example.org", grant); !errors.Is(err, organisers.ErrInTeam) {
			t.Errorf("somebody who is in the team: %v", err)
		}
		// Somebody with an account keeps their password and name.
		if a, created, err := w.AcceptInvitation(t.Context(), invite("eve@example.org"), "Mallory", "another password"); err != nil || created || a.ID != eve.ID || a.Name != "eve" {
			t.Errorf("the owner of another community was invited: %+v, %v, %v", a, created, err)
		}
		if _, err := w.SignIn(t.Context(), "eve@example.org", secretWords, "192.0.2.1"); err != nil {
			t.Errorf("an invitation changed a password: %v", err)
		}
		late := invite("carl@example.org")
		w.at(noon.AddDate(0, 0, 7))
		if _, _, err := w.AcceptInvitation(t.Context(), late, "Carl", secretWords); !errors.Is(err, organisers.ErrLink) {
			t.Errorf("after seven days: %v", err)
		}
		w.at(noon)
		withdrawn := invite("dan@example.org")
		list, err := w.Invitations(t.Context(), community.ID)
		if err != nil {
			t.Fatal(err)
		}
		hash := list[slices.IndexFunc(list, func(l organisers.Link) bool { return l.Email == "dan@example.org" })].TokenHash
		if err := w.WithdrawInvitation(t.Context(), other.ID, hash); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("withdrawn by another community: %v", err)
		}
		if err := w.WithdrawInvitation(t.Context(), community.ID, hash); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.AcceptInvitation(t.Context(), withdrawn, "Dan", secretWords); !errors.Is(err, organisers.ErrLink) {
			t.Errorf("a withdrawn invitation: %v", err)
		}
	})
}
