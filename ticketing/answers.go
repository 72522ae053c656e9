package ticketing

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"
	"golang.org/x/text/unicode/norm"

	"turnout"
	"turnout/events"
)

// questionnaire is what an event asks, with the files that were sent to answer it.
type questionnaire struct {
	questions []*Question // in the order of their forms
	uploads   map[turnout.ID]*Upload
}

// answered is an answer that is kept, with the pools of its choices that count places and the file that it names.
type answered struct {
	Question *Question
	Value    Value
	Pools    []turnout.ID
	Upload   turnout.ID
}

// questionnaires are the questions of several events, each event's own, with the files that the answers given name.
func questionnaires(ctx context.Context, db bun.IDB, questions []*Question, given ...map[turnout.ID]json.RawMessage) (map[turnout.ID]questionnaire, error) {
	all := map[turnout.ID]questionnaire{}
	if len(questions) == 0 {
		return all, nil
	}
	uploads, err := uploadsNamed(ctx, db, questions, given)
	if err != nil {
		return nil, err
	}
	for _, q := range questions {
		one := all[q.EventID]
		one.questions, one.uploads = append(one.questions, q), uploads
		all[q.EventID] = one
	}
	return all, nil
}

// uploadsNamed reads the files that answers name: in one statement, none where no question asks for a file.
func uploadsNamed(ctx context.Context, db bun.IDB, questions []*Question, given []map[turnout.ID]json.RawMessage) (map[turnout.ID]*Upload, error) {
	var ids []turnout.ID
	for _, q := range questions {
		for _, answers := range given {
			var id turnout.ID
			if q.Kind == AskFile && json.Unmarshal(answers[q.ID], &id) == nil && id.Is(prefixUpload) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var list []*Upload
	if err := db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	byID := make(map[turnout.ID]*Upload, len(list))
	for _, u := range list {
		byID[u.ID] = u
	}
	return byID, nil
}

// check reads the answers given about a ticket of a type, or about the order, and gives those that are kept. What is wrong is
// noted under field and the question's id ("attendees[0].answers.qst_…"). A question that is not shown is not needed, and what was
// answered to it is dropped.
func (f questionnaire) check(probs *turnout.Problems, field string, subject QuestionSubject, ticketType turnout.ID, given map[turnout.ID]json.RawMessage) []answered {
	var kept []answered
	asked := map[turnout.ID]bool{}
	for _, q := range f.questions {
		if !q.Asks(subject, ticketType) {
			continue
		}
		asked[q.ID] = true
		if !q.Words.ShowIf.met(kept) {
			continue
		}
		name := field + "." + string(q.ID)
		found := len(*probs)
		a, ok := f.read(probs, name, q, given[q.ID])
		switch {
		case ok:
			kept = append(kept, a)
		case q.Words.Required && len(*probs) == found:
			probs.Add(name, "required", "This needs an answer.")
		}
	}
	var unknown []string
	for id := range given {
		if !asked[id] {
			unknown = append(unknown, string(id))
		}
	}
	slices.Sort(unknown)
	for _, id := range unknown {
		probs.Add(field+"."+id, "unknown_question", "This is not asked here.")
	}
	return kept
}

// met reports whether what was kept so far shows the question: one that was not answered, not shown or not asked decides nothing.
func (c Condition) met(kept []answered) bool {
	if c.always() {
		return true
	}
	i := slices.IndexFunc(kept, func(a answered) bool { return a.Question.ID == c.QuestionID })
	if i < 0 {
		return false
	}
	v := kept[i].Value
	if v.Yes != nil {
		return slices.Contains(c.AnyOf, strconv.FormatBool(*v.Yes))
	}
	return slices.ContainsFunc(v.Choices, func(id turnout.ID) bool { return slices.Contains(c.AnyOf, string(id)) })
}

// read reads one answer. ok is false when there is none: nothing was answered, or what is wrong was noted.
func (f questionnaire) read(probs *turnout.Problems, name string, q *Question, raw json.RawMessage) (a answered, ok bool) {
	a.Question = q
	if empty := isEmpty(raw); empty && q.Kind == AskConsent {
		raw = json.RawMessage("false")
	} else if empty {
		return a, false
	}
	switch q.Kind {
	case AskYesNo, AskConsent:
		ok = f.readYes(probs, name, q, raw, &a.Value)
	case AskNumber:
		ok = readNumber(probs, name, q.Words.Bounds, raw, &a.Value)
	case AskChoice, AskMultiChoice:
		ok = readChoices(probs, name, q, raw, &a)
	case AskFile:
		ok = f.readFile(probs, name, q, raw, &a)
	default:
		ok = readText(probs, name, q, raw, &a.Value)
	}
	return a, ok && !a.Value.empty()
}

// isEmpty reports whether nothing was answered: null, "", [].
func isEmpty(raw json.RawMessage) bool {
	text := strings.TrimSpace(string(raw))
	return text == "" || text == "null" || text == `""` || text == "[]"
}

func (v *Value) empty() bool {
	return v.Text == "" && v.Number == nil && v.Yes == nil && len(v.Choices) == 0 && v.File == ""
}

func wrongType(probs *turnout.Problems, name, want string) bool {
	probs.Add(name, "wrong_type", "%s", want)
	return false
}

func (questionnaire) readYes(probs *turnout.Problems, name string, q *Question, raw json.RawMessage, v *Value) bool {
	if err := json.Unmarshal(raw, &v.Yes); err != nil {
		return wrongType(probs, name, "Answer true or false.")
	}
	if q.Kind == AskConsent && q.Words.Required && !*v.Yes {
		probs.Add(name, "consent", "You need to agree to this.")
		return false
	}
	return true
}

func readNumber(probs *turnout.Problems, name string, b Bounds, raw json.RawMessage, v *Value) bool {
	if err := json.Unmarshal(raw, &v.Number); err != nil {
		probs.Add(name, "not_a_number", "Answer with a number.")
		return false
	}
	n := *v.Number
	switch {
	case math.Abs(n) > maxNumber:
		probs.Add(name, "out_of_range", "This number is not possible.")
	case b.Min != nil && n < *b.Min:
		probs.Add(name, "number_too_small", "Answer with %s or more.", plain(*b.Min))
	case b.Max != nil && n > *b.Max:
		probs.Add(name, "number_too_big", "Answer with %s or less.", plain(*b.Max))
	default:
		return true
	}
	return false
}

// plain writes a number without an exponent.
func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func readChoices(probs *turnout.Problems, name string, q *Question, raw json.RawMessage, a *answered) bool {
	var ids []turnout.ID
	if q.Kind == AskChoice {
		ids = make([]turnout.ID, 1)
		if err := json.Unmarshal(raw, &ids[0]); err != nil {
			return wrongType(probs, name, "Answer with the id of a choice.")
		}
	} else if err := json.Unmarshal(raw, &ids); err != nil {
		return wrongType(probs, name, "Answer with a list of ids of choices.")
	}
	for _, id := range ids {
		if q.Words.Option(id) == nil {
			probs.Add(name, "unknown_choice", "There is no such choice.")
			return false
		}
	}
	for _, o := range q.Words.Options { // in the order of the form, each once
		if slices.Contains(ids, o.ID) {
			a.Value.Choices = append(a.Value.Choices, o.ID)
			if o.PoolID != "" {
				a.Pools = append(a.Pools, o.PoolID)
			}
		}
	}
	if q.Kind == AskChoice {
		return true
	}
	n, b := float64(len(a.Value.Choices)), q.Words.Bounds
	switch {
	case b.Min != nil && n < *b.Min:
		probs.Add(name, "choices_too_few", "Choose at least %s.", plain(*b.Min))
	case b.Max != nil && n > *b.Max:
		probs.Add(name, "choices_too_many", "Choose at most %s.", plain(*b.Max))
	default:
		return true
	}
	return false
}

func (f questionnaire) readFile(probs *turnout.Problems, name string, q *Question, raw json.RawMessage, a *answered) bool {
	if err := json.Unmarshal(raw, &a.Upload); err != nil {
		return wrongType(probs, name, "Answer with the id of a file that was sent before.")
	}
	u := f.uploads[a.Upload]
	if u == nil || u.QuestionID != q.ID {
		probs.Add(name, "unknown_file", "This file is not there any more. Send it again.")
		return false
	}
	a.Value.File = u.Name
	return true
}

func readText(probs *turnout.Problems, name string, q *Question, raw json.RawMessage, v *Value) bool {
	if err := json.Unmarshal(raw, &v.Text); err != nil {
		return wrongType(probs, name, "Answer with a text.")
	}
	v.Text = strings.TrimSpace(norm.NFC.String(strings.ReplaceAll(v.Text, "\r\n", "\n")))
	long := q.Kind == AskLongText
	if strings.ContainsFunc(v.Text, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && !(long && (r == '\n' || r == '\t')) || !long && unicode.Is(unicode.Bidi_Control, r)
	}) {
		probs.Add(name, "invalid_text", "This text holds characters that cannot be shown.")
		return false
	}
	found := len(*probs)
	switch b := q.Words.Bounds; q.Kind {
	case AskCountry:
		if v.Text = strings.ToUpper(v.Text); v.Text != "" && !events.IsCountry(v.Text) {
			probs.Add(name, "country", "Answer with a code of two letters such as PL (ISO 3166-1).")
		}
	case AskDate:
		readDay(probs, name, b, v.Text)
	default:
		probs.Length(name, v.Text, q.longest())
	}
	return len(*probs) == found
}

// longest is how many characters an answer has at most.
func (q *Question) longest() int {
	switch {
	case q.Words.Bounds.Length > 0:
		return int(q.Words.Bounds.Length)
	case q.Kind == AskLongText:
		return defaultLong
	}
	return defaultText
}

// MaxLength is how many characters an answer has at most, for forms.
func (q *Question) MaxLength() int { return q.longest() }

func readDay(probs *turnout.Problems, name string, b Bounds, text string) {
	at, ok := day(probs, name, text)
	if !ok {
		return
	}
	// Days of this form sort as text.
	switch typed := at.Format(time.DateOnly); {
	case b.From != "" && typed < b.From:
		probs.Add(name, "day_too_early", "Choose %s or later.", b.From)
	case b.Until != "" && typed > b.Until:
		probs.Add(name, "day_too_late", "Choose %s or earlier.", b.Until)
	}
}
