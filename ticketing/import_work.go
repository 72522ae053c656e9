package ticketing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/internal/jobs"
)

// The jobs of imports.
const (
	JobImport     = "ticketing.import"
	JobUndoImport = "ticketing.undo_import"
)

// ImportTakenBack is the reason for which an import that is undone cancels orders nobody was told of: nobody is told of that either.
const ImportTakenBack = "import_undone"

type importJob struct {
	Import turnout.ID `json:"import"`
}

// importAtOnce is how many orders of an import are in the queue of the sales at once: so few that a buyer hardly waits for them.
const importAtOnce = 40

// registerImports has the runner make what was confirmed, and forget lists that were not.
func (s *Service) registerImports(r *jobs.Runner) {
	r.Handle(JobImport, s.forImport(s.makeImported))
	r.Handle(JobUndoImport, s.forImport(s.undoImported))
	r.Every("ticketing.imports", 10*time.Minute, s.ForgetImports)
}

func (s *Service) forImport(do func(ctx context.Context, imp *Import) error) jobs.Handler {
	return func(ctx context.Context, job jobs.Job) error {
		var ref importJob
		if err := job.Read(&ref); err != nil {
			return err
		}
		imp := new(Import)
		if err := s.DB.Read().NewSelect().Model(imp).Where("id = ?", ref.Import).Where("community_id = ?", job.Community).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		return do(ctx, imp)
	}
}

// makeImported makes the orders that still wait, and goes on where a process before it stopped: each has its own key, so none
// is made twice.
func (s *Service) makeImported(ctx context.Context, imp *Import) error {
	if imp.Status != ImportWorking {
		return nil
	}
	e, err := events.Find(ctx, s.DB.Read(), imp.CommunityID, string(imp.EventID))
	if err != nil {
		return err
	}
	for {
		waiting, err := s.importOrders(ctx, imp, importWaiting)
		if err != nil {
			return fmt.Errorf("ticketing: import: %w", err)
		}
		if len(waiting) == 0 {
			return s.moveImport(ctx, imp, ImportWorking, ImportDone)
		}
		tight, err := s.tightFor(ctx, e, waiting)
		if err != nil {
			return err
		}
		if err := doAll(waiting, tight, func(o *importOrder) error { return s.makeOne(ctx, e, imp, o) }); err != nil {
			return err
		}
		if err := s.noteImported(ctx, imp, waiting, importMade, importFailed); err != nil {
			return err
		}
	}
}

// importOrders reads the next orders of an import in a state.
func (s *Service) importOrders(ctx context.Context, imp *Import, state string) (some []*importOrder, err error) {
	err = s.DB.Read().NewSelect().Model(&some).Where("import_id = ?", imp.ID).Where("community_id = ?", imp.CommunityID).Where("state = ?", state).
		Order("position").Limit(importAtOnce).Scan(ctx)
	return some, err
}

// tightFor reads what the orders hold, and says whether places may not be enough for all of them.
func (s *Service) tightFor(ctx context.Context, e *events.Event, some []*importOrder) (bool, error) {
	var tickets int64
	for _, o := range some {
		if err := json.Unmarshal(o.Body, &o.order); err != nil {
			return false, jobs.Permanent(fmt.Errorf("ticketing: order of an import: %w", err))
		}
		tickets += int64(len(o.order.Tickets))
	}
	pools, err := s.Pools(ctx, e.CommunityID, e.ID)
	return slices.ContainsFunc(pools, func(p *Pool) bool { return p.Available() < 2*tickets }), err // tickets can include add-ons
}

// doAll does the work of all at once, so that a batch of sales serves them, and gives an error of one of them. In order it does one
// after the other: where places are scarce those who stand first in the list get them.
func doAll(all []*importOrder, inOrder bool, do func(o *importOrder) error) error {
	if inOrder {
		for _, o := range all {
			if err := do(o); err != nil {
				return err
			}
		}
		return nil
	}
	failed := make([]error, len(all))
	var wait sync.WaitGroup
	for i, o := range all {
		wait.Go(func() { failed[i] = do(o) })
	}
	wait.Wait()
	return errors.Join(failed...)
}

// makeOne makes one order. What the sale refuses is noted; any other error ends the run.
func (s *Service) makeOne(ctx context.Context, e *events.Event, imp *Import, row *importOrder) error {
	order, _, err := s.PlaceOrder(ctx, row.order.purchase(e, imp, row))
	refusal, refused := errors.AsType[*turnout.Error](err)
	switch {
	case refused && refusal.Kind != turnout.Internal && refusal.Kind != turnout.Unavailable:
		row.State, row.Problem = importFailed, refusal.Code
	case err != nil:
		return err
	default:
		row.State, row.OrderID, row.made = importMade, order.ID, order
	}
	return nil
}

// purchase is what a sale at the box office makes the order of. What was paid elsewhere is not this event's.
func (o *ImportOrder) purchase(e *events.Event, imp *Import, row *importOrder) Purchase {
	p := Purchase{EventID: e.ID, Buyer: o.Buyer, Locale: o.Locale, Key: string(row.ID), Caller: "import", Actor: audit.Actor{Kind: imp.ActorKind, ID: imp.ActorID},
		Desk: &DeskSale{Method: DeskImport, Reference: o.Reference, NameOnly: true, Mail: imp.Choices.Mail}}
	for _, t := range o.Tickets {
		if n := len(p.Lines); n > 0 && p.Lines[n-1].TicketTypeID == t.TicketTypeID {
			p.Lines[n-1].Quantity++
		} else {
			p.Lines = append(p.Lines, PurchaseLine{TicketTypeID: t.TicketTypeID, Quantity: 1})
		}
		p.Attendees = append(p.Attendees, Bearer{Attendee: t.Attendee})
	}
	return p
}

// noteImported keeps what became of some orders, counts it, and makes those findable that were made. Names and addresses are
// forgotten, and so are the references of what is not there.
func (s *Service) noteImported(ctx context.Context, imp *Import, some []*importOrder, good, bad string) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		counts := map[string]int64{}
		var gone []turnout.ID
		var made []*Order
		for _, o := range some {
			if o.made != nil {
				made = append(made, o.made)
			}
			_, err := tx.NewUpdate().Model((*importOrder)(nil)).Set("state = ?", o.State).Set("problem = ?", o.Problem).Set("order_id = NULLIF(?, '')", o.OrderID).
				Set("body = '{}'").Where("id = ?", o.ID).Where("community_id = ?", o.CommunityID).Exec(ctx)
			if err != nil {
				return err
			}
			counts[o.State]++
			if o.State == importFailed || o.State == importUndone {
				gone = append(gone, o.ID)
			}
		}
		if len(gone) > 0 {
			if _, err := tx.NewDelete().Model((*importRef)(nil)).Where("community_id = ?", imp.CommunityID).Where("import_order_id IN (?)", bun.List(gone)).Exec(ctx); err != nil {
				return err
			}
		}
		if len(made) > 0 {
			if err := indexOrders(ctx, tx, imp.CommunityID, imp.EventID, made...); err != nil {
				return err
			}
		}
		_, err := tx.NewUpdate().Model((*Import)(nil)).Set("? = ? + ?", bun.Ident(good), bun.Ident(good), counts[good]).
			Set("? = ? + ?", bun.Ident(bad), bun.Ident(bad), counts[bad]).Set("updated_at = ?", s.Now()).Where("id = ?", imp.ID).Where("community_id = ?", imp.CommunityID).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("ticketing: note imported: %w", err)
	}
	return nil
}

// UndoImport cancels what an import has made, by a job. It fails with ErrImportNotDone, and with ErrImportUsed when somebody of
// it was let in.
func (s *Service) UndoImport(ctx context.Context, imp *Import) error {
	if imp.Status != ImportDone {
		return ErrImportNotDone
	}
	var made []turnout.ID
	err := s.DB.Read().NewSelect().Model((*importOrder)(nil)).Column("order_id").Where("import_id = ?", imp.ID).Where("community_id = ?", imp.CommunityID).
		Where("state = ?", importMade).Scan(ctx, &made)
	if err != nil {
		return fmt.Errorf("ticketing: undo import: %w", err)
	}
	for some := range slices.Chunk(made, importChunk) {
		used, err := s.Admitted(ctx, s.DB.Read(), imp.CommunityID, some...)
		if err != nil {
			return fmt.Errorf("ticketing: undo import: %w", err)
		}
		if used {
			return ErrImportUsed
		}
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		n, err := database.Changed(tx.NewUpdate().Model((*Import)(nil)).Set("status = ?", ImportUndoing).Set("updated_at = ?", now).
			Where("id = ?", imp.ID).Where("community_id = ?", imp.CommunityID).Where("status = ?", ImportDone).Exec(ctx))
		if err == nil && n == 0 {
			err = ErrImportNotDone
		}
		if err != nil {
			return err
		}
		if err := jobs.Enqueue(ctx, tx, imp.CommunityID, JobUndoImport, importJob{imp.ID}, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: imp.CommunityID, Action: "attendees.import_undone", Subject: imp.EventID, Detail: map[string]string{"import": string(imp.ID)}, At: now})
	})
	if err != nil {
		return fmt.Errorf("ticketing: undo import: %w", err)
	}
	imp.Status = ImportUndoing
	return nil
}

// undoImported cancels the orders one by one. One whose attendee was let in meanwhile stays, and so does one that is over.
func (s *Service) undoImported(ctx context.Context, imp *Import) error {
	if imp.Status != ImportUndoing {
		return nil
	}
	for {
		made, err := s.importOrders(ctx, imp, importMade)
		if err != nil {
			return fmt.Errorf("ticketing: undo import: %w", err)
		}
		if len(made) == 0 {
			return s.moveImport(ctx, imp, ImportUndoing, ImportUndone)
		}
		for _, o := range made {
			err := s.undoOne(ctx, imp, o.OrderID)
			refusal, refused := errors.AsType[*turnout.Error](err)
			switch {
			case refused && refusal.Kind == turnout.Conflict:
				o.State, o.Problem = importKept, refusal.Code
			case err != nil:
				return err
			default:
				o.State = importUndone
			}
		}
		if err := s.noteImported(ctx, imp, made, importUndone, importKept); err != nil {
			return err
		}
	}
}

// undoOne cancels an order of an import unless one of its attendees was let in. Whoever was mailed a ticket is told.
func (s *Service) undoOne(ctx context.Context, imp *Import, order turnout.ID) error {
	reason := ImportTakenBack
	if imp.Choices.Mail {
		reason = CanceledByOrganiser
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := lockPoolsOf(ctx, tx, []turnout.ID{order}); err != nil {
			return err
		}
		if err := lockTickets(ctx, tx, order); err != nil {
			return err
		}
		used, err := s.Admitted(ctx, tx, imp.CommunityID, order)
		if err == nil && used {
			err = ErrImportUsed
		}
		if err != nil {
			return err
		}
		_, err = s.cancel(ctx, tx, imp.CommunityID, order, reason)
		return err
	})
	if err == nil {
		s.soldOut.forget()
	}
	return err
}

// ImportFailure is a refusal and the rows of the list that met it.
type ImportFailure struct {
	Problem string
	Rows    []int
}

// ImportFailures says which rows of an import were not made or not undone, and why.
func (s *Service) ImportFailures(ctx context.Context, imp *Import) ([]ImportFailure, error) {
	var rows []*importOrder
	err := s.DB.Read().NewSelect().Model(&rows).Column("problem", "file_rows").Where("import_id = ?", imp.ID).Where("community_id = ?", imp.CommunityID).
		Where("problem <> ''").Order("problem", "position").Limit(MaxImportFailures).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("ticketing: failures of an import: %w", err)
	}
	var all []ImportFailure
	for _, r := range rows {
		if n := len(all); n == 0 || all[n-1].Problem != r.Problem {
			all = append(all, ImportFailure{Problem: r.Problem})
		}
		last := &all[len(all)-1]
		last.Rows = append(last.Rows, r.FileRows...)
	}
	return all, nil
}

// MaxImportFailures is how many refused orders of an import are named.
const MaxImportFailures = 1000

// ForgetImports is a sweep: lists that nobody confirmed within a day are forgotten, and so are names and addresses that an
// import which was given up still holds.
func (s *Service) ForgetImports(ctx context.Context) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		old := now.Add(-importKeptFor)
		if err := blobs.Drop(ctx, tx, importFiles, old); err != nil {
			return err
		}
		_, err := tx.NewDelete().Model((*Import)(nil)).Where("status = ?", ImportPreview).Where("created_at < ?", old).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("ticketing: forget imports: %w", err)
	}
	var stopped []*Import // by the end of their process, or given up by their job
	err = s.DB.Read().NewSelect().Model(&stopped).Where("status = ? AND updated_at < ? OR status = ? AND updated_at < ?",
		ImportPreparing, s.Now().Add(-time.Hour), ImportWorking, s.Now().Add(-importKeptFor)).Limit(100).Scan(ctx)
	if err != nil {
		return fmt.Errorf("ticketing: forget imports: %w", err)
	}
	for _, imp := range stopped {
		if imp.Status == ImportPreparing {
			err = s.clearImport(ctx, imp)
		} else {
			err = s.endImport(ctx, imp)
		}
		if err != nil {
			return fmt.Errorf("ticketing: forget imports: %w", err)
		}
	}
	return nil
}

// endImport gives up what an import has not made.
func (s *Service) endImport(ctx context.Context, imp *Import) error {
	for {
		waiting, err := s.importOrders(ctx, imp, importWaiting)
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			return s.moveImport(ctx, imp, ImportWorking, ImportDone)
		}
		for _, o := range waiting {
			o.State, o.Problem = importFailed, "import_stopped"
		}
		if err := s.noteImported(ctx, imp, waiting, importMade, importFailed); err != nil {
			return err
		}
	}
}
