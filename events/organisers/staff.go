package organisers

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Staff is an account's place in a community.
type Staff struct {
	bun.BaseModel `bun:"table:staff,alias:staff"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	AccountID   turnout.ID `bun:"account_id"`
	PersonID    turnout.ID `bun:"person_id"`
	CreatedAt   time.Time  `bun:"created_at"`
}

type grantRow struct {
	bun.BaseModel `bun:"table:grants,alias:granted"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	StaffID     turnout.ID `bun:"staff_id"`
	Role        Role       `bun:"role"`
	Scope       `bun:"embed:"`
	CreatedAt   time.Time `bun:"created_at"`
}

// Member is one of a community's staff, for its list.
type Member struct {
	ID        turnout.ID // of the staff row
	AccountID turnout.ID
	PersonID  turnout.ID
	Name      string
	Email     string
	Grants    []Grant
}

// ErrLastOwner is the answer to what would leave a community without an owner.
var ErrLastOwner = &turnout.Error{Kind: turnout.Conflict, Code: "last_owner", Message: "This is the last owner. Make somebody else an owner first."}

// Members lists a community's staff, those who came first first.
func Members(ctx context.Context, db bun.IDB, community turnout.ID) ([]Member, error) {
	var members []Member
	err := db.NewSelect().TableExpr("staff").Join("JOIN accounts AS account ON account.id = staff.account_id").
		ColumnExpr("staff.id, staff.account_id, staff.person_id, account.name, account.email").
		Where("staff.community_id = ?", community).OrderExpr("staff.id").Scan(ctx, &members)
	if err != nil {
		return nil, err
	}
	var rows []grantRow
	if err := db.NewSelect().Model(&rows).Where("community_id = ?", community).OrderExpr("id").Scan(ctx); err != nil {
		return nil, err
	}
	for i := range members {
		for _, r := range rows {
			if r.StaffID == members[i].ID {
				members[i].Grants = append(members[i].Grants, Grant{r.Role, r.Scope})
			}
		}
	}
	return members, nil
}

// enlist makes the account staff, if it is not, and gives it the grant.
func (s *Service) enlist(ctx context.Context, tx bun.Tx, community turnout.ID, account *Account, grant Grant) error {
	now := s.now()
	persons, err := people.Ensure(ctx, tx, community, now, []people.Contact{{Name: account.Name, Email: account.Email}})
	if err != nil {
		return err
	}
	staff := &Staff{ID: turnout.NewID(PrefixStaff), CommunityID: community, AccountID: account.ID, PersonID: persons[0], CreatedAt: now}
	if _, err := tx.NewInsert().Model(staff).On("CONFLICT (community_id, account_id) DO NOTHING").Exec(ctx); err != nil {
		return err
	}
	if err := tx.NewSelect().Model(staff).Where("community_id = ?", community).Where("account_id = ?", account.ID).Scan(ctx); err != nil {
		return err
	}
	row := &grantRow{ID: turnout.NewID(PrefixGrant), CommunityID: community, StaffID: staff.ID, Role: grant.Role, Scope: grant.Scope, CreatedAt: now}
	if _, err := tx.NewInsert().Model(row).On("CONFLICT (staff_id, role, scope_kind, scope_id) DO NOTHING").Exec(ctx); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "staff.joined", Subject: staff.ID, Detail: map[string]string{"role": string(grant.Role), "scope": string(grant.Scope.ID)}, At: now})
}

// SetGrants replaces what one of the staff may do. It fails with turnout.ErrNotFound, a field problem or ErrLastOwner.
func (s *Service) SetGrants(ctx context.Context, community, staff turnout.ID, grants []Grant) error {
	return s.changeStaff(ctx, community, staff, "staff.grants_set", func(ctx context.Context, tx bun.Tx) error {
		if len(grants) == 0 {
			return turnout.Invalidf("grants", "required", "Choose at least one role, or remove the person.")
		}
		if err := checkGrants(ctx, tx, community, grants...); err != nil {
			return err
		}
		if err := dropGrants(ctx, tx, community, staff); err != nil {
			return err
		}
		var rows []grantRow
		for i, g := range grants {
			if !slices.Contains(grants[:i], g) {
				rows = append(rows, grantRow{ID: turnout.NewID(PrefixGrant), CommunityID: community, StaffID: staff, Role: g.Role, Scope: g.Scope, CreatedAt: s.now()})
			}
		}
		_, err := tx.NewInsert().Model(&rows).Exec(ctx)
		return err
	})
}

// RemoveStaff takes somebody off a community's staff at once: grants are read with every request. It fails with
// turnout.ErrNotFound or ErrLastOwner.
func (s *Service) RemoveStaff(ctx context.Context, community, staff turnout.ID) error {
	return s.changeStaff(ctx, community, staff, "staff.removed", func(ctx context.Context, tx bun.Tx) error {
		if err := dropGrants(ctx, tx, community, staff); err != nil {
			return err
		}
		_, err := tx.NewDelete().Model((*Staff)(nil)).Where("id = ?", staff).Where("community_id = ?", community).Exec(ctx)
		return err
	})
}

func dropGrants(ctx context.Context, tx bun.Tx, community, staff turnout.ID) error {
	_, err := tx.NewDelete().Model((*grantRow)(nil)).Where("staff_id = ?", staff).Where("community_id = ?", community).Exec(ctx)
	return err
}

// changeStaff changes one of the staff and refuses what leaves no owner. It locks the community's row first: two owners who
// remove each other at the same moment come one after the other.
func (s *Service) changeStaff(ctx context.Context, community, staff turnout.ID, action string, change func(ctx context.Context, tx bun.Tx) error) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE communities SET updated_at = updated_at WHERE id = ?", community); err != nil {
			return err
		}
		there, err := tx.NewSelect().Model((*Staff)(nil)).Where("id = ?", staff).Where("community_id = ?", community).Exists(ctx)
		if err != nil {
			return err
		}
		if !there {
			return turnout.ErrNotFound
		}
		if err := change(ctx, tx); err != nil {
			return err
		}
		owned, err := tx.NewSelect().Model((*grantRow)(nil)).Where("community_id = ?", community).Where("role = ?", Owner).
			Where("scope_kind = ?", InCommunity).Exists(ctx)
		if err != nil {
			return err
		}
		if !owned {
			return ErrLastOwner
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: action, Subject: staff, At: s.now()})
	})
}

// checkGrants refuses unknown roles, owners of less than the community, and scopes that are not the community's.
func checkGrants(ctx context.Context, tx bun.Tx, community turnout.ID, grants ...Grant) error {
	for _, g := range grants {
		if _, known := Roles[g.Role]; !known {
			return turnout.Invalidf("role", "role", "Choose owner, organiser, finance, agenda_editor, door or viewer.")
		}
		if g.Role == Owner && g.Scope.Kind != InCommunity {
			return turnout.Invalidf("role", "role", "An owner owns the whole community.")
		}
		relation := map[ScopeKind]string{InCommunity: "communities", InGroup: "groups", InEvent: "events"}[g.Scope.Kind]
		if relation == "" || g.Scope.Kind == InCommunity && g.Scope.ID != community {
			return turnout.Invalidf("scope", "scope", "Choose the community, one of its groups or one of its events.")
		}
		q := tx.NewSelect().Table(relation).Where("id = ?", g.Scope.ID)
		if g.Scope.Kind != InCommunity {
			q = q.Where("community_id = ?", community)
		}
		there, err := q.Exists(ctx)
		if err == nil && !there {
			err = turnout.Invalidf("scope", "not_found", "The community has no such group or event.")
		}
		if err != nil {
			return database.NotFound(err)
		}
	}
	return nil
}
