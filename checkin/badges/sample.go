package badges

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"turnout"
	"turnout/events"
	"turnout/ticketing/documents"
)

// Sample says which made-up badge of an event to draw, to look at a design before it is chosen.
type Sample struct {
	Choice  Choice
	Name    string     // on the badge; "" for a made-up one
	Type    turnout.ID // of its ticket; "" for one with a band, if any has
	Lang    string
	Picture bool // as SVG, not as PDF
}

// WriteSample draws a made-up badge with the event's logo; in a PDF several, to see the sheet. It fails with field problems.
func (s *Service) WriteSample(ctx context.Context, w io.Writer, e *events.Event, sample Sample) error {
	c := &sample.Choice
	if err := c.Check(); err != nil {
		return err
	}
	sheet, err := s.sheet(ctx, e, c)
	if err != nil {
		return err
	}
	say := func(key string) string { return s.Ticketing.Pages.Message(sample.Lang, "paper.sample."+key) }
	b := documents.Badge{Name: cmp.Or(strings.TrimSpace(sample.Name), say("name"))}
	types, err := s.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID)
	if err != nil {
		return fmt.Errorf("badges: sample: %w", err)
	}
	kind := sample.Type
	if kind == "" && len(c.Bands) > 0 {
		kind = c.Bands[0].TicketTypeID
	}
	typeName := say("type")
	for _, t := range types {
		if t.ID == kind {
			typeName = t.Name
		}
	}
	for i := range c.Questions {
		b.Lines = append(b.Lines, say(fmt.Sprintf("answer_%d", i+1)))
	}
	if c.ShowType {
		b.Type = typeName
	}
	if c.ShowOrder {
		b.Order = "K7QX2M4T"
	}
	if c.ShowQR {
		b.Code = strings.Repeat("TURNOUT7SAMPLE", 10) + "TURNOU"
	}
	band := c.band(kind)
	b.Band, b.Color = band.Words, band.Color
	sheet.Badges, sheet.Made = []documents.Badge{b}, s.Now()
	if sample.Picture {
		return documents.BadgePicture(w, sheet)
	}
	for _, name := range sampleNames {
		b.Name = name
		sheet.Badges = append(sheet.Badges, b)
	}
	slices.Reverse(sheet.Badges[1:])
	return documents.BadgesPDF(w, sheet)
}

// sampleNames show what the made-up name does not: a long one, other scripts, a short one.
var sampleNames = []string{"Łukasz Brzęczyszczykiewicz-Nowak", "محمد الأحمد", "김민준", "अनिरुद्ध श्रीवास्तव", "ศิริวรรณ ทองดี", "Wolfeschlegelsteinhausenbergerdorff", "Bo"}
