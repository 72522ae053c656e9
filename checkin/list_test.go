package checkin_test

import (
	"errors"
	"testing"

	"turnout"
	"turnout/checkin"
	"turnout/internal/dbtest"
)

// Sixteen taps at two servers at the same moment make one list: with two, each ticket would pass twice.
func TestTheFirstListIsMadeOnce(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newDoor(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			got := make([]turnout.ID, 16)
			dbtest.Together(len(got), func(i int) {
				list, err := []*door{first, second}[i%2].FirstList(t.Context(), first.event.CommunityID, first.event.ID, checkin.ListInput{Name: "Main door"})
				if err != nil {
					t.Error(err)
					return
				}
				got[i] = list.ID
			})
			lists, err := first.Lists(t.Context(), first.event.CommunityID, first.event.ID)
			if err != nil || len(lists) != 1 {
				t.Fatalf("%d lists, %v", len(lists), err)
			}
			for i, id := range got {
				if id != lists[0].ID {
					t.Errorf("tap %d was sent to %q, the list is %s", i, id, lists[0].ID)
				}
			}
			if _, err := first.FirstList(t.Context(), "com_other", first.event.ID, checkin.ListInput{Name: "Main door"}); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("another community's event: %v", err)
			}
		})
	}
}
