package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/logging"
	"turnout/internal/signing"
	"turnout/internal/webhook"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/payments/offline"
	"turnout/ticketing/signups"
)

// rig is a running Turnout with a database of its own.
type rig struct {
	*app
	address   string // of the database
	addr      string // of the server
	pages     *templates.Set
	community turnout.ID
	token     string // of the API, as a header line
	cookie    string // of the owner's session, as a header line
	callers   []*caller
	stop      func() error
	people    int64 // buyers so far
}

// helloPath answers {"ok":true} through the whole middleware: the base line. It exists in the benchmark only.
const helloPath = "/api/v1/hello"

// open starts a server.
func (b *bench) open(ctx context.Context) (*rig, error) {
	address, remove, err := b.database(ctx)
	if err != nil {
		return nil, err
	}
	r := &rig{address: address}
	if err := b.start(ctx, r, remove); err != nil {
		return nil, errors.Join(err, remove())
	}
	return r, r.settle(ctx)
}

// start wires the app as Run does, without background work (mails and PDFs follow a sale; here they would be measured with
// it), adds the base line and serves.
func (b *bench) start(ctx context.Context, r *rig, remove func() error) error {
	log, err := logging.New(io.Discard, "text", "info") // every request is logged, to nobody
	if err != nil {
		return err
	}
	before := slog.Default()
	slog.SetDefault(log)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.addr = listener.Addr().String()
	config := Config{BaseURL: localURL(listener.Addr(), false), RateLimit: "off", Workers: "off", Log: "text"}
	db, err := database.Open(ctx, r.address)
	if err != nil {
		return err
	}
	if r.app, err = newApp(ctx, db, config, false); err != nil {
		return errors.Join(err, db.Close())
	}
	if r.pages, err = templates.New(); err != nil {
		return errors.Join(err, db.Close())
	}
	hello := access.Route{Method: http.MethodGet, Path: helloPath, Who: access.Public,
		Handle: func(c *gin.Context) { respond.JSON(c, http.StatusOK, gin.H{"ok": true}) }}
	if r.server, err = api.New(r.Services, api.Config{Templates: r.pages, Extra: []access.Route{hello}}); err != nil {
		return errors.Join(err, db.Close())
	}
	serving, halt := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- r.serve(serving, listener, Options{Out: io.Discard}) }()
	r.stop = func() error {
		for _, c := range r.callers {
			c.close()
		}
		halt()
		err := <-served
		slog.SetDefault(before)
		return errors.Join(err, db.Close(), remove())
	}
	return nil
}

func (r *rig) close() error { return r.stop() }

// settle makes a community with an owner, a token and a session.
func (r *rig) settle(ctx context.Context) error {
	const email, password = "owner@example.org", "the benchmark's owner"
	community, owner, _, err := r.Organisers.CreateCommunity(ctx, organisers.NewCommunity{Slug: "bench", Name: "Bench"}, email)
	if err != nil {
		return err
	}
	r.community = community.ID
	if err := r.Organisers.SetPassword(ctx, owner.ID, password); err != nil {
		return err
	}
	secret, _, err := r.Organisers.CreateToken(ctx, r.community, "bench", []organisers.Capability{organisers.All})
	if err != nil {
		return err
	}
	r.token = "Authorization: Bearer " + secret + "\r\n"
	form := url.Values{"email": {email}, "password": {password}}.Encode()
	status, headers, err := r.caller(0).call(ctx, request("POST", "/sign-in", "", form))
	if err != nil || status != http.StatusSeeOther {
		return fmt.Errorf("sign-in answered %d, %w", status, err)
	}
	for line := range strings.Lines(string(headers)) {
		if cookie, ok := strings.CutPrefix(line, "Set-Cookie: "); ok {
			cookie, _, _ = strings.Cut(cookie, ";")
			r.cookie = "Cookie: " + cookie + "\r\n"
		}
	}
	return nil
}

// caller gives the i-th client.
func (r *rig) caller(i int) *caller {
	for len(r.callers) <= i {
		r.callers = append(r.callers, &caller{addr: r.addr})
	}
	return r.callers[i]
}

// database makes an empty database and tells how to remove it.
func (b *bench) database(ctx context.Context) (address string, remove func() error, err error) {
	if b.engine == database.SQLite {
		dir, err := os.MkdirTemp("", "turnout-bench-")
		if err != nil {
			return "", nil, err
		}
		return "sqlite:" + filepath.Join(dir, "bench.db"), func() error { return os.RemoveAll(dir) }, nil
	}
	at, err := url.Parse(b.server)
	if err != nil {
		return "", nil, errors.New("the PostgreSQL address is not understood")
	}
	admin, err := database.Open(ctx, b.server)
	if err != nil {
		return "", nil, err
	}
	name := "turnout_" + string(turnout.NewID("bench"))
	if _, err := admin.Writer().ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, errors.Join(err, admin.Close())
	}
	at.Path = "/" + name
	return at.String(), func() error {
		_, err := admin.Writer().ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
		return errors.Join(err, admin.Close())
	}, nil
}

// machine says what the figures were measured on.
func machine(ctx context.Context, r *rig) (map[string]string, error) {
	facts := map[string]string{"Go": runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, "processors": fmt.Sprint(runtime.GOMAXPROCS(0))}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(line, "model name\t: "); ok {
				facts["processor"] = strings.TrimSpace(name)
			}
		}
	}
	asked := map[string]string{"SQLite": "SELECT sqlite_version()"}
	if r.DB.Engine == database.Postgres {
		asked = map[string]string{"PostgreSQL": "SHOW server_version", "fsync": "SHOW fsync", "synchronous_commit": "SHOW synchronous_commit"}
	} else {
		took, err := syncTime(filepath.Dir(r.DB.Path))
		if err != nil {
			return nil, err
		}
		facts["synchronous"] = "FULL"
		facts["an fsync of 4 KB"] = took.Round(time.Microsecond).String()
		if took < 15*time.Microsecond {
			facts["an fsync of 4 KB"] += " (this is no disk: set TMPDIR to a directory on one)"
		}
	}
	for name, query := range asked {
		var value string
		if err := r.DB.Read().NewRaw(query).Scan(ctx, &value); err != nil {
			return nil, err
		}
		facts[name] = value
	}
	return facts, nil
}

// syncTime is the median time of writing 4 KB through to the disk.
func syncTime(dir string) (time.Duration, error) {
	file, err := os.CreateTemp(dir, "sync")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(file.Name()) }() // the directory goes with the database
	defer file.Close()
	var times []float64
	for range 50 {
		began := time.Now()
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		times = append(times, float64(time.Since(began)))
	}
	return time.Duration(median(times)), nil
}

// stage is an event on sale with one pool and one free ticket type.
type stage struct {
	*events.Event
	pool   *ticketing.Pool
	ticket *ticketing.TicketType
	full   *basket // nil for tickets alone
}

func (r *rig) stage(ctx context.Context, slug string, places int64) (*stage, error) {
	at := now().Truncate(time.Hour)
	_, err := r.Events.Create(ctx, r.community, events.Details{Slug: slug, Title: "Bench " + slug, Format: events.InPerson, Timezone: "Europe/Lisbon",
		StartsAt: at.Add(30 * day), EndsAt: at.Add(31 * day), Currency: "EUR", Description: readText("about-8.md"), Summary: "An event to be measured."})
	if err != nil {
		return nil, err
	}
	e, err := r.Events.Publish(ctx, r.community, slug, 0)
	if err != nil {
		return nil, err
	}
	s := &stage{Event: e}
	if s.pool, err = r.Ticketing.CreatePool(ctx, r.community, e.ID, ticketing.PoolInput{Name: "Places", Capacity: places}); err != nil {
		return nil, err
	}
	s.ticket, err = r.Ticketing.CreateTicketType(ctx, r.community, e.ID, ticketing.TicketTypeInput{Name: "Free", Price: turnout.Money{Currency: "EUR"},
		AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{s.pool.ID}})
	return s, err
}

// single is a server in this process that serves one caller: a commit for each request.
type single struct {
	*ticketing.Service
	door *checkin.Service
	db   *database.DB
}

// singles opens as many as the engine is fastest with: SQLite has one writer at a time; on PostgreSQL the statements before
// the lock overlap.
func (r *rig) singles(ctx context.Context) (all []*single, shut func(), err error) {
	n := 1
	if r.DB.Engine == database.Postgres {
		n = 8
	}
	shut = func() {
		for _, s := range all {
			_ = s.db.Close() // nothing is under way
		}
	}
	for range n {
		db, err := database.Open(ctx, r.address)
		if err != nil {
			shut()
			return nil, nil, err
		}
		s := &single{db: db}
		s.Service, err = ticketing.New(ctx, ticketing.Service{DB: db, Now: now, Keys: signing.Keys{Current: []byte("the benchmark's")}, Provider: offline.Provider{},
			Inbox: &webhook.Inbox{DB: db, Log: slog.Default(), Now: now}, Pages: r.pages, BaseURL: r.BaseURL, Admitted: checkin.Admitted, Canceled: signups.TicketsCanceled(now, checkin.TicketsCanceled), CameAt: checkin.CameAt})
		all = append(all, s)
		if err != nil {
			shut()
			return nil, nil, err
		}
		s.door = checkin.New(checkin.Service{DB: db, Now: now, Ticketing: s.Service})
	}
	return all, shut, nil
}
