package organisers

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Account is somebody who can sign in.
type Account struct {
	bun.BaseModel `bun:"table:accounts,alias:account"`

	ID           turnout.ID `bun:"id,pk"`
	Email        string     `bun:"email"` // normalised
	Name         string     `bun:"name"`
	PasswordHash string     `bun:"password_hash"` // PHC string, empty until a password is chosen
	Locale       string     `bun:"locale"`        // empty: the browser's
	CreatedAt    time.Time  `bun:"created_at"`
	UpdatedAt    time.Time  `bun:"updated_at"`
}

// Epoch changes with the password and tells nothing about it. A browser's session keeps the one it was begun under and is over
// when it differs: so a request under way cannot write a session back that a new password ended.
func (a *Account) Epoch() string { return Digest("epoch " + a.PasswordHash)[:16] }

// ErrSignIn is the one answer to every wrong pair of e-mail address and password.
var ErrSignIn = &turnout.Error{Kind: turnout.Unauthenticated, Code: "sign_in", Message: "E-mail address and password do not belong together. Try again, or reset the password."}

// FindAccount gives an account by its id, or turnout.ErrNotFound.
func FindAccount(ctx context.Context, db bun.IDB, id turnout.ID) (*Account, error) {
	account := new(Account)
	if err := db.NewSelect().Model(account).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	return account, nil
}

func accountByEmail(ctx context.Context, db bun.IDB, email string) (*Account, error) {
	account := new(Account)
	if err := db.NewSelect().Model(account).Where("email = ?", email).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	return account, nil
}

// ensureAccount gives the account of a normalised address and makes one, without a password, if there is none.
func ensureAccount(ctx context.Context, tx bun.Tx, email, name string, now time.Time) (*Account, error) {
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	account := &Account{ID: turnout.NewID(PrefixAccount), Email: email, Name: name, CreatedAt: now, UpdatedAt: now}
	// The one that was first stays; another transaction may be it.
	if _, err := tx.NewInsert().Model(account).On("CONFLICT (email) DO NOTHING").Exec(ctx); err != nil {
		return nil, err
	}
	return accountByEmail(ctx, tx, email)
}

// SignIn gives the account of an e-mail address and its password. address is the client's network address. It fails with
// ErrSignIn, after the same time whether the account exists or not, or with ErrTooManyAttempts.
func (s *Service) SignIn(ctx context.Context, email, password, address string) (*Account, error) {
	email, err := people.NormaliseEmail(email)
	if err != nil {
		return nil, ErrSignIn
	}
	byAccount, byAddress := signInAccount(email), signInAddress(address)
	if err := s.count(ctx, byAddress, byAccount); err != nil {
		return nil, err
	}
	account, err := accountByEmail(ctx, s.DB.Read(), email)
	if errors.Is(err, turnout.ErrNotFound) {
		account, err = &Account{}, nil
	}
	if err != nil {
		return nil, err
	}
	fits, err := passwordFits(ctx, account.PasswordHash, password)
	if err != nil {
		return nil, err
	}
	if !fits {
		return nil, ErrSignIn
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := forgive(ctx, tx, byAccount, byAddress); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "account.signed_in", Subject: account.ID, At: s.now(), Actor: audit.Actor{Kind: audit.Staff, ID: account.ID}})
	})
	if err != nil {
		return nil, err
	}
	return account, nil
}

// ChangePassword sets a new password for somebody who knows the old one, and ends all their sessions: the caller signs the
// present one in anew. It fails with ErrSignIn, ErrTooManyAttempts or a field problem.
func (s *Service) ChangePassword(ctx context.Context, id turnout.ID, old, password, address string) error {
	account, err := FindAccount(ctx, s.DB.Read(), id)
	if err != nil {
		return err
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	if _, err := s.SignIn(ctx, account.Email, old, address); err != nil {
		return err
	}
	return s.SetPassword(ctx, id, password)
}

// SetPassword sets an account's password without asking for the old one, and ends its sessions: for the command line and the
// seeding of the demo. It fails with turnout.ErrNotFound or a field problem.
func (s *Service) SetPassword(ctx context.Context, id turnout.ID, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.setHash(ctx, tx, id, hash) })
}

// setHash stores a password's hash and ends what the old password opened: sessions, and links to reset it.
func (s *Service) setHash(ctx context.Context, tx bun.Tx, id turnout.ID, hash string) error {
	account := new(Account)
	err := tx.NewUpdate().Model(account).Set("password_hash = ?", hash).Set("updated_at = ?", s.now()).Where("id = ?", id).Returning("?Columns").Scan(ctx)
	if err != nil {
		return database.NotFound(err)
	}
	if err := EndSessions(ctx, tx, id); err != nil {
		return err
	}
	if _, err := tx.NewDelete().Model((*Link)(nil)).Where("kind = ?", PasswordReset).Where("email = ?", account.Email).Where("used_at IS NULL").Exec(ctx); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "account.password_set", Subject: id, At: s.now()})
}

// ChangeAccount sets an account's name and language. It fails with turnout.ErrNotFound or field problems.
func (s *Service) ChangeAccount(ctx context.Context, id turnout.ID, name, locale string) error {
	name = strings.TrimSpace(name)
	if err := checkName("name", name); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := database.Changed(tx.NewUpdate().Model((*Account)(nil)).Set("name = ?", name).Set("locale = ?", locale).Set("updated_at = ?", s.now()).
			Where("id = ?", id).Exec(ctx))
		if err == nil && n == 0 {
			err = turnout.ErrNotFound
		}
		return err
	})
}

func checkName(field, name string) error {
	var p turnout.Problems
	p.Require(field, name)
	if utf8.RuneCountInString(name) > 200 {
		p.Add(field, "too_long", "This may have at most 200 characters.")
	}
	return p.Err()
}

// fieldsOf gives the fields of a check's error, to be told together with others.
func fieldsOf(err error) []turnout.FieldError {
	if e, ok := errors.AsType[*turnout.Error](err); ok {
		return e.Fields
	}
	return nil
}
