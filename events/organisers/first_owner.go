package organisers

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
)

// FirstOwnerLink gives the secret of a new link that makes the first owner, and ends the one before; empty once an account
// exists.
func (s *Service) FirstOwnerLink(ctx context.Context) (secret string, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		secret = ""
		if there, err := tx.NewSelect().Model((*Account)(nil)).Exists(ctx); err != nil || there {
			return err
		}
		if _, err := tx.NewDelete().Model((*Link)(nil)).Where("kind = ?", FirstOwner).Exec(ctx); err != nil {
			return err
		}
		secret, _, err = s.makeLink(ctx, tx, Link{Kind: FirstOwner})
		return err
	})
	return secret, err
}

// NewOwner is what the first owner says about themselves and their community.
type NewOwner struct {
	Name, Email, Password string
	Community             NewCommunity
}

// CreateFirstOwner makes the first community and its owner by the link of the first start. It fails with ErrLink or field
// problems, after which the link still works.
func (s *Service) CreateFirstOwner(ctx context.Context, secret string, in NewOwner) (*Account, *Community, error) {
	if _, err := s.FindLink(ctx, FirstOwner, secret); err != nil {
		return nil, nil, err
	}
	in.Name = strings.TrimSpace(in.Name)
	email, err := ownerProblems(in)
	if err != nil {
		return nil, nil, err
	}
	hash, err := hashPassword(ctx, in.Password)
	if err != nil {
		return nil, nil, err
	}
	var account *Account
	var community *Community
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := s.useLink(ctx, tx, FirstOwner, secret); err != nil {
			return err
		}
		if there, err := tx.NewSelect().Model((*Account)(nil)).Exists(ctx); err != nil || there {
			if there {
				return ErrLink
			}
			return err
		}
		if community, account, err = s.found(ctx, tx, in.Community, email, in.Name); err != nil {
			return err
		}
		return s.setHash(ctx, tx, account.ID, hash)
	})
	if err != nil {
		return nil, nil, communityError(err)
	}
	return account, community, nil
}

// ownerProblems checks all of the form at once and gives the normalised address.
func ownerProblems(in NewOwner) (email string, err error) {
	var p turnout.Problems
	email, err = people.NormaliseEmail(in.Email)
	if err != nil {
		p.Add("email", "email", "%s", people.ErrEmail.Message)
	}
	for _, err := range []error{checkName("name", in.Name), checkPassword(in.Password), in.Community.problems()} {
		p = append(p, fieldsOf(err)...)
	}
	return email, p.Err()
}
