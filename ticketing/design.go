package ticketing

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/internal/images"
	"turnout/ticketing/documents"
)

// Design is how the tickets of an event look on paper and what they say, beside what they always must.
type Design struct {
	bun.BaseModel `bun:"table:ticket_designs,alias:design"`

	EventID     turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	Layout      documents.Layout
	LogoHash    string // of a picture in blobs; "" for none
	LargeName   bool
	ShowPrice   bool
	ShowOrder   bool
	ShowVenue   bool
	Note        string // for attendees: "Bring a photo ID."
	Version     int64  // 0: nobody has chosen anything yet
	UpdatedAt   time.Time
}

// DesignInput is what an organiser chooses of a design.
type DesignInput struct {
	Layout                                     documents.Layout
	LargeName, ShowPrice, ShowOrder, ShowVenue bool
	Note                                       string
}

const (
	// logoWidth is the width in pixels that a logo is kept in: sharp at a hand's breadth.
	logoWidth = 480
	noteMax   = 1000 // letters
)

// Check says what is wrong with the input.
func (in *DesignInput) Check() error {
	var p turnout.Problems
	if !slices.Contains(documents.Layouts, in.Layout) {
		p.Add("layout", "unknown", "Choose one of the layouts.")
	}
	if utf8.RuneCountInString(in.Note) > noteMax {
		p.Add("note", "too_long", "Write at most %d letters.", noteMax)
	}
	return p.Err()
}

// Design gives how the event's tickets look; the default, version 0, while nobody chose.
func (s *Service) Design(ctx context.Context, e *events.Event) (*Design, error) {
	d, err := findDesign(ctx, s.DB.Read(), e)
	if err != nil {
		return nil, fmt.Errorf("ticketing: design: %w", err)
	}
	return d, nil
}

func findDesign(ctx context.Context, db bun.IDB, e *events.Event) (*Design, error) {
	d := &Design{EventID: e.ID, CommunityID: e.CommunityID, Layout: documents.Classic, ShowOrder: true, ShowVenue: true}
	err := db.NewSelect().Model(d).WherePK().Where("community_id = ?", e.CommunityID).Scan(ctx)
	if err != nil && !database.IsNoRows(err) {
		return nil, err
	}
	return d, nil
}

// SaveDesign changes how the event's tickets look. version is that of the design which the choice was made from, nil when it is not
// known. It fails with field problems or turnout.ErrStale.
func (s *Service) SaveDesign(ctx context.Context, e *events.Event, version *int64, in DesignInput) (*Design, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	return s.changeDesign(ctx, e, version, "ticket_design.changed", func(_ context.Context, _ bun.Tx, d *Design) error {
		d.apply(in)
		return nil
	})
}

func (d *Design) apply(in DesignInput) {
	d.Layout, d.LargeName, d.ShowPrice, d.ShowOrder, d.ShowVenue = in.Layout, in.LargeName, in.ShowPrice, in.ShowOrder, in.ShowVenue
	d.Note = strings.TrimSpace(in.Note)
}

// SetLogo makes an uploaded picture the logo on the event's tickets; version as in SaveDesign. It fails with images.ErrTooLarge,
// images.ErrNotImage or turnout.ErrStale.
func (s *Service) SetLogo(ctx context.Context, e *events.Event, version *int64, data []byte) (*Design, error) {
	pictures, err := images.Resize(data, logoWidth)
	if err != nil {
		return nil, err
	}
	file := blobs.Blob{Name: blobs.Hash(pictures[0].Data), ContentType: pictures[0].ContentType, Data: pictures[0].Data}
	return s.changeDesign(ctx, e, version, "ticket_design.logo_set", func(ctx context.Context, tx bun.Tx, d *Design) error {
		d.LogoHash = file.Name
		return blobs.Put(ctx, tx, s.Now(), file)
	})
}

// DropLogo takes the logo off the event's tickets; version as in SaveDesign. It fails with turnout.ErrStale.
func (s *Service) DropLogo(ctx context.Context, e *events.Event, version *int64) (*Design, error) {
	return s.changeDesign(ctx, e, version, "ticket_design.logo_dropped", func(_ context.Context, _ bun.Tx, d *Design) error {
		d.LogoHash = ""
		return nil
	})
}

func (s *Service) changeDesign(ctx context.Context, e *events.Event, version *int64, action string, change func(context.Context, bun.Tx, *Design) error) (*Design, error) {
	var design *Design
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		if design, err = findDesign(ctx, tx, e); err != nil {
			return err
		}
		before := design.Version
		if version != nil && *version != before {
			return turnout.ErrStale
		}
		if err = change(ctx, tx, design); err != nil {
			return err
		}
		design.Version, design.UpdatedAt = before+1, s.Now()
		changed, err := database.Changed(tx.NewInsert().Model(design).On("CONFLICT (event_id) DO UPDATE").
			Set("layout = EXCLUDED.layout").Set("logo_hash = EXCLUDED.logo_hash").Set("large_name = EXCLUDED.large_name").
			Set("show_price = EXCLUDED.show_price").Set("show_order = EXCLUDED.show_order").Set("show_venue = EXCLUDED.show_venue").
			Set("note = EXCLUDED.note").Set("version = EXCLUDED.version").Set("updated_at = EXCLUDED.updated_at").
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
		return nil, fmt.Errorf("ticketing: change design: %w", err)
	}
	return design, nil
}

// CopyDesign gives a cloned event the design of the one it was cloned from. It runs in the transaction of the cloning.
func (s *Service) CopyDesign(ctx context.Context, tx bun.IDB, from, to *events.Event) error {
	d, err := findDesign(ctx, tx, from)
	if err == nil && d.Version > 0 {
		d.EventID, d.CommunityID, d.Version, d.UpdatedAt = to.ID, to.CommunityID, 1, s.Now()
		_, err = tx.NewInsert().Model(d).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("ticketing: copy design: %w", err)
	}
	return nil
}

// Sample says which made-up ticket of an event to draw, to look at a design before it is chosen.
type Sample struct {
	Design  DesignInput
	Lang    string
	Size    documents.Size
	Virtual bool
	Picture bool // as SVG, not as PDF
}

// WriteSample draws a made-up ticket with the event's logo. It fails with field problems.
func (s *Service) WriteSample(ctx context.Context, w io.Writer, e *events.Event, sample Sample) error {
	if err := sample.Design.Check(); err != nil {
		return err
	}
	design, err := s.Design(ctx, e)
	if err != nil {
		return err
	}
	design.apply(sample.Design)
	brand, err := s.brandOf(ctx, e)
	if err != nil {
		return err
	}
	paper, err := s.paperOf(ctx, e, brand, design, sample.Lang)
	if err != nil {
		return err
	}
	say := func(key string) string { return s.Pages.Message(sample.Lang, "paper.sample."+key) }
	paper.Code, paper.Size, paper.Made = "K7QX2M4T", sample.Size, s.Now()
	ticket := documents.Ticket{Code: strings.Repeat("TURNOUT7SAMPLE", 10), Attendee: say("name"), Type: say("type"), Virtual: sample.Virtual}
	if ticket.Virtual {
		ticket.JoinURL = s.BaseURL + "/join/sample"
		ticket.Opens = s.Pages.Moment(sample.Lang, e.JoinOpensAt(), e.Timezone)
	}
	if design.ShowPrice {
		ticket.Details = []documents.Detail{{Label: paper.Words.Price, Value: s.Pages.Money(sample.Lang, turnout.Money{Amount: 4900, Currency: e.Currency})}}
	}
	paper.Tickets = []documents.Ticket{ticket}
	write := documents.TicketsPDF
	if sample.Picture {
		write = documents.TicketPicture
	}
	if err := write(w, paper); err != nil {
		return fmt.Errorf("ticketing: sample ticket: %w", err)
	}
	return nil
}
