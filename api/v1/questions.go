package v1

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/ticketing"
)

var questionOperations = operations{
	"GET /events/{event}/questions": {Summary: "What buyers and attendees are asked", Out: respond.Page[questionResponse]{},
		Text: "In the order of the forms: those of each ticket, those of the order, those at the door. Strangers see those of the public ticket types, and of choices only whether they are full. With a token of tickets:read, archived=true adds those that are not asked any more. " +
			"An answer is a string for text, long_text, date (2026-03-01) and country (ISO 3166-1, two letters), a number, true or false for yes_no and consent, " +
			"the id of an option for choice, a list of them for multi_choice, and for file the id that its sending gave.",
		Query: append([]parameter{{Name: "archived", Text: "true lists archived ones too.", Enum: []string{"true", "false"}}}, window...)},
	"POST /events/{event}/questions": {Summary: "Ask something more", In: questionRequest{}, Out: questionResponse{}, Status: 201, Version: true, Example: questionExample},
	"GET /questions/{id}":            {Summary: "A question", Out: questionResponse{}, Version: true},
	"PATCH /questions/{id}": {Summary: "Change a question", In: questionPatch{}, Out: questionResponse{}, Version: true, Errors: []int{409},
		Text: "What is not sent stays; lists and objects are replaced as a whole. Answers that were given keep the words that were asked. " +
			"An option that is sent with its id stays the same choice; one that is missing can be chosen no more."},
	"DELETE /questions/{id}":       {Summary: "Archive a question", Text: "It is asked no more; its answers stay until their day.", Out: questionResponse{}, Version: true, Errors: []int{409}},
	"POST /questions/{id}/restore": {Summary: "Ask an archived question again", Out: questionResponse{}, Version: true, Errors: []int{409}},
	"POST /events/{event}/questions/{id}/uploads": {Summary: "Send a file for an answer", InRaw: "application/octet-stream", Out: uploadResponse{}, Status: 201, Errors: []int{409},
		Text: "A picture (written anew, without what the camera noted) or a PDF of at most 10 MB, as the raw body. The answer names the id; a file that no order names within a day is dropped. " +
			"Without a token of orders:write an event takes so many files and bytes an hour of a network (too_many_files), and keeps so many that no order names yet " +
			"(files_full); Retry-After says when to come back. A canceled event, or one that is over, takes none (files_closed).",
		Query: []parameter{{Name: "name", Text: "What its sender calls it."}}},
	"GET /events/{event}/uploads/{id}": {Summary: "A file that answers a question", OutRaw: "application/octet-stream"},
}

var questionExample = map[string]any{"subject": "ticket", "kind": "choice", "label": "Which workshop?", "purpose": "To keep a seat for you.", "required": true,
	"options": []any{map[string]any{"label": "Fuzzing", "places": 20}, map[string]any{"label": "None"}}, "erase_days": 30}

type optionBody struct {
	ID     turnout.ID `json:"id" doc:"of an option that is there; leave it out for a new one"`
	Label  string     `json:"label" required:"true" text:"name,max=200"`
	Places *int64     `json:"places" doc:"how many tickets or orders can choose it; as many as want when absent"`
}

type boundsBody struct {
	Min    *float64 `json:"min" doc:"of a number, or of how many choices"`
	Max    *float64 `json:"max"`
	Length *int64   `json:"length" doc:"characters of a text"`
	From   *string  `json:"from" doc:"the first day, like 2026-03-01"`
	Until  *string  `json:"until" doc:"the last day"`
}

func (b *boundsBody) bounds() ticketing.Bounds {
	if b == nil {
		return ticketing.Bounds{}
	}
	return ticketing.Bounds{Min: b.Min, Max: b.Max, Length: orZero(b.Length), From: orZero(b.From), Until: orZero(b.Until)}
}

// orZero is what a pointer of a request stands for.
func orZero[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

type conditionBody struct {
	QuestionID turnout.ID `json:"question_id" required:"true" doc:"an earlier question of the same form: choice, multi_choice, yes_no or consent"`
	AnyOf      []string   `json:"any_of" required:"true" doc:"ids of its options, or true and false as strings"`
}

type questionRequest struct {
	Subject       ticketing.QuestionSubject `json:"subject" required:"true" enum:"ticket,order,door" doc:"asked once a ticket or once an order, by who buys it; or at the door, of who comes"`
	Kind          ticketing.QuestionKind    `json:"kind" required:"true" enum:"text,long_text,choice,multi_choice,number,date,yes_no,country,file,consent"`
	Label         string                    `json:"label" required:"true" text:"name,max=500"`
	Help          string                    `json:"help" text:"long,max=2000"`
	Purpose       string                    `json:"purpose" required:"true" text:"name,max=500" doc:"what the answer is for; shown beside the question"`
	Required      bool                      `json:"required"`
	Options       []optionBody              `json:"options" doc:"of choice and multi_choice"`
	Bounds        *boundsBody               `json:"bounds"`
	ShowIf        *conditionBody            `json:"show_if" doc:"always when absent"`
	TicketTypeIDs []turnout.ID              `json:"ticket_type_ids" doc:"of whose tickets it is asked; all when empty"`
	EraseDays     int64                     `json:"erase_days" doc:"how many days after the event answers are kept; 90 when both are absent"`
	EraseOn       string                    `json:"erase_on" doc:"instead: the last day, like 2026-03-01"`
}

func (in *questionRequest) input() ticketing.QuestionInput {
	out := ticketing.QuestionInput{Subject: in.Subject, Kind: in.Kind, Label: in.Label, Help: in.Help, Purpose: in.Purpose, Required: in.Required,
		Options: optionInputs(in.Options), Bounds: in.Bounds.bounds(), TypeIDs: in.TicketTypeIDs, EraseDays: in.EraseDays, EraseOn: in.EraseOn}
	if in.ShowIf != nil {
		out.ShowIf = ticketing.Condition(*in.ShowIf)
	}
	return out
}

func optionInputs(bodies []optionBody) []ticketing.OptionInput {
	var out []ticketing.OptionInput
	for _, o := range bodies {
		out = append(out, ticketing.OptionInput(o))
	}
	return out
}

type questionPatch struct {
	Label         *string        `json:"label" text:"name,max=500"`
	Help          *string        `json:"help" text:"long,max=2000"`
	Purpose       *string        `json:"purpose" text:"name,max=500"`
	Required      *bool          `json:"required"`
	Options       *[]optionBody  `json:"options"`
	Bounds        *boundsBody    `json:"bounds"`
	ShowIf        *conditionBody `json:"show_if"`
	ShowAlways    bool           `json:"show_always" doc:"true drops show_if"`
	TicketTypeIDs *[]turnout.ID  `json:"ticket_type_ids"`
	EraseDays     *int64         `json:"erase_days"`
	EraseOn       *string        `json:"erase_on"`
	Position      *int64         `json:"position" doc:"its place in its form, from 1"`
}

// apply changes what was sent.
func (in *questionPatch) apply(q *ticketing.QuestionInput) {
	set(&q.Label, in.Label)
	set(&q.Help, in.Help)
	set(&q.Purpose, in.Purpose)
	set(&q.Required, in.Required)
	set(&q.TypeIDs, in.TicketTypeIDs)
	if in.Options != nil {
		q.Options = optionInputs(*in.Options)
	}
	if in.Bounds != nil {
		q.Bounds = in.Bounds.bounds()
	}
	switch {
	case in.ShowAlways:
		q.ShowIf = ticketing.Condition{}
	case in.ShowIf != nil:
		q.ShowIf = ticketing.Condition(*in.ShowIf)
	}
	if in.EraseDays != nil || in.EraseOn != nil {
		q.EraseDays, q.EraseOn = orZero(in.EraseDays), orZero(in.EraseOn)
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

type optionResponse struct {
	ID     turnout.ID `json:"id"`
	Label  string     `json:"label"`
	Full   bool       `json:"full" doc:"it can be chosen no more"`
	Places *int64     `json:"places" doc:"null: as many as want, or the caller is a stranger"`
	Taken  *int64     `json:"taken" doc:"held and sold; null where places are not counted, or the caller is a stranger"`
}

type boundsResponse struct {
	Min    *float64 `json:"min"`
	Max    *float64 `json:"max"`
	Length *int64   `json:"length"`
	From   *string  `json:"from"`
	Until  *string  `json:"until"`
}

type questionResponse struct {
	ID            turnout.ID                `json:"id"`
	EventID       turnout.ID                `json:"event_id"`
	Subject       ticketing.QuestionSubject `json:"subject" enum:"ticket,order,door"`
	Kind          ticketing.QuestionKind    `json:"kind" enum:"text,long_text,choice,multi_choice,number,date,yes_no,country,file,consent"`
	Label         string                    `json:"label"`
	Help          string                    `json:"help"`
	Purpose       string                    `json:"purpose"`
	Required      bool                      `json:"required"`
	Options       []optionResponse          `json:"options"`
	Bounds        boundsResponse            `json:"bounds"`
	ShowIf        *conditionBody            `json:"show_if"`
	TicketTypeIDs []turnout.ID              `json:"ticket_type_ids" doc:"empty: all"`
	EraseDays     *int64                    `json:"erase_days"`
	EraseOn       *string                   `json:"erase_on"`
	KeptUntil     string                    `json:"kept_until" doc:"the last day on which answers are kept, like 2026-03-01"`
	Asked         int64                     `json:"asked" doc:"which version of its words is asked"`
	ArchivedAt    *time.Time                `json:"archived_at"`
	Version       int64                     `json:"version"`
	CreatedAt     time.Time                 `json:"created_at"`
	UpdatedAt     time.Time                 `json:"updated_at"`
}

func newQuestionResponse(q *ticketing.Question, event *events.Event) questionResponse {
	w := q.Words
	out := questionResponse{
		ID: q.ID, EventID: q.EventID, Subject: q.Subject, Kind: q.Kind, Label: w.Label, Help: w.Help, Purpose: w.Purpose, Required: w.Required,
		Options: make([]optionResponse, len(w.Options)), TicketTypeIDs: append([]turnout.ID{}, q.TypeIDs...), EraseDays: orNull(w.EraseDays), EraseOn: orNull(w.EraseOn),
		Bounds:    boundsResponse{Min: w.Bounds.Min, Max: w.Bounds.Max, Length: orNull(w.Bounds.Length), From: orNull(w.Bounds.From), Until: orNull(w.Bounds.Until)},
		KeptUntil: w.KeptUntil(event).Format(time.DateOnly), Asked: q.Asked, ArchivedAt: moment(q.ArchivedAt), Version: q.Version, CreatedAt: q.CreatedAt.UTC(), UpdatedAt: q.UpdatedAt.UTC(),
	}
	for i, o := range w.Options {
		out.Options[i] = optionResponse{ID: o.ID, Label: o.Label, Full: o.Full()}
		if o.Limited() {
			out.Options[i].Places, out.Options[i].Taken = &o.Pool.Capacity, &o.Pool.Taken
		}
	}
	if w.ShowIf.QuestionID != "" {
		condition := conditionBody(w.ShowIf)
		out.ShowIf = &condition
	}
	return out
}

// orNull is nil for the zero value.
func orNull[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

// ListQuestions is GET /events/{event}/questions.
func (h *Handler) ListQuestions(c *gin.Context) {
	event, ctx := access.Event(c), c.Request.Context()
	all := access.Who(c).May("tickets:read", event.CommunityID, event)
	questions, err := h.Ticketing.Questions(ctx, event.CommunityID, event.ID, all && c.Query("archived") == "true")
	if err == nil && !all {
		var types []*ticketing.TicketType
		types, err = h.Ticketing.TicketTypes(ctx, event.CommunityID, event.ID)
		questions = publicQuestions(questions, types)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, questions, func(q *ticketing.Question) turnout.ID { return q.ID }, func(q *ticketing.Question) questionResponse {
		out := newQuestionResponse(q, event)
		for i := range out.Options {
			if !all {
				out.Options[i].Places, out.Options[i].Taken = nil, nil
			}
		}
		return out
	})
}

// publicQuestions are those that whoever buys a public ticket type can be asked, with no word of the other types.
func publicQuestions(questions []*ticketing.Question, types []*ticketing.TicketType) (public []*ticketing.Question) {
	hidden, shown := map[turnout.ID]bool{}, map[turnout.ID]bool{}
	for _, t := range types {
		hidden[t.ID] = t.Visibility != ticketing.Public
	}
	for _, q := range questions {
		named := len(q.TypeIDs)
		q.TypeIDs = slices.DeleteFunc(q.TypeIDs, func(id turnout.ID) bool { return hidden[id] })
		depends := q.Words.ShowIf.QuestionID // on an earlier one
		if q.Subject != ticketing.AtDoor && (named == 0 || len(q.TypeIDs) > 0) && (depends == "" || shown[depends]) {
			shown[q.ID] = true
			public = append(public, q)
		}
	}
	return public
}

// CreateQuestion is POST /events/{event}/questions.
func (h *Handler) CreateQuestion(c *gin.Context) {
	var in questionRequest
	if !respond.Bind(c, &in) {
		return
	}
	q, err := h.Ticketing.CreateQuestion(c.Request.Context(), access.Community(c), access.Event(c).ID, in.input())
	h.answerQuestion(c, http.StatusCreated, q, err)
}

// GetQuestion is GET /questions/{id}.
func (h *Handler) GetQuestion(c *gin.Context) {
	q, err := h.Ticketing.Question(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")))
	h.answerQuestion(c, http.StatusOK, q, err)
}

// UpdateQuestion is PATCH /questions/{id}.
func (h *Handler) UpdateQuestion(c *gin.Context) {
	var in questionPatch
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	ctx, community := c.Request.Context(), access.Community(c)
	q, err := h.Ticketing.Question(ctx, community, turnout.ID(c.Param("id")))
	if err == nil && version != 0 && version != q.Version {
		err = turnout.ErrStale
	}
	if err == nil {
		change := q.Input()
		in.apply(&change)
		q, err = h.Ticketing.UpdateQuestion(ctx, community, q.ID, q.Version, change)
	}
	if err == nil && in.Position != nil {
		if err = h.Ticketing.MoveQuestion(ctx, community, q.ID, int(*in.Position-1)); err == nil {
			q, err = h.Ticketing.Question(ctx, community, q.ID)
		}
	}
	h.answerQuestion(c, http.StatusOK, q, err)
}

// ArchiveQuestion is DELETE /questions/{id}.
func (h *Handler) ArchiveQuestion(c *gin.Context) {
	h.changeQuestion(c, h.Ticketing.ArchiveQuestion)
}

// RestoreQuestion is POST /questions/{id}/restore.
func (h *Handler) RestoreQuestion(c *gin.Context) {
	h.changeQuestion(c, h.Ticketing.RestoreQuestion)
}

// changeQuestion answers with the question as it is after a change.
func (h *Handler) changeQuestion(c *gin.Context, change func(ctx context.Context, community, id turnout.ID, version int64) error) {
	version, ok := respond.IfMatch(c)
	if !ok {
		return
	}
	if err := change(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), version); err != nil {
		respond.Fail(c, err)
		return
	}
	h.GetQuestion(c)
}

func (h *Handler) answerQuestion(c *gin.Context, status int, q *ticketing.Question, err error) {
	var event *events.Event
	if err == nil {
		event, err = events.Find(c.Request.Context(), h.DB.Read(), q.CommunityID, string(q.EventID))
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, q.Version)
	respond.JSON(c, status, newQuestionResponse(q, event))
}

type uploadResponse struct {
	ID          turnout.ID `json:"id"`
	Name        string     `json:"name"`
	ContentType string     `json:"content_type"`
	Size        int64      `json:"size" doc:"bytes"`
}

// SendFile is POST /events/{event}/questions/{id}/uploads.
func (h *Handler) SendFile(c *gin.Context) {
	data, ok := respond.Body(c, respond.MaxUpload)
	if !ok {
		return
	}
	event, by := access.Event(c), ticketing.Sender{Client: c.ClientIP()}
	if access.Who(c).May("orders:write", event.CommunityID, event) {
		by = ticketing.Sender{}
	}
	u, err := h.Ticketing.Send(c.Request.Context(), by, event.ID, turnout.ID(c.Param("id")), c.Query("name"), data)
	if errors.Is(err, ticketing.ErrTooManyFiles) || errors.Is(err, ticketing.ErrFilesFull) {
		c.Header("Retry-After", strconv.Itoa(int(ticketing.FilesWithin.Seconds())))
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusCreated, uploadResponse{u.ID, u.Name, u.ContentType, u.Size})
}

// GetFile is GET /events/{event}/uploads/{id}. What strangers sent is only ever saved, never shown.
func (h *Handler) GetFile(c *gin.Context) {
	event := access.Event(c)
	u, data, err := h.Ticketing.FileOf(c.Request.Context(), event.CommunityID, event.ID, turnout.ID(c.Param("id")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.Attachment(c, u.Name, data)
}
