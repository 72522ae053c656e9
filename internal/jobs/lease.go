package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
)

var errLeaseLost = errors.New("jobs: the lease was lost")

// claim takes up to n due jobs under a lease. The predicate stands a second time outside of the subquery: without that,
// processes that chose the same row on PostgreSQL each take it, one after the other. For the same reason no row does not
// mean that none is due, only that others were faster: claim then tries again. Jobs whose every attempt took its process
// along are buried on the way.
func (r *Runner) claim(ctx context.Context, n int) ([]Job, error) {
	if len(r.handlers) == 0 {
		return nil, nil
	}
	for {
		now := r.now()
		due, err := r.due(r.DB.Read().NewSelect().Model((*Job)(nil)), now).Exists(ctx)
		if err != nil || !due {
			return nil, err
		}
		var claimed, buried []Job
		err = r.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			claimed = nil
			if buried, err = r.bury(ctx, tx, now); err != nil {
				return err
			}
			ids := r.due(tx.NewSelect().Model((*Job)(nil)).Column("id"), now).OrderExpr("run_at, id").Limit(int64(n))
			_, err = tx.NewUpdate().Model(&claimed).
				Set("locked_until = ?", now.Add(r.lease())).Set("attempts = attempts + 1").
				Where("id IN (?)", ids).Where("state = ?", Waiting).Where("run_at <= ?", now).Where("locked_until <= ?", now).
				Returning("*").Exec(ctx)
			return err
		})
		if err == nil {
			for _, job := range buried {
				r.Log.ErrorContext(ctx, "jobs: given up", "job", job.ID, "kind", job.Kind, "error", job.LastError)
			}
		}
		if err != nil || len(claimed) > 0 {
			return claimed, err
		}
		pause(ctx, 5*time.Millisecond)
	}
}

// bury gives up the jobs that nobody holds although their last attempt was begun: it ended with its process, and the next
// would too.
func (r *Runner) bury(ctx context.Context, tx bun.Tx, now time.Time) (buried []Job, err error) {
	_, err = tx.NewUpdate().Model(&buried).Set("state = ?", Dead).Set("ended_at = ?", now).
		Set("last_error = 'The process ended, or lost the database, in the middle of the last attempt.'").
		Where("attempts >= max_attempts").Where("state = ?", Waiting).Where("run_at <= ?", now).Where("locked_until <= ?", now).
		Where("kind IN (?)", bun.List(r.kinds())).Returning("*").Exec(ctx)
	for _, job := range buried {
		if err == nil {
			err = r.mourn(ctx, tx, job)
		}
	}
	return buried, err
}

func (r *Runner) mourn(ctx context.Context, tx bun.IDB, job Job) error {
	if mourner := r.mourners[job.Kind]; mourner != nil {
		return mourner(ctx, tx, job)
	}
	return nil
}

// due limits a query to the jobs that this process could run now.
func (r *Runner) due(query *bun.SelectQuery, now time.Time) *bun.SelectQuery {
	return query.Where("state = ?", Waiting).Where("run_at <= ?", now).Where("locked_until <= ?", now).
		Where("kind IN (?)", bun.List(r.kinds()))
}

// mine limits an update to the job while this claim of it holds: each claim raises attempts.
func mine(query *bun.UpdateQuery, job Job) *bun.UpdateQuery {
	return query.Where("id = ?", job.ID).Where("state = ?", Waiting).Where("attempts = ?", job.Attempts)
}

// renew holds the lease at a third of its life until ctx ends, and cancels the work when the lease was lost.
func (r *Runner) renew(ctx context.Context, cancel context.CancelCauseFunc, job Job) {
	tick := time.NewTicker(r.lease() / 3)
	defer tick.Stop()
	until := job.LockedUntil
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		next := r.now().Add(r.lease())
		n, err := r.update(ctx, func(tx bun.Tx) *bun.UpdateQuery {
			return mine(tx.NewUpdate().Model((*Job)(nil)).Set("locked_until = ?", next), job)
		})
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && n == 1:
			until = next
		case err == nil, !r.now().Before(until):
			cancel(errLeaseLost)
			return
		default:
			r.Log.WarnContext(ctx, "jobs: renew", "job", job.ID, "error", err)
		}
	}
}

// end notes how the job ended: done, dead, to be tried again after a pause, or, when the process stopped it in the
// middle, to be taken by another at once.
func (r *Runner) end(ctx context.Context, job Job, err error, stopped bool) error {
	dead := err != nil && !stopped && (IsPermanent(err) || job.Attempts >= job.MaxAttempts)
	var n int64
	e := r.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (e error) {
		n, e = database.Changed(r.ended(tx, job, err, stopped, dead).Exec(ctx))
		if e == nil && n > 0 && dead {
			job.LastError = ErrorText(err)
			e = r.mourn(ctx, tx, job)
		}
		return e
	})
	if err != nil {
		r.Log.WarnContext(ctx, "jobs: failed", "job", job.ID, "kind", job.Kind, "attempt", job.Attempts, "error", ErrorText(err))
	}
	if e == nil && n == 0 {
		e = errLeaseLost
	}
	return e
}

func (r *Runner) ended(tx bun.Tx, job Job, err error, stopped, dead bool) *bun.UpdateQuery {
	now := r.now()
	query := mine(tx.NewUpdate().Model((*Job)(nil)), job).Set("locked_until = ?", unlocked)
	if known, ok := errors.AsType[concerning](err); ok && job.Community == "" {
		query = query.Set("community_id = ?", known.community)
	}
	switch {
	case err == nil:
		return query.Set("state = ?", Done).Set("ended_at = ?", now).Set("last_error = ''")
	case stopped:
		return query.Set("max_attempts = max_attempts + 1") // this one does not count
	case dead:
		return query.Set("state = ?", Dead).Set("ended_at = ?", now).Set("last_error = ?", ErrorText(err))
	}
	return query.Set("run_at = ?", now.Add(backoff(job.Attempts)).Truncate(time.Microsecond)).Set("last_error = ?", ErrorText(err))
}

func (r *Runner) update(ctx context.Context, query func(bun.Tx) *bun.UpdateQuery) (n int64, err error) {
	err = r.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		var err error
		n, err = database.Changed(query(tx).Exec(ctx))
		return err
	})
	return n, err
}

func (r *Runner) lease() time.Duration { return or(r.Lease, time.Minute) }

func (r *Runner) now() time.Time { return r.Now().UTC().Truncate(time.Microsecond) }
