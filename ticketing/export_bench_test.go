package ticketing_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/xuri/excelize/v2"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// crowd writes n paid orders of a ticket each straight into the tables.
func (s *shop) crowd(tt *ticketing.TicketType, n int) {
	s.t.Helper()
	numbers, pad := fmt.Sprintf("generate_series(1, %d) AS n(i)", n), "lpad(i::text, 26, '0')"
	if s.DB.Engine == database.SQLite {
		numbers, pad = fmt.Sprintf("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n) AS n", n), "printf('%026d', i)"
	}
	at := "'" + start.Format("2006-01-02 15:04:05-07:00") + "'"
	words := strings.NewReplacer("{i}", pad, "{all}", numbers, "{at}", at, "{com}", "'"+string(s.event.CommunityID)+"'", "{event}", "'"+string(s.event.ID)+"'", "{type}", "'"+string(tt.ID)+"'")
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		for _, text := range []string{
			"INSERT INTO persons (id, community_id, name, created_at, updated_at) VALUES ('per_crowd', {com}, 'Crowd', {at}, {at})",
			`INSERT INTO orders (id, community_id, event_id, number, status, person_id, buyer_name, buyer_email, currency, total, expires_at, confirmed_at, created_at, updated_at)
				SELECT 'ord_' || {i}, {com}, {event}, i, 'confirmed', 'per_crowd', 'Given Family ' || i, 'person' || i || '@example.org', 'EUR', 4900, {at}, {at}, {at}, {at} FROM {all}`,
			`INSERT INTO order_lines (id, community_id, order_id, ticket_type_id, name, attendance_mode, quantity, unit_price, total, prices_include_tax)
				SELECT 'lin_' || {i}, {com}, 'ord_' || {i}, {type}, 'Standard', 'in_person', 1, 4900, 4900, TRUE FROM {all}`,
			`INSERT INTO tickets (id, community_id, event_id, order_id, line_id, ticket_type_id, number, status, attendance_mode, person_id, attendee_name, attendee_email, created_at, updated_at)
				SELECT 'tkt_' || {i}, {com}, {event}, 'ord_' || {i}, 'lin_' || {i}, {type}, i, 'valid', 'in_person', 'per_crowd', 'Given Family ' || i, 'person' || i || '@example.org', {at}, {at} FROM {all}`,
			`INSERT INTO payments (id, community_id, event_id, order_id, provider, status, amount, currency, created_at, updated_at)
				SELECT 'pay_' || {i}, {com}, {event}, 'ord_' || {i}, 'online', 'succeeded', 4900, 'EUR', {at}, {at} FROM {all}`,
		} {
			if _, err := tx.NewRaw(words.Replace(text)).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if s.DB.Engine == database.Postgres { // as its autovacuum does, later
		if _, err := s.DB.Writer().ExecContext(s.t.Context(), "ANALYZE"); err != nil {
			s.t.Fatal(err)
		}
	}
}

// resident is the process's memory in bytes.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// watched runs do and gives how far the resident memory rose above what it was.
func watched(do func()) int64 {
	debug.FreeOSMemory()
	idle, top := resident(), new(atomic.Int64)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			top.Store(max(top.Load(), resident()))
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	do()
	close(done)
	<-ended
	return top.Load() - idle
}

// BenchmarkExport measures P11: exports from the live database, beside the same number of equal rows written from memory by
// encoding/csv and by excelize's StreamWriter. RSS is what a run adds to the idle process. A million rows only where
// TURNOUT_TEST_SOAK is set.
func BenchmarkExport(b *testing.B) {
	sizes := []int{10_000, 100_000}
	if os.Getenv("TURNOUT_TEST_SOAK") != "" {
		sizes = append(sizes, 1_000_000)
	}
	for _, n := range sizes {
		base(b, "base=encoding_csv", n, func(w io.Writer) error { return plainCSV(w, n) })
		base(b, "base=excelize", n, func(w io.Writer) error { return excelizeRows(w, n) })
	}
	for _, engine := range []database.Engine{database.SQLite, database.Postgres} {
		if engine == database.Postgres && os.Getenv("TURNOUT_TEST_POSTGRES") == "" {
			continue
		}
		for _, n := range sizes {
			s := benchShop(b, engine, n)
			for _, format := range []sheet.Format{sheet.CSV, sheet.XLSX} {
				x := ticketing.Export{Format: format, Language: "en"}
				base(b, fmt.Sprintf("%s/orders.%s", engine, format), n, func(w io.Writer) error {
					return s.ExportOrders(b.Context(), w, s.event, ticketing.OrderFilter{}, x)
				})
				base(b, fmt.Sprintf("%s/attendees.%s", engine, format), n, func(w io.Writer) error {
					return s.ExportAttendees(b.Context(), w, s.event, ticketing.AttendeeFilter{}, x)
				})
			}
		}
	}
}

func base(b *testing.B, name string, n int, write func(io.Writer) error) {
	b.Run(fmt.Sprintf("%s/rows=%d", name, n), func(b *testing.B) {
		var rose int64
		for b.Loop() {
			rose = max(rose, watched(func() {
				if err := write(io.Discard); err != nil {
					b.Fatal(err)
				}
			}))
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(float64(rose)/(1<<20), "RSS-MiB")
	})
}

// sample is what a row of the export of orders holds.
func sample(i int) []string {
	return []string{"GN6TDA7A", "Confirmed", "Given Family " + strconv.Itoa(i), "person" + strconv.Itoa(i) + "@example.org", "1", "EUR", "49.00", "49.00", "0.00", "0.00", "Stripe",
		"2026-05-01 11:00:00", "2026-05-01 11:00:00", "", "en"}
}

func plainCSV(w io.Writer, n int) error {
	out := csv.NewWriter(w)
	for i := range n {
		if err := out.Write(sample(i)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func excelizeRows(w io.Writer, n int) error {
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	out, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	cells := make([]any, 15)
	for i := range n {
		for j, text := range sample(i) {
			cells[j] = text
		}
		for j, amount := range []float64{49, 49, 0, 0} {
			cells[6+j] = amount
		}
		if err := out.SetRow("A"+strconv.Itoa(i+1), cells); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

// benchShop is an event with n orders on a database of its own.
func benchShop(b *testing.B, engine database.Engine, n int) *shop {
	b.Helper()
	s := shopFor(b, dbtest.Open(b, engine), online{})
	s.crowd(s.ticketType(4900, s.pool(1)), n)
	return s
}
