package api

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/audit"
	"turnout/ticketing"
)

// postFile posts a form with a file.
func (d *desk) postFile(path string, form url.Values, field, name string, file []byte) (*http.Response, string) {
	d.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, v := range values {
			_ = w.WriteField(name, v)
		}
	}
	part, err := w.CreateFormFile(field, name)
	if err != nil {
		d.t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = w.Close()
	r := httptest.NewRequest("POST", baseURL+path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return d.ask(r)
}

// detailsOf gives the path of the page where a ticket's bearer says who they are.
func (d *desk) detailsOf(o *ticketing.Order, ticket int) string {
	d.t.Helper()
	t, _, err := d.Ticketing.TicketOf(d.t.Context(), d.community.ID, o.Tickets[ticket].ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimPrefix(d.Ticketing.DetailsLink(t), baseURL)
}

// Whoever has the link says who comes and answers what is asked, and may do so again; what is wrong stays as it was typed. A wrong link, a
// canceled ticket and an event that has begun change nothing.
func TestDetailsPage(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(10)
		room := d.asks(ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskText, Label: "Which room?", Required: true})
		buyer := ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}
		o, _, err := d.Ticketing.PlaceOrder(t.Context(), ticketing.Purchase{EventID: d.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: free.ID, Quantity: 3}}, Buyer: buyer,
			Attendees: []ticketing.Bearer{{Attendee: buyer, Later: true}, {Later: true}, {Later: true}}})
		if err != nil {
			t.Fatal(err)
		}
		v, answer := d.stranger(), "answers."+string(room.ID)
		link := v.detailsOf(o, 1)
		if body := v.see(link, "For your ticket: Student.", "Which room?", "reached through Ada", "noindex"); strings.Contains(body, `value="Ada"`) {
			t.Error("the buyer's name stands where the bearer's is asked")
		}
		v.refuse(link, url.Values{"name": {""}, "email": {"grace@"}, answer: {""}}, 422, "Name: This is needed.", "E-mail address: ", "Which room?: This needs an answer.", `value="grace@"`)
		to := v.send(link, url.Values{"name": {"Grace Hopper"}, "email": {"grace@example.org"}, answer: {"A"}}, link)
		v.see(to, "Your details are saved.", `value="Grace Hopper"`, `value="grace@example.org"`, `value="A"`)
		v.send(link, url.Values{"name": {"Grace B. Hopper"}, "email": {"grace@example.org"}, answer: {"B"}}, link) // again: hers as before
		early := v.see(link, `value="Grace B. Hopper"`, `value="B"`)
		hers := func(page, name, room string) url.Values {
			return clone(hiddenOf(page), "name", name, "email", "grace@example.org", answer, room)
		}
		v.send(link, hers(early, "Grace M. Hopper", "B"), link)
		w, stale := v.post(link, hers(early, "Grace B. Hopper", "C")) // another tab, opened before
		if w.StatusCode != 412 || !strings.Contains(stale, "Somebody else saved these details") || !strings.Contains(stale, `value="Grace B. Hopper"`) || !strings.Contains(stale, `value="C"`) {
			t.Errorf("of an old page: %d %s", w.StatusCode, excerpt(stale))
		}
		v.see(link, `value="Grace M. Hopper"`, `value="B"`)
		_, asks := v.post(link, clone(hers(early, "Eve", "C"), "email", "eve@example.org")) // nor is it passed on by one
		if w, body := v.post(link, clone(hiddenOf(asks), "name", "Eve", "email", "eve@example.org")); w.StatusCode != 412 || !strings.Contains(body, "Somebody else saved these details") {
			t.Errorf("passed on by an old page: %d %s", w.StatusCode, excerpt(body))
		}
		v.send(link, hers(stale, "Grace B. Hopper", "B"), link) // having read that
		if told := d.mails("grace@example.org"); len(told) != 1 || !strings.Contains(told[0].Text, strings.Replace(link, "/details?", "?", 1)) {
			t.Errorf("Grace was mailed %d times: %+v", len(told), told)
		}

		// To somebody else it goes with a new code, on a new address that the old bearer is not told; the old one is dead.
		// Whoever saves it is asked first; what they answered about themselves stays with them.
		eve := url.Values{"name": {"Eve"}, "email": {"Eve@example.org"}, answer: {"B"}}
		v.refuse(link, eve, 422, "Pass this ticket on to eve@example.org?", "Keep it", `value="Eve"`)
		v.refuse(link, clone(eve, "passes_to", "mallory@example.org"), 422, "Pass this ticket on to eve@example.org?")
		_, page := v.post(link, eve)
		if now := v.see(link, `value="Grace B. Hopper"`); strings.Contains(page, `value="B"`) || strings.Contains(now, "Eve") {
			t.Error("Grace's answer is passed on, or the ticket was before she was asked")
		}
		v.send(link, clone(hiddenOf(page), "name", "Grace B. Hopper", "email", "grace@example.org"), link) // it stays after all
		_, page = v.post(link, eve)
		if now := v.see(link, `value="B"`); strings.Contains(page, "Which room?") || !strings.Contains(now, "erased") {
			t.Error("whoever passes it on is asked for another, or not told what that does")
		}
		w, body := v.post(link, clone(hiddenOf(page), "name", "Eve", "email", "eve@example.org", answer, "typed for Eve"))
		if w.StatusCode != http.StatusOK || !strings.Contains(body, "The ticket is another person&#39;s now") || strings.Contains(body, "secret=") {
			t.Errorf("whoever passed it on sees %d %s", w.StatusCode, excerpt(body))
		}
		to = v.detailsOf(o, 1)
		if body := v.see(to, `value="Eve"`, "Which room?"); strings.Contains(body, `value="B"`) {
			t.Error("Eve reads what Grace answered")
		}
		if body := v.see("/orders/"+o.Code+"?secret="+o.Secret, "Eve is asked for them.", v.detailsOf(o, 2)); strings.Contains(body, to) {
			t.Error("the buyer is led to answer and consent for Eve")
		}
		hersNow := strings.Replace(to, "/details?", "?", 1)
		v.see(hersNow, "Details are still missing.", `href="`+baseURL+to+`">Fill in your details</a>`)
		v.refuse(to, url.Values{"name": {"Eve"}, "email": {"eve@example.org"}}, 422, "Which room?: This needs an answer.") // of her
		v.send(to, url.Values{"name": {"Eve"}, "email": {"eve@example.org"}, answer: {"D"}}, to)
		if body := v.see(hersNow, `href="`+baseURL+to+`"`, "Change name and answers"); strings.Contains(body, "still missing") {
			t.Error("Eve is asked for what she answered")
		}
		w, body = v.ask(httptest.NewRequest("GET", baseURL+link, nil))
		if w.StatusCode != http.StatusNotFound || strings.Contains(body, "Eve") || !strings.Contains(body, "ask whoever gave it to you") {
			t.Errorf("the old link: %d", w.StatusCode)
		}
		now := func(i int) *ticketing.Ticket {
			t.Helper()
			ticket, _, err := d.Ticketing.TicketOf(t.Context(), d.community.ID, o.Tickets[i].ID)
			if err != nil {
				t.Fatal(err)
			}
			return ticket
		}
		mallory := url.Values{"name": {"Mallory"}, "email": {"mallory@example.org"}, answer: {"C"}}
		for name, wrong := range map[string]string{"the old link": link, "another ticket's secret": strings.SplitAfter(to, "secret=")[0] + strings.SplitAfter(v.detailsOf(o, 2), "secret=")[1],
			"no secret": strings.Split(to, "?")[0], "no ticket": "/tickets/tkt_none/details?secret=x"} {
			if w, _ := v.post(wrong, mallory); w.StatusCode != http.StatusNotFound || now(1).AttendeeName != "Eve" {
				t.Errorf("%s: %d, the ticket is %s's", name, w.StatusCode, now(1).AttendeeName)
			}
		}

		named, _, err := d.Ticketing.PlaceOrder(t.Context(), ticketing.Purchase{EventID: d.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: free.ID, Quantity: 1}},
			Buyer: ticketing.Attendee{Name: "Bob"}, Attendees: []ticketing.Bearer{{Attendee: ticketing.Attendee{Name: "Ida", Email: "ida@example.org"}}},
			Actor: audit.Actor{Kind: audit.Staff, ID: "acc_1"}, Desk: &ticketing.DeskSale{Method: ticketing.DeskFree, NameOnly: true}})
		if err != nil {
			t.Fatal(err)
		}
		hersOnly := v.detailsOf(named, 0) // nobody else has an address to which it could go
		if body := v.see(hersOnly, `value="ida@example.org"`); strings.Contains(body, "reached through") {
			t.Error("the form says that the address can be left out")
		}
		v.refuse(hersOnly, url.Values{"name": {"Ida"}, answer: {"A"}}, 422, "E-mail address: This is needed.")

		other := d.buy(free, 1, "Zoë", "zoe@example.org", ticketing.Answers{room.ID: raw("A")})
		gone := v.detailsOf(other, 0)
		v.send("/orders/"+other.Code+"/cancel?secret="+other.Secret, nil, "/orders/")
		v.refuse(gone, mallory, 409, "Nothing can be changed any more", "This ticket is not valid.")
		d.Ticketing.Now = func() time.Time { return d.event.StartsAt }
		late := v.detailsOf(o, 2)
		if body := v.see(late, "Nothing can be changed any more", "The event has begun"); strings.Contains(body, "<form class=\"form\"") {
			t.Error("there is a form")
		}
		v.refuse(late, mallory, 409, "The event has begun")
		if body := v.see(strings.Replace(late, "/details?", "?", 1), "Student"); strings.Contains(body, "/details?") {
			t.Error("the ticket's page leads to what cannot be changed any more")
		}
		v.lang = "de"
		v.refuse(late, mallory, 409, "Hier lässt sich nichts mehr ändern")
		if now(2).AttendeeName != "Ada" || !now(2).DetailsDue {
			t.Errorf("too late, and yet %+v", now(2))
		}
	})
}

// With a ticket goes the choice that holds a place; what its bearer answered and consented to does not, though it is sent, and though it was
// asked in another time: the next one is asked.
func TestWhatGoesWithATicket(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(10)
		two := int64(2)
		ofTicket := func(kind ticketing.QuestionKind, label string, options ...ticketing.OptionInput) *ticketing.Question {
			return d.asks(ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: kind, Label: label, Required: label == "Photos?", Options: options})
		}
		bus := ofTicket(ticketing.AskChoice, "Which bus?", ticketing.OptionInput{Label: "Red", Places: &two}, ticketing.OptionInput{Label: "None"})
		meal := ofTicket(ticketing.AskChoice, "Which meal?", ticketing.OptionInput{Label: "Vegan"})
		photo, health, once := ofTicket(ticketing.AskConsent, "Photos?"), ofTicket(ticketing.AskText, "Allergies?"), ofTicket(ticketing.AskText, "Asked once?")
		shift := ofTicket(ticketing.AskMultiChoice, "Which help?", ticketing.OptionInput{Label: "Workshop", Places: &two}, ticketing.OptionInput{Label: "Wheelchair"})
		red, vegan := string(bus.Words.Options[0].ID), string(meal.Words.Options[0].ID)
		o := d.buy(free, 1, "Ada", "ada@example.org", ticketing.Answers{bus.ID: raw(red), meal.ID: raw(vegan), photo.ID: []byte("true"), health.ID: raw("Nuts"), once.ID: raw("Mine"),
			shift.ID: []byte(`["` + string(shift.Words.Options[0].ID) + `","` + string(shift.Words.Options[1].ID) + `"]`)})
		if err := d.Ticketing.ArchiveQuestion(t.Context(), d.community.ID, once.ID, 0); err != nil {
			t.Fatal(err)
		}
		sent := ticketing.Answers{bus.ID: raw(string(bus.Words.Options[1].ID)), meal.ID: raw(vegan), photo.ID: []byte("true"), health.ID: raw("Nuts")}
		eve := ticketing.Details{Attendee: ticketing.Attendee{Name: "Eve", Email: "eve@example.org"}, Answers: sent}
		if err := d.Ticketing.FillDetails(t.Context(), o.Tickets[0].ID, eve); err != nil {
			t.Fatal(err)
		}
		given, err := d.Ticketing.AnswersOf(t.Context(), d.community.ID, []turnout.ID{o.ID})
		got := map[turnout.ID][]turnout.ID{}
		for _, a := range given {
			got[a.QuestionID] = a.Value.Choices
		}
		if err != nil || len(given) != 2 || len(got[bus.ID]) != 1 || string(got[bus.ID][0]) != red || !slices.Equal(got[shift.ID], []turnout.ID{shift.Words.Options[0].ID}) {
			t.Errorf("Eve has the answers %v, %v", got, err)
		}
		page := d.stranger().see(d.detailsOf(o, 0), `value="Eve"`, "Photos?", "Allergies?")
		if strings.Count(page, " checked") != 3 || !strings.Contains(page, `value="`+red+`" checked`) || strings.Contains(page, "Nuts") {
			t.Errorf("Eve is asked: %s", page)
		}
	})
}

// A file that is sent with the checkout is kept while the rest of the form is not right yet, belongs to the order once that is bought, and
// can be replaced by the ticket's bearer; what is no picture and no PDF is refused by its field.
func TestTheCheckoutTakesAFile(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(10)
		proof := d.asks(ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskFile, Label: "Proof of studies", Required: true})
		v := d.stranger()
		field := "ticket_" + string(free.ID) + "_1." + string(proof.ID)
		page := v.redraw(fill(v.see(at), quantityOf(free), "1", "update", "", "name_attendees", "1"))
		if !strings.Contains(page, `name="`+field+`.file"`) || !strings.Contains(page, `enctype="multipart/form-data"`) {
			t.Fatalf("no file is asked for: %s", excerpt(page))
		}
		form := fill(page, quantityOf(free), "1", strings.TrimSuffix(field, string(proof.ID))+"name", "Ada")
		w, body := v.postFile(at, form, field+".file", "me.html", []byte("<html>"))
		if w.StatusCode != 422 || !strings.Contains(body, "Proof of studies: ") {
			t.Errorf("a page as a file: %d %s", w.StatusCode, excerpt(body))
		}
		form.Set("buyer.email", "ada@")
		if w, body = v.postFile(at, form, field+".file", "studies.pdf", []byte("%PDF-1.4 mine")); w.StatusCode != 422 || !strings.Contains(body, "studies.pdf") {
			t.Fatalf("the file is lost with a wrong address: %d %s", w.StatusCode, excerpt(body))
		}
		d.wantOrders()
		kept := hiddenOf(body)
		if kept.Get(field) == "" {
			t.Fatalf("the form does not bear the file: %v", kept)
		}
		v.send(at, fill(body, quantityOf(free), "1", strings.TrimSuffix(field, string(proof.ID))+"name", "Ada"), "/orders/")
		o := d.newest()
		d.see(d.at("/orders/"+o.Code), "studies.pdf", d.at("/answers/upl_"))
		v.see("/orders/"+o.Code+"?secret="+o.Secret, "Proof of studies", "studies.pdf")
		link, answer := v.detailsOf(o, 0), "answers."+string(proof.ID)
		page = v.see(link, "studies.pdf", `enctype="multipart/form-data"`)
		if w, body = v.postFile(link, clone(hiddenOf(page), "name", "Ada"), answer+".file", "newer.pdf", []byte("%PDF-1.4 newer")); w.StatusCode != http.StatusSeeOther {
			t.Fatalf("another file by the link: %d %s", w.StatusCode, excerpt(body))
		}
		if body := v.see(link, "newer.pdf"); strings.Contains(body, "studies.pdf") {
			t.Error("the file that was replaced is still shown")
		}
	})
}

// A link of the waitlist that is not whole says how one gets it again.
func TestACutLinkOfTheWaitlist(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		v := d.stranger()
		for _, path := range []string{"/waitlist/wtl_none?secret=x", "/waitlist/wtl_none/offer"} {
			if w, body := v.ask(httptest.NewRequest("GET", baseURL+path, nil)); w.StatusCode != http.StatusNotFound || !strings.Contains(body, "join again on the page of the event") {
				t.Errorf("%s: %d %s", path, w.StatusCode, excerpt(body))
			}
		}
		v.lang = "de"
		v.refuse("/waitlist/wtl_none/leave", nil, 404, "den ganzen Link aus Ihrer Mail")
	})
}
