package ticketing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/jobs"
)

// BulkState is where a run stands: gathering → working → done; one of ticked orders begins at working.
type BulkState string

// The states of a run.
const (
	Gathering BulkState = "gathering" // the orders that the filter takes are noted
	Working   BulkState = "working"
	BulkDone  BulkState = "done"
)

// BulkRun is one action on many orders, carried out by a job: an order at a time, each in a transaction of its own that also notes
// that it is done. A run that was cut off goes on where it stopped, and does nothing twice.
type BulkRun struct {
	bun.BaseModel `bun:"table:bulk_runs,alias:run"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	Action      string
	Filter      map[string]string `bun:",type:jsonb"`
	State       BulkState
	LastNumber  int64
	Gathered    int64
	ActorKind   audit.ActorKind
	ActorID     turnout.ID
	CreatedAt   time.Time
	UpdatedAt   time.Time
	EndedAt     time.Time `bun:",nullzero"`
}

// PrefixRun begins the ids of runs: a form makes one, so that sending it twice begins one run.
const PrefixRun = "run"

// BulkItemState is what became of one order of a run.
type BulkItemState string

// The states of an item.
const (
	BulkWaiting BulkItemState = "waiting"
	BulkWorked  BulkItemState = "done"
	BulkRefused BulkItemState = "refused"
)

// BulkItem is one order of a run.
type BulkItem struct {
	bun.BaseModel `bun:"table:bulk_items,alias:item"`

	RunID       turnout.ID `bun:",pk"`
	Number      int64      `bun:",pk"` // of the order
	CommunityID turnout.ID
	OrderID     turnout.ID
	State       BulkItemState
	Code        string // of the refusal
	Message     string // the same in words, English

	BuyerName string `bun:",scanonly"`
	OrderCode string `bun:"-"`
}

// JobBulk carries out a run.
const JobBulk = "ticketing.bulk"

type runRef struct {
	Run turnout.ID `json:"run"`
}

// ErrNothingPicked says that a run would have no orders.
var ErrNothingPicked = &turnout.Error{Kind: turnout.Conflict, Code: "nothing_picked", Message: "Tick orders first, or take all that match."}

// Bulk is what somebody wants done to many orders.
type Bulk struct {
	Action string            // one of BulkActions
	Filter map[string]string // the list's parameters: see OrderFilters
	IDs    []turnout.ID      // those that were ticked; nil for all that match
}

// read gives the filter of the orders that are meant.
func (b *Bulk) read(e *events.Event) (OrderFilter, error) {
	if b.IDs != nil {
		return OrderFilter{IDs: b.IDs}, nil
	}
	return ReadOrderFilter(e, func(name string) string { return b.Filter[name] })
}

// BulkPreview says what a run would do now.
type BulkPreview struct {
	Orders int64         // that are meant
	Fit    int64         // to which it can be done
	Amount turnout.Money // that it moves: see the action
}

// Unfit is to how many it cannot be done.
func (p *BulkPreview) Unfit() int64 { return p.Orders - p.Fit }

// OrdersOfTickets gives the orders of an event's tickets, each once; what is no ticket of the event counts for nothing.
func (s *Service) OrdersOfTickets(ctx context.Context, e *events.Event, tickets []turnout.ID) ([]turnout.ID, error) {
	ids := []turnout.ID{}
	err := s.DB.Read().NewSelect().Model((*Ticket)(nil)).Distinct().Column("order_id").Where("id IN (?)", bun.List(tickets)).
		Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Order("order_id").Scan(ctx, &ids)
	return ids, wrapped("orders of tickets", err)
}

// PreviewBulk counts what a run would do. It fails with an Invalid error about the filter and ErrNothingPicked.
func (s *Service) PreviewBulk(ctx context.Context, e *events.Event, b Bulk) (*BulkPreview, error) {
	action, known := bulkActions[b.Action]
	if !known {
		return nil, turnout.Invalidf("action", "unknown", "This is none of the values that can be asked for.")
	}
	filter, err := b.read(e)
	if err != nil {
		return nil, err
	}
	narrow, err := s.ordersOf(ctx, e.CommunityID, e.ID, filter)
	if err != nil {
		return nil, wrapped("preview", err)
	}
	if narrow == nil {
		return nil, ErrNothingPicked
	}
	var sums struct{ Orders, Fit, Amount int64 }
	now := s.Now()
	meant := narrow(s.DB.Read().NewSelect().TableExpr("orders AS ord")).
		ColumnExpr("CASE WHEN "+action.fits+" THEN 1 ELSE 0 END AS fit", now).ColumnExpr("CASE WHEN "+action.fits+" THEN "+action.moves+" ELSE 0 END AS amount", now)
	err = s.DB.Read().NewSelect().TableExpr("(?) AS meant", meant).ColumnExpr("COUNT(*) AS orders").
		ColumnExpr("CAST(COALESCE(SUM(fit), 0) AS BIGINT) AS fit, CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount").Scan(ctx, &sums)
	if err == nil && sums.Orders == 0 {
		err = ErrNothingPicked
	}
	if err != nil {
		return nil, wrapped("preview", err)
	}
	return &BulkPreview{sums.Orders, sums.Fit, turnout.Money{Amount: sums.Amount, Currency: e.Currency}}, nil
}

// BeginBulk begins a run under an id that the caller made, so that asking twice begins one. It fails with an Invalid error.
func (s *Service) BeginBulk(ctx context.Context, e *events.Event, id turnout.ID, b Bulk) error {
	if _, known := bulkActions[b.Action]; !known || !id.Is(PrefixRun) {
		return turnout.Invalidf("action", "unknown", "This is none of the values that can be asked for.")
	}
	if _, err := b.read(e); err != nil {
		return err
	}
	now, actor := s.Now(), audit.ActorFrom(ctx)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		run := &BulkRun{ID: id, CommunityID: e.CommunityID, EventID: e.ID, Action: b.Action, Filter: map[string]string{}, State: Working,
			ActorKind: actor.Kind, ActorID: actor.ID, CreatedAt: now, UpdatedAt: now}
		if b.IDs == nil {
			run.State, run.Filter = Gathering, b.Filter
		}
		if err := tx.NewSelect().Model((*totals)(nil)).Column("last_order").Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Scan(ctx, &run.LastNumber); err != nil {
			return err
		}
		res, err := tx.NewInsert().Model(run).On("CONFLICT (id) DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if b.IDs != nil {
			if err := noteItems(ctx, tx, run, tx.NewSelect().TableExpr("orders AS ord").Where("ord.id IN (?)", bun.List(b.IDs)).
				Where("ord.event_id = ?", e.ID).Where("ord.community_id = ?", e.CommunityID)); err != nil {
				return err
			}
		}
		if err := jobs.Enqueue(ctx, tx, e.CommunityID, JobBulk, runRef{id}, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: e.CommunityID, Action: "bulk.begun", Subject: id, Detail: map[string]string{"action": b.Action}, At: now})
	})
	return wrapped("begin a run", err)
}

// noteItems notes the orders of a query as items of a run, those that are new.
func noteItems(ctx context.Context, tx bun.IDB, run *BulkRun, orders *bun.SelectQuery) error {
	q := orders.ColumnExpr("? AS run_id, ord.number, ord.community_id, ord.id AS order_id, ? AS state", run.ID, BulkWaiting)
	_, err := tx.NewRaw("INSERT INTO bulk_items (run_id, number, community_id, order_id, state) ? ON CONFLICT (run_id, number) DO NOTHING", q).Exec(ctx)
	return err
}

// FindBulk gives a run of an event with the number of its items by state. It fails with turnout.ErrNotFound.
func (s *Service) FindBulk(ctx context.Context, e *events.Event, id turnout.ID) (*BulkRun, map[BulkItemState]int64, error) {
	runs, err := s.bulkRuns(ctx, e, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("id = ?", id) })
	if err == nil && len(runs) == 0 {
		err = turnout.ErrNotFound
	}
	if err != nil {
		return nil, nil, wrapped("run", err)
	}
	var rows []struct {
		State BulkItemState
		Count int64
	}
	err = s.DB.Read().NewSelect().Model((*BulkItem)(nil)).Column("state").ColumnExpr("COUNT(*) AS count").Where("run_id = ?", id).
		Where("community_id = ?", e.CommunityID).Group("state").Scan(ctx, &rows)
	counts := map[BulkItemState]int64{}
	for _, r := range rows {
		counts[r.State] = r.Count
	}
	return runs[0], counts, wrapped("run", err)
}

// BulkRuns lists an event's runs, the newest first, at most limit.
func (s *Service) BulkRuns(ctx context.Context, e *events.Event, before turnout.ID, limit int) ([]*BulkRun, error) {
	runs, err := s.bulkRuns(ctx, e, func(q *bun.SelectQuery) *bun.SelectQuery {
		if before != "" {
			q = q.Where("id < ?", before)
		}
		return q.Order("id DESC").Limit(int64(limit))
	})
	return runs, wrapped("runs", err)
}

func (s *Service) bulkRuns(ctx context.Context, e *events.Event, where func(*bun.SelectQuery) *bun.SelectQuery) (runs []*BulkRun, err error) {
	err = where(s.DB.Read().NewSelect().Model(&runs).Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID)).Scan(ctx)
	return runs, err
}

// BulkItems lists the orders of a run with what became of them, in one state, after the last of the page before.
func (s *Service) BulkItems(ctx context.Context, e *events.Event, run turnout.ID, state BulkItemState, after int64, limit int) ([]*BulkItem, error) {
	var items []*BulkItem
	err := s.DB.Read().NewSelect().Model(&items).ColumnExpr("item.*, ord.buyer_name").Join("JOIN orders AS ord ON ord.id = item.order_id").
		Where("item.run_id = ?", run).Where("item.community_id = ?", e.CommunityID).Where("ord.event_id = ?", e.ID).Where("item.state = ?", state).
		Where("item.number > ?", after).Order("item.number").Limit(int64(limit)).Scan(ctx)
	for _, item := range items {
		item.OrderCode = s.codes.encode(e.Number, item.Number)
	}
	return items, wrapped("items of a run", err)
}

// errTakenOver rolls an action back that another process has done.
var errTakenOver = errors.New("ticketing: another process works on this run")

// carryOut is the job of a run.
func (s *Service) carryOut(ctx context.Context, job jobs.Job) error {
	var ref runRef
	if err := job.Read(&ref); err != nil {
		return err
	}
	run := new(BulkRun)
	if err := s.DB.Read().NewSelect().Model(run).Where("id = ?", ref.Run).Where("community_id = ?", job.Community).Scan(ctx); err != nil {
		return err
	}
	action, known := bulkActions[run.Action]
	if !known {
		return jobs.Permanent(fmt.Errorf("ticketing: no action %q", run.Action))
	}
	ctx = audit.WithActor(ctx, audit.Actor{Kind: run.ActorKind, ID: run.ActorID})
	for run.State == Gathering {
		if err := s.gather(ctx, run); err != nil {
			return err
		}
	}
	for run.State == Working {
		if err := s.workOn(ctx, run, action); err != nil {
			return err
		}
	}
	return nil
}

// bulkChunk is how many orders a run looks at together.
const bulkChunk = 200

// gather notes the next orders that the run's filter takes, the oldest first, up to the last one that was there when it was begun.
func (s *Service) gather(ctx context.Context, run *BulkRun) error {
	event, err := events.Find(ctx, s.DB.Read(), run.CommunityID, string(run.EventID))
	if err != nil {
		return err
	}
	filter, err := (&Bulk{Filter: run.Filter}).read(event)
	if err != nil {
		return jobs.Permanent(err)
	}
	narrow, err := s.ordersOf(ctx, run.CommunityID, run.EventID, filter)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		var numbers []int64
		if narrow != nil {
			if err := narrow(tx.NewSelect().TableExpr("orders AS ord").ColumnExpr("ord.number")).Where("ord.number > ?", run.Gathered).
				Where("ord.number <= ?", run.LastNumber).OrderExpr("ord.number").Limit(bulkChunk).Scan(ctx, &numbers); err != nil {
				return err
			}
		}
		next := *run
		if len(numbers) > 0 {
			next.Gathered = numbers[len(numbers)-1]
			chunk := tx.NewSelect().TableExpr("orders AS ord").Where("ord.event_id = ?", run.EventID).Where("ord.number IN (?)", bun.List(numbers))
			if err := noteItems(ctx, tx, run, chunk); err != nil {
				return err
			}
		}
		if len(numbers) < bulkChunk {
			next.State = Working
		}
		if err := s.moveRun(ctx, tx, &next, Gathering); err != nil {
			return err
		}
		*run = next
		return nil
	})
}

func (s *Service) moveRun(ctx context.Context, tx bun.IDB, run *BulkRun, from BulkState) error {
	run.UpdatedAt = s.Now()
	_, err := tx.NewUpdate().Model(run).Column("state", "gathered", "updated_at", "ended_at").WherePK().Where("state = ?", from).Exec(ctx)
	return err
}

// workOn does the action to the next orders of the run; when none waits, the run is done.
func (s *Service) workOn(ctx context.Context, run *BulkRun, action bulkAction) error {
	var items []*BulkItem
	err := s.DB.Read().NewSelect().Model(&items).Where("run_id = ?", run.ID).Where("community_id = ?", run.CommunityID).Where("state = ?", BulkWaiting).
		Order("number").Limit(bulkChunk).Scan(ctx)
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := s.workItem(ctx, item, action); err != nil {
			return err
		}
	}
	if len(items) > 0 {
		return nil
	}
	run.State, run.EndedAt = BulkDone, s.Now()
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.moveRun(ctx, tx, run, Working) })
}

// workItem does the action to one order and notes it in the same transaction. A refusal is noted in one of its own.
func (s *Service) workItem(ctx context.Context, item *BulkItem, action bulkAction) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := action.do(s, ctx, tx, item.CommunityID, item.OrderID); err != nil {
			return err
		}
		return noteItem(ctx, tx, item, BulkWorked, nil)
	})
	if refusal, ok := errors.AsType[*turnout.Error](err); ok && refusal.Kind != turnout.Internal {
		err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return noteItem(ctx, tx, item, BulkRefused, refusal) })
	}
	if errors.Is(err, errTakenOver) {
		return nil
	}
	if err == nil {
		s.soldOut.forget()
	}
	return err
}

func noteItem(ctx context.Context, tx bun.IDB, item *BulkItem, state BulkItemState, refusal *turnout.Error) error {
	q := tx.NewUpdate().Model((*BulkItem)(nil)).Set("state = ?", state)
	if refusal != nil {
		q = q.Set("code = ?", refusal.Code).Set("message = ?", refusal.Message)
	}
	res, err := q.Where("run_id = ?", item.RunID).Where("number = ?", item.Number).Where("state = ?", BulkWaiting).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errTakenOver)
	}
	return nil
}
