package rules

import (
	"encoding/json"
	"os"
	"testing"
)

// Whatever a list and a pass say, the evaluator answers, soon, and stands by it: what it says helps, helps.
func FuzzEnter(f *testing.F) {
	raw, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		f.Fatal(err)
	}
	var all []struct {
		List, Pass json.RawMessage
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		f.Fatal(err)
	}
	for _, q := range all {
		f.Add([]byte(q.List), []byte(q.Pass))
	}
	f.Fuzz(func(t *testing.T, list, pass []byte) {
		var l List
		var p Pass
		if json.Unmarshal(list, &l) != nil || json.Unmarshal(pass, &p) != nil || !sane(&l, &p) {
			return
		}
		v := l.Enter(&p)
		if v.Reason == "" && (len(v.Failed) > 0 || v.Again != 0) || v.Reason == ByRules && len(v.Failed) == 0 && len(l.Rules[0]) > 0 {
			t.Fatalf("%+v", v)
		}
		if later := p; v.Again != 0 {
			if later.At = v.Again; v.Again <= p.At || l.Enter(&later).Reason != "" {
				t.Fatalf("it may come in at %d, and then %+v", v.Again, l.Enter(&later))
			}
		}
	})
}

// sane says whether a list's form would take it: instants within some thousand years, clocks of a day.
func sane(l *List, p *Pass) bool {
	const far = 1 << 40
	ok := func(values ...int64) bool {
		for _, v := range values {
			if v < -far || v > far {
				return false
			}
		}
		return true
	}
	if !ok(append(append([]int64{p.At, l.DayFrom}, p.Entries...), p.Exits...)...) || l.DayFrom < 0 || l.DayFrom >= minutesOfDay || l.ExitAt != nil && (*l.ExitAt < 0 || *l.ExitAt >= minutesOfDay) {
		return false
	}
	for i, o := range l.Offsets {
		if !ok(o.From) || o.Minutes < -minutesOfDay || o.Minutes > minutesOfDay || i > 0 && o.From <= l.Offsets[i-1].From {
			return false
		}
	}
	for _, r := range l.Rules {
		for _, c := range r {
			if !ok(c.From, c.Until, c.Number) {
				return false
			}
		}
	}
	return true
}
