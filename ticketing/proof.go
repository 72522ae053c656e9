package ticketing

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/events/people"
	"turnout/internal/mail"
)

// proofFor is how long a link shows that an address is the reader's.
const proofFor = 24 * time.Hour

const proofSecret = "proof"

// ProofLink is the address of an event's checkout for whoever reads the mails of an e-mail address, which is normalised. what is kept of
// the form that asked: quantities, a voucher.
func (s *Service) ProofLink(event *events.Event, email string, kept url.Values) string {
	query := url.Values{}
	for name := range kept {
		query.Set(name, kept.Get(name))
	}
	until := strconv.FormatInt(s.Now().Add(proofFor).Unix(), 36)
	query.Set("proof", base64.RawURLEncoding.EncodeToString([]byte(email))+"."+until+"."+s.Keys.Sign(proofSecret, string(event.ID), email, until))
	return s.BaseURL + "/e/" + event.Slug + "/checkout?" + query.Encode()
}

// ProofOf gives the e-mail address that a token of ProofLink shows to be its bearer's, "" when it shows nothing, or no more.
func (s *Service) ProofOf(event turnout.ID, token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	email, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || !s.Keys.Verify(parts[2], proofSecret, string(event), string(email), parts[1]) {
		return ""
	}
	until, err := strconv.ParseInt(parts[1], 36, 64)
	if err != nil || s.Now().Unix() >= until {
		return ""
	}
	return string(email)
}

// SendProof mails a link to the checkout to an address, so that its reader can show that it is theirs. It does the same whether or not
// anything is sold to that address, so nobody learns who is a member. It fails with an Invalid error about "buyer.email".
func (s *Service) SendProof(ctx context.Context, event *events.Event, email, locale string, kept url.Values) error {
	email, err := people.NormaliseEmail(email)
	if err != nil {
		return turnout.Invalidf("buyer.email", "email", "This is not an e-mail address.")
	}
	b, err := s.brandOf(ctx, event)
	if err != nil {
		return err
	}
	subject, html, text, err := s.Pages.Email(locale, "proof", struct {
		Community, Accent, EventTitle, URL string
	}{b.Name, b.Accent, event.Title, s.ProofLink(event, email, kept)})
	if err != nil {
		return fmt.Errorf("ticketing: mail proof: %w", err)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		may, err := organisers.MayMailAgain(ctx, tx, "proof "+string(event.ID)+" "+email, s.Now())
		if err != nil || !may {
			return err
		}
		return mail.Queue(ctx, tx, event.CommunityID, mail.Message{To: email, Subject: subject, HTML: html, Text: text, Source: event.ID}, s.Now())
	})
	if err != nil {
		return fmt.Errorf("ticketing: send proof: %w", err)
	}
	return nil
}
