package community_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"turnout"
	"turnout/community"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestRule(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		first, err := s.Rule(t.Context(), home)
		if err != nil || first.Version != 0 || first.MinCount != 3 || first.WindowDays != 30 || first.LookbackDays != 90 || len(first.Types) != 0 {
			t.Fatalf("the default rule is %+v, %v", first, err)
		}
		version := func(n int64) *int64 { return &n }
		rule := community.Rule{Types: []string{"Message", "answer", " message"}, MinCount: 2, WindowDays: 14, LookbackDays: 60}
		for _, tt := range []struct {
			name      string
			ifVersion *int64
			want      int64
			err       error
		}{
			{"of a version that never was", version(1), 0, turnout.ErrStale},
			{"the first, over the default", version(0), 1, nil},
			{"the first again", version(0), 0, turnout.ErrStale},
			{"the second", version(1), 2, nil},
			{"whatever is there", nil, 3, nil},
		} {
			got, err := s.SetRule(t.Context(), home, rule, tt.ifVersion)
			if !errors.Is(err, tt.err) {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if err == nil && got.Version != tt.want {
				t.Errorf("%s: version %d, want %d", tt.name, got.Version, tt.want)
			}
		}
		got, err := s.Rule(t.Context(), home)
		if err != nil || !slices.Equal(got.Types, []string{"answer", "message"}) || got.MinCount != 2 || got.WindowDays != 14 || got.LookbackDays != 60 {
			t.Errorf("%+v, %v", got, err)
		}
		if theirs, err := s.Rule(t.Context(), other); err != nil || theirs.Version != 0 {
			t.Errorf("the other community's rule: %+v, %v", theirs, err)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM audit_log WHERE action = 'activation_rule.changed'`); n != 3 {
			t.Errorf("%d entries in the audit log, want one for each of 3 changes", n)
		}
	})
}

func TestRuleRefused(t *testing.T) {
	s := newService(t, dbtest.Open(t, database.SQLite))
	for field, change := range map[string]func(*community.Rule){
		"min_count":     func(r *community.Rule) { r.MinCount = 0 },
		"window_days":   func(r *community.Rule) { r.WindowDays = 366 },
		"lookback_days": func(r *community.Rule) { r.LookbackDays = 731 },
		"types[1]":      func(r *community.Rule) { r.Types = []string{"message", "Check_In"} },
		"types[0]":      func(r *community.Rule) { r.Types = []string{strings.Repeat("x", 65)} },
	} {
		rule := community.Rule{MinCount: 1, WindowDays: 30, LookbackDays: 30}
		if _, err := s.SetRule(t.Context(), home, rule, nil); err != nil {
			t.Fatal(err)
		}
		change(&rule)
		_, err := s.SetRule(t.Context(), home, rule, nil)
		var refused *turnout.Error
		if !errors.As(err, &refused) || refused.Kind != turnout.Invalid || len(refused.Fields) != 1 || refused.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
