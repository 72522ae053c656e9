package sandbox_test

import (
	"errors"
	"testing"
	"time"

	"turnout/ticketing/payments"
)

// Succeed and Fail work on a payment in any state, opened or not.
func TestTheTestSurface(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for name, tt := range map[string]struct {
			before func(req payments.CheckoutRequest)
			fail   bool
			state  payments.State
			want   string
		}{
			"never opened":            {func(payments.CheckoutRequest) {}, false, payments.Paid, "paid"},
			"opened":                  {func(r payments.CheckoutRequest) { d.checkout(t, r) }, false, payments.Paid, "paid"},
			"never opened, hold over": {func(payments.CheckoutRequest) { d.wait(20 * time.Minute) }, false, payments.Paid, "paid"},
			"opened, hold over":       {func(r payments.CheckoutRequest) { d.checkout(t, r); d.wait(20 * time.Minute) }, false, payments.Paid, "paid"},
			"opened, page over":       {func(r payments.CheckoutRequest) { d.checkout(t, r); d.wait(3 * time.Hour) }, false, payments.Paid, "expired paid"},
			"abandoned": {func(r payments.CheckoutRequest) {
				d.checkout(t, r)
				_, _ = d.sandbox.Abandon(t.Context(), string(r.PaymentID))
			}, false, payments.Paid, "expired paid"},
			"paid":                      {func(r payments.CheckoutRequest) { _, _ = d.sandbox.Succeed(t.Context(), r) }, false, payments.Paid, "paid"},
			"failed":                    {func(r payments.CheckoutRequest) { _, _ = d.sandbox.Fail(t.Context(), r) }, false, payments.Paid, "declined paid"},
			"never opened, fails":       {func(payments.CheckoutRequest) {}, true, payments.Open, "declined"},
			"never opened, over, fails": {func(payments.CheckoutRequest) { d.wait(20 * time.Minute) }, true, payments.Open, "declined"},
			"paid, and fails":           {func(r payments.CheckoutRequest) { _, _ = d.sandbox.Succeed(t.Context(), r) }, true, payments.Paid, "paid"},
			"abandoned, and fails": {func(r payments.CheckoutRequest) {
				d.checkout(t, r)
				_, _ = d.sandbox.Abandon(t.Context(), string(r.PaymentID))
			}, true, payments.Expired, "expired"},
			"under way, and does not come": {func(r payments.CheckoutRequest) {
				d.checkout(t, r)
				_, _ = d.sandbox.Delay(t.Context(), string(r.PaymentID))
			}, true, payments.Failed, "processing declined failed"},
		} {
			req := d.request()
			tt.before(req)
			do := d.sandbox.Succeed
			if tt.fail {
				do = d.sandbox.Fail
			}
			page, err := do(t.Context(), req)
			if err != nil || page.State != tt.state {
				t.Errorf("%s: %s (%v), not %s", name, page.State, err, tt.state)
			}
			if got := d.kinds(); got != tt.want {
				t.Errorf("%s: webhooks say %q, not %q", name, got, tt.want)
			}
		}
		wrong := d.request()
		wrong.Total.Amount++
		if _, err := d.sandbox.Succeed(t.Context(), wrong); !errors.Is(err, payments.ErrAmount) {
			t.Errorf("a wrong sum: %v", err)
		}
	})
}
