package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// A parameter that the document does not name is refused by every call that it describes; pages take what they are given.
func TestUnknownParametersAreRefused(t *testing.T) {
	w := newWalk(t, dbtest.Open(t, database.SQLite))
	tried := 0
	for _, route := range w.table {
		path, isAPI := strings.CutPrefix(route.Path, "/api/v1")
		if item := w.document.Paths.Value(path); !isAPI || item == nil {
			continue
		}
		tried++
		w.api(route.Method, strings.TrimPrefix(w.path(route), "/api/v1")+"?limitt=1", nil, 422).is("limitt", "fields", 0, "name")
	}
	if tried < 90 {
		t.Errorf("only %d calls were tried", tried)
	}
	if res, body := call(t, w, "GET", "/e/walked?limitt=1", ""); res.StatusCode != http.StatusOK {
		t.Errorf("a page: %d %.200s", res.StatusCode, body)
	}
}

// The document names every filter that a list reads, and the window of each list.
func TestListsSayHowTheyAreNarrowed(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	filters := map[string][]string{"/events/{event}/orders": ticketing.OrderFilters, "/events/{event}/orders.csv": ticketing.OrderFilters, "/events/{event}/attendees": ticketing.AttendeeFilters,
		"/events/{event}/attendees.xlsx": ticketing.AttendeeFilters, "/events/{event}/vouchers": ticketing.VoucherFilters, "/events/{event}/waitlist": ticketing.WaitlistFilters}
	for path, item := range h.document.Paths.Map() {
		if item.Get == nil {
			continue
		}
		wants := filters[path]
		if content := item.Get.Responses.Value("200").Value.Content["application/json"]; content != nil && plainSchema(content.Schema).Properties["items"] != nil {
			wants = append(slices.Clone(wants), "limit", "cursor")
		}
		for _, name := range wants {
			if item.Get.Parameters.GetByInAndName("query", name) == nil {
				t.Errorf("GET %s does not say that it takes %s", path, name)
			}
		}
	}
}

// The waitlist has an order of its own, so it is begun behind an entry that it has: an empty page would be its end.
func TestAnUnknownCursorOfTheWaitlist(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	h.api("POST", "/events", eventBody("walked"), 201)
	h.api("GET", "/events/walked/waitlist?cursor=wle_06h0a3t2nxr036nhwrzw37cefc", nil, 422)
}
