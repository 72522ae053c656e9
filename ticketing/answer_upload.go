package ticketing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/internal/images"
)

// Upload is a file that was sent to answer a question. Its bytes are kept apart, under its id.
type Upload struct {
	bun.BaseModel `bun:"table:uploads,alias:upload"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	QuestionID  turnout.ID
	Name        string // as its sender calls it, with the ending of what it is
	ContentType string // image/jpeg, image/png, application/pdf
	Size        int64  // bytes
	CreatedAt   time.Time
}

// Bounds of what can be sent.
const (
	MaxUpload    = 10 << 20
	uploadWidth  = 2400           // pixels of a picture: enough to read a photographed page
	uploadUnused = 24 * time.Hour // how long a file waits for the order that names it
)

// Errors of Send.
var (
	ErrFileKind  = &turnout.Error{Kind: turnout.Invalid, Code: "file_kind", Message: "Send a picture (JPEG, PNG, WebP, GIF) or a PDF."}
	ErrFileLarge = &turnout.Error{Kind: turnout.TooLarge, Code: "file_large", Message: "This file is too large. Send one of at most 10 MB."}
)

// Send keeps a file for an answer to a question of a public event. A picture is written anew without what its camera noted; a PDF
// stays as it is and is only ever given out to be saved. The kind is read from the bytes, never from a name. It fails with
// ErrFileKind, ErrFileLarge, images.ErrTooLarge and turnout.ErrNotFound; with ErrTooManyFiles, ErrFilesFull and ErrFilesClosed for
// whoever is not staff.
func (s *Service) Send(ctx context.Context, by Sender, event, question turnout.ID, name string, data []byte) (*Upload, error) {
	if err := s.welcome(ctx, by, event, question); err != nil {
		return nil, fmt.Errorf("ticketing: send file: %w", err)
	}
	contentType, data, err := safeFile(data)
	if err != nil {
		return nil, fmt.Errorf("ticketing: send file: %w", err)
	}
	u := &Upload{ID: turnout.NewID(prefixUpload), EventID: event, QuestionID: question, Name: fileName(name, contentType), ContentType: contentType,
		Size: int64(len(data)), CreatedAt: s.Now()}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := tx.NewSelect().Model((*Question)(nil)).Column("community_id").Where("id = ?", question).Where("event_id = ?", event).Where("kind = ?", AskFile).
			Where("archived_at IS NULL").Scan(ctx, &u.CommunityID); err != nil {
			return database.NotFound(err)
		}
		if err := makeRoom(ctx, tx, by, u); err != nil {
			return err
		}
		if err := blobs.Put(ctx, tx, s.Now(), blobs.Blob{Name: string(u.ID), ContentType: u.ContentType, Data: data}); err != nil {
			return err
		}
		_, err := tx.NewInsert().Model(u).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: send file: %w", err)
	}
	return u, nil
}

func safeFile(data []byte) (contentType string, safe []byte, err error) {
	if len(data) > MaxUpload {
		return "", nil, ErrFileLarge
	}
	if bytes.HasPrefix(data, []byte("%PDF-")) {
		return "application/pdf", data, nil
	}
	pictures, err := images.Resize(data, uploadWidth)
	if err != nil {
		if errors.Is(err, images.ErrNotImage) {
			err = ErrFileKind.Because(err)
		}
		return "", nil, err
	}
	return pictures[0].ContentType, pictures[0].Data, nil
}

// fileName is the last part of a name, without what cannot stand in a header or a folder, and with the ending of the kind.
func fileName(name, contentType string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune(`"<>:|?*/`, r) {
			return -1
		}
		return r
	}, strings.TrimSuffix(name, path.Ext(name)))
	if runes := []rune(strings.Trim(name, " .")); len(runes) > 0 {
		name = string(runes[:min(len(runes), 100)])
	} else {
		name = "file"
	}
	return name + map[string]string{"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}[contentType]
}

// FileOf gives a file that answers a question of the event, for staff. It fails with turnout.ErrNotFound once it was erased.
func (s *Service) FileOf(ctx context.Context, community, event, upload turnout.ID) (*Upload, []byte, error) {
	u := new(Upload)
	err := s.DB.Read().NewSelect().Model(u).Where("id = ?", upload).Where("event_id = ?", event).Where("community_id = ?", community).Scan(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("ticketing: file: %w", database.NotFound(err))
	}
	blob, err := blobs.Find(ctx, s.DB.Read(), string(u.ID))
	if err != nil {
		return nil, nil, fmt.Errorf("ticketing: file: %w", err)
	}
	return u, blob.Data, nil
}
