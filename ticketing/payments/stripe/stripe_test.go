package stripe

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"turnout"
	"turnout/ticketing/payments"
)

const secret = "whsec_test_secret"

// unreachable is a network without Stripe on it.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nobody is there")
}

func offline(now time.Time) *Provider {
	return New(Config{
		Key: "sk_test_very_secret", WebhookSecret: secret, Transport: unreachable{},
		Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
}

// realData reads a file that nobody on this project wrote.
func realData(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../../shared/real-data", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("shared/real-data/%s is not beside the repository", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestSessionEnd(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 34, 56, 0, time.UTC)
	for _, held := range []time.Duration{time.Second, 15 * time.Minute, 23 * time.Hour, 24 * time.Hour, 30 * 24 * time.Hour} {
		until := now.Add(held)
		end := sessionEnd(now, until)
		if lives := end.Sub(now); lives < 30*time.Minute || lives > 24*time.Hour {
			t.Errorf("held for %v, a page lives %v", held, lives)
		}
		if later := sessionEnd(now.Add(time.Second), until); !later.Equal(end) {
			t.Errorf("held for %v, the end moves from %v to %v when asked a second later", held, end, later)
		}
	}
}

func TestCurrenciesAsStripeCountsThem(t *testing.T) {
	var table struct {
		Currencies map[string]struct {
			ISO    *int `json:"iso_minor_units"`
			Stripe *int `json:"stripe_exponent"`
		}
	}
	realData(t, "money/currency-minor-units.json", &table)
	if len(table.Currencies) < 150 {
		t.Fatalf("only %d currencies", len(table.Currencies))
	}
	for code, want := range table.Currencies {
		iso, known := turnout.MinorUnits(code)
		if !known || want.Stripe == nil {
			t.Logf("%s: not money here", code)
			continue
		}
		if iso != *want.ISO {
			t.Errorf("%s: %d decimals, ISO has %d", code, iso, *want.ISO)
		}
		if exponent(code) != *want.Stripe {
			t.Errorf("%s: %d decimals at Stripe, not %d", code, exponent(code), *want.Stripe)
		}
	}
}

func TestToStripe(t *testing.T) {
	for _, tt := range []struct {
		amount   int64
		currency string
		want     int64
		refused  bool
	}{
		{4900, "EUR", 4900, false},
		{4900, "JPY", 4900, false},
		{5, "ISK", 500, false},
		{5, "UGX", 500, false},
		{500, "MGA", 5, false},
		{550, "MGA", 0, true}, // 5.50 ariary
		{5120, "KWD", 5120, false},
		{5124, "KWD", 0, true},
		{10, "LYD", 1, false},
		{5, "LYD", 0, true},
		{100, "EURO", 0, true},
		{1 << 62, "ISK", 0, true},
	} {
		m := turnout.Money{Amount: tt.amount, Currency: tt.currency}
		got, err := toStripe(m)
		if got != tt.want || tt.refused != errors.Is(err, payments.ErrAmount) {
			t.Errorf("%v is %d (%v), not %d", m, got, err, tt.want)
		}
		if back, ok := Money(got, tt.currency); !tt.refused && (!ok || back != m) {
			t.Errorf("%v comes back as %v", m, back)
		}
	}
	for _, tt := range []struct {
		amount   int64
		currency string
	}{{550, "isk"}, {1, ""}, {1, "xxx"}, {1 << 62, "mga"}} {
		if m, ok := Money(tt.amount, tt.currency); ok {
			t.Errorf("%d %s is %v", tt.amount, tt.currency, m)
		}
	}
}

// The most of each currency is what Stripe takes, eight digits as it counts, and one more of it is not.
func TestMost(t *testing.T) {
	var p *Provider
	for currency, want := range map[string]int64{"EUR": 99_999_999, "JPY": 99_999_999, "UGX": 999_999, "ISK": 999_999, "MGA": 9_999_999_900, "KWD": 99_999_990, "LYD": 999_999_990} {
		most := turnout.Money{Amount: p.Most(currency), Currency: currency}
		if most.Amount != want {
			t.Errorf("%v, not %d", most, want)
		}
		if sent, err := toStripe(most); err != nil || sent > 99_999_999 {
			t.Errorf("%v is sent as %d: %v", most, sent, err)
		}
	}
}

func TestLocale(t *testing.T) {
	for tag, want := range map[string]string{"": "auto", "de": "de", "de-AT": "de", "pt-BR": "pt-BR", "ar": "auto", "zh-TW": "zh-TW"} {
		if got := locale(tag); got != want {
			t.Errorf("%q is %q, not %q", tag, got, want)
		}
	}
}
