package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/ticketing/payments"
)

// refusal is an error as Stripe's API words it.
type refusal struct {
	Status  int    `json:"-"`
	Type    string `json:"type"`
	Code    string `json:"code,omitempty"`
	Param   string `json:"param,omitempty"`
	Message string `json:"message"`
}

func (r *refusal) Error() string { return r.Message }

// Unwrap tells the database that the request failed, not the connection.
func (r *refusal) Unwrap() error { return payments.ErrRefused }

func invalid(code, param, format string, args ...any) *refusal {
	return &refusal{Status: http.StatusBadRequest, Type: "invalid_request_error", Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
}

func missing(noun, id string) *refusal {
	r := invalid("resource_missing", noun, "No such %s: '%s'", noun, id)
	r.Status = http.StatusNotFound
	return r
}

// call is a request that was read.
type call struct {
	id     string // in the path
	form   url.Values
	key    string // Idempotency-Key
	target string // method and path, part of what a key stands for
}

func (c call) expands() bool { return len(c.form["expand[]"])+len(c.form["expand[0]"]) > 0 }

// routes are the parts of Stripe's API that Turnout uses.
func (p *Provider) routes() http.Handler {
	mux := http.NewServeMux()
	read := func(pattern string, answer func(context.Context, call) (any, error)) {
		mux.HandleFunc(pattern, p.serve(answer))
	}
	write := func(pattern string, effect func(context.Context, bun.Tx, call) (any, error)) {
		mux.HandleFunc(pattern, p.serve(func(ctx context.Context, c call) (any, error) { return p.once(ctx, c, effect) }))
	}
	write("POST /v1/checkout/sessions", p.createSession)
	read("GET /v1/checkout/sessions/{id}", p.retrieveSession)
	write("POST /v1/checkout/sessions/{id}/expire", p.expireSession)
	read("GET /v1/payment_intents/{id}", p.retrieveIntent)
	write("POST /v1/refunds", p.createRefund)
	read("GET /v1/refunds", p.listRefunds)
	read("GET /v1/refunds/{id}", p.retrieveRefund)
	mux.HandleFunc("/", p.serve(func(context.Context, call) (any, error) {
		return nil, &refusal{Status: http.StatusNotFound, Type: "invalid_request_error", Message: "Unrecognized request URL."}
	}))
	return mux
}

// serve reads a request and writes its answer, both in Stripe's form.
func (p *Provider) serve(answer func(context.Context, call) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := answerTo(r, answer)
		status := http.StatusOK
		if err != nil {
			said, ok := errors.AsType[*refusal](err)
			if !ok {
				p.log.ErrorContext(r.Context(), "the sandbox failed", "path", r.URL.Path, "error", err)
				said = &refusal{Status: http.StatusInternalServerError, Type: "api_error", Message: "The sandbox failed."}
			}
			status, body = said.Status, map[string]any{"error": said}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Request-Id", "req_"+newSuffix())
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
}

func answerTo(r *http.Request, answer func(context.Context, call) (any, error)) (any, error) {
	if r.Header.Get("Authorization") == "" {
		return nil, &refusal{Status: http.StatusUnauthorized, Type: "invalid_request_error", Message: "You did not provide an API key."}
	}
	text := r.URL.RawQuery
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return nil, invalid("", "", "The body cannot be read.")
		}
		text = string(body)
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, invalid("", "", "The form cannot be read.")
	}
	return answer(r.Context(), call{id: r.PathValue("id"), form: form, key: r.Header.Get("Idempotency-Key"), target: r.Method + " " + r.URL.Path})
}

// remembered is what an idempotency key stands for.
type remembered struct {
	Request string          `json:"request"` // hash of method, path and form
	At      time.Time       `json:"at"`
	Object  string          `json:"object"` // the id that was made
	Answer  json.RawMessage `json:"answer"`
}

// keyRow is the id of the row that remembers a key.
func keyRow(key string) string { return "key_" + key }

// once runs a writing request in a transaction, once per idempotency key. As with Stripe: the same key and parameters give
// the first answer again, other parameters an error, a failed request is not remembered, and after a day a key is forgotten.
func (p *Provider) once(ctx context.Context, c call, effect func(context.Context, bun.Tx, call) (any, error)) (answer any, err error) {
	sum := sha256.Sum256([]byte(c.target + "\n" + c.form.Encode()))
	mine := remembered{Request: hex.EncodeToString(sum[:]), At: p.now()}
	err = p.db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		answer = nil
		if c.key != "" {
			fresh, err := p.claim(ctx, tx, kindKey, keyRow(c.key), mine)
			if err != nil {
				return err
			}
			if !fresh {
				var first remembered
				if err := loadLocked(ctx, tx, keyRow(c.key), &first); err != nil {
					return err
				}
				if mine.At.Sub(first.At) < 24*time.Hour {
					answer = first.Answer
					return sameRequest(first, mine)
				}
			}
		}
		made, err := effect(ctx, tx, c)
		if err != nil || c.key == "" {
			answer = made
			return err
		}
		done := mine
		if done.Answer, err = json.Marshal(made); err != nil {
			return err
		}
		if named, ok := made.(interface{ name() string }); ok {
			done.Object = named.name()
		}
		answer = done.Answer
		return p.save(ctx, tx, kindKey, keyRow(c.key), done)
	})
	p.wakeUp()
	return answer, err
}

func sameRequest(first, second remembered) error {
	if first.Request == second.Request {
		return nil
	}
	return &refusal{Status: http.StatusBadRequest, Type: "idempotency_error",
		Message: "Keys for idempotent requests can only be used with the same parameters they were first used with."}
}

// orMissing turns "no rows" into Stripe's words.
func orMissing(err error, noun, id string) error {
	if database.IsNoRows(err) {
		return missing(noun, id)
	}
	return err
}

// inProcess carries requests to a handler without a network.
type inProcess struct{ handler http.Handler }

// RoundTrip answers a request with what the handler writes.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	t.handler.ServeHTTP(w, r)
	_ = r.Body.Close()
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }
