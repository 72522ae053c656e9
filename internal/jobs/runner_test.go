package jobs_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
)

// run starts the runner; stop ends it and waits.
func run(t *testing.T, r *jobs.Runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// Four runners of four workers, each runner with connections of its own like a process: no job is run twice.
func TestSixteenWorkersRunEachJobOnce(t *testing.T) {
	const many = 500
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			address := dbtest.Address(t, engine)
			tx(t, dbtest.Handle(t, address), func(ctx context.Context, tx bun.Tx) error {
				payloads := make([]payload, many)
				for i := range payloads {
					payloads[i].Order = turnout.ID(fmt.Sprint(i))
				}
				return jobs.EnqueueAll(ctx, tx, "com_1", "count", payloads, time.Now())
			})
			var runs sync.Map
			var total atomic.Int64
			for range 4 {
				r := &jobs.Runner{DB: dbtest.Handle(t, address), Log: quiet(), Now: time.Now, Poll: 10 * time.Millisecond}
				r.Handle("count", func(_ context.Context, job jobs.Job) error {
					var p payload
					if err := job.Read(&p); err != nil {
						return err
					}
					if _, twice := runs.LoadOrStore(p.Order, true); twice {
						t.Errorf("job %s ran twice", p.Order)
					}
					total.Add(1)
					return nil
				})
				run(t, r)
			}
			eventually(t, "all jobs run", func() bool { return total.Load() >= many })
		})
	}
}

// TestMain lets the test program be the process that dies in the middle of a job.
func TestMain(m *testing.M) {
	if address := os.Getenv("TURNOUT_TEST_DIE_IN_JOB"); address != "" {
		dieInJob(address)
	}
	os.Exit(m.Run())
}

// dieInJob waits in a job to be killed, or with TURNOUT_TEST_DIE_ALONE ends its own process in it.
func dieInJob(address string) {
	db, err := database.Open(context.Background(), address)
	if err != nil {
		panic(err)
	}
	r := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now, Lease: time.Second}
	r.Handle("long", func(context.Context, jobs.Job) error {
		_, _ = os.Stdout.WriteString("begun\n")
		select {}
	})
	r.Handle("deadly", func(context.Context, jobs.Job) error {
		os.Exit(3)
		return nil
	})
	r.Run(context.Background())
}

// A job that ends its process each time (out of memory, say) is given up like one that fails each time, and says so.
func TestAJobThatKillsItsProcessIsGivenUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		address := dbtest.Address(t, db.Engine)
		db = dbtest.Handle(t, address)
		tx(t, db, func(ctx context.Context, tx bun.Tx) error {
			if err := jobs.Enqueue(ctx, tx, "com_1", "deadly", nil, time.Now()); err != nil {
				return err
			}
			_, err := tx.NewRaw("UPDATE jobs SET max_attempts = 2").Exec(ctx)
			return err
		})
		for range 2 {
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), "TURNOUT_TEST_DIE_IN_JOB="+address)
			if err := child.Run(); child.ProcessState.ExitCode() != 3 {
				t.Fatalf("the child did not die in the job: %v", err)
			}
		}
		var runs atomic.Int64
		r := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now, Poll: 20 * time.Millisecond}
		r.Handle("deadly", func(context.Context, jobs.Job) error { runs.Add(1); return nil })
		run(t, r)
		eventually(t, "given up", func() bool { return len(dead(t, db)) == 1 })
		if job := dead(t, db)[0]; runs.Load() != 0 || job.LastError == "" || job.EndedAt.IsZero() {
			t.Errorf("%d runs, %+v", runs.Load(), job)
		}
	})
}

// An attempt that an orderly stop cut off is none of those that a job has.
func TestStoppingCostsNoAttempt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		enqueue(t, db, "endless", nil, time.Now())
		for range 15 {
			begun := make(chan struct{})
			r := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now, Poll: time.Millisecond, Grace: time.Millisecond}
			r.Handle("endless", func(ctx context.Context, _ jobs.Job) error {
				close(begun)
				<-ctx.Done()
				return ctx.Err()
			})
			stop := run(t, r)
			<-begun
			stop()
		}
		r := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now}
		r.Handle("endless", func(context.Context, jobs.Job) error { return nil })
		drain(t, r, 1)
	})
}

func TestAJobOfAKilledProcessIsTakenOver(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			db := dbtest.Handle(t, address)
			enqueue(t, db, "long", nil, time.Now())

			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), "TURNOUT_TEST_DIE_IN_JOB="+address)
			child.Stderr = os.Stderr
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = child.Wait() }()
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "begun\n" {
				t.Fatalf("the child says %q, %v", line, err)
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}

			attempt := make(chan int64, 1)
			r := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now, Poll: 20 * time.Millisecond}
			r.Handle("long", func(_ context.Context, job jobs.Job) error { attempt <- job.Attempts; return nil })
			run(t, r)
			select {
			case n := <-attempt:
				if n != 2 {
					t.Errorf("taken over as attempt %d, want 2", n)
				}
			case <-time.After(30 * time.Second):
				t.Error("nobody took the job over")
			}
		})
	}
}

// A job that takes longer than its lease is not taken by another, because the lease is renewed.
func TestALongJobKeepsItsLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		var runs atomic.Int64
		done := make(chan struct{})
		for range 2 {
			r := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now, Poll: 10 * time.Millisecond, Lease: 600 * time.Millisecond}
			r.Handle("long", func(ctx context.Context, _ jobs.Job) error {
				runs.Add(1)
				select {
				case <-time.After(2 * time.Second):
				case <-ctx.Done():
					t.Error("the lease was lost")
				}
				close(done)
				return nil
			})
			run(t, r)
		}
		enqueue(t, db, "long", nil, time.Now())
		<-done
		if runs.Load() != 1 {
			t.Errorf("%d runs", runs.Load())
		}
	})
}

func TestALostLeaseStopsTheHandlerAndItsResultCountsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		begun, cause := make(chan struct{}), make(chan error, 1)
		r := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now, Poll: 10 * time.Millisecond, Lease: 300 * time.Millisecond}
		r.Handle("long", func(ctx context.Context, job jobs.Job) error {
			if job.Attempts > 1 { // the run of the one who has taken it over
				return nil
			}
			close(begun)
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return jobs.Permanent(errors.New("too late to matter"))
		})
		enqueue(t, db, "long", nil, time.Now())
		run(t, r)
		<-begun
		tx(t, db, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("UPDATE jobs SET attempts = attempts + 1").Exec(ctx)
			return err
		})
		if err := <-cause; err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("the handler was stopped with %v", err)
		}
		eventually(t, "taken over and done", func() bool {
			stats, err := jobs.ReadStats(t.Context(), db.Read(), time.Now())
			return err == nil && stats.Waiting == 0 && stats.Dead == 0
		})
	})
}

func TestStoppingLetsJobsEndAndGivesBackTheRest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		begun := make(chan struct{}, 2)
		r := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now, Poll: 10 * time.Millisecond, Grace: 500 * time.Millisecond}
		r.Handle("short", func(context.Context, jobs.Job) error {
			begun <- struct{}{}
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		r.Handle("endless", func(ctx context.Context, _ jobs.Job) error {
			begun <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		enqueue(t, db, "short", nil, time.Now())
		enqueue(t, db, "endless", nil, time.Now())
		stop := run(t, r)
		<-begun
		<-begun
		stop()

		var left []jobs.Job
		next := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now}
		for _, kind := range []string{"short", "endless"} {
			next.Handle(kind, func(_ context.Context, job jobs.Job) error { left = append(left, job); return nil })
		}
		drain(t, next, 1) // at once: no lease and no pause stands in the way
		if left[0].Kind != "endless" || left[0].LastError != "" {
			t.Errorf("left was %s, %q", left[0].Kind, left[0].LastError)
		}
	})
}

func TestSweepsComeAgainAfterErrorsAndPanics(t *testing.T) {
	db := dbtest.Open(t, database.SQLite)
	r := &jobs.Runner{DB: db, Log: quiet(), Now: time.Now}
	var turns atomic.Int64
	r.Every("holds.expire", 10*time.Millisecond, func(context.Context) error {
		switch turns.Add(1) {
		case 1:
			return errors.New("busy")
		case 2:
			panic("nil map")
		}
		return nil
	})
	run(t, r)
	eventually(t, "a third turn", func() bool { return turns.Load() > 2 })
}

func TestDoneJobsGoAwayAndDeadOnesStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := &clock{start}
		r := &jobs.Runner{DB: db, Log: quiet(), Now: c.Now}
		r.Handle("good", func(context.Context, jobs.Job) error { return nil })
		r.Handle("bad", func(context.Context, jobs.Job) error { return jobs.Permanent(errors.New("no")) })
		enqueue(t, db, "good", nil, start)
		enqueue(t, db, "bad", nil, start)
		drain(t, r, 2)
		for _, tt := range []struct {
			age  time.Duration
			want int64
		}{{24 * time.Hour, 2}, {96 * time.Hour, 1}} {
			c.now = start.Add(tt.age)
			if err := r.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			var left int64
			if err := db.Read().NewRaw("SELECT COUNT(*) FROM jobs").Scan(t.Context(), &left); err != nil || left != tt.want {
				t.Errorf("after %s %d are left, want %d, %v", tt.age, left, tt.want, err)
			}
		}
		if len(dead(t, db)) != 1 {
			t.Error("the dead one went away")
		}
	})
}
