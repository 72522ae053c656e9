package ticketing

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/organisers"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/jobs"
)

// Details are what the bearer of a ticket says about themselves.
type Details struct {
	Attendee         // without an e-mail address they are reached through the buyer, see NeedsEmail
	Answers  Answers // to the questions of their ticket
	Version  int64   // of the ticket as it was shown; 0 for whatever it is by now
}

// PassOn says whether the details take a ticket of the order from who bears it to another address: see FillDetails. One that nobody bears yet
// is taken from nobody.
func (d Details) PassOn(t *Ticket, o *Order) bool {
	to := cmp.Or(d.Email, o.BuyerEmail)
	return t.Borne && to != "" && to != t.AttendeeEmail
}

// NeedsEmail says whether the address of whoever has a ticket of the order can be changed but not left out: the buyer has none to stand in.
func (t *Ticket) NeedsEmail(o *Order) bool { return t.AttendeeEmail != "" && o.BuyerEmail == "" }

// ErrDetailsClosed refuses to change the details of a ticket once its event has begun.
var ErrDetailsClosed = &turnout.Error{Kind: turnout.Conflict, Code: "details_closed", Message: "The event has begun, so names and answers stay as they are."}

// DetailsLink is the address where the bearer of a ticket says who they are and answers what is asked.
func (s *Service) DetailsLink(t *Ticket) string {
	return strings.Replace(s.TicketLink(t), "?", "/details?", 1)
}

// DetailsOpen says whether the details of a ticket can be changed at this moment: ErrTicketOver and ErrDetailsClosed say why not.
func (s *Service) DetailsOpen(t *Ticket, o *Order) error {
	switch {
	case t.Status != Valid:
		return ErrTicketOver
	case !s.Now().Before(o.Event.StartsAt):
		return ErrDetailsClosed
	}
	return nil
}

// DetailsAsked gives what the bearer of a ticket is asked, with the choices' places, and what was answered. What was answered and
// erased is not asked again.
func (s *Service) DetailsAsked(ctx context.Context, t *Ticket) ([]*Question, []*Answer, error) {
	db := s.DB.Read()
	questions, given, err := detailsAsked(ctx, db, t)
	if err == nil {
		err = loadChoicePools(ctx, db, questions)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("ticketing: details: %w", err)
	}
	return questions, given, nil
}

func detailsAsked(ctx context.Context, db bun.IDB, t *Ticket) ([]*Question, []*Answer, error) {
	questions, err := loadQuestions(ctx, db, []turnout.ID{t.EventID})
	if err != nil {
		return nil, nil, err
	}
	return askedOf(ctx, db, t, OfTicket, questions)
}

// askedOf gives those of an event's questions that whoever bears a ticket is asked, and all that was answered about the ticket.
func askedOf(ctx context.Context, db bun.IDB, t *Ticket, subject QuestionSubject, questions []*Question) ([]*Question, []*Answer, error) {
	all, err := answersOf(ctx, db, t.CommunityID, []turnout.ID{t.OrderID})
	if err != nil {
		return nil, nil, err
	}
	given := slices.DeleteFunc(all, func(a *Answer) bool { return a.TicketID != t.ID })
	erased := func(q *Question) bool {
		return slices.ContainsFunc(given, func(a *Answer) bool { return a.QuestionID == q.ID && !a.ErasedAt.IsZero() })
	}
	questions = slices.DeleteFunc(questions, func(q *Question) bool { return !q.Asks(subject, t.TicketTypeID) || erased(q) })
	return questions, given, nil
}

// FillDetails writes who bears a ticket and what they answer; whoever asks has shown that the ticket, or its order, is theirs. The
// places of choices are taken and given back with it. A ticket that goes from one address to another is a transfer: it gets a new code and
// new links, see DetailsLink, and whoever has it from then on can answer what is missing. It fails with an Invalid error naming the fields
// ("name", "email", "answers.…"; a choice without places is "option_full"), ErrTicketOver, ErrDetailsClosed, turnout.ErrStale where the
// ticket has another version by now, and turnout.ErrNotFound.
func (s *Service) FillDetails(ctx context.Context, ticket turnout.ID, in Details) error {
	var event turnout.ID
	err := s.withRoom(ctx, &event, func(ctx context.Context, tx bun.Tx) error {
		f := &filling{s: s, tx: tx, now: s.Now(), in: in}
		if err := f.lock(ctx, ticket); err != nil {
			return err
		}
		event = f.ticket.EventID
		if err := f.check(ctx); err != nil {
			return err
		}
		return f.write(ctx)
	})
	if err != nil {
		return fmt.Errorf("ticketing: fill details: %w", err)
	}
	s.soldOut.forget()
	return nil
}

// filling is one change of a ticket's details.
type filling struct {
	s         *Service
	tx        bun.Tx
	now       time.Time
	in        Details
	ticket    *Ticket
	order     *Order
	questions []*Question
	before    []*Answer
	pools     map[turnout.ID]*Pool
	kept      []answered
	change    map[turnout.ID]int64 // places, by pool
}

// lock locks the pools of the order and of all choices before anything else, and reads the ticket under that.
func (f *filling) lock(ctx context.Context, id turnout.ID) error {
	found := new(Ticket)
	if err := f.tx.NewSelect().Model(found).Column("id", "community_id", "event_id", "order_id").Where("id = ?", id).Scan(ctx); err != nil {
		return database.NotFound(err)
	}
	event := []turnout.ID{found.EventID}
	asked, err := loadQuestions(ctx, f.tx, event)
	if err != nil {
		return err
	}
	ids, err := poolsOf(ctx, f.tx, []turnout.ID{found.OrderID})
	if err != nil {
		return err
	}
	if f.pools, err = lockPools(ctx, f.tx, append(ids, choicePools(asked)...)); err != nil {
		return err
	}
	if same, err := sameQuestions(ctx, f.tx, event, asked); err != nil || !same {
		if err == nil {
			err = database.ErrAgain
		}
		return err
	}
	if _, err = LockTicket(ctx, f.tx, found.CommunityID, id); err != nil { // doors write answers and notices under it
		return err
	}
	if f.order, err = f.s.orderWhere(ctx, f.tx, "id = ?", found.OrderID); err != nil {
		return err
	}
	f.ticket = f.order.Tickets[slices.IndexFunc(f.order.Tickets, func(t *Ticket) bool { return t.ID == id })]
	if err := f.s.DetailsOpen(f.ticket, f.order); err != nil {
		return err
	}
	if f.in.Version != 0 && f.in.Version != f.ticket.Version {
		return turnout.ErrStale
	}
	f.questions, f.before, err = detailsAsked(ctx, f.tx, f.ticket)
	return err
}

// check says all that is wrong with the details, and which places their choices need.
func (f *filling) check(ctx context.Context) error {
	var probs turnout.Problems
	f.in.check(&probs, "", f.ticket.NeedsEmail(f.order))
	for i := range probs {
		probs[i].Name = strings.TrimPrefix(probs[i].Name, ".")
	}
	if f.in.PassOn(f.ticket, f.order) { // nobody answers or consents for another: who has it from now on is asked
		return probs.Err()
	}
	uploads, err := uploadsNamed(ctx, f.tx, f.questions, []Answers{f.in.Answers})
	if err != nil {
		return err
	}
	form := questionnaire{f.questions, uploads}
	f.kept = form.check(&probs, "answers", OfTicket, f.ticket.TicketTypeID, f.in.Answers)
	f.change = map[turnout.ID]int64{}
	for _, a := range f.replaced() {
		for _, id := range a.Value.Choices {
			if o := a.Asked.Option(id); o != nil && o.PoolID != "" {
				f.change[o.PoolID]--
			}
		}
	}
	for _, a := range f.kept {
		for _, pool := range a.Pools {
			f.change[pool]++
		}
	}
	for _, a := range f.kept {
		for _, pool := range a.Pools {
			if f.change[pool] > f.pools[pool].Available() && f.change[pool] > 0 {
				probs.Add("answers."+string(a.Question.ID), ErrOptionFull.Code, "%s", ErrOptionFull.Message)
			}
		}
	}
	return probs.Err()
}

// replaced are the answers that the new ones stand in for: those to what is asked now. Of a ticket that is passed on they are all but those that
// hold a place, which goes with it.
func (f *filling) replaced() (old []*Answer) {
	passed := f.in.PassOn(f.ticket, f.order)
	for _, a := range f.before {
		holds := slices.ContainsFunc(a.Value.Choices, a.holdsPlace)
		asked := slices.ContainsFunc(f.questions, func(q *Question) bool { return q.ID == a.QuestionID })
		if passed && !holds && a.ErasedAt.IsZero() || !passed && asked {
			old = append(old, a)
		}
	}
	return old
}

// unanswered says whether something that must be answered is not: by whoever the ticket was passed on to. What only an answer shows is not asked
// until then.
func (f *filling) unanswered() bool {
	stays := slices.DeleteFunc(slices.Clone(f.before), func(a *Answer) bool { return slices.Contains(f.replaced(), a) })
	return lacking(f.questions, append(f.kept, answeredTo(f.questions, stays)...))
}

// answeredTo are those of the answers that answer one of the questions.
func answeredTo(questions []*Question, given []*Answer) (kept []answered) {
	for _, a := range given {
		if q := slices.IndexFunc(questions, func(q *Question) bool { return q.ID == a.QuestionID }); q >= 0 {
			kept = append(kept, answered{Question: questions[q], Value: a.Value})
		}
	}
	return kept
}

// lacking says whether one of the questions must be answered and is not.
func lacking(questions []*Question, kept []answered) bool {
	return slices.ContainsFunc(questions, func(q *Question) bool {
		return q.Words.Required && q.Words.ShowIf.met(kept) && !slices.ContainsFunc(kept, func(a answered) bool { return a.Question == q })
	})
}

func (f *filling) write(ctx context.Context) error {
	for _, step := range []func(context.Context) error{f.takePlaces, f.writeAnswers, f.writeTicket} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := jobs.Enqueue(ctx, f.tx, f.order.CommunityID, JobOrderPlaced, orderRef{f.order.ID}, f.now); err != nil { // found by the new name
		return err
	}
	entry := audit.Entry{Community: f.order.CommunityID, Action: "ticket.details_filled", Subject: f.ticket.ID, At: f.now}
	if actor := audit.ActorFrom(ctx); actor.Kind != audit.Staff && actor.Kind != audit.Token {
		entry.Actor = audit.Actor{Kind: audit.Buyer, ID: f.order.ID}
	}
	return audit.Write(ctx, f.tx, entry)
}

// takePlaces changes what the ticket's line holds of the choices' pools.
func (f *filling) takePlaces(ctx context.Context) error {
	for _, pool := range slices.Sorted(maps.Keys(f.change)) {
		n := f.change[pool]
		if n == 0 {
			continue
		}
		if err := takePlaces(ctx, f.tx, pool, n); err != nil {
			return err
		}
		c := &claim{HolderID: f.ticket.LineID, PoolID: pool, HolderKind: holderLine, CommunityID: f.order.CommunityID, Places: n, Quantity: n}
		changed, err := database.Changed(f.tx.NewUpdate().Model(c).Set("places = places + ?", n).Set("quantity = quantity + ?", n).WherePK().Exec(ctx))
		if err == nil && changed == 0 {
			_, err = f.tx.NewInsert().Model(c).Exec(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *filling) writeAnswers(ctx context.Context) error {
	var ids []turnout.ID
	first := map[turnout.ID]time.Time{}
	for _, a := range f.replaced() {
		ids = append(ids, a.QuestionID)
		first[a.QuestionID] = a.CreatedAt
	}
	if err := dropAnswers(ctx, f.tx, f.ticket, ids); err != nil {
		return err
	}
	if err := f.keepPlaces(ctx); err != nil {
		return err
	}
	rows := answerRows(f.order, f.ticket.ID, f.kept, f.now)
	for _, r := range rows {
		if at, answeredBefore := first[r.QuestionID]; answeredBefore {
			r.CreatedAt = at
		}
	}
	return insertAll(ctx, f.tx, &rows)
}

// dropAnswers takes away what was answered about a ticket to some questions.
func dropAnswers(ctx context.Context, tx bun.Tx, t *Ticket, questions []turnout.ID) error {
	if len(questions) == 0 {
		return nil
	}
	_, err := tx.NewDelete().Model((*Answer)(nil)).Where("order_id = ?", t.OrderID).Where("community_id = ?", t.CommunityID).Where("ticket_id = ?", t.ID).
		Where("question_id IN (?)", bun.List(questions)).Exec(ctx)
	return err
}

// keepPlaces leaves of the answers that go with a ticket which is passed on only the choices that hold a place.
func (f *filling) keepPlaces(ctx context.Context) error {
	if !f.in.PassOn(f.ticket, f.order) {
		return nil
	}
	for _, a := range f.before {
		places := slices.DeleteFunc(slices.Clone(a.Value.Choices), func(id turnout.ID) bool { return !a.holdsPlace(id) })
		if len(places) == 0 || len(places) == len(a.Value.Choices) {
			continue
		}
		a.Value.Choices, a.UpdatedAt = places, f.now
		if _, err := f.tx.NewUpdate().Model(a).Column("value", "updated_at").WherePK().Where("community_id = ?", f.order.CommunityID).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (f *filling) writeTicket(ctx context.Context) (err error) {
	t, in := f.ticket, f.in
	if in.Email == "" {
		in.Email = f.order.BuyerEmail
	}
	before, had := t.PersonID, t.AttendeeEmail
	asked := had  // who was mailed the link for it
	if !t.Borne { // the buyer has all their tickets
		before, had = f.order.PersonID, f.order.BuyerEmail
	}
	due := f.unanswered()
	columns := []string{"attendee_name", "attendee_email", "person_id", "borne", "details_due", "version", "updated_at"}
	if in.Email != t.AttendeeEmail {
		if t.PersonID, err = f.person(ctx, in.Attendee); err != nil {
			return err
		}
		if t.Borne || asked != "" && asked != f.order.BuyerEmail { // their code, links and pages are theirs no more
			if err := f.newCode(ctx); err != nil {
				return err
			}
			t.Notice, t.NoticeText = NoNotice, ""              // of somebody else
			columns = append(columns, "notice", "notice_text") // no other change writes them: a notice may be written beside it
		}
	}
	if in.Email != had {
		if err := f.tell(ctx, before, had); err != nil {
			return err
		}
	}
	t.AttendeeName, t.AttendeeEmail, t.Borne, t.DetailsDue, t.UpdatedAt = in.Name, in.Email, true, due, f.now
	t.Version++
	_, err = f.tx.NewUpdate().Model(t).Column(columns...).WherePK().Exec(ctx)
	return err
}

// ErrPassedOnTooOften says that a ticket went on so often that the mails about it would fill mailboxes.
var ErrPassedOnTooOften = &turnout.Error{Kind: turnout.TooMany, Code: "passed_on_too_often", Message: "This ticket went to another address too often within an hour. Try again in an hour."}

// tell mails the ticket to whoever has it from now on, and that it went on to whoever had it before under an address. Nobody gets or loses a
// ticket without a word, so whoever passes it on again and again has to wait.
func (f *filling) tell(ctx context.Context, before turnout.ID, had string) error {
	t := f.ticket
	may, err := organisers.MayMailAgain(ctx, f.tx, "ticket "+string(t.ID), f.now)
	if err != nil {
		return err
	}
	if !may {
		return ErrPassedOnTooOften
	}
	if err := jobs.Enqueue(ctx, f.tx, t.CommunityID, JobTicketGiven, bearerRef{t.OrderID, t.ID, t.PersonID}, f.now); err != nil || !t.Borne || had == "" {
		return err
	}
	return jobs.Enqueue(ctx, f.tx, t.CommunityID, JobTicketPassedOn, bearerRef{t.OrderID, t.ID, before}, f.now)
}

// newCode gives the ticket another code; the one that it had is refused at the door, and the links that were signed with it are dead.
func (f *filling) newCode(ctx context.Context) error {
	if _, err := f.tx.NewUpdate().Model((*ticketCode)(nil)).Set("state = ?", codeRevoked).Where("ticket_id = ?", f.ticket.ID).
		Where("state = ?", codeCurrent).Exec(ctx); err != nil {
		return err
	}
	f.ticket.nonce = newNonce()
	_, err := f.tx.NewInsert().Model(f.ticket.codeRow(f.now)).Exec(ctx)
	return err
}

// person is who bears the ticket now: whoever has the address, the buyer where it is theirs.
func (f *filling) person(ctx context.Context, a Attendee) (turnout.ID, error) {
	if a.Email == f.order.BuyerEmail {
		return f.order.PersonID, nil
	}
	ids, err := people.Ensure(ctx, f.tx, f.order.CommunityID, f.now, []people.Contact{{Name: a.Name, Email: a.Email}})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// askDetails mails everybody who is still to fill in their details the link for it: once a ticket, and once more for each job that asks
// again, "" for the first time. Those whom only the buyer reaches are passed their links by the buyer.
func (s *Service) askDetails(ctx context.Context, o *Order, again turnout.ID) error {
	data, err := s.orderMail(ctx, o)
	if err != nil {
		return err
	}
	for _, t := range o.Tickets {
		if !t.DetailsDue || t.Status != Valid || t.AttendeeEmail == "" || t.AttendeeEmail == o.BuyerEmail {
			continue
		}
		about := data
		about.Place = placeOf(t, data.Place)
		if err := s.sendTo(ctx, t.AttendeeEmail, t.ID+again, o, "details_asked", struct {
			orderMail
			TicketType, DetailsURL string
		}{about, o.TypeName(t), s.DetailsLink(t)}); err != nil {
			return err
		}
	}
	return nil
}
