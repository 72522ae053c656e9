package api

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"turnout/events/organisers"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/intake"
)

// bring uploads a list and gives the address of its preview.
func (d *desk) bring(list string) string {
	d.t.Helper()
	w, body := d.upload(d.at("/attendees/import"), []byte(list))
	if w.StatusCode != http.StatusSeeOther {
		d.t.Fatalf("%d: %s", w.StatusCode, excerpt(body))
	}
	return w.Header.Get("Location")
}

var formField = regexp.MustCompile(`<(?:input|select)[^>]* name="([^"]+)"[^>]*>`)
var fieldValue = regexp.MustCompile(` value="([^"]*)"`)

// decision reads what a preview's form would send as it stands.
func (d *desk) decision(page string) url.Values {
	d.t.Helper()
	_, form, _ := strings.Cut(page, `id="decide"`)
	form, _, _ = strings.Cut(form, "</form>")
	out := url.Values{}
	for _, at := range formField.FindAllStringSubmatchIndex(form, -1) {
		tag, name := form[at[0]:at[1]], form[at[2]:at[3]]
		value := ""
		if strings.HasPrefix(tag, "<select") {
			options, _, _ := strings.Cut(form[at[1]:], "</select>")
			for option := range strings.SplitSeq(options, "<option") {
				if m := fieldValue.FindStringSubmatch(option); m != nil && strings.Contains(option, " selected") {
					value = m[1]
				}
			}
		} else if m := fieldValue.FindStringSubmatch(tag); m != nil {
			value = m[1]
		}
		if !strings.Contains(tag, `type="checkbox"`) || strings.Contains(tag, " checked") {
			out.Add(name, value)
		}
	}
	return out
}

func (d *desk) attendees() (all []string) {
	d.t.Helper()
	rows, err := d.Ticketing.AttendeeRows(d.t.Context(), d.event, ticketing.AttendeeFilter{Status: ticketing.Valid, Limit: 5000})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, r := range rows {
		all = append(all, r.AttendeeName)
	}
	return all
}

func (d *desk) drain() {
	d.t.Helper()
	if _, err := d.runner.Drain(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// An organiser brings in a list whose tickets have other names and whose columns one does not know: what is chosen is kept,
// nothing is made before it was shown, and undoing takes it back.
func TestBringingInAList(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(100)
		d.see(d.at("/attendees"), d.at("/attendees/import"))
		d.see(d.at("/attendees/import"), "Eventbrite", "Meetup")
		here := d.bring("Wer;Kontakt;Art\nAda;ada@example.org;Frei\nBob;bob@example.org;Frei\nBob zwei;BOB@example.org;Frei\n")
		page := d.see(here, "Nobody could be read yet", "Cannot be read") // nobody is named yet
		form := d.decision(page)
		d.send(here, clone(form, "column_0", "name", "column_1", "email", "column_2", "ticket_type", "choose", "1"), here)
		page = d.see(here, "The same e-mail address twice in the list", "Some tickets of the list are not matched", "<bdi>Bob zwei</bdi>", "Row 3")
		form = d.decision(page)
		if form.Get("column_1") != "email" || form.Get("words_0") != "frei" {
			t.Fatalf("the form forgets what was chosen: %v", form)
		}
		d.refuseLed(here, clone(form, "type_0", string(free.ID), "confirm", "1"), here, "has changed since it was shown")
		if all := d.attendees(); len(all) != 0 {
			t.Fatalf("made before it was shown: %v", all)
		}
		form = d.decision(d.see(here, "Bring in 2 attendees"))
		d.send(here, clone(form, "confirm", "1"), here)
		d.see(here, "Attendees are being brought in", "You can leave this page")
		d.drain()
		d.see(here, "2 orders were made.", "Undo this import")
		if all := d.attendees(); len(all) != 2 {
			t.Fatalf("%v", all)
		}
		if mails := d.mails("ada@example.org"); len(mails) != 0 {
			t.Errorf("mail that nobody wanted: %v", mails[0].Subject)
		}
		d.see(d.at("/attendees/import"), "Earlier imports", "Ended")

		again := d.bring("name,email\nAda,ADA@example.org\n")
		d.see(again, "Has a ticket already")
		d.send(again, url.Values{"drop": {"1"}}, d.at("/attendees/import"))
		if w, _ := d.get(again); w.StatusCode != http.StatusNotFound {
			t.Errorf("a list that was forgotten: %d", w.StatusCode)
		}

		d.send(here+"/undo", url.Values{"confirmed": {"1"}}, here)
		d.drain()
		d.see(here, "The import was undone", "2 orders were canceled.")
		if all := d.attendees(); len(all) != 0 {
			t.Errorf("left after undoing: %v", all)
		}
		if mails := d.mails("ada@example.org"); len(mails) != 0 {
			t.Errorf("told of what they never knew: %v", mails[0].Subject)
		}
		back := d.bring("name,email\nAda,ADA@example.org\n")
		d.see(back, "Nothing said")
	})
}

// refuseLed posts a form that leads back with a message.
func (d *desk) refuseLed(path string, form url.Values, to, message string) {
	d.t.Helper()
	d.send(path, form, to)
	d.see(to, message)
}

func (d *desk) get(path string) (*http.Response, string) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, baseURL+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.ask(r)
}

// Files that are none, and people who may not.
func TestListsThatAreRefused(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.onSale(10)
		for list, want := range map[string]string{
			"": "This list holds nobody", "name,email\n": "This list holds nobody", "PK\x03\x04....": "Save it as CSV", "%PDF-1.4 \x00": "This is no list of attendees", "a@example.org,Ada\n": "The first row must name the columns",
		} {
			w, body := d.upload(d.at("/attendees/import"), []byte(list))
			d.sound("import", body)
			if w.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
				t.Errorf("%.20q: %d %s", list, w.StatusCode, excerpt(body))
			}
		}
		here := d.bring("name,email\nAda,ada@example.org\n")
		viewer := d.colleague(organisers.Viewer)
		if w, _ := viewer.get(d.at("/attendees/import")); w.StatusCode != http.StatusForbidden {
			t.Errorf("a viewer imports: %d", w.StatusCode)
		}
		if w, _ := viewer.get(here); w.StatusCode != http.StatusForbidden {
			t.Errorf("a viewer reads a list: %d", w.StatusCode)
		}
	})
}

// Every doubt about a list has its words in each language, with the data that it comes with, and a German page says none in English.
func TestDoubtsAboutAListAreInTheReadersLanguage(t *testing.T) {
	set, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../ticketing/intake/*.go")
	if err != nil {
		t.Fatal(err)
	}
	warns := regexp.MustCompile(`(?s)(?:warn|leaveOut)\([^"]*?(?:"",? )*"([a-z_]+)", "|Warning\{Code: "([a-z_]+)"`)
	codes := map[string]bool{}
	for _, name := range append(files, "../ticketing/import_plan.go") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range warns.FindAllStringSubmatch(string(text), -1) {
			codes[m[1]+m[2]] = true
		}
	}
	if len(codes) != 24 {
		t.Errorf("%d codes are found: %v", len(codes), codes)
	}
	words := func(key string) {
		for _, lang := range []string{"en", "de"} {
			said := set.Message(lang, key, "First", "1st", "Count", 7, "Count2", 8)
			if strings.Contains(said, "⟦") || strings.Contains(said, "<no value>") {
				t.Errorf("%s in %s: %s", key, lang, said)
			}
		}
	}
	for code := range codes {
		words("console.intake.warning." + code)
	}
	for _, f := range intake.Fields {
		words("console.intake.field." + string(f))
	}
	for _, kind := range ticketing.DuplicateKinds {
		words("console.intake.duplicate." + string(kind))
		words("console.intake.skip." + string(kind))
	}
	list, err := os.ReadFile("../ticketing/intake/testdata/german.csv")
	if err != nil {
		t.Fatal(err)
	}
	onDesk(t, func(t *testing.T, d *desk) {
		d.lang = "de"
		d.onSale(10)
		d.see(d.bring(string(list)), "Diese Zeile hat 14 gefüllte Zellen unter 12 Überschriften", "Zeile 6", "Zeile 10, Bestelldatum", "Dort auf der Warteliste")
	})
}

// A thousand attendees with every sort of duplicate: each is named, and by default left out.
func TestAThousandAttendees(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(2000)
		d.buy(free, 1, "Known", "p7@example.org")
		var list bytes.Buffer
		list.WriteString("Order #,Attendee #,First Name,Last Name,Email,Ticket Type,Attendee Status\n")
		for i := range 1000 {
			fmt.Fprintf(&list, "%d,%d,First,Last %d,p%d@example.org,student,Attending\n", 11211000000+i/2, 18441000000+i, i, i)
		}
		list.WriteString("99,98,Twice,Over,P5@EXAMPLE.org,Student,Attending\n") // row 1002
		list.WriteString("99,18441000000,Same,Reference,new@example.org,Student,Attending\n")
		list.WriteString("99,97,Gone,Away,gone@example.org,Student,Refunded\n")
		here := d.bring(list.String())
		page := d.see(here, "Bring in 999 attendees", "<bdi>First Last 7</bdi>", "<bdi>Twice Over</bdi>", "Row 7", "<bdi>Same Reference</bdi>", "Has a ticket already", "The same e-mail address twice", "The same reference twice", "Refunded")
		form := d.decision(page)
		form.Add("bring", "1002")
		d.send(here, clone(form, "choose", "1"), here)
		form = d.decision(d.see(here, "Bring in 1,000 attendees"))
		d.send(here, clone(form, "confirm", "1"), here)
		d.drain()
		d.see(here, "501 orders were made.")
		all := d.attendees()
		seen := map[string]int{}
		for _, name := range all {
			seen[name]++
		}
		if len(all) != 1001 || seen["Twice Over"] != 1 || seen["Same Reference"] != 0 || seen["First Last 7"] != 0 || seen["First Last 8"] != 1 {
			t.Errorf("%d attendees", len(all))
		}
		again := d.see(d.bring(list.String()), "Imported before")
		if strings.Contains(again, `name="confirm"`) {
			t.Error("the same list again would make something")
		}
	})
}

// bringIn imports a list of attendees, looks how far it is, and takes it back.
func (h *house) bringIn(slug string, types [2]string) {
	h.t.Helper()
	at := "/events/" + slug + "/attendees/import"
	const list = "name,email,ticket,id\nAda,ada.l@example.org,Early,7\nAda again,ADA.L@example.org,Early,8\nBob,bob@example.org,Gone,9\n"
	h.api("POST", at+"?dry_run=perhaps", list, 422)
	h.api("POST", at+"?duplicates=some", list, 422)
	h.api("POST", at+"?ticket_type_id=typ_1", list, 422)
	h.api("POST", at, "%PDF", 422).is("list_no_table", "code")
	tried := h.api("POST", at+"?dry_run=true", list, 200)
	tried.is("other", "form")
	tried.is(nil, "id")
	tried.is(0, "orders")
	tried.is("email_twice", "duplicates", 0, "kind")
	tried.is("no_ticket_type", "skipped", 0, "reason")
	h.api("POST", at+"?dry_run=true&duplicates=bring&ticket_type_id="+types[1], list, 200).is(3, "attendees")
	h.api("POST", at+"?columns=0:shoe_size", list, 422).is("columns", "fields", 0, "name")
	h.api("POST", at+"?columns=name", list, 422)
	swapped := h.api("POST", at+"?dry_run=true&columns=0:first_name,2:,3:ticket_type&ticket_type_id="+types[1], list, 200)
	swapped.is("first_name", "columns", 0, "field")
	swapped.is("", "columns", 2, "field")
	swapped.is("7", "ticket_types", 0, "words")
	done := h.api("POST", at+"?ticket_type_id="+types[1], list, 200)
	done.is(2, "orders")
	one := at + "s/" + done.text1("id")
	h.api("GET", one, nil, 200).is("working", "status")
	h.api("POST", one+"/undo", nil, 409).is("import_not_done", "code")
	if _, err := h.runner.Drain(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.api("GET", one, nil, 200).is(2, "made")
	h.api("POST", at+"?ticket_type_id="+types[1], list, 200).is(nil, "id")
	h.api("POST", one+"/undo", nil, 200).is("undoing", "status")
	kept, err := h.DB.Read().NewSelect().Table("attendee_imports").Count(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.api("POST", at+"?ticket_type_id="+types[1], "name,email,ticket,id\nNew,new@example.org,Early,99\n", 409).is("import_running", "code")
	if now, err := h.DB.Read().NewSelect().Table("attendee_imports").Count(h.t.Context()); err != nil || now != kept {
		h.t.Errorf("%d lists are kept, before the refused one %d, %v", now, kept, err)
	}
	h.api("GET", at+"s/imp_made_up", nil, 404)
}

// Who is to be told of an import is told of its undoing too; who is known by name only is told of neither.
func TestAnImportThatIsMailed(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(100)
		here := d.bring("name,email,ticket\nAda,ada@example.org,Regular\nBob,,Regular\n")
		form := d.decision(d.see(here, "Send everybody their tickets"))
		form.Set("mail", "1")
		d.send(here, clone(form, "confirm", "1"), here)
		d.drain()
		if mails := d.mails("ada@example.org"); len(mails) != 1 || len(mails[0].Attachments) == 0 {
			t.Fatalf("%d mails with tickets", len(mails))
		}
		orders, err := d.Ticketing.Orders(t.Context(), d.community.ID, d.event.ID, ticketing.OrderFilter{Limit: 10})
		if err != nil || len(orders) != 2 || orders[0].Total != 0 || orders[0].Lines[0].UnitPrice != paid.Price || len(orders[0].Payments) != 0 {
			t.Errorf("what was paid elsewhere is not this event's: %+v %v", orders, err)
		}
		d.send(here+"/undo", url.Values{"confirmed": {"1"}}, here)
		d.drain()
		d.see(here, "2 orders were canceled.")
		if mails := d.mails("ada@example.org"); len(mails) != 2 {
			t.Errorf("%d mails after undoing", len(mails))
		}
	})
}
