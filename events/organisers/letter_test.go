package organisers_test

import (
	"testing"

	"turnout/events/organisers"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Mails about accounts say who invites, and greet whom they are for as soon as there is an account.
func TestLettersKnowTheirNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		community, owner := w.community(t, "gophers", "ada@example.org")
		_, bob := w.community(t, "ferrets", "bob@example.org")
		ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Staff, ID: owner.ID})
		for email, name := range map[string]string{"new@example.org": "", bob.Email: bob.Name} {
			if err := w.Invite(ctx, community.ID, email, everywhere(community, organisers.Door)); err != nil {
				t.Fatal(err)
			}
			if m := w.mail(t); m.Inviter != owner.Name || m.Inviter == "" || m.Name != name {
				t.Errorf("to %s: from %q, to %q, want %q and %q", email, m.Inviter, m.Name, owner.Name, name)
			}
		}
		if err := w.RequestReset(t.Context(), owner.Email, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		if m := w.mail(t); m.Name != owner.Name {
			t.Errorf("the reset greets %q", m.Name)
		}
	})
}
