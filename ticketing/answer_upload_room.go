package ticketing

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/organisers"
)

// How much is taken from whoever sends files that no order names yet.
const (
	FilesWithin = time.Hour // the while in which a network's files are counted
	networkSize = 150 << 20 // bytes that a network may send to an event in it: a whole office of applicants
	networkMany = 60        // files
	unusedSize  = 1 << 30   // bytes of files without an answer that an event keeps
)

// Errors of Send that say when to come back.
var (
	ErrTooManyFiles = &turnout.Error{Kind: turnout.TooMany, Code: "too_many_files",
		Message: "Too many files came from your network within an hour. Try again in an hour, or go on without the file if it may be left out."}
	ErrFilesFull = &turnout.Error{Kind: turnout.TooMany, Code: "files_full",
		Message: "More files wait for their orders than this event can keep. Try again in an hour, or go on without the file if it may be left out."}
	ErrFilesClosed = &turnout.Error{Kind: turnout.Conflict, Code: "files_closed",
		Message: "This event sells no tickets any more, so it takes no files. Write to its organisers if they asked you for one."}
)

// Sender is who sends a file. Staff send as many as they like: their zero Sender has no Client.
type Sender struct {
	Client string // the address it comes from
	Bearer bool   // has shown a ticket of the event
}

func (by Sender) isStaff() bool { return by.Client == "" }

// welcome says whether a file of the sender can come to an answer of the event, and whether that is not yet too much from its network.
// It is asked before a file is looked at, which costs more than this.
func (s *Service) welcome(ctx context.Context, by Sender, event, question turnout.ID) error {
	db := s.DB.Read()
	asked, err := db.NewSelect().Model((*Question)(nil)).Where("id = ?", question).Where("event_id = ?", event).Where("kind = ?", AskFile).
		Where("archived_at IS NULL").Exists(ctx)
	if err == nil && !asked {
		err = turnout.ErrNotFound
	}
	if err != nil || by.isStaff() {
		return err
	}
	found := map[turnout.ID]*events.Event{event: nil}
	if err := loadEvents(ctx, db, found); err != nil {
		return err
	}
	switch err := openForSale(found[event], s.Now()); {
	case errors.Is(err, turnout.ErrNotFound) && by.Bearer: // staff sell before the event is published
	case errors.Is(err, turnout.ErrNotFound):
		return err
	case err != nil:
		return ErrFilesClosed.Because(err)
	}
	files, bytes := by.counted(event)
	many, err := organisers.Tries(ctx, db, files, s.Now())
	if err != nil {
		return err
	}
	size, err := organisers.Tries(ctx, db, bytes, s.Now())
	if err == nil && (many >= networkMany || size >= networkSize) {
		err = ErrTooManyFiles
	}
	return err
}

// counted names what is counted of a network at an event.
func (by Sender) counted(event turnout.ID) (files, bytes string) {
	from := string(event) + " from " + organisers.Network(by.Client).String()
	return "files to " + from, "bytes of files to " + from
}

// makeRoom counts a file before it is kept, and refuses what is too much from one network, or for the event as long as no order names
// it. Files of one event are counted one after the other: its row among the attempts is their lock.
func makeRoom(ctx context.Context, tx bun.Tx, by Sender, u *Upload) error {
	if by.isStaff() {
		return nil
	}
	if _, err := organisers.Tried(ctx, tx, "files to "+string(u.EventID), u.CreatedAt, FilesWithin); err != nil {
		return err
	}
	files, bytes := by.counted(u.EventID)
	many, err := organisers.Tried(ctx, tx, files, u.CreatedAt, FilesWithin)
	if err != nil {
		return err
	}
	size, err := organisers.Spent(ctx, tx, bytes, u.Size, u.CreatedAt, FilesWithin)
	if err != nil {
		return err
	}
	if many > networkMany || size > networkSize {
		return ErrTooManyFiles
	}
	var unused int64
	err = tx.NewSelect().Model((*Upload)(nil)).ColumnExpr("COALESCE(SUM(upload.size), 0)").Where("upload.event_id = ?", u.EventID).
		Where("NOT EXISTS (SELECT 1 FROM answers AS answer WHERE answer.upload_id = upload.id)").Scan(ctx, &unused)
	if err == nil && unused+u.Size > unusedSize {
		err = ErrFilesFull
	}
	return err
}
