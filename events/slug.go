package events

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/database"
)

const slugMax = 80

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func slugProblems(p *turnout.Problems, slug string) {
	p.Require("slug", slug)
	if slug != "" && (!slugForm.MatchString(slug) || len(slug) < 2 || len(slug) > slugMax) {
		p.Add("slug", "slug", "Use 2 to %d letters a–z, digits and single hyphens between them.", slugMax)
	}
}

// Slugify makes a slug of a title: "Größe & Maß 2026" is "grosse-mass-2026". A title without Latin letters or digits gives
// "event".
func Slugify(title string) string {
	var slug string
	for _, word := range people.Fold(title) {
		next := strings.TrimPrefix(slug+"-"+word, "-")
		if len(next) > slugMax-10 { // room for a number, if the slug is taken
			break
		}
		if slugForm.MatchString(word) {
			slug = next
		}
	}
	if len(slug) < 2 {
		return "event"
	}
	return slug
}

// BySlug gives the id of the event that has a slug, whatever its community and status: addresses are unique in the
// installation. It is empty when no event has it.
func BySlug(ctx context.Context, db bun.IDB, slug string) (id turnout.ID, err error) {
	err = db.NewSelect().Model((*Event)(nil)).Column("id").Where("slug = ?", slug).Scan(ctx, &id)
	if database.IsNoRows(err) {
		err = nil
	}
	return id, err
}

// SuggestSlug makes a slug of a title that no event has at this moment, with a number at its end if need be.
func (s *Service) SuggestSlug(ctx context.Context, title string) (string, error) {
	base := Slugify(title)
	var taken []string
	// The addresses of all communities' events share one space.
	err := s.DB.Read().NewSelect().Model((*Event)(nil)).Column("slug").Where("slug = ? OR slug LIKE ?", base, base+"-%").Scan(ctx, &taken)
	if err != nil {
		return "", err
	}
	known := map[string]bool{}
	for _, slug := range taken {
		known[slug] = true
	}
	slug := base
	for n := 2; known[slug]; n++ {
		slug = base + "-" + strconv.Itoa(n)
	}
	return slug, nil
}
