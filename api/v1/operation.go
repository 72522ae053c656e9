package v1

import (
	"maps"
	"net/http"
)

// operation documents one call. The access rule, the path's parameters and the errors that follow from them come from the
// route; the schemas come from the structs by reflection.
type operation struct {
	Summary string
	Text    string // more, in sentences
	In      any    // the request struct; nil for no body
	InRaw   string // the media type of a raw body instead
	Out     any    // the response struct; nil for no body
	OutRaw  string // the media type of an answer that is not JSON
	Status  int    // of success; 0 means 200
	Query   []parameter
	Errors  []int // besides those of the access rule and of reading a body
	Key     bool  // takes an Idempotency-Key
	Version bool  // gives an ETag; what changes a thing that is there takes If-Match
	Example any   // of the body
}

// edits says whether the call changes a thing that has a version: what is only made by it has none before.
func (op operation) edits(method string) bool {
	return op.Version && method != http.MethodGet && op.Status != http.StatusCreated
}

// parameter is one of a query.
type parameter struct {
	Name, Text string
	Required   bool
	Enum       []string
}

// window are the parameters of every list.
var window = []parameter{
	{Name: "limit", Text: "How many items; 50 when absent, at most 200."},
	{Name: "cursor", Text: "The next_cursor of the page before."},
}

// secretParameter opens one order, or one ticket.
var secretParameter = parameter{Name: "secret", Text: "The secret of the order, from the answer to its placing, or of the ticket. A token needs none."}

// operations are calls by method and path below /api/v1: "POST /events".
type operations map[string]operation

// allOperations joins the files' parts.
func allOperations() operations {
	all := operations{}
	for _, part := range []operations{
		communityOperations, eventOperations, roomOperations, sessionOperations, speakerOperations, editOperations, agendaOperations, draftOperations, releaseOperations, signUpOperations, onlineOperations,
		ticketTypeOperations, addOnOperations, shopOperations, availabilityOperations, questionOperations, voucherOperations, boxOfficeOperations, orderOperations, exportOperations, ticketOperations, waitlistOperations,
		importOperations, approvalOperations, designOperations, badgeOperations,
		checkInOperations, attendanceOperations, leadOperations, offlineOperations, deviceOperations, activityOperations, sponsorOperations, budgetOperations, recapOperations,
	} {
		maps.Copy(all, part)
	}
	return all
}
