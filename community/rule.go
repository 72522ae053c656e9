package community

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// neverCounted lists the types of activity that the rule passes over (decision 31).
var neverCounted = []string{"check_in", "survey"}

// Rule says what makes an active member: at least MinCount activities of the Types within a window. A community that has
// set none has the default rule.
type Rule struct {
	bun.BaseModel `bun:"table:activation_rules,alias:rule"`

	CommunityID  turnout.ID `bun:"community_id,pk"`
	Types        []string   `bun:"types,type:jsonb"` // sorted, lower case; empty: every type but check_in and survey
	MinCount     int64      `bun:"min_count"`        // 1–1000
	WindowDays   int64      `bun:"window_days"`      // after an event, 1–365, each of 24 hours
	LookbackDays int64      `bun:"lookback_days"`    // before an event, 1–730, each of 24 hours
	Version      int64      `bun:"version"`          // rises with each change; 0 for the default rule
	UpdatedAt    time.Time  `bun:"updated_at"`
}

// defaultRule holds until the community says otherwise: three activities, within 30 days after and 90 before.
func defaultRule(community turnout.ID) *Rule {
	return &Rule{CommunityID: community, Types: []string{}, MinCount: 3, WindowDays: 30, LookbackDays: 90}
}

// Rule gives the community's activation rule.
func (s *Service) Rule(ctx context.Context, community turnout.ID) (*Rule, error) {
	rule, err := findRule(ctx, s.DB.Read(), community)
	if err != nil {
		return nil, fmt.Errorf("community: rule: %w", err)
	}
	return rule, nil
}

// SetRule replaces the rule's types, counts and days. With ifVersion it does so only if that is still the rule's version
// (0 for the default rule), else it is turnout.ErrStale. Fields out of range are an Invalid error.
func (s *Service) SetRule(ctx context.Context, community turnout.ID, rule Rule, ifVersion *int64) (*Rule, error) {
	if err := rule.check(); err != nil {
		return nil, err
	}
	var stored *Rule
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		set := rule
		set.CommunityID, set.UpdatedAt = community, s.now()
		var err error
		if stored, err = storeRule(ctx, tx, &set, ifVersion); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "activation_rule.changed", Subject: community, At: set.UpdatedAt})
	})
	if err != nil {
		return nil, fmt.Errorf("community: set rule: %w", err)
	}
	return stored, nil
}

func (r *Rule) check() error {
	var p turnout.Problems
	types := []string{}
	for i, t := range r.Types {
		name := fmt.Sprintf("types[%d]", i)
		switch t = fold(t); {
		case !fits(t, maxWord):
			p.Add(name, "type", "A type is a word of up to %d letters.", maxWord)
		case slices.Contains(neverCounted, t):
			p.Add(name, "never_counted", "Check-ins and surveys make nobody active.")
		}
		types = append(types, t)
	}
	if len(types) > 100 {
		p.Add("types", "out_of_range", "A rule names at most 100 types.")
	}
	slices.Sort(types)
	r.Types = slices.Compact(types)
	within := func(name string, n, most int64) {
		if n < 1 || n > most {
			p.Add(name, "range", "This is a number from 1 to %d.", most)
		}
	}
	within("min_count", r.MinCount, 1000)
	within("window_days", r.WindowDays, 365)
	within("lookback_days", r.LookbackDays, 730)
	return p.Err()
}

func findRule(ctx context.Context, db bun.IDB, community turnout.ID) (*Rule, error) {
	rule := new(Rule)
	err := db.NewSelect().Model(rule).Where("community_id = ?", community).Scan(ctx)
	if database.IsNoRows(err) {
		return defaultRule(community), nil
	}
	return rule, err
}

// storeRule makes the default rule a row where there is none yet, then changes that row by one conditional statement, so
// that of two people who change the same version one is told.
func storeRule(ctx context.Context, tx bun.Tx, rule *Rule, ifVersion *int64) (*Rule, error) {
	first := defaultRule(rule.CommunityID)
	first.UpdatedAt = rule.UpdatedAt
	if _, err := tx.NewInsert().Model(first).On("CONFLICT (community_id) DO NOTHING").Exec(ctx); err != nil {
		return nil, err
	}
	update := tx.NewUpdate().Model(rule).Column("types", "min_count", "window_days", "lookback_days", "updated_at").
		Set("version = version + 1").Where("community_id = ?", rule.CommunityID)
	if ifVersion != nil {
		update = update.Where("version = ?", *ifVersion)
	}
	n, err := database.Changed(update.Exec(ctx))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, turnout.ErrStale
	}
	return findRule(ctx, tx, rule.CommunityID)
}
