package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// page is P5: the public page of an event, from memory, and its 304; then its p99 while reservations run at half their peak.
func (b *bench) page(ctx context.Context, r *rig) error {
	s, err := r.stage(ctx, "p5", 9_000_000)
	if err != nil {
		return err
	}
	const path, accepts = "/e/p5", "Accept-Encoding: gzip, br\r\nAccept-Language: en\r\n"
	get := request("GET", path, accepts, "")
	status, headers, err := r.caller(0).call(ctx, get)
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("the page answered %d, %w", status, err)
	}
	size, tag := len(r.caller(0).body), ""
	for line := range strings.Lines(string(headers)) {
		if value, ok := strings.CutPrefix(strings.ToLower(line), "etag: "); ok {
			tag = line[len(line)-len(value):]
		}
	}
	again := request("GET", path, accepts+"If-None-Match: "+strings.TrimSpace(tag)+"\r\n", "")
	hello := func(int) (float64, error) { return r.hello(ctx, b.size.round, b.size.callers) }
	for _, part := range []struct {
		what   string
		req    []byte
		status int
		goal   float64
	}{{fmt.Sprintf("the public event page (%d bytes, gzip)", size), get, http.StatusOK, 0.6}, {"its 304", again, http.StatusNotModified, 0.85}} {
		rate, base, ratio, err := b.inTurn(func(int) (float64, error) {
			done, err := r.drive(ctx, load{callers: b.size.callers, length: b.size.round, next: func(int64) []byte { return part.req }, check: is(part.status)})
			return done.rate, err
		}, hello)
		if err != nil {
			return err
		}
		b.atLeast(part.goal, benchRow{ID: "P5", What: part.what, Ours: rate, Base: base, Unit: "/s", Of: "h", Ratio: ratio})
	}
	return b.pageInRush(ctx, r, s, get)
}

// pageInRush asks for the page at a steady rate while reservations of the same event are sent at half of P1's peak, both in
// open loops: times count from when a request was due.
func (b *bench) pageInRush(ctx context.Context, r *rig, s *stage, get []byte) error {
	half := max(b.peak/2, 50)
	buyers := &rig{app: r.app, addr: r.addr}
	defer func() {
		for _, c := range buyers.callers {
			c.close()
		}
	}()
	var wg sync.WaitGroup
	var selling *outcome
	var failed error
	from := r.people
	wg.Go(func() {
		selling, failed = buyers.drive(ctx, load{callers: b.size.callers, length: 3 * b.size.round, rate: half, next: func(n int64) []byte { return s.order(from + n) },
			check: is(http.StatusCreated)})
	})
	done, err := r.drive(ctx, load{callers: 32, length: 3 * b.size.round, rate: 300, next: func(int64) []byte { return get }, check: is(http.StatusOK)})
	wg.Wait()
	r.people += selling.count + int64(b.size.callers)
	if err != nil || failed != nil {
		return fmt.Errorf("page %w, orders %w", err, failed)
	}
	p99 := ms(done.quantile(0.99))
	b.report.Rows = append(b.report.Rows, benchRow{ID: "P5", What: "the page's p99 at 300/s while reservations run at half their peak (open loop)", Ours: p99, Unit: "ms",
		Goal: "≤ 50 ms", Met: p99 <= 50, Note: fmt.Sprintf("%s reservations/s were sold, their p99 %.0f ms", figure(selling.rate), ms(selling.quantile(0.99)))})
	return nil
}
