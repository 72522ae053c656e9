package ticketing_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"turnout"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/offline"
)

// The service against a model of the rules: random histories of everything that buyers, organisers, the clock and a provider
// do, and after each step the rows say what the model says. rapid prints the seed of what fails and shrinks it.
//
// TURNOUT_TEST_SOAK=1 runs about 100,000 steps an engine and provider instead of about 600.
func TestSalesFollowTheModel(t *testing.T) {
	histories := 15
	if os.Getenv("TURNOUT_TEST_SOAK") != "" {
		histories = 2500
	}
	set(t, "rapid.checks", strconv.Itoa(histories))
	set(t, "rapid.steps", "40")
	set(t, "rapid.nofailfile", "true")
	for _, engine := range dbtest.Engines() {
		for _, provider := range []payments.Provider{online{}, offline.Provider{}} {
			t.Run(string(engine)+"/"+provider.Name(), func(t *testing.T) {
				t.Parallel()
				var s *shop
				played := 0
				rapid.Check(t, func(rt *rapid.T) {
					if played++; played%50 == 1 { // a fresh database now and then: checking looks at all of it
						s = shopWith(t, dbtest.Open(t, engine), provider)
					}
					m := newModel(rt, s)
					rt.Repeat(m.actions())
					m.check()
				})
			})
		}
	}
}

// set sets one of rapid's flags for the test, unless the command line did.
func set(t *testing.T, name, value string) {
	t.Helper()
	f := flag.Lookup(name)
	if before := f.Value.String(); before == f.DefValue {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, before) })
	}
}

// world is what the rules say must be there.
type world struct {
	*rapid.T
	s       *shop
	offline bool
	pools   []*modelPool
	types   []*modelType
	orders  []*modelOrder
	keys    map[string]*modelOrder
	asked   map[string]string // what was asked under a key
	waiting map[string]*ticketing.WaitlistEntry

	refs, notices        int
	paid, fees, refunded int64
	lastTold             *payments.Event
	lastStored           turnout.ID
	statuses             map[turnout.ID]string
	startsAt, endsAt     time.Time
}

type modelPool struct {
	id       turnout.ID
	capacity int64
}

type modelType struct {
	id       turnout.ID
	in       ticketing.TicketTypeInput
	pools    []int
	min, max int64
}

type modelOrder struct {
	id       turnout.ID
	status   ticketing.OrderStatus
	total    int64
	lines    []modelLine
	tickets  int64
	expires  time.Time
	payments []*modelPayment
}

type modelLine struct {
	quantity int64
	pools    []int // as it was sold
}

type modelPayment struct {
	id      turnout.ID
	status  ticketing.PaymentStatus
	ref     string
	amount  int64
	refunds []*modelRefund
}

type modelRefund struct {
	id     turnout.ID
	ref    string
	status ticketing.RefundStatus
	amount int64
}

func newModel(rt *rapid.T, s *shop) *world {
	w := &world{T: rt, s: s, offline: s.Provider.Name() == "offline", keys: map[string]*modelOrder{}, asked: map[string]string{},
		waiting: map[string]*ticketing.WaitlistEntry{}, statuses: map[turnout.ID]string{}}
	e := *s.event
	e.ID, e.Number, e.StartsAt, e.EndsAt = turnout.NewID("evt"), s.event.Number+1, s.now().Add(20*24*time.Hour), s.now().Add(21*24*time.Hour)
	e.Slug = string(e.ID)
	s.event = &e
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&e).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("INSERT INTO event_totals (event_id, community_id) VALUES (?, ?)", e.ID, e.CommunityID).Exec(ctx)
		return err
	})
	w.startsAt, w.endsAt = e.StartsAt, e.EndsAt
	for range 3 {
		p := s.pool(rapid.Int64Range(1, 8).Draw(rt, "capacity"))
		w.pools = append(w.pools, &modelPool{p.ID, p.Capacity})
	}
	for range 3 {
		mt := w.drawType()
		tt, err := s.CreateTicketType(context.Background(), e.CommunityID, e.ID, mt.in)
		w.noError(err)
		mt.id = tt.ID
		w.types = append(w.types, mt)
	}
	return w
}

func (w *world) drawType() *modelType {
	mt := &modelType{min: rapid.Int64Range(1, 2).Draw(w.T, "min"), max: rapid.Int64Range(2, 5).Draw(w.T, "max")}
	mt.in = ticketing.TicketTypeInput{Name: "Type " + string(turnout.NewID("n")), Price: turnout.Money{Amount: rapid.SampledFrom([]int64{0, 0, 1, 2500}).Draw(w.T, "price"), Currency: "EUR"},
		AttendanceMode: ticketing.InPerson, MinPerOrder: mt.min, MaxPerOrder: mt.max}
	mask := rapid.IntRange(1, 7).Draw(w.T, "pools")
	for i, p := range w.pools {
		if mask&(1<<i) != 0 {
			mt.pools = append(mt.pools, i)
			mt.in.PoolIDs = append(mt.in.PoolIDs, p.id)
		}
	}
	return mt
}

func (w *world) noError(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) want(err, want error, format string, args ...any) {
	w.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		w.Fatalf("%s: %v, want %v", fmt.Sprintf(format, args...), err, want)
	}
}

func (w *world) actions() map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){
		"place": w.place, "place 2": w.place, "place 3": w.place, "wait": w.wait, "sweep": w.sweep, "cancel": w.cancel, "refund": w.refund,
		"capacity": w.changeCapacity, "type": w.changeType, "": w.look,
	}
	if w.offline {
		all["mark paid"], all["mark paid 2"] = w.markPaid, w.markPaid
		return all
	}
	for _, kind := range []payments.Kind{payments.EventPaid, payments.EventProcessing, payments.EventFailed, payments.EventDeclined, payments.EventExpired,
		payments.EventRefunded, payments.EventRefundFailed, payments.EventDisputed} {
		all["tell "+string(kind)] = func(t *rapid.T) { w.T = t; w.tellSome(kind) }
	}
	all["tell late"] = w.tellLate
	all["tell again"] = w.tellAgain
	return all
}

// places by the model.

func holds(o *modelOrder) bool {
	return o.status == ticketing.Held || o.status == ticketing.Pending || o.status == ticketing.Confirmed
}

func (w *world) taken(pool int) (n int64) {
	for _, o := range w.orders {
		if holds(o) {
			n += o.needs()[pool]
		}
	}
	return n
}

func (o *modelOrder) needs() map[int]int64 {
	needs := map[int]int64{}
	for _, l := range o.lines {
		for _, p := range l.pools {
			needs[p] += l.quantity
		}
	}
	return needs
}

func (w *world) room(o *modelOrder) bool {
	for p, n := range o.needs() {
		if w.taken(p)+n > w.pools[p].capacity {
			return false
		}
	}
	return true
}

// sweepModel ends the holds whose time is over.
func (w *world) sweepModel() (n int) {
	for _, o := range w.orders {
		if (o.status == ticketing.Held || o.status == ticketing.Pending) && !w.s.now().Before(o.expires) {
			w.end(o, ticketing.Expired)
			n++
		}
	}
	return n
}

func (w *world) end(o *modelOrder, to ticketing.OrderStatus) {
	o.status = to
	w.closePages(o)
}

func (w *world) closePages(o *modelOrder) {
	for _, p := range o.payments {
		if p.status == ticketing.PaymentCreated {
			p.status = ticketing.PaymentCanceled
		}
	}
}

// The actions.

func (w *world) place(t *rapid.T) {
	w.T = t
	o := &modelOrder{status: ticketing.Held, expires: w.s.now().Add(15 * time.Minute)}
	p := ticketing.Purchase{EventID: w.s.event.ID, Caller: "caller"}
	who := rapid.IntRange(0, 4).Draw(t, "who")
	p.Buyer = ticketing.Attendee{Name: fmt.Sprint("Buyer ", who), Email: fmt.Sprintf("buyer%d@example.org", who)}
	invalid := false
	first := rapid.IntRange(0, 2).Draw(t, "type")
	for i := range rapid.IntRange(1, 2).Draw(t, "lines") {
		mt := w.types[(first+i)%3]
		n := rapid.Int64Range(1, 5).Draw(t, "quantity")
		invalid = invalid || n < mt.min || n > mt.max
		p.Lines = append(p.Lines, ticketing.PurchaseLine{TicketTypeID: mt.id, Quantity: n})
		o.lines = append(o.lines, modelLine{n, slices.Clone(mt.pools)})
		o.total += n * mt.in.Price.Amount
		o.tickets += n
	}
	if named := rapid.Bool().Draw(t, "attendees named"); named {
		for i := range o.tickets {
			p.Attendees = append(p.Attendees, ticketing.Bearer{Attendee: ticketing.Attendee{Name: fmt.Sprint("Guest ", i), Email: fmt.Sprintf("guest%d@example.org", i%3)}})
		}
	}
	if key := rapid.IntRange(0, 6).Draw(t, "key"); key < 4 {
		p.Key = fmt.Sprint("key ", key)
	}
	asked := fmt.Sprint(p.Lines, p.Buyer, p.Attendees)
	got, replayed, err := w.s.PlaceOrder(context.Background(), p)
	if before := w.keys[p.Key]; p.Key != "" && before != nil {
		if w.asked[p.Key] != asked {
			w.want(err, ticketing.ErrIdempotencyKeyReused, "another purchase under a key")
			return
		}
		if err != nil || !replayed || got.ID != before.id {
			t.Fatalf("the same purchase under the same key: %+v, %v, %v", got, replayed, err)
		}
		return
	}
	if w.closed() {
		if err == nil {
			t.Fatal("sold after the event")
		}
		return
	}
	if invalid {
		if kind, ok := errors.AsType[*turnout.Error](err); !ok || kind.Kind != turnout.Invalid && !errors.Is(err, ticketing.ErrSoldOut) {
			t.Fatalf("a quantity out of range: %v", err)
		}
		return
	}
	if !w.room(o) {
		w.sweepModel()
	}
	if !w.room(o) {
		w.want(err, ticketing.ErrSoldOut, "no room for %v", p.Lines)
		return
	}
	w.want(err, nil, "room for %v", p.Lines)
	if replayed || got.Secret == "" || int64(len(got.Tickets)) != o.tickets || got.Total != o.total {
		t.Fatalf("the order is %+v", got)
	}
	o.id = got.ID
	switch {
	case o.total == 0:
		o.status = ticketing.Confirmed
	case w.offline:
		o.status, o.expires = ticketing.Pending, w.s.now().Add(7*24*time.Hour)
	}
	if o.total > 0 {
		o.payments = []*modelPayment{{id: got.Payment().ID, status: ticketing.PaymentCreated, amount: o.total}}
	}
	w.orders = append(w.orders, o)
	if p.Key != "" {
		w.keys[p.Key], w.asked[p.Key] = o, asked
	}
}

func (w *world) closed() bool { return !w.s.now().Before(w.endsAt) }

func (w *world) wait(t *rapid.T) {
	w.T = t
	w.s.wait(rapid.SampledFrom([]time.Duration{time.Minute, 5 * time.Minute, 14 * time.Minute, 15 * time.Minute, 20 * time.Minute, 20 * time.Minute, time.Hour, 7 * 24 * time.Hour}).Draw(t, "time"))
}

func (w *world) sweep(t *rapid.T) {
	w.T = t
	want := w.sweepModel()
	if n, err := w.s.ExpireHolds(context.Background(), w.s.event.ID); err != nil || n != want {
		t.Fatalf("%d holds ended, want %d: %v", n, want, err)
	}
}

// some draws one of the orders, later ones more often.
func (w *world) some() *modelOrder {
	if len(w.orders) == 0 {
		w.Skip("no order yet")
	}
	n := len(w.orders)
	return w.orders[n-1-min(n-1, rapid.IntRange(0, 5).Draw(w.T, "order"))]
}

func (w *world) cancel(t *rapid.T) {
	w.T = t
	o := w.some()
	reason := rapid.SampledFrom([]string{ticketing.CanceledByBuyer, ticketing.CanceledByOrganiser}).Draw(t, "reason")
	said, previewErr := w.s.CancelOrder(context.Background(), w.s.event.CommunityID, o.id, reason, true)
	done, err := w.s.CancelOrder(context.Background(), w.s.event.CommunityID, o.id, reason, false)
	over := !holds(o) || o.status != ticketing.Confirmed && !w.s.now().Before(o.expires)
	switch {
	case over:
		w.want(previewErr, ticketing.ErrOrderOver, "preview of what is over")
		w.want(err, ticketing.ErrOrderOver, "canceling what is over")
		return
	case reason == ticketing.CanceledByBuyer && !w.s.now().Before(w.startsAt):
		w.want(err, ticketing.ErrTooLate, "a buyer after the beginning")
		return
	}
	w.want(errors.Join(previewErr, err), nil, "cancel")
	w.end(o, ticketing.OrderCanceled)
	if back := w.giveAllBack(o); said.Refund != done.Refund || done.Refund.Amount != back {
		t.Fatalf("said %v, did %v, want %d", said.Refund, done.Refund, back)
	}
}

// giveAllBack requests what was paid and not given back: of the payments that count, and of late money whose refund failed.
func (w *world) giveAllBack(o *modelOrder) (sum int64) {
	for _, p := range o.payments {
		kept := p.status == ticketing.PaymentSucceeded || p.status == ticketing.PaymentLateRefund
		if left := p.amount - p.back(); kept && left > 0 {
			w.request(p, left)
			sum += left
		}
	}
	return sum
}

func (w *world) request(p *modelPayment, amount int64) {
	p.refunds = append(p.refunds, &modelRefund{status: ticketing.RefundRequested, amount: amount})
	w.refunded += amount
}

func (p *modelPayment) back() (n int64) {
	for _, r := range p.refunds {
		if r.status != ticketing.RefundFailed {
			n += r.amount
		}
	}
	return n
}

func (w *world) refund(t *rapid.T) {
	w.T = t
	o := w.some()
	refunds, err := w.s.RefundOrder(context.Background(), w.s.event.CommunityID, o.id, ticketing.CanceledByOrganiser)
	want := w.giveAllBack(o)
	if want == 0 {
		w.want(err, ticketing.ErrNothingToRefund, "refund of nothing")
		return
	}
	w.want(err, nil, "refund")
	for _, r := range refunds {
		want -= r.Amount
	}
	if want != 0 {
		t.Fatalf("%d more should have been given back", want)
	}
}

func (w *world) markPaid(t *rapid.T) {
	w.T = t
	o := w.some()
	w.lateMoney(o, payments.EventPaid)
	_, err := w.s.MarkPaid(context.Background(), w.s.event.CommunityID, o.id, nil)
	if len(o.payments) == 0 || !unpaid(o.payments[0]) || o.status == ticketing.OrderCanceled {
		w.want(err, ticketing.ErrOrderNotOpen, "paid what cannot be paid")
		return
	}
	w.want(err, nil, "mark paid")
	w.moneyCame(o, o.payments[0], o.total, 0)
}

// lateMoney ends what is held past its time before money for an order that has expired asks for its places.
func (w *world) lateMoney(o *modelOrder, told payments.Kind) {
	if told == payments.EventPaid && o.status == ticketing.Expired {
		w.sweepModel()
	}
}

func unpaid(p *modelPayment) bool {
	return slices.Contains([]ticketing.PaymentStatus{ticketing.PaymentCreated, ticketing.PaymentProcessing, ticketing.PaymentFailed, ticketing.PaymentCanceled}, p.status)
}

// moneyCame is domain rule 5.
func (w *world) moneyCame(o *modelOrder, p *modelPayment, amount, fee int64) {
	p.amount = amount
	w.paid += amount
	w.fees += fee
	admitted := amount == o.total
	switch o.status {
	case ticketing.Held, ticketing.Pending:
	case ticketing.Expired:
		admitted = admitted && !w.closed() && w.room(o)
	default:
		admitted = false
	}
	if !admitted {
		p.status = ticketing.PaymentLateRefund
		w.request(p, amount)
		return
	}
	o.status, p.status = ticketing.Confirmed, ticketing.PaymentSucceeded
	w.closePages(o)
}

func (w *world) changeCapacity(t *rapid.T) {
	w.T = t
	i := rapid.IntRange(0, 2).Draw(t, "pool")
	n := rapid.Int64Range(0, 12).Draw(t, "capacity")
	_, err := w.s.UpdatePool(context.Background(), w.s.event.CommunityID, w.pools[i].id, 0, ticketing.PoolInput{Name: "Hall " + string(w.pools[i].id), Capacity: n})
	if n < w.taken(i) {
		w.want(err, ticketing.ErrCapacityBelowTaken, "capacity %d with %d taken", n, w.taken(i))
		return
	}
	w.want(err, nil, "capacity")
	w.pools[i].capacity = n
}

func (w *world) changeType(t *rapid.T) {
	w.T = t
	i := rapid.IntRange(0, 2).Draw(t, "type")
	mt := w.drawType()
	mt.id = w.types[i].id
	_, err := w.s.UpdateTicketType(context.Background(), w.s.event.CommunityID, mt.id, 0, mt.in)
	w.want(err, nil, "type")
	w.types[i] = mt
}
