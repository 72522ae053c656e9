package api

import (
	"net/url"
	"strings"
	"testing"
)

// All that is wrong with a form is said at once, each beside its field and in the summary under the field's own label.
func TestFormsTellAllThatIsWrongAtOnce(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		const create = "/console/first/events/new"
		empty := url.Values{"format": {"in_person"}, "timezone": {"Europe/Berlin"}, "currency": {"EUR"}}
		w, body := d.post(create, empty)
		summary, _, _ := strings.Cut(body[strings.Index(body, `class="errors"`):], "</ul>")
		if w.StatusCode != 422 || strings.Contains(summary, "#f-slug") {
			t.Errorf("an address that may be left out is asked for: %d %s", w.StatusCode, summary)
		}
		for _, want := range []string{"Title: This is needed", "Begins: This is needed", "Ends: This is needed"} { // in the form's order
			var ok bool
			if _, summary, ok = strings.Cut(summary, want); !ok {
				t.Errorf("no %q in its place in %s", want, summary)
			}
		}
		// What cannot be read, what breaks a rule, and what somebody else has: one answer.
		d.refuse(create, clone(empty, "slug", "summit", "starts_at", "soon", "ends_at", "2027-05-01T10:00", "timezone", "Mars/Olympus", "join_opens_minutes", "x",
			"venue.country", "Germany", "online_url", "meet.example.org", "currency", "EURO"), 422, "Title: This is needed", "Address: This address is taken",
			"Begins: This is no date and time", "20 May 2026, 09:00", "Time zone: This is no time zone", "The room opens: This must be a whole number", "Country: Use a code",
			"Online room: Use a whole web address", "Currency: Use an ISO", `id="f-venue-country-error"`, `id="f-slug-error"`)
		d.refuse(d.at("/details"), url.Values{"title": {""}, "slug": {"summit"}, "starts_at": {"soon"}}, 422, "Title: This is needed", "Begins: This is no date", "How people attend: ")
		d.refuse(d.at("/details"), url.Values{"title": {"x"}, "slug": {""}}, 422, "Address: This is needed")
		d.refuse(d.at("/clone"), url.Values{"clone_title": {strings.Repeat("x", 250)}, "clone_starts_at": {"2027-05-01T18:00"}}, 422, `href="#f-clone_title">Title: `)

		d.refuse(d.at("/tickets/types/new"), url.Values{"price": {"much"}, "min_per_order": {"x"}, "max_per_order": {"400"}, "sales_start": {"now"}}, 422, "Ticket: This is needed",
			"Price: Write an amount", "At least, per order: This must be", "At most, per order: An order", "Sale begins: This is no date", "Draws on: Choose", "Its holder attends: ")
		d.refuse(d.at("/tickets/pools"), url.Values{"capacity": {"-1"}}, 422, "Name: This is needed", "Places: There can be between 0 and")
		d.refuse(d.at("/sponsors/new"), url.Values{"promised": {"x"}, "website": {"kiosk"}, "status": {"rich"}}, 422, "Name: ", "Promised: ", "Website: ", "Status: ")
		d.refuse(d.at("/sponsors/tiers/new"), url.Values{"price": {"x"}, "limit": {"0"}, "benefits": {strings.Repeat("x", 400)}}, 422, "Name: ", "Price: ", "At most so many sponsors: ", "What the sponsor gets: ")
		d.refuse(d.at("/budget/lines/new"), url.Values{"kind": {"?"}, "planned": {"x"}, "committed": {"-1"}}, 422, "Category: ", "Kind: ", "Planned: ", "Committed: ")
		d.refuse(d.at("/agenda/sessions/new"), url.Values{"kind": {"talk"}, "duration_minutes": {"long"}}, 422, "Title: This is needed", "Length: This must be")
		d.refuse(d.at("/speakers/new"), url.Values{"email": {"@"}}, 422, "Name: This is needed", "E-mail address: ")
		d.refuse("/console/first/team/invitations", url.Values{"email": {"ada@example.org"}, "role": {"king"}}, 422, "Role: ")
		d.refuse("/console/first/tokens", url.Values{}, 422, "What it is for: ", "Scopes: ")
		d.refuse("/console/first/settings", url.Values{"timezone": {"Mars/Olympus"}, "version": {"1"}}, 422, "Name: ", "Time zone: ")
		d.lang = "de"
		d.refuse(create, clone(empty, "starts_at", "bald"), 422, "Titel: Diese Angabe", "Beginn: Das ist kein Datum mit Uhrzeit", "20.05.2026, 09:00")
		// Where the field is a plain one, a time may be typed as the message shows it.
		d.send(create, clone(empty, "title", "Getippt", "starts_at", "20.5.2027, 09:00", "ends_at", "2027-05-20 17:00"), "/console/events/getippt")
	})
}
