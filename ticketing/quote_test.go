package ticketing_test

import (
	"slices"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// What is shown before a sale is without the voucher that the sale would refuse, and says so.
func TestAQuoteWithAVoucherThatDoesNotSuffice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(4900, s.pool(10))
		s.voucher(ticketing.VoucherInput{Code: "ONCE", Kind: ticketing.Percent, Value: 100, MaxUses: number(1)})
		s.voucher(ticketing.VoucherInput{Code: "PURSE", Kind: ticketing.AmountOff, Value: 1000, Budget: number(1500)})
		s.voucher(ticketing.VoucherInput{Code: "LATE", Kind: ticketing.Percent, Value: 10, ValidUntil: s.now().Add(time.Hour)})
		s.voucher(ticketing.VoucherInput{Code: "HERS", Kind: ticketing.Percent, Value: 10, Email: "eve@example.org"})
		quoted := func(code string, n int64, total int64, problem string) {
			t.Helper()
			p := s.with(code, tt, n, 1)
			q, err := s.Quote(t.Context(), &p)
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(q.Problems, func(f turnout.FieldError) bool { return f.Name == "voucher" && f.Code == problem })
			if q.Total.Amount != total || q.Total.Amount+q.Discount.Amount != n*4900 || found != (problem != "") {
				t.Errorf("%d with %s: %s less %s, %v", n, code, q.Total, q.Discount, q.Problems)
			}
		}
		quoted("ONCE", 1, 0, "")
		quoted("ONCE", 2, 9800, "too_few_uses")
		quoted("PURSE", 1, 3900, "")
		quoted("PURSE", 2, 9800, "budget_spent")
		quoted("LATE", 1, 4410, "")
		quoted("HERS", 1, 4900, "other_buyer")
		s.wait(2 * time.Hour)
		quoted("LATE", 1, 4900, "expired")
		s.voucher(ticketing.VoucherInput{Code: "HALF", Kind: ticketing.Percent, Value: 50, MaxUses: number(1)})
		held, got := s.try(s.with("HALF", tt, 1, 1))
		if got != "" {
			t.Fatal(got)
		}
		quoted("HALF", 1, 4900, "used_up")
		// In the place of an order that is not paid its own use comes back; a dead code stays dead.
		for code, total := range map[string]int64{"HALF": 2450, "LATE": 4900, "HERS": 4900} {
			p := s.with(code, tt, 1, 1)
			p.Replaces = held.ID
			if q, err := s.Quote(t.Context(), &p); err != nil || q.Total.Amount != total {
				t.Errorf("instead, with %s: %+v, %v", code, q, err)
			}
		}
		plain := s.buy(tt, 1, 2)
		p := s.with("HALF", tt, 1, 1)
		p.Replaces = plain.ID
		if q, err := s.Quote(t.Context(), &p); err != nil || q.Total.Amount != 4900 {
			t.Errorf("in the place of an order without it: %+v, %v", q, err)
		}
	})
}
