package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"turnout/internal/jobs"
)

// SMTP is the Sender that hands messages to a mail server.
type SMTP struct {
	// TLS replaces the usual settings, for servers with certificates of their own; nil otherwise.
	TLS *tls.Config

	from           mail.Address
	host           string
	port           int
	user, password string
	implicitTLS    bool
}

// NewSMTP reads a server's address, smtp://user:password@host:port (port 587, STARTTLS) or smtps://… (port 465, TLS from
// the first byte), and the sender's, `Name <address>`. Over smtp:// a server that is not on this machine must offer
// STARTTLS. The error repeats no part of the server's address, which may hold a password.
func NewSMTP(server, from string) (*SMTP, error) {
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail: the sender %q is not an address", from)
	}
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Path != "" && u.Path != "/" {
		return nil, errors.New("mail: the SMTP server is not given as smtp://user:password@host:port or smtps://…")
	}
	s := &SMTP{from: *sender, host: u.Hostname(), port: 587, user: u.User.Username(), implicitTLS: u.Scheme == "smtps"}
	s.password, _ = u.User.Password()
	if s.implicitTLS {
		s.port = 465
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return nil, errors.New("mail: the SMTP server's port is no port")
		}
	}
	return s, nil
}

// Send implements Sender. The server's refusal of the recipient or of the message (5xx) is permanent; whatever else goes
// wrong may be better later.
func (s *SMTP) Send(ctx context.Context, m Message) (State, error) {
	msg, err := s.compose(m)
	if err != nil {
		return "", jobs.Permanent(err)
	}
	client, err := s.client()
	if err != nil {
		return "", err
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() { // after the server took it, a failing goodbye means nothing
		return Sent, nil
	}
	err = fmt.Errorf("mail: %w", err)
	if refused := (*gomail.SendError)(nil); errors.As(err, &refused) && refused.ErrorCode() >= 500 {
		switch refused.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
			return "", jobs.Permanent(err)
		}
	}
	return "", err
}

func (s *SMTP) client() (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithPort(s.port), gomail.WithTimeout(30 * time.Second)}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	options = append(options, gomail.WithHELO(domain))
	if s.TLS != nil {
		options = append(options, gomail.WithTLSConfig(s.TLS))
	}
	switch {
	case s.implicitTLS:
		options = append(options, gomail.WithSSL())
	case s.onThisMachine():
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.user != "" {
		auth := gomail.SMTPAuthAutoDiscover
		if !s.implicitTLS && s.onThisMachine() { // AutoDiscover offers nothing simple without TLS
			auth = gomail.SMTPAuthPlain
		}
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
	}
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return client, nil
}

func (s *SMTP) onThisMachine() bool {
	return s.host == "localhost" || net.ParseIP(s.host).IsLoopback()
}

func (s *SMTP) compose(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	msg.FromMailAddress(&s.from)
	msg.ToMailAddress(&mail.Address{Address: m.To})
	if m.ReplyTo != "" {
		msg.ReplyToMailAddress(&mail.Address{Address: m.ReplyTo})
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	msg.SetMessageIDWithValue(string(m.ID) + "@" + domain)
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies
	msg.Subject(m.Subject)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attachments {
		if err := msg.AttachReader(a.Name, bytes.NewReader(a.Data), gomail.WithFileContentType(gomail.ContentType(a.Type))); err != nil {
			return nil, fmt.Errorf("mail: attach %s: %w", a.Name, err)
		}
	}
	return msg, nil
}
