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
)

// PrefixSpeaker begins the ids of speakers.
const PrefixSpeaker = "spk"

// Limits of the texts, in characters.
const (
	maxName = 200
	maxBio  = 50_000
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
	PhotoHash   string     `bun:"photo_hash"`
	Version     int64      `bun:"version"` // rises with each edit; the ETag
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`
}

// Input is what an organiser says about a speaker.
type Input struct {
	Name  string
	Email string // optional
	Bio   string // markdown, optional
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *Input) Check() error {
	var problems turnout.Problems
	in.Name = strings.TrimSpace(in.Name)
	problems.Require("name", in.Name)
	problems.Length("name", in.Name, maxName)
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

// Service holds the use cases about speakers.
type Service struct {
	DB  *database.DB
	Now func() time.Time
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

// Update replaces what is said about a speaker. version is what the caller saw, 0 for whatever is there. Errors:
// turnout.ErrNotFound, turnout.ErrStale, Invalid with fields.
func (s *Service) Update(ctx context.Context, community, id turnout.ID, version int64, in Input) (*Speaker, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var speaker *Speaker
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		var err error
		if speaker, err = Find(ctx, tx, community, id); err != nil {
			return err
		}
		if version != 0 && version != speaker.Version {
			return turnout.ErrStale
		}
		now, seen := s.now(), speaker.Version
		if err := speaker.take(ctx, tx, in, now); err != nil {
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
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "speaker.updated", Subject: id, At: now})
	})
	if err != nil {
		return nil, err
	}
	return speaker, nil
}

// take copies the input and finds the person behind the e-mail address.
func (sp *Speaker) take(ctx context.Context, tx bun.Tx, in Input, now time.Time) error {
	sp.Name, sp.Email, sp.Bio = in.Name, in.Email, in.Bio
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
		if _, err := Find(ctx, tx, community, id); err != nil {
			return err
		}
		used, err := tx.NewSelect().TableExpr("session_speakers").Where("community_id = ?", community).Where("speaker_id = ?", id).Exists(ctx)
		if err != nil {
			return err
		}
		if used {
			return ErrInUse
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
