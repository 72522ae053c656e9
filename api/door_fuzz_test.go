package api

import (
	"net/http"
	"testing"

	"turnout/checkin"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Whatever a door tells of its scans, the answer is yes or a reason why not, and every counter still counts its rows.
func FuzzBatch(f *testing.F) {
	f.Add(`{"items":[{"code":"AEAQ","nonce":"1","scanned_at":"2026-05-01T09:00:00Z","result":"accepted"}]}`)
	f.Add(`{"items":[{"number":1,"lookup":"00","nonce":"2","scanned_at":"2026-05-01T09:00:00Z","skew_ms":-9223372036854775808,"result":"refused","reason":"canceled"}]}`)
	f.Add(`{"items":[{"ticket_id":"tkt_x","direction":"exit","nonce":"3","scanned_at":"9999-12-31T23:59:59Z"},{"nonce":"3"},null]}`)
	f.Add(`{"items":[]}`)
	f.Add(`[`)
	d := newDoorway(f, dbtest.Open(f, database.SQLite))
	scans := "/api/v1/check-in-lists/" + d.api("POST", "/events/fest/check-in-lists", m{"name": "Door"}, 201).text1("id") + "/scans/batch"
	f.Fuzz(func(t *testing.T, body string) {
		w, said := call(t, d.house, "POST", scans, body, "Authorization", "Bearer "+d.token, "Content-Type", "application/json")
		switch w.StatusCode {
		case http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusConflict, http.StatusRequestEntityTooLarge:
		default:
			t.Fatalf("%d %s", w.StatusCode, said)
		}
		if broken, err := checkin.Check(t.Context(), d.DB.Read()); err != nil || len(broken) > 0 {
			t.Fatalf("%v, %v", broken, err)
		}
	})
}
