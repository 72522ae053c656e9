package ticketing

import (
	"slices"
	"time"

	"turnout"
	"turnout/events"
)

// What lists can be filtered by: the names of the parameters of pages, calls and saved views. Days are those of the event's zone,
// amounts are decimals of its currency.
var (
	OrderFilters    = []string{"search", "status", "payment", "refunds", "ticket_type_id", "voucher_id", "from", "to", "min_total", "max_total", "sort"}
	AttendeeFilters = []string{"search", "status", "ticket_type_id", "attendance_mode", "came", "notice", "sort"}
)

// sortOldest is the one value of "sort" besides none and newest.
const (
	sortNewest = "newest"
	sortOldest = "oldest"
)

// statuses are the values that parameters take.
var (
	orderStatuses  = []OrderStatus{Held, AwaitingApproval, Pending, Confirmed, Expired, OrderCanceled}
	refundStatuses = []RefundStatus{RefundRequested, RefundProcessing, RefundSucceeded, RefundFailed, RefundManual}
	ticketStatuses = []TicketStatus{Reserved, Valid, TicketCanceled}
	payings        = []Paying{Paid, Unpaid, RefundOpen}
	modes          = []Mode{InPerson, Virtual}
)

// filterReader reads the parameters of a list.
type filterReader struct {
	turnout.Problems
	value func(name string) string
	event *events.Event
}

// ReadOrderFilter reads a filter as people and programs write it: see OrderFilters. It fails with an Invalid error about what it
// does not know.
func ReadOrderFilter(e *events.Event, value func(name string) string) (OrderFilter, error) {
	r := &filterReader{value: value, event: e}
	f := OrderFilter{Search: value("search"), Status: oneOf(r, "status", orderStatuses), Payment: oneOf(r, "payment", payings),
		Refunds: oneOf(r, "refunds", refundStatuses), Type: turnout.ID(value("ticket_type_id")), Voucher: turnout.ID(value("voucher_id")), Min: r.amount("min_total"), Max: r.amount("max_total")}
	f.From, f.Until = r.day("from", 0), r.day("to", 1)
	if !f.From.IsZero() && !f.Until.IsZero() && !f.From.Before(f.Until) {
		r.Add("to", "before_start", "The last day is before the first.")
	}
	f.Oldest = oneOf(r, "sort", []string{sortNewest, sortOldest}) == sortOldest
	return f, r.Err()
}

// ReadAttendeeFilter is ReadOrderFilter for AttendeeFilters; "came" is yes or no.
func ReadAttendeeFilter(e *events.Event, value func(name string) string) (AttendeeFilter, error) {
	r := &filterReader{value: value, event: e}
	f := AttendeeFilter{Search: value("search"), Status: oneOf(r, "status", ticketStatuses), Type: turnout.ID(value("ticket_type_id")),
		Mode: oneOf(r, "attendance_mode", modes), Notice: oneOf(r, "notice", append([]NoticeKind{AnyNotice}, NoticeKinds...))}
	if came := oneOf(r, "came", []string{"yes", "no"}); came != "" {
		yes := came == "yes"
		f.Came = &yes
	}
	f.Oldest = oneOf(r, "sort", []string{sortNewest, sortOldest}) == sortOldest
	return f, r.Err()
}

// WrittenFilter gives the parameters of a list that are set, by their names.
func WrittenFilter(names []string, value func(name string) string) map[string]string {
	set := map[string]string{}
	for _, name := range names {
		if v := value(name); v != "" {
			set[name] = v
		}
	}
	return set
}

func oneOf[T ~string](r *filterReader, name string, known []T) T {
	v := T(r.value(name))
	if v != "" && !slices.Contains(known, v) {
		r.Add(name, "unknown", "This is none of the values that can be asked for.")
		return ""
	}
	return v
}

// day gives the midnight at which a day begins, or the one so many days after it.
func (r *filterReader) day(name string, after int) time.Time {
	typed := r.value(name)
	if typed == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, typed)
	if err != nil {
		r.Add(name, "date", "Write a day as 2026-05-31.")
		return time.Time{}
	}
	at, _, err := events.ResolveLocal(day.AddDate(0, 0, after).Format("2006-01-02T15:04"), r.event.Location())
	if err != nil {
		r.Add(name, "date", "Write a day as 2026-05-31.")
	}
	return at.UTC()
}

func (r *filterReader) amount(name string) *int64 {
	typed := r.value(name)
	if typed == "" {
		return nil
	}
	m := r.Typed(name, typed, r.event.Currency, ".")
	return &m.Amount
}
