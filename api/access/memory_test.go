package access

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"turnout"
	"turnout/events"
)

func TestEventMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m eventMemory
		asked := 0
		ask := func(name string, answer error) (*events.Event, error) {
			return m.event(t.Context(), name, func(context.Context) (*events.Event, error) {
				asked++
				return &events.Event{Slug: name}, answer
			})
		}
		for range 3 {
			if e, err := ask("one", nil); err != nil || e.Slug != "one" {
				t.Fatal(e, err)
			}
		}
		if asked != 1 {
			t.Errorf("asked %d times within a second, want once", asked)
		}
		time.Sleep(rememberFor)
		if _, err := ask("one", nil); err != nil || asked != 2 {
			t.Errorf("after a second: %d, %v", asked, err)
		}
		for range 2 { // what is not there is asked for each time: it may be published at any moment
			if _, err := ask("two", turnout.ErrNotFound); !errors.Is(err, turnout.ErrNotFound) {
				t.Error(err)
			}
		}
		if asked != 4 {
			t.Errorf("asked %d times, want 4", asked)
		}
	})
}
