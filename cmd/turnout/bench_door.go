package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/ticketing"
)

// scan is a request to a door.
func (r *rig) scan(list turnout.ID, code string, n int64) []byte {
	return request("POST", "/api/v1/check-in-lists/"+string(list)+"/scans", r.token, fmt.Sprintf(`{"code":%q,"nonce":"n%d-%s"}`, code, n, list))
}

// scans is P6: tickets shown for the first time, over the whole API, each with its row in the log; beside the same with a
// commit each. Every round has a list of its own, so that every scan lets somebody in.
func (b *bench) scans(ctx context.Context, r *rig) error {
	s, err := r.stage(ctx, "p6", 9_000_000)
	if err != nil {
		return err
	}
	codes, err := r.sell(ctx, s, b.size.tickets)
	if err != nil {
		return err
	}
	alone, shut, err := r.singles(ctx)
	if err != nil {
		return err
	}
	defer shut()
	var p99 []float64
	lists := 0
	list := func() (turnout.ID, error) {
		lists++
		l, err := r.CheckIn.CreateList(ctx, r.community, s.ID, checkin.ListInput{Name: fmt.Sprintf("Door %d", lists)})
		if err != nil {
			return "", err
		}
		return l.ID, nil
	}
	ours := func(int) (float64, error) {
		door, err := list()
		if err != nil {
			return 0, err
		}
		done, err := r.drive(ctx, load{callers: b.size.callers, limit: int64(len(codes)),
			next: func(n int64) []byte { return r.scan(door, codes[n-1], n) }, check: is(http.StatusOK)})
		if err != nil {
			return 0, err
		}
		p99 = append(p99, ms(done.quantile(0.99)))
		stats, err := r.CheckIn.Stats(ctx, r.community, door)
		if err == nil && stats.CheckedIn != int64(len(codes)) {
			err = fmt.Errorf("%d of %d tickets were let in", stats.CheckedIn, len(codes))
		}
		return done.rate, err
	}
	base := func(int) (float64, error) {
		door, err := list()
		if err != nil {
			return 0, err
		}
		return together(ctx, len(alone), b.size.round, int64(len(codes)), func(ctx context.Context, i int, n int64) error {
			_, err := alone[i].door.Scan(ctx, r.community, checkin.ScanInput{ListID: door, Code: codes[n-1], Nonce: fmt.Sprint(n), Caller: string(door)})
			return err
		})
	}
	rate, single, ratio, err := b.inTurn(ours, base)
	b.atLeast(2.5, benchRow{ID: "P6", What: "scans over the HTTP API, durable, with their log", Ours: rate, Base: single, Unit: "/s",
		Of: fmt.Sprintf("in process, one commit each, %d at once", len(alone)), Ratio: ratio, Note: fmt.Sprintf("p99 %.1f ms, %d callers", median(p99), b.size.callers)})
	return err
}

// sell places orders of ten tickets until there are n, and gives their codes.
func (r *rig) sell(ctx context.Context, s *stage, n int) ([]string, error) {
	codes := make([]string, n)
	_, err := together(ctx, 64, time.Hour, int64(n/10), func(ctx context.Context, _ int, i int64) error {
		p := s.purchase(r.people + i)
		p.Lines = []ticketing.PurchaseLine{{TicketTypeID: s.ticket.ID, Quantity: 10}}
		o, _, err := r.Ticketing.PlaceOrder(ctx, p)
		if err != nil {
			return err
		}
		for k, t := range o.Tickets {
			codes[(i-1)*10+int64(k)] = t.Code
		}
		return nil
	})
	r.people += int64(n / 10)
	return codes, err
}
