package jobs

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// sweep is periodic work over domain rows.
type sweep struct {
	name     string
	interval time.Duration
	do       func(ctx context.Context) error
}

// keepDone is how long a done job can still be looked at.
const keepDone = 3 * 24 * time.Hour

// Every has do called once per interval, the first time soon after the start. Every process does it, so do changes rows
// by conditional statements that are right when another has just done the same. A failure is logged and the next turn
// comes as if nothing had been.
func (r *Runner) Every(name string, interval time.Duration, do func(ctx context.Context) error) {
	r.sweeps = append(r.sweeps, sweep{name, interval, do})
}

// all are the sweeps that were asked for and the runner's own.
func (r *Runner) all() []sweep {
	return append(slices.Clone(r.sweeps), sweep{"jobs.purge", time.Hour, r.purge})
}

// Sweep does each sweep once, in the order of their making: for tests and one-shot commands.
func (r *Runner) Sweep(ctx context.Context) error {
	for _, s := range r.all() {
		if err := s.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sweepUntil begins no turn after ctx has ended; one under way goes on until hard ends.
func (r *Runner) sweepUntil(ctx, hard context.Context, s sweep) {
	pause(ctx, min(s.interval, time.Second))
	for ctx.Err() == nil {
		if err := r.call(hard, s.name, s.do); err != nil && hard.Err() == nil {
			r.Log.ErrorContext(hard, "jobs: sweep", "sweep", s.name, "error", err)
		}
		pause(ctx, s.interval)
	}
}

// purge removes what was done long ago, in pieces that hold up nobody. Dead jobs stay until somebody retries them.
func (r *Runner) purge(ctx context.Context) error {
	old := r.now().Add(-keepDone)
	for {
		var n int64
		err := r.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			some := tx.NewSelect().Model((*Job)(nil)).Column("id").
				Where("state = ?", Done).Where("run_at < ?", old).Where("ended_at < ?", old).Limit(500)
			res, err := tx.NewDelete().Model((*Job)(nil)).Where("id IN (?)", some).Exec(ctx)
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
