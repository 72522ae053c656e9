package signups

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// OfTicket lists a ticket's sign-ups, with the position of each that waits.
func (s *Service) OfTicket(ctx context.Context, t *ticketing.Ticket) ([]*SignUp, error) {
	db := s.DB.Read()
	own, err := ofTicket(ctx, db, t.ID)
	if err != nil {
		return nil, wrapped("of ticket", err)
	}
	for _, u := range own {
		if u.Status == Waiting {
			if u.Position, err = position(ctx, db, u); err != nil {
				return nil, wrapped("of ticket", err)
			}
		}
	}
	return own, nil
}

// position counts those who wait for the same session and come no later; it is 1 for the next.
func position(ctx context.Context, db bun.IDB, u *SignUp) (int64, error) {
	return db.NewSelect().Model((*SignUp)(nil)).Where("session_id = ?", u.SessionID).Where("status = ?", Waiting).
		Where("(queued_at < ? OR queued_at = ? AND id <= ?)", u.QueuedAt, u.QueuedAt, u.ID).Count(ctx)
}

// Row is a sign-up as lists of organisers show it.
type Row struct {
	SignUp `bun:",extend"`

	Name      string `bun:",scanonly"` // of whoever has the ticket now
	Email     string `bun:",scanonly"`
	TypeName  string `bun:",scanonly"`
	OrderCode string `bun:"-"`

	OrderNumber int64 `bun:",scanonly"`
}

// Filter narrows a list of a session's sign-ups; its zero value takes all.
type Filter struct {
	Search string // words that begin a name or an address, without accents
	Status Status // empty: both
	After  string // those behind the Row.Place of another one
	Limit  int
}

// Rows lists a session's sign-ups: those who have a place in the order in which they got it, then those who wait in their turn; at most Limit.
// It fails with turnout.ErrNotFound where After is no place.
func (s *Service) Rows(ctx context.Context, e *events.Event, session turnout.ID, f Filter) ([]*Row, error) {
	all, err := s.rows(ctx, e, session)
	if err != nil {
		return nil, wrapped("list", err)
	}
	words := people.Fold(f.Search)
	if f.After != "" {
		after, ok := placeOf(f.After)
		if !ok {
			return nil, wrapped("list", turnout.ErrNotFound)
		}
		all = slices.DeleteFunc(all, func(r *Row) bool { return compareRows(r, after) <= 0 })
	}
	var found []*Row
	for _, r := range all {
		if f.Limit > 0 && len(found) == f.Limit {
			break
		}
		if (f.Status == "" || f.Status == r.Status) && named(r, words) {
			found = append(found, r)
		}
	}
	return found, nil
}

// Place says where a sign-up stands in its list, also after it left.
func (r *Row) Place() string {
	return fmt.Sprintf("%s.%d.%d.%s", r.Status, r.SignedAt.UnixMicro(), r.QueuedAt.UnixMicro(), r.ID)
}

// placeOf reads what Place wrote.
func placeOf(text string) (*Row, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return nil, false
	}
	signed, bad := strconv.ParseInt(parts[1], 10, 64)
	queued, wrong := strconv.ParseInt(parts[2], 10, 64)
	row := &Row{SignUp: SignUp{ID: turnout.ID(parts[3]), Status: Status(parts[0]), SignedAt: time.UnixMicro(signed), QueuedAt: time.UnixMicro(queued)}}
	return row, bad == nil && wrong == nil
}

// compareRows is the order of lists: those who have a place as they got it, then those who wait in their turn.
func compareRows(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.SignedAt.UnixMicro(), b.SignedAt.UnixMicro()), cmp.Compare(a.QueuedAt.UnixMicro(), b.QueuedAt.UnixMicro()), cmp.Compare(a.ID, b.ID))
}

// rows reads all sign-ups of a session, a room's worth, each that waits with its position.
func (s *Service) rows(ctx context.Context, e *events.Event, session turnout.ID) ([]*Row, error) {
	var all []*Row
	err := s.DB.Read().NewSelect().Model(&all).ModelTableExpr("sign_ups AS sign").ColumnExpr("sign.*").
		ColumnExpr("ticket.attendee_name AS name, ticket.attendee_email AS email, ord.number AS order_number, type.name AS type_name").
		Join("JOIN tickets AS ticket ON ticket.id = sign.ticket_id").Join("JOIN orders AS ord ON ord.id = ticket.order_id").Join("JOIN ticket_types AS type ON type.id = ticket.ticket_type_id").
		Where("sign.session_id = ?", session).Where("sign.community_id = ?", e.CommunityID).Where("sign.event_id = ?", e.ID).
		Scan(ctx)
	slices.SortFunc(all, compareRows)
	turn := int64(0)
	for _, r := range all {
		r.OrderCode = s.Ticketing.OrderCode(e.Number, r.OrderNumber)
		if r.Status == Waiting {
			turn++
			r.Position = turn
		}
	}
	return all, err
}

// named says whether each of the words begins one of the name or address.
func named(r *Row, words []string) bool {
	own := people.Fold(r.Name + " " + r.Email)
	return !slices.ContainsFunc(words, func(word string) bool {
		return !slices.ContainsFunc(own, func(mine string) bool { return strings.HasPrefix(mine, word) })
	})
}

// First puts a ticket that waits before all others who wait for the session. Who has a place already keeps it. It fails with turnout.ErrNotFound.
func (s *Service) First(ctx context.Context, e *events.Event, session, ticket turnout.ID) error {
	return wrapped("first", s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		settings, err := lock(ctx, tx, e.CommunityID, e.ID, session)
		if err != nil {
			return err
		}
		u := new(SignUp)
		if err := tx.NewSelect().Model(u).Where("session_id = ?", session).Where("ticket_id = ?", ticket).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		head := new(SignUp)
		err = tx.NewSelect().Model(head).Where("session_id = ?", session).Where("status = ?", Waiting).Order("queued_at", "id").Limit(1).Scan(ctx)
		if u.Status == Signed || err == nil && head.ID == u.ID {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model(u).Set("queued_at = ?", head.QueuedAt.Add(-1000)).WherePK().Exec(ctx); err != nil { // a microsecond
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: settings.CommunityID, Action: "sign_up.put_first", Subject: u.ID, At: s.Now()})
	}))
}

// Export writes a session's sign-ups as a table, in the order of Rows. It fails before it has written anything, or in the midst of it.
func (s *Service) Export(ctx context.Context, w io.Writer, e *events.Event, session turnout.ID, x ticketing.Export) error {
	rows, err := s.rows(ctx, e, session)
	if err != nil {
		return wrapped("export", err)
	}
	out, err := sheet.New(w, x.Format, s.titles(x, e, "attendee_name", "attendee_email", "ticket_type", "order_code", "sign_up", "position", "signed_up_at"))
	if err != nil {
		return wrapped("export", err)
	}
	for _, r := range rows {
		status, turn := string(r.Status), sheet.Cell{}
		if x.Language != "" {
			status = s.Ticketing.Pages.Message(x.Language, "status.sign_up."+status)
		}
		if r.Status == Waiting {
			turn = sheet.Number(r.Position)
		}
		if err := out.Row([]sheet.Cell{sheet.Text(r.Name), sheet.Text(r.Email), sheet.Text(r.TypeName), sheet.Text(r.OrderCode), sheet.Text(status), turn,
			sheet.Moment(r.CreatedAt.In(e.Location()))}); err != nil {
			return wrapped("export", err)
		}
	}
	return wrapped("export", out.Close())
}

// titles are the heads of a table's columns, in the reader's language where they asked for one; times say whose zone they are in.
func (s *Service) titles(x ticketing.Export, e *events.Event, names ...string) []string {
	heads := make([]string, len(names))
	for i, name := range names {
		heads[i] = name
		if x.Language != "" {
			heads[i] = s.Ticketing.Pages.Message(x.Language, "export."+name)
		}
		if strings.HasSuffix(name, "_at") {
			heads[i] = cmp.Or(heads[i], name) + fmt.Sprintf(" (%s)", e.Timezone)
		}
	}
	return heads
}
