package checkin_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Entries, exits and annulments of the same few tickets at once, at two servers: the counters, the admissions and the records
// of presence are what the log says in the end.
func TestScansAndAnnulmentsAtOnce(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newDoor(t, dbtest.Handle(t, address))
			servers := []*door{first, first.server(dbtest.Handle(t, address))}
			list := first.list(checkin.ListInput{Entry: rules.Again})
			tickets := first.order(first.regular, 2).Tickets
			var mu sync.Mutex
			var accepted []turnout.ID
			dbtest.Together(6, func(side int) {
				random := rand.New(rand.NewPCG(seed, uint64(side)))
				server := servers[side%2]
				for range 40 {
					if random.IntN(3) == 0 {
						mu.Lock()
						var id turnout.ID
						if n := len(accepted); n > 0 {
							id = accepted[n-1-random.IntN(min(n, 4))]
						}
						mu.Unlock()
						if id == "" {
							continue
						}
						if _, err := server.Annul(context.Background(), first.event.CommunityID, id, ""); err != nil && !errors.Is(err, checkin.ErrAnnulled) {
							t.Error(err)
						}
						continue
					}
					direction := []checkin.Direction{checkin.Entry, checkin.Exit}[random.IntN(2)]
					scan, err := server.scan(checkin.ScanInput{ListID: list.ID, Code: tickets[random.IntN(2)].Code, Direction: direction})
					if err != nil {
						t.Error(err)
						continue
					}
					if scan.Result == checkin.Accepted {
						mu.Lock()
						accepted = append(accepted, scan.ID)
						mu.Unlock()
					}
				}
			})
			first.holds()
			for _, ticket := range tickets {
				standsAsLogged(t, first, list.ID, ticket.ID)
			}
		})
	}
}

// Two servers at two lists, each with several gates and types of tickets, while scans are annulled and orders canceled: every
// counter is what the rows say in the end, and nobody waited in a circle.
func TestManyDoorsWhileOrdersAreCanceled(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newDoor(t, dbtest.Handle(t, address))
			servers := []*door{first, first.server(dbtest.Handle(t, address))}
			lists := []*checkin.List{first.list(checkin.ListInput{Entry: rules.Again}), first.list(checkin.ListInput{Entry: rules.Again})}
			other := first.ticketType("Other", ticketing.InPerson)
			var orders []*ticketing.Order
			for i := range 12 {
				orders = append(orders, first.order([]*ticketing.TicketType{first.regular, other}[i%2], 2))
			}
			var mu sync.Mutex
			var accepted []turnout.ID
			dbtest.Together(8, func(side int) {
				random := rand.New(rand.NewPCG(seed, uint64(side)))
				server := servers[side%2]
				for range 40 {
					switch order := orders[random.IntN(len(orders))]; random.IntN(12) {
					case 0:
						if _, err := server.Ticketing.CancelOrder(context.Background(), order.CommunityID, order.ID, ticketing.CanceledByOrganiser, false); err != nil && !errors.Is(err, ticketing.ErrOrderOver) {
							t.Error(err)
						}
					case 1, 2:
						mu.Lock()
						id := turnout.ID("")
						if len(accepted) > 0 {
							id = accepted[random.IntN(len(accepted))]
						}
						mu.Unlock()
						if id == "" {
							continue
						}
						if _, err := server.Annul(context.Background(), first.event.CommunityID, id, ""); err != nil && !errors.Is(err, checkin.ErrAnnulled) {
							t.Error(err)
						}
					default:
						scan, err := server.scan(checkin.ScanInput{ListID: lists[random.IntN(2)].ID, Code: order.Tickets[random.IntN(2)].Code,
							Gate: []string{"", "north", "south"}[random.IntN(3)], Direction: []checkin.Direction{checkin.Entry, checkin.Entry, checkin.Exit}[random.IntN(3)],
							ScannedAt: first.now().Add(-time.Duration(random.IntN(9)) * time.Minute)})
						if err != nil {
							t.Error(err)
						} else if scan.Result == checkin.Accepted {
							mu.Lock()
							accepted = append(accepted, scan.ID)
							mu.Unlock()
						}
					}
				}
			})
		})
	}
}

// A buyer cancels in the very moment in which the ticket is scanned, at another server: either the door lets nobody in, or it
// is too late to cancel.
func TestScanWhileTheBuyerCancels(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newDoor(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			first.clock.Store(-int64(time.Hour)) // before the event: a buyer may still cancel
			list := first.list(checkin.ListInput{})
			admitted := 0
			for range 60 {
				order := first.order(first.regular, 1)
				var scan *checkin.Scan
				var scanned, canceled error
				dbtest.Together(2, func(side int) {
					if side == 0 {
						scan, scanned = first.scan(checkin.ScanInput{ListID: list.ID, Code: order.Tickets[0].Code})
					} else {
						_, canceled = second.Ticketing.CancelOrder(context.Background(), order.CommunityID, order.ID, ticketing.CanceledByBuyer, false)
					}
				})
				if scanned != nil || canceled != nil && !errors.Is(canceled, ticketing.ErrTooLate) {
					t.Fatal(scanned, canceled)
				}
				if in := scan.Result == checkin.Accepted; in == (canceled == nil) {
					t.Errorf("let in: %v (%s), canceling: %v", in, scan.Reason, canceled)
				} else if in {
					admitted++
				}
			}
			t.Logf("%d of 60 were let in", admitted)
		})
	}
}

// standsAsLogged compares a ticket's admission and record with the entries that stand in the log.
func standsAsLogged(t *testing.T, d *door, list, ticket turnout.ID) {
	t.Helper()
	var entries, admissions, records int64
	for query, into := range map[string]*int64{
		"SELECT COUNT(*) FROM scans WHERE ticket_id = ?0 AND list_id = ?1 AND result = 'accepted' AND direction = 'entry' AND annulled_at IS NULL": &entries,
		"SELECT COUNT(*) FROM admissions WHERE ticket_id = ?0 AND list_id = ?1":                                                                    &admissions,
		"SELECT COUNT(*) FROM attendance_records WHERE ticket_id = ?0 AND ?1 <> ''":                                                                &records,
	} {
		if err := d.DB.Read().NewRaw(query, ticket, list).Scan(t.Context(), into); err != nil {
			t.Fatal(err)
		}
	}
	if want := min(entries, 1); admissions != want || records != want {
		t.Errorf("%d entries stand, %d admissions, %d records of presence", entries, admissions, records)
	}
}
