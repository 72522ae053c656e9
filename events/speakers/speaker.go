// Package speakers knows who presents at an event. A speaker belongs to one event, carries the person_id of the person
// behind it as soon as an e-mail address is known, and is linked to sessions by the agenda.
package speakers

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/templates"
)

// PrefixSpeaker begins the ids of speakers.
const PrefixSpeaker = "spk"

// Limits of the texts, in characters.
const (
	maxName     = 200
	maxTagline  = 200
	maxPronouns = 40
	maxBio      = 50_000
)

// ErrInUse is the answer to removing a speaker who still has sessions.
var ErrInUse = &turnout.Error{Kind: turnout.Conflict, Code: "speaker_in_use", Message: "This speaker still has sessions. Take them off those first."}

// Speaker is a person presenting at an event.
type Speaker struct {
	bun.BaseModel `bun:"table:speakers,alias:speaker"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	PersonID    turnout.ID `bun:"person_id,nullzero"`    // empty until an e-mail address is known
	ExternalKey string     `bun:"external_key,nullzero"` // of an import; empty when made here
	Name        string     `bun:"name"`
	Email       string     `bun:"email"` // as normalised by people; never public
	Bio         string     `bun:"bio"`   // markdown
	Tagline     string     `bun:"tagline"`
	Pronouns    string     `bun:"pronouns"`
	PhotoHash   string     `bun:"photo_hash"`
	Version     int64      `bun:"version"` // rises with each edit; the ETag
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`
}

// Input is what is said about a speaker. All but the name is optional.
type Input struct {
	Name     string
	Email    string
	Bio      string // markdown
	Tagline  string // one line below the name: what they do, and where
	Pronouns string
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *Input) Check() error {
	var problems turnout.Problems
	in.Name, in.Tagline, in.Pronouns = strings.TrimSpace(in.Name), strings.TrimSpace(in.Tagline), strings.TrimSpace(in.Pronouns)
	problems.Require("name", in.Name)
	problems.Length("name", in.Name, maxName)
	problems.Length("tagline", in.Tagline, maxTagline)
	problems.Length("pronouns", in.Pronouns, maxPronouns)
	problems.Length("bio", in.Bio, maxBio)
	if in.Email != "" {
		email, err := people.NormaliseEmail(in.Email)
		if err != nil {
			problems.Add("email", "email", "This is not an e-mail address.")
		}
		in.Email = email
	}
	return problems.Err()
}

// Service holds the use cases about speakers. DB and Now must be set, Pages and BaseURL where links are mailed.
type Service struct {
	DB      *database.DB
	Now     func() time.Time
	Pages   *templates.Set // words and mails; nil where none are written
	BaseURL string         // of this installation, without a slash at its end
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// Add makes a speaker of the event (id or slug). Errors: turnout.ErrNotFound for the event, Invalid with fields.
func (s *Service) Add(ctx context.Context, community turnout.ID, event string, in Input) (*Speaker, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var speaker *Speaker
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.Find(ctx, tx, community, event)
		if err != nil {
			return err
		}
		now := s.now()
		speaker = &Speaker{ID: turnout.NewID(PrefixSpeaker), CommunityID: community, EventID: e.ID, Version: 1, CreatedAt: now, UpdatedAt: now}
		if err := speaker.take(ctx, tx, in, now); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(speaker).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "speaker.added", Subject: speaker.ID, At: now})
	})
	if err != nil {
		return nil, err
	}
	return speaker, nil
}

// Update replaces what is said about a speaker. version is what the caller saw, 0 for whatever is there. Another e-mail address ends the links that went
// to the old one. Errors: turnout.ErrNotFound, turnout.ErrStale, Invalid with fields.
func (s *Service) Update(ctx context.Context, community, id turnout.ID, version int64, in Input) (*Speaker, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	return s.edit(ctx, community, id, version, "speaker.updated", func(ctx context.Context, tx bun.Tx, sp *Speaker) (string, error) {
		before := *sp
		if err := sp.take(ctx, tx, in, s.now()); err != nil {
			return "", err
		}
		if before.Email != sp.Email {
			if err := endLinks(ctx, tx, sp, s.now()); err != nil {
				return "", err
			}
		}
		return differing(&before, sp), nil
	})
}

// SaveProfile is Update by the speaker, who cannot change the e-mail address: a link that fell into wrong hands would else be theirs for good.
func (s *Service) SaveProfile(ctx context.Context, community, id turnout.ID, version int64, in Input) (*Speaker, error) {
	in.Email = ""
	if err := in.Check(); err != nil {
		return nil, err
	}
	return s.edit(ctx, community, id, version, "speaker.updated", func(_ context.Context, _ bun.Tx, sp *Speaker) (string, error) {
		before := *sp
		sp.Name, sp.Bio, sp.Tagline, sp.Pronouns = in.Name, in.Bio, in.Tagline, in.Pronouns
		return differing(&before, sp), nil
	})
}

// edit holds a speaker, lets body change it, and writes it. body says which fields it changed, for the audit log: "name, bio".
func (s *Service) edit(ctx context.Context, community, id turnout.ID, version int64, action string, body func(ctx context.Context, tx bun.Tx, sp *Speaker) (string, error)) (*Speaker, error) {
	var speaker *Speaker
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		var err error
		if speaker, err = hold(ctx, tx, community, id); err != nil {
			return err
		}
		if version != 0 && version != speaker.Version {
			return turnout.ErrStale
		}
		now, seen := s.now(), speaker.Version
		fields, err := body(ctx, tx, speaker)
		if err != nil {
			return err
		}
		speaker.Version, speaker.UpdatedAt = seen+1, now
		n, err := database.Changed(tx.NewUpdate().Model(speaker).WherePK().Where("community_id = ?", community).Where("version = ?", seen).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return turnout.ErrStale
		}
		entry := audit.Entry{Community: community, Action: action, Subject: id, At: now}
		if fields != "" {
			entry.Detail = map[string]string{"fields": fields}
		}
		return audit.Write(ctx, tx, entry)
	})
	if err != nil {
		return nil, err
	}
	return speaker, nil
}

// differing names the fields in which two states of a speaker differ.
func differing(a, b *Speaker) string {
	var names []string
	for _, field := range []struct{ name, a, b string }{{"name", a.Name, b.Name}, {"email", a.Email, b.Email}, {"bio", a.Bio, b.Bio}, {"tagline", a.Tagline, b.Tagline},
		{"pronouns", a.Pronouns, b.Pronouns}} {
		if field.a != field.b {
			names = append(names, field.name)
		}
	}
	return strings.Join(names, ", ")
}

// take copies the input and finds the person behind the e-mail address.
func (sp *Speaker) take(ctx context.Context, tx bun.Tx, in Input, now time.Time) error {
	sp.Name, sp.Email, sp.Bio, sp.Tagline, sp.Pronouns = in.Name, in.Email, in.Bio, in.Tagline, in.Pronouns
	if in.Email == "" {
		sp.PersonID = ""
		return nil
	}
	ids, err := people.Ensure(ctx, tx, sp.CommunityID, now, []people.Contact{{Name: in.Name, Email: in.Email}})
	if err != nil {
		return err
	}
	sp.PersonID = ids[0]
	return nil
}

// Remove deletes a speaker without sessions. Errors: turnout.ErrNotFound, ErrInUse.
func (s *Service) Remove(ctx context.Context, community, id turnout.ID) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		sp, err := hold(ctx, tx, community, id)
		if err != nil {
			return err
		}
		used, err := tx.NewSelect().TableExpr("session_speakers").Where("community_id = ?", community).Where("speaker_id = ?", id).Exists(ctx)
		if err != nil {
			return err
		}
		if used {
			return ErrInUse
		}
		if err := forget(ctx, tx, sp); err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model((*Speaker)(nil)).Where("id = ?", id).Where("community_id = ?", community).Exec(ctx); err != nil {
			if database.IsConstraint(err) { // a session took the speaker in the meantime
				return ErrInUse.Because(err)
			}
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "speaker.removed", Subject: id, At: s.now()})
	})
}
