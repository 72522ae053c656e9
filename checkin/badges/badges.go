// Package badges prints what people wear: how the badges of an event look, who gets one, and how often each was printed.
//
// It is a room of its own between ticketing and checkin. It needs tickets, their answers and their codes, so it stands after ticketing;
// no scan, list or door is needed to print a badge, and none of them needs a badge, so it is no part of package checkin, whose
// doors may use it. The drawing is ticketing/documents', beside that of tickets, with which it shares the QR.
//
// A print is a [Run]: which badges, in which order and look, noted and counted in one transaction before a byte is drawn. The files of a
// run are then drawn as often as somebody asks for them, [FileBadges] badges each, from the tickets as they are then: a ticket that was
// canceled meanwhile is left out. So a download that broke off is fetched again and counts once, and nothing large is kept.
package badges

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// Service carries out the use cases of badges. All fields must be set.
type Service struct {
	DB        *database.DB
	Now       func() time.Time // UTC, microseconds
	Ticketing *ticketing.Service
}

// Choice is how the badges of an event look, as an organiser chose it.
type Choice struct {
	Layout    documents.BadgeLayout `json:"layout"`
	Paper     documents.BadgePaper  `json:"paper"`
	FirstName bool                  `json:"first_name"` // large, the rest of the name smaller
	ShowType  bool                  `json:"show_type"`
	ShowOrder bool                  `json:"show_order"`
	ShowQR    bool                  `json:"show_qr"`
	Questions []turnout.ID          `json:"questions"` // whose answers stand under the name, at most MostLines, the first one larger
	Bands     []Band                `json:"bands"`
}

// Band is a coloured band with words on the badges of a ticket type.
type Band struct {
	TicketTypeID turnout.ID `json:"ticket_type_id"`
	Words        string     `json:"words"`
	Color        string     `json:"color"` // "#rrggbb"; empty for the event's
}

// Bounds of a choice.
const (
	MostLines = 2
	bandMost  = 24 // letters
)

// standard is what badges are like where nobody chose.
var standard = Choice{Layout: documents.BadgeBrand, Paper: documents.BadgeA4, ShowType: true, ShowQR: true}

// Check says what is wrong with the choice by itself.
func (c *Choice) Check() error {
	var p turnout.Problems
	if !slices.Contains(documents.BadgeLayouts, c.Layout) {
		p.Add("layout", "unknown", "Choose one of the layouts.")
	}
	if !slices.Contains(documents.BadgePapers, c.Paper) {
		p.Add("paper", "unknown", "Choose one of the papers.")
	}
	if len(c.Questions) > MostLines {
		p.Add("questions", "too_many", "Choose at most %d questions.", MostLines)
	}
	seen := map[turnout.ID]bool{}
	for i, b := range c.Bands {
		field := fmt.Sprintf("bands[%d]", i)
		if seen[b.TicketTypeID] {
			p.Add(field+".ticket_type_id", "duplicate", "This ticket type has a band already.")
		}
		seen[b.TicketTypeID] = true
		if n := utf8.RuneCountInString(b.Words); n == 0 || n > bandMost {
			p.Add(field+".words", "length", "Write 1 to %d letters.", bandMost)
		}
		if b.Color != "" && !isColor(b.Color) {
			p.Add(field+".color", "color", "Write a colour as #0f766e.")
		}
	}
	return p.Err()
}

func isColor(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	for _, r := range s[1:] {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F') {
			return false
		}
	}
	return true
}

// band is that of a ticket type, empty for none.
func (c *Choice) band(ticketType turnout.ID) Band {
	if i := slices.IndexFunc(c.Bands, func(b Band) bool { return b.TicketTypeID == ticketType }); i >= 0 {
		return c.Bands[i]
	}
	return Band{}
}

// Design is the choice of an event.
type Design struct {
	bun.BaseModel `bun:"table:badge_designs,alias:design"`

	EventID     turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	Choice      Choice `bun:"choice,type:jsonb"`
	Previous    Choice `bun:"previous,type:jsonb"` // what it was before, the zero value when nobody had chosen
	Version     int64  // 0: nobody has chosen anything yet
	UpdatedAt   time.Time
}

// ErrNothingBefore says that a design was not changed yet.
var ErrNothingBefore = &turnout.Error{Kind: turnout.Conflict, Code: "nothing_to_undo", Message: "There is no change to take back."}

// Design gives how the event's badges look; the standard, version 0, while nobody chose.
func (s *Service) Design(ctx context.Context, e *events.Event) (*Design, error) {
	d, err := findDesign(ctx, s.DB.Read(), e)
	if err != nil {
		return nil, fmt.Errorf("badges: design: %w", err)
	}
	return d, nil
}

func findDesign(ctx context.Context, db bun.IDB, e *events.Event) (*Design, error) {
	d := &Design{EventID: e.ID, CommunityID: e.CommunityID}
	err := db.NewSelect().Model(d).WherePK().Where("community_id = ?", e.CommunityID).Scan(ctx)
	if database.IsNoRows(err) {
		d.Choice, err = standard, nil
	}
	return d, err
}

// SaveDesign changes how the event's badges look. version is that of the design which the choice was made from, nil when it is not
// known. It fails with field problems or turnout.ErrStale.
func (s *Service) SaveDesign(ctx context.Context, e *events.Event, version *int64, c Choice) (*Design, error) {
	if err := s.check(ctx, e, &c); err != nil {
		return nil, err
	}
	return s.changeDesign(ctx, e, version, "badge_design.changed", func(d *Design) error {
		d.Previous, d.Choice = d.Choice, c
		return nil
	})
}

// UndoDesign goes back to the choice before the last; doing it twice brings that again. It fails with ErrNothingBefore or turnout.ErrStale.
func (s *Service) UndoDesign(ctx context.Context, e *events.Event, version *int64) (*Design, error) {
	return s.changeDesign(ctx, e, version, "badge_design.undone", func(d *Design) error {
		if d.Previous.Layout == "" {
			return ErrNothingBefore
		}
		d.Previous, d.Choice = d.Choice, d.Previous
		return nil
	})
}

// check is Check, and that questions and ticket types are the event's.
func (s *Service) check(ctx context.Context, e *events.Event, c *Choice) error {
	if err := c.Check(); err != nil {
		return err
	}
	var p turnout.Problems
	for i, q := range c.Questions {
		if !s.owns(ctx, e, (*ticketing.Question)(nil), q) || slices.Index(c.Questions, q) != i {
			p.Add("questions", "unknown", "Choose questions of this event, each once.")
			break
		}
	}
	for i, b := range c.Bands {
		if !s.owns(ctx, e, (*ticketing.TicketType)(nil), b.TicketTypeID) {
			p.Add(fmt.Sprintf("bands[%d].ticket_type_id", i), "unknown", "Choose a ticket type of this event.")
		}
	}
	return p.Err()
}

func (s *Service) owns(ctx context.Context, e *events.Event, model any, id turnout.ID) bool {
	there, err := s.DB.Read().NewSelect().Model(model).Where("id = ?", id).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Exists(ctx)
	return err == nil && there
}

func (s *Service) changeDesign(ctx context.Context, e *events.Event, version *int64, action string, change func(*Design) error) (*Design, error) {
	var design *Design
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		if design, err = findDesign(ctx, tx, e); err != nil {
			return err
		}
		before := design.Version
		if version != nil && *version != before {
			return turnout.ErrStale
		}
		if err = change(design); err != nil {
			return err
		}
		design.Version, design.UpdatedAt = before+1, s.Now()
		changed, err := database.Changed(tx.NewInsert().Model(design).On("CONFLICT (event_id) DO UPDATE").
			Set("choice = EXCLUDED.choice").Set("previous = EXCLUDED.previous").Set("version = EXCLUDED.version").Set("updated_at = EXCLUDED.updated_at").
			Where("design.version = ?", before).Exec(ctx))
		if err != nil {
			return err
		}
		if changed == 0 {
			return database.ErrAgain
		}
		return audit.Write(ctx, tx, audit.Entry{Community: e.CommunityID, Action: action, Subject: e.ID, At: design.UpdatedAt})
	})
	if err != nil {
		return nil, fmt.Errorf("badges: change design: %w", err)
	}
	return design, nil
}

// CopyDesign gives a cloned event the design of the one it was cloned from, with the questions and ticket types that were made from its
// own. It runs in the transaction of the cloning, after ticketing.Service.CopyCatalogue.
func (s *Service) CopyDesign(ctx context.Context, tx bun.IDB, from, to *events.Event) error {
	d, err := findDesign(ctx, tx, from)
	if err != nil || d.Version == 0 {
		return err
	}
	same := func(table, by string, id turnout.ID) (found turnout.ID) {
		row := tx.NewSelect().TableExpr(table+" AS old").ColumnExpr("made.id").Join("JOIN "+table+" AS made ON made."+by+" = old."+by).
			Where("old.id = ?", id).Where("old.event_id = ?", from.ID).Where("made.event_id = ?", to.ID).Where("made.community_id = ?", to.CommunityID).Limit(1)
		if missing := row.Scan(ctx, &found); missing != nil && !database.IsNoRows(missing) {
			err = missing
		}
		return found
	}
	var questions []turnout.ID
	for _, id := range d.Choice.Questions {
		if made := same("questions", "position", id); made != "" {
			questions = append(questions, made)
		}
	}
	var bands []Band
	for _, b := range d.Choice.Bands {
		if b.TicketTypeID = same("ticket_types", "number", b.TicketTypeID); b.TicketTypeID != "" {
			bands = append(bands, b)
		}
	}
	d.EventID, d.CommunityID, d.Version, d.UpdatedAt = to.ID, to.CommunityID, 1, s.Now()
	d.Choice.Questions, d.Choice.Bands, d.Previous = questions, bands, Choice{}
	if err == nil {
		_, err = tx.NewInsert().Model(d).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("badges: copy design: %w", err)
	}
	return nil
}
