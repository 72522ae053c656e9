package organisers_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/organisers"
	"turnout/internal/audit"
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
		list, err := organisers.Communities(t.Context(), db.Read(), owner.ID)
		if err != nil || len(list) != 2 || list[0].ID != second.ID {
			t.Errorf("the owner's communities: %+v, %v", list, err)
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

func TestSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		_, owner := w.community(t, "gophers", "ada@example.org")
		if _, _, _, err := w.CreateCommunity(t.Context(), organisers.NewCommunity{Slug: "second", Name: "Second"}, "nopassword@example.org"); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			email, password string
			fits            bool
		}{
			{" ADA@example.org ", secretWords, true},
			{"ada@example.org", secretWords + " ", false},
			{"ada@example.org", "", false},
			{"ada@example.org", strings.Repeat("x", 100_000), false},
			{"nobody@example.org", secretWords, false},
			{"nopassword@example.org", "", false},
			{"not an address", secretWords, false},
		} {
			account, err := w.SignIn(t.Context(), tt.email, tt.password, "192.0.2.1")
			if tt.fits != (err == nil) || !tt.fits && !errors.Is(err, organisers.ErrSignIn) || tt.fits && account.ID != owner.ID {
				t.Errorf("%q with %.20q: %+v, %v", tt.email, tt.password, account, err)
			}
		}
	})
}

func TestGuessingIsLimited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		w.community(t, "gophers", "ada@example.org")
		var refused, limited atomic.Int64
		var wg sync.WaitGroup
		for range 24 { // all at once: each is counted before it is looked at
			wg.Go(func() {
				switch _, err := w.SignIn(context.Background(), "ada@example.org", "wrong password", "192.0.2.1"); {
				case errors.Is(err, organisers.ErrSignIn):
					refused.Add(1)
				case errors.Is(err, organisers.ErrTooManyAttempts):
					limited.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if refused.Load() != 20 || limited.Load() != 4 {
			t.Errorf("%d refused, %d limited; want 20 and 4", refused.Load(), limited.Load())
		}
		if _, err := w.SignIn(t.Context(), "ada@example.org", secretWords, "192.0.2.9"); !errors.Is(err, organisers.ErrTooManyAttempts) {
			t.Errorf("the account from elsewhere: %v", err)
		}
		w.at(noon.Add(15 * time.Minute))
		for range 30 { // what is right is not counted
			if _, err := w.SignIn(t.Context(), "ada@example.org", secretWords, "192.0.2.1"); err != nil {
				t.Fatalf("after the wait: %v", err)
			}
		}
	})
}

func TestAnAddressThatGuessesManyAccounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		if _, err := db.Writer().ExecContext(t.Context(), "INSERT INTO attempts (bucket, count, expires_at) VALUES (?, 100, ?)", organisers.AddressBucket("192.0.2.1"), noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.SignIn(t.Context(), "new@example.org", "x", "192.0.2.1"); !errors.Is(err, organisers.ErrTooManyAttempts) {
			t.Errorf("the hundred and first account: %v", err)
		}
		if _, err := w.SignIn(t.Context(), "new@example.org", "x", "192.0.2.2"); !errors.Is(err, organisers.ErrSignIn) {
			t.Errorf("another address: %v", err)
		}
	})
}

func TestPasswords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		_, owner := w.community(t, "gophers", "ada@example.org")
		for _, bad := range []string{"", "123456789", strings.Repeat("ü", 201), "ééééééééé"} {
			field(t, w.SetPassword(t.Context(), owner.ID, bad), "password")
		}
		// Typed with a composed or a combining accent, on one keyboard or another, it is one password.
		if err := w.SetPassword(t.Context(), owner.ID, "crème brûlée"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.SignIn(t.Context(), "ada@example.org", "cre\u0300me bru\u0302le\u0301e", "192.0.2.1"); err != nil {
			t.Errorf("the same password decomposed: %v", err)
		}
		before, err := organisers.FindAccount(t.Context(), db.Read(), owner.ID)
		if err != nil || !strings.HasPrefix(before.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("stored as %.40q, %v", before.PasswordHash, err)
		}
		if err := w.ChangePassword(t.Context(), owner.ID, "wrong", "a new password", "192.0.2.1"); !errors.Is(err, organisers.ErrSignIn) {
			t.Errorf("with a wrong old one: %v", err)
		}
		if err := w.ChangePassword(t.Context(), owner.ID, "crème brûlée", "a new password", "192.0.2.1"); err != nil {
			t.Error(err)
		}
		after, err := organisers.FindAccount(t.Context(), db.Read(), owner.ID)
		if err != nil || after.Epoch() == before.Epoch() {
			t.Errorf("the epoch stayed %q, %v", after.Epoch(), err)
		}
		if err := w.SetPassword(t.Context(), "acc_none", secretWords); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("an unknown account: %v", err)
		}
	})
}

func TestResetPassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		_, owner := w.community(t, "gophers", "ada@example.org")
		sessions := &organisers.WebSessions{DB: db, Now: w.Now, Account: func([]byte) turnout.ID { return owner.ID }}
		if err := sessions.CommitCtx(t.Context(), "token", []byte("data"), noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := w.RequestReset(t.Context(), "nobody@example.org", "192.0.2.1"); err != nil || len(w.mails) != 0 {
			t.Errorf("a reset for nobody: %v, %d mails", err, len(w.mails))
		}
		ask := func() string {
			t.Helper()
			if err := w.RequestReset(t.Context(), "Ada@example.org", "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
			return w.mail(t).Token
		}
		old, secret := ask(), ask()
		field(t, w.ResetPassword(t.Context(), secret, "short"), "password")
		if _, err := w.FindLink(t.Context(), organisers.Invitation, secret); !errors.Is(err, organisers.ErrLink) {
			t.Errorf("a link of another kind: %v", err)
		}
		if err := w.ResetPassword(t.Context(), secret, "the new password"); err != nil {
			t.Fatal(err)
		}
		for what, dead := range map[string]string{"used": secret, "older": old, "made up": "x"} {
			if err := w.ResetPassword(t.Context(), dead, secretWords); !errors.Is(err, organisers.ErrLink) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, there, err := sessions.FindCtx(t.Context(), "token"); err != nil || there {
			t.Errorf("the old session goes on: %v", err)
		}
		if _, err := w.SignIn(t.Context(), "ada@example.org", "the new password", "192.0.2.1"); err != nil {
			t.Error(err)
		}
		late := ask()
		w.at(noon.Add(time.Hour))
		if err := w.ResetPassword(t.Context(), late, secretWords); !errors.Is(err, organisers.ErrLink) {
			t.Errorf("after an hour: %v", err)
		}
		w.at(noon)
		if err := w.RequestReset(t.Context(), "ada@example.org", "192.0.2.1"); !errors.Is(err, organisers.ErrTooManyAttempts) {
			t.Errorf("the fourth within an hour: %v", err)
		}
	})
}

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
		community, owner := w.community(t, "gophers", "ada@example.org")
		other, _ := w.community(t, "others", "eve@example.org")
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
		grants, err := organisers.Grants(t.Context(), db.Read(), community.ID, bob.ID)
		if err != nil || !slices.Equal(grants, []organisers.Grant{grant}) {
			t.Errorf("bob may %+v, %v", grants, err)
		}
		if grants, err := organisers.Grants(t.Context(), db.Read(), other.ID, bob.ID); err != nil || len(grants) != 0 {
			t.Errorf("bob may elsewhere %+v, %v", grants, err)
		}
		// Somebody with an account keeps their password and name.
		if a, created, err := w.AcceptInvitation(t.Context(), invite("ada@example.org"), "Mallory", "another password"); err != nil || created || a.ID != owner.ID || a.Name != "ada" {
			t.Errorf("the owner was invited: %+v, %v, %v", a, created, err)
		}
		if _, err := w.SignIn(t.Context(), "ada@example.org", secretWords, "192.0.2.1"); err != nil {
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
		if grants, err := organisers.Grants(t.Context(), db.Read(), community.ID, bob.ID); err != nil || len(grants) != 0 {
			t.Errorf("bob still may %+v, %v", grants, err)
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

func TestTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		community, _ := w.community(t, "gophers", "ada@example.org")
		secret, made, err := w.CreateToken(t.Context(), community.ID, "CI", []organisers.Capability{"orders:read", "events:write", "orders:read"})
		if err != nil || !strings.HasPrefix(secret, "trn_") || len(made.Scopes) != 2 {
			t.Fatalf("%q %+v %v", secret, made, err)
		}
		if stored := made.TokenHash; strings.Contains(stored, secret) || len(stored) != 64 {
			t.Errorf("stored as %q", stored)
		}
		token, err := w.Authenticate(t.Context(), secret)
		if err != nil || token.ID != made.ID || !token.Can("events:read") || !token.Can("orders:read") || token.Can("orders:write") || token.Can("people:read") {
			t.Errorf("%+v, %v", token, err)
		}
		for what, wrong := range map[string]string{"cut off": secret[:len(secret)-1], "changed": strings.Replace(secret, secret[10:12], "zz", 1), "empty": "", "prefix": "trn_", "long": "trn_" + strings.Repeat("a", 9999)} {
			if _, err := w.Authenticate(t.Context(), wrong); !errors.Is(err, organisers.ErrUnauthenticated) {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, tt := range []struct {
			after time.Duration
			want  time.Time
		}{{59 * time.Second, noon}, {time.Minute, noon.Add(time.Minute)}} {
			w.at(noon.Add(tt.after))
			if _, err := w.Authenticate(t.Context(), secret); err != nil {
				t.Fatal(err)
			}
			list, err := organisers.Tokens(t.Context(), db.Read(), community.ID)
			if err != nil || len(list) != 1 || !list[0].LastUsedAt.Equal(tt.want) {
				t.Errorf("used after %s: %+v, %v; want %v", tt.after, list, err, tt.want)
			}
		}
		if err := w.RevokeToken(t.Context(), "com_other", token.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("revoked by another community: %v", err)
		}
		for range 2 {
			if err := w.RevokeToken(t.Context(), community.ID, token.ID); err != nil {
				t.Error(err)
			}
		}
		if _, err := w.Authenticate(t.Context(), secret); !errors.Is(err, organisers.ErrUnauthenticated) {
			t.Errorf("a revoked token: %v", err)
		}
		_, _, err = w.CreateToken(t.Context(), community.ID, "x", []organisers.Capability{"events:delete"})
		field(t, err, "scopes")
		_, _, err = w.CreateToken(t.Context(), community.ID, "x", nil)
		field(t, err, "scopes")
		if _, _, err = w.CreateToken(t.Context(), "com_none", "x", []organisers.Capability{organisers.All}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("no such community: %v", err)
		}
	})
}

func TestWebSessions(t *testing.T) {
	var _ scs.CtxStore = (*organisers.WebSessions)(nil)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		store := &organisers.WebSessions{DB: db, Now: w.Now, Account: func(data []byte) turnout.ID { return turnout.ID(data[:3]) }}
		find := func(token, want string) {
			t.Helper()
			data, there, err := store.FindCtx(t.Context(), token)
			if err != nil || there != (want != "") || string(data) != want {
				t.Errorf("%s holds %q, %v, %v; want %q", token, data, there, err, want)
			}
		}
		for token, data := range map[string]string{"one": "ada\x00\xff", "two": "ada2", "three": "bob"} {
			if err := store.CommitCtx(t.Context(), token, []byte("adaold"), noon.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			if err := store.Commit(token, []byte(data), noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		find("one", "ada\x00\xff")
		find("none", "")
		if n, err := db.Read().NewSelect().Table("web_sessions").Where("token_hash IN ('one', 'two', 'three')").Count(t.Context()); err != nil || n != 0 {
			t.Errorf("%d tokens are stored as they are, %v", n, err)
		}
		if err := store.Delete("two"); err != nil {
			t.Fatal(err)
		}
		find("two", "")
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return organisers.EndSessions(ctx, tx, "ada") }); err != nil {
			t.Fatal(err)
		}
		find("one", "")
		find("three", "bob")
		w.at(noon.Add(time.Hour))
		find("three", "")
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := db.Read().NewSelect().Table("web_sessions").Count(t.Context()); err != nil || n != 0 {
			t.Errorf("%d sessions outlived the sweep, %v", n, err)
		}
	})
}
