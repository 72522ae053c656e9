package organisers_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

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
