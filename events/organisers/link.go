package organisers

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// LinkKind says what a link does.
type LinkKind string

// The kinds of links, with how long they work.
const (
	FirstOwner    LinkKind = "first_owner"    // 24 hours, and only while there is no account
	Invitation    LinkKind = "invitation"     // 7 days
	PasswordReset LinkKind = "password_reset" // 1 hour
)

var linkLife = map[LinkKind]time.Duration{FirstOwner: 24 * time.Hour, Invitation: 7 * 24 * time.Hour, PasswordReset: time.Hour}

// Link is a link that works once. Its secret is known to the one who got it only; the hash names it here.
type Link struct {
	bun.BaseModel `bun:"table:account_links,alias:link"`

	TokenHash   string     `bun:"token_hash,pk"`
	Kind        LinkKind   `bun:"kind"`
	CommunityID turnout.ID `bun:"community_id"`
	Email       string     `bun:"email"`
	Role        Role       `bun:"role"`
	Scope       `bun:"embed:"`
	CreatedAt   time.Time `bun:"created_at"`
	ExpiresAt   time.Time `bun:"expires_at"`
	UsedAt      time.Time `bun:"used_at,nullzero"`
}

// ErrLink is the answer to a link that is unknown, used or too old.
var ErrLink = &turnout.Error{Kind: turnout.NotFound, Code: "link", Message: "This link was used already, or it is too old. Ask for a new one."}

// makeLink stores a new link and gives its secret.
func (s *Service) makeLink(ctx context.Context, tx bun.Tx, link Link) (secret string, stored Link, err error) {
	secret = NewSecret()
	link.TokenHash, link.CreatedAt = Digest(secret), s.now()
	link.ExpiresAt = link.CreatedAt.Add(linkLife[link.Kind])
	_, err = tx.NewInsert().Model(&link).Exec(ctx)
	return secret, link, err
}

// FindLink gives a link that still works, and does not use it: for the page that it opens. It fails with ErrLink.
func (s *Service) FindLink(ctx context.Context, kind LinkKind, secret string) (*Link, error) {
	link := new(Link)
	err := s.DB.Read().NewSelect().Model(link).Where("token_hash = ?", Digest(secret)).Where("kind = ?", kind).
		Where("used_at IS NULL").Where("expires_at > ?", s.now()).Scan(ctx)
	if database.IsNoRows(err) {
		return nil, ErrLink
	}
	return link, err
}

// useLink marks a link as used; of many at once, one succeeds and the others get ErrLink.
func (s *Service) useLink(ctx context.Context, tx bun.Tx, kind LinkKind, secret string) (*Link, error) {
	link := new(Link)
	err := tx.NewUpdate().Model(link).Set("used_at = ?", s.now()).Where("token_hash = ?", Digest(secret)).Where("kind = ?", kind).
		Where("used_at IS NULL").Where("expires_at > ?", s.now()).Returning("?Columns").Scan(ctx)
	if database.IsNoRows(err) {
		return nil, ErrLink
	}
	return link, err
}
