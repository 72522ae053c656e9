package api

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"turnout"
	"turnout/checkin"
)

func TestCheckInPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see(d.at("/check-in"), "No check-in list yet")
		_, free := d.onSale(20)
		order := d.buy(free, 1, "Ada Lovelace", "ada@example.org")
		d.see(d.at("/check-in/new"), "Student")
		d.refuse(d.at("/check-in/new"), url.Values{"name": {""}, "starts_at": {"soon"}}, 422, "no date and time")
		list := d.send(d.at("/check-in/new"), url.Values{"name": {"Main entrance"}, "allow_reentry": {"1"}}, d.at("/check-in/"))
		d.see(list, "No scans yet", "/door/summit")
		d.see(list+"/edit", "Main entrance")
		d.refuse(list+"/edit", url.Values{"name": {"North"}, "version": {"7"}}, 412, "North")
		d.send(list+"/edit", url.Values{"name": {"North"}, "version": {"1"}}, list)
		scan, err := d.CheckIn.Scan(t.Context(), d.community.ID, checkin.ScanInput{ListID: turnout.ID(list[strings.LastIndex(list, "/")+1:]), Code: order.Tickets[0].Code, Nonce: "n1", Caller: "test"})
		if err != nil || scan.Result != checkin.Accepted {
			t.Fatalf("%+v, %v", scan, err)
		}
		d.see(list, "Ada Lovelace", "of 1 expected")
		r := httptest.NewRequest("GET", baseURL+list, nil)
		r.Header.Set("HX-Request", "true")
		if w, body := d.ask(r); w.StatusCode != 200 || strings.Contains(body, "<html") || !strings.Contains(body, "Ada Lovelace") {
			t.Errorf("the live part: %d %.200s", w.StatusCode, body)
		}
		d.send(list+"/scans/"+string(scan.ID)+"/annul", url.Values{"confirmed": {"1"}}, list)
		d.see(list, "taken back", "of 1 expected")
		d.lang = "de"
		for _, p := range []string{d.at("/check-in"), list, list + "/edit", d.at("/check-in/new")} {
			d.see(p)
		}
	})
}

func TestSponsorAndBudgetPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see(d.at("/sponsors"), "No sponsors yet")
		d.send(d.at("/sponsors/tiers/new"), url.Values{"name": {"Gold"}, "price": {"5000"}, "limit": {"1"}, "benefits": {"Booth\n\nLogo"}}, d.at("/sponsors"))
		d.refuse(d.at("/sponsors/tiers/new"), url.Values{"name": {"Silver"}, "price": {"much"}}, 422, "Silver", "Write an amount")
		d.refuse(d.at("/sponsors/new"), url.Values{"name": {"Kiosk"}, "status": {"promised"}, "promised": {"x"}}, 422, "Kiosk")
		d.send(d.at("/sponsors/new"), url.Values{"name": {"Kiosk Cloud"}, "status": {"promised"}, "promised": {"2500.00"}}, d.at("/sponsors"))
		body := d.see(d.at("/sponsors"), "Kiosk Cloud", "€2,500.00", "Booth · Logo")
		sponsor := d.at("/sponsors/spo_") + cut(t, body, d.at("/sponsors/spo_"), `"`)
		tier := d.at("/sponsors/tiers/") + cut(t, body, d.at("/sponsors/tiers/tie"), `"`)
		tier = strings.Replace(tier, "/tiers/", "/tiers/tie", 1)
		d.see(sponsor, "2500.00")
		d.see(tier, "5000.00")
		d.send(sponsor+"/payments", url.Values{"amount": {"1000"}, "received_on": {"2026-03-01"}}, sponsor)
		d.refuse(sponsor+"/payments", url.Values{"amount": {"-2000"}, "received_on": {"2026-03-01"}}, 409, "take back more")
		d.refuse(sponsor, url.Values{"name": {"Kiosk"}, "status": {"promised"}, "version": {"9"}}, 412, "Somebody changed this")
		d.see(d.at("/budget"), "€1,000.00", "Kiosk Cloud", "no line plans it")
		d.send(d.at("/budget/lines/new"), url.Values{"category": {"Venue"}, "kind": {"expense"}, "planned": {"3000"}}, d.at("/budget"))
		d.refuse(d.at("/budget/lines/new"), url.Values{"category": {""}, "kind": {"expense"}, "planned": {"3000"}}, 422, "3000")
		body = d.see(d.at("/budget"), "Venue", "€3,000.00")
		line := d.at("/budget/lines/bln_") + cut(t, body, d.at("/budget/lines/bln_"), `"`)
		d.send(line+"/entries", url.Values{"amount": {"2800.50"}, "date": {"2026-03-02"}, "vendor": {"Alte Tuchfabrik"}}, line)
		d.refuse(line+"/entries", url.Values{"amount": {"1"}, "date": {"someday"}, "vendor": {"V"}}, 422, `value="V"`)
		d.see(line, "€2,800.50")
		d.see(d.at("/budget"), "€2,800.50")
		d.lang = "de"
		for _, p := range []string{d.at("/sponsors"), d.at("/sponsors/new"), d.at("/sponsors/tiers/new"), sponsor, tier, d.at("/budget"), d.at("/budget/lines/new"), line} {
			d.see(p)
		}
	})
}

// cut gives what stands in a page between two texts, at its first place.
func cut(t *testing.T, body, before, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, before)
	text, _, closed := strings.Cut(rest, after)
	if !ok || !closed {
		t.Fatalf("no %q in %s", before, excerpt(body))
	}
	return text
}

func TestRecapPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(20)
		d.buy(free, 2, "Ada Lovelace", "ada@example.org")
		for _, d.lang = range []string{"en", "de"} {
			d.see(d.at("/recap"), "recap.pdf?audience=team")
			d.see(d.at("/activation"))
		}
		d.lang = "en"
		d.see(d.at("/recap"), "2 tickets</span>", "0 people</span>", "Tickets that are reserved or valid", "Registered", "The event is not over yet")
		for _, audience := range []string{"team", "sponsor", "public"} {
			w, body := d.ask(httptest.NewRequest("GET", baseURL+d.at("/recap.pdf?audience="+audience), nil))
			if w.StatusCode != 200 || w.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(body, "%PDF-") {
				t.Errorf("%s: %d %s", audience, w.StatusCode, w.Header.Get("Content-Type"))
			}
		}
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+d.at("/recap.pdf?audience=press"), nil)); w.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("an audience that there is not: %d", w.StatusCode)
		}
	})
}
