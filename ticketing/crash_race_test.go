package ticketing_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
)

// crashAddress makes this test program the one that is killed: it sells on that database until then.
const crashAddress = "TURNOUT_TEST_CRASH_ADDRESS"

// TestSellUntilKilled is the child of TestNothingAnsweredIsLost.
func TestSellUntilKilled(t *testing.T) {
	address := os.Getenv(crashAddress)
	if address == "" {
		t.Skip("only as the child of TestNothingAnsweredIsLost")
	}
	s := attached(t, dbtest.Handle(t, address))
	types, err := s.TicketTypes(t.Context(), s.event.CommunityID, s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	say := func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(words...) // one write each: what was said before the kill reaches the parent
	}
	round := turnout.NewID("round")
	dbtest.Together(8, func(side int) {
		for i := 0; ; i++ {
			s.sellOne(types[(side+i)%len(types)], fmt.Sprint(round, "/", side, "/", i), say)
		}
	})
}

// sellOne places an order, pays some and cancels some of them, and says each time what it was answered.
func (s *shop) sellOne(tt *ticketing.TicketType, key string, say func(...any)) {
	p := s.purchase(tt, 1+rand.Int64N(2), rand.IntN(50))
	p.Key = key
	say("asked", key, tt.ID, p.Lines[0].Quantity, p.Buyer.Email)
	o, _, err := s.PlaceOrder(context.Background(), p)
	if errors.Is(err, ticketing.ErrSoldOut) {
		say("refused", key)
		return
	}
	if err != nil {
		say("error", err)
		return
	}
	say("ordered", key, o.ID)
	if o.Total > 0 && rand.IntN(3) > 0 {
		e := paid(o, "pi_"+string(o.ID))
		e.Notice = payments.Notice{ID: "evt_" + string(o.ID), Type: "paid"}
		if _, err := s.Settle(context.Background(), s.store(e.ID), e); err != nil {
			say("error", err)
			return
		}
		say("paid", key, o.ID)
	}
	if rand.IntN(4) == 0 {
		if _, err := s.CancelOrder(context.Background(), o.CommunityID, o.ID, ticketing.CanceledByBuyer, false); err != nil {
			say("error", err)
			return
		}
		say("canceled", key, o.ID)
	}
}

// attached gives a shop of the event that a database holds already.
func attached(t *testing.T, db *database.DB) *shop {
	t.Helper()
	s := &shop{t: t, clock: new(atomic.Int64), event: new(events.Event)}
	s.open(db, online{})
	if err := db.Read().NewSelect().Model(s.event).Limit(1).Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// kill -9 at any moment of a sale: whatever was answered is there, whatever was not is there wholly or not at all and can be
// asked for again, counters are rows, and no place is lost for ever. TURNOUT_TEST_SOAK=1 kills a hundred times an engine.
func TestNothingAnsweredIsLost(t *testing.T) {
	kills := 8
	if os.Getenv("TURNOUT_TEST_SOAK") != "" {
		kills = 100
	}
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			t.Run("prepare", func(t *testing.T) {
				s := newShop(t, dbtest.Handle(t, address))
				hall, scarce := s.pool(100_000), s.pool(40)
				s.ticketType(0, hall)
				s.ticketType(2500, hall)
				s.ticketType(2500, hall, scarce)
			})
			book := &ledgerOfAnswers{asked: map[string][]string{}, ordered: map[string]turnout.ID{}, state: map[string]string{}}
			longest := time.Duration(0)
			for range kills {
				book.read(t, sellAndKill(t, address))
				began := time.Now()
				db, err := database.Open(t.Context(), address)
				if err != nil {
					t.Fatal(err)
				}
				s := attached(t, db)
				s.holds()
				longest = max(longest, time.Since(began))
				book.verify(t, s)
				s.holds()
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				if t.Failed() {
					return
				}
			}
			book.end(t, attached(t, dbtest.Handle(t, address)))
			t.Logf("%d kills, %d orders answered, %d payments or cancellations; open and checked after at most %v", kills, len(book.ordered), len(book.state), longest)
		})
	}
}

// sellAndKill runs the child for a moment, kills it, and gives what it said.
func sellAndKill(t *testing.T, address string) string {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSellUntilKilled$", "-test.v")
	child.Env = append(os.Environ(), crashAddress+"="+address)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	child.Stderr = &complaints
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	lines := bufio.NewReader(out)
	for { // the first answer: from now on it sells
		line, err := lines.ReadString('\n')
		said.WriteString(line)
		if err != nil {
			t.Fatalf("the child ended by itself: %s%s", said.String(), complaints.String())
		}
		if strings.HasPrefix(line, "ordered") {
			break
		}
	}
	time.AfterFunc(time.Duration(rand.IntN(150_000))*time.Microsecond, func() { _ = child.Process.Kill() })
	_, _ = io.Copy(&said, lines)
	_ = child.Wait()
	return said.String()
}

// ledgerOfAnswers is what the children were answered before they died.
type ledgerOfAnswers struct {
	asked   map[string][]string // by key: ticket type, quantity, e-mail address
	ordered map[string]turnout.ID
	state   map[string]string // the last that was answered: paid, canceled
	fresh   []string          // keys of the last child
}

func (b *ledgerOfAnswers) read(t *testing.T, said string) {
	t.Helper()
	b.fresh = nil
	for line := range strings.Lines(said) {
		word := strings.Fields(line)
		if !strings.HasSuffix(line, "\n") || len(word) == 0 {
			continue // cut off by the kill
		}
		switch word[0] {
		case "asked":
			b.asked[word[1]] = word[2:]
			b.fresh = append(b.fresh, word[1])
		case "refused":
			delete(b.asked, word[1])
		case "ordered":
			b.ordered[word[1]] = turnout.ID(word[2])
		case "paid", "canceled":
			b.state[word[1]] = word[0]
		case "error":
			t.Error(line)
		}
	}
}

// verify looks for every answer of the last child, then asks again for everything that it asked for.
func (b *ledgerOfAnswers) verify(t *testing.T, s *shop) {
	t.Helper()
	for _, key := range b.fresh {
		id, answered := b.ordered[key]
		if answered {
			o, err := s.Order(t.Context(), s.event.CommunityID, string(id))
			if err != nil {
				t.Errorf("order %s was answered and is gone: %v", id, err)
				continue
			}
			if b.state[key] == "paid" && o.Status != ticketing.Confirmed && o.Status != ticketing.OrderCanceled || b.state[key] == "canceled" && o.Status != ticketing.OrderCanceled {
				t.Errorf("order %s was answered as %s and is %s", id, b.state[key], o.Status)
			}
		}
		asked, open := b.asked[key]
		if !open {
			continue
		}
		p := ticketing.Purchase{EventID: s.event.ID, Key: key, Lines: []ticketing.PurchaseLine{{TicketTypeID: turnout.ID(asked[0]), Quantity: int64(asked[1][0] - '0')}}}
		name, _, _ := strings.Cut(strings.TrimPrefix(asked[2], "buyer"), "@")
		p.Buyer = ticketing.Attendee{Name: "Buyer " + name, Email: asked[2]}
		o, replayed, err := s.PlaceOrder(t.Context(), p)
		switch {
		case answered && (err != nil || !replayed || o.ID != id):
			t.Errorf("asked again for order %s: replayed %v, %v", id, replayed, err)
		case errors.Is(err, ticketing.ErrSoldOut):
			delete(b.asked, key)
		case err != nil:
			t.Error(err)
		default:
			b.ordered[key] = o.ID
		}
	}
}

// end lets all holds end: then as many orders are there as were asked for, and as many places taken as tickets are valid.
func (b *ledgerOfAnswers) end(t *testing.T, s *shop) {
	t.Helper()
	s.wait(time.Hour)
	if _, err := s.ExpireHolds(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	s.holds()
	var orders, valid int64
	for query, into := range map[string]*int64{"SELECT COUNT(*) FROM orders": &orders, "SELECT COUNT(*) FROM tickets WHERE status = 'valid'": &valid} {
		if err := s.DB.Read().NewRaw(query).Scan(t.Context(), into); err != nil {
			t.Fatal(err)
		}
	}
	if orders != int64(len(b.asked)) {
		t.Errorf("%d orders, %d were asked for and not refused", orders, len(b.asked))
	}
	pools, err := s.Pools(t.Context(), s.event.CommunityID, s.event.ID)
	if err != nil || pools[0].Taken != valid {
		t.Errorf("%d places are taken, %d tickets are valid: %v", pools[0].Taken, valid, err)
	}
}
