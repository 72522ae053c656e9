package stripe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"turnout"
	"turnout/ticketing/payments"
)

// answering is a provider whose Stripe gives one answer to everything; asked counts.
func answering(t *testing.T, status int, body string, log io.Writer) (p *Provider, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Request-Id", "req_1")
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/refunds") {
			_, _ = io.WriteString(w, `{"object":"list","data":[],"url":"/v1/refunds"}`)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return New(Config{Key: "sk_live_very_secret", WebhookSecret: secret, URL: server.URL, Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil))}), asked
}

func checkoutRequest() payments.CheckoutRequest {
	return payments.CheckoutRequest{
		PaymentID: payment, Total: turnout.Money{Amount: 4900, Currency: "EUR"}, Lines: []payments.Line{{Name: "Regular", UnitPrice: 4900, Quantity: 1}},
		Email: "zoe@example.org", SuccessURL: "https://turnout.example/s", CancelURL: "https://turnout.example/c", HeldUntil: time.Now().Add(15 * time.Minute),
	}
}

func refundRequest() payments.RefundRequest {
	return payments.RefundRequest{ID: "ref_1", PaymentID: payment, PaymentRef: "pi_1", Amount: turnout.Money{Amount: 4900, Currency: "EUR"}}
}

func TestErrors(t *testing.T) {
	checkout := func(p *Provider) error { _, err := p.Checkout(t.Context(), checkoutRequest()); return err }
	expire := func(p *Provider) error { _, err := p.Expire(t.Context(), "cs_1"); return err }
	refund := func(p *Provider) error { _, err := p.Refund(t.Context(), refundRequest()); return err }
	for name, tt := range map[string]struct {
		do     func(*Provider) error
		status int
		fields string
		want   error
	}{
		"a wrong key":          {checkout, 401, `"type":"invalid_request_error"`, payments.ErrMisconfigured},
		"a restricted key":     {checkout, 403, `"type":"invalid_request_error"`, payments.ErrMisconfigured},
		"too busy":             {checkout, 429, `"type":"invalid_request_error","code":"rate_limit"`, payments.ErrUnavailable},
		"down":                 {checkout, 500, `"type":"api_error"`, payments.ErrUnavailable},
		"the key is in use":    {checkout, 409, `"type":"idempotency_error","code":"idempotency_key_in_use"`, payments.ErrUnavailable},
		"too small":            {checkout, 400, `"type":"invalid_request_error","code":"amount_too_small"`, payments.ErrAmount},
		"another request":      {checkout, 400, `"type":"idempotency_error"`, payments.ErrRefused},
		"no such session":      {expire, 404, `"type":"invalid_request_error","code":"resource_missing"`, turnout.ErrNotFound},
		"no such payment":      {refund, 404, `"type":"invalid_request_error","code":"resource_missing"`, turnout.ErrNotFound},
		"all given back":       {refund, 400, `"type":"invalid_request_error","code":"charge_already_refunded"`, payments.ErrRefundTooMuch},
		"more than is left":    {refund, 400, `"type":"invalid_request_error","param":"amount"`, payments.ErrRefundTooMuch},
		"no money at Stripe":   {refund, 400, `"type":"invalid_request_error","code":"balance_insufficient"`, payments.ErrUnavailable},
		"a refund is refused":  {refund, 400, `"type":"invalid_request_error","param":"payment_intent"`, payments.ErrRefused},
		"an error of new kind": {refund, 402, `"type":"card_error","code":"something_new"`, payments.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // what is tried again waits between the attempts
			var log bytes.Buffer
			p, _ := answering(t, tt.status, `{"error":{`+tt.fields+`,"message":"zoe@example.org sk_live_very_secret"}}`, &log)
			err := tt.do(p)
			if !errors.Is(err, tt.want) {
				t.Errorf("%v", err)
			}
			for _, hidden := range []string{"zoe", "sk_live", "127.0.0.1"} {
				if text := fmt.Sprintf("%v %+v", err, err) + log.String(); strings.Contains(text, hidden) {
					t.Errorf("%q is told to everybody: %s", hidden, text)
				}
			}
			if known, ok := errors.AsType[*turnout.Error](err); !ok || !strings.Contains(known.Error(), "req_1") {
				t.Errorf("the log does not get the request's id: %v", err)
			}
		})
	}
}

func TestAnswersThatAreNoJSON(t *testing.T) {
	p, asked := answering(t, 502, "<html>Bad gateway</html>", io.Discard)
	if _, err := p.Status(t.Context(), "cs_1"); !errors.Is(err, payments.ErrUnavailable) || asked.Load() != askAttempts {
		t.Errorf("%v after %d attempts", err, asked.Load())
	}
	if _, err := offline(time.Now()).Status(t.Context(), "cs_1"); !errors.Is(err, payments.ErrUnavailable) {
		t.Errorf("nobody is there: %v", err)
	}
}

func TestNothingIsAskedAfterTheContextEnds(t *testing.T) {
	p, asked := answering(t, 503, `{"error":{"type":"api_error"}}`, io.Discard)
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	start := time.Now()
	_, err := p.Checkout(ctx, checkoutRequest())
	if !errors.Is(err, payments.ErrUnavailable) || time.Since(start) > time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	was := asked.Load()
	time.Sleep(500 * time.Millisecond) // longer than the pause between two attempts
	if asked.Load() != was {
		t.Error("asked again after the context ended")
	}
}
