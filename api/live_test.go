package api

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// stream is an open stream of server-sent events.
type stream struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Scanner
}

// listen opens a list's stream as the desk's browser does.
func (d *desk) listen(t *testing.T, at, list, lastID string) *stream {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", at+list+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range d.cookies {
		r.AddCookie(c)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return &stream{t, answer, lines}
}

// next waits for an event; ok is false at the stream's end.
func (s *stream) next() (event, id, data string, ok bool) {
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			event = value
		case "id":
			id = value
		case "data":
			data += value + "\n"
		case "":
			return event, id, data, true
		}
	}
	return "", "", "", false
}

// What any server's doors do is on the page of whoever watches, within seconds, as a whole state; a browser that comes back is not told again what it
// knows. The stream ends when the server stops, and is not there for those who may not see the page.
func TestDoorsAreWatchedLive(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			d := newDesk(t, dbtest.Handle(t, address))
			_, free := d.onSale(20)
			order := d.buy(free, 2, "Ada Lovelace", "ada@example.org")
			list := d.send(d.at("/check-in/new"), url.Values{"name": {"Main entrance"}, "entry": {"single"}}, d.at("/check-in/"))
			elsewhere := checkin.New(checkin.Service{DB: dbtest.Handle(t, address), Now: d.Now, Ticketing: d.Ticketing})
			server := httptest.NewServer(d.Server)
			t.Cleanup(server.Close)

			s := d.listen(t, server.URL, list, "")
			if kind := s.answer.Header.Get("Content-Type"); s.answer.StatusCode != 200 || kind != "text/event-stream" {
				t.Fatalf("%d %s", s.answer.StatusCode, kind)
			}
			event, first, data, ok := s.next()
			if !ok || event != "live" || !strings.Contains(data, "No scans yet") || strings.Contains(data, "<html") {
				t.Fatalf("%q %q", event, data)
			}
			began := time.Now()
			if scan, err := elsewhere.Scan(t.Context(), d.community.ID, checkin.ScanInput{ListID: turnout.ID(list[strings.LastIndex(list, "/")+1:]), Code: order.Tickets[0].Code, Nonce: "n", Caller: "x"}); err != nil || scan.Result != checkin.Accepted {
				t.Fatal(err)
			}
			_, second, data, _ := s.next()
			if !strings.Contains(data, "Ada Lovelace") || second == first {
				t.Errorf("after a scan elsewhere: %q", data)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("seen after %s", took)
			}

			viewer := d.colleague(organisers.Finance)
			if got := viewer.listen(t, server.URL, list, "").answer; got.StatusCode == 200 {
				t.Errorf("finance: %d", got.StatusCode)
			}
			stranger := *d
			stranger.cookies = nil
			if got := stranger.listen(t, server.URL, list, "").answer; got.StatusCode != 303 {
				t.Errorf("nobody: %d", got.StatusCode)
			}
			again := d.listen(t, server.URL, list, second)
			time.Sleep(1500 * time.Millisecond)
			d.Stop()
			for event, id, _, ok := again.next(); ok; event, id, _, ok = again.next() {
				if event != "beat" && id == second { // another minute may have begun
					t.Errorf("told again: %s", event)
				}
			}
			for ok = true; ok; {
				_, _, _, ok = s.next() // it ends
			}
		})
	}
}

// However many listen, the database is asked once a second.
func TestManyWatchersAreOneReader(t *testing.T) {
	d := newDesk(t, dbtest.Open(t, database.SQLite))
	list := d.send(d.at("/check-in/new"), url.Values{"name": {"Main entrance"}, "entry": {"single"}}, d.at("/check-in/"))
	const watchers, seconds = 50, 3
	ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
	defer cancel()
	counted, count := database.CountQueries(ctx)
	var all sync.WaitGroup
	for range watchers {
		r := httptest.NewRequest("GET", baseURL+list+"/live", nil).WithContext(counted)
		for _, c := range d.cookies {
			r.AddCookie(c)
		}
		all.Go(func() { d.ServeHTTP(httptest.NewRecorder(), r) })
	}
	all.Wait()
	alone := most["/console/events/{event}/check-in/{list}"]
	// To find the session, the event and the list each has a few of its own; what they watch is read once each second, and perhaps once more.
	if n := count.Load(); n > watchers*8+alone*(seconds+2) {
		t.Errorf("%d statements for %d watchers in %d seconds; the page takes %d", n, watchers, seconds, alone)
	}
}
