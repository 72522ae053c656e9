package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"turnout/internal/database"
)

// The benchmark starts the real handler on the loopback, in this process, with a database of its own, and its clients beside
// it on the same processors. Machines differ and are noisy, so every figure stands beside a base measured in the same run,
// round by round in turn, and the goals are ratios. A goal that is missed is said, and is no failure.

type benchCommand struct {
	Engine   string   `enum:"sqlite,postgres" default:"sqlite" help:"sqlite or postgres."`
	Database string   `help:"A PostgreSQL server on which databases may be created, postgres://…; without it TURNOUT_DATABASE_URL."`
	JSON     bool     `name:"json" help:"Print the figures as JSON."`
	Quick    bool     `help:"Small numbers and one short round: to see that it works, not to measure."`
	Rounds   int      `default:"5" help:"How often each pair is measured in turn; medians are printed."`
	Tickets  int      `default:"1000000" help:"The larger event of P12."`
	Sales    int      `default:"10" help:"How many sales P3 holds; the goal speaks of 100."`
	Only     []string `sep:"," help:"Measure these only: P1,P5."`
}

// benchSize is how much is measured.
type benchSize struct {
	round          time.Duration // of one measurement
	rounds         int
	callers        int
	buyers, places int // of a sale of P3
	sales          int
	tickets        int // to scan in a round of P6
	small, large   int // the events of P12
	samples        int // of each call of P12
	listed         int // tickets of P16
}

func (cmd *benchCommand) size() benchSize {
	if cmd.Quick {
		return benchSize{round: 150 * time.Millisecond, rounds: 1, callers: 16, buyers: 300, places: 30, sales: 1, tickets: 300, small: 50, large: 500, samples: 10, listed: 500}
	}
	return benchSize{round: 1500 * time.Millisecond, rounds: cmd.Rounds, callers: 256, buyers: 10_000, places: 1000, sales: cmd.Sales, tickets: 40_000,
		small: 1000, large: cmd.Tickets, samples: 200, listed: 100_000}
}

// benchRow is one line of the table: what was measured, beside what, and the goal.
type benchRow struct {
	ID    string  `json:"id"`
	What  string  `json:"what"`
	Ours  float64 `json:"ours"`
	Base  float64 `json:"base"`
	Of    string  `json:"base_is"`
	Unit  string  `json:"unit"`
	Ratio float64 `json:"ratio"` // the median of the rounds' ratios
	Goal  string  `json:"goal"`
	Met   bool    `json:"met"`
	Note  string  `json:"note,omitempty"`
}

// benchReport is a whole run.
type benchReport struct {
	Engine  string            `json:"engine"`
	Machine map[string]string `json:"machine"`
	Rows    []benchRow        `json:"rows"`
	Seconds float64           `json:"seconds"`
}

// Run measures what was asked for. It fails when something breaks, not when a goal is missed.
func (cmd *benchCommand) Run(sh *shell) error {
	b := &bench{size: cmd.size(), log: sh.out, report: &benchReport{Engine: cmd.Engine}}
	if cmd.JSON {
		b.log = io.Discard
	}
	b.server = cmd.Database
	if b.server == "" && strings.HasPrefix(sh.config.DatabaseURL, "postgres") {
		b.server = sh.config.DatabaseURL
	}
	if b.engine = database.Engine(cmd.Engine); b.engine == database.Postgres && b.server == "" {
		return fmt.Errorf("say which server: --database postgres://…, or TURNOUT_DATABASE_URL")
	}
	began := time.Now()
	if err := b.run(sh.ctx, cmd.Only); err != nil {
		return err
	}
	b.report.Seconds = time.Since(began).Round(100 * time.Millisecond).Seconds()
	if cmd.JSON {
		out := json.NewEncoder(sh.out)
		out.SetIndent("", "  ")
		return out.Encode(b.report)
	}
	b.report.write(sh.out)
	return nil
}

// bench is a run under way.
type bench struct {
	size   benchSize
	engine database.Engine
	server string // of PostgreSQL
	log    io.Writer
	report *benchReport
	peak   float64 // of P1, reservations a second: P5 runs beside half of it
}

func (b *bench) run(ctx context.Context, only []string) error {
	wanted := func(ids ...string) bool {
		return len(only) == 0 || slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(only, id) })
	}
	if wanted("P1", "P2", "P3", "P4", "P5", "P6", "P7") {
		r, err := b.open(ctx)
		if err != nil {
			return err
		}
		err = b.onOneServer(ctx, r, wanted)
		if closed := r.close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	if wanted("P16") {
		if err := b.offline(ctx); err != nil {
			return fmt.Errorf("P16: %w", err)
		}
	}
	if wanted("P11", "P12") {
		return b.scale(ctx, wanted)
	}
	return nil
}

func (b *bench) onOneServer(ctx context.Context, r *rig, wanted func(...string) bool) error {
	var err error
	if b.report.Machine, err = machine(ctx, r); err != nil {
		return err
	}
	for _, step := range []struct {
		ids []string
		do  func(context.Context, *rig) error
	}{
		{[]string{"P1", "P2", "P5", "P7"}, b.reservations}, {[]string{"P3"}, b.rush}, {[]string{"P4"}, b.soldOut}, {[]string{"P5"}, b.page}, {[]string{"P6"}, b.scans}, {[]string{"P7"}, b.doors},
	} {
		if !wanted(step.ids...) {
			continue
		}
		fmt.Fprintf(b.log, "%s…\n", strings.Join(step.ids, ", "))
		if err := step.do(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", step.ids[0], err)
		}
	}
	return nil
}

// inTurn measures two things round by round, one after the other, and gives the medians and the median of the ratios.
func (b *bench) inTurn(ours, base func(round int) (float64, error)) (a, c, ratio float64, err error) {
	var all [3][]float64
	for round := range b.size.rounds {
		x, err := ours(round)
		if err != nil {
			return 0, 0, 0, err
		}
		y, err := base(round)
		if err != nil {
			return 0, 0, 0, err
		}
		all[0], all[1], all[2] = append(all[0], x), append(all[1], y), append(all[2], x/y)
	}
	return median(all[0]), median(all[1]), median(all[2]), nil
}

// atLeast adds a row whose ratio should reach the goal, atMost one whose ratio should stay below.
func (b *bench) atLeast(goal float64, row benchRow) {
	row.Goal, row.Met = fmt.Sprintf("≥ %gx", goal), row.Ratio >= goal
	b.report.Rows = append(b.report.Rows, row)
}

func (b *bench) atMost(goal float64, row benchRow) {
	row.Goal, row.Met = fmt.Sprintf("≤ %gx", goal), row.Ratio <= goal
	b.report.Rows = append(b.report.Rows, row)
}

// median gives the middle value; of an even number the mean of the two.
func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}

// write writes the table.
func (r *benchReport) write(out io.Writer) {
	fmt.Fprintf(out, "\nEngine %s. ", r.Engine)
	var facts []string
	for name, value := range r.Machine {
		facts = append(facts, name+" "+value)
	}
	slices.Sort(facts)
	fmt.Fprintf(out, "%s. Client and server on the same processors.\n\n", strings.Join(facts, ", "))
	fmt.Fprintf(out, "| | what | figure | base | ratio | goal | |\n|---|---|---:|---:|---:|---:|---|\n")
	for _, row := range r.Rows {
		verdict := "met"
		if !row.Met {
			verdict = "**missed**"
		}
		ratio, base := fmt.Sprintf("%.2fx", row.Ratio), fmt.Sprintf("%s %s (%s)", figure(row.Base), row.Unit, row.Of)
		if row.Of == "" {
			ratio, base = "", ""
		}
		note := row.Note
		if note != "" {
			note = "; " + note
		}
		fmt.Fprintf(out, "| %s | %s | %s %s | %s | %s | %s | %s%s |\n", row.ID, row.What, figure(row.Ours), row.Unit, base, ratio, row.Goal, verdict, note)
	}
	fmt.Fprintf(out, "\n%.0f seconds.\n", r.Seconds)
}

// figure writes a number as one reads it: 12,345 or 3.21.
func figure(v float64) string {
	if v < 100 && v != math.Trunc(v) {
		return fmt.Sprintf("%.2f", v)
	}
	text := fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
