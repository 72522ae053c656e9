package ticketing

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// asking makes a question of a kind for a questionnaire that no database has seen.
func asking(id turnout.ID, kind QuestionKind, change func(*Question)) *Question {
	q := &Question{ID: id, Subject: OfTicket, Kind: kind, Asked: 1, Words: &Wording{Label: string(id)}}
	if kind.HasOptions() {
		q.Words.Options = []Option{{ID: "a", Label: "A"}, {ID: "b", Label: "B", PoolID: "pool_b"}, {ID: "c", Label: "C", PoolID: "pool_c"}}
	}
	if change != nil {
		change(q)
	}
	return q
}

func number(n float64) *float64 { return &n }

func TestWhatAnAnswerMayBe(t *testing.T) {
	required := func(q *Question) { q.Words.Required = true }
	for _, tt := range []struct {
		kind   QuestionKind
		change func(*Question)
		given  string
		want   string // the value as it is kept, or the code of what is wrong, or "" for no answer
	}{
		{AskText, nil, `"  Tea, cafe\u0301 "`, `{"text":"Tea, café"}`},
		{AskText, nil, `""`, ``},
		{AskText, nil, `"  "`, ``},
		{AskText, nil, `null`, ``},
		{AskText, required, `"  "`, `required`},
		{AskText, required, ``, `required`},
		{AskText, nil, `5`, `wrong_type`},
		{AskText, nil, `{"text":"x"}`, `wrong_type`},
		{AskText, nil, `"two\nlines"`, `invalid_text`},
		{AskText, nil, `"a\u0000b"`, `invalid_text`},
		{AskText, nil, `"a\u202eb"`, `invalid_text`},
		{AskText, nil, `"\ud800"`, `invalid_text`},
		{AskText, nil, `"` + strings.Repeat("é", 200) + `"`, `{"text":"` + strings.Repeat("é", 200) + `"}`},
		{AskText, nil, `"` + strings.Repeat("é", 201) + `"`, `too_long`},
		{AskText, func(q *Question) { q.Words.Bounds.Length = 3 }, `"abcd"`, `too_long`},
		{AskLongText, nil, `"two\r\nlines"`, `{"text":"two\nlines"}`},
		{AskLongText, nil, `"` + strings.Repeat("x", 2001) + `"`, `too_long`},
		{AskChoice, nil, `"b"`, `{"choices":["b"]}`},
		{AskChoice, nil, `"d"`, `unknown_choice`},
		{AskChoice, nil, `["b"]`, `wrong_type`},
		{AskChoice, required, `""`, `required`},
		{AskMultiChoice, nil, `["c","a","c"]`, `{"choices":["a","c"]}`},
		{AskMultiChoice, nil, `[]`, ``},
		{AskMultiChoice, required, `[]`, `required`},
		{AskMultiChoice, nil, `"a"`, `wrong_type`},
		{AskMultiChoice, nil, `["a","d"]`, `unknown_choice`},
		{AskMultiChoice, func(q *Question) { q.Words.Bounds.Min = number(2) }, `["a"]`, `choices_too_few`},
		{AskMultiChoice, func(q *Question) { q.Words.Bounds.Max = number(1) }, `["a","b"]`, `choices_too_many`},
		{AskNumber, nil, `12.5`, `{"number":12.5}`},
		{AskNumber, nil, `0`, `{"number":0}`},
		{AskNumber, nil, `"12"`, `not_a_number`},
		{AskNumber, nil, `1e13`, `out_of_range`},
		{AskNumber, nil, `1e999`, `not_a_number`},
		{AskNumber, func(q *Question) { q.Words.Bounds.Min = number(1) }, `0.99`, `number_too_small`},
		{AskNumber, func(q *Question) { q.Words.Bounds.Max = number(10) }, `11`, `number_too_big`},
		{AskNumber, func(q *Question) { q.Words.Bounds = Bounds{Min: number(1), Max: number(10)} }, `10`, `{"number":10}`},
		{AskDate, nil, `"2028-02-29"`, `{"text":"2028-02-29"}`},
		{AskDate, nil, `"2027-02-29"`, `date`},
		{AskDate, nil, `"29.02.2028"`, `date`},
		{AskDate, nil, `""`, ``},
		{AskDate, func(q *Question) { q.Words.Bounds.From = "2026-05-02" }, `"2026-05-01"`, `day_too_early`},
		{AskDate, func(q *Question) { q.Words.Bounds.Until = "2026-05-02" }, `"2026-05-03"`, `day_too_late`},
		{AskDate, func(q *Question) { q.Words.Bounds = Bounds{From: "2026-05-02", Until: "2026-05-02"} }, `"2026-05-02"`, `{"text":"2026-05-02"}`},
		{AskYesNo, required, `false`, `{"yes":false}`},
		{AskYesNo, nil, `true`, `{"yes":true}`},
		{AskYesNo, nil, `null`, ``},
		{AskYesNo, required, `null`, `required`},
		{AskYesNo, nil, `"yes"`, `wrong_type`},
		{AskCountry, nil, `"pl"`, `{"text":"PL"}`},
		{AskCountry, nil, `"Poland"`, `country`},
		{AskCountry, nil, `"EU"`, `country`},
		{AskConsent, nil, ``, `{"yes":false}`},
		{AskConsent, required, ``, `consent`},
		{AskConsent, required, `false`, `consent`},
		{AskConsent, required, `true`, `{"yes":true}`},
		{AskConsent, nil, `1`, `wrong_type`},
		{AskFile, nil, `"upl_here"`, `{"file":"cv.pdf"}`},
		{AskFile, nil, `"upl_gone"`, `unknown_file`},
		{AskFile, nil, `"upl_other"`, `unknown_file`},
		{AskFile, required, `""`, `required`},
		{AskFile, nil, `{}`, `wrong_type`},
	} {
		q := asking("qst_1", tt.kind, tt.change)
		form := questionnaire{questions: []*Question{q}, uploads: map[turnout.ID]*Upload{
			"upl_here": {QuestionID: "qst_1", Name: "cv.pdf"}, "upl_other": {QuestionID: "qst_2", Name: "x.pdf"},
		}}
		given := map[turnout.ID]json.RawMessage{}
		if tt.given != "" {
			given["qst_1"] = json.RawMessage(tt.given)
		}
		var probs turnout.Problems
		got := ""
		for _, a := range form.check(&probs, "attendees[0].answers", OfTicket, "", given) {
			written, err := json.Marshal(a.Value)
			if err != nil {
				t.Fatal(err)
			}
			got += string(written)
		}
		for _, p := range probs {
			got += p.Code
			if p.Name != "attendees[0].answers.qst_1" || p.Message == "" {
				t.Errorf("%s %s: the problem is about %q and says %q", tt.kind, tt.given, p.Name, p.Message)
			}
		}
		if got != tt.want {
			t.Errorf("%s %.60s: %.80s, want %.80s", tt.kind, tt.given, got, tt.want)
		}
	}
}

// What is asked of whom: by subject and ticket type; what is not asked is refused by name, and a choice names its pool.
func TestWhomAQuestionIsAskedOf(t *testing.T) {
	form := questionnaire{questions: []*Question{
		asking("qst_all", AskText, nil),
		asking("qst_vip", AskMultiChoice, func(q *Question) { q.TypeIDs = []turnout.ID{"typ_vip"}; q.Words.Required = true }),
		asking("qst_order", AskText, func(q *Question) { q.Subject = OfOrder; q.Words.Required = true }),
	}}
	given := func(pairs ...string) map[turnout.ID]json.RawMessage {
		m := map[turnout.ID]json.RawMessage{}
		for i := 0; i < len(pairs); i += 2 {
			m[turnout.ID(pairs[i])] = json.RawMessage(pairs[i+1])
		}
		return m
	}
	for _, tt := range []struct {
		subject QuestionSubject
		kind    turnout.ID
		given   map[turnout.ID]json.RawMessage
		want    string
	}{
		{OfTicket, "typ_plain", nil, ""},
		{OfTicket, "typ_vip", nil, "qst_vip:required"},
		{OfTicket, "typ_vip", given("qst_vip", `["b","a","c"]`), "qst_vip[pool_b pool_c]"},
		{OfTicket, "typ_plain", given("qst_vip", `["a"]`, "qst_other", `1`, "qst_all", `"x"`), "qst_all[] qst_other:unknown_question qst_vip:unknown_question"},
		{OfOrder, "", nil, "qst_order:required"},
		{OfOrder, "", given("qst_order", `"x"`, "qst_all", `"x"`), "qst_order[] qst_all:unknown_question"},
	} {
		var probs turnout.Problems
		var got []string
		for _, a := range form.check(&probs, "answers", tt.subject, tt.kind, tt.given) {
			got = append(got, fmt.Sprint(a.Question.ID, a.Pools))
		}
		for _, p := range probs {
			got = append(got, strings.TrimPrefix(p.Name, "answers.")+":"+p.Code)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s %s %s: %q, want %q", tt.subject, tt.kind, tt.given, s, tt.want)
		}
	}
}

// A chain of conditions says the same as asking one question after the other by hand, whatever was answered: what is not shown is
// not needed, its answer is dropped, and what hangs on it is not shown either.
func TestConditionsInChains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "questions")
		var form questionnaire
		given := map[turnout.ID]json.RawMessage{}
		answers := map[turnout.ID][]string{} // what a person says to each, true for yes
		for i := range n {
			id := turnout.ID(fmt.Sprintf("qst_%d", i))
			kind := rapid.SampledFrom([]QuestionKind{AskChoice, AskMultiChoice, AskYesNo, AskConsent}).Draw(t, "kind")
			q := asking(id, kind, func(q *Question) { q.Words.Required = rapid.Bool().Draw(t, "required") })
			if i > 0 && rapid.Float64().Draw(t, "conditional") < 0.7 {
				by := form.questions[rapid.IntRange(0, i-1).Draw(t, "by")]
				possible := []string{"true", "false"}
				if by.Kind.HasOptions() {
					possible = []string{"a", "b", "c"}
				}
				q.Words.ShowIf = Condition{QuestionID: by.ID, AnyOf: rapid.SliceOfNDistinct(rapid.SampledFrom(possible), 1, 2, rapid.ID).Draw(t, "any of")}
			}
			form.questions = append(form.questions, q)
			switch said := rapid.IntRange(0, 2).Draw(t, "said"); {
			case said == 0 && kind != AskConsent: // nothing
			case kind == AskChoice:
				one := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "choice")
				given[id], answers[id] = json.RawMessage(`"`+one+`"`), []string{one}
			case kind == AskMultiChoice:
				some := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 3, rapid.ID).Draw(t, "choices")
				given[id], answers[id] = json.RawMessage(`["`+strings.Join(some, `","`)+`"]`), some
			default:
				yes := said == 1
				given[id], answers[id] = json.RawMessage(fmt.Sprint(yes)), []string{fmt.Sprint(yes)}
			}
		}

		// The model goes from the other end: a question is shown when all that it hangs on, up to the root, say so.
		var shown func(q *Question) bool
		shown = func(q *Question) bool {
			c := q.Words.ShowIf
			if c.QuestionID == "" {
				return true
			}
			i := slices.IndexFunc(form.questions, func(o *Question) bool { return o.ID == c.QuestionID })
			by := form.questions[i]
			said := answers[by.ID]
			if by.Kind == AskConsent && by.Words.Required && !slices.Contains(said, "true") {
				said = nil // refused: nothing follows from it
			}
			return shown(by) && slices.ContainsFunc(said, func(a string) bool { return slices.Contains(c.AnyOf, a) })
		}
		var want []string
		for _, q := range form.questions {
			said := answers[q.ID]
			switch {
			case !shown(q):
			case q.Kind == AskConsent && q.Words.Required && !slices.Contains(said, "true"):
				want = append(want, string(q.ID)+" consent")
			case len(said) > 0:
				want = append(want, string(q.ID))
			case q.Words.Required:
				want = append(want, string(q.ID)+" required")
			}
		}
		var probs turnout.Problems
		var got []string
		for _, a := range form.check(&probs, "answers", OfTicket, "", given) {
			got = append(got, string(a.Question.ID))
		}
		for _, p := range probs {
			got = append(got, strings.TrimPrefix(p.Name, "answers.")+" "+p.Code)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// What a sale does with questions: it reads them in one statement where there are none and in two else, sees under its locks that
// they were changed meanwhile, finds the files that answers name, and writes what was kept.
func TestQuestionsInASale(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
		s := &Service{DB: db, Now: func() time.Time { return now }}
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES ('com_1', 'com', 'Com', ?, ?)", now, now).Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		planner := &events.Service{DB: db, Now: s.Now}
		event, err := planner.Create(t.Context(), "com_1", events.Details{Slug: "spring", Title: "Spring", Format: events.InPerson, Timezone: "UTC",
			StartsAt: now.AddDate(0, 1, 0), EndsAt: now.AddDate(0, 1, 1), Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		ids := []turnout.ID{event.ID}
		read := func(statements int64) []*Question {
			t.Helper()
			ctx, n := database.CountQueries(t.Context())
			questions, err := loadQuestions(ctx, db.Read(), ids)
			if err != nil || n.Load() != statements {
				t.Fatalf("%d statements, want %d, %v", n.Load(), statements, err)
			}
			return questions
		}
		if none := read(1); len(none) != 0 {
			t.Errorf("%d questions", len(none))
		}
		in := QuestionInput{Subject: OfOrder, Kind: AskFile, Label: "Your proof", Purpose: "To give the discount.", Required: true}
		q, err := s.CreateQuestion(t.Context(), "com_1", event.ID, in)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := s.Send(t.Context(), Sender{}, event.ID, q.ID, "proof.pdf", []byte("%PDF-1.4"))
		if err != nil {
			t.Fatal(err)
		}
		questions := read(2)
		given := map[turnout.ID]json.RawMessage{q.ID: json.RawMessage(`"` + sent.ID + `"`)}
		forms, err := questionnaires(t.Context(), db.Read(), questions, given)
		if err != nil {
			t.Fatal(err)
		}
		var probs turnout.Problems
		kept := forms[event.ID].check(&probs, "answers", OfOrder, "", given)
		rows := answerRows(&Order{ID: "ord_1", CommunityID: "com_1", EventID: event.ID, Event: event}, "", kept, now)
		if len(probs) > 0 || len(rows) != 1 || rows[0].UploadID != sent.ID || rows[0].QuestionVersion != 1 || rows[0].Value.File != "proof.pdf" {
			t.Fatalf("%+v, %v", rows, probs)
		}
		same := func() bool {
			same, err := sameQuestions(t.Context(), db.Read(), ids, questions)
			if err != nil {
				t.Fatal(err)
			}
			return same
		}
		if !same() {
			t.Error("nothing changed, and it seems so")
		}
		in.Label = "Proof"
		if _, err := s.UpdateQuestion(t.Context(), "com_1", q.ID, 0, in); err != nil || same() {
			t.Errorf("other words are not seen, %v", err)
		}
		questions = read(2)
		if err := s.ArchiveQuestion(t.Context(), "com_1", q.ID, 0); err != nil || same() {
			t.Errorf("an archived question is not seen, %v", err)
		}
	})
}

func TestCheckNamesWhatIsWrongWithQuestions(t *testing.T) {
	for says, damage := range map[string]string{
		"no question of its event has that choice": "UPDATE question_versions SET options = '[]'",
		"which are not there":                      "UPDATE questions SET asked = 2",
		"which is no such pool":                    "UPDATE pools SET kind = 'places'",
	} {
		dbtest.Each(t, func(t *testing.T, db *database.DB) {
			now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
			err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				for _, statement := range []string{
					`INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES ('c', 'c', 'C', ?0, ?0)`,
					`INSERT INTO events (id, community_id, number, slug, title, format, timezone, starts_at, ends_at, currency, signing_key, created_at, updated_at)
					 VALUES ('e', 'c', 1, 'e', 'E', 'hybrid', 'UTC', ?0, ?1, 'EUR', '', ?0, ?0)`,
					`INSERT INTO event_totals (event_id, community_id) VALUES ('e', 'c')`,
					`INSERT INTO pools (id, community_id, event_id, kind, name, capacity, created_at, updated_at) VALUES ('pol_1', 'c', 'e', 'choice', 'opt_1', 3, ?0, ?0)`,
					`INSERT INTO questions (id, community_id, event_id, subject, kind, asked, position, created_at, updated_at) VALUES ('q', 'c', 'e', 'ticket', 'choice', 1, 1, ?0, ?0)`,
					`INSERT INTO question_versions (question_id, version, community_id, label, help, purpose, required, options, bounds, show_if, erase_days, erase_on, created_at)
					 VALUES ('q', 1, 'c', 'Shirt', '', 'p', FALSE, '[{"id": "opt_1", "label": "S", "pool_id": "pol_1"}]', '{}', '{}', 90, '', ?0)`,
				} {
					if _, err := tx.NewRaw(statement, now, now.AddDate(0, 0, 1)).Exec(ctx); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			all := func() string {
				found, err := Check(t.Context(), db.Read())
				if err != nil {
					t.Fatal(err)
				}
				more, err := CheckAnswers(t.Context(), db.Read(), now)
				if err != nil {
					t.Fatal(err)
				}
				return strings.Join(append(found, more...), "\n")
			}
			if found := all(); found != "" {
				t.Errorf("before: %s", found)
			}
			if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.ExecContext(ctx, damage)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if found := all(); !strings.Contains(found, says) {
				t.Errorf("%q is not said: %s", says, found)
			}
		})
	}
}
