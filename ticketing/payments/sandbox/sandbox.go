// Package sandbox lets people try payments without an account anywhere: the code of payments/stripe in front of a small,
// stateful stand-in for Stripe's API. The stand-in is reached through an http.RoundTripper in the same process (no port, no
// key), keeps its books in the table sandbox_objects, and sends signed webhooks to the real handler.
//
// What it knows of Stripe: Checkout Sessions (create, retrieve, expire), payment intents with their charge and its fee,
// refunds, idempotency keys, events in API version 2023-10-16. What the buyer does on Stripe's page is done by methods here:
// [Provider.Pay], [Provider.Decline], [Provider.Delay], [Provider.Abandon], [Provider.PayLate], [Provider.PayTwice].
//
// Events caused on the page are delivered before the method returns; events caused through the API (a refund, an expiry) and
// those whose delivery failed are delivered by [Provider.Run], again and again until the handler takes them.
package sandbox

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

	"turnout/internal/database"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/stripe"
)

// Config is what a Provider needs; every field must be there.
type Config struct {
	DB *database.DB
	// PageURL is where the hosted page of a session is shown.
	PageURL func(sessionID string) string
	// Deliver hands a webhook to the handler of POST /hooks/stripe, in process. An error (any answer but 2xx) means: again later.
	Deliver func(ctx context.Context, payload []byte, signature string) error
	Now     func() time.Time
	Log     *slog.Logger
}

// Provider is the sandbox as a payments.Provider. Its name is "sandbox".
type Provider struct {
	*stripe.Provider

	db      *database.DB
	pageURL func(string) string
	deliver func(context.Context, []byte, string) error
	secret  string
	now     func() time.Time
	log     *slog.Logger
	api     http.Handler
	wake    chan struct{} // something is to be delivered
}

var _ payments.Provider = (*Provider)(nil)

// New makes the sandbox. It starts nothing: see Run.
func New(cfg Config) *Provider {
	p := &Provider{
		db: cfg.DB, pageURL: cfg.PageURL, deliver: cfg.Deliver, now: cfg.Now, log: cfg.Log,
		secret: "whsec_" + rand.Text(), // webhooks are signed when they are sent: no need to keep it
		wake:   make(chan struct{}, 1),
	}
	p.api = p.routes()
	p.Provider = stripe.New(stripe.Config{
		Name:          "sandbox",
		Key:           "sk_test_sandbox",
		WebhookSecret: p.secret,
		URL:           "http://sandbox.invalid",
		Transport:     inProcess{p.api},
		Now:           cfg.Now,
		Log:           cfg.Log,
	})
	return p
}

// Handler is the stand-in for Stripe's API, as TURNOUT_STRIPE_API_URL could name it.
func (p *Provider) Handler() http.Handler { return p.api }

// Run delivers webhooks and closes sessions whose time is over, until the context ends.
func (p *Provider) Run(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		if err := p.Sweep(ctx); err != nil && ctx.Err() == nil {
			p.log.ErrorContext(ctx, "the sandbox could not work through its books", "error", err)
		}
		select {
		case <-tick.C:
		case <-p.wake:
		case <-ctx.Done():
			return nil
		}
	}
}

// Sweep does once what Run does all the time: expires sessions, then delivers what is due.
func (p *Provider) Sweep(ctx context.Context) error {
	if err := p.expireDue(ctx); err != nil {
		return err
	}
	return p.deliverDue(ctx)
}
