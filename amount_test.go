package turnout

import (
	"fmt"
	"strings"
	"testing"
)

// What is typed is read as it is meant, in any language; what can be meant in two ways is asked about with both of them, and never is the
// price another one silently.
func TestTypedAmounts(t *testing.T) {
	for _, c := range []struct{ text, currency, point, want string }{
		{"49", "EUR", ".", "4900"}, {"49.00", "EUR", ",", "4900"}, {"49,00", "EUR", ".", "4900"}, {"49,5", "EUR", ",", "4950"}, {" 49. ", "EUR", ".", "4900"},
		{"1.250,00", "EUR", ",", "125000"}, {"1.250,00", "EUR", ".", "125000"}, {"1,250.00", "EUR", ".", "125000"}, {"1,250.00", "EUR", ",", "125000"},
		{"1 250,50", "EUR", ",", "125050"}, {"1’250.50", "CHF", ".", "125050"}, {"1\u00a0250", "EUR", ".", "125000"}, {"1,250,000", "EUR", ",", "125000000"}, {"1.250.000,7", "EUR", ",", "125000070"},
		{"€49.00", "EUR", ".", "4900"}, {"1.250,00\u00a0€", "EUR", ",", "125000"}, {"EUR 49", "EUR", ".", "4900"}, {"−€5.00", "EUR", ".", "-500"}, {"-5", "EUR", ".", "-500"},
		{"1.250", "EUR", ".", `amount_unclear “1.250” can mean €1,250.00 or €1.25. Write it as one of these.`},
		{"1.250", "EUR", ",", "amount_unclear"}, {"1,250", "EUR", ".", "amount_unclear"}, {"999,990", "EUR", ",", "amount_unclear"},
		{"1.255", "EUR", ",", "amount_decimals “1.255” has more decimals than EUR. If you mean €1,255.00, write it so."},
		{"0.250", "EUR", ".", "amount"}, {"1250.500", "EUR", ".", "amount"}, {"1.2345", "EUR", ".", "amount"},
		{"1,250", "JPY", ".", "1250"}, {"1.250", "JPY", ".", "1250"}, {"12.50", "JPY", ".", "amount"}, {"1,250,000", "JPY", ".", "1250000"},
		{"1.250", "KWD", ".", "1250"}, {"1,250", "KWD", ",", "1250"}, {"1,250", "KWD", ".", "amount_unclear “1,250” can mean KWD\u00a01,250.000 or KWD\u00a01.250. Write it as one of these."},
		{"0,250", "KWD", ".", "250"}, {"1,250.000", "KWD", ",", "1250000"},
		{"99999999999999999999", "EUR", ".", "1000000000001"}, {"-99999999999999999999", "EUR", ".", "-1000000000001"}, {"10,000,000,000.00", "EUR", ".", "1000000000000"}, {"10.000.000.000,01", "EUR", ",", "1000000000001"},
		{"", "EUR", ".", "amount"}, {"much", "EUR", ".", "amount Write an amount such as €49.00."}, {"1.25.00", "EUR", ".", "amount"}, {"12,50.00", "EUR", ".", "amount"}, {"1 2", "EUR", ".", "amount"}, {"1,250,00", "EUR", ".", "amount"},
		{"1.250,000,00", "EUR", ".", "amount"}, {".5", "EUR", ".", "amount"}, {"$49", "EUR", ".", "amount"}, {"1e3", "EUR", ".", "amount"}, {"--5", "EUR", ".", "amount"}, {"1.-1", "EUR", ".", "amount"}, {"1234,567.00", "EUR", ".", "amount"},
	} {
		var p Problems
		m := p.Typed("price", c.text, c.currency, c.point)
		got := fmt.Sprint(m.Amount)
		if len(p) > 0 {
			if got = p[0].Code; strings.Contains(c.want, " ") {
				got += " " + p[0].Message
			}
		}
		if got != c.want || m.Currency != c.currency || len(p) > 1 {
			t.Errorf("%q in %s where decimals stand behind %q: %s, want %s", c.text, c.currency, c.point, got, c.want)
		}
	}
}

// What pages write of an amount is read as that amount.
func TestTypedAmountsAreReadAsTheyAreWritten(t *testing.T) {
	for _, m := range []Money{{0, "EUR"}, {125000, "EUR"}, {-125050, "USD"}, {1250, "JPY"}, {1250, "KWD"}, {1250000, "KWD"}, {99, "CHF"}, {MaxAmount, "EUR"}} {
		for _, text := range []string{m.String(), m.Decimal()} {
			var p Problems
			if got := p.Typed("price", text, m.Currency, "."); got != m || p != nil {
				t.Errorf("%s is read as %s, %v", text, got, p.Err())
			}
		}
	}
}

// A price that is negative and one that is too high are told apart, with the highest; figures of messages have their thousands apart.
func TestPricesAndFiguresInMessages(t *testing.T) {
	var p Problems
	p.Price("low", Money{-1, "EUR"}, 500)
	p.Price("high", Money{1_000_000_01, "EUR"}, 1_000_000_00)
	p.Price("most", Money{500, "EUR"}, 500)
	p.Add("places", "out_of_range", "Between %d and %d, not “%s”.", int64(-4000), 10_000_000, "many")
	got := fmt.Sprint(p)
	for _, want := range []string{"low negative An amount here cannot be negative.", "high too_high This is too large: €1,000,000.00 at most.", "places out_of_range Between -4,000 and 10,000,000, not “many”."} {
		if !strings.Contains(got, want) {
			t.Errorf("%s: no %q", got, want)
		}
	}
	if len(p) != 3 {
		t.Errorf("%d problems: %s", len(p), got)
	}
	if e := ErrNotFound.With("None of %d.", 12_345); e.Message != "None of 12,345." {
		t.Error(e.Message)
	}
}
