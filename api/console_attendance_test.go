package api

import (
	"html"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"turnout/events/agenda"
)

// Who was at an event and at its sessions, marked by hand and taken back; a session that moved away from its door is pointed out.
func TestAttendancePages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see(d.at("/attendance"), "Nobody was seen yet")
		d.see(d.at("/attendance/sessions"), "No sessions yet")
		_, free := d.onSale(100)
		order := d.buy(free, 2, "Ada Lovelace", "ada@example.org")
		session := d.place("Łódź by night", "Cellar", d.event.StartsAt)
		id := string(session.ID)
		d.see(d.at("/attendance/sessions?search=lodz"), "Łódź by night", d.at("/check-in/new?session_id="+id))
		d.see(d.at("/attendance/sessions?search=berlin"), "No session has these words")
		_, _, body := d.fetch(d.at("/check-in/new?session_id=" + id))
		wall := func(at time.Time) string { return at.In(d.event.Location()).Format("2006-01-02T15:04") }
		from, until := wall(d.event.StartsAt.Add(-30*time.Minute)), wall(d.event.StartsAt.Add(time.Hour))
		if !strings.Contains(body, `value="`+from+`"`) || !strings.Contains(body, `value="`+until+`"`) {
			t.Errorf("not the session's times: %s", body)
		}
		list := d.send(d.at("/check-in/new"), url.Values{"name": {"Night door"}, "session_id": {id}, "entry": {"single"}, "starts_at": {from}, "ends_at": {until}}, d.at("/check-in/"))
		d.see(list+"/edit", "Łódź by night", d.at("/attendance?session_id="+id))
		if body := d.see(d.at("/attendance/sessions"), "Night door"); strings.Contains(body, "has moved") {
			t.Error("it has not moved")
		}
		if _, _, err := d.Agenda.Place(t.Context(), d.community.ID, session.ID, 0, agenda.SlotInput{StartsAt: d.event.StartsAt.Add(2 * time.Hour), EndsAt: d.event.StartsAt.Add(3 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		d.see(d.at("/attendance/sessions"), "The session has moved")

		ticket := string(order.Tickets[0].ID)
		found := d.at("/attendance?search=" + order.Code + "&session_id=" + id)
		d.see(found, "Mark present", "Not seen")
		d.send(d.at("/attendance"), url.Values{"ticket": {ticket}, "session_id": {id}, "search": {order.Code}}, d.at("/attendance?search="+order.Code))
		body = d.see(found, "Marked by hand", "Take back")
		unmark := d.at("/attendance/att_") + cut(t, body, d.at("/attendance/att_"), `"`)
		d.see(d.at("/attendance"), "Ada Lovelace")
		d.see(d.at("/attendance/sessions"), `data-label="Came">1<`)
		r := httptest.NewRequest("GET", baseURL+found, nil)
		r.Header.Set("HX-Request", "true")
		if w, body := d.ask(r); w.StatusCode != 200 || strings.Contains(body, "<html") || !strings.Contains(body, "Ada Lovelace") {
			t.Errorf("the part: %d %.200s", w.StatusCode, body)
		}
		d.send(unmark, url.Values{"session_id": {id}}, d.at("/attendance?session_id="+id))
		if w, _ := d.post(unmark, url.Values{}); w.StatusCode != 404 {
			t.Errorf("taken back twice: %d", w.StatusCode)
		}
		d.see(d.at("/attendance"), "Nobody was seen yet")
		for _, path := range []string{"/attendance?session_id=ses_other", "/check-in/new?session_id=ses_other"} {
			if w, _ := d.ask(httptest.NewRequest("GET", baseURL+d.at(path), nil)); w.StatusCode != 404 {
				t.Errorf("%s: %d", path, w.StatusCode)
			}
		}

		// A search goes on where its first page ends.
		for range 6 {
			d.buy(free, 10, "Grace Many", "grace@example.org")
		}
		body = d.see(d.at("/attendance?search=grace"), "search=grace")
		rows := strings.Count(body, "Grace Many")
		next := cut(t, body, `href="`+d.at("/attendance?before="), `"`)
		body = d.see(d.at("/attendance?before=") + html.UnescapeString(next))
		if rows += strings.Count(body, "Grace Many"); rows != 60 || strings.Contains(body, "?before=") {
			t.Errorf("%d of 60 on two pages", rows)
		}
		d.lang = "de"
		for _, p := range []string{d.at("/attendance"), d.at("/attendance/sessions"), list + "/edit", found} {
			d.see(p)
		}
	})
}
