package sandbox

import (
	"context"
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/ticketing/payments"
)

// session is a Checkout Session in Stripe's field names, and below them what the sandbox notes for itself.
//
//	open ──> complete, paid                   Pay
//	open ──> complete, unpaid ──> paid        Delay, then Pay
//	                          ──> (failed)    Delay, then Decline
//	open ──> expired                          Abandon, the API's expire, or time
//	expired ──> complete, paid                PayLate only: Stripe has no such step, see there
type session struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	AmountSubtotal    int64             `json:"amount_subtotal"`
	AmountTotal       int64             `json:"amount_total"`
	CancelURL         string            `json:"cancel_url"`
	ClientReferenceID string            `json:"client_reference_id,omitempty"`
	Created           int64             `json:"created"`
	Currency          string            `json:"currency"`
	CustomerEmail     string            `json:"customer_email,omitempty"`
	ExpiresAt         int64             `json:"expires_at"`
	Livemode          bool              `json:"livemode"`
	Metadata          map[string]string `json:"metadata"`
	Mode              string            `json:"mode"`
	PaymentIntent     any               `json:"payment_intent"` // id; the whole when expanded
	PaymentStatus     string            `json:"payment_status"`
	Status            string            `json:"status"`
	SuccessURL        string            `json:"success_url"`
	URL               *string           `json:"url"`

	Notes *notes `json:"sandbox,omitempty"` // never sent
}

type notes struct {
	Lines          []payments.Line   `json:"lines"` // unit prices as Stripe counts
	IntentMetadata map[string]string `json:"intent_metadata"`
	Declined       bool              `json:"declined"`
	PaidEvent      string            `json:"paid_event"` // the id of the event that said so
}

func (s session) name() string { return s.ID }

// sent is the session as the API and events show it.
func (s session) sent() session {
	s.Notes = nil
	return s
}

func (s session) intentID() string {
	id, _ := s.PaymentIntent.(string)
	return id
}

func (p *Provider) saveSession(ctx context.Context, tx bun.Tx, s session) error {
	kind := kindSession
	if s.Status == "open" {
		kind = kindOpenSession
	} else {
		s.URL = nil
	}
	return p.save(ctx, tx, kind, s.ID, s)
}

// createSession is POST /v1/checkout/sessions.
func (p *Provider) createSession(ctx context.Context, tx bun.Tx, c call) (any, error) {
	s := session{
		ID: "cs_test_" + newSuffix(), Object: "checkout.session", Created: p.now().Unix(), Mode: "payment", Status: "open", PaymentStatus: "unpaid",
		ClientReferenceID: c.form.Get("client_reference_id"), CustomerEmail: c.form.Get("customer_email"),
		SuccessURL: c.form.Get("success_url"), CancelURL: c.form.Get("cancel_url"),
		Metadata: map[string]string{}, Notes: &notes{IntentMetadata: map[string]string{}},
	}
	if err := s.readForm(c.form); err != nil {
		return nil, err
	}
	if err := s.check(c.form, p.now()); err != nil {
		return nil, err
	}
	s.SuccessURL = strings.ReplaceAll(s.SuccessURL, "{CHECKOUT_SESSION_ID}", s.ID)
	page := p.pageURL(s.ID)
	s.URL = &page
	return s.sent(), p.saveSession(ctx, tx, s)
}

// readForm takes the parameters with brackets, and refuses what it does not know.
func (s *session) readForm(form url.Values) error {
	lines := map[int]*payments.Line{}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		value := form.Get(name)
		path := strings.FieldsFunc(name, func(r rune) bool { return r == '[' || r == ']' })
		switch {
		case len(path) == 1 && slices.Contains(strings.Fields("mode client_reference_id customer_email success_url cancel_url expires_at locale"), name):
		case len(path) == 2 && path[0] == "metadata":
			s.Metadata[path[1]] = value
		case len(path) == 3 && path[0] == "payment_intent_data" && path[1] == "metadata":
			s.Notes.IntentMetadata[path[2]] = value
		case len(path) >= 3 && path[0] == "line_items":
			if err := s.readLine(lines, path[1], strings.Join(path[2:], "."), name, value); err != nil {
				return err
			}
		default:
			return invalid("parameter_unknown", name, "Received unknown parameter: %s", name)
		}
	}
	for _, i := range slices.Sorted(maps.Keys(lines)) {
		s.Notes.Lines = append(s.Notes.Lines, *lines[i])
	}
	return nil
}

func (s *session) readLine(lines map[int]*payments.Line, index, field, name, value string) error {
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= 100 {
		return invalid("", "line_items", "Invalid array of line items.")
	}
	if lines[i] == nil {
		lines[i] = &payments.Line{}
	}
	switch line := lines[i]; field {
	case "quantity":
		line.Quantity, err = strconv.ParseInt(value, 10, 64)
	case "price_data.unit_amount":
		line.UnitPrice, err = strconv.ParseInt(value, 10, 64)
	case "price_data.product_data.name":
		line.Name = value
	case "price_data.currency":
		if s.Currency != "" && s.Currency != value {
			return invalid("", name, "All line items must have the same currency.")
		}
		s.Currency = value
	default:
		return invalid("parameter_unknown", name, "Received unknown parameter: %s", name)
	}
	if err != nil {
		return invalid("parameter_invalid_integer", name, "Invalid integer: %s", value)
	}
	return nil
}

// check is what Stripe checks of what we send, and sums up the lines.
func (s *session) check(form url.Values, now time.Time) error {
	if form.Get("mode") != "payment" {
		return invalid("", "mode", "Only the mode payment is known here.")
	}
	if len(s.Notes.Lines) == 0 {
		return invalid("parameter_missing", "line_items", "You must provide line items.")
	}
	if _, ok := turnout.MinorUnits(strings.ToUpper(s.Currency)); !ok || s.Currency != strings.ToLower(s.Currency) {
		return invalid("", "line_items[0][price_data][currency]", "Invalid currency: %s", s.Currency)
	}
	for _, line := range s.Notes.Lines {
		if line.Name == "" || line.Quantity < 1 || line.UnitPrice < 0 || line.UnitPrice > 99999999 || line.Quantity > 999999 {
			return invalid("", "line_items", "Invalid line item.")
		}
		s.AmountTotal += line.UnitPrice * line.Quantity
	}
	s.AmountSubtotal = s.AmountTotal
	if s.AmountTotal < 1 {
		return invalid("amount_too_small", "line_items", "The total amount is too small.")
	}
	if s.AmountTotal > 99999999 {
		return invalid("amount_too_large", "line_items", "The total amount is too large.")
	}
	for name, address := range map[string]string{"success_url": s.SuccessURL, "cancel_url": s.CancelURL} {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return invalid("url_invalid", name, "Not a valid URL")
		}
	}
	if _, err := mail.ParseAddress(s.CustomerEmail); s.CustomerEmail != "" && err != nil {
		return invalid("email_invalid", "customer_email", "Invalid email address")
	}
	seconds, err := strconv.ParseInt(form.Get("expires_at"), 10, 64)
	end := time.Unix(seconds, 0)
	if err != nil || end.Before(now.Add(30*time.Minute)) || end.After(now.Add(24*time.Hour)) {
		return invalid("", "expires_at", "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.")
	}
	s.ExpiresAt = seconds
	return nil
}

// retrieveSession is GET /v1/checkout/sessions/{id}.
func (p *Provider) retrieveSession(ctx context.Context, c call) (any, error) {
	var s session
	if err := load(ctx, p.db.Read(), c.id, &s); err != nil {
		return nil, orMissing(err, "checkout.session", c.id)
	}
	if s.Status == "open" && s.over(p.now()) { // Sweep writes it down a moment later
		s.Status, s.URL = "expired", nil
	}
	if id := s.intentID(); id != "" && c.expands() {
		var i intent
		if err := load(ctx, p.db.Read(), id, &i); err != nil {
			return nil, err
		}
		s.PaymentIntent = i.expanded()
	}
	return s.sent(), nil
}

// expireSession is POST /v1/checkout/sessions/{id}/expire.
func (p *Provider) expireSession(ctx context.Context, tx bun.Tx, c call) (any, error) {
	var s session
	if err := loadLocked(ctx, tx, c.id, &s); err != nil {
		return nil, orMissing(err, "checkout.session", c.id)
	}
	if s.Status != "open" {
		return nil, invalid("", "session", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of %s.", s.Status)
	}
	_, err := p.expire(ctx, tx, &s, 0)
	return s.sent(), err
}

// expire closes an open session and gives the event that says so.
func (p *Provider) expire(ctx context.Context, tx bun.Tx, s *session, wait time.Duration) (string, error) {
	s.Status, s.URL = "expired", nil
	if err := p.saveSession(ctx, tx, *s); err != nil {
		return "", err
	}
	return p.emit(ctx, tx, "checkout.session.expired", s.sent(), wait)
}

func (s session) over(now time.Time) bool { return now.Unix() >= s.ExpiresAt }

// expireDue closes the sessions whose time is over.
func (p *Provider) expireDue(ctx context.Context) error {
	var old []string
	err := p.db.Read().NewSelect().Model((*object)(nil)).Column("id").Where("kind = ?", kindOpenSession).
		Where("created_at <= ?", p.now().UTC().Add(-30*time.Minute)). // none lives shorter
		OrderExpr("created_at").Limit(1000).Scan(ctx, &old)
	if err != nil {
		return err
	}
	for _, id := range old {
		err := p.db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			var s session
			if err := loadLocked(ctx, tx, id, &s); err != nil {
				return err
			}
			if s.Status != "open" || !s.over(p.now()) {
				return nil
			}
			_, err := p.expire(ctx, tx, &s, 0)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
