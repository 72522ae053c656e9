// Package organisers knows who works on which community: communities, accounts, staff and what they may do, sign-in, and the
// API tokens of programs.
//
// Decided here: An account is a person's for the whole installation and signs in once for all communities; staff makes it one
// of a community's, grants say what for. Secrets (session tokens, links, API tokens) have 256 bits and are stored as SHA-256
// only, so that looking one up compares nothing that could be measured. Passwords are hashed with argon2id outside of
// transactions, at most two at once.
package organisers

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// Service carries out what people do with their accounts, staff and tokens.
type Service struct {
	DB  *database.DB
	Now func() time.Time
	// SendMail queues a mail in the transaction that causes it; the program fills it in, because links and wording are not
	// known here.
	SendMail func(ctx context.Context, tx bun.IDB, mail Mail) error
}

// MailKind says what a mail is about.
type MailKind string

// The mails that this package sends.
const (
	MailInvitation    MailKind = "invitation"
	MailPasswordReset MailKind = "password_reset"
)

// Mail is a mail with a link that works once.
type Mail struct {
	Kind      MailKind
	To        string
	Token     string     // the secret of the link
	Expires   time.Time  // of the link
	Locale    string     // the account's, else the community's; may be empty
	Name      string     // of the account that the mail is for; empty when there is none yet
	Inviter   string     // the name of who invites; empty when no person does
	Community *Community // of an invitation, else nil
	Role      Role       // of an invitation
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// Purge is the sweep that removes sessions, links and counts of guesses whose time is over.
func (s *Service) Purge(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, relation := range []string{"web_sessions", "attempts", "account_links"} {
			if _, err := tx.NewDelete().Table(relation).Where("expires_at <= ?", s.now()).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// Prefixes of the ids.
const (
	PrefixAccount = "acc"
	PrefixStaff   = "stf"
	PrefixGrant   = "grt"
	PrefixToken   = "tok"
)

// ErrUnauthenticated is the answer when nobody knows who is asking.
var ErrUnauthenticated = &turnout.Error{Kind: turnout.Unauthenticated, Code: "unauthenticated", Message: "Sign in, or send a valid token."}
