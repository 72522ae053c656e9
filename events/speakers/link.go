package speakers

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/internal/audit"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/internal/mail"
)

// How long links work, and how often they are mailed and noted.
const (
	LinksAfter  = 90 * 24 * time.Hour // behind the event's end: slides come late
	mailPause   = time.Minute         // between two mails to one speaker
	openedNoted = 10 * time.Minute
)

// Errors of links.
var (
	ErrLink     = &turnout.Error{Kind: turnout.NotFound, Code: "speaker_link", Message: "This link does not work any more. Ask the organisers for a new one."}
	ErrNoEmail  = &turnout.Error{Kind: turnout.Conflict, Code: "speaker_no_email", Message: "There is no e-mail address to send the link to. Enter it first."}
	ErrJustSent = &turnout.Error{Kind: turnout.Conflict, Code: "speaker_just_sent", Message: "A link was sent a moment ago. Wait a minute before you send another one."}
)

// Link is a secret link to a speaker's page. Every mail has one of its own, and those of earlier mails go on working until they are ended.
type Link struct {
	bun.BaseModel `bun:"table:speaker_links,alias:link"`

	TokenHash   string     `bun:"token_hash,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	SpeakerID   turnout.ID `bun:"speaker_id"`
	MailingID   turnout.ID `bun:"mailing_id,nullzero"` // "": it was mailed alone
	CreatedAt   time.Time  `bun:"created_at"`
	OpenedAt    time.Time  `bun:"opened_at,nullzero"` // to ten minutes; zero: never
	EndedAt     time.Time  `bun:"ended_at,nullzero"`  // renewed or revoked
}

// LinkState is how a speaker's links stand.
type LinkState struct {
	Working  int       // how many
	SentAt   time.Time // the last one; zero: never
	OpenedAt time.Time // any of them, the last time; zero: never
}

// Open gives the speaker whose link it is and their event, and notes that it was opened. A link that is unknown, ended, too old or another speaker's is ErrLink.
func (s *Service) Open(ctx context.Context, id turnout.ID, secret string) (*Speaker, *events.Event, error) {
	db, link, now := s.DB.Read(), new(Link), s.now()
	err := db.NewSelect().Model(link).Where("token_hash = ?", organisers.Digest(secret)).Where("speaker_id = ?", id).Where("ended_at IS NULL").Scan(ctx)
	if database.IsNoRows(err) {
		return nil, nil, ErrLink
	}
	if err != nil {
		return nil, nil, err
	}
	sp, err := Find(ctx, db, link.CommunityID, id)
	if err != nil {
		return nil, nil, err
	}
	e, err := events.Find(ctx, db, link.CommunityID, string(link.EventID))
	if err != nil {
		return nil, nil, err
	}
	if !now.Before(e.EndsAt.Add(LinksAfter)) {
		return nil, nil, ErrLink
	}
	if now.Sub(link.OpenedAt) < openedNoted {
		return sp, e, nil
	}
	return sp, e, s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model(link).Set("opened_at = ?", now).WherePK().Where("community_id = ?", link.CommunityID).Exec(ctx)
		return err
	})
}

// linkMail is what the mail with a link says.
type linkMail struct {
	Community, Accent, Name, EventTitle, URL string
	Days                                     int // how long behind the event the link works
}

// SendLink mails a speaker a new link to their page. renew ends those that were sent before. Errors: turnout.ErrNotFound, ErrNoEmail, ErrJustSent.
func (s *Service) SendLink(ctx context.Context, community, id turnout.ID, renew bool) error {
	sp, err := Find(ctx, s.DB.Read(), community, id)
	if err != nil {
		return err
	}
	link, letter, err := s.letter(ctx, sp, "")
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := holdSpeaker(ctx, tx, sp, letter.To); err != nil {
			return err
		}
		now := s.now()
		justSent, err := tx.NewSelect().Model((*Link)(nil)).Where("speaker_id = ?", id).Where("community_id = ?", community).Where("created_at > ?", now.Add(-mailPause)).
			Where("ended_at IS NULL").Exists(ctx)
		if err != nil {
			return err
		}
		if justSent && !renew {
			return ErrJustSent
		}
		action := "speaker.link_sent"
		if renew {
			action = "speaker.link_renewed"
			if err := endLinks(ctx, tx, sp, now); err != nil {
				return err
			}
		}
		if _, err := tx.NewInsert().Model(link).Exec(ctx); err != nil {
			return err
		}
		if err := mail.Queue(ctx, tx, community, letter, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: action, Subject: id, At: now})
	})
}

// EndLinks has none of a speaker's links work any more. Error: turnout.ErrNotFound.
func (s *Service) EndLinks(ctx context.Context, community, id turnout.ID) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		sp, err := hold(ctx, tx, community, id)
		if err != nil {
			return err
		}
		if err := endLinks(ctx, tx, sp, s.now()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "speaker.links_ended", Subject: id, At: s.now()})
	})
}

func endLinks(ctx context.Context, tx bun.Tx, sp *Speaker, now time.Time) error {
	_, err := tx.NewUpdate().Model((*Link)(nil)).Set("ended_at = ?", now).Where("speaker_id = ?", sp.ID).Where("community_id = ?", sp.CommunityID).
		Where("ended_at IS NULL").Exec(ctx)
	return err
}

// holdSpeaker makes other mails to the speaker wait until the transaction ends, and fails when the address is another one since.
func holdSpeaker(ctx context.Context, tx bun.Tx, sp *Speaker, email string) error {
	n, err := database.Changed(tx.NewUpdate().Model((*Speaker)(nil)).Set("version = version").Where("id = ?", sp.ID).Where("community_id = ?", sp.CommunityID).
		Where("email = ?", email).Exec(ctx))
	if err == nil && n == 0 {
		return turnout.ErrStale
	}
	return err
}

// letter makes a link and the mail with it. The secret is in the mail alone.
func (s *Service) letter(ctx context.Context, sp *Speaker, mailing turnout.ID) (*Link, mail.Message, error) {
	if sp.Email == "" {
		return nil, mail.Message{}, ErrNoEmail
	}
	e, err := events.Find(ctx, s.DB.Read(), sp.CommunityID, string(sp.EventID))
	if err != nil {
		return nil, mail.Message{}, err
	}
	community, err := organisers.FindCommunity(ctx, s.DB.Read(), string(sp.CommunityID))
	if err != nil {
		return nil, mail.Message{}, err
	}
	secret := organisers.NewSecret()
	link := &Link{TokenHash: organisers.Digest(secret), CommunityID: sp.CommunityID, EventID: sp.EventID, SpeakerID: sp.ID, MailingID: mailing, CreatedAt: s.now()}
	subject, html, text, err := s.Pages.Email(community.Locale, "speaker_link", linkMail{Community: community.Name, Accent: community.Accent, Name: sp.Name,
		EventTitle: e.Title, URL: s.BaseURL + "/speak/" + string(sp.ID) + "?secret=" + secret, Days: int(LinksAfter / (24 * time.Hour))})
	return link, mail.Message{To: sp.Email, Subject: subject, HTML: html, Text: text, Source: sp.ID}, err
}

// LinkStates gives how the links of an event's speakers stand, or of one of them ("" for all); who is not in it was sent none.
func LinkStates(ctx context.Context, db bun.IDB, community, event, speaker turnout.ID) (map[turnout.ID]LinkState, error) {
	var rows []Link
	query := db.NewSelect().Model(&rows).Where("community_id = ?", community).Where("event_id = ?", event).OrderExpr("speaker_id, created_at")
	if speaker != "" {
		query = query.Where("speaker_id = ?", speaker)
	}
	err := query.Scan(ctx)
	all := map[turnout.ID]LinkState{}
	for _, r := range rows {
		state := all[r.SpeakerID]
		state.SentAt = r.CreatedAt.UTC()
		if r.EndedAt.IsZero() {
			state.Working++
		}
		if r.OpenedAt.After(state.OpenedAt) {
			state.OpenedAt = r.OpenedAt.UTC()
		}
		all[r.SpeakerID] = state
	}
	return all, err
}

// forget removes what belongs to a speaker who is about to be removed.
func forget(ctx context.Context, tx bun.Tx, sp *Speaker) error {
	if err := dropPhoto(ctx, tx, sp); err != nil {
		return err
	}
	var slides []string
	if err := tx.NewSelect().TableExpr("session_slides").Column("id").Where("speaker_id = ?", sp.ID).Where("community_id = ?", sp.CommunityID).Scan(ctx, &slides); err != nil {
		return err
	}
	if err := blobs.Remove(ctx, tx, slides...); err != nil {
		return err
	}
	for _, table := range []string{"session_slides", "speaker_answers", "speaker_links", "speaker_times"} {
		if _, err := tx.NewDelete().TableExpr(table).Where("speaker_id = ?", sp.ID).Where("community_id = ?", sp.CommunityID).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
