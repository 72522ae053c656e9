package turnout

import "testing"

// The number that is written stays, never the count of minor units.
func TestMoneyAs(t *testing.T) {
	for _, tt := range []struct {
		amount   int64
		from, to string
		want     int64
		ok       bool
	}{
		{4900, "EUR", "JPY", 49, true}, {4950, "EUR", "JPY", 0, false}, {49, "JPY", "EUR", 4900, true}, {4900, "EUR", "USD", 4900, true},
		{4901, "EUR", "KWD", 49010, true}, {49010, "KWD", "EUR", 4901, true}, {49015, "KWD", "EUR", 0, false}, {5, "EUR", "KWD", 50, true},
		{0, "EUR", "JPY", 0, true}, {10000, "JPY", "EUR", 1000000, true}, {-4900, "EUR", "JPY", -49, true}, {1 << 62, "JPY", "EUR", 0, false}, {100, "EUR", "XXX", 0, false},
	} {
		got, err := Money{tt.amount, tt.from}.As(tt.to)
		if (err == nil) != tt.ok || tt.ok && got != (Money{tt.want, tt.to}) {
			t.Errorf("%d %s as %s: %v, %v", tt.amount, tt.from, tt.to, got, err)
		}
	}
}
