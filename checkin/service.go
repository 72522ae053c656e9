// Package checkin admits: the lists that doors check against, the log of scans, and the records of who was present.
//
// Every attempt is a row of scans, accepted or refused with a reason; nothing in the log is changed or removed, an annulled
// scan is marked. The first accepted entry of a ticket on a list wins a row of admissions, under any concurrency and between
// processes: the database lets only one in. "Checked in" is read from there and is no state of the ticket. A list's counters
// and the attendance records change in the transaction of the scan, and [Check] compares them with the log.
//
// A decision has two halves. What needs no database (is this a code of ours, did the event's key sign it) happens before the
// transaction; what depends on others (was it used, canceled, reissued) inside it, for all scans that wait at once.
package checkin

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
	"turnout/events"
	"turnout/internal/database"
	"turnout/ticketing"
)

// Service carries out the use cases of admitting. Make it with [New].
type Service struct {
	DB        *database.DB
	Now       func() time.Time // UTC, microseconds
	Ticketing *ticketing.Service

	scans *database.Work[scanning, *Scan]
	gates *gateMemory
}

// New makes the service.
func New(s Service) *Service {
	s.scans = &database.Work[scanning, *Scan]{Name: "scans", Lane: database.Door, Do: s.admit}
	s.gates = &gateMemory{known: map[turnout.ID]knownGate{}}
	return &s
}

// gateMemory keeps what a scan needs of its list and event for a second, so that a queue at the door does not read them again
// for each ticket. A change of the list in this process is seen at once, in another a second later.
type gateMemory struct {
	mu    sync.Mutex
	known map[turnout.ID]knownGate
}

type knownGate struct {
	list  *List
	event *events.Event
	rules *rules.List
	key   ed25519.PublicKey
	until time.Time
}

const gateMemoryFor = time.Second

func (m *gateMemory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.known)
}

// gate gives a list of the community with its event and the key of the event's codes. It fails with turnout.ErrNotFound.
func (s *Service) gate(ctx context.Context, community, list turnout.ID) (knownGate, error) {
	now := s.Now()
	s.gates.mu.Lock()
	g, ok := s.gates.known[list]
	s.gates.mu.Unlock()
	if !ok || !now.Before(g.until) {
		var err error
		if g, err = readGate(ctx, s.DB.Read(), list); err != nil {
			return g, err
		}
		g.until = now.Add(gateMemoryFor)
		s.gates.mu.Lock()
		if len(s.gates.known) > 1000 {
			clear(s.gates.known)
		}
		s.gates.known[list] = g
		s.gates.mu.Unlock()
	}
	if g.list.CommunityID != community {
		return g, turnout.ErrNotFound
	}
	return g, nil
}

func readGate(ctx context.Context, db bun.IDB, id turnout.ID) (g knownGate, err error) {
	if g.list, err = findList(ctx, db, id); err != nil {
		return g, err
	}
	if g.event, err = events.Find(ctx, db, g.list.CommunityID, string(g.list.EventID)); err != nil {
		return g, err
	}
	key, err := g.event.PrivateKey()
	if err != nil {
		return g, fmt.Errorf("checkin: %w", err)
	}
	g.key, g.rules = key.Public().(ed25519.PublicKey), g.list.Evaluator(g.event)
	return g, nil
}
