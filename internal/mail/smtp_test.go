package mail_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/internal/mail"
)

// server is a mail server on the loopback that answers as the test wants.
type server struct {
	address string
	scheme  string
	tls     *tls.Config

	mu       sync.Mutex
	messages []message
	user     string
	onRcpt   func() error // what RCPT answers; nil accepts
	onData   func() error
}

type message struct {
	to   []string
	data string
}

func (m message) header(t *testing.T) textproto.MIMEHeader {
	t.Helper()
	parsed, err := netmail.ReadMessage(strings.NewReader(m.data))
	if err != nil {
		t.Fatal(err)
	}
	header := textproto.MIMEHeader(parsed.Header)
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	header.Set("Subject", subject)
	return header
}

func newServer(t *testing.T) *server { return serve(t, nil) }

// newTLSServer speaks TLS from the first byte, with a certificate of its own.
func newTLSServer(t *testing.T) *server {
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	s := serve(t, web.TLS.Clone())
	transport, ok := web.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("no transport")
	}
	s.tls = transport.TLSClientConfig
	return s
}

func serve(t *testing.T, config *tls.Config) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{address: listener.Addr().String(), scheme: "smtp"}
	if config != nil {
		config.NextProtos = nil
		listener, s.scheme = tls.NewListener(listener, config), "smtps"
	}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	srv.Domain, srv.AllowInsecureAuth = "localhost", true
	srv.ErrorLog = quietLog{}
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(func() { _ = srv.Close() })
	return s
}

type quietLog struct{}

func (quietLog) Printf(string, ...any) {}
func (quietLog) Println(...any)        {}

func (s *server) sender(t *testing.T, user string) *mail.SMTP {
	t.Helper()
	if user != "" {
		user += "@"
	}
	sender, err := mail.NewSMTP(fmt.Sprintf("%s://%s%s", s.scheme, user, s.address), "Turnout <crew@turnout.example>")
	if err != nil {
		t.Fatal(err)
	}
	sender.TLS = s.tls
	return sender
}

func (s *server) received(t *testing.T, want int) []message {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.messages) != want {
		t.Fatalf("%d messages arrived, want %d", len(s.messages), want)
	}
	return s.messages
}

func (s *server) answer(onRcpt, onData func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onRcpt, s.onData = onRcpt, onData
}

type session struct {
	server *server
	to     []string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "secret:/@" {
			return errors.New("wrong password")
		}
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.user = user
		return nil
	}), nil
}

func (s *session) Reset()                               { s.to = nil }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.onRcpt != nil {
		return s.server.onRcpt()
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(bufio.NewReader(r))
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.onData != nil {
		if err := s.server.onData(); err != nil {
			return err
		}
	}
	s.server.messages = append(s.server.messages, message{s.to, string(data)})
	return nil
}

func TestSMTPDeliversTextHTMLAndFiles(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *server{"smtp": newServer, "smtps": newTLSServer} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			o := newOffice(t, dbtest.Open(t, database.SQLite), s.sender(t, "crew:secret%3A%2F%40"))
			if err := o.queue(t, mail.Message{
				ID: "mail_7", To: "ada@example.org", ReplyTo: "crew@example.org", Subject: "Łukasz’ ticket 🎫", Text: "Hello", HTML: "<p>Hello</p>",
				Attachments: []mail.Attachment{{Name: "Änderung.ics", Type: "text/calendar; charset=utf-8; method=PUBLISH", Data: []byte("BEGIN:VCALENDAR")}},
			}); err != nil {
				t.Fatal(err)
			}
			o.drain(t)
			o.drain(t)
			got := s.received(t, 1)[0]
			header := got.header(t)
			for name, want := range map[string]string{
				"Subject": "Łukasz’ ticket 🎫", "From": `"Turnout" <crew@turnout.example>`, "To": "<ada@example.org>",
				"Reply-To": "<crew@example.org>", "Message-Id": "<mail_7@turnout.example>", "Auto-Submitted": "auto-generated",
			} {
				if header.Get(name) != want {
					t.Errorf("%s is %q, want %q", name, header.Get(name), want)
				}
			}
			parts := leaves(t, header.Get("Content-Type"), strings.SplitN(got.data, "\r\n\r\n", 2)[1])
			if fmt.Sprint(parts) != "[text/plain  text/html  text/calendar Änderung.ics]" {
				t.Errorf("the parts are %v", parts)
			}
			if s.user != "crew" {
				t.Errorf("signed in as %q", s.user)
			}
			if list := o.list(t); list[0].State != mail.Sent {
				t.Errorf("noted as %s", list[0].State)
			}
		})
	}
}

// leaves names type and file of each part that is no multipart itself.
func leaves(t *testing.T, contentType, body string) []string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return []string{kind}
	}
	var all []string
	for r := multipart.NewReader(strings.NewReader(body), params["boundary"]); ; {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		inner, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		found := leaves(t, part.Header.Get("Content-Type"), string(inner))
		if len(found) == 1 && !strings.HasPrefix(part.Header.Get("Content-Type"), "multipart/") {
			file, err := new(mime.WordDecoder).DecodeHeader(part.FileName())
			if err != nil {
				t.Fatal(err)
			}
			found[0] += " " + file
		}
		all = append(all, found...)
	}
}

func TestWhatTheServerRefuses(t *testing.T) {
	full := func() error { return &smtp.SMTPError{Code: 452, Message: "mailbox of ada@example.org full"} }
	nobody := func() error { return &smtp.SMTPError{Code: 550, Message: "no ada@example.org here"} }
	for _, tt := range []struct {
		name           string
		onRcpt, onData func() error
		state          mail.State
		dead           int
	}{
		{"recipient, for now", full, nil, mail.Queued, 0},
		{"recipient, for good", nobody, nil, mail.Failed, 1},
		{"message, for now", nil, full, mail.Queued, 0},
		{"message, for good", nil, nobody, mail.Failed, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				s := newServer(t)
				s.answer(tt.onRcpt, tt.onData)
				o := newOffice(t, db, s.sender(t, ""))
				if err := o.queue(t, mail.Message{To: "ada@example.org", Subject: "s", Text: "t"}); err != nil {
					t.Fatal(err)
				}
				o.drain(t)
				if got := o.list(t)[0]; got.State != tt.state || got.LastError == "" {
					t.Errorf("noted as %s, %q", got.State, got.LastError)
				}
				dead, err := jobs.DeadOnes(t.Context(), db.Read(), "com_1", "", 10)
				if err != nil || len(dead) != tt.dead {
					t.Fatalf("dead jobs: %v, %v", dead, err)
				}
				s.answer(nil, nil)
				o.now = o.now.Add(time.Hour)
				for _, job := range dead { // the organiser tries again
					if err := o.db.Tx(t.Context(), retry(job, o.now)); err != nil {
						t.Fatal(err)
					}
					if strings.Contains(job.LastError, "ada") {
						t.Errorf("the job's error names a person: %q", job.LastError)
					}
				}
				o.drain(t)
				s.received(t, 1)
				if got := o.list(t)[0]; got.State != mail.Sent || got.LastError != "" {
					t.Errorf("afterwards noted as %s, %q", got.State, got.LastError)
				}
			})
		})
	}
}

// The server is down for an hour; then each message goes out once.
func TestAnHourWithoutServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newServer(t)
		s.answer(func() error { return &smtp.SMTPError{Code: 421, Message: "closing"} }, nil)
		o := newOffice(t, db, s.sender(t, ""))
		for i := range 5 {
			if err := o.queue(t, mail.Message{To: fmt.Sprintf("p%d@example.org", i), Subject: "s", Text: "t"}); err != nil {
				t.Fatal(err)
			}
		}
		for range 60 {
			o.drain(t)
			o.now = o.now.Add(time.Minute)
		}
		s.received(t, 0)
		s.answer(nil, nil)
		for range 120 {
			o.drain(t)
			o.now = o.now.Add(time.Minute)
		}
		s.received(t, 5)
	})
}

func TestAddressesOfServers(t *testing.T) {
	for _, tt := range []struct{ server, from string }{
		{"http://mail.example:25", "crew@turnout.example"},
		{"smtp://", "crew@turnout.example"},
		{"smtp://u:hunter2@mail.example:0", "crew@turnout.example"},
		{"smtp://u:hunter2@mail.example:99999", "crew@turnout.example"},
		{"smtp://u:hunter2@mail.example/path", "crew@turnout.example"},
		{"smtp://u:hunter2%zz@mail.example", "crew@turnout.example"},
		{"smtp://mail.example", "the crew"},
	} {
		if _, err := mail.NewSMTP(tt.server, tt.from); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s, %s: %v", tt.server, tt.from, err)
		}
	}
}

func retry(job jobs.Job, at time.Time) func(context.Context, bun.Tx) error {
	return func(ctx context.Context, tx bun.Tx) error { return jobs.Retry(ctx, tx, "com_1", job.ID, at) }
}
