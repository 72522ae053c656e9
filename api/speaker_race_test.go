package api

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout"
	"turnout/events/speakers"
	"turnout/internal/mail"
)

// A link that was mailed to an address works no more once the address is another one, whichever comes first; and two who say the same times at once are told apart.
func TestWhatIsSaidOfASpeakerAtTheSameMoment(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		for round := range 20 {
			to := func(which string) string { return fmt.Sprintf("%s%d@example.org", which, round) }
			sp, err := d.Speakers.Add(t.Context(), d.community.ID, "summit", speakers.Input{Name: "Zoë", Email: to("old")})
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := d.Speakers.Update(t.Context(), d.community.ID, sp.ID, 0, speakers.Input{Name: "Zoë", Email: to("new")}); err != nil {
					t.Errorf("the new address: %v", err)
				}
			})
			wg.Go(func() {
				if err := d.Speakers.SendLink(t.Context(), d.community.ID, sp.ID, false); err != nil && !errors.Is(err, turnout.ErrStale) {
					t.Errorf("the link: %v", err)
				}
			})
			wg.Wait()
			links, err := speakers.LinkStates(t.Context(), d.DB.Read(), d.community.ID, d.event.ID, sp.ID)
			if err != nil {
				t.Fatal(err)
			}
			if links[sp.ID].Working > d.queuedTo(to("new")) {
				t.Fatalf("round %d: a link works that went to the old address", round)
			}

			begin := d.event.StartsAt
			said := make([]error, 4)
			for i := range said {
				wg.Go(func() {
					_, said[i] = d.Speakers.SetTimes(t.Context(), d.community.ID, sp.ID, 2, []speakers.Window{{StartsAt: begin, EndsAt: begin.Add(time.Hour)}})
				})
			}
			wg.Wait()
			done := 0
			for _, err := range said {
				switch {
				case err == nil:
					done++
				case !errors.Is(err, turnout.ErrStale):
					t.Errorf("round %d: %v", round, err)
				}
			}
			if done != 1 {
				t.Errorf("round %d: %d of four were taken", round, done)
			}
		}
	})
}

// queuedTo counts the mails to an address.
func (d *desk) queuedTo(address string) (n int) {
	d.t.Helper()
	all, err := mail.List(d.t.Context(), d.DB.Read(), d.community.ID, false, "", 200)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, m := range all {
		if strings.EqualFold(m.To, address) {
			n++
		}
	}
	return n
}
