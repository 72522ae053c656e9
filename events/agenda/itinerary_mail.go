package agenda

import (
	"cmp"
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/events/people"
	"turnout/internal/mail"
)

// confirmMail is what the mail says that asks whether an address wants to be told of changes.
type confirmMail struct {
	Community, Accent, EventTitle, URL string
}

// AskToTell mails to an address the question whether changes of an itinerary's sessions are to be told there; nothing is told before the answer. locale is the language of these mails.
// An address that was asked too often lately is not asked again, and that is no error: who typed it is not to learn of others. Errors: turnout.ErrNotFound, Invalid about "email".
func (s *Service) AskToTell(ctx context.Context, e *events.Event, it *Itinerary, email, locale string) error {
	email, err := people.NormaliseEmail(email)
	if err != nil {
		return turnout.Invalidf("email", "email", "This is not an e-mail address.")
	}
	community, err := organisers.FindCommunity(ctx, s.DB.Read(), string(e.CommunityID))
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		id, err := s.holdItinerary(ctx, tx, e, it)
		if err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model((*Itinerary)(nil)).Set("asked_email = ?", email).Set("locale = ?", locale).Where("id = ?", id).Exec(ctx); err != nil {
			return err
		}
		may, err := organisers.MayMailAgain(ctx, tx, "itinerary "+string(e.ID)+" "+email, s.now())
		if err != nil || !may {
			return err
		}
		url := s.itineraryURL(e, id, "/tell?secret="+s.Keys.Sign(secretConfirm, string(id), email))
		subject, html, text, err := s.Pages.Email(cmp.Or(locale, community.Locale), "itinerary_confirm", confirmMail{community.Name, community.Accent, e.Title, url})
		if err != nil {
			return err
		}
		return mail.Queue(ctx, tx, e.CommunityID, mail.Message{To: email, Subject: subject, HTML: html, Text: text, Source: id}, s.now())
	})
}

func (s *Service) itineraryURL(e *events.Event, id turnout.ID, rest string) string {
	return s.BaseURL + "/e/" + e.Slug + "/my-agenda/" + string(id) + rest
}

// AskedToTell reports whether a secret is that of the mail which AskToTell sent last for an itinerary. Error: turnout.ErrNotFound when it is not.
func (s *Service) AskedToTell(ctx context.Context, e *events.Event, id turnout.ID, secret string) (*Itinerary, error) {
	it, err := s.readItinerary(ctx, s.DB.Read(), e, id)
	if err != nil {
		return nil, err
	}
	for _, email := range []string{it.AskedEmail, it.Email} { // the second: the link is opened once more
		if email != "" && s.Keys.Verify(secret, secretConfirm, string(id), email) {
			return it, nil
		}
	}
	return nil, turnout.ErrNotFound
}

// Tell has changes told to the address that was asked. Once more it does nothing. Error: turnout.ErrNotFound for another secret than the last mail's.
func (s *Service) Tell(ctx context.Context, e *events.Event, id turnout.ID, secret string) error {
	it, err := s.AskedToTell(ctx, e, id, secret)
	if err != nil {
		return err
	}
	if it.AskedEmail == "" || !s.Keys.Verify(secret, secretConfirm, string(id), it.AskedEmail) {
		return nil
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*Itinerary)(nil)).Set("email = asked_email").Set("asked_email = ''").Set("updated_at = ?", s.now()).
			Where("id = ?", it.ID).Where("community_id = ?", e.CommunityID).Where("asked_email = ?", it.AskedEmail).Exec(ctx)
		return err
	})
}

// ItineraryToStop gives an itinerary to whoever has the secret under which mails about it are stopped. Error: turnout.ErrNotFound.
func (s *Service) ItineraryToStop(ctx context.Context, e *events.Event, id turnout.ID, secret string) (*Itinerary, error) {
	if !s.Keys.Verify(secret, secretStop, string(id)) {
		return nil, turnout.ErrNotFound
	}
	return s.readItinerary(ctx, s.DB.Read(), e, id)
}

// StopTelling has nothing more told of an itinerary, and forgets the address. Once more it does nothing.
func (s *Service) StopTelling(ctx context.Context, it *Itinerary) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*Itinerary)(nil)).Set("email = ''").Set("asked_email = ''").Set("updated_at = ?", s.now()).
			Where("id = ?", it.ID).Where("community_id = ?", it.CommunityID).Exec(ctx)
		return err
	})
}

// addressesKept is how long after an event the addresses of those are kept who wanted to be told of its changes.
const addressesKept = 30 * 24 * time.Hour

// emptyKept is how long an itinerary in which nothing is marked is kept: its link may be somebody's yet.
const emptyKept = 30 * 24 * time.Hour

// forgetAddresses deletes addresses that nothing more will be told to, and itineraries in which nothing was marked for long.
func (s *Service) forgetAddresses(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*Itinerary)(nil)).Set("email = ''").Set("asked_email = ''").Where("(email <> '' OR asked_email <> '')").
			Where("event_id IN (?)", tx.NewSelect().Model((*events.Event)(nil)).Column("id").Where("ends_at < ?", s.now().Add(-addressesKept))).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewDelete().Model((*Itinerary)(nil)).Where("updated_at < ?", s.now().Add(-emptyKept)).Where("merged_into IS NULL").
			Where("NOT EXISTS (SELECT 1 FROM itinerary_sessions AS chosen WHERE chosen.itinerary_id = itinerary.id)").Exec(ctx)
		return err
	})
}

// itineraryPlans are the plans of those who marked sessions, in two statements. Those without an address that was confirmed are counted and not told.
func (s *Service) itineraryPlans(ctx context.Context, db bun.IDB, e *events.Event) ([]Plan, error) {
	var all []*Itinerary
	if err := db.NewSelect().Model(&all).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Where("merged_into IS NULL").OrderExpr("id").Scan(ctx); err != nil {
		return nil, err
	}
	var chosen []itinerarySession
	err := db.NewSelect().Model(&chosen).Column("itinerary_id", "session_id").Join("JOIN itineraries AS itinerary ON itinerary.id = chosen.itinerary_id").
		Where("itinerary.event_id = ?", e.ID).Where("itinerary.community_id = ?", e.CommunityID).Scan(ctx)
	if err != nil {
		return nil, err
	}
	of := map[turnout.ID][]turnout.ID{}
	for _, c := range chosen {
		of[c.ItineraryID] = append(of[c.ItineraryID], c.SessionID)
	}
	var plans []Plan
	for _, it := range all {
		if len(of[it.ID]) == 0 {
			continue
		}
		id := string(it.ID)
		plans = append(plans, Plan{ID: it.ID, Sessions: of[it.ID], Email: it.Email, Locale: it.Locale,
			URL: s.itineraryURL(e, it.ID, "?secret="+s.Keys.Sign(secretItinerary, id)), StopURL: s.itineraryURL(e, it.ID, "/stop?secret="+s.Keys.Sign(secretStop, id))})
	}
	return plans, nil
}
