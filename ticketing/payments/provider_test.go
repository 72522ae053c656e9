package payments_test

import (
	"errors"
	"math"
	"testing"

	"turnout"
	"turnout/ticketing/payments"
)

func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		total int64
		lines []payments.Line
		ok    bool
	}{
		"adds up":       {14700, []payments.Line{{"a", 4900, 2}, {"b", 4900, 1}}, true},
		"a free line":   {4900, []payments.Line{{"a", 4900, 1}, {"b", 0, 1}}, true},
		"one too many":  {14701, []payments.Line{{"a", 4900, 3}}, false},
		"nothing":       {0, nil, false},
		"free":          {0, []payments.Line{{"a", 0, 1}}, false},
		"none of it":    {4900, []payments.Line{{"a", 4900, 1}, {"b", 4900, 0}}, false},
		"minus":         {4900, []payments.Line{{"a", 9800, 1}, {"b", -4900, 1}}, false},
		"wraps around":  {math.MinInt64 + 4, []payments.Line{{"a", math.MaxInt64 / 2, 3}}, false},
		"wraps to good": {4900, []payments.Line{{"a", math.MaxInt64, 2}, {"b", 4902, 1}}, false},
	} {
		req := payments.CheckoutRequest{Total: turnout.Money{Amount: tt.total, Currency: "EUR"}, Lines: tt.lines}
		if err := req.Check(); tt.ok != (err == nil) || err != nil && !errors.Is(err, payments.ErrAmount) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
