package pages

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/uptrace/bun"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/internal/blobs"
	"turnout/templates"
)

// importKept is how long an uploaded schedule waits for somebody to say yes to what its dry run showed. It waits in the
// database, so that any process may take the answer; each upload clears away those whose time is over.
const (
	importKept   = time.Hour
	importPrefix = "import."
)

type importPage struct {
	templates.Chrome
	Errors       templates.Errors
	Event        *events.Event
	Report       *agenda.ImportReport // of the dry run; nil before one
	Tallies      []tally
	Upload       string // names the kept file
	Base         string
	Changes      string // what would happen to sessions, "" for nothing
	Elsewhen     *elsewhen
	Outside      int // slots outside the event's times, where others are not
	Warnings     []warning
	WarningsMore int
	Changed      []importedRow // the first
	ChangedMore  []importedRow // folded
	ChangedLeft  int           // not shown at all
	Conflicts    []conflictRow
	Mapping      *mappingForm // of a CSV or an unknown JSON
	MappingText  string       // the same, for the confirmation
}

// importedRow is a session that an import adds, changes or removes.
type importedRow struct {
	changedRow
	Fields []importedField
}

type importedField struct{ Name, Before, After string }

// conflictRow is a field that was changed here and in the file.
type conflictRow struct {
	agenda.ImportConflict
	Field              string // in the reader's language
	Base, Ours, Theirs string
}

// importRows lists what an import would do, session by session.
func (h *Handler) importRows(c *gin.Context, e *events.Event, data *importPage) {
	place := func(s *agenda.ChangedSlot) string {
		if s == nil {
			return ""
		}
		text := h.Templates.Moment(h.Language(c), s.StartsAt, e.Timezone)
		if s.Room != "" {
			text += ", " + s.Room
		}
		return text
	}
	var rows []importedRow
	for _, item := range data.Report.Sessions {
		row := importedRow{changedRow: changedRow{ChangedItem: item.ChangedItem, Was: place(item.Was), Is: place(item.Is)}}
		if row.Was == row.Is {
			row.Was = ""
		}
		for _, f := range item.Fields {
			row.Fields = append(row.Fields, importedField{h.text(c, "console.import.field_"+f.Field), shorten(f.Before, 200), shorten(f.After, 200)})
		}
		rows = append(rows, row)
	}
	data.Changed = rows[:min(len(rows), changesFirst)]
	data.ChangedMore = rows[len(data.Changed):min(len(rows), changesShown)]
	data.ChangedLeft = len(rows) - len(data.Changed) - len(data.ChangedMore)
	say := func(field, text string) string {
		if at, err := time.Parse(time.RFC3339, text); err == nil && field == "start" {
			return h.Templates.Moment(h.Language(c), at, e.Timezone)
		}
		return shorten(text, 300)
	}
	for _, x := range data.Report.Conflicts {
		data.Conflicts = append(data.Conflicts, conflictRow{x, h.text(c, "console.import.field_"+x.Field), say(x.Field, x.Base), say(x.Field, x.Ours), say(x.Field, x.Theirs)})
	}
}

// warning is one of the report's, in the reader's language.
type warning struct{ Text, Where string }

// tally is one row of an import's report.
type tally struct {
	Key                                  string
	Created, Updated, Unchanged, Removed int
}

const warningsShown = 50

// EventImport is GET /console/events/{event}/agenda/import.
func (h *Handler) EventImport(c *gin.Context) { h.importForm(c, http.StatusOK, importPage{}) }

func (h *Handler) importForm(c *gin.Context, status int, data importPage) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "console.import.title"), "nav.agenda")
	if !ok {
		return
	}
	data.Chrome, data.Event, data.Base = chrome, e, eventPath(e)+"/agenda"
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: data.Base})
	h.Render(c, status, "console_import", data)
}

// uploaded is the file of the form, or the one that was uploaded before.
func (h *Handler) uploaded(c *gin.Context) ([]byte, error) {
	file, err := upload(c, exchange.MaxBytes)
	if name := c.PostForm("upload"); errors.Is(err, errNoFile) && name != "" {
		kept, err := blobs.Find(c.Request.Context(), h.DB.Read(), importName(access.Event(c), name))
		if err != nil {
			return nil, errUploadGone.Because(err)
		}
		return kept.Data, nil
	}
	return file, err
}

// TryImport is POST /console/events/{event}/agenda/import: the dry run, which shows what the file would do. For a file of no known
// format it shows too how its fields are understood, and takes what the organiser says of that.
func (h *Handler) TryImport(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	var data importPage
	var report *agenda.ImportReport
	var mapping *exchange.Mapping
	file, err := h.uploaded(c)
	if err == nil {
		data.Upload = blobs.Hash(file)
		mapping, data.Mapping, err = h.mapping(c, file)
	}
	if err == nil {
		report, err = h.Agenda.Import(ctx, e.CommunityID, string(e.ID), file, agenda.ImportChoices{Mapping: mapping}, true)
	}
	if err == nil || data.Mapping != nil {
		if kept := h.keepUpload(ctx, importName(e, data.Upload), file); kept != nil {
			err = kept
		}
	}
	if err != nil {
		h.importRefused(c, data, err)
		return
	}
	if mapping != nil {
		text, _ := json.Marshal(mapping) // texts: it cannot fail
		data.MappingText = string(text)
	}
	h.previewImport(c, e, &data, report)
	h.importForm(c, http.StatusOK, data)
}

// importRefused shows what is wrong with the file, or with how its fields are understood.
func (h *Handler) importRefused(c *gin.Context, data importPage, err error) {
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	for i := range shown {
		shown[i].Name = "file"
		if data.Mapping != nil {
			shown[i].Name, shown[i].Label = "map.title", h.text(c, "console.import.map_title")
		}
	}
	data.Errors = shown
	h.importForm(c, status, data)
}

// previewImport fills in what the dry run found.
func (h *Handler) previewImport(c *gin.Context, e *events.Event, data *importPage, report *agenda.ImportReport) {
	data.Report, data.Tallies = report, tallies(report)
	data.Changes = h.importChanges(c, report)
	if report.StartsAt != nil {
		placed := report.Created.Slots + report.Updated.Slots + report.Unchanged.Slots
		if data.Elsewhen = h.newElsewhen(c, e, *report.StartsAt, *report.EndsAt, placed, report.Outside); data.Elsewhen == nil {
			data.Outside = report.Outside
		}
	}
	h.importRows(c, e, data)
	for _, w := range report.Warnings[:min(len(report.Warnings), warningsShown)] {
		data.Warnings = append(data.Warnings, h.warning(c, w))
	}
	data.WarningsMore = len(report.Warnings) - len(data.Warnings)
}

// warning says one of an import's in the reader's language.
func (h *Handler) warning(c *gin.Context, w exchange.Warning) warning {
	var where []string
	switch at := w.Where; {
	case at == exchange.Place{}:
		where = append(where, h.text(c, "console.import.where_file"))
	case at.Line > 0:
		where = append(where, h.text(c, "console.import.where_line", "Line", at.Line))
	case at.Path != "":
		where = append(where, at.Path)
	}
	if w.Where.Sort != "" {
		where = append(where, h.text(c, "console.import.where_"+w.Where.Sort, "Name", w.Where.Name))
	}
	return warning{Text: h.text(c, "console.import.warning."+w.Code, warningData(w.Data)...), Where: strings.Join(where, ": ")}
}

// warningData names what a warning's sentence is about: texts by their order, and its whole numbers Count, the second one Count2.
func warningData(data []any) (args []any) {
	texts, counts := []string{"First", "Second", "Third"}, []string{"Count", "Count2"}
	for _, datum := range data {
		if _, number := datum.(int); number {
			args, counts = append(args, counts[0], datum), counts[1:]
		} else {
			args, texts = append(args, texts[0], datum), texts[1:]
		}
	}
	return args
}

func importName(e *events.Event, hash string) string { return importPrefix + string(e.ID) + "." + hash }

func (h *Handler) keepUpload(ctx context.Context, name string, file []byte) error {
	return h.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := blobs.Drop(ctx, tx, importPrefix, h.Now().Add(-importKept)); err != nil {
			return err
		}
		return blobs.Put(ctx, tx, h.Now(), blobs.Blob{Name: name, ContentType: "application/octet-stream", Data: file})
	})
}

// importChanges says what an import does to sessions: "1,105 new, 3 changed"; "" for nothing.
func (h *Handler) importChanges(c *gin.Context, r *agenda.ImportReport) string {
	var parts []string
	for _, part := range []struct {
		key   string
		count int
	}{{"created", r.Created.Sessions}, {"updated", r.Updated.Sessions}, {"removed", r.Removed.Sessions}} {
		if part.count > 0 {
			parts = append(parts, h.text(c, "console.import.part_"+part.key, "Count", part.count))
		}
	}
	return strings.Join(parts, ", ")
}

func tallies(r *agenda.ImportReport) []tally {
	return []tally{
		{"sessions", r.Created.Sessions, r.Updated.Sessions, r.Unchanged.Sessions, r.Removed.Sessions},
		{"slots", r.Created.Slots, r.Updated.Slots, r.Unchanged.Slots, r.Removed.Slots},
		{"rooms", r.Created.Rooms, r.Updated.Rooms, r.Unchanged.Rooms, r.Removed.Rooms},
		{"tracks", r.Created.Tracks, r.Updated.Tracks, r.Unchanged.Tracks, r.Removed.Tracks},
		{"speakers", r.Created.Speakers, r.Updated.Speakers, r.Unchanged.Speakers, r.Removed.Speakers},
	}
}

var errUploadGone = &turnout.Error{Kind: turnout.Conflict, Code: "upload_gone", Message: "This upload has waited too long. Choose the file again."}

// ConfirmImport is POST /console/events/{event}/agenda/import/confirm: carries out what the dry run showed.
func (h *Handler) ConfirmImport(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	back := eventPath(e) + "/agenda"
	file, err := blobs.Find(ctx, h.DB.Read(), importName(e, c.PostForm("upload")))
	if err != nil {
		h.done(c, errUploadGone.Because(err), back+"/import", "")
		return
	}
	choices := agenda.ImportChoices{Theirs: c.PostFormArray("theirs"), Seen: c.PostForm("seen"), Mapping: mappingOf(c)}
	report, err := h.Agenda.Import(ctx, e.CommunityID, string(e.ID), file.Data, choices, false)
	if err != nil {
		h.done(c, err, back+"/import", "")
		return
	}
	err = h.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		return blobs.Drop(ctx, tx, file.Name, h.Now().Add(time.Hour))
	})
	if err == nil && c.PostForm("set_dates") != "" && may(c, "events:write") && report.StartsAt != nil && canMoveTo(e, *report.EndsAt, h.Now()) {
		err = h.moveEvent(c, 0, *report.StartsAt, *report.EndsAt)
	}
	changes := h.importChanges(c, report)
	if changes == "" {
		h.done(c, err, back, h.text(c, "console.import.done_same"))
		return
	}
	h.done(c, err, back, h.text(c, "console.import.done", "Changes", changes))
}
