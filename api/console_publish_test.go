package api

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"turnout"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/ticketing"
)

// Before an event is public, its organiser sees what is open, each thing with the page where it is mended.
func TestPublishListsWhatIsOpen(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		page := d.at("/publish")
		d.see(d.at(""), `href="`+page+`"`)
		d.see(d.at("/details"), `href="`+page+`"`)
		d.see(page, "3 things are still open", "No ticket type yet", "No description yet", "No agenda yet", "The venue is named", "The online room is named")

		venue, online, description := events.Venue{}, "", "Come."
		if _, err := d.Events.Patch(t.Context(), d.community.ID, "summit", 0, events.Patch{Venue: &venue, OnlineURL: &online, Description: &description}); err != nil {
			t.Fatal(err)
		}
		hall, err := d.Ticketing.CreatePool(t.Context(), d.community.ID, d.event.ID, ticketing.PoolInput{Name: "Hall", Capacity: 20})
		if err != nil {
			t.Fatal(err)
		}
		d.send(d.at("/tickets/pools"), url.Values{"name": {"Balcony"}, "capacity": {"0"}}, d.at("/tickets"))
		d.see(d.at("/tickets"), "It has no places, so nothing can be sold", "no places: nothing can be sold from it")
		d.see(page, "No ticket type draws on the pool Hall")
		_, err = d.Ticketing.CreateTicketType(t.Context(), d.community.ID, d.event.ID, ticketing.TicketTypeInput{Name: "Regular",
			Price: turnout.Money{Amount: 4900, Currency: "EUR"}, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{hall.ID}, Visibility: ticketing.Hidden})
		if err != nil {
			t.Fatal(err)
		}
		d.place("Opening", "Hall", d.event.StartsAt)
		body := d.see(page, "6 things are still open", "No venue yet", "No online room yet", "No ticket for attending online", "No ticket type is public", "The pool Balcony has no places",
			"The agenda is not released", "There are tickets for attending in person", "The event is described", "Buyers can pay")
		for _, link := range regexp.MustCompile(`<li><svg.*?href="([^"#]+)(#[^"]+)?"`).FindAllStringSubmatch(body, -1) {
			if there := d.see(link[1]); link[2] != "" && !strings.Contains(there, ` id="`+link[2][1:]+`"`) {
				t.Errorf("%s%s leads to nothing", link[1], link[2])
			}
		}
		d.lang = "de"
		d.see(page, "6 Punkte sind noch offen", "Das Kontingent Balcony hat keine Plätze")
		d.send(page, url.Values{"confirmed": {"confirmed"}}, d.at("")) // nothing of it forbids to publish
		if e, err := events.Find(t.Context(), d.DB.Read(), d.community.ID, "summit"); err != nil || e.Status != events.Published {
			t.Errorf("%v, %v", e.Status, err)
		}
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+page, nil)); w.StatusCode != http.StatusSeeOther {
			t.Errorf("a published event is asked about: %d", w.StatusCode)
		}
	})
}

// The team's form offers the least, notices who is there already, and everybody learns whom to ask.
func TestTeamSaysWhoIsThereAndWhomToAsk(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		const team = "/console/first/team"
		var secret string
		d.Organisers.SendMail = keepSecret(&secret)
		d.see(team, `value="viewer" checked`)
		d.refuse(team+"/invitations", url.Values{"email": {strings.ToUpper(d.owner.Email)}, "role": {"door"}}, 409, "E-mail address: This person is in the team already",
			"in the team already: Owner", `href="#member-`, "member-edit\" open")
		if secret != "" {
			t.Fatal("an invitation of somebody who is in the team")
		}
		d.send(team+"/invitations", url.Values{"email": {"org@example.org"}, "role": {"organiser"}}, team)
		if body := d.see(team, "works until "); strings.Contains(body, "in 6 days") {
			t.Error("a fresh invitation of seven days has six")
		}
		d.cookies = map[string]*http.Cookie{}
		d.send("/invitation/"+secret, url.Values{"name": {"Oskar"}, "password": {passphrase}}, "/console")
		if body := d.see(team, "Owners manage the team. Ask", d.owner.Email); strings.Contains(body, "/team/invitations") {
			t.Error("an organiser is offered what owners do")
		}
		w, body := d.post("/console/first/settings", url.Values{"name": {"Ours"}})
		if w.StatusCode != http.StatusForbidden || !strings.Contains(body, "Your role here: Organiser.") || !strings.Contains(body, "ask "+d.owner.Name) || !strings.Contains(body, d.owner.Email) {
			t.Errorf("%d %s", w.StatusCode, excerpt(body))
		}
		// Whose role is for one event alone has none here, and still learns whom to ask.
		grant := organisers.Grant{Role: organisers.Door, Scope: organisers.Scope{Kind: organisers.InEvent, ID: d.event.ID}}
		d.send("/sign-out", nil, "/sign-in")
		if err := d.Organisers.Invite(t.Context(), d.community.ID, "door@example.org", grant); err != nil {
			t.Fatal(err)
		}
		d.cookies = map[string]*http.Cookie{}
		d.send("/invitation/"+secret, url.Values{"name": {"Dora"}, "password": {passphrase}}, "/console")
		if _, body := d.ask(httptest.NewRequest("GET", baseURL+d.at("/orders"), nil)); !strings.Contains(body, "Your role here: Door staff.") {
			t.Error(excerpt(body))
		}
	})
}
