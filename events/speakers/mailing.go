package speakers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/internal/mail"
)

const (
	prefixMailing = "spm"
	// JobMailing mails links to many speakers.
	JobMailing = "speakers.mail_links"
	// MailedLately is how long nobody is written to again together with others.
	MailedLately = time.Hour
)

// Errors of mailings.
var (
	ErrUnderWay = &turnout.Error{Kind: turnout.Conflict, Code: "speaker_mailing", Message: "Links are being sent already. Wait until that is done."}
	ErrNobody   = &turnout.Error{Kind: turnout.Conflict, Code: "speaker_nobody", Message: "There is nobody to send a link to: all have answered, have no e-mail address, or got one within the last hour."}
)

// Mailing is a link mailed to many speakers of an event, to each once.
type Mailing struct {
	bun.BaseModel `bun:"table:speaker_mailings,alias:mailing"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	Wanted      int64      `bun:"wanted"` // how many are written to
	CreatedAt   time.Time  `bun:"created_at"`
	DoneAt      time.Time  `bun:"done_at,nullzero"` // zero: under way

	Told int64 `bun:"-"` // of them, so far
}

type mailingJob struct {
	Mailing  turnout.ID   `json:"mailing"`
	Speakers []turnout.ID `json:"speakers"`
}

// StartMailing has links mailed to speakers of an event in the background. It runs in the caller's transaction, which holds the event. Errors: ErrUnderWay, ErrNobody.
func (s *Service) StartMailing(ctx context.Context, tx bun.Tx, e *events.Event, ids []turnout.ID) (*Mailing, error) {
	if len(ids) == 0 {
		return nil, ErrNobody
	}
	now := s.now()
	m := &Mailing{ID: turnout.NewID(prefixMailing), CommunityID: e.CommunityID, EventID: e.ID, Wanted: int64(len(ids)), CreatedAt: now}
	underWay, err := tx.NewSelect().Model((*Mailing)(nil)).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Where("done_at IS NULL").Where("created_at > ?", now.Add(-MailedLately)).Exists(ctx) // one that got stuck is no reason for ever
	if err != nil {
		return nil, err
	}
	if underWay {
		return nil, ErrUnderWay
	}
	if _, err := tx.NewInsert().Model(m).Exec(ctx); err != nil {
		return nil, err
	}
	if err := jobs.Enqueue(ctx, tx, e.CommunityID, JobMailing, mailingJob{m.ID, ids}, now); err != nil {
		return nil, err
	}
	return m, audit.Write(ctx, tx, audit.Entry{Community: e.CommunityID, Action: "speakers.links_sent", Subject: e.ID, Detail: map[string]string{"count": fmt.Sprint(len(ids))}, At: now})
}

// Register has the runner do the background work about speakers.
func (s *Service) Register(r *jobs.Runner) { r.Handle(JobMailing, s.mailLinks) }

// mailLinks writes to each speaker of a mailing who was not written to yet: run again after a crash, it goes on where it stopped.
func (s *Service) mailLinks(ctx context.Context, job jobs.Job) error {
	var what mailingJob
	if err := job.Read(&what); err != nil {
		return err
	}
	for _, id := range what.Speakers {
		if err := s.mailLink(ctx, job.Community, what.Mailing, id); err != nil {
			return fmt.Errorf("speakers: mailing %s: %s: %w", what.Mailing, id, err)
		}
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*Mailing)(nil)).Set("done_at = ?", s.now()).Where("id = ?", what.Mailing).Where("community_id = ?", job.Community).
			Where("done_at IS NULL").Exec(ctx)
		return err
	})
}

// mailLink writes to one speaker of a mailing. Who was removed meanwhile, or has no address any more, is left out.
func (s *Service) mailLink(ctx context.Context, community, mailing, id turnout.ID) error {
	sp, err := Find(ctx, s.DB.Read(), community, id)
	if errors.Is(err, turnout.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	link, letter, err := s.letter(ctx, sp, mailing)
	if errors.Is(err, ErrNoEmail) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := holdSpeaker(ctx, tx, sp, letter.To); err != nil { // another address since: the job is tried again
			return err
		}
		made, err := database.Changed(tx.NewInsert().Model(link).On("CONFLICT (mailing_id, speaker_id) DO NOTHING").Exec(ctx))
		if err != nil || made == 0 { // written to already
			return err
		}
		return mail.Queue(ctx, tx, community, letter, s.now())
	})
}

// LatestMailing gives the last mailing of an event with how far it is, nil when there was none.
func LatestMailing(ctx context.Context, db bun.IDB, community, event turnout.ID) (*Mailing, error) {
	var row struct {
		Mailing `bun:",extend"`
		Sent    int64
	}
	err := db.NewSelect().Model(&row).ColumnExpr("mailing.*").ColumnExpr("(SELECT COUNT(*) FROM speaker_links AS link WHERE link.mailing_id = mailing.id) AS sent").
		Where("mailing.community_id = ?", community).Where("mailing.event_id = ?", event).OrderExpr("mailing.id DESC").Limit(1).Scan(ctx)
	if database.IsNoRows(err) {
		return nil, nil //nolint:nilnil // none
	}
	row.Told = row.Sent
	return &row.Mailing, err
}
