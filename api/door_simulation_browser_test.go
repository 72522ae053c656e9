package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout"
	"turnout/checkin"
	"turnout/internal/browsertest"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// simulationEntry is the door's own code without its screen: it decides, keeps and tells. shown tells the test what somebody at the door saw.
const simulationEntry = `import { Offline } from "./_offline";
const real = Date.now.bind(Date);
let offline;
window.begin = async (list, url, skew) => {
	Date.now = () => real() + skew;
	offline = await Offline.start(list, url, () => ({}), () => undefined, () => undefined);
	return offline !== undefined;
};
window.scan = async (scans) => {
	for (const { code, nonce } of scans) {
		const { result, reason } = await offline.take(code, "entry", "", nonce);
		await window.shown([nonce, result, reason].join(" "));
	}
};
window.sync = () => offline.sync();
window.stands = () => ({ ready: offline.ready, waiting: offline.waiting.length, refused: offline.waiting.filter((scan) => scan.refused).length,
	tickets: Object.fromEntries(offline.book.tickets),
	passes: Object.fromEntries([...offline.book.passes].filter(([name]) => offline.book.tickets.get(name) === "").map(([name, past]) => [name, past.entries.length])) });`

// simulation is an event whose doors lose their network, their answers, their batteries and their sense of time.
type simulation struct {
	*doorway
	rng    *rand.Rand
	list   turnout.ID
	url    string // of the door's page
	orders []*ticketing.Order

	mu    sync.Mutex
	codes []string // of tickets that were valid at some time
	shown map[string]sawn
}

// sawn is what somebody at a door saw.
type sawn struct{ code, result, reason string }

// simulated is one of its devices: a tab on an origin of its own.
type simulated struct {
	*simulation
	tab    context.Context //nolint:containedctx // chromedp's way to name the tab
	base   string
	calm   *atomic.Bool // its network works
	rng    *rand.Rand
	skew   int64
	nonces int
	number int
}

// Twelve devices with a network that comes and goes, clocks that are wrong by up to ten minutes, crashes, batches that arrive twice, late or without an answer, and
// cancellations and transfers in between: in the end nobody whom a door let in is lost, each is counted once, each double entry is named, and all devices know
// the same. TURNOUT_TEST_SOAK has 5,000 tickets at twelve devices, else there are 240 at four.
func TestBrowserDoorsAgreeInTheEnd(t *testing.T) {
	tickets, devices, rounds := 240, 4, 6
	if os.Getenv("TURNOUT_TEST_SOAK") != "" {
		tickets, devices, rounds = 5000, 12, 30
	}
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			s := newSimulation(t, dbtest.Open(t, engine), tickets)
			all := s.devices(devices)
			for range rounds {
				var together sync.WaitGroup
				for _, d := range all {
					together.Go(d.round)
				}
				together.Go(s.office)
				together.Wait()
			}
			for _, d := range all {
				d.calm.Store(true)
			}
			for range 2 { // the second time each hears what the others told the first time
				for _, d := range all {
					d.settle()
				}
			}
			s.compare(all)
		})
	}
}

func newSimulation(t *testing.T, db *database.DB, tickets int) *simulation {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	s := &simulation{doorway: newDoorway(t, db), rng: rand.New(rand.NewPCG(seed, 0)), shown: map[string]sawn{}}
	s.url = s.open()
	s.list = turnout.ID(s.url[strings.LastIndex(s.url, "/")+1:])
	event := turnout.ID(s.api("GET", "/events/fest", nil, 200).text1("id"))
	pool, err := s.Ticketing.CreatePool(t.Context(), s.community.ID, event, ticketing.PoolInput{Name: "Hall", Capacity: int64(tickets)})
	if err != nil {
		t.Fatal(err)
	}
	kind, err := s.Ticketing.CreateTicketType(t.Context(), s.community.ID, event, ticketing.TicketTypeInput{Name: "Crowd", Price: turnout.Money{Currency: "EUR"},
		AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{pool.ID}, MaxPerOrder: 100})
	if err != nil {
		t.Fatal(err)
	}
	for i := range tickets / 4 {
		o, _, err := s.Ticketing.PlaceOrder(t.Context(), ticketing.Purchase{EventID: event, Lines: []ticketing.PurchaseLine{{TicketTypeID: kind.ID, Quantity: 4}},
			Buyer: ticketing.Attendee{Name: fmt.Sprintf("Buyer %d", i), Email: fmt.Sprintf("buyer%d@example.org", i)}})
		if err != nil {
			t.Fatal(err)
		}
		s.orders = append(s.orders, o)
		for _, ticket := range o.Tickets {
			s.codes = append(s.codes, ticket.Code)
		}
	}
	return s
}

// devices pairs phones, each in a tab of its own, that have read what they need.
func (s *simulation) devices(n int) (all []*simulated) {
	s.t.Helper()
	script := browsertest.Bundle(s.t, simulationEntry)
	browser := browsertest.Open(s.t, http.NotFoundHandler())
	for i := range n {
		link, _ := s.device(m{"name": fmt.Sprintf("Phone %d", i), "gate": fmt.Sprintf("Gate %d", i)})
		p := &phone{doorway: s.doorway}
		if status, to := p.pair(link); status != http.StatusSeeOther {
			s.t.Fatalf("%d %s", status, to)
		}
		d := &simulated{simulation: s, calm: new(atomic.Bool), rng: rand.New(rand.NewPCG(s.rng.Uint64(), 0)), skew: s.rng.Int64N(1200_000) - 600_000, number: i}
		d.calm.Store(true)
		d.base = d.network(p.cookie, script)
		tab, end := chromedp.NewContext(browser)
		s.t.Cleanup(end)
		d.tab = tab
		if err := chromedp.Do(tab, chromedp.ExposeFunc("shown", d.saw)); err != nil {
			s.t.Fatal(err)
		}
		d.restart()
		d.settle()
		d.calm.Store(false)
		all = append(all, d)
	}
	return all
}

// network stands between a device and its server: it loses questions, loses answers, says things twice, and says old things again.
func (d *simulated) network(cookie *http.Cookie, script []byte) string {
	d.t.Helper()
	page := browsertest.Page(script)
	var old [][2]string
	var mu sync.Mutex
	chance := rand.New(rand.NewPCG(d.rng.Uint64(), 0))
	throw := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return chance.IntN(n)
	}
	ask := func(path, body string) *httptest.ResponseRecorder {
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, strings.NewReader(body))
		r.AddCookie(cookie)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		d.ServeHTTP(w, r)
		return w
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/door/") {
			page.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		path, wild := r.URL.RequestURI(), !d.calm.Load()
		if wild && throw(10) < 3 {
			panic(http.ErrAbortHandler)
		}
		if len(body) > 0 {
			mu.Lock()
			old = append(old, [2]string{path, string(body)})
			mu.Unlock()
		}
		answer := ask(path, string(body))
		if wild && len(body) > 0 {
			switch throw(6) {
			case 0:
				panic(http.ErrAbortHandler)
			case 1:
				answer = ask(path, string(body))
			case 2:
				mu.Lock()
				again := old[chance.IntN(len(old))]
				mu.Unlock()
				ask(again[0], again[1])
			}
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = io.Copy(w, bytes.NewReader(answer.Body.Bytes()))
	})}
	go server.Serve(listener)
	d.t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

// saw notes what the device showed for a scan.
func (d *simulated) saw(_ context.Context, said string) (string, error) {
	parts := strings.SplitN(said, " ", 3)
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := d.shown[parts[0]]
	seen.result, seen.reason = parts[1], parts[2]
	d.shown[parts[0]] = seen
	return "", nil
}

// restart opens the page anew, as after a crash.
func (d *simulated) restart() {
	d.t.Helper()
	ok, err := false, chromedp.Do(d.tab, chromedp.Navigate(d.base))
	if err == nil {
		ok, err = chromedp.Run(d.tab, chromedp.Evaluate[bool](fmt.Sprintf("begin(%q, %q, %d)", d.list, d.url, d.skew), chromedp.EvalAwaitPromise))
	}
	if err != nil || !ok {
		d.t.Errorf("device %d does not start: %v", d.number, err)
	}
}

// round is some tickets at a door, then perhaps a look at the server, or a crash.
func (d *simulated) round() {
	var scans []map[string]string
	d.mu.Lock()
	for range 5 + d.rng.IntN(15) {
		d.nonces++
		nonce, code := fmt.Sprintf("%d.%d", d.number, d.nonces), d.codes[d.rng.IntN(len(d.codes))]
		scans = append(scans, map[string]string{"code": code, "nonce": nonce})
		d.shown[nonce] = sawn{code: code}
	}
	d.mu.Unlock()
	all, err := json.Marshal(scans)
	if err != nil {
		panic(err) // texts
	}
	script, crash := "scan("+string(all)+")", d.rng.IntN(4) == 0
	if crash {
		script = "void " + script
	}
	if err := chromedp.Do(d.tab, chromedp.Evaluate[chromedp.Void](script, chromedp.EvalAwaitPromise)); err != nil {
		d.t.Errorf("device %d: %v", d.number, err)
	}
	if crash {
		time.Sleep(time.Duration(d.rng.IntN(40)) * time.Millisecond)
		d.restart()
		return
	}
	if d.rng.IntN(3) > 0 {
		_, _ = chromedp.Run(d.tab, chromedp.Evaluate[string]("sync()", chromedp.EvalAwaitPromise)) // it may not get through
	}
}

// office cancels and passes on while doors are open.
func (s *simulation) office() {
	for range 2 {
		o := s.orders[s.rng.IntN(len(s.orders))]
		if s.rng.IntN(2) == 0 {
			_, _ = s.Ticketing.CancelOrder(s.t.Context(), o.CommunityID, o.ID, ticketing.CanceledByOrganiser, false) // it may be canceled already
			continue
		}
		ticket := o.Tickets[s.rng.IntN(len(o.Tickets))]
		address := fmt.Sprintf("heir%d@example.org", s.rng.Uint64())
		if err := s.Ticketing.FillDetails(s.t.Context(), ticket.ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "Heir", Email: address}}); err != nil {
			continue // likewise
		}
		fresh, err := s.Ticketing.Order(s.t.Context(), o.CommunityID, o.Code)
		if err != nil {
			s.t.Error(err)
			continue
		}
		s.mu.Lock()
		for _, now := range fresh.Tickets {
			if now.Code != "" && !slices.Contains(s.codes, now.Code) {
				s.codes = append(s.codes, now.Code)
			}
		}
		s.mu.Unlock()
	}
}

// settle tells and hears until nothing waits.
func (d *simulated) settle() {
	d.t.Helper()
	for range 20 {
		how, err := chromedp.Run(d.tab, chromedp.Evaluate[string]("sync()", chromedp.EvalAwaitPromise))
		if stands := d.stands(); err == nil && how == "heard" && stands.Ready && stands.Waiting == 0 {
			return
		}
	}
	d.t.Fatalf("device %d does not settle: %+v", d.number, d.stands())
}

type standing struct {
	Ready            bool
	Waiting, Refused int
	Tickets          map[string]string
	Passes           map[string]int
}

func (d *simulated) stands() standing {
	d.t.Helper()
	all, err := chromedp.Run(d.tab, chromedp.Evaluate[standing]("stands()"))
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

// compare holds the log against what doors showed, and the devices against each other.
func (s *simulation) compare(all []*simulated) {
	s.t.Helper()
	var log []*checkin.Scan
	if err := s.DB.Read().NewSelect().Model(&log).Where("list_id = ?", s.list).Scan(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	logged, entries, conflicts := map[string]*checkin.Scan{}, map[turnout.ID][]*checkin.Scan{}, 0
	for _, scan := range log {
		if logged[scan.Nonce] != nil {
			s.t.Errorf("scan %s is logged twice", scan.Nonce)
		}
		logged[scan.Nonce] = scan
		if scan.Result == checkin.Accepted {
			entries[scan.TicketID] = append(entries[scan.TicketID], scan)
		}
		if scan.ConflictID != "" {
			conflicts++
		}
	}
	said := map[string]int{}
	for nonce, seen := range s.shown {
		said[strings.TrimSpace(seen.result+" "+seen.reason)]++
		scan := logged[nonce]
		if seen.result != "" && (scan == nil || string(scan.Result) != seen.result) {
			s.t.Errorf("a door showed %+v, the log has %+v", seen, scan)
		}
	}
	accepted := 0
	for _, scans := range entries {
		accepted += len(scans)
	}
	s.t.Logf("%d scans: %v; %d let in, %d of them more than once", len(log), said, len(entries), accepted-len(entries))
	if accepted-len(entries) != conflicts {
		s.t.Errorf("%d double entries, %d are named", accepted-len(entries), conflicts)
	}
	if conflicts == 0 || said["accepted"] == 0 {
		s.t.Error("nothing happened")
	}
	s.attended(entries)
	tickets, passes := s.truth()
	for _, d := range all {
		if stands := d.stands(); stands.Refused > 0 || !maps.Equal(stands.Tickets, tickets) || !maps.Equal(stands.Passes, passes) {
			s.t.Errorf("device %d knows %d tickets and %d passes, there are %d and %d; %d scans were not taken", d.number, len(stands.Tickets), len(stands.Passes), len(tickets), len(passes), stands.Refused)
		}
	}
	s.holds()
}

// truth is what a device must know: how codes stand, and how often those that open came in.
func (s *simulation) truth() (tickets map[string]string, passes map[string]int) {
	s.t.Helper()
	feed, err := s.CheckIn.DoorFeed(s.t.Context(), s.community.ID, s.list, checkin.Position{})
	if err != nil {
		s.t.Fatal(err)
	}
	tickets, passes = map[string]string{}, map[string]int{}
	for _, short := range feed.Valid {
		tickets[fmt.Sprintf("%x", short)] = ""
	}
	for _, other := range feed.Others {
		tickets[fmt.Sprintf("%x", other.Lookup)] = string(other.Reason)
	}
	for _, pass := range feed.Passes {
		if name := fmt.Sprintf("%x", pass.Lookup); tickets[name] == "" {
			passes[name] = len(pass.Entries)
		}
	}
	return tickets, passes
}

// attended holds the attendance against the entries: one record each, from the first to the last.
func (s *simulation) attended(entries map[turnout.ID][]*checkin.Scan) {
	s.t.Helper()
	var rows []*checkin.Attendance
	if err := s.DB.Read().NewSelect().Model(&rows).Scan(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	if len(rows) != len(entries) {
		s.t.Errorf("%d were let in, %d records", len(entries), len(rows))
	}
	byTime := func(a, b *checkin.Scan) int { return a.At.Compare(b.At) }
	for _, row := range rows {
		scans := entries[row.TicketID]
		if len(scans) == 0 || !row.FirstAt.Equal(slices.MinFunc(scans, byTime).At) || !row.LastAt.Equal(slices.MaxFunc(scans, byTime).At) {
			s.t.Errorf("%s was present from %s to %s, with %d entries", row.TicketID, row.FirstAt, row.LastAt, len(scans))
		}
	}
}
