package organisers

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"turnout"
)

// Standing is an account with where it is staff and what it may do there.
type Standing struct {
	Account
	Communities []Workplace            // by name
	Grants      map[turnout.ID][]Grant // by community; nothing of those whose staff it is not
}

// Workplace is a community where somebody is staff, with what the frame of each of its pages shows.
type Workplace struct {
	ID       turnout.ID
	Slug     string
	Name     string
	Timezone string
}

// FindStanding gives an account's standing in one statement, or turnout.ErrNotFound: every page asks for it.
func FindStanding(ctx context.Context, db bun.IDB, account turnout.ID) (*Standing, error) {
	var rows []struct {
		Account           `bun:",extend"`
		CommunityID       turnout.ID
		CommunitySlug     string
		CommunityName     string
		CommunityTimezone string
		Role              Role
		ScopeKind         ScopeKind
		ScopeID           turnout.ID
	}
	err := db.NewSelect().Model(&rows).ColumnExpr("account.*").ColumnExpr("COALESCE(community.id, '') AS community_id, community.slug AS community_slug").
		ColumnExpr("community.name AS community_name, community.timezone AS community_timezone").
		ColumnExpr("COALESCE(granted.role, '') AS role, COALESCE(granted.scope_kind, '') AS scope_kind, COALESCE(granted.scope_id, '') AS scope_id").
		Join("LEFT JOIN staff ON staff.account_id = account.id").
		Join("LEFT JOIN communities AS community ON community.id = staff.community_id").
		Join("LEFT JOIN grants AS granted ON granted.staff_id = staff.id AND granted.community_id = staff.community_id").
		Where("account.id = ?", account).OrderExpr("community.name, community.id, granted.id").Scan(ctx)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, turnout.ErrNotFound
	}
	s := &Standing{Account: rows[0].Account, Grants: map[turnout.ID][]Grant{}}
	for _, r := range rows {
		if place := (Workplace{r.CommunityID, r.CommunitySlug, r.CommunityName, r.CommunityTimezone}); place.ID != "" && !slices.Contains(s.Communities, place) {
			s.Communities = append(s.Communities, place)
		}
		if r.Role != "" {
			s.Grants[r.CommunityID] = append(s.Grants[r.CommunityID], Grant{r.Role, Scope{r.ScopeKind, r.ScopeID}})
		}
	}
	return s, nil
}
