package organisers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnout"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

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

// One who has a whole /64 of IPv6 addresses, as every household has, gets no more guesses than one with a single address.
func TestAHouseholdOfAddressesIsOneClient(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		if _, err := db.Writer().ExecContext(t.Context(), "INSERT INTO attempts (bucket, count, expires_at) VALUES (?, 100, ?)", organisers.AddressBucket("2001:db8:1:2::1"), noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		for address, want := range map[string]error{
			"2001:db8:1:2:ffff:ffff:ffff:ffff": organisers.ErrTooManyAttempts, "2001:db8:1:3::1": organisers.ErrSignIn,
		} {
			if _, err := w.SignIn(t.Context(), "new@example.org", "x", address); !errors.Is(err, want) {
				t.Errorf("%s: %v", address, err)
			}
		}
		for i := range 31 {
			err := w.RequestReset(t.Context(), fmt.Sprintf("nobody%d@example.org", i), fmt.Sprintf("2001:db8:1:2::%x", i+1))
			if tooMany := errors.Is(err, organisers.ErrTooManyAttempts); tooMany != (i == 30) {
				t.Errorf("reset %d: %v", i, err)
			}
		}
	})
}

func TestWhatIsOneClient(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
		"": "invalid Prefix", "unix": "invalid Prefix",
	} {
		if got := organisers.Network(address).String(); got != want {
			t.Errorf("%q: %s, want %s", address, got, want)
		}
	}
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
