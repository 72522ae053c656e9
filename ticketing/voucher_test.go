package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

func (s *shop) voucher(in ticketing.VoucherInput) *ticketing.Voucher {
	s.t.Helper()
	v, err := s.CreateVoucher(s.t.Context(), s.event.CommunityID, s.event.ID, in)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// with gives a purchase that names a voucher.
func (s *shop) with(code string, tt *ticketing.TicketType, quantity int64, who int) ticketing.Purchase {
	p := s.purchase(tt, quantity, who)
	p.Voucher = code
	return p
}

// try places an order and gives the code of its refusal, of its first field where it has some; "" when it was sold.
func (s *shop) try(p ticketing.Purchase) (*ticketing.Order, string) {
	s.t.Helper()
	o, _, err := s.PlaceOrder(context.Background(), p)
	return o, refusal(s.t, err)
}

func refusal(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	known, ok := errors.AsType[*turnout.Error](err)
	if !ok {
		t.Error(err)
		return "?"
	}
	if len(known.Fields) > 0 {
		return known.Fields[0].Code
	}
	return known.Code
}

func (s *shop) stands(v *ticketing.Voucher, uses, spent int64) {
	s.t.Helper()
	now, err := s.Voucher(s.t.Context(), s.event.CommunityID, v.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	if now.Uses != uses || now.Spent != spent {
		s.t.Errorf("%s: %d uses and %d spent, want %d and %d", v.Code, now.Uses, now.Spent, uses, spent)
	}
}

func number(n int64) *int64 { return &n }

// What each kind takes off a ticket, in currencies with two decimals, with none and with three: rounded once, half away from zero.
func TestWhatVouchersTakeOff(t *testing.T) {
	for _, currency := range []string{"EUR", "JPY", "KWD"} {
		t.Run(currency, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				s := newShop(t, db)
				s.event.Currency = currency
				s.tx(func(ctx context.Context, tx bun.Tx) error {
					_, err := tx.NewRaw("UPDATE events SET currency = ? WHERE id = ?", currency, s.event.ID).Exec(ctx)
					return err
				})
				hall := s.pool(1000)
				for i, tt := range []struct {
					kind         ticketing.VoucherKind
					value, price int64
					want         int64 // of one ticket
				}{
					{ticketing.Percent, 10, 4900, 490},
					{ticketing.Percent, 15, 330, 50},       // 49.5
					{ticketing.Percent, 15, 329, 49},       // 49.35
					{ticketing.Percent, 50, 1, 1},          // 0.5
					{ticketing.Percent, 50, 3, 2},          // 1.5
					{ticketing.Percent, 15, 12350, 1853},   // 1852.5
					{ticketing.Percent, 1, 49, 0},          // 0.49
					{ticketing.Percent, 33, 100001, 33000}, // 33000.33
					{ticketing.Percent, 100, 4900, 4900},
					{ticketing.AmountOff, 1000, 4900, 1000},
					{ticketing.AmountOff, 9900, 4900, 4900},
					{ticketing.FixedTo, 1900, 4900, 3000},
					{ticketing.FixedTo, 9900, 4900, 0},
					{ticketing.FixedTo, 0, 4900, 4900},
					{ticketing.AccessVoucher, 0, 4900, 0},
					{ticketing.ReservedVoucher, 0, 4900, 0},
				} {
					in := ticketing.TicketTypeInput{Name: fmt.Sprint("Type ", i), Price: turnout.Money{Amount: tt.price, Currency: currency}, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{hall.ID}}
					of, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, in)
					if err != nil {
						t.Fatal(err)
					}
					v := s.voucher(ticketing.VoucherInput{Code: fmt.Sprint("V", i), Kind: tt.kind, Value: tt.value, MaxUses: number(3), TicketTypeIDs: []turnout.ID{of.ID}})
					p := s.with(v.Code, of, 3, i)
					quote, err := s.Quote(t.Context(), &p)
					if err != nil {
						t.Fatal(err)
					}
					o, refused := s.try(p)
					if refused != "" {
						t.Fatalf("%s %d of %d: %s", tt.kind, tt.value, tt.price, refused)
					}
					if got := o.Lines[0].Discount; got != tt.want || o.Total != 3*(tt.price-tt.want) || quote.Total.Amount != o.Total || quote.Discount.Amount != 3*tt.want {
						t.Errorf("%s %d takes %d off %d, want %d; the order costs %d, the quote said %s", tt.kind, tt.value, got, tt.price, tt.want, o.Total, quote.Total)
					}
					s.stands(v, 3, 3*tt.want)
				}
			})
		})
	}
}

// Every kind of voucher keeps every limit, says which it is, and a refusal uses nothing.
func TestLimitsOfVouchers(t *testing.T) {
	kinds := []ticketing.VoucherInput{{Kind: ticketing.Percent, Value: 10}, {Kind: ticketing.AmountOff, Value: 490}, {Kind: ticketing.FixedTo, Value: 4410},
		{Kind: ticketing.AccessVoucher}, {Kind: ticketing.ReservedVoucher}}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(1000)
		dear, other := s.ticketType(4900, hall), s.ticketType(4900, hall)
		n := 0
		for _, kind := range kinds {
			for _, tt := range []struct {
				limit  string
				change func(*ticketing.VoucherInput)
				buy    int64
				of     *ticketing.TicketType
				email  string
				want   string
			}{
				{"none", func(*ticketing.VoucherInput) {}, 1, dear, "", ""},
				{"the last use", func(in *ticketing.VoucherInput) { in.MaxUses = number(2) }, 2, dear, "", ""},
				{"too few uses", func(in *ticketing.VoucherInput) { in.MaxUses = number(2) }, 3, dear, "", "too_few_uses"},
				{"budget is enough", func(in *ticketing.VoucherInput) { in.Budget = number(980) }, 2, dear, "", ""},
				{"budget is not enough", func(in *ticketing.VoucherInput) { in.Budget = number(979) }, 2, dear, "", "budget_spent"},
				{"other tickets", func(*ticketing.VoucherInput) {}, 1, other, "", "not_for_these"},
				{"not yet", func(in *ticketing.VoucherInput) { in.ValidFrom = s.now().Add(time.Second) }, 1, dear, "", "not_yet_valid"},
				{"from now", func(in *ticketing.VoucherInput) { in.ValidFrom = s.now() }, 1, dear, "", ""},
				{"until now", func(in *ticketing.VoucherInput) { in.ValidUntil = s.now() }, 1, dear, "", "expired"},
				{"until then", func(in *ticketing.VoucherInput) { in.ValidUntil = s.now().Add(time.Second) }, 1, dear, "", ""},
				{"its buyer", func(in *ticketing.VoucherInput) { in.Email = "Ann@Example.org" }, 1, dear, "ann@example.org", ""},
				{"its buyer, not shown", func(in *ticketing.VoucherInput) { in.Email = "ann@example.org" }, 1, dear, "ann@example.org", "email_unproven"},
				{"its domain in letters of its own", func(in *ticketing.VoucherInput) { in.Email = "@Bücher.example" }, 1, dear, "ann@xn--bcher-kva.example", ""},
				{"another buyer", func(in *ticketing.VoucherInput) { in.Email = "ann@example.org" }, 1, dear, "bob@example.org", "other_buyer"},
				{"its domain", func(in *ticketing.VoucherInput) { in.Email = "@Example.org" }, 1, dear, "ann@example.org", ""},
				{"below its domain", func(in *ticketing.VoucherInput) { in.Email = "@example.org" }, 1, dear, "ann@sub.example.org", "other_buyer"},
				{"a domain that ends alike", func(in *ticketing.VoucherInput) { in.Email = "@example.org" }, 1, dear, "ann@anexample.org", "other_buyer"},
			} {
				n++
				in := kind
				in.Code, in.MaxUses, in.TicketTypeIDs = fmt.Sprint("V", n), number(5), []turnout.ID{dear.ID}
				tt.change(&in)
				v := s.voucher(in)
				p := s.with("  v "+fmt.Sprint(n), tt.of, tt.buy, n)
				if tt.email != "" {
					p.Buyer.Email, p.Proven = tt.email, tt.email
				}
				if tt.limit == "its buyer, not shown" {
					p.Proven = ""
				}
				want := tt.want
				if want == "budget_spent" && (kind.Kind == ticketing.AccessVoucher || kind.Kind == ticketing.ReservedVoucher) {
					want = "" // which spend nothing
				}
				o, got := s.try(p)
				if got != want {
					t.Errorf("%s, %s: %q, want %q", kind.Kind, tt.limit, got, want)
				}
				if got != "" {
					s.stands(v, 0, 0)
				} else {
					s.stands(v, tt.buy, tt.buy*o.Lines[0].Discount)
				}
				if _, err := s.EndVoucher(t.Context(), s.event.CommunityID, v.ID, 0, true); err != nil {
					t.Fatal(err)
				}
				if _, got := s.try(s.with(v.Code, dear, 1, n)); got != "ended" {
					t.Errorf("%s, ended: %q", kind.Kind, got)
				}
			}
		}
		if _, got := s.try(s.with("V0", dear, 1, 0)); got != "unknown" {
			t.Errorf("a code that there is not: %q", got)
		}
	})
}

// What is given away at the box office uses up no voucher that buyers could have.
func TestGiftsUseUpNoVoucher(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(4900, s.pool(10))
		v := s.voucher(ticketing.VoucherInput{Code: "TENTH", Kind: ticketing.Percent, Value: 10, MaxUses: number(1), Budget: number(490)})
		gift := s.atDesk(tt, 1, ticketing.DeskFree)
		gift.Voucher = "tenth"
		if o, got := s.try(gift); got != "" || o.Total != 0 {
			t.Fatalf("%q, %+v", got, o)
		}
		s.stands(v, 0, 0)
		if o, got := s.try(s.with("tenth", tt, 1, 1)); got != "" || o.Total != 4410 {
			t.Errorf("the buyer after it: %q, %+v", got, o)
		}
		s.stands(v, 1, 490)
	})
}

// A code that was given back with its order can be used again: uses and budget are those of orders that hold places.
func TestUsesComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(4900, s.pool(10))
		v := s.voucher(ticketing.VoucherInput{Code: "ONE", Kind: ticketing.Percent, Value: 50, MaxUses: number(1), Budget: number(2450)})
		first, _ := s.try(s.with("one", tt, 1, 1))
		if _, got := s.try(s.with("one", tt, 1, 2)); got != "used_up" {
			t.Errorf("while it is held: %q", got)
		}
		s.wait(16 * time.Minute)
		second, got := s.try(s.with("one", tt, 1, 2))
		if got == "used_up" { // a refusal for uses does not sweep; the sweep comes within seconds
			if _, err := s.ExpireHolds(t.Context(), s.event.ID); err != nil {
				t.Fatal(err)
			}
			second, got = s.try(s.with("one", tt, 1, 2))
		}
		if got != "" {
			t.Fatalf("after the hold: %q", got)
		}
		s.stands(v, 1, 2450)
		s.tell(paid(first, "pi_1")) // late: its use is gone
		if o := s.order(first.ID); o.Status != ticketing.Expired || o.Payment().Status != ticketing.PaymentLateRefund || len(o.Refunds) != 1 || o.Refunds[0].Amount != 2450 {
			t.Errorf("late money for a used-up voucher: %s, %s, %d refunds", o.Status, o.Payment().Status, len(o.Refunds))
		}
		s.stands(v, 1, 2450)
		if _, err := s.CancelOrder(t.Context(), second.CommunityID, second.ID, ticketing.CanceledByBuyer, false); err != nil {
			t.Fatal(err)
		}
		s.stands(v, 0, 0)
		third, got := s.try(s.with("one", tt, 1, 3))
		if got != "" {
			t.Fatalf("after canceling: %q", got)
		}
		s.tell(paid(third, "pi_3"))
		s.stands(v, 1, 2450)
	})
}

// A voucher that reserves holds its unused uses, in every state that it goes through.
func TestReservedPlaces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		tt := s.ticketType(4900, hall)
		is := func(what string, taken int64) {
			t.Helper()
			if got := s.taken(hall); got != taken {
				t.Errorf("%s: %d taken, want %d", what, got, taken)
			}
		}
		in := ticketing.VoucherInput{Code: "CREW", Kind: ticketing.ReservedVoucher, MaxUses: number(6), TicketTypeIDs: []turnout.ID{tt.ID}, ValidUntil: s.now().Add(20 * 24 * time.Hour)}
		v := s.voucher(in)
		is("made", 6)
		more := in
		more.Code, more.MaxUses = "MORE", number(5)
		_, err := s.CreateVoucher(t.Context(), s.event.CommunityID, s.event.ID, more)
		if refusal, ok := errors.AsType[*turnout.Error](err); !ok || !errors.Is(err, ticketing.ErrSoldOut) || len(refusal.Fields) != 1 || refusal.Fields[0].Name != "max_uses" {
			t.Errorf("for five of the four that are left: %v", err)
		}
		if _, got := s.try(s.purchase(tt, 5, 1)); got != "sold_out" {
			t.Errorf("five of the four that are left: %q", got)
		}
		s.buy(tt, 4, 1)
		is("the rest sold", 10)
		held, got := s.try(s.with("crew", tt, 2, 2))
		if got != "" {
			t.Fatalf("a reserved place: %q", got)
		}
		is("two of the reserved are held by an order", 10)
		if _, err := s.EndVoucher(t.Context(), s.event.CommunityID, v.ID, 0, true); err != nil {
			t.Fatal(err)
		}
		is("ended", 6)
		if _, err := s.CancelOrder(t.Context(), held.CommunityID, held.ID, ticketing.CanceledByBuyer, false); err != nil {
			t.Fatal(err)
		}
		is("an order of an ended voucher canceled", 4)
		if _, err := s.EndVoucher(t.Context(), s.event.CommunityID, v.ID, 0, false); err != nil {
			t.Fatal(err)
		}
		is("opened again", 10)
		in.MaxUses = number(3)
		if _, err := s.UpdateVoucher(t.Context(), s.event.CommunityID, v.ID, 0, in); err != nil {
			t.Fatal(err)
		}
		is("fewer uses", 7)
		in.MaxUses = number(7)
		if _, err := s.UpdateVoucher(t.Context(), s.event.CommunityID, v.ID, 0, in); !errors.Is(err, ticketing.ErrSoldOut) {
			t.Errorf("more than the hall: %v", err)
		}
		expiring, _ := s.try(s.with("crew", tt, 3, 3))
		is("all reserved are held", 7)
		s.wait(16 * time.Minute) // the first order's four go too
		if _, err := s.ExpireHolds(t.Context(), s.event.ID); err != nil {
			t.Fatal(err)
		}
		if expiring == nil || s.order(expiring.ID).Status != ticketing.Expired {
			t.Error("the hold did not expire")
		}
		is("expired: reserved again", 3)
		s.wait(20 * 24 * time.Hour)
		if _, err := s.EndVouchers(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		is("its time is over", 0)
		if _, err := s.EndVoucher(t.Context(), s.event.CommunityID, v.ID, 0, false); err != nil {
			t.Fatal(err)
		}
		is("opened again after its time", 0)
	})
}

// A voucher opens what is sold with a voucher only where it names it or gives access, and nothing else: a discount in a newsletter does not.
func TestVoucherOnlyTypes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		hidden := ticketing.TicketTypeInput{Name: "Speaker", Price: turnout.Money{Currency: "EUR"}, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{hall.ID}, Visibility: ticketing.VoucherOnly}
		tt, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, hidden)
		if err != nil {
			t.Fatal(err)
		}
		open := s.ticketType(0, hall)
		s.voucher(ticketing.VoucherInput{Code: "IN", Kind: ticketing.AccessVoucher, TicketTypeIDs: []turnout.ID{tt.ID}})
		s.voucher(ticketing.VoucherInput{Code: "OUT", Kind: ticketing.AccessVoucher, TicketTypeIDs: []turnout.ID{open.ID}})
		s.voucher(ticketing.VoucherInput{Code: "ANY", Kind: ticketing.AccessVoucher})
		s.voucher(ticketing.VoucherInput{Code: "LETTER", Kind: ticketing.Percent, Value: 10})
		s.voucher(ticketing.VoucherInput{Code: "SPEAKS", Kind: ticketing.Percent, Value: 10, TicketTypeIDs: []turnout.ID{tt.ID}})
		for code, want := range map[string]string{"": "voucher_needed", "OUT": "voucher_needed", "LETTER": "voucher_needed", "IN": "", "ANY": "", "SPEAKS": ""} {
			if _, got := s.try(s.with(code, tt, 1, 1)); got != want {
				t.Errorf("with %q: %q, want %q", code, got, want)
			}
		}
	})
}

// A stranger can try only so many codes that there are not; then right ones are not looked at either, until the while is over.
func TestCodesCannotBeGuessed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(0, s.pool(100))
		s.voucher(ticketing.VoucherInput{Code: "RIGHT", Kind: ticketing.AccessVoucher})
		from := func(client, code string) ticketing.Purchase {
			p := s.with(code, tt, 1, 1)
			p.Client = client
			return p
		}
		for i := range 40 { // of those that are right, any number
			if _, got := s.try(from("192.0.2.1", "RIGHT")); got != "" {
				t.Fatalf("right, the %d. time: %s", i+1, got)
			}
		}
		for range 40 { // one wrong code is one guess, however often its form is drawn
			if _, got := s.try(from("192.0.2.3", "WRONG")); got != "unknown" {
				t.Fatalf("the same wrong code again: %q", got)
			}
		}
		for i := range 30 {
			if _, got := s.try(from("192.0.2.1", fmt.Sprint("WRONG", i))); got != "unknown" {
				t.Fatalf("wrong, the %d. time: %q", i+1, got)
			}
		}
		p := from("192.0.2.1", "WRONG")
		_, quoted := s.Quote(t.Context(), &p)
		_, checked := s.Problems(t.Context(), &p)
		if !errors.Is(quoted, ticketing.ErrTooManyCodes) || !errors.Is(checked, ticketing.ErrTooManyCodes) {
			t.Errorf("quoted: %v, checked: %v", quoted, checked)
		}
		for client, want := range map[string]string{"192.0.2.1": "too_many_codes", "192.0.2.2": "", "": ""} {
			if _, got := s.try(from(client, "RIGHT")); got != want {
				t.Errorf("right, from %q: %q, want %q", client, got, want)
			}
		}
		if _, got := s.try(from("192.0.2.1", "")); got != "" {
			t.Errorf("without a voucher: %q", got)
		}
		s.wait(15 * time.Minute)
		if _, got := s.try(from("192.0.2.1", "RIGHT")); got != "" {
			t.Errorf("a quarter of an hour later: %q", got)
		}
	})
}

// The list finds by code, batch and note, and each voucher is in the state that its row says.
func TestListOfVouchers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(100, s.pool(100))
		open := s.voucher(ticketing.VoucherInput{Code: "Crème-20", Kind: ticketing.Percent, Value: 20, Note: "Für Łukasz"})
		used := s.voucher(ticketing.VoucherInput{Code: "ONCE", Kind: ticketing.AccessVoucher, MaxUses: number(1)})
		spent := s.voucher(ticketing.VoucherInput{Code: "SPENT", Kind: ticketing.Percent, Value: 100, Budget: number(100)})
		later := s.voucher(ticketing.VoucherInput{Code: "LATER", Kind: ticketing.AccessVoucher, ValidFrom: s.now().Add(time.Hour)})
		over := s.voucher(ticketing.VoucherInput{Code: "OVER", Kind: ticketing.AccessVoucher, ValidUntil: s.now()})
		ended := s.voucher(ticketing.VoucherInput{Code: "ENDED", Kind: ticketing.AccessVoucher})
		for i, v := range []*ticketing.Voucher{used, spent} {
			if _, got := s.try(s.with(v.Code, tt, 1, i)); got != "" {
				t.Fatal(got)
			}
		}
		if _, err := s.EndVoucher(t.Context(), s.event.CommunityID, ended.ID, 0, true); err != nil {
			t.Fatal(err)
		}
		many, err := s.CreateVouchers(t.Context(), s.event.CommunityID, s.event.ID, "Student union", "UNI-", 1200, ticketing.VoucherInput{Kind: ticketing.AccessVoucher, MaxUses: number(1)})
		if err != nil || len(many) != 1200 {
			t.Fatal(len(many), err)
		}
		codes := map[string]bool{}
		for _, v := range many {
			codes[v.Folded] = true
		}
		if len(codes) != 1200 {
			t.Errorf("%d codes of 1200", len(codes))
		}
		list := func(f ticketing.VoucherFilter) []*ticketing.Voucher {
			all, err := s.Vouchers(t.Context(), s.event.CommunityID, s.event.ID, f)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		for search, want := range map[string]int{"creme": 1, "CRÈME 20": 1, "lukasz": 1, "stud": 1200, "union uni": 1200, "nope": 0, "%": 1206, "20": 1, "reme": 0, many[7].Code: 1} {
			if got := len(list(ticketing.VoucherFilter{Search: search})); got != want {
				t.Errorf("%q finds %d, want %d", search, got, want)
			}
		}
		byState := map[ticketing.VoucherState][]*ticketing.Voucher{ticketing.VoucherUsedUp: {used, spent}, ticketing.VoucherScheduled: {later}, ticketing.VoucherOver: {over, ended}, ticketing.VoucherActive: append(many, open)}
		for _, state := range ticketing.VoucherStates {
			found := list(ticketing.VoucherFilter{State: state})
			if len(found) != len(byState[state]) {
				t.Errorf("%d are %s, want %d", len(found), state, len(byState[state]))
			}
			for _, v := range found {
				if v.StateAt(s.now()) != state {
					t.Errorf("%s is %s, listed as %s", v.Code, v.StateAt(s.now()), state)
				}
			}
		}
		var paged int
		for f := (ticketing.VoucherFilter{Batch: "Student union", Limit: 500}); ; {
			page := list(f)
			if paged += len(page); len(page) < 500 {
				break
			}
			f.Before = page[len(page)-1].ID
		}
		batches, err := s.VoucherBatches(t.Context(), s.event.CommunityID, s.event.ID)
		if paged != 1200 || err != nil || len(batches) != 1 || batches[0] != (ticketing.VoucherBatch{Name: "Student union", Count: 1200}) {
			t.Errorf("%d by pages, batches %v, %v", paged, batches, err)
		}
	})
}

// EachVoucher goes through a list of any length, in its order, once.
func TestEachVoucherIsReadOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		made, err := s.CreateVouchers(t.Context(), s.event.CommunityID, s.event.ID, "Press", "P", 1201, ticketing.VoucherInput{Kind: ticketing.AccessVoucher})
		if err != nil {
			t.Fatal(err)
		}
		var read []turnout.ID
		err = s.EachVoucher(t.Context(), s.event.CommunityID, s.event.ID, ticketing.VoucherFilter{Batch: "Press"}, func(v *ticketing.Voucher) error {
			read = append(read, v.ID)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(read)
		if !slices.EqualFunc(read, made, func(id turnout.ID, v *ticketing.Voucher) bool { return id == v.ID }) {
			t.Errorf("%d of %d were read, or in another order", len(read), len(made))
		}
	})
}
