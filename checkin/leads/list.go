package leads

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/database"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// shared is, in SQL, whether what a lead was shared may be read: the consent stands, and the ticket is still theirs.
const shared = "receipt.withdrawn_at IS NULL AND receipt.person_id = ticket.person_id"

// columns reads leads with what was consented to.
func columns(q *bun.SelectQuery) *bun.SelectQuery {
	return q.ExcludeColumn("rating", "note").ColumnExpr("receipt.given_at, receipt.text").ColumnExpr("(" + shared + ") AS shared").
		ColumnExpr("CASE WHEN " + shared + " THEN lead.rating END AS rating").ColumnExpr("CASE WHEN " + shared + " THEN lead.note ELSE '' END AS note").
		ColumnExpr("CASE WHEN " + shared + " THEN receipt.name ELSE '' END AS name").ColumnExpr("CASE WHEN " + shared + " THEN ticket.attendee_email ELSE '' END AS email").
		Join("JOIN consent_receipts AS receipt ON receipt.id = lead.receipt_id").Join("JOIN tickets AS ticket ON ticket.id = lead.ticket_id")
}

// Lead gives one lead of a device's sponsor. It fails with turnout.ErrNotFound.
func (s *Service) Lead(ctx context.Context, device *checkin.Device, id turnout.ID) (*Lead, error) {
	lead := new(Lead)
	err := columns(s.DB.Read().NewSelect().Model(lead)).Where("lead.id = ?", id).Where("lead.sponsor_id = ?", device.SponsorID).Where("lead.community_id = ?", device.CommunityID).Scan(ctx)
	return lead, wrapped("lead", database.NotFound(err))
}

// Filter narrows a list of a sponsor's leads; its zero value takes all.
type Filter struct {
	Search string     // words that begin a name or an address, without accents
	Device turnout.ID // that scanned them first
	Before turnout.ID // those older than this one
	Limit  int
}

// Leads lists a sponsor's leads, the newest first, at most Limit. Those who have withdrawn are in it, without a name; a search does not find them.
func (s *Service) Leads(ctx context.Context, e *events.Event, sponsor turnout.ID, f Filter) ([]*Lead, error) {
	words := people.Fold(f.Search)
	if len(words) == 0 {
		return s.leads(ctx, e, sponsor, f)
	}
	var found []*Lead
	chunk := Filter{Device: f.Device, Before: f.Before, Limit: exportChunk}
	for { // all of them: a sponsor has met some hundreds
		some, err := s.leads(ctx, e, sponsor, chunk)
		if err != nil {
			return nil, err
		}
		for _, l := range some {
			if l.Shared && named(l, words) && len(found) < f.Limit {
				found = append(found, l)
			}
		}
		if len(some) < exportChunk || len(found) == f.Limit {
			return found, nil
		}
		chunk.Before = some[len(some)-1].ID
	}
}

// named says whether each of the words begins one of a lead's name or address.
func named(l *Lead, words []string) bool {
	own := people.Fold(l.Name + " " + l.Email)
	return !slices.ContainsFunc(words, func(word string) bool {
		return !slices.ContainsFunc(own, func(mine string) bool { return strings.HasPrefix(mine, word) })
	})
}

func (s *Service) leads(ctx context.Context, e *events.Event, sponsor turnout.ID, f Filter) ([]*Lead, error) {
	var leads []*Lead
	q := columns(s.DB.Read().NewSelect().Model(&leads)).Where("lead.sponsor_id = ?", sponsor).Where("lead.community_id = ?", e.CommunityID).OrderExpr("lead.id DESC").Limit(int64(f.Limit))
	if f.Device != "" {
		q = q.Where("lead.device_id = ?", f.Device)
	}
	if f.Before != "" {
		q = q.Where("lead.id < ?", f.Before)
	}
	return leads, wrapped("list", q.Scan(ctx))
}

// exportChunk is how many leads an export reads at a time.
const exportChunk = 500

// Export writes a sponsor's leads as a table, the newest first: those alone whose consent stands, with the text under which it was given. It fails before it has written
// anything, or in the midst of it.
func (s *Service) Export(ctx context.Context, w io.Writer, e *events.Event, sponsor turnout.ID, x ticketing.Export) error {
	rows, err := s.Leads(ctx, e, sponsor, Filter{Limit: exportChunk})
	if err != nil {
		return err
	}
	titles := []string{"attendee_name", "attendee_email", "rating", "note", "scanned_at", "consent_given_at", "consent_text"}
	for i, name := range titles {
		if x.Language != "" {
			titles[i] = s.Ticketing.Pages.Message(x.Language, "export."+name)
		}
		if name == "scanned_at" || name == "consent_given_at" {
			titles[i] += " (" + e.Timezone + ")"
		}
	}
	out, err := sheet.New(w, x.Format, titles)
	if err != nil {
		return wrapped("export", err)
	}
	for len(rows) > 0 {
		for _, r := range rows {
			if !r.Shared {
				continue
			}
			rating := sheet.Cell{}
			if r.Rating != nil {
				rating = sheet.Number(*r.Rating)
			}
			if err := out.Row([]sheet.Cell{sheet.Text(r.Name), sheet.Text(r.Email), rating, sheet.Text(r.Note), sheet.Moment(r.FirstAt.In(e.Location())),
				sheet.Moment(r.GivenAt.In(e.Location())), sheet.Text(r.Text)}); err != nil {
				return wrapped("export", err)
			}
		}
		if len(rows) < exportChunk {
			break
		}
		if rows, err = s.Leads(ctx, e, sponsor, Filter{Limit: exportChunk, Before: rows[len(rows)-1].ID}); err != nil {
			return err
		}
	}
	return wrapped("export", out.Close())
}
