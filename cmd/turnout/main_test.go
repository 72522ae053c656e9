package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"turnout": main})
}

// TestCommands runs testdata/script: each command as people type it.
func TestCommands(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TURNOUT_ADDR", "127.0.0.1:0")
			e.Setenv("TURNOUT_TEST_POSTGRES", "") // the scripts speak of files
			return nil
		},
	})
}

// running is a started server.
type running struct {
	url  string
	out  *syncBuffer
	stop func() error // asks it to stop and waits
}

// syncBuffer is a buffer that a server writes and a test reads.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String gives what was written so far.
func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start runs the real Run on a free port.
func start(t *testing.T, databaseURL string, demo bool, environ ...string) *running {
	t.Helper()
	config, err := readConfig(append([]string{"TURNOUT_ADDR=127.0.0.1:0", "TURNOUT_DATABASE_URL=" + databaseURL}, environ...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	r := &running{out: new(syncBuffer)}
	go func() {
		ended <- Run(ctx, config, Options{Demo: demo, Out: r.out, Ready: func(url string) { ready <- url }})
	}()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	select {
	case r.url = <-ready:
	case err := <-ended:
		ended <- err
		t.Fatalf("it did not start: %v\n%s", err, r.out)
	case <-time.After(time.Minute):
		t.Fatalf("it did not start within a minute\n%s", r.out)
	}
	return r
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestTheServerStartsGreetsAndStops(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		address := dbtest.Address(t, db.Engine)
		s := start(t, address, false)
		if status, body := get(t, s.url+"/readyz"); status != 200 {
			t.Errorf("readyz: %d %s", status, body)
		}
		_, link, found := strings.Cut(s.out.String(), firstOwnerPath)
		if !found || len(strings.Fields(link)[0]) < 32 {
			t.Errorf("no link for the first owner:\n%s", s.out)
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := http.Get(s.url + "/readyz"); err == nil {
			t.Error("it still answers")
		}
		again := start(t, address, false) // the secrets of links outlive the process
		if status, _ := get(t, again.url+"/healthz"); status != 200 {
			t.Errorf("healthz: %d", status)
		}
	})
}

// A request in hand is answered although the server was asked to stop.
func TestStoppingWaitsForRequests(t *testing.T) {
	t.Parallel()
	s := start(t, dbtest.Address(t, database.SQLite), false)
	body, write := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v1/events/none/orders", body)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan int, 1)
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		_ = res.Body.Close()
		answered <- res.StatusCode
	}()
	_, _ = write.Write([]byte("{")) // the request has begun
	time.Sleep(100 * time.Millisecond)
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	time.Sleep(100 * time.Millisecond)
	_, _ = write.Write([]byte("}"))
	_ = write.Close()
	if status := <-answered; status != http.StatusNotFound {
		t.Errorf("the answer: %d, want 404 for an event that there is not", status)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// Two servers share a database; either may be asked.
func TestTwoServersOnOneDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		address := dbtest.Address(t, db.Engine)
		a, b := start(t, address, false), start(t, address, false, "TURNOUT_WORKERS=off")
		for _, s := range []*running{a, b} {
			if status, _ := get(t, s.url+"/readyz"); status != 200 {
				t.Errorf("readyz: %d", status)
			}
		}
	})
}

func TestConfiguration(t *testing.T) {
	for _, tt := range []struct {
		name    string
		environ []string
		say     string // "" for no mistake
	}{
		{"nothing", nil, ""},
		{"other programs' names", []string{"PATH=/bin", "TURN=1"}, ""},
		{"the tests' own", []string{"TURNOUT_TEST_POSTGRES=x"}, ""},
		{"an unknown name", []string{"TURNOUT_DATABSE_URL=x"}, "Did you mean TURNOUT_DATABASE_URL?"},
		{"another engine", []string{"TURNOUT_DATABASE_URL=mysql://x"}, "sqlite: or postgres://"},
		{"a key without its webhook", []string{"TURNOUT_STRIPE_SECRET_KEY=sk_test_1"}, "TURNOUT_STRIPE_WEBHOOK_SECRET is needed"},
		{"a publishable key", []string{"TURNOUT_STRIPE_SECRET_KEY=pk_test_1", "TURNOUT_STRIPE_WEBHOOK_SECRET=w"}, "sk_… or rk_…"},
		{"half of TLS", []string{"TURNOUT_TLS_CERT_FILE=a.pem"}, "belong together"},
		{"a base URL with a path", []string{"TURNOUT_BASE_URL=https://example.org/x"}, "without a path"},
		{"a slash at its end", []string{"TURNOUT_BASE_URL=https://example.org/"}, ""},
		{"no limit", []string{"TURNOUT_RATE_LIMIT=off"}, ""},
		{"a strange limit", []string{"TURNOUT_RATE_LIMIT=many"}, "TURNOUT_RATE_LIMIT must be"},
		{"proxies", []string{"TURNOUT_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1"}, ""},
		{"a strange proxy", []string{"TURNOUT_TRUSTED_PROXIES=proxy.local"}, "neither an address nor a network"},
		{"a short secret", []string{"TURNOUT_SECRET=hush"}, "at least 32 characters"},
		{"mail without a sender", []string{"TURNOUT_SMTP_URL=smtp://localhost"}, "TURNOUT_MAIL_FROM"},
		{"a file that is not there", []string{"TURNOUT_SECRET_FILE=none"}, "TURNOUT_SECRET_FILE"},
		{"a file for what is no secret", []string{"TURNOUT_ADDR_FILE=none"}, "not known"},
		{"workers", []string{"TURNOUT_WORKERS=off"}, ""},
		{"strange workers", []string{"TURNOUT_WORKERS=some"}, "TURNOUT_WORKERS must be"},
		{"a strange log", []string{"TURNOUT_LOG=xml"}, "text or json"},
	} {
		_, err := readConfig(tt.environ)
		if (err == nil) != (tt.say == "") || err != nil && !strings.Contains(err.Error(), tt.say) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.say)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error repeats a secret: %v", tt.name, err)
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(strings.Repeat("s", 40)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := readConfig([]string{"TURNOUT_SECRET_FILE=" + file})
	if err != nil || config.Secret != strings.Repeat("s", 40) {
		t.Errorf("%q, %v", config.Secret, err)
	}
	if _, err := readConfig([]string{"TURNOUT_SECRET_FILE=" + file, "TURNOUT_SECRET=" + strings.Repeat("t", 40)}); err == nil {
		t.Error("a secret given twice is taken")
	}
}

// Nobody can pay with nothing outside a demo.
func TestTheSandboxIsForDemosOnly(t *testing.T) {
	t.Parallel()
	s := start(t, dbtest.Address(t, database.SQLite), false)
	res, err := http.Post(s.url+"/sandbox/payments/pay_1/succeed", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var problem struct{ Code string }
	if err := json.NewDecoder(res.Body).Decode(&problem); err != nil || res.StatusCode != 404 || problem.Code != "not_found" {
		t.Errorf("%d %+v %v", res.StatusCode, problem, err)
	}
}
