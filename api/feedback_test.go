package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/ticketing/signups"
)

// A speaker sees the mean of their session's stars once three have given some, and never who or what they wrote.
func TestSpeakersSeeWhatThreeSaid(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(10)
		zoe, _, talk := d.speaking()
		begun := time.Now().UTC().Truncate(time.Minute).Add(-time.Hour)
		d.api("PUT", "/sessions/"+talk+"/slot", m{"starts_at": begun, "ends_at": begun.Add(30 * time.Minute)}, 200)
		d.release("1.0")
		if err := d.Speakers.SendLink(t.Context(), d.community.ID, turnout.ID(zoe), false); err != nil {
			t.Fatal(err)
		}
		v := d.stranger()
		page := v.speakLink("zoe@example.org")
		for i, stars := range []int64{5, 2, 4} {
			ticket := d.buy(free, 1, fmt.Sprint("Guest", i), fmt.Sprintf("guest%d@example.org", i)).Tickets[0]
			if err := d.SignUps.Rate(t.Context(), ticket, turnout.ID(talk), signups.FeedbackInput{Stars: stars, Words: "Loud and clear"}); err != nil {
				t.Fatal(err)
			}
			body := v.see(page, "Engines")
			if told := strings.Contains(body, "of 5 stars"); told != (i == 2) || strings.Contains(body, "Loud and clear") || strings.Contains(body, "Guest") {
				t.Errorf("after %d: told %t", i+1, told)
			}
		}
		v.see(page, "3.7 of 5 stars, from 3 answers")
	})
}
