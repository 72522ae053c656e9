package pages

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/respond"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

// questionField is a question as the partial "questions" draws it.
type questionField struct {
	ID, Name  string // Name is the form's: the prefix, a point, and the question's id
	Kind      string
	Label     string
	Help      string
	Limits    string // what the answer may be, in words
	Purpose   string
	KeptUntil time.Time
	Zone      string
	Required  bool
	Value     string // as typed
	Options   []questionOption
	Select    bool   // the options stand in a list to open
	MaxLength int    // characters
	From      string // of a day
	Until     string
	File      string // the name of what was sent
	Error     string
	// When the question is shown, in words and for the script: the name of the deciding field and its values.
	If, IfName, IfAny string
}

// questionOption is one answer that can be chosen.
type questionOption struct {
	Value, Text, Note string
	Checked, Disabled bool
}

// asking are the questions that are asked of a ticket of the type, or of the order.
func asking(questions []*ticketing.Question, subject ticketing.QuestionSubject, ticketType turnout.ID) []*ticketing.Question {
	return slices.DeleteFunc(slices.Clone(questions), func(q *ticketing.Question) bool { return !q.Asks(subject, ticketType) })
}

// longChoice is how many options are shown at once; more stand in a list to open.
const longChoice = 7

// questionFields makes the fields for a ticket of a type, or for the order, under names that begin with the prefix, with what was
// typed (nil for nothing) and what is wrong with it. event's questions have their places read.
func (h *Handler) questionFields(c *gin.Context, event *events.Event, questions []*ticketing.Question, subject ticketing.QuestionSubject, ticketType turnout.ID,
	prefix string, typed url.Values, errs templates.Errors,
) []questionField {
	var fields []questionField
	for _, q := range asking(questions, subject, ticketType) {
		w, name := q.Words, prefix+"."+string(q.ID)
		f := questionField{ID: string(q.ID), Name: name, Kind: string(q.Kind), Label: w.Label, Help: w.Help, Limits: h.limits(c, q), Purpose: w.Purpose,
			KeptUntil: w.KeptUntil(event), Zone: event.Timezone, Required: w.Required, Value: typed.Get(name), MaxLength: q.MaxLength(),
			From: w.Bounds.From, Until: w.Bounds.Until, Error: errs.For(name), File: typed.Get(name + fileName)}
		f.Options, f.Select = h.questionOptions(c, q, typed[name])
		if by := deciding(questions, w.ShowIf); by != nil {
			f.If, f.IfName, f.IfAny = h.conditionWords(c, by, w.ShowIf), prefix+"."+string(by.ID), strings.Join(w.ShowIf.AnyOf, " ")
		}
		fields = append(fields, f)
	}
	return fields
}

// needsFiles reports whether a form with the fields must be sent as multipart/form-data.
func needsFiles(fields []questionField) bool {
	return slices.ContainsFunc(fields, func(f questionField) bool { return f.Kind == string(ticketing.AskFile) })
}

// labelAnswers names the questions in the summary of what is wrong, behind whose they are ("Ticket 2", "" for the order's).
func labelAnswers(errs templates.Errors, fields []questionField, whose string) {
	for _, f := range fields {
		for i := range errs {
			if errs[i].Name == f.Name {
				errs[i].Label = strings.TrimPrefix(whose+", "+f.Label, ", ")
			}
		}
	}
}

// deciding gives the question that a condition is about, nil for none.
func deciding(questions []*ticketing.Question, condition ticketing.Condition) *ticketing.Question {
	for _, q := range questions {
		if q.ID == condition.QuestionID {
			return q
		}
	}
	return nil
}

// conditionWords says when a question is shown: only if “Which workshop?” is answered: Fuzzing, Profiling.
func (h *Handler) conditionWords(c *gin.Context, by *ticketing.Question, condition ticketing.Condition) string {
	var answers []string
	for _, a := range condition.AnyOf {
		if o := by.Words.Option(turnout.ID(a)); o != nil {
			answers = append(answers, o.Label)
		} else {
			answers = append(answers, h.text(c, "question.answer_"+a))
		}
	}
	return h.text(c, "question.if", "Question", by.Words.Label, "Answers", strings.Join(answers, ", "))
}

// limits says what a number, a number of choices or a day may be.
func (h *Handler) limits(c *gin.Context, q *ticketing.Question) string {
	b, lang := q.Words.Bounds, h.Language(c)
	switch q.Kind {
	case ticketing.AskNumber:
		return h.between(c, "question.number", plainNumber(b.Min), plainNumber(b.Max))
	case ticketing.AskMultiChoice:
		return h.between(c, "question.choices", plainNumber(b.Min), plainNumber(b.Max))
	case ticketing.AskDate:
		return h.between(c, "question.day", h.Templates.Day(lang, b.From), h.Templates.Day(lang, b.Until))
	}
	return ""
}

// between says that something lies between two others, of which each may be missing.
func (h *Handler) between(c *gin.Context, key, from, to string) string {
	switch {
	case from != "" && from == to:
		return h.text(c, key+"_is", "From", from)
	case from != "" && to != "":
		return h.text(c, key+"_between", "From", from, "To", to)
	case from != "":
		return h.text(c, key+"_from", "From", from)
	case to != "":
		return h.text(c, key+"_to", "To", to)
	}
	return ""
}

func plainNumber(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// questionOptions gives the answers to choose from, those without places left marked, and whether they stand in a list to open.
func (h *Handler) questionOptions(c *gin.Context, q *ticketing.Question, chosen []string) (options []questionOption, list bool) {
	add := func(o questionOption) {
		o.Checked = slices.Contains(chosen, o.Value)
		o.Disabled = o.Disabled && !o.Checked // else what was chosen would be dropped unseen
		options = append(options, o)
	}
	switch q.Kind {
	case ticketing.AskChoice, ticketing.AskMultiChoice:
		list = q.Kind == ticketing.AskChoice && len(q.Words.Options) > longChoice
		for _, o := range q.Words.Options {
			option := questionOption{Value: string(o.ID), Text: o.Label, Disabled: o.Full()}
			if option.Disabled {
				option.Note = h.text(c, "question.full")
			}
			add(option)
		}
	case ticketing.AskYesNo:
		for _, answer := range []string{"true", "false"} {
			add(questionOption{Value: answer, Text: h.text(c, "question.answer_"+answer)})
		}
	case ticketing.AskConsent:
		add(questionOption{Value: "true", Text: q.Words.Label})
	case ticketing.AskCountry:
		for _, o := range countryOptions(h.Language(c), "") {
			add(questionOption{Value: o.Value, Text: o.Text})
		}
		return options, true
	}
	if q.Kind != ticketing.AskMultiChoice && q.Kind != ticketing.AskConsent && len(options) > 0 && (list || !q.Words.Required) {
		options = slices.Insert(options, 0, questionOption{Checked: len(chosen) == 0 || chosen[0] == "", Text: h.text(c, "question.no_answer")})
	}
	return options, list
}

// readAnswers reads what a form answers to the questions, its fields named by the prefix, in the form that the API takes. What was
// left empty is not in it.
func readAnswers(form url.Values, prefix string, questions []*ticketing.Question) map[turnout.ID]json.RawMessage {
	answers := map[turnout.ID]json.RawMessage{}
	for _, q := range questions {
		typed := slices.DeleteFunc(slices.Clone(form[prefix+"."+string(q.ID)]), func(s string) bool { return strings.TrimSpace(s) == "" })
		if len(typed) == 0 {
			continue
		}
		var answer any = typed[0]
		switch q.Kind {
		case ticketing.AskMultiChoice:
			answer = typed
		case ticketing.AskYesNo, ticketing.AskConsent:
			answer = typed[0] == "true"
		case ticketing.AskNumber:
			if n, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(typed[0]), ",", ".", 1), 64); err == nil {
				answer = n
			}
		}
		if raw, err := json.Marshal(answer); err == nil { // not of "infinity", which is no answer
			answers[q.ID] = raw
		} else {
			answers[q.ID] = json.RawMessage(`"?"`)
		}
	}
	return answers
}

// The ends of the names of a file's fields beside that of its id: what the browser sends, the name that its sender gave it, and the
// box that takes it back.
const (
	fileField = ".file"
	fileName  = ".name"
	fileDrop  = ".drop"
)

// maxForm is how large a form with files may be.
const maxForm = 3*ticketing.MaxUpload + 1<<20

// keepFiles reads a form that may carry files: it comes before anything else reads the form. Each file is kept and the form bears its
// id instead, so that a form that needs a change is shown again without sending anything twice. What cannot be kept is said by its field.
func (h *Handler) keepFiles(c *gin.Context, by ticketing.Sender, event *events.Event) (problems turnout.Problems, err error) {
	if kind, _, _ := mime.ParseMediaType(c.GetHeader("Content-Type")); kind != "multipart/form-data" {
		return nil, c.Request.ParseForm()
	}
	body := c.Request.Body
	c.Request.Body = http.MaxBytesReader(nil, body, maxForm)
	if err := c.Request.ParseMultipartForm(1 << 20); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			respond.Drain(body)
			err = ticketing.ErrFileLarge.Because(err)
		}
		return nil, err
	}
	defer func() { _ = c.Request.MultipartForm.RemoveAll() }()
	forms := []url.Values{c.Request.PostForm, c.Request.Form} // the second has what stands in the address too
	for _, name := range sortedKeys(c.Request.MultipartForm.File) {
		field, isAnswer := strings.CutSuffix(name, fileField)
		header := c.Request.MultipartForm.File[name][0]
		if !isAnswer || header.Filename == "" && header.Size == 0 {
			continue
		}
		file, err := header.Open()
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(file)
		_ = file.Close()
		if err != nil {
			return nil, err
		}
		sent, err := h.Ticketing.Send(c.Request.Context(), by, event.ID, turnout.ID(field[strings.LastIndex(field, ".")+1:]), header.Filename, data)
		if known, ok := errors.AsType[*turnout.Error](err); ok && known.Kind != turnout.Internal {
			respond.Log(c.Request.Context(), err)
			problems.Add(field, known.Code, "%s", known.Message)
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, form := range forms {
			form.Set(field, string(sent.ID))
			form.Set(field+fileName, sent.Name)
		}
	}
	for name := range c.Request.PostForm {
		if field, drops := strings.CutSuffix(name, fileDrop); drops && c.Request.MultipartForm.File[field+fileField] == nil {
			for _, form := range forms {
				form.Del(field)
				form.Del(field + fileName)
			}
		}
	}
	return problems, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// answerLine is an answer as organisers read it, with the words that were asked.
type answerLine struct {
	Question, Answer, FileURL string
	ErasedAt                  time.Time // zero while the answer is there
	Zone                      string
}

// answerLines are the answers of an order for organisers, by ticket, those about the order under "".
func (h *Handler) answerLines(c *gin.Context, o *ticketing.Order, answers []*ticketing.Answer) map[turnout.ID][]answerLine {
	lines := map[turnout.ID][]answerLine{}
	for _, a := range answers {
		if a.OrderID != o.ID {
			continue
		}
		line := answerLine{Question: a.Asked.Label, Answer: a.InWords(h.Templates, h.Language(c)), ErasedAt: a.ErasedAt, Zone: o.Event.Timezone}
		if a.UploadID != "" {
			line.FileURL = eventPath(o.Event) + "/answers/" + string(a.UploadID)
		}
		lines[a.TicketID] = append(lines[a.TicketID], line)
	}
	return lines
}
