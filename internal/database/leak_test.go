package database_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// As many goroutines and open files after Close as before Open, whatever went wrong in between. Not parallel: it counts.
func TestNothingIsLeftBehind(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		address := dbtest.Address(t, engine)
		use(t, address) // what the driver starts once and keeps
		goroutines, files := runtime.NumGoroutine(), openFiles()
		for range 5 {
			use(t, address)
		}
		deadline := time.Now().Add(5 * time.Second)
		for (runtime.NumGoroutine() > goroutines || openFiles() > files) && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		if now := runtime.NumGoroutine(); now > goroutines {
			buf := make([]byte, 1<<16)
			t.Errorf("%s: %d goroutines, were %d\n%s", engine, now, goroutines, buf[:runtime.Stack(buf, true)])
		}
		if now := openFiles(); now > files {
			t.Errorf("%s: %d open files, were %d", engine, now, files)
		}
	}
}

// openFiles counts the open files of this process; 0 where the system does not tell.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// use opens the address, does what can go right and wrong, and closes it.
func use(t *testing.T, address string) {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	w := &work{Name: "mixed", Do: func(_ context.Context, _ bun.Tx, items []*item) error {
		for _, it := range items {
			switch it.In {
			case "panic":
				panic("on purpose")
			case "unknown":
				return errUnknown
			}
		}
		return nil
	}}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+i%5)*time.Millisecond)
			defer cancel()
			_, _ = database.Submit(ctx, db, w, []string{"fine", "panic", "unknown"}[i%3])
			_ = db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewRaw("UPDATE counters SET value = 1 WHERE name = ?", fmt.Sprint(i)).Exec(ctx)
				if i%4 == 0 {
					return errUnknown
				}
				return err
			})
			var n int64
			_ = db.Read().NewRaw("SELECT COUNT(*) FROM counters").Scan(ctx, &n)
		})
	}
	wg.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
