package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

var aPDF = []byte("%PDF-1.7 of twenty-four…")

func (s *shop) askFile() *ticketing.Question {
	in := words("Proof")
	in.Kind = ticketing.AskFile
	return s.ask(in)
}

// from sends a file from an address, "" for staff.
func (s *shop) from(client string, q *ticketing.Question) error {
	_, err := s.Send(s.t.Context(), ticketing.Sender{Client: client}, s.event.ID, q.ID, "proof.pdf", aPDF)
	return err
}

// unused keeps a file of this many bytes without keeping them.
func (s *shop) unused(q *ticketing.Question, size int64) *ticketing.Upload {
	s.t.Helper()
	u := &ticketing.Upload{ID: turnout.NewID("upl"), CommunityID: s.event.CommunityID, EventID: s.event.ID, QuestionID: q.ID, Name: "x.pdf", ContentType: "application/pdf",
		Size: size, CreatedAt: s.now()}
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(u).Exec(ctx)
		return err
	})
	return u
}

// A network sends so many files and bytes within an hour; others, and staff, are not kept waiting by it.
func TestFilesOfOneNetwork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		q := s.askFile()
		for i := range 60 {
			if err := s.from(fmt.Sprintf("2001:db8::%x", i), q); err != nil { // one household: one network
				t.Fatalf("file %d: %v", i+1, err)
			}
		}
		for client, want := range map[string]error{"2001:db8::1": ticketing.ErrTooManyFiles, "2001:db8:0:1::1": nil, "": nil} {
			if err := s.from(client, q); !errors.Is(err, want) {
				t.Errorf("from %q: %v, want %v", client, err, want)
			}
		}
		large := append([]byte("%PDF-"), make([]byte, 10<<20-5)...)
		var err error
		sent := 0
		for ; err == nil && sent < 20; sent++ {
			_, err = s.Send(t.Context(), ticketing.Sender{Client: "192.0.2.9"}, s.event.ID, q.ID, "large.pdf", large)
		}
		if sent != 16 || !errors.Is(err, ticketing.ErrTooManyFiles) {
			t.Errorf("file %d of 10 MB: %v", sent, err)
		}
		s.wait(time.Hour)
		for _, client := range []string{"2001:db8::1", "192.0.2.9"} {
			if err := s.from(client, q); err != nil {
				t.Errorf("an hour later: %v", err)
			}
		}
	})
}

// Files that no order names take a gigabyte at most; what an answer names is no such file, and staff can always send theirs.
func TestFilesWithoutAnOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		o := s.buy(s.ticketType(0, s.pool(5)), 1, 1)
		q := s.askFile()
		u := s.unused(q, 1<<30)
		if err := s.from("192.0.2.1", q); !errors.Is(err, ticketing.ErrFilesFull) {
			t.Errorf("beside a gigabyte: %v", err)
		}
		if err := s.from("", q); err != nil {
			t.Errorf("staff: %v", err)
		}
		s.answer(o, 0, q, ticketing.Value{File: u.Name}, u.ID)
		if err := s.from("192.0.2.1", q); err != nil {
			t.Errorf("once an answer names it: %v", err)
		}
	})
}

// Fifty files at once at two servers, where there is room for seven.
func TestFiftyFilesForTheRoomOfSeven(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		q := s.askFile()
		s.unused(q, 1<<30-7*int64(len(aPDF))-1)
		var kept, refused atomic.Int64
		dbtest.Together(50, func(i int) {
			switch err := servers[i%2].from(fmt.Sprintf("192.0.2.%d", i), q); {
			case err == nil:
				kept.Add(1)
			case errors.Is(err, ticketing.ErrFilesFull):
				refused.Add(1)
			default:
				t.Errorf("file %d: %v", i, err)
			}
		})
		if kept.Load() != 7 || refused.Load() != 43 {
			t.Errorf("%d kept, %d refused", kept.Load(), refused.Load())
		}
	})
}

// Who cannot buy any more cannot leave files either; staff sell after the end too, and bearers of tickets before an event is published.
func TestFilesToAnEventThatSellsNothing(t *testing.T) {
	stranger, bearer, staff := ticketing.Sender{Client: "192.0.2.1"}, ticketing.Sender{Client: "192.0.2.1", Bearer: true}, ticketing.Sender{}
	for status, want := range map[events.Status][3]error{
		events.Draft:    {turnout.ErrNotFound, nil, nil},
		events.Canceled: {ticketing.ErrFilesClosed, ticketing.ErrFilesClosed, nil},
		events.Ended:    {ticketing.ErrFilesClosed, ticketing.ErrFilesClosed, nil},
		"over":          {ticketing.ErrFilesClosed, ticketing.ErrFilesClosed, nil}, // and nobody has noted it yet
	} {
		t.Run(string(status), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				s := newShop(t, db)
				q := s.askFile()
				if status == "over" {
					s.wait(40 * 24 * time.Hour)
				} else {
					s.tx(func(ctx context.Context, tx bun.Tx) error {
						_, err := tx.NewRaw("UPDATE events SET status = ? WHERE id = ?", status, s.event.ID).Exec(ctx)
						return err
					})
				}
				for i, by := range []ticketing.Sender{stranger, bearer, staff} {
					if _, err := s.Send(t.Context(), by, s.event.ID, q.ID, "proof.pdf", aPDF); !errors.Is(err, want[i]) {
						t.Errorf("%+v: %v, want %v", by, err, want[i])
					}
				}
			})
		})
	}
}
