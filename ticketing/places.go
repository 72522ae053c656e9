package ticketing

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// Holdings say what holds the places of a pool: the numbers add up to its capacity.
type Holdings struct {
	*Pool
	Sold         int64
	Held         int64 // by orders that are not confirmed
	Offered      int64 // to the waitlist
	Reserved     int64 // by vouchers
	Blocked      int64
	Free         int64
	HeldUntil    time.Time // the first of those held
	OfferedUntil time.Time
	Orders       int64 // that hold some
}

// heldBy is how many places of a pool holders of a kind have.
type heldBy struct {
	PoolID turnout.ID
	Kind   string
	Places int64
	Orders int64
	Until  time.Time `bun:",nullzero"`
}

// The kinds of heldBy beside the holders' own.
const (
	heldTaken = "taken" // all of them
	heldOpen  = "open"  // orders that are not confirmed
	heldDue   = "due"   // of which the time is over
)

// readPlaces says what holds the places of the event's pools. One statement reads it at one moment, so that the numbers add up: what the
// few others have not, was sold, and nobody counts a million tickets. Pools get their counters of the same moment. due are the places of
// orders, offers and vouchers whose time is over: free for whoever asks, but not given back yet.
func (in *inquiry) readPlaces(ctx context.Context, db bun.IDB, pools map[turnout.ID]*Pool) (due map[turnout.ID]int64, err error) {
	var rows []heldBy
	const none = "CAST(NULL AS TIMESTAMPTZ)"
	err = db.NewRaw(`SELECT id AS pool_id, ?0 AS kind, taken AS places, 0 AS orders, `+none+` AS until FROM pools WHERE event_id = ?4 AND community_id = ?5
		UNION ALL
		SELECT claim.pool_id, CASE WHEN entry.offer_expires_at <= ?3 OR voucher.valid_until <= ?3 THEN ?2 ELSE claim.holder_kind END, SUM(claim.quantity), 0,
			MIN(entry.offer_expires_at) FROM pools AS pool
		JOIN pool_claims AS claim ON claim.pool_id = pool.id AND claim.holder_kind <> 'line' LEFT JOIN waitlist_entries AS entry ON entry.id = claim.holder_id
		LEFT JOIN vouchers AS voucher ON voucher.id = claim.holder_id
		WHERE pool.event_id = ?4 AND pool.community_id = ?5 AND claim.quantity > 0 GROUP BY 1, 2
		UNION ALL
		SELECT claim.pool_id, CASE WHEN ord.expires_at > ?3 THEN ?1 ELSE ?2 END, SUM(claim.quantity), COUNT(DISTINCT ord.id), MIN(ord.expires_at) FROM orders AS ord
		JOIN order_lines AS line ON line.order_id = ord.id JOIN pool_claims AS claim ON claim.holder_id = line.id
		WHERE ord.status IN (?6) AND ord.event_id = ?4 AND ord.community_id = ?5 AND claim.quantity > 0 GROUP BY 1, 2`,
		heldTaken, heldOpen, heldDue, in.shelf.now, in.event.ID, in.event.CommunityID, bun.List(expiring)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	all := make(map[turnout.ID]*Holdings, len(pools))
	for id, p := range pools {
		all[id] = &Holdings{Pool: p}
	}
	due = map[turnout.ID]int64{}
	for _, r := range rows {
		p := all[r.PoolID]
		if p == nil { // made in the meantime
			continue
		}
		switch r.Kind {
		case heldTaken:
			p.Taken = r.Places
		case heldOpen:
			p.Held, p.HeldUntil, p.Orders = r.Places, r.Until, r.Orders
		case heldDue:
			due[r.PoolID] += r.Places
		case holderOffer:
			p.Offered, p.OfferedUntil = r.Places, r.Until
		case holderVoucher:
			p.Reserved = r.Places
		case holderBlock:
			p.Blocked = r.Places
		}
	}
	for id, p := range all {
		p.Free = p.Available() + due[id]
		p.Sold = p.Capacity - p.Free - p.Held - p.Offered - p.Reserved - p.Blocked
		if p.Kind == Places {
			in.pools = append(in.pools, *p)
		}
	}
	slices.SortFunc(in.pools, func(a, b Holdings) int { return cmp.Compare(a.ID, b.ID) })
	return due, nil
}
