package ticketing_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/xuri/excelize/v2"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// Exports say, row by row and in the same order, what the lists say, over several of the pieces that they are read in.
func TestExportsSayWhatTheListsSay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		f := shopFor(t, db, online{})
		f.crowd(f.ticketType(4900, f.pool(1)), 1003)
		f.run(
			"UPDATE payments SET provider_fee = 31 WHERE order_id < 'ord_00000000000000000000000500'",
			"UPDATE payments SET status = 'failed' WHERE order_id > 'ord_00000000000000000000000950'",
			`INSERT INTO payments (id, community_id, event_id, order_id, provider, status, amount, currency, created_at, updated_at)
				SELECT 'two_' || id, community_id, event_id, id, 'offline', 'disputed', 100, currency, created_at, updated_at FROM orders WHERE number > 900`,
			`INSERT INTO refunds (id, community_id, event_id, order_id, payment_id, status, amount, currency, reason, created_at, updated_at)
				SELECT 'ref_' || id, community_id, event_id, order_id, id, 'manual', 77, currency, 'canceled_by_buyer', created_at, updated_at FROM payments WHERE provider = 'offline'`,
			"UPDATE orders SET status = 'held' WHERE number < 20",
			"UPDATE orders SET status = 'canceled', canceled_at = updated_at, confirmed_at = NULL, locale = 'de', buyer_name = 'Ann \"A; B\"' WHERE number BETWEEN 400 AND 600",
			"UPDATE tickets SET status = 'canceled', attendance_mode = 'virtual', order_id = 'ord_00000000000000000000000007' WHERE number BETWEEN 400 AND 600",
		)
		zone := f.event.Location()
		at := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.In(zone).Format(time.DateTime)
		}
		amount := func(minor int64, currency string) string {
			return turnout.Money{Amount: minor, Currency: currency}.Decimal()
		}
		for _, oldest := range []bool{false, true} {
			var want [][]string
			orders, err := f.OrderRows(t.Context(), f.event, ticketing.OrderFilter{Oldest: oldest, Limit: 5000})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range orders {
				want = append(want, []string{o.Code, string(o.StatusAt(f.Now())), o.BuyerName, o.BuyerEmail, strconv.FormatInt(o.Tickets, 10), o.Currency,
					amount(o.Total, o.Currency), amount(o.Paid, o.Currency), amount(o.Refunded, o.Currency), amount(o.Fees, o.Currency), o.Provider,
					at(o.CreatedAt), at(o.ConfirmedAt), at(o.CanceledAt), o.Locale})
			}
			f.exported(want, func(out *bytes.Buffer, x ticketing.Export) error {
				return f.ExportOrders(t.Context(), out, f.event, ticketing.OrderFilter{Oldest: oldest}, x)
			})
			tickets, err := f.AttendeeRows(t.Context(), f.event, ticketing.AttendeeFilter{Oldest: oldest, Limit: 5000})
			if err != nil {
				t.Fatal(err)
			}
			want = nil
			for _, a := range tickets {
				want = append(want, []string{strconv.FormatInt(a.Number, 10), string(a.Status), a.AttendeeName, a.AttendeeEmail, a.TypeName, string(a.AttendanceMode), a.Currency,
					amount(a.Price, a.Currency), at(a.CameAt), string(a.Notice), a.NoticeText, a.OrderCode, string(a.OrderStatus), a.BuyerName, a.BuyerEmail, at(a.CreatedAt)})
			}
			f.exported(want, func(out *bytes.Buffer, x ticketing.Export) error {
				return f.ExportAttendees(t.Context(), out, f.event, ticketing.AttendeeFilter{Oldest: oldest}, x)
			})
		}
	})
}

func (s *shop) run(statements ...string) {
	s.t.Helper()
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		for _, statement := range statements {
			if _, err := tx.NewRaw(statement).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// exported compares both kinds of file with the rows that they should have below their titles.
func (s *shop) exported(want [][]string, export func(*bytes.Buffer, ticketing.Export) error) {
	s.t.Helper()
	var text, book bytes.Buffer
	for format, out := range map[sheet.Format]*bytes.Buffer{sheet.CSV: &text, sheet.XLSX: &book} {
		if err := export(out, ticketing.Export{Format: format}); err != nil {
			s.t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text.String(), "\ufeff"))).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	opened, err := excelize.OpenReader(&book)
	if err != nil {
		s.t.Fatal(err)
	}
	shown, err := opened.GetRows(opened.GetSheetName(0))
	if err != nil {
		s.t.Fatal(err)
	}
	if len(rows) != len(want)+1 || len(shown) != len(want)+1 {
		s.t.Fatalf("%d rows in the CSV, %d in the XLSX, the list has %d", len(rows)-1, len(shown)-1, len(want))
	}
	for i, row := range want {
		if !slices.Equal(rows[i+1], row) {
			s.t.Fatalf("row %d of the CSV is %q, the list says %q", i, rows[i+1], row)
		}
		for len(shown[i+1]) < len(row) { // empty cells at the end are not written
			shown[i+1] = append(shown[i+1], "")
		}
		if !slices.Equal(shown[i+1], row) {
			s.t.Fatalf("row %d of the XLSX is %q, the list says %q", i, shown[i+1], row)
		}
	}
}
