package organisers

import (
	"cmp"
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Community is the tenant: everything else carries its id.
type Community struct {
	bun.BaseModel `bun:"table:communities,alias:community"`

	ID                  turnout.ID `bun:"id,pk"`
	Slug                string     `bun:"slug"`
	Name                string     `bun:"name"`
	Description         string     `bun:"description"` // markdown
	Locale              string     `bun:"locale"`
	Timezone            string     `bun:"timezone"`
	Accent              string     `bun:"accent"`               // #rrggbb, or empty
	PaymentInstructions string     `bun:"payment_instructions"` // how to pay without a card: shown to who chose that
	Version             int64      `bun:"version"`
	CreatedAt           time.Time  `bun:"created_at"`
	UpdatedAt           time.Time  `bun:"updated_at"`
}

// FindCommunity gives a community by its id or slug, or turnout.ErrNotFound.
func FindCommunity(ctx context.Context, db bun.IDB, idOrSlug string) (*Community, error) {
	community := new(Community)
	q := db.NewSelect().Model(community)
	if id := turnout.ID(idOrSlug); id.Is(turnout.PrefixCommunity) {
		q = q.Where("id = ?", id)
	} else {
		q = q.Where("slug = ?", idOrSlug)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	return community, nil
}

// NewCommunity is what is said about a new community.
type NewCommunity struct {
	Slug     string
	Name     string
	Locale   string // empty: en
	Timezone string // IANA; empty: UTC
}

// ErrCommunitySlugTaken is the answer to a slug that another community has.
var ErrCommunitySlugTaken = &turnout.Error{Kind: turnout.Conflict, Code: "slug_taken", Message: "Another community has this address. Choose another."}

var communitySlug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (c NewCommunity) problems() error {
	var p turnout.Problems
	if len(c.Slug) < 2 || len(c.Slug) > 60 || !communitySlug.MatchString(c.Slug) {
		p.Add("slug", "slug", "Use 2 to 60 letters a–z, digits and single hyphens between them.")
	}
	describe(&p, c.Name, "", c.Timezone, "")
	return p.Err()
}

// describe notes what is wrong with a community's own words.
func describe(p *turnout.Problems, name, description, timezone, accent string) {
	*p = append(*p, fieldsOf(checkName("community", name))...)
	p.Length("description", description, 20_000)
	if _, err := time.LoadLocation(timezone); err != nil || timezone == "Local" {
		p.Add("timezone", "timezone", "This is no time zone. Use an IANA name such as Europe/Warsaw.")
	}
	if accent != "" && !accentForm.MatchString(accent) {
		p.Add("accent", "color", "Write the colour as #rrggbb.")
	}
}

var accentForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// CreateCommunity makes a community with an owner. When the owner has no password yet, secret is that of a link to choose one
// (PasswordReset, an hour); else it is empty. It fails with field problems or ErrCommunitySlugTaken.
func (s *Service) CreateCommunity(ctx context.Context, in NewCommunity, ownerEmail string) (community *Community, owner *Account, secret string, err error) {
	if err := in.problems(); err != nil {
		return nil, nil, "", err
	}
	email, err := people.NormaliseEmail(ownerEmail)
	if err != nil {
		return nil, nil, "", turnout.Invalidf("owner", "email", "%s", people.ErrEmail.Message)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		secret = ""
		if community, owner, err = s.found(ctx, tx, in, email, ""); err != nil || owner.PasswordHash != "" {
			return err
		}
		secret, _, err = s.makeLink(ctx, tx, Link{Kind: PasswordReset, Email: email})
		return err
	})
	if err != nil {
		return nil, nil, "", communityError(err)
	}
	return community, owner, secret, nil
}

// found writes a community and its owner.
func (s *Service) found(ctx context.Context, tx bun.Tx, in NewCommunity, email, name string) (*Community, *Account, error) {
	now := s.now()
	community := &Community{ID: turnout.NewID(turnout.PrefixCommunity), Slug: in.Slug, Name: in.Name, Locale: cmp.Or(in.Locale, "en"),
		Timezone: cmp.Or(in.Timezone, "UTC"), Version: 1, CreatedAt: now, UpdatedAt: now}
	if _, err := tx.NewInsert().Model(community).Exec(ctx); err != nil {
		return nil, nil, err
	}
	account, err := ensureAccount(ctx, tx, email, name, now)
	if err != nil {
		return nil, nil, err
	}
	if err := audit.Write(ctx, tx, audit.Entry{Community: community.ID, Action: "community.created", Subject: community.ID, At: now}); err != nil {
		return nil, nil, err
	}
	return community, account, s.enlist(ctx, tx, community.ID, account, Grant{Owner, Scope{InCommunity, community.ID}})
}

// communityError names what the database refused: of what founding writes plainly, only the slug is unique.
func communityError(err error) error {
	if database.IsUnique(err) {
		return ErrCommunitySlugTaken
	}
	return err
}

// CommunityPatch is an edit of a community: what is nil stays.
type CommunityPatch struct {
	Name                *string
	Description         *string // markdown
	Locale              *string
	Timezone            *string
	Accent              *string // #rrggbb, or empty
	PaymentInstructions *string
}

// PatchCommunity changes what the patch names. version is that of the community which the edit was made from, 0 when it is not
// known. It fails with turnout.ErrNotFound, turnout.ErrStale or field problems.
func (s *Service) PatchCommunity(ctx context.Context, id turnout.ID, version int64, patch CommunityPatch) (*Community, error) {
	var community *Community
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		community = new(Community)
		err := tx.NewUpdate().Model(community).Set("version = version + 1").Where("id = ?", id).Returning("?Columns").Scan(ctx)
		if err != nil {
			return database.NotFound(err)
		}
		if version != 0 && community.Version != version+1 {
			return turnout.ErrStale
		}
		for field, value := range map[*string]*string{&community.Name: patch.Name, &community.Description: patch.Description,
			&community.Locale: patch.Locale, &community.Timezone: patch.Timezone, &community.Accent: patch.Accent, &community.PaymentInstructions: patch.PaymentInstructions} {
			if value != nil {
				*field = strings.TrimSpace(*value)
			}
		}
		var p turnout.Problems
		describe(&p, community.Name, community.Description, community.Timezone, community.Accent)
		p.Length("payment_instructions", community.PaymentInstructions, 2000)
		if err := p.Err(); err != nil {
			return err
		}
		community.UpdatedAt = s.now()
		if _, err := tx.NewUpdate().Model(community).WherePK().Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: id, Action: "community.changed", Subject: id, At: s.now()})
	})
	if err != nil {
		return nil, err
	}
	return community, nil
}
