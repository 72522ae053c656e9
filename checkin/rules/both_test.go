package rules

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/internal/browsertest"
)

// question is a case of the table, or a random one, with what is right.
type question struct {
	Name    string  `json:"name"`
	List    List    `json:"list"`
	Pass    Pass    `json:"pass"`
	Verdict Verdict `json:"verdict"`
}

func table(t *testing.T) (all []question) {
	t.Helper()
	raw, err := os.ReadFile("testdata/cases.json")
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil || len(all) < 40 {
		t.Fatalf("%d cases, %v", len(all), err)
	}
	return all
}

// same compares as the page's evaluator can: it leaves out what is nothing.
func same(a, b Verdict) bool {
	if len(a.Failed) == 0 {
		a.Failed = nil
	}
	if len(b.Failed) == 0 {
		b.Failed = nil
	}
	one, _ := json.Marshal(a)
	other, _ := json.Marshal(b)
	return string(one) == string(other)
}

func TestTheTable(t *testing.T) {
	for _, q := range table(t) {
		if got := q.List.Enter(&q.Pass); !same(got, q.Verdict) {
			t.Errorf("%s: %+v, want %+v", q.Name, got, q.Verdict)
		}
	}
}

// evaluator is the page's: it answers many questions at once.
const evaluator = `import { enter } from "./_rules";
Object.assign(window, { answer: (all) => all.map((q) => enter(q.list, q.pass)) });`

// The door's page decides as the server does: the table, and 100,000 random rules and cases.
func TestBrowserDecidesAlike(t *testing.T) {
	ctx := browsertest.Open(t, browsertest.Page(browsertest.Bundle(t, evaluator)))
	ask := func(all []question) {
		t.Helper()
		asked, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		answers, err := chromedp.Run(ctx, chromedp.Evaluate[[]Verdict]("answer("+string(asked)+")"))
		if err != nil || len(answers) != len(all) {
			t.Fatalf("%d answers, %v", len(answers), err)
		}
		for i, q := range all {
			if !same(answers[i], q.Verdict) {
				one, _ := json.Marshal(q)
				t.Fatalf("the page says %+v about %s", answers[i], one)
			}
		}
	}
	ask(table(t))
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	reasons := map[Reason]int{}
	for range 50 {
		all := make([]question, 2000)
		for i := range all {
			all[i] = random(rng)
			reasons[all[i].Verdict.Reason]++
		}
		ask(all)
	}
	if t.Log(reasons); reasons[""] < 10_000 || reasons[AlreadyIn] < 10_000 || reasons[ByRules] < 10_000 {
		t.Error("the random cases are all alike")
	}
}

// random is a list and somebody at its door, with the server's answer.
func random(rng *rand.Rand) question {
	kinds := []Kind{Types, AddOns, Gates, Weekdays, Clock, Between, EntriesMax, TodayMax, AfterEntry, AfterExit, WithinExit, "unknown"}
	digit := func() string { return string(rune('1' + rng.IntN(7))) }
	q := question{List: List{Entry: Entries[rng.IntN(len(Entries))], Offsets: []Offset{{0, 60}, {1500 + rng.Int64N(4000), 120}}, DayFrom: rng.Int64N(600)}}
	switch rng.IntN(6) {
	case 0:
		q.List.Offsets[0].Minutes, q.List.Offsets[1].Minutes = -300, -360
	case 1:
		q.List.Offsets = nil
	}
	if rng.IntN(3) == 0 {
		exit := rng.Int64N(minutesOfDay)
		q.List.ExitAt = &exit
	}
	for range rng.IntN(4) {
		var rule Rule
		for range 1 + rng.IntN(3) {
			c := Condition{Kind: kinds[rng.IntN(len(kinds))], From: rng.Int64N(1440), Until: rng.Int64N(1440), Number: rng.Int64N(5) * (1 + 39*rng.Int64N(2))}
			for range 1 + rng.IntN(4) {
				c.Any = append(c.Any, digit())
			}
			if c.Kind == Between {
				c.From += rng.Int64N(6000)
				c.Until = c.From + rng.Int64N(3000)
			}
			rule = append(rule, c)
		}
		q.List.Rules = append(q.List.Rules, rule)
	}
	q.Pass = Pass{At: rng.Int64N(7000), Gate: digit(), Type: digit(), AddOns: []string{digit()}, Inside: rng.IntN(2) == 0}
	for n := rng.Int64N(4); n > 0; n-- {
		q.Pass.Entries = append(q.Pass.Entries, q.Pass.At-rng.Int64N(400)-n*400)
	}
	for n := rng.Int64N(3); n > 0; n-- {
		q.Pass.Exits = append(q.Pass.Exits, q.Pass.At-rng.Int64N(400)-n*400)
	}
	q.Verdict = q.List.Enter(&q.Pass)
	return q
}
