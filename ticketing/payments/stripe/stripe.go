// Package stripe takes payments with Stripe Checkout (hosted pages), through stripe-go v76 and so API version 2023-10-16.
//
// # The webhook endpoint
//
// Create it in Stripe's dashboard (Developers, Webhooks, Add endpoint) or with its command line, at
// {TURNOUT_BASE_URL}/hooks/stripe, with the API version 2023-10-16 and these events, and give its signing secret (whsec_…)
// as TURNOUT_STRIPE_WEBHOOK_SECRET:
//
//	checkout.session.completed                 paid, or the money is under way
//	checkout.session.async_payment_succeeded   money under way came
//	checkout.session.async_payment_failed      money under way did not come
//	checkout.session.expired                   the page closed unpaid
//	payment_intent.payment_failed              one attempt was declined
//	charge.refunded                            money went back, also by hand in the dashboard
//	charge.refund.updated                      a refund failed afterwards, or succeeded after waiting
//	refund.created, refund.updated, refund.failed  the same, on accounts that send these
//	charge.dispute.created                     a chargeback
//
// Where the dashboard does not offer this version, the API (POST /v1/webhook_endpoints) takes it:
//
//	stripe webhook_endpoints create -d url={TURNOUT_BASE_URL}/hooks/stripe -d api_version=2023-10-16 \
//	  -d "enabled_events[]=checkout.session.completed" …
//
// An endpoint of another version works too: such an event is logged, and its object read again through the API (which
// answers in our version) instead of trusting the body. Other events may be sent; they are ignored.
package stripe

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/checkout/session"
	"github.com/stripe/stripe-go/v76/dispute"
	"github.com/stripe/stripe-go/v76/paymentintent"
	"github.com/stripe/stripe-go/v76/refund"

	"turnout/ticketing/payments"
)

// Config is what a Provider needs. Key, WebhookSecret and Log must be there.
type Config struct {
	Name          string            // stored on payments; "" is "stripe"
	Key           string            // TURNOUT_STRIPE_SECRET_KEY
	WebhookSecret string            // TURNOUT_STRIPE_WEBHOOK_SECRET; "" refuses every webhook
	URL           string            // TURNOUT_STRIPE_API_URL; "" is Stripe's own
	Transport     http.RoundTripper // nil is the network
	Now           func() time.Time
	Log           *slog.Logger
}

// Provider is Stripe as a payments.Provider.
type Provider struct {
	name   string
	secret string
	api    clients
	now    func() time.Time
	log    *slog.Logger
}

var _ payments.Provider = (*Provider)(nil)

// clients are those of Stripe's clients that are used; client.New would link all hundred into the program.
type clients struct {
	CheckoutSessions *session.Client
	PaymentIntents   *paymentintent.Client
	Refunds          *refund.Client
	Disputes         *dispute.Client
}

const (
	callTimeout = 10 * time.Second // one request
	askTimeout  = 20 * time.Second // one question with its repetitions
	askAttempts = 3
)

// New makes a provider. It calls nobody.
func New(cfg Config) *Provider {
	backend := &stripego.BackendConfig{
		EnableTelemetry:   stripego.Bool(false),
		HTTPClient:        &http.Client{Transport: cfg.Transport, Timeout: callTimeout},
		LeveledLogger:     &stripego.LeveledLogger{Level: stripego.LevelNull}, // it would print what Stripe says of people
		MaxNetworkRetries: stripego.Int64(0),                                  // its pauses do not end with the context; ask has its own
	}
	if cfg.URL != "" {
		backend.URL = stripego.String(strings.TrimSuffix(cfg.URL, "/"))
	}
	api := stripego.GetBackendWithConfig(stripego.APIBackend, backend)
	if cfg.Name == "" {
		cfg.Name = "stripe"
	}
	return &Provider{
		name:   cfg.Name,
		secret: cfg.WebhookSecret,
		api: clients{
			CheckoutSessions: &session.Client{B: api, Key: cfg.Key}, PaymentIntents: &paymentintent.Client{B: api, Key: cfg.Key},
			Refunds: &refund.Client{B: api, Key: cfg.Key}, Disputes: &dispute.Client{B: api, Key: cfg.Key},
		},
		now: cfg.Now,
		log: cfg.Log,
	}
}

// Name is what payments store: "stripe" or "sandbox".
func (p *Provider) Name() string { return p.name }

// ask calls Stripe, and again when it was unavailable, within the context. The calls bear idempotency keys or only read.
func (p *Provider) ask(ctx context.Context, call func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := call(ctx)
		if err == nil || attempt == askAttempts || !errors.Is(problem(err), payments.ErrUnavailable) {
			return err
		}
		select {
		case <-time.After(time.Duration(1<<attempt) * 100 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}
