package pages

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

type questionRow struct {
	*ticketing.Question
	URL      string
	If       string   // when it is shown, "" for always
	Types    []string // the ticket types whose tickets are asked; none: all
	Up, Down string   // the places above and below, "" at an end
}

type questionsPage struct {
	templates.Chrome
	Event    *events.Event
	CanWrite bool
	Forms    []questionsForm // those of tickets, of the order, at the door
	Archived []questionRow
	Kinds    []templates.Option
	NewURL   string
	Preview  string // the ticket type whose form is shown
	Types    []filter
}

// questionsForm is what is asked of one subject, as organisers list it and as attendees see it.
type questionsForm struct {
	Subject string
	Rows    []questionRow
	Fields  []questionField
}

// Asks says whether any of the forms asks something of the ticket type that is shown.
func (p questionsPage) Asks() bool {
	return slices.ContainsFunc(p.Forms, func(f questionsForm) bool { return len(f.Fields) > 0 })
}

// filter is an entry of a segmented list.
type filter struct {
	Text, URL string
	Current   bool
}

func questionsPath(e *events.Event) string { return eventPath(e) + "/questions" }

// EventQuestions is GET /console/events/{event}/questions.
func (h *Handler) EventQuestions(c *gin.Context) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "nav.questions"), "nav.questions")
	if !ok {
		return
	}
	ctx := c.Request.Context()
	questions, err := h.Ticketing.Questions(ctx, e.CommunityID, e.ID, true)
	if err != nil {
		h.Fail(c, err)
		return
	}
	types, err := h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	page := questionsPage{Chrome: chrome, Event: e, CanWrite: may(c, "tickets:write"), Kinds: h.kindOptions(c), NewURL: questionsPath(e) + "/new", Preview: c.Query("type")}
	asked := slices.DeleteFunc(slices.Clone(questions), (*ticketing.Question).Archived)
	for _, subject := range ticketing.QuestionSubjects {
		own := slices.DeleteFunc(slices.Clone(asked), func(q *ticketing.Question) bool { return q.Subject != subject })
		form := questionsForm{Subject: string(subject)}
		for i := range own {
			form.Rows = append(form.Rows, h.questionRow(c, own, i, types))
		}
		shown := own
		if page.Preview == "" { // every ticket type's
			shown = withoutTypes(own)
		}
		form.Fields = h.questionFields(c, e, shown, subject, turnout.ID(page.Preview), "preview", nil, nil)
		page.Forms = append(page.Forms, form)
	}
	for i, q := range questions {
		if q.Archived() {
			page.Archived = append(page.Archived, h.questionRow(c, questions, i, types))
		}
	}
	page.Types = h.previewTypes(c, asked, types)
	h.Render(c, http.StatusOK, "console_questions", page)
}

// withoutTypes are the questions as if they were asked of every ticket.
func withoutTypes(questions []*ticketing.Question) []*ticketing.Question {
	out := make([]*ticketing.Question, len(questions))
	for i, q := range questions {
		open := *q
		open.TypeIDs = nil
		out[i] = &open
	}
	return out
}

// previewTypes offers to see the form of each ticket type, where they differ.
func (h *Handler) previewTypes(c *gin.Context, asked []*ticketing.Question, types []*ticketing.TicketType) []filter {
	if !slices.ContainsFunc(asked, func(q *ticketing.Question) bool { return len(q.TypeIDs) > 0 }) {
		return nil
	}
	at := questionsPath(access.Event(c))
	list := []filter{{h.text(c, "console.question.all_types"), at, c.Query("type") == ""}}
	for _, t := range types {
		list = append(list, filter{t.Name, at + "?type=" + string(t.ID), c.Query("type") == string(t.ID)})
	}
	return list
}

func (h *Handler) questionRow(c *gin.Context, form []*ticketing.Question, i int, types []*ticketing.TicketType) questionRow {
	q := form[i]
	row := questionRow{Question: q, URL: questionsPath(access.Event(c)) + "/" + string(q.ID)}
	if by := deciding(form, q.Words.ShowIf); by != nil {
		row.If = h.conditionWords(c, by, q.Words.ShowIf)
	}
	for _, t := range types {
		if slices.Contains(q.TypeIDs, t.ID) {
			row.Types = append(row.Types, t.Name)
		}
	}
	if i > 0 {
		row.Up = strconv.Itoa(i - 1)
	}
	if i < len(form)-1 {
		row.Down = strconv.Itoa(i + 1)
	}
	return row
}

func (h *Handler) kindOptions(c *gin.Context) []templates.Option {
	return options(ticketing.QuestionKinds, func(k ticketing.QuestionKind) templates.Option {
		return templates.Option{Value: string(k), Text: h.text(c, "question.kind."+string(k))}
	})
}

// MoveQuestion is POST /console/events/{event}/questions/{question}/move.
func (h *Handler) MoveQuestion(c *gin.Context) {
	h.changeQuestion(c, "console.question.moved", func(ctx context.Context, community, id turnout.ID, _ int64) error {
		to, err := strconv.Atoi(c.PostForm("to"))
		if err != nil {
			return turnout.ErrNotFound
		}
		return h.Ticketing.MoveQuestion(ctx, community, id, to)
	})
}

// ArchiveQuestion is POST /console/events/{event}/questions/{question}/archive. It can be taken back, so it does not ask.
func (h *Handler) ArchiveQuestion(c *gin.Context) {
	h.changeQuestion(c, "console.question.archived", h.Ticketing.ArchiveQuestion)
}

// RestoreQuestion is POST /console/events/{event}/questions/{question}/restore.
func (h *Handler) RestoreQuestion(c *gin.Context) {
	h.changeQuestion(c, "console.question.restored", h.Ticketing.RestoreQuestion)
}

// changeQuestion answers a button about a question of the event in the path.
func (h *Handler) changeQuestion(c *gin.Context, message string, change func(ctx context.Context, community, id turnout.ID, version int64) error) {
	if q, ok := h.questionOf(c); ok {
		h.done(c, change(c.Request.Context(), q.CommunityID, q.ID, 0), questionsPath(access.Event(c)), h.text(c, message))
	}
}

// AnswerFile is GET /console/events/{event}/answers/{upload}: what an attendee sent, always as a download.
func (h *Handler) AnswerFile(c *gin.Context) {
	e := access.Event(c)
	u, data, err := h.Ticketing.FileOf(c.Request.Context(), e.CommunityID, e.ID, turnout.ID(c.Param("upload")))
	if err != nil {
		h.Fail(c, err)
		return
	}
	respond.Attachment(c, u.Name, data)
}
