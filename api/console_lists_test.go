package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/uptrace/bun"
	"github.com/xuri/excelize/v2"

	"turnout"
	"turnout/events/organisers"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// fetch opens what is no page: a file, a part.
func (d *desk) fetch(path string, headers ...string) (status int, header func(string) string, body string) {
	d.t.Helper()
	r := httptest.NewRequest("GET", baseURL+path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, body := d.ask(r)
	return w.StatusCode, func(name string) string { return strings.Join(w.Header.Values(name), ", ") }, body
}

// Attendees are listed ticket by ticket; the filter of a list is kept as a view, renamed, deleted and brought back.
func TestAttendeesAndViews(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see(d.at("/attendees"), "No attendees yet")
		paid, free := d.onSale(20)
		gift := d.buy(free, 2, "Łukasz Żółw", "lukasz@example.org")
		d.buy(paid, 1, "Ada Lovelace", "ada@example.org")
		d.see(d.at("/attendees"), "Łukasz Żółw", "Ada Lovelace", gift.Code, "Not seen")
		if body := d.see(d.at("/attendees?search=luka+zol&status=valid"), "Łukasz Żółw"); strings.Contains(body, "Ada Lovelace") || strings.Count(body, "<tr>") != 3 {
			t.Error("half a name without its accents finds others too")
		}
		d.see(d.at("/attendees?came=yes"), "No attendee fits")
		if status, _, body := d.fetch(d.at("/attendees?search=ada"), "HX-Request", "true"); status != 200 || strings.Contains(body, "<html") || !strings.Contains(body, "Ada Lovelace") {
			t.Errorf("the part: %d %.200s", status, body)
		}
		for _, list := range []string{"/orders", "/attendees", "/vouchers", "/waitlist"} { // Back in the browser
			status, header, body := d.fetch(d.at(list+"?search=ada"), "HX-Request", "true", "HX-History-Restore-Request", "true")
			if status != 200 || !strings.Contains(body, "<html") || !strings.Contains(header("Vary"), "HX-Request") {
				t.Errorf("%s when one goes back: %d, Vary %q, %.200s", list, status, header("Vary"), body)
			}
			if !strings.Contains(body, `id="list-count" role="status">`) || strings.Contains(body, `id="list" aria-live`) {
				t.Errorf("%s: not the number of rows alone is said", list)
			}
			if _, _, part := d.fetch(d.at(list+"?search=ada"), "HX-Request", "true"); !strings.Contains(part, `id="list-count" hx-swap-oob="innerHTML">`) {
				t.Errorf("%s: the part does not say how many rows it has: %.200s", list, part)
			}
		}
		if status, _, body := d.fetch(d.at("/orders?status=great&from=soon")); status != 422 || !strings.Contains(body, "Write a day") {
			t.Errorf("a filter that makes no sense: %d", status)
		}
		to := d.send(d.at("/views"), url.Values{"list": {"orders"}, "name": {"To <chase>"}, "payment": {"unpaid"}, "colour": {"red"}}, d.at("/orders"))
		if to != d.at("/orders?payment=unpaid") {
			t.Errorf("led to %s", to)
		}
		body := d.see(to, "To &lt;chase&gt;", "Ada Lovelace", "The view is saved")
		if strings.Contains(body, "Łukasz") {
			t.Error("the view shows what is paid")
		}
		view := d.at("/views/viw_") + cut(t, body, d.at("/views/viw_"), `"`)
		open := `<details class="fold" open>`
		d.refuse(d.at("/views"), url.Values{"list": {"orders"}, "name": {"To <chase>"}, "status": {"held"}}, 409, "Name: A saved view has this name", "f-name-error", open,
			`value="To &lt;chase&gt;"`, `name="status" value="held"`)
		d.refuse(d.at("/views"), url.Values{"list": {"attendees"}, "name": {" "}, "status": {"valid"}}, 422, "Name: ", "f-name-error", open, "Łukasz Żółw", `name="status" value="valid"`)
		d.refuse(view, url.Values{"list": {"orders"}, "name": {strings.Repeat("x", 61)}}, 422, "Name: ", "f-name-error", open, strings.Repeat("x", 61), "Ada Lovelace")
		d.send(view, url.Values{"list": {"orders"}, "name": {"Chase"}}, d.at("/orders"))
		d.see(d.at("/orders"), "Chase", "renamed")
		undo := d.send(view+"/delete", url.Values{"list": {"orders"}}, d.at("/orders?undo="))
		if body := d.see(undo, "Bring it back", view+"/restore"); strings.Contains(body, ">Chase<") {
			t.Error("the view is still there")
		}
		d.send(view+"/restore", url.Values{"list": {"orders"}}, d.at("/orders"))
		d.see(d.at("/orders"), ">Chase<")
		d.lang = "de"
		for _, p := range []string{"/orders?payment=unpaid", "/attendees?search=x", "/attendees", undo[len(d.at("")):]} {
			d.see(d.at(p))
		}
	})
}

// What is done to many orders is shown first, then worked off, with a result for each.
func TestBulkPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, free := d.onSale(20)
		gift, held := d.buy(free, 2, "Łukasz Żółw", "lukasz@example.org"), d.buy(paid, 1, "Ada Lovelace", "ada@example.org")
		if _, err := d.Ticketing.CancelOrder(t.Context(), held.CommunityID, held.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		d.see(d.at("/orders/runs"), "Nothing yet")
		if status, header, _ := d.fetch(d.at("/orders/bulk?action=cancel")); status != 303 || header("Location") != d.at("/orders") {
			t.Errorf("nothing was ticked: %d", status)
		}
		d.see(d.at("/orders"), "Tick orders first")
		body := d.see(d.at("/orders/bulk?all=1&action=cancel"), "Cancels 1 order for good", "€0.00", "For 1 more order")
		run := cut(t, body, `name="run" value="`, `"`)
		form := url.Values{"run": {run}, "action": {"cancel"}, "all": {"1"}}
		progress := d.send(d.at("/orders/bulk"), form, d.at("/orders/runs/"+run))
		d.send(d.at("/orders/bulk"), form, d.at("/orders/runs/"+run)) // sent twice: one run
		d.see(progress, "hx-get", "Looking for the orders")
		if status, _, part := d.fetch(progress, "HX-Request", "true"); status != 200 || strings.Contains(part, "<html") || !strings.Contains(part, "every 2s") {
			t.Errorf("the part: %d %.200s", status, part)
		}
		if _, err := d.runner.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if body := d.see(progress, "Finished: done for 1 order", "1 order was refused", "already canceled or expired", held.Code); strings.Contains(body, "every 2s") {
			t.Error("a run that is done is asked for again")
		}
		d.see(progress+"?state=done", gift.Code)
		d.see(d.at("/orders/"+gift.Code), "Order canceled", "by the organiser")
		d.see(d.at("/orders/bulk?action=paid&order="+string(held.ID)), "cannot be done for the order")
		d.see(d.at("/orders/runs"), "Cancel orders", "Finished")
		err := d.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { // as it was a moment ago
			_, err := tx.NewRaw("UPDATE bulk_runs SET state = 'working' WHERE id = ?", run).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		d.see(progress, `hx-get="`+progress+`?state=refused"`)
		if _, _, part := d.fetch(progress+"?state=done&after=0", "HX-Request", "true"); !strings.Contains(part, `hx-get="`+progress+`?after=0&amp;state=done"`) || !strings.Contains(part, gift.Code) {
			t.Errorf("the part asks for another page than the one that is read: %s", part)
		}
		if status, _, body := d.fetch(d.at("/orders/runs/blk_nothing")); status != 404 || !strings.Contains(body, `href="`+d.at("")+`">Back to the console`) {
			t.Errorf("a run that there is not: %d %.600s", status, body)
		}
		if status, _, body := d.fetch("/console/events/nothing/orders"); status != 404 || !strings.Contains(body, `href="/console">Back to the console`) {
			t.Errorf("an event that there is not: %d %.600s", status, body)
		}
		viewer := d.colleague(organisers.Viewer)
		if status, _, _ := viewer.fetch(d.at("/orders/bulk?all=1&action=cancel")); status != 403 {
			t.Errorf("a viewer: %d", status)
		}
		d.lang = "de"
		for _, p := range []string{"/orders/bulk?all=1&action=resend", "/orders/bulk?all=1&action=cancel&status=held", "/orders/runs", progress[len(d.at("")):]} {
			if status, _, _ := d.fetch(d.at(p)); status == 200 {
				d.see(d.at(p))
			}
		}
	})
}

// Attendees are ticked too: the orders of those who are meant are worked off as ticked orders are, and the file has them alone.
func TestTickedAttendees(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(20)
		pair, other := d.buy(free, 2, "Łukasz Żółw", "lukasz@example.org"), d.buy(free, 1, "Ada Lovelace", "ada@example.org")
		body := d.see(d.at("/attendees?status=valid"), `name="ticket" value="`+string(pair.Tickets[1].ID)+`"`, `data-tick="ticket"`, "Mail the links for details again")
		if strings.Contains(body, `value="paid"`) {
			t.Error("a transfer is nothing that attendees have")
		}
		ticks := "list=attendees&status=valid&ticket=" + string(pair.Tickets[0].ID) + "&ticket=" + string(pair.Tickets[1].ID)
		if status, header, _ := d.fetch(d.at("/orders/bulk?list=attendees&status=valid&action=cancel")); status != 303 || header("Location") != d.at("/attendees?status=valid") {
			t.Errorf("nothing was ticked: %d %s", status, header("Location"))
		}
		ask := d.see(d.at("/orders/bulk?action=cancel&"+ticks), "Cancels 1 order for good", "whole order", d.at("/attendees?status=valid"))
		run := cut(t, ask, `name="run" value="`, `"`)
		progress := d.send(d.at("/orders/bulk"), url.Values{"run": {run}, "action": {"cancel"}, "order": {cut(t, ask, `name="order" value="`, `"`)}}, d.at("/orders/runs/"+run))
		if _, err := d.runner.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.see(progress, "Finished: done for 1 order", pair.Code)
		if o, err := d.Ticketing.Order(t.Context(), d.community.ID, string(other.ID)); err != nil || o.Status != ticketing.Confirmed {
			t.Errorf("who was not ticked: %v, %v", o.Status, err)
		}
		file := d.see(d.at("/attendees.csv?list=attendees&action=resend&ticket=" + string(other.Tickets[0].ID)))
		if !strings.Contains(file, "Ada Lovelace") || strings.Contains(file, "ukasz") {
			t.Errorf("the file has others than who was ticked: %s", file)
		}
		d.lang = "de"
		d.see(d.at("/attendees?status=valid"))
		d.see(d.at("/orders/bulk?action=details&list=attendees&ticket=" + string(other.Tickets[0].ID)))
	})
}

// An add-on of one ticket is canceled on the order's page, after a question that says what goes back.
func TestAnAddOnIsCanceledOnItsPage(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(5)
		a, err := d.Ticketing.CreateAddOn(t.Context(), d.community.ID, d.event.ID, ticketing.AddOnInput{Name: "Boat trip", OnSale: true, Price: turnout.Money{Currency: "EUR"}})
		if err != nil {
			t.Fatal(err)
		}
		o, _, err := d.Ticketing.PlaceOrder(t.Context(), ticketing.Purchase{EventID: d.event.ID, Buyer: ticketing.Attendee{Name: "Ada", Email: "ada@example.org"},
			Lines: []ticketing.PurchaseLine{{TicketTypeID: free.ID, Quantity: 1}, {AddOnID: a.ID, Quantity: 2}}})
		if err != nil {
			t.Fatal(err)
		}
		page := d.at("/orders/" + o.Code)
		call := page + "/tickets/" + string(o.Tickets[0].ID) + "/add-ons/" + string(a.ID) + "/cancel"
		d.see(page, "Cancel 2 × Boat trip", call)
		d.send(call, url.Values{"confirmed": {"1"}}, page)
		if body := d.see(page, "2 × Boat trip is canceled", "2 canceled", "Add-on canceled"); strings.Contains(body, call) {
			t.Error("it can be canceled again")
		}
		d.stranger().see("/orders/"+o.Code+"?secret="+o.Secret, `2 × Boat trip <span class="muted small">2 canceled</span>`)
		d.send(call, url.Values{"confirmed": {"1"}}, page)
		d.see(page, "or it was canceled before")
		d.lang = "de"
		d.see(page, "2 storniert")
	})
}

// names are those of the corpus that an order takes.
func corpusNames(t *testing.T) (names []string) {
	t.Helper()
	raw, err := os.ReadFile("../../shared/real-data/strings/blns.json")
	if err != nil {
		t.Skip(err)
	}
	var all []string
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range append(all, "=1+1", "+1", "-1", "@SUM(1)", "＝1", `=HYPERLINK("http://x","y")`, "a;=1") {
		if utf8.RuneCountInString(s) <= 100 {
			names = append(names, s)
		}
	}
	return names
}

// The files hold what the list holds, for page and program alike, and nothing in them is a formula (R13).
func TestExports(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, free := d.onSale(2000)
		taken := 0
		for i, name := range corpusNames(t) {
			_, _, err := d.Ticketing.PlaceOrder(t.Context(), ticketing.Purchase{EventID: d.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: free.ID, Quantity: 1}},
				Buyer: ticketing.Attendee{Name: name, Email: fmt.Sprintf("b%d@example.org", i)}})
			if err == nil {
				taken++
			}
		}
		if taken < 200 {
			t.Fatalf("only %d names were taken", taken)
		}
		held := d.buy(paid, 2, "Ada Lovelace", "ada@example.org")
		rows := func(path string, want int) (all [][]string) {
			status, header, body := d.fetch(path)
			kind := sheet.CSV
			if strings.Contains(path, ".xlsx") {
				kind = sheet.XLSX
			}
			if status != 200 || header("Content-Type") != kind.ContentType() || !strings.HasPrefix(header("Content-Disposition"), `attachment; filename="`) || !strings.Contains(header("Content-Disposition"), "-summit-") {
				t.Fatalf("%s: %d %s %s", path, status, header("Content-Type"), header("Content-Disposition"))
			}
			all = readTable(t, kind, body)
			if len(all) != want+1 {
				t.Errorf("%s: %d rows, want %d", path, len(all)-1, want)
			}
			for _, row := range all {
				for _, cell := range row {
					if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
						t.Errorf("%s: the cell %q", path, cell)
					}
				}
			}
			return all
		}
		for _, format := range []string{".csv", ".xlsx"} {
			rows(d.at("/orders"+format), taken+1)
			rows(d.at("/attendees"+format), taken+2)
			rows(d.at("/orders"+format+"?order="+string(held.ID)), 1)
			rows(d.at("/orders"+format+"?search=nobody+at+all"), 0)
			only := rows(d.at("/orders"+format+"?search=lovelace&status=held&sort=oldest"), 1)
			if row := strings.Join(only[1], "|"); !strings.HasPrefix(row, held.Code+"|Held, not paid yet|Ada Lovelace|ada@example.org|2|EUR|98") || !strings.Contains(strings.Join(only[0], "|"), "Placed (Europe/Berlin)") {
				t.Errorf("%q", only)
			}
			at := "/events/" + d.event.Slug
			if text := d.api("GET", at+"/orders"+format+"?status=held", nil, 200).text; len(readTable(t, sheet.Format(format[1:]), text)) != 2 {
				t.Errorf("the API's %s", format)
			}
			if table := readTable(t, sheet.Format(format[1:]), d.api("GET", at+"/attendees"+format+"?status=reserved", nil, 200).text); len(table) != 3 || table[0][1] != "status" || table[1][1] != "reserved" {
				t.Errorf("the API's %s: %q", format, table)
			}
			d.api("GET", at+"/attendees"+format+"?status=great", nil, 422)
			d.api("GET", at+"/orders"+format, nil, 401, "Authorization", "")
		}
		list := d.api("GET", "/events/"+d.event.Slug+"/attendees?search=lovelace&limit=1", nil, 200)
		list.is("Ada Lovelace", "items", 0, "attendee", "name")
		list.is(held.Code, "items", 0, "order_code")
		next := list.text1("next_cursor")
		d.api("GET", "/events/"+d.event.Slug+"/attendees?search=lovelace&limit=1&cursor="+next, nil, 200).is(nil, "next_cursor")
		d.lang = "de"
		if _, _, body := d.fetch(d.at("/attendees.csv")); !strings.HasPrefix(body, "\ufeffTicketnummer,Status,") {
			t.Errorf("German: %.80q", body)
		}
	})
}

func readTable(t *testing.T, format sheet.Format, body string) [][]string {
	t.Helper()
	if format == sheet.CSV {
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
		if err != nil || !strings.HasPrefix(body, "\ufeff") {
			t.Fatalf("%v %.40q", err, body)
		}
		return rows
	}
	book, err := excelize.OpenReader(bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows(book.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// An order's page tells in one list all that happened to it, whatever table it stands in, in as many statements for much as for little.
func TestTimeline(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(20)
		o := d.buy(free, 3, "Ada Lovelace", "ada@example.org")
		few := d.statements(d.at("/orders/" + o.Code))
		list := d.api("POST", "/events/"+d.event.Slug+"/check-in-lists", m{"name": "Door"}, 201).text1("id")
		for i, ticket := range o.Tickets {
			d.api("POST", "/check-in-lists/"+list+"/scans", m{"code": ticket.Code, "nonce": fmt.Sprint("n", i)}, 200)
		}
		d.api("POST", "/check-in-lists/"+list+"/scans", m{"code": o.Tickets[0].Code, "nonce": "again"}, 200)
		d.send(d.at("/orders/"+o.Code+"/cancel"), url.Values{"confirmed": {"confirmed"}}, d.at("/orders/"+o.Code))
		if _, err := d.runner.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		body := d.see(d.at("/orders/"+o.Code), "Order placed", "Order canceled", "Let in", "Refused at the door", "Already in", "Your tickets for Gopher Summit", "Canceled: your order for Gopher Summit")
		if strings.Index(body, "Order canceled") > strings.Index(body, "Let in") || strings.Index(body, "Let in") > strings.LastIndex(body, "Order placed") {
			t.Error("the newest does not stand first")
		}
		if many := d.statements(d.at("/orders/" + o.Code)); many > few {
			t.Errorf("%d statements for little, %d for much", few, many)
		}
		d.lang = "de"
		d.see(d.at("/orders/"+o.Code), "Eingelassen", "Am Einlass abgelehnt")
	})
}
