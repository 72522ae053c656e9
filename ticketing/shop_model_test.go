package ticketing_test

import (
	"context"
	"errors"
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
)

// The whole shop against its rules, written down a second time and as plainly as can be: random histories of baskets with price
// windows, add-ons, vouchers and choices, of payments in time and late, cancellations, decisions, the waitlist, places set aside,
// changed capacities and a moving clock. After each step every place, every use of a voucher and every state is what the rules say,
// and each refusal has a cause that the rules name; what they name no cause for must be sold. rapid prints the seed and shrinks.
//
// TURNOUT_TEST_SOAK=1 runs 100,000 steps an engine instead of about 1,000.
func TestTheShopFollowsItsRules(t *testing.T) {
	histories := 20
	if os.Getenv("TURNOUT_TEST_SOAK") != "" {
		histories = 2000
	}
	set(t, "rapid.checks", strconv.Itoa(histories))
	set(t, "rapid.steps", "50")
	set(t, "rapid.nofailfile", "true")
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			var s *shop
			played := 0
			rapid.Check(t, func(rt *rapid.T) {
				if played++; played%50 == 1 { // a fresh database now and then: checking looks at all of it
					s = newShop(t, dbtest.Open(t, engine))
				}
				if played%100 == 0 {
					t.Logf("%d histories of %d", played, histories)
				}
				m := newMall(rt, s)
				rt.Repeat(m.actions())
				s.holds()
			})
		})
	}
}

// mall is what the rules say must be there.
type mall struct {
	*rapid.T
	s        *shop
	endsAt   time.Time
	closesAt time.Time // of the waitlist
	closed   bool
	capacity map[turnout.ID]int64
	pools    []turnout.ID // the organiser's own
	types    []*ware
	addOns   []*extra
	question turnout.ID
	options  []option
	vouchers []*coupon
	blocks   []*block
	wishes   []*wish
	orders   []*deal
	refs     int
}

// ware is a ticket type.
type ware struct {
	id turnout.ID
	in ticketing.TicketTypeInput
}

type extra struct {
	id turnout.ID
	in ticketing.AddOnInput
}

// option is a choice of the question, with its pool when its places count.
type option struct{ id, pool turnout.ID }

type coupon struct {
	id     turnout.ID
	in     ticketing.VoucherInput
	ended  bool
	places int64 // that it holds now
}

type block struct {
	id, pool turnout.ID
	places   int64
}

type wish struct {
	id       turnout.ID
	secret   string
	who      int
	party    int64
	types    []*ware
	status   ticketing.WaitlistStatus
	lot      int64
	offered  *ware
	deadline time.Time
}

// deal is an order.
type deal struct {
	id      turnout.ID
	status  ticketing.OrderStatus
	total   int64
	parts   []part
	expires time.Time
	coupon  *coupon
	paid    bool
	tickets int64
	back    int64 // given back for add-ons that were canceled
}

// part is a line of an order with the places that it takes.
type part struct {
	name                string
	quantity, unit, off int64
	coupon              *coupon
	needs               map[turnout.ID]int64
	tickets             []int
}

func newMall(rt *rapid.T, s *shop) *mall {
	m := &mall{T: rt, s: s, capacity: map[turnout.ID]int64{}}
	e := *s.event
	e.ID, e.Number, e.StartsAt, e.EndsAt = turnout.NewID("evt"), s.event.Number+1, s.now().Add(20*24*time.Hour), s.now().Add(21*24*time.Hour)
	e.Slug = string(e.ID)
	s.event, m.endsAt = &e, e.EndsAt
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&e).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("INSERT INTO event_totals (event_id, community_id) VALUES (?, ?)", e.ID, e.CommunityID).Exec(ctx)
		return err
	})
	for range 3 {
		p := s.pool(rapid.Int64Range(1, 9).Draw(rt, "capacity"))
		m.pools, m.capacity[p.ID] = append(m.pools, p.ID), p.Capacity
	}
	for i := range 3 {
		m.makeType(i)
	}
	m.makeAddOns()
	m.makeQuestion()
	if rapid.Bool().Draw(rt, "settings") {
		m.saveShop()
	}
	return m
}

func (m *mall) money(amount int64) turnout.Money {
	return turnout.Money{Amount: amount, Currency: "EUR"}
}

func (m *mall) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// drawType draws what can be said about a ticket type, windows left as they are.
func (m *mall) drawType(in *ticketing.TicketTypeInput) {
	in.Price = m.money(rapid.SampledFrom([]int64{0, 1, 2499, 3333}).Draw(m.T, "price"))
	in.MinPerOrder = rapid.SampledFrom([]int64{1, 1, 2}).Draw(m.T, "min")
	in.MaxPerOrder = rapid.Int64Range(2, 6).Draw(m.T, "max")
	in.MultipleOf = rapid.SampledFrom([]int64{1, 1, 1, 2}).Draw(m.T, "multiple")
	in.Visibility = rapid.SampledFrom([]ticketing.Visibility{ticketing.Public, ticketing.Public, ticketing.Hidden, ticketing.VoucherOnly}).Draw(m.T, "visibility")
	in.RequiresApproval = rapid.IntRange(0, 4).Draw(m.T, "approval") == 0
	in.SalesEnd = time.Time{}
	if rapid.IntRange(0, 4).Draw(m.T, "sale ends") == 0 {
		in.SalesEnd = m.s.now().Add(3 * 24 * time.Hour)
	}
}

func (m *mall) makeType(i int) {
	w := &ware{in: ticketing.TicketTypeInput{Name: fmt.Sprint("Type ", i), AttendanceMode: ticketing.InPerson}}
	m.drawType(&w.in)
	mask := rapid.IntRange(1, 7).Draw(m.T, "pools")
	for k, id := range m.pools {
		if mask&(1<<k) != 0 {
			w.in.PoolIDs = append(w.in.PoolIDs, id)
		}
	}
	if rapid.Bool().Draw(m.T, "early") {
		w.in.PriceWindows = append(w.in.PriceWindows, ticketing.PriceWindow{Name: "First", Price: 699, UpTo: rapid.Int64Range(1, 4).Draw(m.T, "up to")})
	}
	if rapid.Bool().Draw(m.T, "dated") {
		w.in.PriceWindows = append(w.in.PriceWindows, ticketing.PriceWindow{Name: "Dated", Price: 900, Until: m.s.now().Add(24 * time.Hour)})
	}
	made, err := m.s.CreateTicketType(context.Background(), m.s.event.CommunityID, m.s.event.ID, w.in)
	m.must(err)
	w.id, w.in.PriceWindows = made.ID, made.PriceWindows
	for _, window := range made.PriceWindows {
		if window.PoolID != "" {
			m.capacity[window.PoolID] = window.UpTo
		}
	}
	m.types = append(m.types, w)
}

func (m *mall) makeAddOns() {
	workshop := ticketing.AddOnInput{Name: "Workshop", Price: m.money(500), OnSale: true, PoolIDs: []turnout.ID{m.pools[0]},
		With: []ticketing.AddOnWith{{TicketTypeID: m.types[0].id, Most: 2}, {TicketTypeID: m.types[1].id, Most: 1}}}
	dinner := ticketing.AddOnInput{Name: "Dinner", Price: m.money(3000), OnSale: true, PoolIDs: []turnout.ID{m.pools[2]},
		With: []ticketing.AddOnWith{{TicketTypeID: m.types[2].id, Least: 1, Most: 2, Included: rapid.Int64Range(0, 1).Draw(m.T, "included")}}}
	for _, in := range []ticketing.AddOnInput{workshop, dinner} {
		a, err := m.s.CreateAddOn(context.Background(), m.s.event.CommunityID, m.s.event.ID, in)
		m.must(err)
		m.addOns = append(m.addOns, &extra{a.ID, in})
	}
}

// makeQuestion asks the second type's attendees what they eat; one dish is scarce.
func (m *mall) makeQuestion() {
	scarce := rapid.Int64Range(1, 5).Draw(m.T, "dishes")
	q, err := m.s.CreateQuestion(context.Background(), m.s.event.CommunityID, m.s.event.ID, ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice,
		Label: "Dish", Purpose: "The kitchen plans by it.", Required: true, TypeIDs: []turnout.ID{m.types[1].id}, Options: []ticketing.OptionInput{{Label: "Fish", Places: &scarce}, {Label: "Bread"}}})
	m.must(err)
	m.question = q.ID
	for _, o := range q.Words.Options {
		m.options = append(m.options, option{o.ID, o.PoolID})
		if o.PoolID != "" {
			m.capacity[o.PoolID] = scarce
		}
	}
}

func (m *mall) saveShop() {
	in := ticketing.ShopInput{PayHours: 48, OfferHours: 12, WaitlistOrder: rapid.SampledFrom([]ticketing.WaitlistOrder{ticketing.ByTime, ticketing.ByLottery}).Draw(m.T, "order")}
	if rapid.Bool().Draw(m.T, "closes") {
		in.WaitlistClosesAt = m.s.now().Add(4 * 24 * time.Hour)
	}
	saved, err := m.s.SaveShop(context.Background(), m.s.event.CommunityID, m.s.event.ID, nil, in)
	m.must(err)
	m.closesAt = saved.WaitlistClosesAt
}

// The rules.

var holding = []ticketing.OrderStatus{ticketing.Held, ticketing.AwaitingApproval, ticketing.Pending, ticketing.Confirmed}

func (d *deal) holds() bool { return slices.Contains(holding, d.status) }

// taken counts the places of a pool that somebody has.
func (m *mall) taken(pool turnout.ID) (n int64) {
	for _, d := range m.orders {
		if d.holds() {
			n += d.needs()[pool]
		}
	}
	for _, b := range m.blocks {
		if b.pool == pool {
			n += b.places
		}
	}
	for _, c := range m.vouchers {
		if c.in.Reserves && slices.Contains(m.ware(c.in.TicketTypeIDs[0]).in.PoolIDs, pool) {
			n += c.places
		}
	}
	for _, w := range m.wishes {
		if w.status == ticketing.Offered {
			n += w.party * m.draws(w.offered)[pool]
		}
	}
	return n
}

func (m *mall) free(pool turnout.ID) int64 { return m.capacity[pool] - m.taken(pool) }

func (d *deal) needs() map[turnout.ID]int64 {
	needs := map[turnout.ID]int64{}
	for _, p := range d.parts {
		for id, n := range p.needs {
			needs[id] += n
		}
	}
	return needs
}

func (m *mall) ware(id turnout.ID) *ware {
	i := slices.IndexFunc(m.types, func(w *ware) bool { return w.id == id })
	if i < 0 {
		return nil
	}
	return m.types[i]
}

// left is how many tickets of a type all its pools have room for.
func (m *mall) left(w *ware) int64 {
	n := int64(1 << 40)
	for _, id := range w.in.PoolIDs {
		n = min(n, m.free(id))
	}
	return n
}

// draws says which places one ticket of a type takes, with what it cannot be had without.
func (m *mall) draws(w *ware) map[turnout.ID]int64 {
	draws := map[turnout.ID]int64{}
	for _, id := range w.in.PoolIDs {
		draws[id]++
	}
	for _, a := range m.addOns {
		for _, with := range a.in.With {
			if with.TicketTypeID == w.id && max(with.Least, with.Included) > 0 {
				draws[a.in.PoolIDs[0]] += max(with.Least, with.Included)
			}
		}
	}
	return draws
}

// room is how many tickets of a type can be sold with what they cannot be had without.
func (m *mall) room(w *ware) int64 {
	n := int64(1 << 40)
	for id, each := range m.draws(w) {
		n = min(n, m.free(id)/each)
	}
	return n
}

// used counts what orders have used of a voucher.
func (m *mall) used(c *coupon) (uses, spent int64) {
	for _, d := range m.orders {
		for _, p := range d.parts {
			if d.holds() && p.coupon == c {
				uses += p.quantity
				spent += p.quantity * p.off
			}
		}
	}
	return uses, spent
}

func (m *mall) live(c *coupon) bool {
	return !c.ended && (c.in.ValidUntil.IsZero() || m.s.now().Before(c.in.ValidUntil))
}

// settle lets a voucher that reserves hold the places that it should, after something about it changed.
func (m *mall) settle(c *coupon) {
	if c == nil || !c.in.Reserves {
		return
	}
	c.places = 0
	if m.live(c) {
		uses, _ := m.used(c)
		c.places = min(*c.in.MaxUses-uses, m.left(m.ware(c.in.TicketTypeIDs[0]))) // less only when its tickets draw on other pools by now
	}
}

// move changes an order's state and what follows from it.
func (m *mall) move(d *deal, to ticketing.OrderStatus) {
	before := d.holds()
	d.status = to
	if before != d.holds() {
		m.settle(d.coupon)
	}
}

// over says whether the event sells nothing any more.
func (m *mall) over() bool { return !m.s.now().Before(m.endsAt) }

// saleOver says whether the type's own sale is over.
func (m *mall) saleOver(w *ware) bool {
	return !w.in.SalesEnd.IsZero() && !m.s.now().Before(w.in.SalesEnd)
}

// sellable says whether the public can buy tickets of the type, apart from places.
func (m *mall) sellable(w *ware) bool {
	return w.in.Visibility != ticketing.VoucherOnly && !m.saleOver(w)
}

// sweep ends the holds, the vouchers that reserve and the offers whose time is over and says whether there were any.
func (m *mall) sweep() (freed bool) {
	for _, d := range m.orders {
		waits := d.status == ticketing.Held || d.status == ticketing.AwaitingApproval || d.status == ticketing.Pending
		if waits && !m.s.now().Before(d.expires) {
			m.move(d, ticketing.Expired)
			freed = true
		}
	}
	for _, c := range m.vouchers {
		if c.in.Reserves && !c.ended && !m.live(c) {
			c.ended, freed = true, true
			m.settle(c)
		}
	}
	missed := false
	for _, w := range m.wishes {
		if w.status == ticketing.Offered && !m.s.now().Before(w.deadline) {
			w.status, missed, freed = ticketing.OfferExpired, true, true
		}
	}
	if missed {
		m.serve()
	}
	return freed
}

// afterSweep names the causes for which there are no places, once what is held past its time gave way.
func (m *mall) afterSweep(causes func() []string) []string {
	codes := causes()
	if (slices.Equal(codes, []string{"sold_out"}) || slices.Equal(codes, []string{"reserves_more"})) && m.sweep() {
		return causes()
	}
	return codes
}

// serve offers what is free to those who wait.
func (m *mall) serve() {
	if m.over() || m.isClosed() {
		return
	}
	queue := slices.Clone(m.wishes)
	if m.lottery() {
		slices.SortFunc(queue, func(a, b *wish) int { return int(min(1, max(-1, a.lot-b.lot))) })
	}
	for _, w := range queue {
		if w.status != ticketing.Waiting {
			continue
		}
		for _, t := range w.types {
			suits := w.party >= t.in.MinPerOrder && w.party <= t.in.MaxPerOrder && w.party%max(1, t.in.MultipleOf) == 0
			if suits && m.sellable(t) && m.room(t) >= w.party {
				w.status, w.offered, w.deadline = ticketing.Offered, t, m.s.now().Add(m.offerTime())
				break
			}
		}
	}
}

func (m *mall) settings() *ticketing.ShopSettings {
	settings, err := m.s.ShopSettings(context.Background(), m.s.event)
	m.must(err)
	return settings
}

func (m *mall) lottery() bool            { return m.settings().WaitlistOrder == ticketing.ByLottery }
func (m *mall) offerTime() time.Duration { return time.Duration(m.settings().OfferHours) * time.Hour }

func (m *mall) isClosed() bool {
	return m.closed || !m.closesAt.IsZero() && !m.s.now().Before(m.closesAt)
}

// look compares everything that is stored with the model, after each step.
func (m *mall) look(t *rapid.T) {
	m.T = t
	ctx, db := context.Background(), m.s.DB.Read()
	var pools []struct {
		ID              turnout.ID
		Capacity, Taken int64
	}
	m.must(db.NewSelect().Table("pools").Column("id", "capacity", "taken").Where("event_id = ?", m.s.event.ID).Scan(ctx, &pools))
	for _, p := range pools {
		if p.Taken > p.Capacity {
			t.Fatalf("pool %s has %d places and %d are taken", p.ID, p.Capacity, p.Taken)
		}
		if p.Capacity != m.capacity[p.ID] || p.Taken != m.taken(p.ID) {
			t.Fatalf("pool %s: %d of %d taken, the rules say %d of %d; held are %v", p.ID, p.Taken, p.Capacity, m.taken(p.ID), m.capacity[p.ID], m.claims(p.ID))
		}
	}
	for _, c := range m.vouchers {
		v, err := m.s.Voucher(ctx, m.s.event.CommunityID, c.id)
		m.must(err)
		if uses, spent := m.used(c); v.Uses != uses || v.Spent != spent || v.Ended != c.ended || v.MaxUses != nil && v.Uses > *v.MaxUses || v.Budget != nil && v.Spent > *v.Budget {
			t.Fatalf("voucher %s: %d uses, %d spent, ended %v; the rules say %d, %d, %v", v.Code, v.Uses, v.Spent, v.Ended, uses, spent, c.ended)
		}
	}
	var states []struct{ ID, Status string }
	m.must(db.NewRaw("SELECT id, status FROM orders WHERE event_id = ?0 UNION ALL SELECT id, status FROM waitlist_entries WHERE event_id = ?0", m.s.event.ID).Scan(ctx, &states))
	stored := map[string]string{}
	for _, s := range states {
		stored[s.ID] = s.Status
	}
	for _, d := range m.orders {
		if stored[string(d.id)] != string(d.status) {
			t.Fatalf("order %s is %s, the rules say %s", d.id, stored[string(d.id)], d.status)
		}
	}
	for _, w := range m.wishes {
		if stored[string(w.id)] != string(w.status) {
			t.Fatalf("wish %s of %d is %s, the rules say %s", w.id, w.party, stored[string(w.id)], w.status)
		}
	}
	if len(states) != len(m.orders)+len(m.wishes) {
		t.Fatalf("%d orders and wishes are stored, the rules know %d", len(states), len(m.orders)+len(m.wishes))
	}
}

// claims lists who holds places of a pool, for the message of a failure.
func (m *mall) claims(pool turnout.ID) (held []string) {
	m.must(m.s.DB.Read().NewRaw("SELECT holder_kind || ' ' || holder_id || ' ' || quantity FROM pool_claims WHERE pool_id = ? AND quantity > 0", pool).
		Scan(context.Background(), &held))
	for _, c := range m.vouchers {
		held = append(held, fmt.Sprintf("rules: voucher %s %d", c.id, c.places))
	}
	for _, w := range m.wishes {
		held = append(held, fmt.Sprintf("rules: wish %s of %d %s", w.id, w.party, w.status))
	}
	return held
}

// causes names an error by what the outside sees of it: the fields' codes of an invalid request, else its own code.
func causes(err error) []string {
	known, ok := errors.AsType[*turnout.Error](err)
	if !ok || known.Kind == turnout.Internal {
		return []string{"unexplained: " + err.Error()}
	}
	if len(known.Fields) == 0 {
		return []string{known.Code}
	}
	var codes []string
	for _, f := range known.Fields {
		codes = append(codes, f.Code)
	}
	return codes
}
