package agenda

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/speakers"
	"turnout/internal/audit"
	"turnout/internal/blobs"
	"turnout/internal/database"
)

const prefixSlides = "sld"

// Bounds of slides.
const (
	MaxSlides      = 10 << 20 // bytes of a file
	slidesEach     = 5        // files of a session
	slidesEntries  = 10_000   // of a packed presentation
	slidesUnpacked = 1 << 30  // bytes that a packed presentation may claim to be
	slidesRatio    = 200      // how often its own size, above slidesPlain
	slidesPlain    = 100 << 20
)

// Errors of slides.
var (
	ErrSlidesKind  = &turnout.Error{Kind: turnout.Invalid, Code: "slides_kind", Message: "Send the slides as a PDF, a PowerPoint (.pptx) or an OpenDocument (.odp) file without macros."}
	ErrSlidesLarge = &turnout.Error{Kind: turnout.TooLarge, Code: "slides_large", Message: "These slides are too large. Send a file of at most 10 MB."}
	ErrSlidesMany  = &turnout.Error{Kind: turnout.Conflict, Code: "slides_many", Message: "A session has at most 5 files. Remove one first."}
)

// Slides is a file of slides of a session. Its bytes are kept apart, under its id.
type Slides struct {
	bun.BaseModel `bun:"table:session_slides,alias:slides"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	SessionID   turnout.ID `bun:"session_id"`
	SpeakerID   turnout.ID `bun:"speaker_id"` // who sent them
	Name        string     `bun:"name"`       // as its sender calls it, with the ending of what it is
	ContentType string     `bun:"content_type"`
	Size        int64      `bun:"size"`   // bytes
	Public      bool       `bun:"public"` // once the session is over
	CreatedAt   time.Time  `bun:"created_at"`
}

// slidesKinds are what slides may be, with the ending of each.
var slidesKinds = map[string]string{
	"application/pdf": ".pdf",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
	"application/vnd.oasis.opendocument.presentation":                           ".odp",
}

// slidesKind reads from the bytes what they are, never from a name. What is packed is not unpacked here, and what would unpack to something enormous is refused.
func slidesKind(data []byte) (string, error) {
	if len(data) > MaxSlides {
		return "", ErrSlidesLarge
	}
	if bytes.HasPrefix(data, []byte("%PDF-")) {
		return "application/pdf", nil
	}
	pack, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(pack.File) == 0 || len(pack.File) > slidesEntries {
		return "", ErrSlidesKind.Because(err)
	}
	var unpacked uint64
	for _, f := range pack.File {
		name := strings.ToLower(f.Name)
		if unpacked += min(f.UncompressedSize64, slidesUnpacked+1); strings.HasSuffix(name, "vbaproject.bin") || strings.HasPrefix(name, "basic/") || strings.HasPrefix(name, "scripts/") {
			return "", ErrSlidesKind
		}
	}
	if unpacked > slidesUnpacked || unpacked > slidesPlain && unpacked > slidesRatio*uint64(len(data)) {
		return "", ErrSlidesLarge
	}
	kind := strings.TrimSpace(packedText(pack, "mimetype"))
	if kind == "" && strings.Contains(packedText(pack, "[Content_Types].xml"), "presentationml.presentation.main+xml") && packed(pack, "ppt/presentation.xml") != nil {
		kind = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	}
	if slidesKinds[kind] == "" || kind == "application/pdf" {
		return "", ErrSlidesKind
	}
	return kind, nil
}

func packed(pack *zip.Reader, name string) *zip.File {
	if i := slices.IndexFunc(pack.File, func(f *zip.File) bool { return f.Name == name }); i >= 0 {
		return pack.File[i]
	}
	return nil
}

// packedText reads the beginning of a small text in a package, "" where there is none.
func packedText(pack *zip.Reader, name string) string {
	f := packed(pack, name)
	if f == nil {
		return ""
	}
	r, err := f.Open()
	if err != nil {
		return ""
	}
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(io.LimitReader(r, 256<<10))
	if err != nil {
		return ""
	}
	return string(text)
}

// slidesName is the last part of a name, without what cannot stand in a header or a folder, and with the ending of the kind.
func slidesName(name, kind string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune(`"<>:|?*/`, r) {
			return -1
		}
		return r
	}, strings.TrimSuffix(name, path.Ext(name)))
	runes := []rune(strings.Trim(name, " ."))
	if len(runes) == 0 {
		runes = []rune("slides")
	}
	return string(runes[:min(len(runes), 100)]) + slidesKinds[kind]
}

// AddSlides keeps slides that a speaker sends of a session of theirs. Errors: ErrNotYours, ErrSlidesKind, ErrSlidesLarge, ErrSlidesMany.
func (s *Service) AddSlides(ctx context.Context, sp *speakers.Speaker, session turnout.ID, name string, data []byte, public bool) (*Slides, error) {
	kind, err := slidesKind(data)
	if err != nil {
		return nil, err
	}
	made := &Slides{ID: turnout.NewID(prefixSlides), CommunityID: sp.CommunityID, EventID: sp.EventID, SessionID: session, SpeakerID: sp.ID, Name: slidesName(name, kind),
		ContentType: kind, Size: int64(len(data)), Public: public, CreatedAt: s.now()}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, _, err := s.own(ctx, tx, sp, session); err != nil {
			return err
		}
		n, err := tx.NewSelect().Model((*Slides)(nil)).Where("session_id = ?", session).Where("community_id = ?", sp.CommunityID).Count(ctx)
		if err != nil {
			return err
		}
		if n >= slidesEach {
			return ErrSlidesMany
		}
		if err := blobs.Put(ctx, tx, s.now(), blobs.Blob{Name: string(made.ID), ContentType: kind, Data: data}); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(made).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, slidesEntry(sp, made, "speaker.slides_added", s.now()))
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func slidesEntry(sp *speakers.Speaker, made *Slides, action string, now time.Time) audit.Entry {
	return audit.Entry{Community: sp.CommunityID, Action: action, Subject: sp.ID, Detail: map[string]string{"session": string(made.SessionID), "slides": string(made.ID)}, At: now}
}

// SetSlidesPublic says whether slides of a speaker's session are public once it is over. Who sent them can always take that back. Errors: turnout.ErrNotFound, ErrNotYours.
func (s *Service) SetSlidesPublic(ctx context.Context, sp *speakers.Speaker, id turnout.ID, public bool) error {
	return s.changeSlides(ctx, sp, id, !public, func(ctx context.Context, tx bun.Tx, slides *Slides) (string, error) {
		_, err := tx.NewUpdate().Model(slides).Set("public = ?", public).WherePK().Where("community_id = ?", sp.CommunityID).Exec(ctx)
		if public {
			return "speaker.slides_public", err
		}
		return "speaker.slides_private", err
	})
}

// RemoveSlides removes slides of a speaker's session, or that they sent. Errors: turnout.ErrNotFound, ErrNotYours.
func (s *Service) RemoveSlides(ctx context.Context, sp *speakers.Speaker, id turnout.ID) error {
	return s.changeSlides(ctx, sp, id, true, func(ctx context.Context, tx bun.Tx, slides *Slides) (string, error) {
		if _, err := tx.NewDelete().Model(slides).WherePK().Where("community_id = ?", sp.CommunityID).Exec(ctx); err != nil {
			return "", err
		}
		return "speaker.slides_removed", blobs.Remove(ctx, tx, string(id))
	})
}

// changeSlides lets body change slides of a session in which the speaker speaks; withdrawing says that whoever sent them may do it too, whatever became of the session.
func (s *Service) changeSlides(ctx context.Context, sp *speakers.Speaker, id turnout.ID, withdrawing bool, body func(ctx context.Context, tx bun.Tx, slides *Slides) (string, error)) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		slides, err := findSlides(ctx, tx, sp.CommunityID, sp.EventID, id)
		if err != nil {
			return err
		}
		if _, _, err := s.own(ctx, tx, sp, slides.SessionID); err != nil && !(withdrawing && slides.SpeakerID == sp.ID && errors.Is(err, ErrNotYours)) {
			return err
		}
		action, err := body(ctx, tx, slides)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, slidesEntry(sp, slides, action, s.now()))
	})
}

func findSlides(ctx context.Context, db bun.IDB, community, event, id turnout.ID) (*Slides, error) {
	slides := new(Slides)
	err := db.NewSelect().Model(slides).Where("id = ?", id).Where("event_id = ?", event).Where("community_id = ?", community).Scan(ctx)
	return slides, database.NotFound(err)
}

// slidesOf gives the slides of the sessions of one speaker of an event, or of all ("" for the speaker), by session.
func slidesOf(ctx context.Context, db bun.IDB, community, event, speaker turnout.ID) (map[turnout.ID][]*Slides, error) {
	var rows []*Slides
	query := db.NewSelect().Model(&rows).Where("community_id = ?", community).Where("event_id = ?", event).OrderExpr("session_id, id")
	if speaker != "" {
		query = query.Where("session_id IN (SELECT session_id FROM session_speakers WHERE speaker_id = ?)", speaker)
	}
	err := query.Scan(ctx)
	all := map[turnout.ID][]*Slides{}
	for _, r := range rows {
		all[r.SessionID] = append(all[r.SessionID], r)
	}
	return all, err
}

// SlidesFile gives slides of an event with their bytes, for its organisers. Error: turnout.ErrNotFound.
func (s *Service) SlidesFile(ctx context.Context, e *events.Event, id turnout.ID) (*Slides, []byte, error) {
	slides, err := findSlides(ctx, s.DB.Read(), e.CommunityID, e.ID, id)
	if err != nil {
		return nil, nil, err
	}
	file, err := blobs.Find(ctx, s.DB.Read(), string(id))
	if err != nil {
		return nil, nil, err
	}
	return slides, file.Data, nil
}

// PublicSlides gives the slides of a released schedule that anybody may have, by the GUID of their session: those of sessions that are over there, sent by who speaks in
// them there.
func (s *Service) PublicSlides(ctx context.Context, e *events.Event) (map[string][]*Slides, error) {
	schedule, _, err := s.Schedule(ctx, e)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Slides `bun:",extend"`
		GUID   string `bun:"guid"`
	}
	err = s.DB.Read().NewSelect().Model(&rows).ColumnExpr("slides.*, session.guid").Join("JOIN sessions AS session ON session.id = slides.session_id").
		Where("slides.community_id = ?", e.CommunityID).Where("slides.event_id = ?", e.ID).Where("slides.public").OrderExpr("slides.id").Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	over := map[string][]string{} // who speaks there
	for _, x := range schedule.Sessions {
		if x.Placed() && !s.now().Before(x.End()) {
			over[x.Key] = x.Speakers
		}
	}
	all := map[string][]*Slides{}
	for i := range rows {
		if slices.Contains(over[rows[i].GUID], string(rows[i].SpeakerID)) {
			all[rows[i].GUID] = append(all[rows[i].GUID], &rows[i].Slides)
		}
	}
	return all, nil
}
