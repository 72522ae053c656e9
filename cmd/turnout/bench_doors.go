package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/ticketing"
)

// devices scan at once in P7, and so many have a queue to tell.
const (
	doorDevices  = 32
	queueDevices = 12
)

// doors is P7: 32 devices at once, each with one scan after the other; then 100 scans a second beside a rush of orders; then what twelve doors
// decided without a network, told at once.
func (b *bench) doors(ctx context.Context, r *rig) error {
	s, err := r.stage(ctx, "p7", 9_000_000)
	if err != nil {
		return err
	}
	n := max(b.size.tickets/4, 300)
	codes, err := r.sell(ctx, s, n)
	if err != nil {
		return err
	}
	door, err := r.CheckIn.CreateList(ctx, r.community, s.ID, checkin.ListInput{Name: "Door"})
	if err != nil {
		return err
	}
	done, err := r.drive(ctx, load{callers: doorDevices, limit: int64(n), next: func(i int64) []byte { return r.scan(door.ID, codes[i-1], i) }, check: is(http.StatusOK)})
	if err != nil {
		return err
	}
	p99 := ms(done.quantile(0.99))
	b.report.Rows = append(b.report.Rows, benchRow{ID: "P7", What: "32 devices at once, one scan after the other: p99", Ours: p99, Unit: "ms", Goal: "no goal", Met: true,
		Note: fmt.Sprintf("p50 %.1f ms, %s scans/s", ms(done.quantile(0.5)), figure(done.rate))})
	if err := b.doorsInRush(ctx, r, s, codes); err != nil {
		return err
	}
	return b.queues(ctx, r, s, codes)
}

// doorsInRush scans 100 tickets a second, first alone, then while reservations of the same event run at half of P1's peak, both in open loops.
func (b *bench) doorsInRush(ctx context.Context, r *rig, s *stage, codes []string) error {
	length := 3 * b.size.round
	scans := func() (float64, error) {
		l, err := r.CheckIn.CreateList(ctx, r.community, s.ID, checkin.ListInput{Name: "Rush"})
		if err != nil {
			return 0, err
		}
		done, err := r.drive(ctx, load{callers: doorDevices, length: length, rate: 100, next: func(i int64) []byte { return r.scan(l.ID, codes[int(i-1)%len(codes)], i) }, check: is(http.StatusOK)})
		if err != nil {
			return 0, err
		}
		return ms(done.quantile(0.99)), nil
	}
	idle, err := scans()
	if err != nil {
		return err
	}
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
		selling, failed = buyers.drive(ctx, load{callers: b.size.callers, length: length, rate: max(b.peak/2, 50), next: func(n int64) []byte { return s.order(from + n) }, check: is(http.StatusCreated)})
	})
	rush, err := scans()
	wg.Wait()
	r.people += selling.count + int64(b.size.callers)
	if err != nil || failed != nil {
		return fmt.Errorf("scans %w, orders %w", err, failed)
	}
	b.report.Rows = append(b.report.Rows, benchRow{ID: "P7", What: "p99 of 100 scans/s while reservations run at half their peak (open loop)", Ours: rush, Base: idle, Unit: "ms", Of: "without them",
		Ratio: rush / idle, Goal: "≤ 25 ms, ≤ 5x", Met: rush <= 25 && rush <= 5*idle, Note: figure(selling.rate) + " reservations/s were sold"})
	return nil
}

// queues tells what twelve doors decided alone, a hundred scans at a time.
func (b *bench) queues(ctx context.Context, r *rig, s *stage, codes []string) error {
	const atOnce = 100
	l, err := r.CheckIn.CreateList(ctx, r.community, s.ID, checkin.ListInput{Name: "Queues"})
	if err != nil {
		return err
	}
	codes = codes[:len(codes)/atOnce*atOnce]
	done, err := r.drive(ctx, load{callers: queueDevices, limit: int64(min(len(codes), 5000) / atOnce), check: is(http.StatusOK),
		next: func(i int64) []byte { return r.batch(l.ID, codes[(i-1)*atOnce:i*atOnce], i) }})
	if err != nil {
		return err
	}
	stats, err := r.CheckIn.Stats(ctx, r.community, l.ID)
	if told := done.count * atOnce; err == nil && stats.CheckedIn != told {
		err = fmt.Errorf("%d of %d queued scans were taken", stats.CheckedIn, told)
	}
	b.report.Rows = append(b.report.Rows, benchRow{ID: "P7", What: "queued scans of 12 devices, 100 in one call", Ours: done.rate * atOnce, Unit: "/s", Goal: "no goal", Met: true,
		Note: fmt.Sprintf("%s in all, a call's p99 %.0f ms", figure(float64(done.count*atOnce)), ms(done.quantile(0.99)))})
	return err
}

// batch is what a door tells of scans that it decided.
func (r *rig) batch(list turnout.ID, codes []string, n int64) []byte {
	var items []string
	for i, code := range codes {
		read, err := ticketing.ParseCode(code)
		if err != nil {
			panic(err) // ours
		}
		items = append(items, fmt.Sprintf(`{"number":%d,"lookup":%q,"nonce":"q%d.%d-%s","scanned_at":%q,"result":"accepted"}`, read.Ticket, ticketing.Lookup(read.Nonce), n, i, list, now().Format(time.RFC3339Nano)))
	}
	return request("POST", "/api/v1/check-in-lists/"+string(list)+"/scans/batch", r.token, `{"items":[`+strings.Join(items, ",")+`]}`)
}

// offline is P16: what a device must hear before it can go on alone, and what it costs to ask whether there is more.
func (b *bench) offline(ctx context.Context) error {
	c, err := b.crowd(ctx, b.size.listed)
	if err != nil {
		return err
	}
	defer func() { _ = c.close() }() // its figures are taken
	if b.report.Machine == nil {
		if b.report.Machine, err = machine(ctx, c.rig); err != nil {
			return err
		}
	}
	// A list that nobody passed: P16 speaks of tickets.
	l, err := c.CheckIn.CreateList(ctx, c.community, c.stage.ID, checkin.ListInput{Name: "Offline"})
	if err != nil {
		return err
	}
	if _, err := c.DB.Writer().NewUpdate().Table("tickets").Set("updated_at = ?", now().Add(-time.Hour)).Where("event_id = ?", c.stage.ID).Exec(ctx); err != nil { // sold long ago
		return err
	}
	if _, _, _, err := c.feed(ctx, l.ID, ""); err != nil { // the rows were made a moment ago
		return err
	}
	took, size, cursor, err := c.feed(ctx, l.ID, "")
	if err != nil {
		return err
	}
	b.report.Rows = append(b.report.Rows, benchRow{ID: "P16", What: "what a device keeps of " + figure(float64(c.tickets)) + " tickets", Ours: float64(size) / 1e6, Unit: "MB", Goal: "≤ 2.5 MB, ≤ 1 s",
		Met: size <= 2_500_000 && took <= time.Second, Note: fmt.Sprintf("made in %.2f s", took.Seconds())})
	var times []float64
	for range b.size.samples {
		if took, _, cursor, err = c.feed(ctx, l.ID, cursor); err != nil {
			return err
		}
		times = append(times, ms(took))
	}
	b.report.Rows = append(b.report.Rows, benchRow{ID: "P16", What: "asking whether there is more, every 4 s: median", Ours: median(times), Unit: "ms", Goal: "a sale reaches a device in ≤ 5 s", Met: median(times) < 1000})
	took, size, _, err = c.feed(ctx, c.list, "")
	b.report.Rows = append(b.report.Rows, benchRow{ID: "P16", What: "the same when half of them came in already", Ours: float64(size) / 1e6, Unit: "MB", Goal: "no goal", Met: true, Note: fmt.Sprintf("made in %.2f s", took.Seconds())})
	return err
}

// feed asks a list's tickets from a cursor until there are no more, and gives the next one.
func (c *crowd) feed(ctx context.Context, list turnout.ID, cursor string) (took time.Duration, size int, next string, err error) {
	began := time.Now()
	for {
		status, _, err := c.caller(0).call(ctx, request("GET", "/api/v1/check-in-lists/"+string(list)+"/door/tickets?cursor="+cursor, c.token, ""))
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("answered %d: %.300s", status, c.caller(0).body)
		}
		var head struct {
			Cursor string
			More   bool
		}
		if err == nil {
			err = json.Unmarshal(c.caller(0).body, &head)
		}
		if err != nil {
			return 0, 0, "", err
		}
		if size, cursor = size+len(c.caller(0).body), head.Cursor; !head.More {
			return time.Since(began), size, cursor, nil
		}
	}
}
