package organisers

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Token is what a program signs in with, for one community. Its secret is shown once, when it is made.
type Token struct {
	bun.BaseModel `bun:"table:api_tokens,alias:token"`

	ID          turnout.ID   `bun:"id,pk"`
	CommunityID turnout.ID   `bun:"community_id"`
	Name        string       `bun:"name"`
	TokenHash   string       `bun:"token_hash"`
	Scopes      []Capability `bun:"scopes,type:jsonb"`
	CreatedAt   time.Time    `bun:"created_at"`
	LastUsedAt  time.Time    `bun:"last_used_at,nullzero"` // to the minute
	RevokedAt   time.Time    `bun:"revoked_at,nullzero"`
}

// Can reports whether the token allows something in its community.
func (t *Token) Can(want Capability) bool { return Covers(t.Scopes, want) }

const tokenPrefix = "trn_"

var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newTokenSecret is trn_, 256 random bits, and their CRC-32: so that scanners of leaked secrets find it without doubt, and one
// that was cut off while copying is refused without a look into the database.
func newTokenSecret() string {
	body := NewSecret()
	return tokenPrefix + tokenEncoding.EncodeToString(binary.BigEndian.AppendUint32([]byte(body), crc32.ChecksumIEEE([]byte(body))))
}

func wellFormed(secret string) bool {
	text, ok := strings.CutPrefix(secret, tokenPrefix)
	if !ok || len(text) > 200 {
		return false
	}
	b, err := tokenEncoding.DecodeString(text)
	if err != nil || len(b) < 4 {
		return false
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	return crc32.ChecksumIEEE(body) == binary.BigEndian.Uint32(sum)
}

// CreateToken makes a token and gives its secret, which is stored nowhere. It fails with field problems or turnout.ErrNotFound
// for an unknown community.
func (s *Service) CreateToken(ctx context.Context, community turnout.ID, name string, scopes []Capability) (string, *Token, error) {
	name = strings.TrimSpace(name)
	var p turnout.Problems
	p = append(p, fieldsOf(checkName("name", name))...)
	if len(scopes) == 0 {
		p.Add("scopes", "required", "Choose at least one scope, or all.")
	}
	for _, scope := range scopes {
		if scope != All && !slices.Contains(Capabilities, scope) {
			p.Add("scopes", "scope", "%q is no scope. They look like events:read, or all.", scope)
		}
	}
	if err := p.Err(); err != nil {
		return "", nil, err
	}
	secret := newTokenSecret()
	scopes = slices.Compact(slices.Sorted(slices.Values(scopes)))
	token := &Token{ID: turnout.NewID(PrefixToken), CommunityID: community, Name: name, TokenHash: Digest(secret), Scopes: scopes, CreatedAt: s.now()}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := FindCommunity(ctx, tx, string(community)); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(token).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "token.created", Subject: token.ID, At: s.now()})
	})
	if err != nil {
		return "", nil, err
	}
	return secret, token, nil
}

// Tokens lists a community's tokens, the newest first, revoked ones among them.
func Tokens(ctx context.Context, db bun.IDB, community turnout.ID) (tokens []Token, err error) {
	err = db.NewSelect().Model(&tokens).Where("community_id = ?", community).OrderExpr("id DESC").Scan(ctx)
	return tokens, err
}

// RevokeToken ends a token at once. It fails with turnout.ErrNotFound; revoking again changes nothing.
func (s *Service) RevokeToken(ctx context.Context, community, id turnout.ID) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := database.Changed(tx.NewUpdate().Model((*Token)(nil)).Set("revoked_at = COALESCE(revoked_at, ?)", s.now()).
			Where("id = ?", id).Where("community_id = ?", community).Exec(ctx))
		if err == nil && n == 0 {
			return turnout.ErrNotFound
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "token.revoked", Subject: id, At: s.now()})
	})
}

// Authenticate gives the token of a secret and notes, at most once a minute, that it was used. It fails with
// ErrUnauthenticated.
func (s *Service) Authenticate(ctx context.Context, secret string) (*Token, error) {
	if !wellFormed(secret) {
		return nil, ErrUnauthenticated
	}
	token := new(Token)
	err := s.DB.Read().NewSelect().Model(token).Where("token_hash = ?", Digest(secret)).Where("revoked_at IS NULL").Scan(ctx)
	if database.IsNoRows(err) {
		return nil, ErrUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	now := s.now()
	if stale := now.Add(-time.Minute); token.LastUsedAt.After(stale) {
		return token, nil
	}
	token.LastUsedAt = now
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*Token)(nil)).Set("last_used_at = ?", now).Where("id = ?", token.ID).Where("community_id = ?", token.CommunityID).
			Where("last_used_at IS NULL OR last_used_at <= ?", now.Add(-time.Minute)).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return token, nil
}
