package api

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"turnout/ticketing"
)

// placesAt is the console's page of a session's places.
func placesAt(d *desk, session string) string { return d.at("/agenda/sessions/" + session + "/places") }

// The last seat of a workshop: one signs up on the ticket's page, another waits, moves up when the first leaves, and is told; the organisers see both, and let somebody in.
func TestSignUpOnTheTicketsPage(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(10)
		knots, other := d.place("Knots <b>", "Attic", d.event.StartsAt.Add(time.Hour)), d.place("Other", "Aula", d.event.StartsAt.Add(90*time.Minute))
		d.release("1.0")
		places := placesAt(d, string(knots.ID))
		ada, bob := d.buy(free, 1, "Ada", "ada@example.org"), d.buy(free, 1, "Bob", "bob@example.org")
		v := d.stranger()
		page := func(o *ticketing.Order, below string) string {
			link, rest, _ := strings.Cut(strings.TrimPrefix(d.Ticketing.BearerLink(o.Tickets[0]), baseURL), "?")
			return link + below + "?" + rest
		}
		v.see(page(ada, "/sessions"), "Nothing to sign up for")
		d.see(places, "Nobody signed up yet", `value="`+"0")
		d.refuse(places, url.Values{"offered": {"true"}, "seats": {"many"}, "version": {"0"}}, 422, "Seats: ", `value="many"`)
		d.send(places, url.Values{"offered": {"true"}, "seats": {"1"}, "version": {"0"}}, places)
		d.send(placesAt(d, string(other.ID)), url.Values{"offered": {"true"}, "seats": {"5"}, "version": {"0"}}, placesAt(d, string(other.ID)))
		d.refuse(places, url.Values{"offered": {"true"}, "seats": {"9"}, "version": {"0"}}, 412)
		d.touch("summit")
		v.see("/e/summit/schedule/"+knots.GUID, "1 place left", "Places are limited")
		v.see(page(ada, ""), page(ada, "/sessions")[:20])

		sign, leave := "/sessions/"+string(knots.ID)+"/sign-up", "/sessions/"+string(knots.ID)+"/leave"
		v.see(page(ada, "/sessions"), "Knots &lt;b&gt;", "1 place left", "Sign up")
		v.send(page(ada, sign), nil, "/tickets/")
		v.send(page(ada, sign), nil, "/tickets/")
		v.see(page(ada, "/sessions"), "You have a place", "You are signed up for “Knots &lt;b&gt;” at the same time.")
		w := d.stranger()
		w.see(page(bob, "/sessions"), "Full.", "Wait for a place")
		w.send(page(bob, sign), nil, "/tickets/")
		w.see(page(bob, "/sessions"), "Number 1 in the queue")
		for _, bad := range []string{strings.Replace(page(bob, sign), "secret=", "secret=x", 1), strings.Replace(page(bob, sign), string(bob.Tickets[0].ID), string(ada.Tickets[0].ID), 1)} {
			if r, _ := w.post(bad, nil); r.StatusCode != http.StatusNotFound {
				t.Errorf("another link signs up: %d", r.StatusCode)
			}
		}
		d.see(places, "1 of 1 places taken", "Ada", "Bob", "Number 1 in the queue")
		if found := d.see(places+"?search=bob", "Bob"); strings.Contains(found, "ada@") || strings.Contains(found, ">Ada<") {
			t.Error("the search finds others")
		}
		_, header, file := d.fetch(places + ".csv")
		if !strings.Contains(header("Content-Disposition"), "signups-summit") || strings.Count(file, "\n") != 3 {
			t.Errorf("the file: %s %s", header("Content-Disposition"), file)
		}

		v.refuse(page(ada, leave), nil, 200, "Give your place back", `name="confirmed"`)
		w.see(page(bob, "/sessions"), "Number 1 in the queue")
		v.send(page(ada, leave), url.Values{"confirmed": {"yes"}}, "/tickets/")
		w.see(page(bob, "/sessions"), "You have a place")
		mails := d.mails("bob@example.org")
		told := mails[len(mails)-1]
		if !strings.HasPrefix(told.Subject, "You have a place in “Knots <b>”") || !strings.Contains(told.Text, "/sessions?") {
			t.Errorf("Bob is told %q: %s", told.Subject, told.Text)
		}
		w.see(d.linkTo(told.Text, baseURL+`/tickets/\S+/sessions\?\S+`), "You have a place")

		for _, when := range []struct {
			set  m
			says string
		}{{m{"opens_at": d.event.StartsAt}, "Sign-up begins"}, {m{"closes_at": time.Now().Add(-time.Minute)}, ""}, {m{}, "Full."}} {
			when.set["offered"], when.set["seats"] = true, 1
			d.api("PUT", "/sessions/"+string(knots.ID)+"/sign-up", when.set, 200)
			d.touch("summit")
			body := v.see("/e/summit/schedule/"+knots.GUID, when.says)
			if told := strings.Contains(body, "Places are limited"); told != (when.says != "") {
				t.Errorf("%v: places are offered: %t", when.set, told)
			}
		}

		carl := d.buy(free, 1, "Carl", "carl@example.org")
		d.see(places+"?add=carl", "Carl", "Sign up")
		d.send(places+"/"+string(carl.Tickets[0].ID)+"/add", nil, places)
		dora := d.buy(free, 1, "Dora", "dora@example.org")
		d.send(places+"/"+string(dora.Tickets[0].ID)+"/add", nil, places)
		d.send(places+"/"+string(dora.Tickets[0].ID)+"/first", nil, places)
		d.refuse(places+"/"+string(bob.Tickets[0].ID)+"/remove", nil, 200, "Take this person out")
		d.send(places+"/"+string(bob.Tickets[0].ID)+"/remove", url.Values{"confirmed": {"yes"}}, places)
		v.see(page(dora, "/sessions"), "You have a place")
		v.see(page(carl, "/sessions"), "Number 1 in the queue")
		d.refuse(places, url.Values{"offered": {"true"}, "seats": {"0"}, "version": {"4"}}, 409)
		d.send(places, url.Values{"offered": {"true"}, "seats": {"2"}, "version": {"4"}}, places)
		v.see(page(carl, "/sessions"), "You have a place")

		// A session has begun: stars and words are given by whoever bears the ticket, and read without names.
		early := d.place("Early", "Aula", time.Now().UTC().Truncate(time.Minute).Add(-2*time.Hour))
		d.release("1.1")
		v.refuse(page(carl, "/feedback"), url.Values{"session": {string(early.ID)}, "stars": {"7"}}, 422, "Stars: ")
		v.send(page(carl, "/feedback"), url.Values{"session": {string(early.ID)}, "stars": {"4"}, "words": {"Good <knots>"}}, "/tickets/")
		v.see(page(carl, "/sessions"), "Good &lt;knots&gt;", "Take back")
		d.see(d.at("/agenda/feedback"), "Early", "4.0")
		said := d.see(d.at("/agenda/sessions/"+string(early.ID)+"/feedback"), "4.0 of 5 stars, from one answer", "Good &lt;knots&gt;")
		if strings.Contains(said, "Carl") || strings.Contains(said, "carl@") {
			t.Error("feedback says whose it is")
		}
		v.send(page(carl, "/sessions/"+string(early.ID)+"/unrate"), nil, "/tickets/")
		d.see(d.at("/agenda/sessions/"+string(early.ID)+"/feedback"), "No feedback yet")
		if r, _ := v.ask(httptest.NewRequest("GET", baseURL+"/tickets/tkt_none/sessions?secret=x", nil)); r.StatusCode != http.StatusNotFound {
			t.Errorf("no ticket: %d", r.StatusCode)
		}
	})
}
