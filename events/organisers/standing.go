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
	Communities []turnout.ID
	Grants      map[turnout.ID][]Grant // by community; nothing of those whose staff it is not
}

// FindStanding gives an account's standing in one statement, or turnout.ErrNotFound: every page asks for it.
func FindStanding(ctx context.Context, db bun.IDB, account turnout.ID) (*Standing, error) {
	var rows []struct {
		Account     `bun:",extend"`
		CommunityID turnout.ID
		Role        Role
		ScopeKind   ScopeKind
		ScopeID     turnout.ID
	}
	err := db.NewSelect().Model(&rows).ColumnExpr("account.*").ColumnExpr("COALESCE(staff.community_id, '') AS community_id").
		ColumnExpr("COALESCE(granted.role, '') AS role, COALESCE(granted.scope_kind, '') AS scope_kind, COALESCE(granted.scope_id, '') AS scope_id").
		Join("LEFT JOIN staff ON staff.account_id = account.id").
		Join("LEFT JOIN grants AS granted ON granted.staff_id = staff.id AND granted.community_id = staff.community_id").
		Where("account.id = ?", account).OrderExpr("granted.id").Scan(ctx)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, turnout.ErrNotFound
	}
	s := &Standing{Account: rows[0].Account, Grants: map[turnout.ID][]Grant{}}
	for _, r := range rows {
		if r.CommunityID != "" && !slices.Contains(s.Communities, r.CommunityID) {
			s.Communities = append(s.Communities, r.CommunityID)
		}
		if r.Role != "" {
			s.Grants[r.CommunityID] = append(s.Grants[r.CommunityID], Grant{r.Role, Scope{r.ScopeKind, r.ScopeID}})
		}
	}
	return s, nil
}
