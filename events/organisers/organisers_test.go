package organisers_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const secretWords = "correct horse battery"

// world is a service with a clock that the test turns and a box for its mails.
type world struct {
	*organisers.Service
	clock atomic.Pointer[time.Time]
	mu    sync.Mutex
	mails []organisers.Mail
}

func newWorld(t *testing.T, db *database.DB) *world {
	t.Helper()
	w := new(world)
	w.at(noon)
	w.Service = &organisers.Service{DB: db, Now: func() time.Time { return *w.clock.Load() }, SendMail: func(_ context.Context, _ bun.IDB, mail organisers.Mail) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.mails = append(w.mails, mail)
		return nil
	}}
	return w
}

func (w *world) at(now time.Time) { w.clock.Store(&now) }

// mail gives the last mail.
func (w *world) mail(t *testing.T) organisers.Mail {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.mails) == 0 {
		t.Fatal("no mail was sent")
	}
	return w.mails[len(w.mails)-1]
}

// community makes one whose owner has a password.
func (w *world) community(t *testing.T, slug, owner string) (*organisers.Community, *organisers.Account) {
	t.Helper()
	community, account, secret, err := w.CreateCommunity(t.Context(), organisers.NewCommunity{Slug: slug, Name: "The " + slug}, owner)
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" {
		if err := w.ResetPassword(t.Context(), secret, secretWords); err != nil {
			t.Fatal(err)
		}
	}
	return community, account
}

// join invites somebody and accepts for them.
func (w *world) join(t *testing.T, community *organisers.Community, email string, role organisers.Role) *organisers.Account {
	t.Helper()
	if err := w.Invite(t.Context(), community.ID, email, everywhere(community, role)); err != nil {
		t.Fatal(err)
	}
	account, _, err := w.AcceptInvitation(t.Context(), w.mail(t).Token, "Somebody", secretWords)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func everywhere(c *organisers.Community, role organisers.Role) organisers.Grant {
	return organisers.Grant{Role: role, Scope: organisers.Scope{Kind: organisers.InCommunity, ID: c.ID}}
}

func member(t *testing.T, w *world, community turnout.ID, account *organisers.Account) organisers.Member {
	t.Helper()
	members, err := organisers.Members(t.Context(), w.DB.Read(), community)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(members, func(m organisers.Member) bool { return m.AccountID == account.ID })
	if i < 0 {
		t.Fatalf("%s is not among the staff %+v", account.ID, members)
	}
	return members[i]
}

func field(t *testing.T, err error, want string) {
	t.Helper()
	e, ok := errors.AsType[*turnout.Error](err)
	if !ok || e.Kind != turnout.Invalid || len(e.Fields) == 0 || e.Fields[0].Name != want {
		t.Errorf("the error is %v, want one about %s", err, want)
	}
}

func TestCommunityHasAnOwnerWhoIsAPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		community, owner := w.community(t, "gophers", "Ada@Example.org")
		if owner.Email != "ada@example.org" || owner.Name != "ada" || community.Timezone != "UTC" || community.Locale != "en" {
			t.Errorf("made %+v, %+v", community, owner)
		}
		m := member(t, w, community.ID, owner)
		if !slices.Equal(m.Grants, []organisers.Grant{everywhere(community, organisers.Owner)}) || !m.PersonID.Is("per") {
			t.Errorf("the owner is %+v", m)
		}
		if _, _, _, err := w.CreateCommunity(t.Context(), organisers.NewCommunity{Slug: "gophers", Name: "X"}, "b@example.org"); !errors.Is(err, organisers.ErrCommunitySlugTaken) {
			t.Errorf("the same slug: %v", err)
		}
		second, again, secret, err := w.CreateCommunity(t.Context(), organisers.NewCommunity{Slug: "second", Name: "Second"}, "ada@example.org")
		if err != nil || again.ID != owner.ID || secret != "" {
			t.Errorf("a second community of the owner: %+v, link %q, %v", again, secret, err)
		}
		standing, err := organisers.FindStanding(t.Context(), db.Read(), owner.ID)
		if err != nil || len(standing.Communities) != 2 || standing.Communities[0].ID != second.ID {
			t.Errorf("the owner's communities: %+v, %v", standing, err)
		}
		_, _, _, err = w.CreateCommunity(t.Context(), organisers.NewCommunity{Slug: "A b", Name: "X"}, "b@example.org")
		field(t, err, "slug")
		_, _, _, err = w.CreateCommunity(t.Context(), organisers.NewCommunity{Slug: "ab", Name: "X", Timezone: "Local"}, "b@example.org")
		field(t, err, "timezone")
		_, _, _, err = w.CreateCommunity(t.Context(), organisers.NewCommunity{Slug: "ab", Name: "X"}, "nobody")
		field(t, err, "owner")
	})
}

func TestPatchCommunity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		community, _ := w.community(t, "gophers", "ada@example.org")
		name, red := "Gophers", "red"
		got, err := w.PatchCommunity(t.Context(), community.ID, 1, organisers.CommunityPatch{Name: &name})
		if err != nil || got.Name != name || got.Version != 2 || got.Timezone != "UTC" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := w.PatchCommunity(t.Context(), community.ID, 1, organisers.CommunityPatch{Name: &name}); !errors.Is(err, turnout.ErrStale) {
			t.Errorf("stale: %v", err)
		}
		_, err = w.PatchCommunity(t.Context(), community.ID, 0, organisers.CommunityPatch{Accent: &red})
		field(t, err, "accent")
		if _, err := w.PatchCommunity(t.Context(), "com_none", 0, organisers.CommunityPatch{}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
	})
}
