// Package jobs is the outbox of background work and its scheduler.
//
// A use case enqueues a job in the transaction that causes it; a [Runner] on any node claims it under a lease, runs its
// handler, and retries with growing pauses until it succeeds or is dead, which an organiser sees and can retry. A job runs
// at least once: handlers are idempotent. Payloads and errors hold ids and codes only, never personal data.
//
// A node that calls no Run (TURNOUT_WORKERS=off) only enqueues.
package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// State is where a job stands: waiting → done, or waiting → dead after its last attempt, and dead → waiting by Retry.
// A job that is being run is waiting and locked.
type State string

// The states.
const (
	Waiting State = "waiting"
	Done    State = "done"
	Dead    State = "dead"
)

// maxAttempts, with the pauses of backoff, keeps trying for about two and a half hours.
const maxAttempts = 12

// Job is one piece of background work.
type Job struct {
	bun.BaseModel `bun:"table:jobs" json:"-"`

	ID          turnout.ID      `bun:"id,pk"`
	Community   turnout.ID      `bun:"community_id"` // empty: the installation's own
	Kind        string          `bun:"kind"`
	Payload     json.RawMessage `bun:"payload,type:jsonb"`
	State       State           `bun:"state"`
	Attempts    int64           `bun:"attempts"`     // begun so far, this one included; also the fence of the lease
	MaxAttempts int64           `bun:"max_attempts"` // one more for each attempt that an orderly stop cut off
	RunAt       time.Time       `bun:"run_at"`
	LockedUntil time.Time       `bun:"locked_until"`
	LastError   string          `bun:"last_error"`
	CreatedAt   time.Time       `bun:"created_at"`
	EndedAt     time.Time       `bun:"ended_at,nullzero"`
}

// Read decodes the payload; a payload that does not fit will never fit, so the error is Permanent.
func (j Job) Read(payload any) error {
	if err := json.Unmarshal(j.Payload, payload); err != nil {
		return Permanent(fmt.Errorf("jobs: payload of %s: %w", j.Kind, err))
	}
	return nil
}

// Enqueue adds a job of the kind, to be run at runAt or soon after; tx is the transaction that causes it. The payload is
// a struct of ids, or nil.
func Enqueue(ctx context.Context, tx bun.IDB, community turnout.ID, kind string, payload any, runAt time.Time) error {
	job, err := newJob(community, kind, payload, runAt)
	if err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&job).Exec(ctx); err != nil {
		return fmt.Errorf("jobs: enqueue %s: %w", kind, err)
	}
	return nil
}

// EnqueueAll is Enqueue for many payloads, each an object of its own, in one statement.
func EnqueueAll[P any](ctx context.Context, tx bun.IDB, community turnout.ID, kind string, payloads []P, runAt time.Time) error {
	if len(payloads) == 0 {
		return nil
	}
	all := make([]Job, len(payloads))
	for i, payload := range payloads {
		var err error
		if all[i], err = newJob(community, kind, payload, runAt); err != nil {
			return err
		}
	}
	if _, err := tx.NewInsert().Model(&all).Exec(ctx); err != nil {
		return fmt.Errorf("jobs: enqueue %d %s: %w", len(all), kind, err)
	}
	return nil
}

func newJob(community turnout.ID, kind string, payload any, runAt time.Time) (Job, error) {
	text := []byte("{}")
	if payload != nil {
		var err error
		if text, err = json.Marshal(payload); err != nil {
			return Job{}, fmt.Errorf("jobs: payload of %s: %w", kind, err)
		}
	}
	if !bytes.HasPrefix(text, []byte("{")) {
		return Job{}, fmt.Errorf("jobs: the payload of %s is not an object", kind)
	}
	return Job{
		ID: turnout.NewID("job"), Community: community, Kind: kind, Payload: text, State: Waiting, MaxAttempts: maxAttempts,
		RunAt: runAt.UTC().Truncate(time.Microsecond), LockedUntil: unlocked, CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
	}, nil
}

// unlocked is the end of a lease that nobody holds.
var unlocked = time.Unix(0, 0).UTC()

// Permanent marks an error that no retry can mend: the job is dead at once.
func Permanent(err error) error { return permanent{err} }

type permanent struct{ error }

// Unwrap gives the error that was marked.
func (p permanent) Unwrap() error { return p.error }

// IsPermanent reports whether err was marked so.
func IsPermanent(err error) bool { return errors.As(err, &permanent{}) }

// Concerning marks the error of a job that was the installation's own when it was enqueued, once it is known which community
// it is about: from then on the job is that community's, whose console shows it when it is dead.
func Concerning(community turnout.ID, err error) error { return concerning{err, community} }

type concerning struct {
	error
	community turnout.ID
}

// Unwrap gives the error that was marked.
func (c concerning) Unwrap() error { return c.error }

// AllDead lists the dead jobs of all communities and of the installation, oldest first, at most limit: for the doctor.
func AllDead(ctx context.Context, db bun.IDB, limit int) ([]Job, error) {
	var found []Job
	if err := db.NewSelect().Model(&found).Where("state = ?", Dead).OrderExpr("id").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("jobs: list all dead: %w", err)
	}
	return found, nil
}

// DeadOnes lists a community's dead jobs, newest first, at most limit; before, when set, is the last ID of the page
// before. The installation's own have the community "".
func DeadOnes(ctx context.Context, db bun.IDB, community, before turnout.ID, limit int) ([]Job, error) {
	var found []Job
	query := db.NewSelect().Model(&found).Where("community_id = ?", community).Where("state = ?", Dead).
		OrderExpr("id DESC").Limit(int64(limit))
	if before != "" {
		query = query.Where("id < ?", before)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, fmt.Errorf("jobs: list dead: %w", err)
	}
	return found, nil
}

// Retry lets a dead job of the community begin anew at the given time, with all its attempts. It fails with
// turnout.ErrNotFound when there is no such dead job.
func Retry(ctx context.Context, tx bun.IDB, community, id turnout.ID, at time.Time) error {
	n, err := database.Changed(retried(tx, at).Where("community_id = ?", community).Where("id = ?", id).Exec(ctx))
	if err == nil && n == 0 {
		err = turnout.ErrNotFound
	}
	return err
}

// RetryAll lets the dead jobs of all communities and of the installation begin anew, as Retry does with one, and lists them.
func RetryAll(ctx context.Context, tx bun.IDB, at time.Time) (all []Job, err error) {
	err = retried(tx, at).Returning("id, community_id").Scan(ctx, &all)
	if err != nil && !database.IsNoRows(err) {
		return nil, fmt.Errorf("jobs: retry all: %w", err)
	}
	return all, nil
}

func retried(tx bun.IDB, at time.Time) *bun.UpdateQuery {
	return tx.NewUpdate().Model((*Job)(nil)).
		Set("state = ?", Waiting).Set("attempts = 0").Set("max_attempts = ?", maxAttempts).Set("run_at = ?", at.UTC().Truncate(time.Microsecond)).
		Set("locked_until = ?", unlocked).Set("ended_at = NULL").Where("state = ?", Dead)
}

// Stats is how the whole table stands, for health checks and metrics.
type Stats struct {
	Waiting int64     // not yet done, due or not
	Dead    int64     // given up
	Oldest  time.Time // when the longest-waiting due job was to run; zero when none is due
}

// ReadStats counts the jobs of all communities.
func ReadStats(ctx context.Context, db bun.IDB, now time.Time) (Stats, error) {
	var counts []struct {
		State State
		Count int64
	}
	if err := db.NewSelect().Model((*Job)(nil)).ColumnExpr("state, COUNT(*) AS count").
		Where("state IN (?, ?)", Waiting, Dead).Group("state").Scan(ctx, &counts); err != nil {
		return Stats{}, fmt.Errorf("jobs: stats: %w", err)
	}
	var stats Stats
	for _, c := range counts {
		if c.State == Dead {
			stats.Dead = c.Count
		} else {
			stats.Waiting = c.Count
		}
	}
	var oldest Job
	err := db.NewSelect().Model(&oldest).Column("run_at").Where("state = ?", Waiting).Where("run_at <= ?", now.UTC()).
		OrderExpr("run_at").Limit(1).Scan(ctx)
	if err != nil && !database.IsNoRows(err) {
		return Stats{}, fmt.Errorf("jobs: stats: %w", err)
	}
	stats.Oldest = oldest.RunAt
	return stats, nil
}
