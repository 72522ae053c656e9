package ticketing

import (
	"context"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/sheet"
	"turnout/templates"
)

// asked is what a table has of questions and add-ons: a column each, behind its own.
type asked struct {
	questions []*Question // in the order of the form, with the words that are asked now
	words     map[turnout.ID]map[int64]*Wording
	addOns    []*AddOn
	countries func(code string) string
}

// wordsOf reads what is asked of some subjects (ticket before door), in all the words in which it was asked: in one statement. Questions that are archived are
// among them while answers to them are there.
func (t *table) wordsOf(ctx context.Context, db bun.IDB, subjects ...QuestionSubject) error {
	var rows []struct {
		Wording `bun:",extend"`
		Kind    QuestionKind
		Asked   int64
	}
	err := db.NewSelect().Model(&rows).ColumnExpr("words.*").ColumnExpr("question.kind, question.asked").Join("JOIN questions AS question ON question.id = words.question_id").
		Where("question.event_id = ?", t.event.ID).Where("question.community_id = ?", t.event.CommunityID).Where("question.subject IN (?)", bun.List(subjects)).
		Where("(question.archived_at IS NULL OR EXISTS (SELECT 1 FROM answers AS answer WHERE answer.question_id = question.id AND answer.erased_at IS NULL))").
		OrderExpr("question.subject DESC, question.position, question.id, words.version").Scan(ctx)
	if err != nil {
		return err
	}
	t.asked.words = map[turnout.ID]map[int64]*Wording{}
	for i := range rows {
		w := &rows[i].Wording
		if t.asked.words[w.QuestionID] == nil {
			t.asked.words[w.QuestionID] = map[int64]*Wording{}
			t.asked.questions = append(t.asked.questions, &Question{ID: w.QuestionID, Kind: rows[i].Kind})
		}
		if t.asked.words[w.QuestionID][w.Version] = w; w.Version == rows[i].Asked {
			t.titles = append(t.titles, w.Label)
		}
	}
	return nil
}

// addOnsOf reads which add-ons the event has.
func (t *table) addOnsOf(ctx context.Context, db bun.IDB) error {
	err := db.NewSelect().Model(&t.asked.addOns).Column("id", "name").Where("event_id = ?", t.event.ID).Where("community_id = ?", t.event.CommunityID).
		Order("position", "id").Scan(ctx)
	for _, a := range t.asked.addOns {
		t.titles = append(t.titles, a.Name)
	}
	return err
}

// answers reads what was answered about the tickets, "" for the orders themselves, of some orders: by ticket or order, then by
// question, in one statement, none where nothing is asked.
func (t *table) answers(ctx context.Context, db bun.IDB, orders, tickets []turnout.ID) (map[turnout.ID]map[turnout.ID]*Answer, error) {
	if len(t.asked.questions) == 0 || len(orders) == 0 {
		return nil, nil
	}
	var rows []*Answer
	err := db.NewSelect().Model(&rows).Column("order_id", "ticket_id", "question_id", "question_version", "value").Where("order_id IN (?)", bun.List(orders)).
		Where("community_id = ?", t.event.CommunityID).
		Where("ticket_id || '' IN (?)", bun.List(tickets)). // by the orders, or SQLite looks for each ticket in each of them
		Where("erased_at IS NULL").Scan(ctx)
	by := map[turnout.ID]map[turnout.ID]*Answer{}
	for _, a := range rows {
		about := a.TicketID
		if about == "" {
			about = a.OrderID
		}
		if by[about] == nil {
			by[about] = map[turnout.ID]*Answer{}
		}
		by[about][a.QuestionID] = a
	}
	return by, err
}

// had reads how many of which add-on tickets have, in one statement, none where there are no add-ons.
func (t *table) had(ctx context.Context, db bun.IDB, tickets []turnout.ID) (map[turnout.ID]map[turnout.ID]int64, error) {
	if len(t.asked.addOns) == 0 || len(tickets) == 0 {
		return nil, nil
	}
	var rows []*TicketAddOn
	err := db.NewSelect().Model(&rows).Column("ticket_id", "add_on_id", "quantity").Where("ticket_id IN (?)", bun.List(tickets)).
		Where("community_id = ?", t.event.CommunityID).Scan(ctx)
	by := map[turnout.ID]map[turnout.ID]int64{}
	for _, has := range rows {
		if by[has.TicketID] == nil {
			by[has.TicketID] = map[turnout.ID]int64{}
		}
		by[has.TicketID][has.AddOnID] += has.Quantity
	}
	return by, err
}

// withAnswers reads what was answered about the orders of a chunk.
func (t *table) withAnswers(ctx context.Context, db bun.IDB, rows []*OrderRow) error {
	by, err := t.answers(ctx, db, idsOf(rows, func(r *OrderRow) turnout.ID { return r.ID }), []turnout.ID{""})
	for _, r := range rows {
		r.answers = by[r.ID]
	}
	return err
}

// withDetails reads what was answered about the tickets of a chunk, and their add-ons.
func (t *table) withDetails(ctx context.Context, db bun.IDB, rows []*AttendeeRow) error {
	tickets := idsOf(rows, func(r *AttendeeRow) turnout.ID { return r.ID })
	by, err := t.answers(ctx, db, idsOf(rows, func(r *AttendeeRow) turnout.ID { return r.OrderID }), tickets)
	if err != nil {
		return err
	}
	has, err := t.had(ctx, db, tickets)
	for _, r := range rows {
		r.answers, r.addOns = by[r.ID], has[r.ID]
	}
	return err
}

// answered writes what was answered to each question; a cell is empty where nothing was or it was erased.
func (t *table) answered(given map[turnout.ID]*Answer) {
	for _, q := range t.asked.questions {
		a := given[q.ID]
		if a == nil {
			t.text("")
			continue
		}
		a.Question, a.Asked = q, t.asked.words[q.ID][a.QuestionVersion]
		t.answer(a)
	}
}

func (t *table) answer(a *Answer) {
	v := a.Value
	switch {
	case v.Number != nil:
		t.decimal(plain(*v.Number))
	case a.Question.Kind == AskDate: // sorts as text
		t.text(v.Text)
	case t.Language == "" && v.Yes != nil:
		t.text(strconv.FormatBool(*v.Yes))
	case t.Language == "" && a.Question.Kind == AskCountry:
		t.text(v.Text)
	case a.Question.Kind == AskCountry:
		if t.asked.countries == nil {
			t.asked.countries = templates.Countries(t.Language)
		}
		t.text(t.asked.countries(v.Text))
	default:
		t.text(a.InWords(t.s.Pages, t.Language))
	}
}

// decimal writes a number of any length behind the point.
func (t *table) decimal(n string) {
	whole, behind, _ := strings.Cut(n, ".")
	if minor, err := strconv.ParseInt(whole+behind, 10, 64); err == nil {
		t.cells = append(t.cells, sheet.Amount(minor, len(behind)))
		return
	}
	t.text(n)
}

// extras writes how many of each add-on there are.
func (t *table) extras(has map[turnout.ID]int64) {
	for _, a := range t.asked.addOns {
		t.number(has[a.ID])
	}
}
