package ticketing

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"turnout"
)

// Bounds of what can be asked.
const (
	maxQuestions   = 100
	maxOptions     = 200
	maxLabel       = 500
	maxHelp        = 2000
	maxErase       = 3650
	defaultErase   = 90  // days
	defaultText    = 200 // characters of an answer
	defaultLong    = 2000
	maxText        = 500
	maxLong        = 10_000
	maxNumber      = 1e12
	maxOptionLabel = 200
)

// QuestionInput is what a question is made or changed with. Subject and Kind are those of its making for ever.
type QuestionInput struct {
	Subject   QuestionSubject
	Kind      QuestionKind
	Label     string
	Help      string
	Purpose   string
	Required  bool
	Options   []OptionInput
	Bounds    Bounds
	ShowIf    Condition
	TypeIDs   []turnout.ID // none: every ticket type
	EraseDays int64        // after the event's end; 0 without a day takes 90
	EraseOn   string
}

// OptionInput is an option as typed: with the id of one that is there, or without.
type OptionInput struct {
	ID     turnout.ID
	Label  string
	Places *int64 // nil: as many as want it
}

// Input gives a question as it would be typed; its pools must have been read.
func (q *Question) Input() QuestionInput {
	w := q.Words
	in := QuestionInput{Subject: q.Subject, Kind: q.Kind, Label: w.Label, Help: w.Help, Purpose: w.Purpose, Required: w.Required, Bounds: w.Bounds,
		ShowIf: w.ShowIf, TypeIDs: slices.Clone(q.TypeIDs), EraseDays: w.EraseDays, EraseOn: w.EraseOn}
	for _, o := range w.Options {
		option := OptionInput{ID: o.ID, Label: o.Label}
		if o.Limited() {
			places := o.Pool.Capacity
			option.Places = &places
		}
		in.Options = append(in.Options, option)
	}
	return in
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it alone, field by field.
func (in *QuestionInput) Check() error {
	in.Label, in.Help, in.Purpose = strings.TrimSpace(in.Label), strings.TrimSpace(in.Help), strings.TrimSpace(in.Purpose)
	if in.EraseDays == 0 && in.EraseOn == "" {
		in.EraseDays = defaultErase
	}
	slices.Sort(in.TypeIDs)
	in.TypeIDs = slices.Compact(in.TypeIDs)
	var p turnout.Problems
	if !slices.Contains(QuestionSubjects, in.Subject) {
		p.Add("subject", "unknown", "Choose ticket, order or door.")
	}
	if !slices.Contains(QuestionKinds, in.Kind) {
		p.Add("kind", "unknown", "There is no such kind of question.")
	}
	if in.Subject == AtDoor && in.Kind == AskFile {
		p.Add("kind", "not_here", "Nobody sends files at the door.")
	}
	p.Require("label", in.Label)
	p.Line("label", in.Label, maxLabel)
	p.Length("help", in.Help, maxHelp)
	p.Require("purpose", in.Purpose)
	p.Length("purpose", in.Purpose, maxLabel)
	if in.Subject == OfOrder && len(in.TypeIDs) > 0 {
		p.Add("ticket_type_ids", "not_here", "A question about the order is asked whatever tickets it holds.")
	}
	in.checkOptions(&p)
	in.checkBounds(&p)
	in.checkErase(&p)
	return p.Err()
}

func (in *QuestionInput) checkOptions(p *turnout.Problems) {
	switch {
	case !in.Kind.HasOptions():
		if len(in.Options) > 0 {
			p.Add("options", "not_here", "This kind of question has no choices.")
		}
		return
	case len(in.Options) == 0:
		p.Require("options", "")
	case len(in.Options) > maxOptions:
		p.Add("options", "out_of_range", "There can be at most %d choices.", maxOptions)
	}
	seen := map[string]bool{}
	for i := range in.Options {
		o, field := &in.Options[i], fmt.Sprintf("options[%d]", i)
		o.Label = strings.TrimSpace(o.Label)
		p.Require(field+".label", o.Label)
		p.Line(field+".label", o.Label, maxOptionLabel)
		if folded := strings.ToLower(o.Label); seen[folded] && o.Label != "" {
			p.Add(field+".label", "repeated", "There is this choice already.")
		} else {
			seen[folded] = true
		}
		if o.ID != "" && seen[string(o.ID)] {
			p.Add(field+".id", "repeated", "There is this choice already.")
		}
		seen[string(o.ID)] = true
		if o.Places != nil && in.Subject == AtDoor {
			p.Add(field+".places", "not_here", "At the door no places are counted.")
		} else if o.Places != nil && (*o.Places < 0 || *o.Places >= maxCapacity) {
			p.Add(field+".places", "out_of_range", "There can be between 0 and %d places.", maxCapacity-1)
		}
	}
}

// checkBounds keeps those of the kind and refuses others.
func (in *QuestionInput) checkBounds(p *turnout.Problems) {
	b, most := in.Bounds, float64(maxNumber)
	if in.Kind == AskMultiChoice {
		most = float64(len(in.Options))
	}
	if in.Kind != AskNumber && in.Kind != AskMultiChoice && (b.Min != nil || b.Max != nil) {
		p.Add("bounds.min", "not_here", "This kind of question has no least and most.")
	}
	for name, n := range map[string]*float64{"bounds.min": b.Min, "bounds.max": b.Max} {
		if n == nil || in.Kind != AskNumber && in.Kind != AskMultiChoice {
			continue
		}
		if math.IsNaN(*n) || *n > most || *n < -maxNumber || in.Kind == AskMultiChoice && (*n < 0 || *n != math.Trunc(*n)) {
			p.Add(name, "out_of_range", "This number is not possible here.")
		}
	}
	if b.Min != nil && b.Max != nil && *b.Min > *b.Max {
		p.Add("bounds.max", "out_of_range", "The most is not below the least.")
	}
	longest := map[QuestionKind]int64{AskText: maxText, AskLongText: maxLong}[in.Kind]
	if b.Length < 0 || b.Length > longest {
		p.Add("bounds.length", "out_of_range", "An answer has 1 to %d characters.", longest)
	}
	if in.Kind != AskDate && (b.From != "" || b.Until != "") {
		p.Add("bounds.from", "not_here", "This kind of question has no first and last day.")
	}
	from, fromOK := day(p, "bounds.from", b.From)
	until, untilOK := day(p, "bounds.until", b.Until)
	if fromOK && untilOK && until.Before(from) {
		p.Add("bounds.until", "order", "The last day is not before the first.")
	}
}

func (in *QuestionInput) checkErase(p *turnout.Problems) {
	if in.EraseOn != "" {
		in.EraseDays = 0
		day(p, "erase_on", in.EraseOn)
	} else if in.EraseDays < 1 || in.EraseDays > maxErase {
		p.Add("erase_days", "out_of_range", "Answers can be kept for 1 to %d days after the event.", maxErase)
	}
}

// day reads a day such as 2026-03-01; ok is false where none is set.
func day(p *turnout.Problems, field, text string) (at time.Time, ok bool) {
	if text == "" {
		return at, false
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil || utf8.RuneCountInString(text) != len(time.DateOnly) || at.Year() < 1800 || at.Year() > 9998 {
		p.Add(field, "date", "The day is written like 2026-03-01.")
		return at, false
	}
	return at, true
}

// among says what does not fit the other questions of the event: all are those that are asked, self is the one that is changed or nil.
func (in *QuestionInput) among(p *turnout.Problems, all []*Question, self *Question) {
	known := map[turnout.ID]bool{}
	if self != nil {
		if in.Subject != self.Subject {
			p.Add("subject", "question_fixed", "What a question asks of cannot change. Archive it and add another.")
		}
		if in.Kind != self.Kind {
			p.Add("kind", "question_fixed", "The kind of a question cannot change. Archive it and add another.")
		}
		for _, o := range self.Words.Options {
			known[o.ID] = true
		}
	} else if len(all) >= maxQuestions {
		p.Add("", "questions_full", "An event can ask at most %d questions.", maxQuestions)
	}
	stays := map[string]bool{"true": true, "false": true}
	for i, o := range in.Options {
		if o.ID != "" && !known[o.ID] {
			p.Add(fmt.Sprintf("options[%d].id", i), "unknown", "This question has no such choice.")
		}
		stays[string(o.ID)] = true
	}
	in.conditionAmong(p, all, self)
	for _, q := range all {
		if self == nil || q.Words.ShowIf.QuestionID != self.ID {
			continue
		}
		if i := slices.IndexFunc(q.Words.ShowIf.AnyOf, func(a string) bool { return !stays[a] }); i >= 0 {
			p.Add("options", "option_needed", "“%s” is shown by a choice that is missing here. Change that question first.", q.Words.Label)
		}
	}
}

// conditionAmong looks at the question that decides, which stands before this one in its form.
func (in *QuestionInput) conditionAmong(p *turnout.Problems, all []*Question, self *Question) {
	if in.ShowIf.always() {
		in.ShowIf = Condition{}
		return
	}
	i := slices.IndexFunc(all, func(q *Question) bool { return q.ID == in.ShowIf.QuestionID })
	switch {
	case i < 0 || all[i].Subject != in.Subject || self != nil && all[i].ID == self.ID:
		p.Add("show_if.question_id", "unknown", "Its form has no such question.")
		return
	case !all[i].Kind.Decides():
		p.Add("show_if.question_id", "unknown", "Only choices and yes-or-no questions decide what is shown.")
		return
	case self != nil && !before(all[i], self):
		p.Add("show_if.question_id", "unknown", "The deciding question stands before this one.")
	case len(in.ShowIf.AnyOf) == 0:
		p.Require("show_if.any_of", "")
	}
	slices.Sort(in.ShowIf.AnyOf)
	in.ShowIf.AnyOf = slices.Compact(in.ShowIf.AnyOf)
	for _, a := range in.ShowIf.AnyOf {
		if all[i].Kind.HasOptions() && all[i].Words.Option(turnout.ID(a)) == nil || !all[i].Kind.HasOptions() && a != "true" && a != "false" {
			p.Add("show_if.any_of", "unknown_choice", "The deciding question has no such answer.")
			return
		}
	}
}

// before reports whether one question stands before another of the same form.
func before(a, b *Question) bool {
	return a.Position < b.Position || a.Position == b.Position && a.ID < b.ID
}
