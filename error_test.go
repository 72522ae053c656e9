package turnout

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestErrorIsComparesKindAndCode(t *testing.T) {
	soldOut := &Error{Kind: Conflict, Code: "sold_out", Message: "Sold out."}
	wrapped := fmt.Errorf("place order: %w", soldOut.With("Only %d left.", 2).Because(errors.New("pool p1")))
	if !errors.Is(wrapped, soldOut) {
		t.Error("a copy with another message is no longer the same error")
	}
	if errors.Is(wrapped, &Error{Kind: Conflict, Code: "other"}) || errors.Is(wrapped, &Error{Kind: Invalid, Code: "sold_out"}) {
		t.Error("another code or kind counts as the same error")
	}
	if soldOut.Message != "Sold out." {
		t.Error("With changed the sentinel")
	}
}

func TestProblemsWithoutEntriesAreNoError(t *testing.T) {
	var p Problems
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	p.Require("name", "")
	if err := p.Err(); !errors.Is(err, &Error{Kind: Invalid, Code: "invalid"}) {
		t.Fatal(err)
	}
}

func TestIDsRiseAndKeepTheirForm(t *testing.T) {
	ids := make([]ID, 10_000)
	for i := range ids {
		ids[i] = NewID(PrefixOrder)
		if !ids[i].Is(PrefixOrder) || ids[i].Is(PrefixTicket) {
			t.Fatalf("form of %q", ids[i])
		}
	}
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != 10_000 {
		t.Error("ids of one process do not rise strictly")
	}
}

func TestMoneyTextKeepsTheCurrencysDecimals(t *testing.T) {
	for _, c := range []struct {
		m    Money
		want string
	}{
		{Money{4900, "EUR"}, "49.00"}, {Money{-5, "EUR"}, "-0.05"}, {Money{4900, "JPY"}, "4900"},
		{Money{5124, "KWD"}, "5.124"}, {Money{0, "EUR"}, "0.00"}, {Money{-9223372036854775808, "EUR"}, "-92233720368547758.08"},
	} {
		if got := c.m.Decimal(); got != c.want {
			t.Errorf("%v: got %s, want %s", c.m, got, c.want)
		}
		if back, err := ParseDecimal(c.want, c.m.Currency); err != nil || back != c.m {
			t.Errorf("%s read back as %v, %v", c.want, back, err)
		}
	}
	for _, bad := range []string{"", "1.001", "1.-1", "x", "1.0.0", ".5", "1e3", "99999999999999999999"} {
		if m, err := ParseDecimal(bad, "EUR"); err == nil {
			t.Errorf("%q read as %v", bad, m)
		}
	}
}

func TestMulDivRoundsHalfAwayFromZero(t *testing.T) {
	for _, c := range [][4]int64{{5, 1, 2, 3}, {-5, 1, 2, -3}, {4, 1, 3, 1}, {-4, 1, 3, -1}, {1 << 62, 3, 3, 1 << 62}, {10, 19, 119, 2}} {
		if got := MulDiv(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("%d*%d/%d = %d, want %d", c[0], c[1], c[2], got, c[3])
		}
	}
}

func TestProblemsOfTextsAndAmounts(t *testing.T) {
	var p Problems
	p.Length("fits", "żółw", 4)
	p.Line("line", "one line", 8)
	p.Amount("nothing", Money{}, "EUR")
	p.Amount("enough", Money{Amount: 1e12, Currency: "EUR"}, "EUR")
	p.Moved("back", Money{Amount: -500, Currency: "EUR"}, "EUR", "day", "2026-03-01")
	if p.Err() != nil {
		t.Fatal(p.Err())
	}
	p.Length("long", "żółwi", 4)
	p.Line("lines", "two\nlines", 20)
	p.Line("bytes", "\xff", 20)
	p.Amount("foreign", Money{Amount: 1, Currency: "USD"}, "EUR")
	p.Amount("negative", Money{Amount: -1, Currency: "EUR"}, "EUR")
	p.Amount("endless", Money{Amount: 1e12 + 1, Currency: "EUR"}, "EUR")
	p.Moved("none", Money{Currency: "EUR"}, "EUR", "day", "1 March")
	p.Join(Problems{{Name: "long", Code: "second"}, {Name: "new", Code: "first"}})
	var got []string
	for _, f := range p {
		got = append(got, f.Name+" "+f.Code)
	}
	want := []string{"long too_long", "lines invalid_text", "bytes invalid_text", "foreign currency", "negative negative", "endless too_high", "none required", "day date", "new first"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProblemsInOrder(t *testing.T) {
	early := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	late := early.Add(time.Microsecond)
	for _, tt := range []struct {
		first, last time.Time
		fine        bool
	}{{early, late, true}, {early, early, false}, {late, early, false}, {late, time.Time{}, true}, {time.Time{}, early, true}, {time.Time{}, time.Time{}, true}} {
		var p Problems
		p.InOrder("ends_at", tt.first, tt.last, "100% wrong.")
		if fine := p.Err() == nil; fine != tt.fine || !fine && (p[0].Name != "ends_at" || p[0].Code != "order" || p[0].Message != "100% wrong.") {
			t.Errorf("%s to %s: %v", tt.first, tt.last, p)
		}
	}
}
