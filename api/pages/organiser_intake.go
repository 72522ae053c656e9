package pages

import (
	"errors"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/intake"
)

// How much of a list its preview shows.
const (
	intakeRowsShown       = 10
	intakeDuplicatesShown = 200 // of each kind
	intakeWarningsShown   = 100
	intakeNumbersShown    = 30
)

func intakePath(e *events.Event) string { return eventPath(e) + "/attendees/import" }

type intakePage struct {
	templates.Chrome
	Errors  templates.Errors
	Event   *events.Event
	Base    string
	Imports []*ticketing.Import
}

// ImportAttendees is GET /console/events/{event}/attendees/import.
func (h *Handler) ImportAttendees(c *gin.Context) { h.intakeForm(c, http.StatusOK, nil) }

func (h *Handler) intakeForm(c *gin.Context, status int, shown templates.Errors) {
	e := access.Event(c)
	data := intakePage{Errors: shown, Event: e, Base: intakePath(e)}
	var err error
	if data.Imports, err = h.Ticketing.Imports(c.Request.Context(), e); err != nil {
		h.Fail(c, err)
		return
	}
	var ok bool
	if data.Chrome, ok = h.intakeFrame(c, h.text(c, "console.intake.title"), false); ok {
		h.Render(c, status, "console_intake", data)
	}
}

func (h *Handler) intakeFrame(c *gin.Context, title string, below bool) (templates.Chrome, bool) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, title, "nav.attendees")
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.attendees"), URL: eventPath(e) + "/attendees"})
	if below {
		chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "console.intake.title"), URL: intakePath(e)})
	}
	return chrome, ok
}

// UploadAttendees is POST /console/events/{event}/attendees/import: keeps the list and shows what it would make.
func (h *Handler) UploadAttendees(c *gin.Context) {
	e := access.Event(c)
	file, err := upload(c, intake.MaxBytes)
	var imp *ticketing.Import
	if errors.Is(err, errNoFile) && uploadedName(c) != "" {
		err = intake.ErrEmpty
	}
	if err == nil {
		imp, err = h.Ticketing.StartImport(c.Request.Context(), e, uploadedName(c), file, ticketing.ImportChoices{})
	}
	if err != nil {
		if shown, status, ok := h.refused(c, err); ok {
			for i := range shown {
				shown[i].Name = "file"
			}
			h.intakeForm(c, status, shown)
		}
		return
	}
	h.Redirect(c, intakePath(e)+"/"+string(imp.ID), "", "")
}

// uploadedName is what the file was called on its owner's machine, for recognising it later.
func uploadedName(c *gin.Context) string {
	if c.Request.MultipartForm == nil || len(c.Request.MultipartForm.File["file"]) == 0 {
		return ""
	}
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(path.Base(strings.ReplaceAll(c.Request.MultipartForm.File["file"][0].Filename, `\`, "/")), ""))
	if runes := []rune(name); len(runes) > 100 {
		name = string(runes[:100])
	}
	return name
}

// importOf gives the import in the path. It answers the request itself and gives false when there is none.
func (h *Handler) importOf(c *gin.Context) (*ticketing.Import, bool) {
	imp, err := h.Ticketing.FindImport(c.Request.Context(), access.Event(c), turnout.ID(c.Param("import")))
	if err != nil {
		h.Fail(c, err)
	}
	return imp, err == nil
}

// intakePreview is the data of the page on which an organiser decides.
type intakePreview struct {
	templates.Chrome
	Event       *events.Event
	Base        string
	Import      *ticketing.Import
	Plan        *ticketing.ImportPlan
	Columns     []intakeColumn
	Types       []intakeType
	TypeOptions []templates.Option
	Unmatched   bool
	First       []intakeRow
	Skips       []intakeSkips
	Duplicates  []intakeDuplicates
	NamedTwice  int // duplicates of all kinds that there is something to choose about
	Warnings    []warning
	MoreWarned  int
	Digest      string
	Unused      string // headings of columns that are not brought in
}

type intakeColumn struct {
	Name    string // of the form's field
	Column  intake.Column
	Heading string
	Options []templates.Option
}

type intakeType struct {
	Field, Key string // of the form
	Match      ticketing.TypeMatch
}

// intakeRow is one of the list's first rows with what becomes of it.
type intakeRow struct {
	intake.Row
	TypeName string
	Skip     string // the word for why not, "" for a row that is brought in
}

type intakeSkips struct {
	Word, Rows string
	Count      int
}

type intakeDuplicates struct {
	Kind ticketing.DuplicateKind
	All  bool // chosen for all
	Rows []ticketing.Duplicate
	More int
	Live int // how many there is something to choose about
}

// EventAttendeeImport is GET /console/events/{event}/attendees/import/{import}: the preview, or how far the work is.
func (h *Handler) EventAttendeeImport(c *gin.Context) {
	imp, ok := h.importOf(c)
	if !ok {
		return
	}
	if imp.Status != ticketing.ImportPreview {
		h.intakeProgress(c, imp)
		return
	}
	e := access.Event(c)
	plan, err := h.Ticketing.PlanImport(c.Request.Context(), e, imp)
	if err != nil {
		h.done(c, err, intakePath(e), "")
		return
	}
	data := intakePreview{Event: e, Base: intakePath(e) + "/" + string(imp.ID), Import: imp, Plan: plan, Digest: plan.Digest()}
	types, err := h.Ticketing.TicketTypes(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.intakeColumns(c, &data)
	h.intakeTypes(c, &data, types)
	h.intakeSkips(c, &data)
	data.duplicates()
	for _, w := range plan.Warnings[:min(len(plan.Warnings), intakeWarningsShown)] {
		data.Warnings = append(data.Warnings, h.intakeWarning(c, w))
	}
	data.MoreWarned = len(plan.Warnings) - len(data.Warnings)
	if data.Chrome, ok = h.intakeFrame(c, h.text(c, "console.intake.preview"), true); ok {
		h.Render(c, http.StatusOK, "console_intake_preview", data)
	}
}

func (h *Handler) intakeColumns(c *gin.Context, data *intakePreview) {
	choices := []templates.Option{{Value: "", Text: h.text(c, "console.intake.field_none")}}
	for _, f := range intake.Fields {
		choices = append(choices, templates.Option{Value: string(f), Text: h.text(c, "console.intake.field."+string(f))})
	}
	var unused []string
	for i, column := range data.Plan.List.Columns {
		heading := firstOf(column.Heading, h.text(c, "console.intake.column", "Place", i+1))
		if column.Field == intake.Extra && column.Sample == "" {
			continue // nothing in it
		}
		data.Columns = append(data.Columns, intakeColumn{Name: "column_" + strconv.Itoa(i), Column: column, Heading: heading, Options: choices})
		if column.Field == intake.Extra {
			unused = append(unused, heading)
		}
	}
	data.Unused = strings.Join(unused, ", ")
}

func (h *Handler) intakeTypes(c *gin.Context, data *intakePreview, types []*ticketing.TicketType) {
	names := map[turnout.ID]string{}
	data.TypeOptions = []templates.Option{{Value: "", Text: h.text(c, "console.intake.type_none")}}
	for _, t := range types {
		names[t.ID] = t.Name
		data.TypeOptions = append(data.TypeOptions, templates.Option{Value: string(t.ID), Text: t.Name})
	}
	byKey := map[string]string{}
	for i, match := range data.Plan.Types {
		data.Types = append(data.Types, intakeType{Field: "type_" + strconv.Itoa(i), Key: match.Key, Match: match})
		data.Unmatched = data.Unmatched || match.TicketTypeID == "" && match.Places > 0
		byKey[match.Words] = names[match.TicketTypeID]
	}
	skipped := map[int]string{}
	for _, s := range data.Plan.Skipped {
		skipped[s.Row] = s.Reason
	}
	for _, row := range data.Plan.List.Rows[:min(len(data.Plan.List.Rows), intakeRowsShown)] {
		shown := intakeRow{Row: row, TypeName: byKey[row.TicketType]}
		if reason := skipped[row.Number]; reason != "" {
			shown.Skip = h.text(c, "console.intake.skip."+reason)
		}
		data.First = append(data.First, shown)
	}
}

// intakeSkips counts the rows that are left out by their reason, in the order in which the reasons are met.
func (h *Handler) intakeSkips(c *gin.Context, data *intakePreview) {
	var order []string
	rows := map[string][]int{}
	for _, s := range data.Plan.Skipped {
		if rows[s.Reason] == nil {
			order = append(order, s.Reason)
		}
		rows[s.Reason] = append(rows[s.Reason], s.Row)
	}
	for _, reason := range order {
		data.Skips = append(data.Skips, intakeSkips{Word: h.text(c, "console.intake.skip."+reason), Count: len(rows[reason]), Rows: rowNumbers(rows[reason])})
	}
}

// rowNumbers names rows: "2, 5, 9 …".
func rowNumbers(rows []int) string {
	var all []string
	for _, n := range rows[:min(len(rows), intakeNumbersShown)] {
		all = append(all, strconv.Itoa(n))
	}
	text := strings.Join(all, ", ")
	if len(rows) > intakeNumbersShown {
		text += " …"
	}
	return text
}

func (d *intakePreview) duplicates() {
	for _, kind := range ticketing.DuplicateKinds {
		group := intakeDuplicates{Kind: kind, All: slices.Contains(d.Import.Choices.BringAll, kind)}
		for _, dup := range d.Plan.Duplicates {
			if dup.Kind != kind {
				continue
			}
			if !dup.Idle {
				group.Live++
			}
			if len(group.Rows) < intakeDuplicatesShown {
				group.Rows = append(group.Rows, dup)
			} else {
				group.More++
			}
		}
		d.NamedTwice += group.Live
		if len(group.Rows) > 0 {
			d.Duplicates = append(d.Duplicates, group)
		}
	}
}

// intakeWarning says one of a list's in the reader's language.
func (h *Handler) intakeWarning(c *gin.Context, w intake.Warning) warning {
	said := warning{Text: h.text(c, "console.intake.warning."+w.Code, warningData(w.Data)...), Where: h.text(c, "console.intake.where_file")}
	switch {
	case w.Row > 0 && w.Column != "":
		said.Where = h.text(c, "console.intake.where_cell", "Row", w.Row, "Column", w.Column)
	case w.Row > 0:
		said.Where = h.text(c, "console.intake.where_row", "Row", w.Row)
	}
	return said
}

// sound says whether a text is one that a page of ours can have sent.
func sound(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// chosen reads what the organiser decided on the preview.
func chosen(c *gin.Context) ticketing.ImportChoices {
	choices := ticketing.ImportChoices{Columns: map[int]intake.Field{}, Types: map[string]turnout.ID{}, Mail: c.PostForm("mail") != ""}
	for name, values := range c.Request.PostForm {
		if place, ok := strings.CutPrefix(name, "column_"); ok && len(values) > 0 {
			field := intake.Field(values[0])
			if i, err := strconv.Atoi(place); err == nil && i >= 0 && (field == intake.Extra || slices.Contains(intake.Fields, field)) {
				choices.Columns[i] = field
			}
		}
		if place, ok := strings.CutPrefix(name, "type_"); ok && len(values) > 0 {
			words, id := c.PostForm("words_"+place), turnout.ID(values[0])
			if sound(words) && (id == "" || id.Is("typ")) {
				choices.Types[words] = id
			}
		}
	}
	for _, row := range c.PostFormArray("bring") {
		if n, err := strconv.Atoi(row); err == nil {
			choices.Bring = append(choices.Bring, n)
		}
	}
	for _, kind := range c.PostFormArray("bring_all") {
		if k := ticketing.DuplicateKind(kind); slices.Contains(ticketing.DuplicateKinds, k) {
			choices.BringAll = append(choices.BringAll, k)
		}
	}
	slices.Sort(choices.Bring)
	return choices
}

// DecideImport is POST /console/events/{event}/attendees/import/{import}: keeps what was chosen and shows the preview again,
// or carries the import out as it was shown.
func (h *Handler) DecideImport(c *gin.Context) {
	imp, ok := h.importOf(c)
	if !ok {
		return
	}
	e, ctx := access.Event(c), c.Request.Context()
	here := intakePath(e) + "/" + string(imp.ID)
	if err := c.Request.ParseForm(); err != nil {
		h.Fail(c, err)
		return
	}
	if isPressed(c, "drop") {
		h.done(c, h.Ticketing.DropImport(ctx, imp), intakePath(e), h.text(c, "console.intake.dropped"))
		return
	}
	err := h.Ticketing.ChooseForImport(ctx, imp, chosen(c))
	if err == nil && isPressed(c, "confirm") {
		err = h.Ticketing.ConfirmImport(ctx, e, imp, c.PostForm("seen"))
	}
	switch {
	case errors.Is(err, ticketing.ErrImportOver):
		h.done(c, err, intakePath(e), "")
	case errors.Is(err, ticketing.ErrImportChanged):
		h.Redirect(c, here, "warn", h.text(c, "console.intake.changed"))
	default:
		h.done(c, err, here, "")
	}
}

type intakeProgress struct {
	templates.Chrome
	Event              *events.Event
	Base               string
	Import             *ticketing.Import
	Done, All          int64
	Busy               bool
	Failures           []intakeSkips
	AttendeesURL, From string
}

// intakeProgress shows how far an import is. The part "progress" is what the page asks for again every second until it has ended.
func (h *Handler) intakeProgress(c *gin.Context, imp *ticketing.Import) {
	e := access.Event(c)
	data := intakeProgress{Event: e, Base: intakePath(e) + "/" + string(imp.ID), Import: imp, AttendeesURL: eventPath(e) + "/attendees", From: intakePath(e),
		Busy: imp.Status == ticketing.ImportPreparing || imp.Status == ticketing.ImportWorking || imp.Status == ticketing.ImportUndoing}
	data.Done, data.All = imp.Progress()
	failures, err := h.Ticketing.ImportFailures(c.Request.Context(), imp)
	if err != nil {
		h.Fail(c, err)
		return
	}
	for _, f := range failures {
		word := h.Templates.ErrorText(h.Language(c), &turnout.Error{Kind: turnout.Conflict, Code: f.Problem})
		data.Failures = append(data.Failures, intakeSkips{Word: firstOf(word, h.text(c, "console.intake.refused", "Code", f.Problem)), Rows: rowNumbers(f.Rows), Count: len(f.Rows)})
	}
	if wantsPart(c) {
		h.RenderPart(c, http.StatusOK, "console_intake_progress", "progress", data)
		return
	}
	var ok bool
	if data.Chrome, ok = h.intakeFrame(c, firstOf(imp.FileName, h.text(c, "console.intake.title")), true); ok {
		h.Render(c, http.StatusOK, "console_intake_progress", data)
	}
}

// UndoAttendeeImport is POST /console/events/{event}/attendees/import/{import}/undo.
func (h *Handler) UndoAttendeeImport(c *gin.Context) {
	imp, ok := h.importOf(c)
	if !ok {
		return
	}
	here := intakePath(access.Event(c)) + "/" + string(imp.ID)
	if h.confirmed(c, h.text(c, "console.intake.undo_ask", "Count", imp.Made), here) {
		h.done(c, h.Ticketing.UndoImport(c.Request.Context(), imp), here, "")
	}
}
