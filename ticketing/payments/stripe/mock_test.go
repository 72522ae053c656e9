package stripe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"turnout/ticketing/payments"
)

// stripeMock is Stripe's own check of requests against its published API (shapes only, it has no memory).
const stripeMock = "github.com/stripe/stripe-mock@v0.203.0"

// findMock gives the program: from the PATH, else built once into the user's cache.
func findMock(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("stripe-mock"); err == nil {
		return path
	}
	if testing.Short() {
		t.Skip("stripe-mock is not in the PATH; install it with: go install " + stripeMock)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("stripe-mock is not in the PATH and there is no cache to build it in (%v); install it with: go install %s", err, stripeMock)
	}
	dir := filepath.Join(cache, "turnout-tools", strings.ReplaceAll(filepath.Base(stripeMock), "@", "-"))
	path := filepath.Join(dir, "stripe-mock")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	install := exec.CommandContext(ctx, "go", "install", stripeMock)
	install.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
	if said, err := install.CombinedOutput(); err != nil {
		t.Skipf("stripe-mock is not in the PATH and cannot be built (%v): %.300s\ninstall it with: go install %s", err, said, stripeMock)
	}
	return path
}

// startMock starts stripe-mock on a free port of the loopback and gives its address.
func startMock(t *testing.T) string {
	t.Helper()
	path := findMock(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	mock := exec.Command(path, "-http-addr", address)
	if err := mock.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = mock.Process.Kill()
		_ = mock.Wait()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return "http://" + address
		}
		if time.Now().After(deadline) {
			t.Fatalf("stripe-mock does not listen: %v", err)
		}
	}
}

// witness notes how each request was answered.
type witness struct {
	mu   sync.Mutex
	said []string
	bad  []string
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, r.Method+" "+r.URL.Path)
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		w.bad = append(w.bad, fmt.Sprintf("%s %s: %d %s", r.Method, r.URL.Path, answer.StatusCode, text))
		answer.Body = io.NopCloser(strings.NewReader(string(text)))
	}
	return answer, nil
}

// Every request that we make is one that Stripe's published API has.
func TestRequestsAgainstStripeMock(t *testing.T) {
	seen := &witness{}
	p := New(Config{Key: "sk_test_123", WebhookSecret: secret, URL: startMock(t), Transport: seen, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	ctx := t.Context()

	req := checkoutRequest()
	req.Locale = "de"
	if made, err := p.Checkout(ctx, req); err != nil || made.SessionRef == "" {
		t.Errorf("Checkout: %+v %v", made, err)
	}
	if _, err := p.Status(ctx, "cs_test_1"); err != nil {
		t.Errorf("Status: %v", err)
	}
	if _, err := p.Expire(ctx, "cs_test_1"); err != nil {
		t.Errorf("Expire: %v", err)
	}
	if refund, err := p.Refund(ctx, refundRequest()); err != nil || refund.State != payments.RefundSucceeded {
		t.Errorf("Refund: %+v %v", refund, err)
	}
	for eventType, id := range map[string]string{
		"checkout.session.completed": "cs_1", "payment_intent.payment_failed": "pi_1", "charge.refunded": "ch_1", "refund.updated": "re_1", "charge.dispute.created": "dp_1",
	} {
		// A later version, so that the object is asked for. What comes is an example and not ours.
		if got, err := p.Read(ctx, []byte(event(eventType, "2099-01-01", `{"id":"`+id+`"}`))); err != nil || got.Kind == payments.EventPaid {
			t.Errorf("%s: %+v %v", eventType, got, err)
		}
	}
	for _, bad := range seen.bad {
		t.Error(bad)
	}
	if len(seen.said) != 10 {
		t.Errorf("%d requests: %q", len(seen.said), seen.said)
	}

	// The check can fail.
	params := &stripego.CheckoutSessionParams{Mode: stripego.String("gift")}
	params.AddExtra("colour", "red")
	if _, err := p.createSession(ctx, params); !errors.Is(problem(err), payments.ErrRefused) {
		t.Errorf("stripe-mock takes a request that does not exist: %v", err)
	}
}
