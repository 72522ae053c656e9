package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"turnout/internal/sheet"
	"turnout/ticketing"
)

// exports is P11: the tables of orders and attendees as CSV, made from the larger event of P12, beside as many equal rows that
// encoding/csv writes from memory. XLSX is measured by BenchmarkExport: its base is no part of this program.
func (b *bench) exports(ctx context.Context, c *crowd) error {
	x := ticketing.Export{Format: sheet.CSV}
	for _, table := range []struct {
		what  string
		write func(io.Writer) error
	}{
		{"orders", func(w io.Writer) error {
			return c.Ticketing.ExportOrders(ctx, w, c.Event, ticketing.OrderFilter{}, x)
		}},
		{"attendees", func(w io.Writer) error {
			return c.Ticketing.ExportAttendees(ctx, w, c.Event, ticketing.AttendeeFilter{}, x)
		}},
	} {
		sample, err := firstRow(table.write)
		if err != nil {
			return fmt.Errorf("P11: %w", err)
		}
		rate := func(write func(io.Writer) error) func(int) (float64, error) {
			return func(int) (float64, error) {
				began := time.Now()
				err := write(io.Discard)
				return float64(c.tickets) / time.Since(began).Seconds(), err
			}
		}
		ours, base, ratio, err := b.inTurn(rate(table.write), rate(func(w io.Writer) error { return equalRows(w, sample, c.tickets) }))
		if err != nil {
			return fmt.Errorf("P11: %w", err)
		}
		b.atLeast(0.3, benchRow{ID: "P11", What: fmt.Sprintf("CSV of %s %s, from the live database", figure(float64(c.tickets)), table.what), Ours: ours, Base: base, Unit: "rows/s",
			Of: "encoding/csv, equal rows from memory", Ratio: ratio})
	}
	return nil
}

// firstRow gives the first row below the titles of a table, and breaks off the rest.
func firstRow(write func(io.Writer) error) (row []string, err error) {
	from, to := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = to.CloseWithError(write(to)) // what failed is what is read
	}()
	table := csv.NewReader(from)
	for range 2 {
		if row, err = table.Read(); err != nil {
			break
		}
	}
	_ = from.Close() // never fails
	<-ended
	return row, err
}

// equalRows writes a row so many times, its texts made anew each time as a program's are.
func equalRows(w io.Writer, sample []string, n int) error {
	out, row := csv.NewWriter(w), make([]string, len(sample))
	for range n {
		for i, text := range sample {
			row[i] = strings.Clone(text)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
