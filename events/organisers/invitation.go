package organisers

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// ErrInTeam is the answer to an invitation of somebody who is in the team already.
var ErrInTeam = &turnout.Error{Kind: turnout.Conflict, Code: "in_team", Message: "This person is in the team already. Change their role instead."}

// Invite mails somebody a link that makes them staff with the grant. An earlier invitation of the same address is void. It
// fails with field problems, ErrInTeam, or turnout.ErrNotFound when the scope is none of the community's.
func (s *Service) Invite(ctx context.Context, community turnout.ID, email string, grant Grant) error {
	email, err := people.NormaliseEmail(email)
	if err != nil {
		return turnout.Invalidf("email", "email", "%s", people.ErrEmail.Message)
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := checkGrants(ctx, tx, community, grant); err != nil {
			return err
		}
		member, err := tx.NewSelect().Model((*Staff)(nil)).Join("JOIN accounts AS account ON account.id = staff.account_id").
			Where("staff.community_id = ?", community).Where("account.email = ?", email).Exists(ctx)
		if err != nil {
			return err
		}
		if member {
			return ErrInTeam
		}
		found, err := FindCommunity(ctx, tx, string(community))
		if err != nil {
			return err
		}
		if _, err := openInvitations(tx.NewDelete(), community).Where("email = ?", email).Exec(ctx); err != nil {
			return err
		}
		secret, link, err := s.makeLink(ctx, tx, Link{Kind: Invitation, CommunityID: community, Email: email, Role: grant.Role, Scope: grant.Scope})
		if err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, audit.Entry{Community: community, Action: "staff.invited", Subject: grant.Scope.ID, Detail: map[string]string{"role": string(grant.Role)}, At: s.now()}); err != nil {
			return err
		}
		letter := Mail{Kind: MailInvitation, To: email, Token: secret, Expires: link.ExpiresAt, Locale: found.Locale, Community: found, Role: grant.Role}
		if account, err := accountByEmail(ctx, tx, email); err == nil {
			letter.Name = account.Name
			letter.Locale = cmp.Or(account.Locale, found.Locale)
		} else if !errors.Is(err, turnout.ErrNotFound) {
			return err
		}
		if actor := audit.ActorFrom(ctx); actor.Kind == audit.Staff {
			inviter, err := FindAccount(ctx, tx, actor.ID)
			if err != nil {
				return err
			}
			letter.Inviter = inviter.Name
		}
		return s.SendMail(ctx, tx, letter)
	})
}

func openInvitations(q *bun.DeleteQuery, community turnout.ID) *bun.DeleteQuery {
	return q.Model((*Link)(nil)).Where("kind = ?", Invitation).Where("community_id = ?", community).Where("used_at IS NULL")
}

// Invitations lists a community's invitations that still work, the newest first.
func (s *Service) Invitations(ctx context.Context, community turnout.ID) (links []Link, err error) {
	err = s.DB.Read().NewSelect().Model(&links).Where("kind = ?", Invitation).Where("community_id = ?", community).
		Where("used_at IS NULL").Where("expires_at > ?", s.now()).OrderExpr("created_at DESC, token_hash").Scan(ctx)
	return links, err
}

// WithdrawInvitation makes an open invitation void; it is named by the hash that Invitations gave. It fails with
// turnout.ErrNotFound.
func (s *Service) WithdrawInvitation(ctx context.Context, community turnout.ID, hash string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := database.Changed(openInvitations(tx.NewDelete(), community).Where("token_hash = ?", hash).Exec(ctx))
		if err == nil && n == 0 {
			return turnout.ErrNotFound
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "staff.invitation_withdrawn", Subject: community, At: s.now()})
	})
}

// AcceptInvitation makes the one who was invited staff. Without an account (or a password) the name and the password make one,
// and created is true: the caller may sign them in, for the link proved whose mailbox it is. With one, both are ignored, and
// they sign in as always. It fails with ErrLink or field problems, after which the link still works.
func (s *Service) AcceptInvitation(ctx context.Context, secret, name, password string) (account *Account, created bool, err error) {
	link, err := s.FindLink(ctx, Invitation, secret)
	if err != nil {
		return nil, false, err
	}
	hash, name := "", strings.TrimSpace(name)
	if needed, err := s.NeedsPassword(ctx, link.Email); err != nil {
		return nil, false, err
	} else if needed {
		if err := checkName("name", name); err != nil {
			return nil, false, err
		}
		if err := checkPassword(password); err != nil {
			return nil, false, err
		}
		if hash, err = hashPassword(ctx, password); err != nil {
			return nil, false, err
		}
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		link, err := s.useLink(ctx, tx, Invitation, secret)
		if err != nil {
			return err
		}
		if account, err = ensureAccount(ctx, tx, link.Email, name, s.now()); err != nil {
			return err
		}
		if created = account.PasswordHash == "" && hash != ""; created {
			if err := s.setHash(ctx, tx, account.ID, hash); err != nil {
				return err
			}
		}
		return s.enlist(ctx, tx, link.CommunityID, account, Grant{Role: link.Role, Scope: link.Scope})
	})
	if err != nil {
		return nil, false, err
	}
	return account, created, nil
}

// NeedsPassword reports whether an address has no account, or one without a password.
func (s *Service) NeedsPassword(ctx context.Context, email string) (bool, error) {
	account, err := accountByEmail(ctx, s.DB.Read(), email)
	if err != nil {
		if errors.Is(err, turnout.ErrNotFound) {
			return true, nil
		}
		return false, err
	}
	return account.PasswordHash == "", nil
}
