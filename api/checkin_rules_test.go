package api

import (
	"net/url"
	"strings"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// A refusal by the rules of a door says in words what would have worked: to a token, to staff, and in their language.
func TestADoorSaysWhatWouldHaveWorked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		vip := d.api("POST", "/events/fest/check-in-lists", m{"name": "Lounge", "entry": "daily", "day_from": "04:00", "exit_at": "03:30",
			"rules": []any{[]any{m{"kind": "gates", "any": []string{"North"}}, m{"kind": "between", "from": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00+01:00"}},
				[]any{m{"kind": "clock", "from": "00:00", "until": "00:01"}, m{"kind": "weekdays", "any": []string{"1", "7"}}, m{"kind": "entries", "number": 1}}}}, 201)
		if vip.text1("entry") != "daily" || vip.text1("day_from") != "04:00" || vip.text1("exit_at") != "03:30" {
			t.Errorf("made is %s", vip.text)
		}
		door := "/door/fest/lists/" + vip.text1("id")
		scan := d.api("POST", "/check-in-lists/"+vip.text1("id")+"/scans", m{"code": d.codes[0], "nonce": "r1", "gate": "North"}, 200)
		if scan.text1("reason") != "rules" || len(scan.at("failed").([]any)) != 1 || scan.text1("failed", 0, "until") != "2020-01-01T23:00:00Z" || !strings.Contains(scan.text1("message"), "Only between ") {
			t.Errorf("a token is told %s", scan.text)
		}
		_, body := d.page(d.staff, door+"/scans", url.Values{"code": {d.codes[0]}, "nonce": {"r2"}, "gate": {"North"}}, true)
		if !strings.Contains(body, "Only between ") || !strings.Contains(body, `data-reason="rules"`) || !strings.Contains(body, `data-tone="warn"`) {
			t.Errorf("staff is told %s", body)
		}
		if _, body = d.page(d.staff, door+"/scans", url.Values{"code": {d.codes[0]}, "nonce": {"r3"}, "gate": {"North"}}, true, "Accept-Language", "de"); !strings.Contains(body, "Nur zwischen ") {
			t.Errorf("in German: %s", body)
		}
		// Where another door takes it, that is named.
		virtual := d.api("POST", "/events/fest/check-in-lists", m{"name": "Nobody's", "add_on_ids": []string{d.api("POST", "/events/fest/add-ons", m{"name": "Dinner", "price": m{"amount": 0, "currency": "EUR"}}, 201).text1("id")}}, 201)
		d.api("POST", "/events/fest/check-in-lists", m{"name": "Main hall"}, 201)
		scan = d.api("POST", "/check-in-lists/"+virtual.text1("id")+"/scans", m{"code": d.codes[0], "nonce": "r4"}, 200)
		if scan.text1("reason") != "wrong_list" || !strings.Contains(scan.text1("message"), "This ticket may come in at: Lounge, Main hall.") {
			t.Errorf("at the wrong door: %s", scan.text)
		}
		for _, wrong := range []m{{"rules": []any{[]any{m{"kind": "clock", "from": "25:00", "until": "x"}}}}, {"day_from": "noon"}, {"rules": []any{[]any{m{"kind": "between", "from": "soon", "until": "later"}}}}} {
			wrong["name"] = "Wrong"
			if got := d.api("POST", "/events/fest/check-in-lists", wrong, 422); got.at("fields") == nil {
				t.Errorf("%v: %s", wrong, got.text)
			}
		}
	})
}

// Rules are put together on the form of a list by buttons, without scripts: nothing is saved until it is said, and nothing typed is lost.
func TestRulesOfAListAreTyped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		at := "/console/events/fest/check-in/new"
		form := url.Values{"name": {"Lounge"}, "entry": {"reentry"}, "rule.add": {"gates"}, "more_rules": {"1"}}
		press := func(form url.Values, parts ...string) {
			t.Helper()
			w, body := d.page(d.boss, at, form, false)
			if w.StatusCode != 200 || !strings.Contains(body, `value="Lounge"`) {
				t.Fatalf("%d %s", w.StatusCode, body)
			}
			for _, part := range parts {
				if !strings.Contains(body, part) {
					t.Errorf("no %s in %s", part, body)
				}
			}
		}
		press(form, `name="rules[0][0].gates"`)
		form.Del("more_rules")
		form["rules[0][0].kind"], form["rules[0][0].gates"], form["rules[0].add"] = []string{"gates"}, []string{"North, Crew"}, []string{"after_exit"}
		form.Set("add_condition", "0")
		press(form, `name="rules[0][1].number"`, `value="North, Crew"`)
		form.Del("add_condition")
		form["rules[0][1].kind"], form["rules[0][1].number"] = []string{"after_exit"}, []string{"0"}
		form["rules[0][2].kind"], form["rules[0][2].from"], form["rules[0][2].until"] = []string{"clock"}, []string{"18:00"}, []string{"late"}
		if w, body := d.page(d.boss, at, form, false); w.StatusCode != 422 || !strings.Contains(body, "Rule 1, Minutes since it went out, at least: ") || !strings.Contains(body, "Rule 1, At a time of day: ") || !strings.Contains(body, `value="late"`) {
			t.Errorf("what cannot be: %d %s", w.StatusCode, body)
		}
		form.Set("rules[0][1].number", "15")
		form.Set("drop_condition", "0.2")
		press(form, `value="15"`)
		form.Del("drop_condition")
		form.Del("rules[0][2].kind")
		w, _ := d.page(d.boss, at, form, false)
		saved := w.Header.Get("Location")
		if w.StatusCode != 303 || !strings.HasPrefix(saved, "/console/events/fest/check-in/lst_") {
			t.Fatalf("saved: %d %s", w.StatusCode, saved)
		}
		at = saved + "/edit"
		if _, body := d.page(d.boss, at, nil, false); !strings.Contains(body, `value="North, Crew"`) || !strings.Contains(body, `value="15"`) || strings.Contains(body, "[2].kind") || !strings.Contains(body, `value="reentry" checked`) {
			t.Errorf("opened again: %s", body)
		}
	})
}
