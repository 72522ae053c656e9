package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout/internal/dbtest"
)

// The real program, sold and scanned through its API until it is killed: what was answered is there, doctor finds nothing, and
// it serves again at once. TURNOUT_TEST_SOAK=1 kills it a hundred times an engine.
func TestTheServerIsKilled(t *testing.T) {
	kills := 4
	if os.Getenv("TURNOUT_TEST_SOAK") != "" {
		kills = 100
	}
	binary, err := exec.LookPath("turnout") // TestMain puts this program there under its own name
	if err != nil {
		t.Fatal(err)
	}
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			p := &program{t: t, binary: binary, address: dbtest.Address(t, engine)}
			p.start()
			p.prepare()
			longest := time.Duration(0)
			for range kills {
				p.rush(time.Duration(50+rand.IntN(250)) * time.Millisecond)
				p.kill()
				if out, err := p.command("doctor"); err != nil {
					t.Fatalf("doctor: %v\n%s", err, out)
				}
				longest = max(longest, p.start())
				p.verify()
			}
			p.kill()
			t.Logf("%d kills, %d answers, ready again after at most %v", kills, p.answers, longest)
			if longest > 10*time.Second {
				t.Errorf("ready again only after %v", longest)
			}
		})
	}
}

// program is the server as a process, and what it answered.
type program struct {
	t                     *testing.T
	binary, address, base string
	process               *exec.Cmd
	token, list           string
	free, priced, event   string
	answers               int

	mu     sync.Mutex
	orders map[string]answered // since the last kill, by code
	scans  map[string]answered // by nonce
}

// answered is what one request was told.
type answered struct {
	ID, Status, Secret, Code string
}

func (p *program) environ() []string {
	return append(os.Environ(), "TURNOUT_DATABASE_URL="+p.address, "TURNOUT_ADDR=127.0.0.1:0", "TURNOUT_RATE_LIMIT=off", "TURNOUT_LOG=text")
}

func (p *program) command(args ...string) (string, error) {
	cmd := exec.CommandContext(p.t.Context(), p.binary, args...)
	cmd.Env = p.environ()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// start starts the server and waits until it is ready; it gives how long that took.
func (p *program) start() time.Duration {
	p.t.Helper()
	began := time.Now()
	p.process = exec.CommandContext(p.t.Context(), p.binary, "serve", "--demo")
	p.process.Env = p.environ()
	out, err := p.process.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	var complaints bytes.Buffer
	p.process.Stderr = &complaints
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			_ = p.process.Wait()
			p.t.Fatalf("the server ended by itself: %s", complaints.String())
		}
		if _, address, found := strings.Cut(line, "Turnout is at"); found {
			p.base = strings.TrimSpace(address)
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	for {
		if status, _ := p.call("GET", "/readyz", nil, nil); status == http.StatusOK {
			return time.Since(began)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (p *program) kill() {
	_ = p.process.Process.Kill()
	_ = p.process.Wait()
}

// call sends a request; status 0 means that there was no answer.
func (p *program) call(method, path string, in, out any) (int, string) {
	body, err := json.Marshal(in)
	if err != nil {
		p.t.Error(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, bytes.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" && !strings.Contains(path, "secret=") {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error() // cut off: not answered
	}
	if out != nil && answer.StatusCode < 300 {
		if err := json.Unmarshal(text, out); err != nil {
			p.t.Errorf("%s %s: %v: %s", method, path, err, text)
		}
	}
	return answer.StatusCode, string(text)
}

// make posts and gives the new thing's id.
func (p *program) make(path string, in any) string {
	p.t.Helper()
	var made struct{ ID string }
	if status, text := p.call("POST", "/api/v1"+path, in, &made); status != http.StatusCreated && status != http.StatusOK {
		p.t.Fatalf("POST %s: %d %s", path, status, text)
	}
	return made.ID
}

func (p *program) prepare() {
	p.t.Helper()
	out, err := p.command("token", "create", "--community", "demo", "--scopes", "all")
	if err != nil {
		p.t.Fatalf("%v: %s", err, out)
	}
	words := strings.Fields(out)
	p.token = words[len(words)-1]
	type object = map[string]any
	begins := time.Now().UTC().Add(24 * time.Hour)
	p.event = p.make("/events", object{"slug": "crash", "title": "Crash", "format": "in_person", "timezone": "Europe/Warsaw", "currency": "EUR",
		"starts_at": begins, "ends_at": begins.Add(time.Hour)})
	pool := p.make("/events/crash/pools", object{"name": "Hall", "capacity": 100000})
	kind := func(name string, amount int) string {
		return p.make("/events/crash/ticket-types", object{"name": name, "price": object{"amount": amount, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}})
	}
	p.free, p.priced = kind("Free", 0), kind("Priced", 2500)
	p.make("/events/crash/publish", object{})
	p.list = p.make("/events/crash/check-in-lists", object{"name": "Door"})
}

// rush buys, pays and scans from eight sides until the time is over, then kills the server under them.
func (p *program) rush(d time.Duration) {
	p.orders, p.scans = map[string]answered{}, map[string]answered{}
	var sides sync.WaitGroup
	for side := range 8 {
		sides.Go(func() {
			for i := 0; p.buyAndScan(fmt.Sprintf("%d-%d-%d", time.Now().UnixNano(), side, i), i%2 == 0); i++ {
			}
		})
	}
	time.Sleep(d)
	_ = p.process.Process.Kill()
	sides.Wait()
}

// buyAndScan is false once the server does not answer any more.
func (p *program) buyAndScan(key string, free bool) bool {
	type object = map[string]any
	wanted := p.priced
	if free {
		wanted = p.free
	}
	var order struct {
		ID, Code, Secret, Status string
		Payment                  *struct{ URL string }
		Tickets                  []struct{ Code string }
	}
	status, text := p.call("POST", "/api/v1/events/crash/orders", object{"lines": []object{{"ticket_type_id": wanted, "quantity": 1}},
		"buyer": object{"name": "Zoë", "email": "zoe" + key + "@example.org"}}, &order)
	if status != http.StatusCreated {
		return p.ended("order", status, text)
	}
	p.keep(p.orders, order.Code, answered{order.ID, order.Status, order.Secret, ""})
	if !free {
		id := order.Payment.URL[strings.LastIndex(order.Payment.URL, "/")+1:]
		if status, text := p.call("POST", "/sandbox/payments/"+id+"/succeed", object{}, nil); status != http.StatusOK {
			return p.ended("pay", status, text)
		}
		p.keep(p.orders, order.Code, answered{order.ID, "confirmed", order.Secret, ""})
		return true
	}
	var scan struct{ ID, Result string }
	if status, text := p.call("POST", "/api/v1/check-in-lists/"+p.list+"/scans", object{"code": order.Tickets[0].Code, "nonce": key}, &scan); status != http.StatusOK {
		return p.ended("scan", status, text)
	}
	p.keep(p.scans, key, answered{scan.ID, scan.Result, "", order.Tickets[0].Code})
	return true
}

// ended tells an answer that should not be from none at all, which is the kill.
func (p *program) ended(what string, status int, text string) bool {
	if status != 0 {
		p.t.Errorf("%s: %d %s", what, status, text)
	}
	return false
}

func (p *program) keep(in map[string]answered, name string, a answered) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in[name] = a
	p.answers++
}

// verify asks the new server for what the last one answered.
func (p *program) verify() {
	p.t.Helper()
	for code, told := range p.orders {
		var order struct{ ID, Status string }
		status, text := p.call("GET", "/api/v1/orders/"+code+"?secret="+told.Secret, nil, &order)
		if status != http.StatusOK || order.ID != told.ID || told.Status == "confirmed" && order.Status != "confirmed" {
			p.t.Errorf("order %s was told %s, now: %d %s", told.ID, told.Status, status, text)
		}
	}
	for nonce, told := range p.scans {
		var scan struct{ ID, Result string }
		status, text := p.call("POST", "/api/v1/check-in-lists/"+p.list+"/scans", map[string]any{"code": told.Code, "nonce": nonce}, &scan)
		if status != http.StatusOK || scan.ID != told.ID || scan.Result != told.Status {
			p.t.Errorf("scan %s was told %s, now: %d %s", told.ID, told.Status, status, text)
		}
	}
}
