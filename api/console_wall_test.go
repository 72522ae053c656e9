package api

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The schedule is printed as it is public: by organisers for each door, and by readers as they see it.
func TestPrintingTheScheduleForWalls(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		if page := d.see(d.at("/agenda/wall")); !strings.Contains(page, "There is no public schedule yet") || strings.Contains(page, "<select") {
			t.Error("before the first release the page offers to print")
		}
		d.onSale(20)
		day := d.event.StartsAt.UTC().Truncate(24 * time.Hour).Add(10 * time.Hour)
		d.place("Indexes", "Aula", day)
		d.place("Backups", "Cellar", day.AddDate(0, 0, 1))
		d.release("1.0")
		d.place("Only in the draft", "Aula", day.Add(2*time.Hour))

		form := d.see(d.at("/agenda/wall"))
		for _, want := range []string{"Aula", "Cellar", "version 1.0", `value="a3"`, "Deutsch", `action="` + d.at("/agenda/wall.pdf") + `"`} {
			if !strings.Contains(form, want) {
				t.Errorf("the form does not say %q", want)
			}
		}
		pdf := func(address string, want int) string {
			t.Helper()
			status, header, body := d.fetch(address)
			if status != want || want == http.StatusOK && (header("Content-Type") != "application/pdf" || !strings.HasPrefix(body, "%PDF-")) {
				t.Fatalf("%s: %d %s %.80q", address, status, header("Content-Type"), body)
			}
			return body
		}
		all := pdf(d.at("/agenda/wall.pdf?sides=true"), http.StatusOK)
		one := pdf(d.at("/agenda/wall.pdf?size=a3&lang=de&day="+day.Format(time.DateOnly)), http.StatusOK)
		pages := regexp.MustCompile(`/Type /Page\b`)
		if a, b := len(pages.FindAllString(all, -1)), len(pages.FindAllString(one, -1)); a != 2 || b != 1 {
			t.Errorf("%d and %d pages", a, b)
		}
		if got := pdf(d.at("/agenda/wall.pdf?day=2001-01-01"), http.StatusUnprocessableEntity); !strings.Contains(got, "Choose a day of the schedule") {
			t.Errorf("a day that is none: %.300s", got)
		}
		pdf(d.at("/agenda/wall.pdf?room_id="+url.QueryEscape("<b>")), http.StatusUnprocessableEntity)

		page := d.stranger().see("/e/summit/schedule")
		if !strings.Contains(page, `href="/e/summit/schedule.pdf?day=all"`) {
			t.Error("the public schedule does not lead to its PDF")
		}
		for address, want := range map[string]int{"": 2, "?day=all": 2, "?day=all&room=Aula": 1, "?day=" + day.Format(time.DateOnly): 1} {
			first := pdf("/e/summit/schedule.pdf"+address, http.StatusOK)
			if n := len(pages.FindAllString(first, -1)); n != want {
				t.Errorf("schedule.pdf%s has %d pages, want %d", address, n, want)
			}
			d.touch("summit")
			if pdf("/e/summit/schedule.pdf"+address, http.StatusOK) != first {
				t.Errorf("schedule.pdf%s is another one", address)
			}
		}
		before := pdf("/e/summit/schedule.pdf", http.StatusOK)
		d.release("1.1")
		if pdf("/e/summit/schedule.pdf", http.StatusOK) == before {
			t.Error("a new release prints the old one")
		}
		pdf("/e/summit/schedule.pdf?day=tomorrow", http.StatusUnprocessableEntity)
		pdf("/e/nowhere/schedule.pdf", http.StatusNotFound)
	})
}
