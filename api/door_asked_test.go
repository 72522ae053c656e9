package api

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

var askedAction = regexp.MustCompile(`<details class="door-asked"( open)?>.*?action="([^"]+/answers)"`)

// What is asked at the door is asked there alone: the checkout says nothing of it, whoever is scanned is let in first, and is asked until it is answered. The answers stand with
// the others.
func TestQuestionsAtTheDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		ask := func(in m, status int) answer {
			in["purpose"] = "To help."
			return d.api("POST", "/events/fest/questions", in, status)
		}
		call := ask(m{"subject": "door", "kind": "text", "label": "Whom shall we call?", "required": true}, 201).text1("id")
		shirt := ask(m{"subject": "door", "kind": "choice", "label": "Which shirt?", "options": []m{{"label": "S"}, {"label": "M"}}}, 201)
		size := shirt.text1("options", 1, "id")
		ask(m{"subject": "door", "kind": "file", "label": "A letter"}, 422).is("kind", "fields", 0, "name")
		ask(m{"subject": "door", "kind": "choice", "label": "A seat", "options": []m{{"label": "Left", "places": 3}}}, 422).is("options[0].places", "fields", 0, "name")
		ask(m{"subject": "moon", "kind": "text", "label": "Why?"}, 422).is("subject", "fields", 0, "name")
		for _, path := range []string{"/e/fest", "/api/v1/events/fest/questions"} { // strangers
			if _, body := d.page(nil, path, nil, false); strings.Contains(body, "Whom shall we call") {
				t.Errorf("%s tells what is asked at the door", path)
			}
		}

		// Nobody is asked when they buy: the order is complete without an answer.
		codes, order := d.buyFree(2)
		ticket := d.api("GET", "/orders/"+order, nil, 200).text1("tickets", 0, "id")
		scan := func(by *phone, code, nonce string) (body, open, action string) {
			t.Helper()
			cookie := d.staff
			if by != nil {
				cookie = by.cookie
			}
			_, body = d.page(cookie, door+"/scans", url.Values{"code": {code}, "nonce": {nonce}}, true)
			if found := askedAction.FindStringSubmatch(strings.ReplaceAll(body, "\n", "")); found != nil {
				return body, found[1], found[2]
			}
			return body, "", ""
		}
		paired := func(role string) *phone {
			p := &phone{doorway: d}
			link, _ := d.device(m{"role": role, "name": role})
			p.pair(link)
			return p
		}
		only, kiosk := paired("scan"), paired("kiosk")
		if body, _, action := scan(kiosk, codes[1], "kiosk"); action != "" || !strings.Contains(body, `data-tone="ok"`) {
			t.Errorf("a kiosk asks: %s", body)
		}
		body, open, action := scan(only, codes[0], "one")
		if open == "" || !strings.Contains(body, `data-tone="ok"`) || !strings.Contains(body, "Whom shall we call?") || !strings.Contains(body, "Which shirt?") {
			t.Fatalf("let in and asked: %s", body)
		}

		// Wrong, then right; another's phone cannot.
		w, body := d.page(only.cookie, action, url.Values{"answers." + shirt.text1("id"): {size}}, true)
		if w.StatusCode != 200 || !strings.Contains(body, "This needs an answer.") || !strings.Contains(body, `value="`+size+`" checked`) {
			t.Errorf("without what must be answered: %d %s", w.StatusCode, body)
		}
		if w, _ := d.page(only.cookie, action, url.Values{"answers." + shirt.text1("id"): {size}}, false); w.StatusCode != 422 {
			t.Errorf("the same without a script: %d", w.StatusCode)
		}
		if w, _ := d.page(paired("scan").cookie, action, url.Values{"answers." + call: {"x"}}, true); w.StatusCode != 404 {
			t.Errorf("a phone that did not scan: %d", w.StatusCode)
		}
		good := url.Values{"answers." + call: {" Bea, +49 30 1234 "}, "answers." + shirt.text1("id"): {size}}
		for range 2 {
			if w, body := d.page(only.cookie, action, good, true); w.StatusCode != 200 || !strings.Contains(body, "Answers saved") {
				t.Errorf("answered: %d %s", w.StatusCode, body)
			}
		}

		// It is done: who only scans is told nothing more, others may correct it.
		if body, _, action := scan(only, codes[0], "again"); action != "" || strings.Contains(body, "Bea") {
			t.Errorf("asked again: %s", body)
		}
		body, open, action = scan(nil, codes[0], "staff")
		if open != "" || action == "" || !strings.Contains(body, "Bea, &#43;49 30 1234") {
			t.Errorf("to be corrected: %q %s", open, body)
		}
		if w, _ := d.page(d.staff, action, url.Values{"answers." + call: {"Cyd"}}, false); w.StatusCode != 303 {
			t.Errorf("corrected: %d", w.StatusCode)
		}
		answers := d.api("GET", "/orders/"+order, nil, 200)
		answers.is("Cyd", "tickets", 0, "answers", 0, "text")
		if all := answers.at("tickets", 0, "answers").([]any); len(all) != 1 {
			t.Errorf("what was not answered again stayed: %v", all)
		}
		if _, file := d.page(d.boss, "/console/events/fest/attendees.csv", nil, false); !strings.Contains(file, "Whom shall we call?") || !strings.Contains(file, "Cyd") {
			t.Errorf("the file: %s", file)
		}
		if _, page := d.page(d.boss, "/console/events/fest/orders/"+order, nil, false); !strings.Contains(page, "Whom shall we call?") {
			t.Error("the order does not tell")
		}
		if _, page := d.page(d.boss, "/console/events/fest/questions", nil, false); !strings.Contains(page, "Whom shall we call?") || !strings.Contains(page, "At the door") {
			t.Error("the list of questions does not tell")
		}

		// By programs; and whoever gets the ticket is asked anew.
		d.api("PUT", "/tickets/"+ticket+"/door-answers", m{"answers": m{call: "Dana", shirt.text1("id"): size}}, 200).is("Dana", "answers", 0, "text")
		d.api("PUT", "/tickets/"+ticket+"/door-answers", m{"answers": m{"qst_other": "x", call: "Dana"}}, 422).is("answers.qst_other", "fields", 0, "name")
		d.api("PUT", "/tickets/tkt_other/door-answers", m{"answers": m{}}, 404)
		if err := d.Ticketing.FillDetails(t.Context(), turnout.ID(ticket), ticketing.Details{Attendee: ticketing.Attendee{Name: "Eve", Email: "eve@example.org"}}); err != nil {
			t.Fatal(err)
		}
		now := d.api("GET", "/orders/"+order, nil, 200)
		if left := now.at("tickets", 0).(map[string]any)["answers"]; left != nil {
			t.Errorf("the ticket went to somebody else, with %v", left)
		}
		if _, open, _ := scan(only, now.text1("tickets", 0, "code"), "eve"); open == "" {
			t.Error("who has it now is not asked")
		}
		d.api("POST", "/orders/"+order+"/cancel", m{}, 200)
		d.api("PUT", "/tickets/"+ticket+"/door-answers", m{"answers": m{call: "x"}}, 409)
	})
}

// Who comes in together is asked one after the other, each by name, with and without scripts; who has answered is not asked again.
func TestWhoComesTogetherIsAskedInTurn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		question := d.api("POST", "/events/fest/questions", m{"subject": "door", "kind": "text", "label": "Whom shall we call?", "purpose": "To help.", "required": true}, 201).text1("id")
		turn := regexp.MustCompile(`<details class="door-asked" open>.*?Questions for ([^<]+)</summary><form[^>]* action="([^"]+/answers)"[^>]*>((?:<input type="hidden" name="then"[^>]*>)*)`)
		next := func(body string) (who, action string, then []string) {
			found := turn.FindStringSubmatch(strings.ReplaceAll(body, "\n", ""))
			if found == nil {
				return "", "", nil
			}
			for _, id := range regexp.MustCompile(`value="([^"]+)"`).FindAllStringSubmatch(found[3], -1) {
				then = append(then, id[1])
			}
			return found[1], found[2], then
		}
		together := func(nonce string) (form string, send url.Values) {
			codes, _ := d.buyFree(4)
			_, body := d.page(d.staff, door+"/scans", url.Values{"code": {codes[0]}, "nonce": {nonce}}, true)
			others := othersAction.FindStringSubmatch(body)
			if others == nil {
				t.Fatalf("nobody else: %s", body)
			}
			send = url.Values{"nonce": {others[2]}}
			for _, id := range regexp.MustCompile(`name="ticket" value="([^"]+)"`).FindAllStringSubmatch(body, -1) {
				send.Add("ticket", id[1])
			}
			return others[1], send
		}
		answer := func(then []string, said string) url.Values {
			return url.Values{"answers." + question: {said}, "then": then}
		}

		form, send := together("first")
		_, body := d.page(d.staff, form, send, true)
		who, action, then := next(body)
		if !strings.Contains(body, "3 more let in") || who == "" || len(then) != 2 {
			t.Fatalf("asked %q, then %v: %s", who, then, body)
		}
		_, body = d.page(d.staff, action, answer(then, ""), true) // nothing said: asked again, and the others wait
		if !strings.Contains(body, "data-asked") || strings.Count(body, `name="then"`) != 2 {
			t.Fatalf("without an answer: %s", body)
		}
		_, body = d.page(d.staff, action, answer(then, "Ida, 030 1234"), true)
		_, second, rest := next(body)
		if !strings.Contains(body, "Answers saved") || second == "" || second == action || len(rest) != 1 {
			t.Fatalf("the second, then %v: %s", rest, body)
		}
		if _, again, _ := next(func() string { _, body := d.page(d.staff, form, send, true); return body }()); again != second {
			t.Errorf("the form sent again asks %s, not %s", again, second)
		}
		_, body = d.page(d.staff, second, answer(append([]string{"scn_of_nobody"}, rest...), "Bo"), true)
		if _, third, rest := next(body); third == "" || len(rest) != 0 {
			t.Errorf("the third, then %v: %s", rest, body)
		} else if _, body = d.page(d.staff, third, answer(nil, "Cy"), true); !strings.Contains(body, "Answers saved") || strings.Contains(body, "data-asked") {
			t.Errorf("after the last: %s", body)
		}

		// Without scripts each has a page.
		form, send = together("second")
		w, _ := d.page(d.staff, form, send, false)
		for left := 2; ; left-- {
			_, body := d.page(d.staff, w.Header.Get("Location"), nil, false)
			action := askedAction.FindStringSubmatch(strings.ReplaceAll(body, "\n", ""))
			if action == nil || action[1] == "" || strings.Count(body, `name="then"`) != left {
				t.Fatalf("with %d to come: %s", left, body)
			}
			var then []string
			for _, id := range regexp.MustCompile(`name="then" value="([^"]+)"`).FindAllStringSubmatch(body, -1) {
				then = append(then, id[1])
			}
			if w, _ = d.page(d.staff, action[2], answer(then, "Di"), false); left == 0 {
				break
			}
		}
		if to := w.Header.Get("Location"); w.StatusCode != 303 || strings.Contains(to, "then") {
			t.Errorf("after the last: %d %s", w.StatusCode, to)
		}
	})
}
