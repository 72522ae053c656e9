package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"turnout/api"
	"turnout/api/services"
	"turnout/checkin"
	"turnout/checkin/badges"
	"turnout/checkin/leads"
	"turnout/checkin/online"
	"turnout/community"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/budget"
	"turnout/events/organisers"
	"turnout/events/speakers"
	"turnout/events/sponsors"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/internal/logging"
	"turnout/internal/mail"
	"turnout/internal/signing"
	"turnout/internal/webhook"
	"turnout/migrations"
	"turnout/recap"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/offline"
	"turnout/ticketing/payments/sandbox"
	"turnout/ticketing/payments/stripe"
	"turnout/ticketing/signups"
)

// Options is how `serve` was called, and where it speaks to people.
type Options struct {
	Demo  bool
	Out   io.Writer            // addresses, sign-ins
	Ready func(baseURL string) // told once requests are answered; nil for nobody
}

// app is a wired Turnout.
type app struct {
	services.Services
	config  Config
	log     *slog.Logger
	runner  *jobs.Runner
	sandbox *sandbox.Provider // nil while it is off
	server  *api.Server
}

// now is the program's clock, in the precision that the database keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Run serves until ctx ends, then stops in order: no new requests, those in hand end, the workers end, the database closes.
func Run(ctx context.Context, config Config, options Options) error {
	log, err := logging.New(options.Out, config.Log, "info")
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", config.Addr)
	if err != nil {
		return fmt.Errorf("cannot listen: %w. Is Turnout running already? TURNOUT_ADDR chooses another address", err)
	}
	if config.BaseURL == "" {
		config.BaseURL = localURL(listener.Addr(), config.TLSCert != "")
	}
	db, err := database.Open(ctx, config.DatabaseURL)
	if err != nil {
		_ = listener.Close()
		return err
	}
	a, err := newApp(ctx, db, config, options.Demo)
	if err == nil && options.Demo {
		err = a.seedDemo(ctx)
	}
	if err == nil {
		err = a.serve(ctx, listener, options)
	}
	_ = listener.Close() // closed by the server, unless it never began
	return errors.Join(err, db.Close())
}

// localURL is where a browser on this machine finds the server.
func localURL(addr net.Addr, tls bool) string {
	scheme, port := "http", addr.(*net.TCPAddr).Port
	if tls {
		scheme = "https"
	}
	return fmt.Sprintf("%s://localhost:%d", scheme, port)
}

// newApp migrates the database and wires everything that stands on it. It starts nothing.
func newApp(ctx context.Context, db *database.DB, config Config, demo bool) (*app, error) {
	if _, err := migrations.Up(ctx, db); err != nil {
		return nil, err
	}
	a := &app{config: config, log: slog.Default(), Services: services.Services{DB: db, Now: now, BaseURL: config.BaseURL}}
	workers, err := config.workers()
	if err != nil {
		return nil, err
	}
	a.runner = &jobs.Runner{DB: db, Log: a.log, Now: now, Workers: max(workers, 1)}
	pages, err := templates.New()
	if err != nil {
		return nil, err
	}
	if err := a.wire(ctx, pages, demo); err != nil {
		return nil, err
	}
	rate, err := config.rateLimit()
	if err != nil {
		return nil, err
	}
	a.server, err = api.New(a.Services, api.Config{Templates: pages, RateLimit: rate, TrustedProxies: config.TrustedProxies, Sandbox: a.sandbox, Demo: demo,
		KeepsMail: config.SMTP == ""})
	return a, err
}

// wire makes the services in the order of the corridor, each with those before it.
func (a *app) wire(ctx context.Context, pages *templates.Set, demo bool) error {
	db := a.DB
	secret, err := signingSecret(ctx, db, a.config.Secret)
	if err != nil {
		return err
	}
	sender, err := a.sender()
	if err != nil {
		return err
	}
	post := &mail.Post{DB: db, Sender: sender, Now: now}
	inbox := &webhook.Inbox{DB: db, Log: a.log, Now: now}
	letters := letterBox{pages: pages, baseURL: a.BaseURL}

	a.Organisers = &organisers.Service{DB: db, Now: now, SendMail: letters.send}
	a.Events = &events.Service{DB: db, Now: now}
	a.Speakers = &speakers.Service{DB: db, Now: now, Pages: pages, BaseURL: a.BaseURL}
	a.Sponsors = &sponsors.Service{DB: db, Now: now}
	a.Budget = &budget.Service{DB: db, Now: now}
	a.Community = &community.Service{DB: db, Now: now, Words: pages}
	a.Recap = &recap.Service{DB: db, Now: now, Community: a.Community, Words: pages}
	keys := signing.Keys{Current: secret, Previous: []byte(a.config.SecretPrevious)}
	a.Agenda = &agenda.Service{DB: db, Now: now, Keys: keys, Pages: pages, BaseURL: a.BaseURL}
	a.Ticketing, err = ticketing.New(ctx, ticketing.Service{
		DB: db, Now: now, Keys: keys,
		Provider: a.provider(demo), Inbox: inbox, Pages: pages, BaseURL: a.BaseURL, Admitted: checkin.Admitted, Canceled: signups.TicketsCanceled(now, checkin.TicketsCanceled), CameAt: checkin.CameAt,
	})
	if err != nil {
		return err
	}
	a.Agenda.Plans = []agenda.Plans{signups.Plans}
	a.SignUps = &signups.Service{DB: db, Now: now, Ticketing: a.Ticketing, Agenda: a.Agenda}
	a.CheckIn = checkin.New(checkin.Service{DB: db, Now: now, Ticketing: a.Ticketing})
	a.Online = &online.Service{DB: db, Now: now, Ticketing: a.Ticketing, SignUps: a.SignUps, CheckIn: a.CheckIn}
	a.Badges = &badges.Service{DB: db, Now: now, Ticketing: a.Ticketing}
	a.Leads = &leads.Service{DB: db, Now: now, Ticketing: a.Ticketing}

	// What an event takes along when it is cloned, gets another end or moves to another zone.
	a.Events.Cloned = []func(context.Context, bun.IDB, *events.Event, *events.Event) error{a.Agenda.CopyRooms, a.Ticketing.CopyCatalogue, a.Ticketing.CopyDesign,
		a.Badges.CopyDesign}
	a.Events.Retimed = []func(context.Context, bun.IDB, *events.Event, *events.Event) error{a.Ticketing.Retime}
	a.Events.Rezoned = []func(context.Context, bun.IDB, *events.Event, *events.Event) error{a.Agenda.Rezone, a.Ticketing.Rezone, a.CheckIn.Rezone}

	inbox.Register(a.runner)
	post.Register(a.runner)
	a.Speakers.Register(a.runner)
	a.Agenda.Register(a.runner)
	a.Ticketing.Register(a.runner)
	a.SignUps.Register(a.runner)
	a.runner.Every("events.end_past", time.Minute, func(ctx context.Context) error {
		_, err := a.Events.EndPast(ctx)
		return err
	})
	a.runner.Every("checkin.end_stays", time.Minute, a.CheckIn.EndStays)
	a.runner.Every("organisers.purge", time.Hour, a.Organisers.Purge)
	return nil
}

// provider is Stripe with a key, the sandbox in a demo without one, and payment by transfer or cash otherwise.
func (a *app) provider(demo bool) payments.Provider {
	switch {
	case a.config.StripeKey != "":
		return stripe.New(stripe.Config{Key: a.config.StripeKey, WebhookSecret: a.config.StripeWebhook, URL: a.config.StripeAPI, Now: now, Log: a.log})
	case demo:
		a.sandbox = sandbox.New(sandbox.Config{
			DB: a.DB, Now: now, Log: a.log,
			PageURL: func(session string) string { return a.BaseURL + "/sandbox/checkout/" + session },
			Deliver: func(ctx context.Context, payload []byte, signature string) error {
				return a.Ticketing.ReceiveWebhook(ctx, payload, signature)
			},
		})
		return a.sandbox
	}
	return offline.Provider{}
}

func (a *app) sender() (mail.Sender, error) {
	if a.config.SMTP == "" {
		return mail.Outbox{Log: a.log}, nil
	}
	return mail.NewSMTP(a.config.SMTP, a.config.MailFrom)
}

// signingSecret is TURNOUT_SECRET, or one that is made once and kept in the database.
func signingSecret(ctx context.Context, db *database.DB, given string) ([]byte, error) {
	if given != "" {
		return []byte(given), nil
	}
	var kept string
	err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES ('signing_secret', ?) ON CONFLICT (name) DO NOTHING", rand.Text()+rand.Text()); err != nil {
			return err
		}
		return tx.NewSelect().Table("settings").Column("value").Where("name = 'signing_secret'").Scan(ctx, &kept)
	})
	if err != nil {
		return nil, fmt.Errorf("signing secret: %w", err)
	}
	return []byte(kept), nil
}

// The server's patience. A client that is slower than this loses its connection and nobody else's.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = time.Minute // an import of 25 MB over a slow line
	writeTimeout  = time.Minute
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 20 * time.Second
	maxHeader     = 64 << 10
)

// serve answers requests and works until ctx ends.
func (a *app) serve(ctx context.Context, listener net.Listener, options Options) error {
	server := &http.Server{
		Handler: a.server, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	work := a.work(working)
	failed := make(chan error, 1)
	go func() {
		if a.config.TLSCert != "" {
			failed <- server.ServeTLS(listener, a.config.TLSCert, a.config.TLSKey)
		} else {
			failed <- server.Serve(listener)
		}
	}()
	err := a.greet(ctx, options)
	if err == nil {
		select {
		case err = <-failed:
		case <-ctx.Done():
			a.log.InfoContext(ctx, "stopping: requests in hand end first")
		}
	}
	a.server.Stop()
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if shut := server.Shutdown(draining); err == nil {
		err = shut
	}
	stopWork()
	work.Wait()
	return err
}

// work starts the background work, which ends with ctx.
func (a *app) work(ctx context.Context) *sync.WaitGroup {
	var all sync.WaitGroup
	if a.config.Workers != "off" {
		all.Go(func() { a.runner.Run(ctx) })
	}
	if a.sandbox != nil {
		all.Go(func() {
			if err := a.sandbox.Run(ctx); err != nil {
				a.log.ErrorContext(ctx, "sandbox", "error", err)
			}
		})
	}
	return &all
}

// greet tells people where to go, and makes the first owner's link while there is no account.
func (a *app) greet(ctx context.Context, options Options) error {
	secret, err := a.Organisers.FirstOwnerLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(options.Out, "\nTurnout is at  %s\nThe API is at  %s/api/docs\n", a.BaseURL, a.BaseURL)
	if secret != "" {
		fmt.Fprintf(options.Out, "\nNobody has an account yet. This link makes the first owner, once, within a day:\n  %s\n", a.BaseURL+firstOwnerPath+secret)
	}
	if options.Demo {
		greetDemo(options.Out, a.BaseURL, a.config.SMTP == "")
	}
	fmt.Fprintln(options.Out)
	if options.Ready != nil {
		options.Ready(a.BaseURL)
	}
	return nil
}
