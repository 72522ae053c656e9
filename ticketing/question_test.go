package ticketing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

func places(n int64) *int64 { return &n }

// shirt is a question with choices.
func shirt() ticketing.QuestionInput {
	return ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice, Label: "Your shirt", Purpose: "To order shirts that fit.",
		Options: []ticketing.OptionInput{{Label: "Small"}, {Label: "Large"}}}
}

// words is a question for a text.
func words(label string) ticketing.QuestionInput {
	return ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskText, Label: label, Purpose: "To know."}
}

func (s *shop) ask(in ticketing.QuestionInput) *ticketing.Question {
	s.t.Helper()
	q, err := s.CreateQuestion(s.t.Context(), s.event.CommunityID, s.event.ID, in)
	if err != nil {
		s.t.Fatal(err)
	}
	return q
}

func (s *shop) change(q *ticketing.Question, change func(*ticketing.QuestionInput)) (*ticketing.Question, error) {
	in := q.Input()
	change(&in)
	return s.UpdateQuestion(s.t.Context(), s.event.CommunityID, q.ID, q.Version, in)
}

// answer writes what somebody answered to the question as it is now.
func (s *shop) answer(o *ticketing.Order, ticket int, q *ticketing.Question, value ticketing.Value, upload turnout.ID) {
	s.t.Helper()
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&ticketing.Answer{OrderID: o.ID, TicketID: o.Tickets[ticket].ID, QuestionID: q.ID, QuestionVersion: q.Asked, CommunityID: o.CommunityID,
			EventID: o.EventID, Value: value, UploadID: upload, EraseAt: q.Words.ErasesAt(s.event).UTC(), CreatedAt: s.now(), UpdatedAt: s.now()}).Exec(ctx)
		return err
	})
}

func (s *shop) answers(o *ticketing.Order) []*ticketing.Answer {
	s.t.Helper()
	list, err := s.AnswersOf(s.t.Context(), o.CommunityID, []turnout.ID{o.ID})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// form is what the event asks now, as labels.
func (s *shop) form() string {
	s.t.Helper()
	list, err := s.Questions(s.t.Context(), s.event.CommunityID, s.event.ID, false)
	if err != nil {
		s.t.Fatal(err)
	}
	labels := make([]string, len(list))
	for i, q := range list {
		labels[i] = q.Words.Label
	}
	return strings.Join(labels, " ")
}

func TestAnswersKeepTheWordsThatWereAsked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		o := s.buy(s.ticketType(0, s.pool(5)), 2, 1)
		q := s.ask(shirt())
		small := q.Words.Options[0].ID
		s.answer(o, 0, q, ticketing.Value{Choices: []turnout.ID{small}}, "")

		same, err := s.change(q, func(*ticketing.QuestionInput) {})
		if err != nil || same.Asked != 1 || same.Version != 2 {
			t.Fatalf("saved without a change: %+v, %v", same, err)
		}
		changed, err := s.change(same, func(in *ticketing.QuestionInput) {
			in.Label, in.Options[0].Label = "Size of your shirt", "S"
			in.Options = append(in.Options, ticketing.OptionInput{Label: "XL"})
		})
		if err != nil || changed.Asked != 2 || changed.Words.Options[0].ID != small || changed.Words.Options[2].ID == "" {
			t.Fatalf("%+v, %v", changed, err)
		}
		s.answer(o, 1, changed, ticketing.Value{Choices: []turnout.ID{small}}, "")
		var got []string
		for _, a := range s.answers(o) {
			got = append(got, a.Asked.Label+": "+strings.Join(a.Labels(), ","))
		}
		if want := "Your shirt: Small; Size of your shirt: S"; strings.Join(got, "; ") != want {
			t.Errorf("%q, want %q", got, want)
		}
		if _, err := s.UpdateQuestion(t.Context(), s.event.CommunityID, q.ID, 1, changed.Input()); !errors.Is(err, turnout.ErrStale) {
			t.Errorf("an old version: %v", err)
		}
		if _, err := s.change(changed, func(in *ticketing.QuestionInput) { in.Kind = ticketing.AskMultiChoice }); err == nil || !strings.Contains(err.Error(), "kind") {
			t.Errorf("another kind: %v", err)
		}
	})
}

func TestPlacesOfChoices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		in := shirt()
		in.Options[0].Places = places(3)
		q := s.ask(in)
		pool := q.Words.Options[0].Pool
		if pool == nil || pool.Kind != ticketing.ChoicePlaces || pool.Capacity != 3 || q.Words.Options[1].Pool != nil {
			t.Fatalf("%+v", q.Words.Options)
		}
		if pools, err := s.Pools(t.Context(), s.event.CommunityID, s.event.ID); err != nil || len(pools) != 0 {
			t.Errorf("the organiser's own pools are %+v, %v", pools, err)
		}
		if _, err := s.UpdatePool(t.Context(), s.event.CommunityID, pool.ID, 0, ticketing.PoolInput{Name: "Mine", Capacity: 1}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("changed as a pool of the organiser: %v", err)
		}
		o := s.buy(s.ticketType(0, s.pool(5)), 2, 1)
		s.tx(func(ctx context.Context, tx bun.Tx) error { // two are taken
			_, err := tx.NewUpdate().Model(pool).Set("taken = 2").WherePK().Exec(ctx)
			return err
		})
		_, err := s.change(q, func(in *ticketing.QuestionInput) { in.Options[0].Places = places(1) })
		refusal, _ := errors.AsType[*turnout.Error](err)
		if !errors.Is(err, ticketing.ErrCapacityBelowTaken) || len(refusal.Fields) != 1 || refusal.Fields[0].Name != "options[0].places" {
			t.Errorf("fewer than are taken: %v", err)
		}
		if q, err = s.change(q, func(in *ticketing.QuestionInput) { in.Options[0].Places = nil }); err != nil || q.Words.Options[0].Limited() || q.Input().Options[0].Places != nil {
			t.Fatalf("without a number: %+v, %v", q, err)
		}
		q, err = s.change(q, func(in *ticketing.QuestionInput) { in.Options[0].Places = places(2) })
		if err != nil || q.Words.Options[0].PoolID != pool.ID || !q.Words.Options[0].Full() || q.Asked != 1 {
			t.Errorf("with a number again: %+v, %v", q.Words.Options[0], err)
		}
		s.answer(o, 0, q, ticketing.Value{Choices: []turnout.ID{q.Words.Options[1].ID}}, "")
		if _, err := s.change(q, func(in *ticketing.QuestionInput) { in.Options[1].Places = places(5) }); !errors.Is(err, ticketing.ErrOptionChosen) {
			t.Errorf("counting what was chosen uncounted: %v", err)
		}
		s.tx(func(ctx context.Context, tx bun.Tx) error { // back to what the claims say
			_, err := tx.NewUpdate().Model(pool).Set("taken = 0").WherePK().Exec(ctx)
			return err
		})
	})
}

func TestTheOrderOfQuestions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		community := s.event.CommunityID
		a := s.ask(shirt())
		in := words("B")
		in.ShowIf = ticketing.Condition{QuestionID: a.ID, AnyOf: []string{string(a.Words.Options[0].ID)}}
		b := s.ask(in)
		order := words("Of order")
		order.Subject = ticketing.OfOrder
		s.ask(order)
		c := s.ask(words("C"))
		if got := s.form(); got != "Your shirt B C Of order" {
			t.Errorf("first: %s", got)
		}
		if err := s.MoveQuestion(t.Context(), community, c.ID, 0); err != nil || s.form() != "C Your shirt B Of order" {
			t.Errorf("C to the front: %s, %v", s.form(), err)
		}
		if err := s.MoveQuestion(t.Context(), community, b.ID, 1); !errors.Is(err, ticketing.ErrQuestionOrder) {
			t.Errorf("B before what decides it: %v", err)
		}
		if err := s.MoveQuestion(t.Context(), community, a.ID, 99); !errors.Is(err, ticketing.ErrQuestionOrder) || s.form() != "C Your shirt B Of order" {
			t.Errorf("the deciding one behind B: %v", err)
		}
		if err := s.ArchiveQuestion(t.Context(), community, a.ID, 0); !errors.Is(err, ticketing.ErrQuestionNeeded) {
			t.Errorf("the deciding one archived: %v", err)
		}
		if _, err := s.change(a, func(in *ticketing.QuestionInput) { in.Options = in.Options[1:] }); err == nil || !strings.Contains(err.Error(), "options: “B”") {
			t.Errorf("the deciding choice left out: %v", err)
		}
		for _, id := range []turnout.ID{b.ID, a.ID} {
			if err := s.ArchiveQuestion(t.Context(), community, id, 0); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.form(); got != "C Of order" {
			t.Errorf("two archived: %s", got)
		}
		if err := s.RestoreQuestion(t.Context(), community, b.ID, 0); !errors.Is(err, ticketing.ErrQuestionOrder) {
			t.Errorf("B back without what decides it: %v", err)
		}
		for _, id := range []turnout.ID{a.ID, b.ID} {
			if err := s.RestoreQuestion(t.Context(), community, id, 0); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.form(); got != "C Your shirt B Of order" {
			t.Errorf("both back: %s", got)
		}
		stranger := turnout.NewID("com")
		if err := s.ArchiveQuestion(t.Context(), stranger, a.ID, 0); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		if _, err := s.UpdateQuestion(t.Context(), stranger, a.ID, 0, a.Input()); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		if _, err := s.Question(t.Context(), stranger, a.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
	})
}

func TestWhatAQuestionMayBe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		first, text := s.ask(shirt()), s.ask(words("Text"))
		of := s.ask(ticketing.QuestionInput{Subject: ticketing.OfOrder, Kind: ticketing.AskYesNo, Label: "Invoice?", Purpose: "To write it."})
		number := func(n float64) *float64 { return &n }
		for want, change := range map[string]func(*ticketing.QuestionInput){
			"":                               func(*ticketing.QuestionInput) {},
			"label:required":                 func(in *ticketing.QuestionInput) { in.Label = " " },
			"label:invalid_text":             func(in *ticketing.QuestionInput) { in.Label = "a\nb" },
			"purpose:required":               func(in *ticketing.QuestionInput) { in.Purpose = "" },
			"subject:unknown":                func(in *ticketing.QuestionInput) { in.Subject = "person" },
			"kind:unknown options:not_here":  func(in *ticketing.QuestionInput) { in.Kind = "smell" },
			"options:required":               func(in *ticketing.QuestionInput) { in.Options = nil },
			"options[1].label:repeated":      func(in *ticketing.QuestionInput) { in.Options[1].Label = "SMALL" },
			"options[0].label:required":      func(in *ticketing.QuestionInput) { in.Options[0].Label = "" },
			"options[0].id:unknown":          func(in *ticketing.QuestionInput) { in.Options[0].ID = "opt_x" },
			"options[0].places:out_of_range": func(in *ticketing.QuestionInput) { in.Options[0].Places = places(-1) },
			"bounds.min:not_here":            func(in *ticketing.QuestionInput) { in.Bounds.Min = number(1) },
			"bounds.max:out_of_range": func(in *ticketing.QuestionInput) {
				in.Kind, in.Bounds.Max = ticketing.AskMultiChoice, number(3)
			},
			"bounds.max:out_of_range ": func(in *ticketing.QuestionInput) {
				in.Kind, in.Options, in.Bounds = ticketing.AskNumber, nil, ticketing.Bounds{Min: number(3), Max: number(2)}
			},
			"bounds.length:out_of_range": func(in *ticketing.QuestionInput) { in.Bounds.Length = 5 },
			"bounds.from:not_here":       func(in *ticketing.QuestionInput) { in.Bounds.From = "2026-05-01" },
			"bounds.until:order": func(in *ticketing.QuestionInput) {
				in.Kind, in.Options, in.Bounds = ticketing.AskDate, nil, ticketing.Bounds{From: "2026-05-02", Until: "2026-05-01"}
			},
			"bounds.from:date": func(in *ticketing.QuestionInput) {
				in.Kind, in.Options, in.Bounds = ticketing.AskDate, nil, ticketing.Bounds{From: "May 1"}
			},
			"erase_days:out_of_range":      func(in *ticketing.QuestionInput) { in.EraseDays = 4000 },
			"erase_on:date":                func(in *ticketing.QuestionInput) { in.EraseOn = "2026-02-30" },
			"erase_on:day_past":            func(in *ticketing.QuestionInput) { in.EraseOn = "2026-04-30" },
			"ticket_type_ids:unknown":      func(in *ticketing.QuestionInput) { in.TypeIDs = []turnout.ID{"typ_x"} },
			"show_if.question_id:unknown":  func(in *ticketing.QuestionInput) { in.ShowIf.QuestionID = of.ID },
			"show_if.question_id:unknown ": func(in *ticketing.QuestionInput) { in.ShowIf.QuestionID = text.ID },
			"show_if.any_of:required":      func(in *ticketing.QuestionInput) { in.ShowIf.QuestionID = first.ID },
			"show_if.any_of:unknown_choice": func(in *ticketing.QuestionInput) {
				in.ShowIf = ticketing.Condition{QuestionID: first.ID, AnyOf: []string{"true"}}
			},
			"ticket_type_ids:not_here": func(in *ticketing.QuestionInput) { in.Subject, in.TypeIDs = ticketing.OfOrder, []turnout.ID{"typ_x"} },
		} {
			in := shirt()
			change(&in)
			_, err := s.CreateQuestion(t.Context(), s.event.CommunityID, s.event.ID, in)
			refusal, _ := errors.AsType[*turnout.Error](err)
			var got []string
			if refusal != nil {
				for _, f := range refusal.Fields {
					got = append(got, f.Name+":"+f.Code)
				}
			}
			if strings.Join(got, " ") != strings.TrimSpace(want) || (err != nil) != (want != "") {
				t.Errorf("%v, want %q", err, want)
			}
		}
		// One that decides cannot come to stand behind what it decides, nor decide itself.
		in := words("Later")
		in.ShowIf = ticketing.Condition{QuestionID: first.ID, AnyOf: []string{string(first.Words.Options[0].ID)}}
		later := s.ask(in)
		yes := s.ask(ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskYesNo, Label: "Last?", Purpose: "To know."})
		for _, by := range []turnout.ID{later.ID, yes.ID} {
			_, err := s.change(first, func(in *ticketing.QuestionInput) {
				in.ShowIf = ticketing.Condition{QuestionID: by, AnyOf: []string{"true"}}
			})
			if refusal, _ := errors.AsType[*turnout.Error](err); refusal == nil || refusal.Fields[0].Name != "show_if.question_id" {
				t.Errorf("decided by a later one: %v", err)
			}
		}
		if _, err := s.change(yes, func(in *ticketing.QuestionInput) {
			in.ShowIf = ticketing.Condition{QuestionID: yes.ID, AnyOf: []string{"true"}}
		}); err == nil {
			t.Error("a question decides itself")
		}
	})
}

// Answers go on the day that was said when they were given, or sooner when the question says sooner now, never later.
func TestAnswersAreErasedOnTheirDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db) // in Warsaw; it ends on 1 June at 11:00 there
		o := s.buy(s.ticketType(0, s.pool(5)), 3, 1)
		day := func(q *ticketing.QuestionInput, days int64) { q.EraseDays = days }
		short, file := words("Short"), words("File")
		day(&short, 2)
		file.Kind, file.EraseOn = ticketing.AskFile, "2026-06-20"
		first, cv := s.ask(short), s.ask(file)
		s.answer(o, 0, first, ticketing.Value{Text: "no nuts"}, "")
		sent, err := s.Send(t.Context(), ticketing.Sender{}, s.event.ID, cv.ID, `C:\my "cv".exe`, []byte("%PDF-1.7 …"))
		if err != nil || sent.Name != "my cv.pdf" {
			t.Fatalf("%+v, %v", sent, err)
		}
		s.answer(o, 0, cv, ticketing.Value{File: sent.Name}, sent.ID)
		longer, err := s.change(first, func(in *ticketing.QuestionInput) { day(in, 40) })
		if err != nil {
			t.Fatal(err)
		}
		s.answer(o, 1, longer, ticketing.Value{Text: "vegan"}, "")

		left := func() string {
			if err := s.EraseAnswers(t.Context()); err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, a := range s.answers(o) {
				if a.ErasedAt.IsZero() != (a.Value.Text+a.Value.File != "") {
					t.Errorf("%+v", a)
				}
				if text := a.Value.Text + a.Value.File; text != "" {
					all = append(all, text)
				}
			}
			if found, err := ticketing.CheckAnswers(t.Context(), db.Read(), s.now()); err != nil || len(found) > 0 {
				t.Errorf("the doctor finds %q, %v", found, err)
			}
			return strings.Join(all, ", ")
		}
		warsaw := s.event.Location()
		for _, tt := range []struct {
			at   time.Time
			left string
		}{
			{time.Date(2026, 6, 3, 23, 59, 0, 0, warsaw), "no nuts, my cv.pdf, vegan"},
			{time.Date(2026, 6, 4, 0, 0, 0, 0, warsaw), "my cv.pdf, vegan"},
			{time.Date(2026, 6, 20, 23, 59, 0, 0, warsaw), "my cv.pdf, vegan"},
			{time.Date(2026, 6, 21, 0, 0, 0, 0, warsaw), "vegan"},
		} {
			s.clock.Store(int64(tt.at.Sub(start)))
			if got := left(); got != tt.left {
				t.Errorf("on %s there are %q, want %q", tt.at, got, tt.left)
			}
		}
		if _, _, err := s.FileOf(t.Context(), s.event.CommunityID, s.event.ID, sent.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("the file of an erased answer: %v", err)
		}
		// The doctor says when the sweep did not come, and a question that says sooner now takes earlier answers along.
		q, err := s.Question(t.Context(), s.event.CommunityID, first.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.change(q, func(in *ticketing.QuestionInput) { day(in, 3) }); err != nil {
			t.Fatal(err)
		}
		if found, err := ticketing.CheckAnswers(t.Context(), db.Read(), s.now()); err != nil || len(found) != 1 || !strings.Contains(found[0], string(first.ID)) {
			t.Errorf("the doctor finds %q, %v", found, err)
		}
		if got := left(); got != "" {
			t.Errorf("at the end there are %q", got)
		}
	})
}

// A form named a day; an event that is postponed then keeps what was answered no longer, and one that comes sooner lets it go sooner.
func TestAnswersAreErasedOnTheDayThatWasPromised(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db) // it ends on 1 June
		in := words("Allergies")
		in.EraseDays = 2
		q := s.ask(in)
		tt := s.ticketType(0, s.pool(5))
		p := s.purchase(tt, 1, 1)
		p.Attendees = []ticketing.Bearer{{Attendee: p.Buyer, Answers: ticketing.Answers{q.ID: []byte(`"nuts"`)}}}
		early, _, err := s.PlaceOrder(t.Context(), p) // "kept until 3 June"
		if err != nil {
			t.Fatal(err)
		}
		s.postpone(27 * 24 * time.Hour)
		late, _, err := s.PlaceOrder(t.Context(), p) // "kept until 30 June"
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			at          time.Time
			early, late string
		}{
			{time.Date(2026, 6, 3, 12, 0, 0, 0, time.UTC), "nuts", "nuts"},
			{time.Date(2026, 6, 4, 12, 0, 0, 0, time.UTC), "", "nuts"},
			{time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC), "", "nuts"},
			{time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), "", ""},
		} {
			s.clock.Store(int64(tt.at.Sub(start)))
			if err := s.EraseAnswers(t.Context()); err != nil {
				t.Fatal(err)
			}
			if a, b := s.answers(early)[0].Value.Text, s.answers(late)[0].Value.Text; a != tt.early || b != tt.late {
				t.Errorf("on %s there are %q and %q, want %q and %q", tt.at, a, b, tt.early, tt.late)
			}
		}
	})
}

// postpone moves the event, by an edit of an organiser.
func (s *shop) postpone(by time.Duration) {
	s.t.Helper()
	from, until := s.event.StartsAt.Add(by), s.event.EndsAt.Add(by)
	moved, err := s.planner().Patch(s.t.Context(), s.event.CommunityID, string(s.event.ID), 0, events.Patch{StartsAt: &from, EndsAt: &until})
	if err != nil {
		s.t.Fatal(err)
	}
	s.event = moved
}

// What nobody's order names is dropped after a day; pictures lose what they know, other files are refused.
func TestFilesThatAreSent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		file, text := words("File"), s.ask(words("Text"))
		file.Kind = ticketing.AskFile
		q := s.ask(file)
		var picture bytes.Buffer
		if err := png.Encode(&picture, image.NewNRGBA(image.Rect(0, 0, 4, 3))); err != nil {
			t.Fatal(err)
		}
		sent, err := s.Send(t.Context(), ticketing.Sender{}, s.event.ID, q.ID, "../../me.jpeg", picture.Bytes())
		if err != nil || sent.Name != "me.png" || sent.ContentType != "image/png" {
			t.Fatalf("%+v, %v", sent, err)
		}
		u, data, err := s.FileOf(t.Context(), s.event.CommunityID, s.event.ID, sent.ID)
		if err != nil || u.Size != int64(len(data)) || !bytes.HasPrefix(data, []byte("\x89PNG")) {
			t.Errorf("%+v, %d bytes, %v", u, len(data), err)
		}
		for name, tt := range map[string]struct {
			question turnout.ID
			data     []byte
			want     error
		}{
			"a page":             {q.ID, []byte("<html><script>"), ticketing.ErrFileKind},
			"a drawing":          {q.ID, []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), ticketing.ErrFileKind},
			"nothing":            {q.ID, nil, ticketing.ErrFileKind},
			"too much":           {q.ID, append([]byte("%PDF-"), make([]byte, ticketing.MaxUpload)...), ticketing.ErrFileLarge},
			"for another answer": {text.ID, picture.Bytes(), turnout.ErrNotFound},
		} {
			if _, err := s.Send(t.Context(), ticketing.Sender{}, s.event.ID, tt.question, "x", tt.data); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", name, err, tt.want)
			}
		}
		if _, _, err := s.FileOf(t.Context(), turnout.NewID("com"), s.event.ID, sent.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		for _, there := range []bool{true, false} {
			if err := s.EraseAnswers(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.FileOf(t.Context(), s.event.CommunityID, s.event.ID, sent.ID); (err == nil) != there {
				t.Errorf("there %v: %v", there, err)
			}
			s.wait(25 * time.Hour)
		}
	})
}

func TestACloneAsksTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(0, s.pool(5))
		in := shirt()
		in.Options[0].Places, in.TypeIDs = places(7), []turnout.ID{tt.ID}
		first := s.ask(in)
		then := words("Which cut?")
		then.ShowIf = ticketing.Condition{QuestionID: first.ID, AnyOf: []string{string(first.Words.Options[0].ID)}}
		then.EraseOn = s.event.EndsAt.AddDate(0, 0, 9).Format(time.DateOnly)
		s.ask(then)
		gone := s.ask(words("Archived"))
		if err := s.ArchiveQuestion(t.Context(), s.event.CommunityID, gone.ID, 0); err != nil {
			t.Fatal(err)
		}
		next := *s.event
		next.ID, next.Number, next.Slug = turnout.NewID("evt"), 2, "spring-again"
		next.StartsAt, next.EndsAt = next.StartsAt.AddDate(0, 2, 0), next.EndsAt.AddDate(0, 2, 0)
		s.tx(func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.NewInsert().Model(&next).Exec(ctx); err != nil {
				return err
			}
			if _, err := tx.NewRaw("INSERT INTO event_totals (event_id, community_id) VALUES (?, ?)", next.ID, next.CommunityID).Exec(ctx); err != nil {
				return err
			}
			return s.CopyCatalogue(ctx, tx, s.event, &next)
		})
		copies, err := s.Questions(t.Context(), next.CommunityID, next.ID, true)
		if err != nil || len(copies) != 2 {
			t.Fatalf("%d questions, %v", len(copies), err)
		}
		types, err := s.TicketTypes(t.Context(), next.CommunityID, next.ID)
		if err != nil {
			t.Fatal(err)
		}
		a, b := copies[0], copies[1]
		option := a.Words.Options[0]
		if a.ID == first.ID || option.ID == first.Words.Options[0].ID || option.PoolID == first.Words.Options[0].PoolID || option.Pool.Capacity != 7 ||
			option.Pool.EventID != next.ID || fmt.Sprint(a.TypeIDs) != fmt.Sprint([]turnout.ID{types[0].ID}) {
			t.Errorf("%+v of %v", a, a.TypeIDs)
		}
		if b.Words.ShowIf.QuestionID != a.ID || fmt.Sprint(b.Words.ShowIf.AnyOf) != fmt.Sprint([]turnout.ID{option.ID}) {
			t.Errorf("shown if %+v", b.Words.ShowIf)
		}
		if want := events.Shift(s.event.EndsAt.AddDate(0, 0, 9), s.event, &next).Format(time.DateOnly); b.Words.EraseOn != want {
			t.Errorf("erased on %s, want %s", b.Words.EraseOn, want)
		}
	})
}
