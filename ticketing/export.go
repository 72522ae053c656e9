package ticketing

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/sheet"
)

// exportChunk is how many rows an export reads at a time: it holds no more, and a sale waits for no longer than that.
const exportChunk = 500

// Export is a table that is made of an event's list as it is written.
type Export struct {
	Format   sheet.Format
	Language string // of titles and states, one that templates.Set.Match gave; "" for the API's own names
}

// ExportOrders writes the orders that a filter takes, a row an order, from the database as it goes along, with a column for each question
// about them. It fails before it has written anything, or in the midst of it.
func (s *Service) ExportOrders(ctx context.Context, w io.Writer, e *events.Event, f OrderFilter, x Export) error {
	narrow, err := s.ordersOf(ctx, e.CommunityID, e.ID, f)
	if err != nil {
		return wrapped("export orders", err)
	}
	t := &table{Export: x, s: s, event: e, zone: e.Location()}
	t.column("order", "status", "buyer_name", "buyer_email", "tickets", "currency", "total", "paid", "refunded", "fees", "provider")
	t.moments("created_at", "confirmed_at", "canceled_at")
	t.column("language")
	read := func(db bun.IDB, last *OrderRow) ([]*OrderRow, error) {
		window := f.window()
		window.limit = exportChunk
		beyond := after(narrow, window, orderPages, last, func(r *OrderRow) int64 { return r.Number })
		if f.Search != "" {
			return orderRows(ctx, db, e, beyond, window)
		}
		return readOrders(ctx, window.page(beyond(orderColumns(db.NewSelect().TableExpr("orders AS ord"), "'' AS look")), orderPages, e.CommunityID))
	}
	next := func(db bun.IDB, last *OrderRow) ([]*OrderRow, error) {
		rows, err := read(db, last)
		if err == nil {
			err = t.withAnswers(ctx, db, rows)
		}
		return rows, err
	}
	row := func(o *OrderRow) {
		t.text(s.codes.encode(e.Number, o.Number), t.word("status.order.", string(o.StatusAt(s.Now()))), o.BuyerName, o.BuyerEmail)
		t.number(o.Tickets)
		t.text(o.Currency)
		t.amount(o.Currency, o.Total, o.Paid, o.Refunded, o.Fees)
		t.text(t.word("console.provider.", o.Provider))
		t.moment(o.CreatedAt, o.ConfirmedAt, o.CanceledAt)
		t.text(o.Locale)
		t.answered(o.answers)
	}
	return wrapped("export orders", s.DB.LongRead(ctx, func(db bun.IDB) error {
		if err := t.wordsOf(ctx, db, OfOrder); err != nil {
			return err
		}
		return export(db, t, w, narrow != nil, next, row)
	}))
}

// ExportAttendees is ExportOrders for an event's tickets, a row a ticket, with a column for each add-on too.
func (s *Service) ExportAttendees(ctx context.Context, w io.Writer, e *events.Event, f AttendeeFilter, x Export) error {
	narrow, err := s.ticketsOf(ctx, e.CommunityID, e.ID, f)
	if err != nil {
		return wrapped("export attendees", err)
	}
	t := &table{Export: x, s: s, event: e, zone: e.Location()}
	t.column("ticket", "status", "attendee_name", "attendee_email", "ticket_type", "attendance_mode", "currency", "price")
	t.moments("came_at")
	t.column("notice", "notice_text", "order", "order_status", "buyer_name", "buyer_email")
	t.moments("created_at")
	read := func(db bun.IDB, last *AttendeeRow) ([]*AttendeeRow, error) {
		window := f.window()
		window.limit = exportChunk
		beyond := after(narrow, window, ticketPages, last, func(r *AttendeeRow) int64 { return r.Number })
		if f.Search != "" {
			return s.attendeeRows(ctx, db, e, beyond, window)
		}
		return readAttendees(ctx, window.page(beyond(s.attendeeColumns(db.NewSelect().TableExpr("tickets AS ticket"))), ticketPages, e.CommunityID))
	}
	next := func(db bun.IDB, last *AttendeeRow) ([]*AttendeeRow, error) {
		rows, err := read(db, last)
		if err == nil {
			err = t.withDetails(ctx, db, rows)
		}
		return rows, err
	}
	row := func(a *AttendeeRow) {
		t.number(a.Number)
		t.text(t.word("status.ticket.", string(a.Status)), a.AttendeeName, a.AttendeeEmail, a.TypeName, t.word("status.mode.", string(a.AttendanceMode)), a.Currency)
		t.amount(a.Currency, a.Price)
		t.moment(a.CameAt)
		notice := ""
		if a.Notice != NoNotice {
			notice = t.word("door.notice.", string(a.Notice))
		}
		t.text(notice, a.NoticeText, s.codes.encode(e.Number, a.OrderNumber), t.word("status.order.", string(a.OrderStatus)), a.BuyerName, a.BuyerEmail)
		t.moment(a.CreatedAt)
		t.answered(a.answers)
		t.extras(a.addOns)
	}
	return wrapped("export attendees", s.DB.LongRead(ctx, func(db bun.IDB) error {
		if err := t.wordsOf(ctx, db, OfTicket, AtDoor); err != nil {
			return err
		}
		if err := t.addOnsOf(ctx, db); err != nil {
			return err
		}
		return export(db, t, w, narrow != nil, next, row)
	}))
}

// after narrows a list to what follows the last row that was read, nil for the beginning.
func after[R any](narrow func(*bun.SelectQuery) *bun.SelectQuery, w window, by pageBy, last *R, number func(*R) int64) func(*bun.SelectQuery) *bun.SelectQuery {
	if last == nil {
		return narrow
	}
	beyond := map[bool]string{false: " < ?", true: " > ?"}[w.oldest]
	return func(q *bun.SelectQuery) *bun.SelectQuery { return narrow(q).Where(by.number+beyond, number(last)) }
}

// export writes a table chunk by chunk, and reads the next one meanwhile; some is false where there can be no rows.
func export[R any](db bun.IDB, t *table, w io.Writer, some bool, next func(db bun.IDB, last *R) ([]*R, error), row func(*R)) error {
	type chunk struct {
		rows []*R
		err  error
	}
	var reading sync.WaitGroup
	defer reading.Wait() // the connection is given back after it
	read := func(last *R) <-chan chunk {
		ready := make(chan chunk, 1)
		reading.Go(func() {
			rows, err := next(db, last)
			ready <- chunk{rows, err}
		})
		return ready
	}
	var ready <-chan chunk
	var now chunk
	if some { // before the first byte, so that what fails at once can still be said
		if now = <-read(nil); now.err != nil {
			return now.err
		}
	}
	out, err := sheet.New(w, t.Format, t.titles)
	if err != nil {
		return err
	}
	for len(now.rows) > 0 {
		more := len(now.rows) == exportChunk
		if more {
			ready = read(now.rows[len(now.rows)-1])
		}
		for _, r := range now.rows {
			t.cells = t.cells[:0]
			row(r)
			if err := out.Row(t.cells); err != nil {
				return err
			}
		}
		if !more {
			break
		}
		if now = <-ready; now.err != nil {
			return now.err
		}
	}
	return out.Close()
}

// table gathers the titles, then the cells of one row at a time.
type table struct {
	Export
	s      *Service
	event  *events.Event
	zone   *time.Location
	titles []string
	cells  []sheet.Cell
	words  map[string]string
	asked  asked
}

func (t *table) column(names ...string) {
	for _, name := range names {
		t.titles = append(t.titles, t.title(name))
	}
}

// moments are columns of times, which name the zone that they are in.
func (t *table) moments(names ...string) {
	for _, name := range names {
		t.titles = append(t.titles, t.title(name)+" ("+t.event.Timezone+")")
	}
}

func (t *table) title(name string) string {
	if t.Language == "" {
		return name
	}
	return t.s.Pages.Message(t.Language, "export."+name)
}

// word is a state in the table's language.
func (t *table) word(kind, value string) string {
	if t.Language == "" || value == "" {
		return value
	}
	key := kind + value
	word, known := t.words[key]
	if !known {
		if t.words == nil {
			t.words = map[string]string{}
		}
		word = t.s.Pages.Message(t.Language, key)
		t.words[key] = word
	}
	return word
}

func (t *table) text(all ...string) {
	for _, s := range all {
		t.cells = append(t.cells, sheet.Text(s))
	}
}

func (t *table) number(n int64) { t.cells = append(t.cells, sheet.Number(n)) }

func (t *table) amount(currency string, all ...int64) {
	decimals, _ := turnout.MinorUnits(currency)
	for _, n := range all {
		t.cells = append(t.cells, sheet.Amount(n, decimals))
	}
}

func (t *table) moment(all ...time.Time) {
	for _, at := range all {
		if !at.IsZero() {
			at = at.In(t.zone)
		}
		t.cells = append(t.cells, sheet.Moment(at))
	}
}
