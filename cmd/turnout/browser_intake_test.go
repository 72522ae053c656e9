package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// TestBrowserBringsInAttendees imports a thousand attendees as an organiser does: the list is chosen, its tickets are matched with a
// ticket type, duplicates are read and one of them ticked, and the page that shows the work ends with a link to the attendees.
func TestBrowserBringsInAttendees(t *testing.T) {
	if os.Getenv("TURNOUT_TEST_BROWSER") == "" {
		t.Skip("TURNOUT_TEST_BROWSER names no browser")
	}
	s := start(t, dbtest.Address(t, database.SQLite), true, "TURNOUT_RATE_LIMIT=off")
	b := openBrowser(t, s.url, 1440, 1000)
	b.signIn("/console/events/lighthouse-conf-8/tickets", "organiser@example.org", "organiser of the demo")
	b.follow(`a[href*="/tickets/pools/"]`)
	b.fill("#f-capacity", "5000")
	b.follow("main form button.btn-primary")

	var list strings.Builder
	list.WriteString("Order #,Order Date,First Name,Last Name,Email,Quantity,Ticket Type,Attendee #,Attendee Status\n")
	for i := range 1000 {
		fmt.Fprintf(&list, "%d,11/29/24 22:28,First,Last %d,p%d@example.org,1,General Admission,%d,Attending\n", 11211000000+i, i, i, 18441000000+i)
	}
	list.WriteString("99,11/30/24 0:05,Ngozi,Twice,P17@Example.org,1,General Admission,97,Attending\n")
	list.WriteString("98,11/30/24 0:06,Same,Reference,other@example.org,1,General Admission,18441000003,Attending\n")
	list.WriteString("96,11/30/24 0:07,Sam,Ortiz,sam@example.org,1,General Admission,95,Refunded\n")
	file := filepath.Join(t.TempDir(), "attendees.csv")
	if err := os.WriteFile(file, []byte("\ufeff"+list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	b.open("/console/events/lighthouse-conf-8/attendees")
	b.follow(`a[href$="/attendees/import"]`)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#f-file"), []string{file}))
	b.follow("main form button.btn-primary")
	b.says("main", "General Admission", "1,000 places", "not matched with a ticket type yet", "Ngozi Twice", "p17@example.org", "Row 19", "Same Reference", "Row 5", "Refunded")
	chosen := js[string](b, `(() => { const s = document.querySelector('select[name="type_0"]'); s.value = [...s.options].find(o => o.text === "Regular").value; return s.selectedOptions[0].text })()`)
	if chosen != "Regular" {
		t.Fatalf("chosen is %q", chosen)
	}
	b.do(chromedp.Click(chromedp.CSS(`input[name="bring"][value="1002"]`)))
	b.follow(`button[name="choose"]`)
	b.says(`button[name="confirm"]`, "Bring in 1,001 attendees")
	begun := time.Now()
	b.follow(`button[name="confirm"]`)
	b.do(chromedp.WaitVisible(chromedp.CSS(`#progress a[href$="/attendees"]`)))
	t.Logf("brought in within %s", time.Since(begun).Round(time.Millisecond))
	b.says("#progress", "1,001 of 1,001 orders", "1,001 orders were made.", "Undo this import")
	b.read()
	b.follow(`#progress a[href$="/attendees"]`)
	b.open("/console/events/lighthouse-conf-8/attendees?search=ngozi+twi")
	b.says("#list", "Ngozi Twice", "Regular")
}
