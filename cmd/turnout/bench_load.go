package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// caller is one client with one connection, kept alive. It knows as much of HTTP/1.1 (RFC 9112) as our server's answers need
// and costs little, because it runs on the processors that are measured.
type caller struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
	body []byte // of the last answer; overwritten by the next
}

// request writes a request as its bytes. A body is JSON, or a form when it does not begin with a brace.
func request(method, path, headers, body string) []byte {
	kind := "application/json"
	if body != "" && body[0] != '{' {
		kind = "application/x-www-form-urlencoded"
	}
	text := method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers
	if body != "" {
		text += "Content-Type: " + kind + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	return []byte(text + "\r\n" + body)
}

// call sends a request and reads the answer: its status and its headers; the body is in c.body.
func (c *caller) call(ctx context.Context, req []byte) (status int, headers []byte, err error) {
	if c.conn == nil {
		if c.conn, err = new(net.Dialer).DialContext(ctx, "tcp", c.addr); err != nil {
			return 0, nil, err
		}
		c.in = bufio.NewReaderSize(c.conn, 32<<10)
	}
	if err := c.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(req); err != nil {
		return 0, nil, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 {
		return 0, nil, fmt.Errorf("the server answered %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, err
	}
	length, chunked := -1, false
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		headers = append(append(headers, line...), '\n')
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) {
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, nil, err
			}
		case "Transfer-Encoding":
			chunked = true
		}
	}
	c.body = c.body[:0]
	if status == 304 || status == 204 {
		return status, headers, nil
	}
	if chunked {
		return status, headers, c.readChunks()
	}
	return status, headers, c.readBody(length)
}

func (c *caller) readBody(length int) error {
	if length < 0 {
		return errors.New("the answer has no length")
	}
	from := len(c.body)
	c.body = slices.Grow(c.body, length)[:from+length]
	_, err := io.ReadFull(c.in, c.body[from:])
	return err
}

func (c *caller) readChunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 32)
		if err != nil {
			return err
		}
		if err := c.readBody(int(size)); err != nil {
			return err
		}
		if _, err := c.in.Discard(2); err != nil || size == 0 {
			return err
		}
	}
}

// close hangs up; the next call connects anew.
func (c *caller) close() {
	if c.conn != nil {
		_ = c.conn.Close() // nobody is told anything by it
		c.conn = nil
	}
}

// load is what many callers are to do.
type load struct {
	callers int
	length  time.Duration
	limit   int64                      // requests in all; 0 for as many as fit
	rate    float64                    // requests a second, sent whether or not earlier ones were answered (an open loop); 0: each caller waits for its answer
	next    func(n int64) []byte       // the n-th request
	check   func(status int) (ok bool) // of each answer
}

// outcome is what came of a load. Times are those the callers waited; in an open loop they count from when a request was due.
type outcome struct {
	rate     float64 // answers a second
	count    int64
	statuses map[int]int64
	times    []time.Duration // in order
}

// quantile gives the time within which that share of the answers came.
func (o *outcome) quantile(share float64) time.Duration {
	if len(o.times) == 0 {
		return 0
	}
	return o.times[min(int(share*float64(len(o.times))), len(o.times)-1)]
}

// drive lets the callers work and adds up. An answer that check refuses is an error.
func (r *rig) drive(ctx context.Context, l load) (*outcome, error) {
	var (
		sent  atomic.Int64
		wg    sync.WaitGroup
		mu    sync.Mutex
		all   = &outcome{statuses: map[int]int64{}}
		wrong error
		due   chan time.Time
	)
	began := time.Now()
	end := began.Add(l.length)
	if l.rate > 0 {
		due = make(chan time.Time, int(l.rate*l.length.Seconds())+1)
		wg.Go(func() { pace(ctx, due, l.rate, began, end) })
	}
	for i := range l.callers {
		c := r.caller(i)
		wg.Go(func() {
			mine := &outcome{statuses: map[int]int64{}}
			err := r.one(ctx, c, l, &sent, due, end, mine)
			mu.Lock()
			defer mu.Unlock()
			all.times = append(all.times, mine.times...)
			for status, n := range mine.statuses {
				all.statuses[status] += n
			}
			if wrong == nil {
				wrong = err
			}
		})
	}
	wg.Wait()
	all.count = int64(len(all.times))
	all.rate = float64(all.count) / time.Since(began).Seconds()
	slices.Sort(all.times)
	return all, wrong
}

// pace tells when requests are due, evenly.
func pace(ctx context.Context, due chan<- time.Time, rate float64, began, end time.Time) {
	defer close(due)
	for i := 0; ; i++ {
		at := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if at.After(end) || ctx.Err() != nil {
			return
		}
		time.Sleep(time.Until(at))
		due <- at
	}
}

// one is the work of one caller.
func (r *rig) one(ctx context.Context, c *caller, l load, sent *atomic.Int64, due <-chan time.Time, end time.Time, mine *outcome) error {
	for ctx.Err() == nil {
		began := time.Now()
		if due != nil {
			at, open := <-due
			if !open {
				return nil
			}
			began = at
		} else if l.limit == 0 && began.After(end) {
			return nil
		}
		n := sent.Add(1)
		if l.limit > 0 && n > l.limit {
			return nil
		}
		status, _, err := c.call(ctx, l.next(n))
		if err != nil {
			return err
		}
		mine.times = append(mine.times, time.Since(began))
		mine.statuses[status]++
		if !l.check(status) {
			return fmt.Errorf("answered %d: %.300s", status, c.body)
		}
	}
	return ctx.Err()
}

// is gives a check for one status.
func is(want int) func(int) bool { return func(status int) bool { return status == want } }

// together runs a function on several goroutines for a while, or until it was done so often (0: no limit), and gives how often a
// second that was. n counts from 1.
func together(ctx context.Context, goroutines int, length time.Duration, limit int64, do func(ctx context.Context, goroutine int, n int64) error) (float64, error) {
	var wg sync.WaitGroup
	var done, sent atomic.Int64
	errs := make([]error, goroutines)
	began := time.Now()
	for i := range goroutines {
		wg.Go(func() {
			for time.Since(began) < length && errs[i] == nil && ctx.Err() == nil {
				n := sent.Add(1)
				if limit > 0 && n > limit {
					return
				}
				if errs[i] = do(ctx, i, n); errs[i] == nil {
					done.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), errors.Join(errs...)
}
