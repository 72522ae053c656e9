package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// The benchmark runs, measures every row it promises and says so as JSON; whether goals are met on a busy machine is no test.
func TestBench(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			args := []string{"bench", "--quick", "--json", "--engine", string(engine)}
			ids := []string{"P1", "P1", "P3", "P3", "P3", "P3", "P4", "P5", "P5", "P5", "P6", "P7", "P7", "P7", "P16", "P16", "P16", "P11", "P11", "P12", "P12", "P12", "P12", "P12", "P12", "P12", "P12", "P12"}
			if engine == database.Postgres {
				args = append(args, "--database", os.Getenv("TURNOUT_TEST_POSTGRES"))
				ids = slices.Insert(ids, 2, "P2")
				ids = slices.Insert(ids, 1, "P2")
			}
			var out, complaints bytes.Buffer
			if code := run(t.Context(), args, nil, &out, &complaints); code != 0 {
				t.Fatalf("exit code %d: %s", code, complaints.String())
			}
			var report benchReport
			if err := json.Unmarshal(out.Bytes(), &report); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range report.Rows {
				got = append(got, row.ID)
				if row.Ours <= 0 || row.Of != "" && (row.Base <= 0 || row.Ratio <= 0) {
					t.Errorf("nothing was measured: %+v", row)
				}
			}
			if !slices.Equal(got, ids) {
				t.Errorf("rows %v, want %v", got, ids)
			}
			if report.Machine["processors"] == "" {
				t.Errorf("machine %v", report.Machine)
			}
		})
	}
}

// The crowd of P12, made by statements of its own, is one that doctor finds in order: its calls are measured over true counters.
func TestTheCrowdOfTheBenchIsInOrder(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			b := &bench{size: (&benchCommand{Quick: true}).size(), engine: engine, server: os.Getenv("TURNOUT_TEST_POSTGRES"), log: io.Discard, report: &benchReport{}}
			c, err := b.crowd(t.Context(), 3000) // more than there are quarters of an hour
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := c.close(); err != nil {
					t.Error(err)
				}
			}()
			for _, a := range asks {
				if _, err := c.ask(t.Context(), a); err != nil {
					t.Errorf("%s: %v", a.what, err)
				}
			}
			for _, e := range examinations {
				if found, err := e.check(t.Context(), c.DB.Read()); err != nil || len(found) > 0 {
					t.Errorf("%s: %q, %v", e.name, found, err)
				}
			}
		})
	}
}
