package ticketing

import (
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// QuestionSubject says of what a question asks.
type QuestionSubject string

// The subjects: a question is asked once for each ticket, or once for the order, when it is bought; or of whoever comes with a ticket, at the door.
const (
	OfTicket QuestionSubject = "ticket"
	OfOrder  QuestionSubject = "order"
	AtDoor   QuestionSubject = "door"
)

// QuestionSubjects are all subjects, in the order in which forms and lists have them.
var QuestionSubjects = []QuestionSubject{OfTicket, OfOrder, AtDoor}

// QuestionKind says what an answer is.
type QuestionKind string

// The kinds of question.
const (
	AskText        QuestionKind = "text"
	AskLongText    QuestionKind = "long_text"
	AskChoice      QuestionKind = "choice"
	AskMultiChoice QuestionKind = "multi_choice"
	AskNumber      QuestionKind = "number"
	AskDate        QuestionKind = "date"
	AskYesNo       QuestionKind = "yes_no"
	AskCountry     QuestionKind = "country"
	AskFile        QuestionKind = "file"
	AskConsent     QuestionKind = "consent" // an unticked box says no; a required one must be ticked
)

// QuestionKinds are all kinds, in the order in which forms offer them.
var QuestionKinds = []QuestionKind{AskText, AskLongText, AskChoice, AskMultiChoice, AskYesNo, AskConsent, AskNumber, AskDate, AskCountry, AskFile}

// HasOptions reports whether the organiser names the answers.
func (k QuestionKind) HasOptions() bool { return k == AskChoice || k == AskMultiChoice }

// Decides reports whether other questions can be shown by the answer.
func (k QuestionKind) Decides() bool { return k.HasOptions() || k == AskYesNo || k == AskConsent }

// Question asks something of those who buy or come. Its words and rules stand in a Wording, which never changes: a change makes
// the next one, and answers keep the one that they were given to.
type Question struct {
	bun.BaseModel `bun:"table:questions,alias:question"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	Subject     QuestionSubject
	Kind        QuestionKind
	Asked       int64     // the version of its words
	Position    int64     // among those of its subject
	Version     int64     // of this row
	ArchivedAt  time.Time `bun:",nullzero"`
	CreatedAt   time.Time
	UpdatedAt   time.Time

	Words   *Wording     `bun:"rel:belongs-to,join:id=question_id,join:asked=version"`
	TypeIDs []turnout.ID `bun:"-"` // whose tickets are asked, in id order; none: all
}

// Wording is the words and rules of a question at one time.
type Wording struct {
	bun.BaseModel `bun:"table:question_versions,alias:words"`

	QuestionID  turnout.ID `bun:",pk"`
	Version     int64      `bun:",pk"`
	CommunityID turnout.ID
	Label       string
	Help        string
	Purpose     string // what the answer is for
	Required    bool
	Options     []Option  `bun:"options,type:jsonb"`
	Bounds      Bounds    `bun:"bounds,type:jsonb"`
	ShowIf      Condition `bun:"show_if,type:jsonb"`
	EraseDays   int64     // after the event's end; 0: EraseOn says when
	EraseOn     string    // the last day, like 2026-03-01, on which answers are kept
	CreatedAt   time.Time
}

// Option is an answer that can be chosen. Its id stays while its words change.
type Option struct {
	ID     turnout.ID `json:"id"`
	Label  string     `json:"label"`
	PoolID turnout.ID `json:"pool_id,omitempty"` // where its places are counted, once they were limited

	Pool *Pool `json:"-"` // where a method says so
}

// Limited reports whether the option has a number of places; its pool must have been read.
func (o Option) Limited() bool { return o.Pool != nil && o.Pool.Capacity < maxCapacity }

// Full reports whether every place of the option is taken; its pool must have been read.
func (o Option) Full() bool { return o.Pool != nil && o.Pool.Available() <= 0 }

// Bounds limit an answer: a number's least and most, how many choices can be made, how long a text is, the days between which a
// date lies. What is not set does not limit.
type Bounds struct {
	Min    *float64 `json:"min,omitempty"`
	Max    *float64 `json:"max,omitempty"`
	Length int64    `json:"length,omitempty"` // characters
	From   string   `json:"from,omitempty"`   // like 2026-03-01
	Until  string   `json:"until,omitempty"`
}

// Condition shows a question only when an earlier one of the same form was answered so. The zero Condition shows it always.
type Condition struct {
	QuestionID turnout.ID `json:"question_id,omitempty"`
	AnyOf      []string   `json:"any_of,omitempty"` // ids of options, or "true" and "false"
}

// always reports whether there is no condition.
func (c Condition) always() bool { return c.QuestionID == "" }

// Option gives the option of an id, nil when the wording has none.
func (w *Wording) Option(id turnout.ID) *Option {
	i := slices.IndexFunc(w.Options, func(o Option) bool { return o.ID == id })
	if i < 0 {
		return nil
	}
	return &w.Options[i]
}

// ErasesAt is when answers to these words are erased: the midnight after the last day on which they are kept, where the event is.
func (w *Wording) ErasesAt(event *events.Event) time.Time {
	last, err := time.ParseInLocation(time.DateOnly, w.EraseOn, event.Location())
	if err != nil { // no day: some days after the event's end
		end := event.EndsAt.In(event.Location()).AddDate(0, 0, int(w.EraseDays))
		last = time.Date(end.Year(), end.Month(), end.Day(), 0, 0, 0, 0, event.Location())
	}
	return last.AddDate(0, 0, 1)
}

// KeptUntil is the last day on which answers to these words are kept, at its midnight where the event is.
func (w *Wording) KeptUntil(event *events.Event) time.Time {
	return w.ErasesAt(event).AddDate(0, 0, -1)
}

// Asks reports whether the question is asked of a ticket of the type, or of an order.
func (q *Question) Asks(subject QuestionSubject, ticketType turnout.ID) bool {
	return q.Subject == subject && (subject == OfOrder || len(q.TypeIDs) == 0 || slices.Contains(q.TypeIDs, ticketType))
}

// Archived reports whether the question is not asked any more.
func (q *Question) Archived() bool { return !q.ArchivedAt.IsZero() }

// Errors of editing questions.
var (
	// ErrQuestionNeeded refuses to archive a question that decides whether another is shown.
	ErrQuestionNeeded = &turnout.Error{Kind: turnout.Conflict, Code: "question_needed", Message: "Another question is shown by the answer to this one. Change that first."}
	// ErrQuestionOrder refuses to put a question before the one that decides whether it is shown, and to bring back one whose
	// deciding question is archived.
	ErrQuestionOrder = &turnout.Error{Kind: turnout.Conflict, Code: "question_order", Message: "A question stands behind the one that decides whether it is shown."}
	// ErrOptionChosen refuses to count places for an option that was chosen while none were counted.
	ErrOptionChosen = &turnout.Error{Kind: turnout.Conflict, Code: "option_chosen", Message: "This choice was made before without counting. Add a new choice with places instead."}
	// ErrOptionFull refuses an order that chooses what has no places left.
	ErrOptionFull = &turnout.Error{Kind: turnout.Conflict, Code: "option_full", Message: "One of the choices has no places left. Choose another."}
)

// questionType says that the tickets of a type are asked a question.
type questionType struct {
	bun.BaseModel `bun:"table:question_types,alias:question_type"`

	CommunityID  turnout.ID
	QuestionID   turnout.ID `bun:",pk"`
	TicketTypeID turnout.ID `bun:",pk"`
}
