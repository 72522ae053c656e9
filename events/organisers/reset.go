package organisers

import (
	"context"
	"errors"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
)

// RequestReset mails a link to choose a new password. The answer is the same whether there is such an account or not:
// nothing, or ErrTooManyAttempts.
func (s *Service) RequestReset(ctx context.Context, email, address string) error {
	email, err := people.NormaliseEmail(email)
	if err != nil {
		return err
	}
	if err := s.count(ctx, resetAddress(address), resetAccount(email)); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		account, err := accountByEmail(ctx, tx, email)
		if err != nil {
			if errors.Is(err, turnout.ErrNotFound) {
				return nil
			}
			return err
		}
		secret, link, err := s.makeLink(ctx, tx, Link{Kind: PasswordReset, Email: email})
		if err != nil {
			return err
		}
		return s.SendMail(ctx, tx, Mail{Kind: MailPasswordReset, To: email, Token: secret, Expires: link.ExpiresAt, Locale: account.Locale, Name: account.Name})
	})
}

// ResetPassword sets a new password by a link, and ends all sessions of the account. It fails with ErrLink or a field problem,
// after which the link still works.
func (s *Service) ResetPassword(ctx context.Context, secret, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	if _, err := s.FindLink(ctx, PasswordReset, secret); err != nil { // no hashing for links that were made up
		return err
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		link, err := s.useLink(ctx, tx, PasswordReset, secret)
		if err != nil {
			return err
		}
		account, err := accountByEmail(ctx, tx, link.Email)
		if err != nil {
			return err
		}
		return s.setHash(ctx, tx, account.ID, hash)
	})
}
