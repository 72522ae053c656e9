package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/ticketing"
)

// online gives the desk's event a ticket type for those at home.
func (d *desk) online() *ticketing.TicketType {
	d.t.Helper()
	pool, err := d.Ticketing.CreatePool(d.t.Context(), d.community.ID, d.event.ID, ticketing.PoolInput{Name: "Stream", Capacity: 100})
	if err != nil {
		d.t.Fatal(err)
	}
	tt, err := d.Ticketing.CreateTicketType(d.t.Context(), d.community.ID, d.event.ID, ticketing.TicketTypeInput{Name: "Online", Price: turnout.Money{Currency: "EUR"}, AttendanceMode: ticketing.Virtual, PoolIDs: []turnout.ID{pool.ID}})
	if err != nil {
		d.t.Fatal(err)
	}
	return tt
}

// An organiser says where a session takes place; the holder of a virtual ticket is led there by their own link once its door is open, which nothing tells before.
func TestJoinASession(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		const secret = "https://meet.example.org/knots-4711"
		_, onSite := d.onSale(10)
		soon := time.Now().UTC().Truncate(time.Minute)
		knots, running, plain := d.place("Knots <b>", "Attic", soon.Add(2*time.Hour)), d.place("Running", "Aula", soon.Add(-10*time.Minute)), d.place("Plain", "Barn", soon.Add(3*time.Hour))
		at := func(id turnout.ID) string { return d.at("/agenda/sessions/" + string(id) + "/online") }
		d.see(at(knots.ID), "not in the released schedule", "Online room")
		d.release("1.0")
		d.refuse(at(knots.ID), url.Values{"online_url": {"meet me"}, "version": {"0"}}, 422, "Online room: ", `value="meet me"`)
		d.send(at(knots.ID), url.Values{"online_url": {secret}, "version": {"0"}}, at(knots.ID))
		d.refuse(at(knots.ID), url.Values{"online_url": {"https://meet.example.org/other"}, "version": {"0"}}, 412)
		d.see(at(knots.ID), secret, "The door opens on")
		d.send(at(running.ID), url.Values{"online_url": {"https://meet.example.org/running"}, "version": {"0"}}, at(running.ID))

		ticket := d.buy(d.online(), 1, "Ada", "ada@example.org").Tickets[0]
		link := strings.TrimPrefix(d.Ticketing.JoinLink(ticket), baseURL)
		session := func(id turnout.ID) string {
			return strings.TrimPrefix(d.Online.Link(ticket, id), baseURL)
		}
		v := d.stranger()
		list := v.see(link, "Sessions with rooms of their own", "Knots &lt;b&gt;", "Running", "Open now")
		early := v.see(session(knots.ID), "&lt;b&gt;", "Your room opens on", "data-until=")
		if strings.Contains(list, "Plain") {
			t.Error("a session without a room of its own is listed")
		}
		r, body := v.post(session(knots.ID), nil)
		if r.StatusCode != http.StatusOK || r.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("entering before it opens: %d %v", r.StatusCode, r.Header)
		}
		d.touch("summit")
		for _, text := range []string{list, early, body, v.see("/e/summit/schedule"), v.see("/e/summit/schedule/" + knots.GUID), v.see("/e/summit")} {
			if strings.Contains(text, "meet.example.org/knots") {
				t.Error("a page tells the address")
			}
		}
		for _, file := range []string{"/e/summit/schedule.ics", d.at("/agenda/export/json"), d.at("/agenda/export/xml"), d.at("/agenda/export/csv")} {
			if status, _, text := d.fetch(file); status != http.StatusOK || strings.Contains(text, "4711") || !strings.Contains(text, "Knots") {
				t.Errorf("%s: %d %.200s", file, status, text)
			}
		}
		v.see(session(running.ID), "The room is open", "Enter the room")
		for range 2 {
			r, _ := v.post(session(running.ID), nil)
			if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "https://meet.example.org/running" || !strings.Contains(r.Header.Get("Content-Security-Policy"), "form-action 'self' https:") {
				t.Errorf("entering: %d %v", r.StatusCode, r.Header)
			}
		}
		d.see(d.at("/attendance?session_id="+string(running.ID)), "Ada")
		v.see(session(plain.ID), "Your room opens on")

		hall := d.buy(onSite, 1, "Bob", "bob@example.org").Tickets[0]
		inPerson := strings.TrimPrefix(d.Online.Link(hall, running.ID), baseURL)
		for _, wrong := range []string{inPerson, session("ses_none"), strings.Replace(session(running.ID), "secret=", "secret=x", 1), strings.Replace(session(running.ID), string(ticket.ID), string(hall.ID), 1)} {
			for _, ask := range []func(string) (*http.Response, string){v.get, func(path string) (*http.Response, string) { return v.post(path, nil) }} {
				if r, body := ask(wrong); r.StatusCode != http.StatusNotFound || !strings.Contains(body, "leads nowhere") {
					t.Errorf("%s: %d", wrong, r.StatusCode)
				}
			}
		}

		// Where one signs up, only a place opens the door; the ticket's page leads there.
		places := placesAt(d, string(running.ID))
		d.send(places, url.Values{"offered": {"true"}, "seats": {"1"}, "version": {"0"}}, places)
		v.see(session(running.ID), "You have no place in this session")
		d.send(places+"/"+string(ticket.ID)+"/add", nil, places)
		bearer, rest, _ := strings.Cut(strings.TrimPrefix(d.Ticketing.BearerLink(ticket), baseURL), "?")
		v.see(bearer+"/sessions?"+rest, "You have a place", strings.ReplaceAll(d.Online.Link(ticket, running.ID), "&", "&amp;"))
		v.see(session(running.ID), "Enter the room")
	})
}
