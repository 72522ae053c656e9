package api

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

var othersAction = regexp.MustCompile(`action="([^"]+/others)" data-others><input type="hidden" name="nonce" value="([^"]+)"`)

// One of an order is scanned, and the others come in with a tap: who is in already is not among them, the same form sent again does nothing, tickets of other orders
// cannot be slipped in, and a door that may not see who people are is not told.
func TestAWholeOrderComesInAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		d.scan(door, url.Values{"code": {d.codes[3]}, "nonce": {"before"}}) // one is in
		_, body := d.page(d.staff, door+"/scans", url.Values{"code": {d.codes[0]}, "nonce": {"first"}}, true)
		form := othersAction.FindStringSubmatch(body)
		if form == nil || strings.Count(body, `name="ticket"`) != 2 || !strings.Contains(body, "2 more of this order") {
			t.Fatalf("the answer: %s", body)
		}
		tickets := regexp.MustCompile(`name="ticket" value="([^"]+)"`).FindAllStringSubmatch(body, -1)
		send := url.Values{"nonce": {form[2]}, "ticket": {tickets[0][1], tickets[1][1]}}

		_, stranger := d.buyFree(1)
		other := d.api("GET", "/orders/"+stranger, nil, 200).text1("tickets", 0, "id")
		if w, _ := d.page(d.staff, form[1], url.Values{"nonce": {form[2]}, "ticket": {other}}, true); w.StatusCode != 404 {
			t.Errorf("somebody of another order: %d", w.StatusCode)
		}
		var together sync.WaitGroup
		for range 6 { // as many taps
			together.Go(func() {
				if w, body := d.page(d.staff, form[1], send, true); w.StatusCode != 200 || !strings.Contains(body, "2 more let in") || !strings.Contains(body, `data-tone="ok"`) {
					t.Errorf("letting them in: %d %s", w.StatusCode, body)
				}
			})
		}
		together.Wait()
		list := door[strings.LastIndex(door, "/")+1:]
		stats := d.api("GET", "/check-in-lists/"+list+"/stats", nil, 200)
		stats.is(4, "checked_in")
		stats.is(0, "refused")
		if w, body := d.page(d.staff, form[1], url.Values{"nonce": {"another"}, "ticket": {tickets[0][1]}}, true); w.StatusCode != 200 || !strings.Contains(body, "0 more let in") || !strings.Contains(body, `data-tone="warn"`) {
			t.Errorf("who is in already: %d %s", w.StatusCode, body)
		}
		if w, _ := d.page(d.staff, form[1], send, false); w.StatusCode != 303 || !strings.Contains(w.Header.Get("Location"), "/search?code=") {
			t.Errorf("without a script: %d %s", w.StatusCode, w.Header.Get("Location"))
		}

		// A phone that only scans learns of nobody else.
		codes, _ := d.buyFree(2)
		link, _ := d.device(m{"role": "scan"})
		phone := &phone{doorway: d}
		phone.pair(link)
		_, body = d.page(phone.cookie, door+"/scans", url.Values{"code": {codes[0]}, "nonce": {"phone"}}, true)
		if !strings.Contains(body, `data-tone="ok"`) || strings.Contains(body, "data-others") {
			t.Errorf("a phone that only scans: %s", body)
		}
		if w, _ := d.page(phone.cookie, form[1], send, true); w.StatusCode != 403 {
			t.Errorf("it lets others in: %d", w.StatusCode)
		}
	})
}
