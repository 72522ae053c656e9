package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"turnout/internal/database"
	"turnout/ticketing"
)

// order is the n-th request for one ticket, of a buyer of their own.
func (s *stage) order(n int64) []byte {
	if s.full != nil {
		return s.full.order(s, n)
	}
	return request("POST", "/api/v1/events/"+string(s.ID)+"/orders", "", fmt.Sprintf(
		`{"lines":[{"ticket_type_id":%q,"quantity":1}],"buyer":{"name":"Buyer %d","email":"buyer%d@example.org"}}`, s.ticket.ID, n, n))
}

// hello is the request of the base line.
func (r *rig) hello(ctx context.Context, length time.Duration, callers int) (float64, error) {
	req := request("GET", helloPath, "", "")
	done, err := r.drive(ctx, load{callers: callers, length: length, next: func(int64) []byte { return req }, check: is(http.StatusOK)})
	return done.rate, err
}

// withAll says in a row that a full basket was sold.
const withAll = ", with voucher, add-on and two answers"

// reservations is P1: free orders over the whole API, beside the same statements with a commit each; on PostgreSQL also P2,
// beside how others keep from overselling.
func (b *bench) reservations(ctx context.Context, r *rig) error {
	plain, err := r.stage(ctx, "p1", plenty)
	if err != nil {
		return err
	}
	full, err := r.fullStage(ctx, "p1-full", plenty)
	if err != nil {
		return err
	}
	return errors.Join(b.reserve(ctx, r, plain, ""), b.reserve(ctx, r, full, withAll))
}

func (b *bench) reserve(ctx context.Context, r *rig, s *stage, with string) error {
	alone, shut, err := r.singles(ctx)
	if err != nil {
		return err
	}
	defer shut()
	var p50, p99 []float64
	ours := func(int) (float64, error) {
		from := r.people
		done, err := r.drive(ctx, load{callers: b.size.callers, length: b.size.round, next: func(n int64) []byte { return s.order(from + n) }, check: is(http.StatusCreated)})
		r.people += done.count + int64(b.size.callers)
		p50, p99 = append(p50, ms(done.quantile(0.5))), append(p99, ms(done.quantile(0.99)))
		return done.rate, err
	}
	base := func(int) (float64, error) {
		from := r.people
		rate, err := together(ctx, len(alone), b.size.round, 0, func(ctx context.Context, i int, n int64) error {
			_, _, err := alone[i].PlaceOrder(ctx, s.purchase(from+n))
			return err
		})
		r.people += int64(rate*b.size.round.Seconds()*2) + 1000
		return rate, err
	}
	if _, err := ours(0); err != nil { // warm
		return err
	}
	rate, single, ratio, err := b.inTurn(ours, base)
	if err != nil {
		return err
	}
	if s.full == nil {
		b.peak = rate
	}
	note := fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, %d callers", median(p50), median(p99), b.size.callers)
	b.atLeast(3, benchRow{ID: "P1", What: "reservations over the HTTP API, durable" + with, Ours: rate, Base: single, Unit: "/s",
		Of: fmt.Sprintf("in process, one commit each, %d at once", len(alone)), Ratio: ratio, Note: note})
	if b.engine != database.Postgres {
		return nil
	}
	locked, err := r.lockAndCount(ctx, s, b.size.round)
	if err != nil {
		return fmt.Errorf("P2: %w", err)
	}
	rate, counted, ratio, err := b.inTurn(ours, locked)
	b.atLeast(10, benchRow{ID: "P2", What: "the same" + with, Ours: rate, Base: counted, Unit: "/s", Of: "advisory lock and COUNT, no HTTP, 16 connections", Ratio: ratio})
	return err
}

func (s *stage) purchase(n int64) ticketing.Purchase {
	p := ticketing.Purchase{EventID: s.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: s.ticket.ID, Quantity: 1}},
		Buyer: ticketing.Attendee{Name: fmt.Sprintf("Buyer %d", n), Email: fmt.Sprintf("buyer%d@example.org", n)}}
	if s.full != nil {
		s.full.fill(&p, n)
	}
	return p
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// rush is P3: many more buyers than places, all at once, several times; with full baskets a fifth as often.
func (b *bench) rush(ctx context.Context, r *rig) error {
	return errors.Join(b.rushFor(ctx, r, r.stage, "", b.size.sales), b.rushFor(ctx, r, r.fullStage, withAll, max(1, b.size.sales/5)))
}

func (b *bench) rushFor(ctx context.Context, r *rig, stage func(context.Context, string, int64) (*stage, error), with string, sales int) error {
	var p50, p99, rates []float64
	for i := range sales {
		s, err := stage(ctx, fmt.Sprintf("p3-%d-%d", len(with), i), int64(b.size.places))
		if err != nil {
			return err
		}
		from := r.people
		done, err := r.drive(ctx, load{callers: b.size.callers, limit: int64(b.size.buyers), next: func(n int64) []byte { return s.order(from + n) },
			check: func(status int) bool { return status == http.StatusCreated || status == http.StatusConflict }})
		if err != nil {
			return err
		}
		r.people += int64(b.size.buyers)
		pool := new(ticketing.Pool)
		if err := r.DB.Read().NewSelect().Model(pool).Where("id = ?", s.pool.ID).Scan(ctx); err != nil {
			return err
		}
		if sold := done.statuses[http.StatusCreated]; sold != int64(b.size.places) || pool.Taken != sold || done.count != int64(b.size.buyers) {
			return fmt.Errorf("sale %d: %d answers, %d sold, %d taken of %d places", i, done.count, sold, pool.Taken, b.size.places)
		}
		p50, p99, rates = append(p50, ms(done.quantile(0.5))), append(p99, ms(done.quantile(0.99))), append(rates, done.rate)
	}
	b.report.Rows = append(b.report.Rows, benchRow{ID: "P3", What: fmt.Sprintf("%s buyers for %s places, %d sales: sold exactly, answers 201 and 409 only%s",
		figure(float64(b.size.buyers)), figure(float64(b.size.places)), sales, with), Ours: float64(b.size.places), Unit: "sold each time", Goal: "exactly", Met: true,
		Note: fmt.Sprintf("%s answers/s", figure(median(rates)))})
	b.atMost(5, benchRow{ID: "P3", What: "p99 of all its answers" + with, Ours: median(p99), Base: median(p50), Unit: "ms", Of: "their p50", Ratio: median(p99) / median(p50)})
	return nil
}

// soldOut is P4: how fast "sold out" is said.
func (b *bench) soldOut(ctx context.Context, r *rig) error {
	s, err := r.stage(ctx, "p4", 1)
	if err != nil {
		return err
	}
	if _, _, err := r.Ticketing.PlaceOrder(ctx, s.purchase(1)); err != nil {
		return err
	}
	req := s.order(2)
	no := func(int) (float64, error) {
		done, err := r.drive(ctx, load{callers: b.size.callers, length: b.size.round, next: func(int64) []byte { return req }, check: is(http.StatusConflict)})
		return done.rate, err
	}
	rate, hello, ratio, err := b.inTurn(no, func(int) (float64, error) { return r.hello(ctx, b.size.round, b.size.callers) })
	b.atLeast(0.6, benchRow{ID: "P4", What: `answers "sold out"`, Ours: rate, Base: hello, Unit: "/s", Of: "h: GET {\"ok\":true} through the same middleware", Ratio: ratio})
	return err
}
