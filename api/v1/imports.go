package v1

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/ticketing"
	"turnout/ticketing/intake"
)

var importOperations = operations{
	"POST /events/{event}/attendees/import": {Summary: "Bring in a list of attendees from another tool",
		Text: "The raw file as body, in UTF-8, UTF-16 or Windows-1252, separated by commas, semicolons or tabs. Recognised are Eventbrite's attendee and orders reports, Meetup's, Luma's, " +
			"alf.io's and Tito's lists, and any table whose headings name people. Whoever does not come is left out, and so is, unless duplicates=bring, whoever seems to be there already. " +
			"Rows of one order become one order, which costs nothing: what was paid elsewhere is not this event's. The orders are made in the background; the same list again makes nothing, so it needs no Idempotency-Key; while a list is at work, another is refused (409 import_running).",
		InRaw: "text/csv", Out: importReport{}, Query: []parameter{
			{Name: "dry_run", Text: "true tells what would happen and changes nothing.", Enum: []string{"true", "false"}},
			{Name: "ticket_type_id", Text: "The ticket type of those whose ticket in the list has no ticket type's name here. Without it they are left out."},
			{Name: "duplicates", Text: "bring brings in whoever seems to be there already too, but not what was imported before.", Enum: []string{"skip", "bring"}},
			{Name: "columns", Text: "What columns mean where it is not what was recognised: 0:name,3:email and so on, columns counted from 0 in the order of the answer's; nothing after the colon for one that " +
				"is not used. The fields are those that the answer's columns can have."},
			{Name: "mail", Text: "true mails the tickets to every buyer who has an address.", Enum: []string{"true", "false"}},
		}, Errors: []int{http.StatusConflict}},
	"GET /events/{event}/attendees/imports/{import}":       {Summary: "How far an import is", Out: importResponse{}},
	"POST /events/{event}/attendees/imports/{import}/undo": {Summary: "Cancel what an import has made", Text: "In the background. Refused once somebody of it was let in.", Out: importResponse{}, Errors: []int{http.StatusConflict}},
}

// importReport says what an import makes, or in a dry run would make. Lists of rows hold the first thousand.
type importReport struct {
	ID          *turnout.ID           `json:"id" doc:"of the import; null in a dry run, and when nothing is to be made"`
	Form        intake.Form           `json:"form" enum:"eventbrite_attendees,eventbrite_orders,meetup,luma,alfio,tito,other"`
	Encoding    string                `json:"encoding" enum:"utf-8,utf-16,windows-1252"`
	Columns     []intake.Column       `json:"columns"`
	Rows        int                   `json:"rows" doc:"of the list, without the headings"`
	Orders      int                   `json:"orders" doc:"that are made"`
	Attendees   int64                 `json:"attendees"`
	TicketTypes []ticketing.TypeMatch `json:"ticket_types"`
	Pools       []ticketing.PoolNeed  `json:"pools"`
	Skipped     []importSkipped       `json:"skipped"`
	Duplicates  []ticketing.Duplicate `json:"duplicates"`
	Named       int                   `json:"duplicates_count"`
	Warnings    []intake.Warning      `json:"warnings"`
}

type importSkipped struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
	Rows   []int  `json:"rows"`
}

// importListed is how many rows a list of the report names.
const importListed = 1000

func newImportReport(plan *ticketing.ImportPlan) *importReport {
	r := &importReport{Form: plan.List.Form, Encoding: plan.List.Encoding, Columns: plan.List.Columns, Rows: len(plan.List.Rows) + len(plan.List.LeftOut),
		Orders: len(plan.Orders), Attendees: plan.Tickets, TicketTypes: append([]ticketing.TypeMatch{}, plan.Types...), Pools: append([]ticketing.PoolNeed{}, plan.Pools...),
		Skipped: []importSkipped{}, Duplicates: append([]ticketing.Duplicate{}, plan.Duplicates[:min(len(plan.Duplicates), importListed)]...), Named: len(plan.Duplicates),
		Warnings: append([]intake.Warning{}, plan.Warnings...)}
	for _, s := range plan.Skipped {
		i := slices.IndexFunc(r.Skipped, func(known importSkipped) bool { return known.Reason == s.Reason })
		if i < 0 {
			i = len(r.Skipped)
			r.Skipped = append(r.Skipped, importSkipped{Reason: s.Reason, Rows: []int{}})
		}
		if r.Skipped[i].Count++; r.Skipped[i].Count <= importListed {
			r.Skipped[i].Rows = append(r.Skipped[i].Rows, s.Row)
		}
	}
	return r
}

type importResponse struct {
	ID        turnout.ID             `json:"id"`
	Status    ticketing.ImportStatus `json:"status" enum:"preview,preparing,working,done,undoing,undone"`
	Form      intake.Form            `json:"form"`
	Orders    int64                  `json:"orders" doc:"to be made"`
	Attendees int64                  `json:"attendees"`
	Made      int64                  `json:"made" doc:"orders"`
	Failed    int64                  `json:"failed"`
	Undone    int64                  `json:"undone"`
	Kept      int64                  `json:"kept" doc:"orders that undoing left, for somebody was let in or they were over before"`
	Failures  []importFailure        `json:"failures"`
	CreatedAt time.Time              `json:"created_at"`
}

type importFailure struct {
	Code string `json:"code"`
	Rows []int  `json:"rows"`
}

// ImportAttendees is POST /events/{event}/attendees/import.
func (h *Handler) ImportAttendees(c *gin.Context) {
	dryRun, ok := flag(c, "dry_run")
	if !ok {
		return
	}
	choices, ok := importChoices(c)
	if !ok {
		return
	}
	data, ok := respond.Body(c, intake.MaxBytes)
	if !ok {
		return
	}
	e, ctx := access.Event(c), c.Request.Context()
	plan, err := h.Ticketing.TryImport(ctx, e, data, choices)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	report := newImportReport(plan)
	if !dryRun && len(plan.Orders) > 0 {
		imp, err := h.Ticketing.StartImport(ctx, e, "", data, choices)
		if err == nil {
			if err = h.Ticketing.ConfirmImport(ctx, e, imp, plan.Digest()); err != nil { // whoever tries again sends the list again
				err = errors.Join(err, h.Ticketing.DropImport(context.WithoutCancel(ctx), imp))
			}
		}
		if err != nil {
			respond.Fail(c, err)
			return
		}
		report.ID = &imp.ID
	}
	respond.JSON(c, http.StatusOK, report)
}

// importChoices reads what the query decides. It answers the request itself and gives false when that cannot be.
func importChoices(c *gin.Context) (choices ticketing.ImportChoices, ok bool) {
	if choices.Mail, ok = flag(c, "mail"); !ok {
		return choices, false
	}
	if id := turnout.ID(c.Query("ticket_type_id")); id != "" {
		if !id.Is("typ") {
			respond.Fail(c, turnout.Invalidf("ticket_type_id", "unknown", "This event has no such ticket type."))
			return choices, false
		}
		choices.Rest = id
	}
	if choices.Columns, ok = columnChoices(c); !ok {
		return choices, false
	}
	switch c.Query("duplicates") {
	case "", "skip":
	case "bring":
		choices.BringAll = slices.DeleteFunc(slices.Clone(ticketing.DuplicateKinds), func(k ticketing.DuplicateKind) bool { return k == ticketing.ImportedBefore })
	default:
		respond.Fail(c, turnout.Invalidf("duplicates", "unknown", "This is skip or bring."))
		return choices, false
	}
	return choices, true
}

// columnChoices reads what columns mean by the caller's word. It answers the request itself and gives false when that cannot be read.
func columnChoices(c *gin.Context) (map[int]intake.Field, bool) {
	columns := map[int]intake.Field{}
	for part := range strings.SplitSeq(c.Query("columns"), ",") {
		if part == "" {
			continue
		}
		place, name, found := strings.Cut(part, ":")
		i, err := strconv.Atoi(place)
		field := intake.Field(name)
		if !found || err != nil || i < 0 || field != intake.Extra && !slices.Contains(intake.Fields, field) {
			respond.Fail(c, turnout.Invalidf("columns", "unknown", "Write a column's place, a colon and one of the fields: %q.", part))
			return nil, false
		}
		columns[i] = field
	}
	return columns, true
}

// GetImport is GET /events/{event}/attendees/imports/{import}.
func (h *Handler) GetImport(c *gin.Context) {
	imp, err := h.Ticketing.FindImport(c.Request.Context(), access.Event(c), turnout.ID(c.Param("import")))
	h.answerImport(c, imp, err)
}

// UndoImport is POST /events/{event}/attendees/imports/{import}/undo.
func (h *Handler) UndoImport(c *gin.Context) {
	imp, err := h.Ticketing.FindImport(c.Request.Context(), access.Event(c), turnout.ID(c.Param("import")))
	if err == nil {
		err = h.Ticketing.UndoImport(c.Request.Context(), imp)
	}
	h.answerImport(c, imp, err)
}

func (h *Handler) answerImport(c *gin.Context, imp *ticketing.Import, err error) {
	var failures []ticketing.ImportFailure
	if err == nil {
		failures, err = h.Ticketing.ImportFailures(c.Request.Context(), imp)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	out := importResponse{ID: imp.ID, Status: imp.Status, Form: imp.Form, Orders: imp.Orders, Attendees: imp.Tickets, Made: imp.Made, Failed: imp.Failed, Undone: imp.Undone, Kept: imp.Kept,
		Failures: []importFailure{}, CreatedAt: imp.CreatedAt}
	for _, f := range failures {
		out.Failures = append(out.Failures, importFailure{f.Problem, append([]int{}, f.Rows...)})
	}
	respond.JSON(c, http.StatusOK, out)
}
