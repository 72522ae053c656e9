package pages

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

type questionForm struct {
	Subject   string   `form:"subject" text:"name,max=20"`
	Kind      string   `form:"kind" text:"name,max=20"`
	Label     string   `form:"label" text:"name,max=500"`
	Help      string   `form:"help" text:"long,max=2000"`
	Required  bool     `form:"required"`
	Min       string   `form:"bounds.min" text:"name,max=20"`
	Max       string   `form:"bounds.max" text:"name,max=20"`
	Length    string   `form:"bounds.length" text:"name,max=10"`
	From      string   `form:"bounds.from" text:"name,max=20"`
	Until     string   `form:"bounds.until" text:"name,max=20"`
	ShowIf    []string `form:"show_if.any_of" text:"name,max=80"` // the question and the answer, with a colon between them
	TypeIDs   []string `form:"ticket_type_ids" text:"name,max=60"`
	Purpose   string   `form:"purpose" text:"name,max=500"`
	EraseDays string   `form:"erase_days" text:"name,max=40"`
	EraseOn   string   `form:"erase_on" text:"name,max=20"`
	Version   int64    `form:"version"`

	Rows []optionRow // see optionRows
}

// optionRow is a choice as typed, under the names of a list's fields ("options[0].label").
type optionRow struct {
	Field, ID, Label, Places string
	Taken                    string // of its places, "" where none are counted
}

// spareRows are the empty rows for further choices; scripts are not needed to have more: the form can be drawn again.
const spareRows = 3

type questionPage struct {
	templates.Chrome
	Errors   templates.Errors
	Event    *events.Event
	Form     questionForm
	KindName string
	Types    []*ticketing.TicketType
	Deciding []decidingQuestion
	Archived bool
	BackURL  string
	IsNew    bool
}

// decidingQuestion is an earlier question by whose answer this one can be shown.
type decidingQuestion struct {
	Label   string
	Answers []templates.Option
}

// Asks reports whether a ticket type is ticked.
func (p questionPage) Asks(id turnout.ID) bool { return slices.Contains(p.Form.TypeIDs, string(id)) }

// Shows reports whether an answer that shows this question is ticked.
func (p questionPage) Shows(answer string) bool { return slices.Contains(p.Form.ShowIf, answer) }

// Is reports whether the question is of one of the kinds.
func (p questionPage) Is(kinds ...string) bool { return slices.Contains(kinds, p.Form.Kind) }

func newQuestionForm(q *ticketing.Question) questionForm {
	in := q.Input()
	f := questionForm{Subject: string(in.Subject), Kind: string(in.Kind), Label: in.Label, Help: in.Help, Purpose: in.Purpose, Required: in.Required,
		Min: plainNumber(in.Bounds.Min), Max: plainNumber(in.Bounds.Max), From: in.Bounds.From, Until: in.Bounds.Until, EraseOn: in.EraseOn, Version: q.Version}
	if in.Bounds.Length > 0 {
		f.Length = whole(&in.Bounds.Length)
	}
	if in.EraseDays > 0 {
		f.EraseDays = whole(&in.EraseDays)
	}
	for _, a := range in.ShowIf.AnyOf {
		f.ShowIf = append(f.ShowIf, string(in.ShowIf.QuestionID)+":"+a)
	}
	for _, id := range in.TypeIDs {
		f.TypeIDs = append(f.TypeIDs, string(id))
	}
	for _, o := range in.Options {
		f.Rows = append(f.Rows, optionRow{ID: string(o.ID), Label: o.Label, Places: whole(o.Places)})
	}
	return f
}

// optionRows reads the rows of choices, without those that are empty: emptying a row takes its choice away.
func (in *questionForm) optionRows(c *gin.Context, f *formReader) {
	for i := 0; i < 300; i++ {
		field := fmt.Sprintf("options[%d]", i)
		if !c.Request.PostForm.Has(field + ".label") {
			break
		}
		row := optionRow{ID: c.PostForm(field + ".id"), Label: strings.TrimSpace(c.PostForm(field + ".label")), Places: strings.TrimSpace(c.PostForm(field + ".places"))}
		if row.Label == "" && (row.ID != "" || row.Places == "") {
			continue
		}
		field = fmt.Sprintf("options[%d]", len(in.Rows))
		clean, err := respond.Text(field+".label", row.Label, "name,max=200")
		if known, bad := errors.AsType[*turnout.Error](err); bad {
			f.Problems = append(f.Problems, known.Fields...)
		} else {
			row.Label = clean
		}
		in.Rows = append(in.Rows, row)
	}
	at := slices.Index(f.order, "required") + 1 // where the choices stand in the form
	for i := len(in.Rows) - 1; i >= 0; i-- {
		f.order = slices.Insert(f.order, at, fmt.Sprintf("options[%d].label", i), fmt.Sprintf("options[%d].places", i))
	}
	f.order = slices.Insert(f.order, at, "options")
}

func (in *questionForm) input(c *gin.Context, f *formReader) ticketing.QuestionInput {
	f.read(c, in)
	in.optionRows(c, f)
	out := ticketing.QuestionInput{Subject: ticketing.QuestionSubject(in.Subject), Kind: ticketing.QuestionKind(in.Kind), Label: in.Label, Help: in.Help,
		Purpose: in.Purpose, Required: in.Required, EraseOn: in.EraseOn,
		Bounds: ticketing.Bounds{Min: f.decimal("bounds.min", in.Min), Max: f.decimal("bounds.max", in.Max), From: in.From, Until: in.Until}}
	if n := f.number("bounds.length", in.Length); n != nil {
		out.Bounds.Length = *n
	}
	if n := f.number("erase_days", in.EraseDays); n != nil {
		out.EraseDays = *n
	} else if in.EraseOn == "" {
		f.Require("erase_days", in.EraseDays)
	}
	for i, row := range in.Rows {
		out.Options = append(out.Options, ticketing.OptionInput{ID: turnout.ID(row.ID), Label: row.Label, Places: f.number(fmt.Sprintf("options[%d].places", i), row.Places)})
	}
	for _, id := range in.TypeIDs {
		out.TypeIDs = append(out.TypeIDs, turnout.ID(id))
	}
	for _, ticked := range in.ShowIf {
		id, answer, _ := strings.Cut(ticked, ":")
		if by := out.ShowIf.QuestionID; by != "" && by != turnout.ID(id) {
			f.Add("show_if.any_of", "one_question", "Tick answers of one question only.")
			break
		}
		out.ShowIf.QuestionID, out.ShowIf.AnyOf = turnout.ID(id), append(out.ShowIf.AnyOf, answer)
	}
	return out
}

// decimal reads a number that may be left out, with a point or a comma.
func (f *formReader) decimal(field, typed string) *float64 {
	if typed == "" {
		return nil
	}
	n, err := strconv.ParseFloat(strings.Replace(typed, ",", ".", 1), 64)
	if err != nil {
		f.Add(field, "not_a_number", "This must be a number.")
		return nil
	}
	return &n
}

// NewQuestion is GET /console/events/{event}/questions/new, with the subject and kind that were chosen before.
func (h *Handler) NewQuestion(c *gin.Context) {
	form := questionForm{Subject: c.DefaultQuery("subject", string(ticketing.OfTicket)), Kind: c.DefaultQuery("kind", string(ticketing.AskText)), EraseDays: "90"}
	if form.Subject == string(ticketing.AtDoor) && form.Kind == string(ticketing.AskFile) {
		h.Redirect(c, questionsPath(access.Event(c)), "warn", h.text(c, "console.question.no_file_at_door"))
		return
	}
	if !slices.Contains(ticketing.QuestionSubjects, ticketing.QuestionSubject(form.Subject)) || !slices.Contains(ticketing.QuestionKinds, ticketing.QuestionKind(form.Kind)) {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	h.question(c, http.StatusOK, nil, form, nil)
}

// question draws the form of a question, nil for a new one.
func (h *Handler) question(c *gin.Context, status int, q *ticketing.Question, form questionForm, shown templates.Errors) {
	e, ctx := access.Event(c), c.Request.Context()
	title := h.text(c, "console.question.new")
	if q != nil {
		title = q.Words.Label
	}
	chrome, ok := h.eventConsole(c, title, "nav.questions")
	if !ok {
		return
	}
	types, err := h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	all, err := h.Ticketing.Questions(ctx, e.CommunityID, e.ID, false)
	if err != nil {
		h.Fail(c, err)
		return
	}
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.questions"), URL: questionsPath(e)})
	data := questionPage{Chrome: chrome, Errors: shown, Event: e, Form: form, KindName: h.text(c, "question.kind."+form.Kind), Types: types,
		Deciding: h.decidingQuestions(c, all, q, form.Subject), Archived: q != nil && q.Archived(), BackURL: questionsPath(e), IsNew: q == nil}
	if ticketing.QuestionKind(form.Kind).HasOptions() {
		data.Form.Rows = rowsOf(form.Rows, q)
	}
	h.Render(c, status, "console_question", data)
}

// rowsOf gives the rows of choices their names and what is taken of them, and empty ones behind them.
func rowsOf(rows []optionRow, q *ticketing.Question) []optionRow {
	rows = append(slices.Clone(rows), make([]optionRow, spareRows)...)
	for i := range rows {
		rows[i].Field = fmt.Sprintf("options[%d]", i)
		if q == nil {
			continue
		}
		if o := q.Words.Option(turnout.ID(rows[i].ID)); o != nil && o.Limited() {
			rows[i].Taken = whole(&o.Pool.Taken)
		}
	}
	return rows
}

// decidingQuestions are those of the same form before a question, all for a new one, that can decide whether it is shown.
func (h *Handler) decidingQuestions(c *gin.Context, all []*ticketing.Question, q *ticketing.Question, subject string) []decidingQuestion {
	var list []decidingQuestion
	for _, by := range all {
		if q != nil && by.ID == q.ID {
			break
		}
		if !by.Kind.Decides() || string(by.Subject) != subject {
			continue
		}
		d := decidingQuestion{Label: by.Words.Label}
		add := func(answer, text string) {
			d.Answers = append(d.Answers, templates.Option{Value: string(by.ID) + ":" + answer, Text: text})
		}
		for _, o := range by.Words.Options {
			add(string(o.ID), o.Label)
		}
		if !by.Kind.HasOptions() {
			add("true", h.text(c, "question.answer_true"))
			add("false", h.text(c, "question.answer_false"))
		}
		list = append(list, d)
	}
	return list
}

// CreateQuestion is POST /console/events/{event}/questions/new.
func (h *Handler) CreateQuestion(c *gin.Context) {
	e := access.Event(c)
	var in questionForm
	var form formReader
	input := in.input(c, &form)
	if isPressed(c, "more_options") {
		h.question(c, http.StatusOK, nil, in, nil)
		return
	}
	err := form.then(input.Check, func() error {
		_, err := h.Ticketing.CreateQuestion(c.Request.Context(), e.CommunityID, e.ID, input)
		return err
	})
	h.questionSaved(c, nil, in, err, "console.question.created")
}

func (h *Handler) questionSaved(c *gin.Context, q *ticketing.Question, in questionForm, err error, message string) {
	if err == nil {
		h.Redirect(c, questionsPath(access.Event(c)), "ok", h.text(c, message))
		return
	}
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	for i, row := range rowsOf(in.Rows, q) { // a choice is named by its number
		for j := range shown {
			if strings.HasPrefix(shown[j].Name, row.Field+".") {
				shown[j].Label = h.text(c, "console.question.option", "Number", i+1)
			}
		}
	}
	h.question(c, status, q, in, shown)
}

// questionOf gives the question in the path, of the event in the path. It answers the request itself and gives false when there is none.
func (h *Handler) questionOf(c *gin.Context) (*ticketing.Question, bool) {
	q, err := h.Ticketing.Question(c.Request.Context(), access.Community(c), turnout.ID(c.Param("question")))
	if err == nil && q.EventID != access.Event(c).ID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return nil, false
	}
	return q, true
}

// EventQuestion is GET /console/events/{event}/questions/{question}.
func (h *Handler) EventQuestion(c *gin.Context) {
	if q, ok := h.questionOf(c); ok {
		h.question(c, http.StatusOK, q, newQuestionForm(q), nil)
	}
}

// SaveQuestion is POST /console/events/{event}/questions/{question}.
func (h *Handler) SaveQuestion(c *gin.Context) {
	q, ok := h.questionOf(c)
	if !ok {
		return
	}
	var in questionForm
	var form formReader
	input := in.input(c, &form)
	in.Subject, in.Kind = string(q.Subject), string(q.Kind) // for good
	input.Subject, input.Kind = q.Subject, q.Kind
	if isPressed(c, "more_options") {
		h.question(c, http.StatusOK, q, in, nil)
		return
	}
	err := form.then(input.Check, func() error {
		_, err := h.Ticketing.UpdateQuestion(c.Request.Context(), q.CommunityID, q.ID, in.Version, input)
		return err
	})
	h.questionSaved(c, q, in, err, "console.saved")
}
