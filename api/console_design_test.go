package api

import (
	"bytes"
	"html"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"turnout/events"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// logoPicture is a small picture with a see-through ground.
func logoPicture(t testing.TB) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 60, 20))
	for x := range 30 {
		img.Set(x, x%20, color.NRGBA{20, 30, 70, 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// An organiser chooses how tickets look, sees it before it is saved, and the tickets that are already sold look like it.
func TestTicketDesign(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(5)
		order := d.buy(free, 1, "Ada", "ada@example.org")
		pdf := func() string {
			t.Helper()
			w, body := d.ask(httptest.NewRequest("GET", baseURL+"/orders/"+order.Code+"/tickets.pdf?secret="+order.Secret, nil))
			if w.StatusCode != http.StatusOK {
				t.Fatalf("the tickets: %d %s", w.StatusCode, excerpt(body))
			}
			return body
		}
		at := "/console/events/summit/design"
		body := d.see(at, `value="classic" checked`, `name="show_order" value="1" checked`, at+"/sample.svg?", "Classic", "Band", "Plain")
		if strings.Contains(body, `name="show_price" value="1" checked`) {
			t.Error("prices are printed without having been asked for")
		}
		before := pdf()
		form := url.Values{"layout": {"band"}, "show_venue": {"1"}, "show_price": {"1"}, "note": {"Bring a photo ID. Ładnie!"}, "version": {"0"}, "size": {"phone"}}

		d.see(at+"?"+form.Encode(), `value="band" checked`, "Bring a photo ID.", `value="phone" selected`)
		shown := d.see(at + "?" + form.Encode())
		for attribute, kind := range map[string]string{"src": "image/svg+xml", "href": "application/pdf"} {
			sample := html.UnescapeString(regexp.MustCompile(attribute + `="(` + at + `/sample[^"]+)"`).FindStringSubmatch(shown)[1])
			w, body := d.ask(httptest.NewRequest("GET", baseURL+sample, nil))
			if w.StatusCode != http.StatusOK || w.Header.Get("Content-Type") != kind || len(body) < 5000 {
				t.Errorf("%s: %d %v %s", sample, w.StatusCode, w.Header, excerpt(body))
			}
		}
		for path, status := range map[string]int{"/sample.svg": 422, "/sample.svg?layout=band&size=a9": 422, "/sample.exe?" + form.Encode(): 404} {
			if w, body := d.ask(httptest.NewRequest("GET", baseURL+at+path, nil)); w.StatusCode != status {
				t.Errorf("%s: %d, want %d: %s", path, w.StatusCode, status, excerpt(body))
			}
		}
		if pdf() != before {
			t.Error("looking at a sample changed the tickets")
		}

		d.refuse(at, clone(form, "layout", "poster"), 422, "Bring a photo ID.", "Choose one of the layouts")
		d.refuse(at, clone(form, "note", strings.Repeat("ł", 1001)), 422, "1000", `aria-invalid`)
		d.send(at, form, at)
		d.see(at, "Saved.", `value="band" checked`, "Bring a photo ID.")
		after := pdf()
		if after == before {
			t.Error("the tickets look as before")
		}
		d.refuse(at, form, 412, "Bring a photo ID.") // somebody was faster

		if w, body := d.upload(at+"/logo", []byte("no picture")); w.StatusCode != 422 || !strings.Contains(body, "not a picture") {
			t.Errorf("a logo that is none: %d %s", w.StatusCode, excerpt(body))
		}
		if w, body := d.upload(at+"/logo", logoPicture(t)); w.StatusCode != 303 {
			t.Fatalf("a logo: %d %s", w.StatusCode, excerpt(body))
		}
		d.see(at, "The logo is on the tickets now.", `class="logo-preview" src="/pictures/`, `value="band" checked`)
		if pdf() == after {
			t.Error("the tickets have no logo")
		}
		d.send(at+"/logo/remove", nil, at)
		if pdf() != after {
			t.Error("without the logo the tickets are not as before it")
		}
	})
}

// A clone looks like what it was cloned from; another community's design is out of reach.
func TestTicketDesignBelongsToItsEvent(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		if _, err := d.Ticketing.SaveDesign(ctx, d.event, new(int64), ticketing.DesignInput{Layout: documents.Plain, Note: "Mind the step."}); err != nil {
			t.Fatal(err)
		}
		d.Events.Cloned = append(d.Events.Cloned, d.Ticketing.CopyDesign)
		clone, err := d.Events.Clone(ctx, d.community.ID, string(d.event.ID), events.Clone{Slug: "again", StartsAt: d.event.StartsAt.AddDate(1, 0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		for e, want := range map[*events.Event]documents.Layout{d.event: documents.Plain, clone: documents.Plain} {
			if got, err := d.Ticketing.Design(ctx, e); err != nil || got.Layout != want || got.Note != "Mind the step." || got.ShowVenue {
				t.Errorf("the design of %s is %+v, %v", e.Slug, got, err)
			}
		}
		stranger := *d.event
		stranger.CommunityID = "com_other"
		if got, err := d.Ticketing.Design(ctx, &stranger); err != nil || got.Layout != documents.Classic {
			t.Errorf("another community reads %+v, %v", got, err)
		}
	})
}
