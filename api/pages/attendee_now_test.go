package pages

import (
	"strings"
	"testing"
	"time"

	"turnout/events"
	"turnout/events/agenda/exchange"
)

// What runs is told for as long as it runs, also when its night is longer than its day; what comes next only of the day itself.
func TestNowAndNextThroughANight(t *testing.T) {
	at := func(clock string) time.Time {
		t.Helper()
		parsed, err := time.Parse("2006-01-02 15:04", clock)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	e := &events.Event{Slug: "night", Timezone: "UTC", StartsAt: at("2027-05-01 09:00"), EndsAt: at("2027-05-02 18:00")}
	session := func(title, from string, hours int) exchange.Session {
		return exchange.Session{Key: title, Title: title, Start: at(from), Length: time.Duration(hours) * time.Hour}
	}
	s := &exchange.Schedule{Zone: "UTC", DayChange: 4 * time.Hour, Sessions: []exchange.Session{session("Opening", "2027-05-01 09:00", 1), session("Dance", "2027-05-01 23:00", 7),
		session("Breakfast", "2027-05-02 09:00", 1), session("Long night", "2027-05-02 22:00", 8)}}
	for _, want := range []struct{ at, now, next string }{
		{"2027-05-01 06:59", "", ""}, {"2027-05-01 07:00", "", "Opening"}, {"2027-05-01 09:30", "Opening", "Dance"}, {"2027-05-02 03:59", "Dance", ""}, {"2027-05-02 04:30", "Dance", ""},
		{"2027-05-02 06:00", "", ""}, {"2027-05-02 07:30", "", "Breakfast"}, {"2027-05-03 05:59", "Long night", ""}, {"2027-05-03 06:00", "", ""}, {"2027-05-03 12:00", "", ""},
	} {
		var now, next []string
		for _, room := range newNowAndNext(e, s, at(want.at)).Rooms {
			for _, running := range room.Now {
				now = append(now, running.Title)
			}
			if room.Next != nil {
				next = append(next, room.Next.Title)
			}
		}
		if a, b := strings.Join(now, ","), strings.Join(next, ","); a != want.now || b != want.next {
			t.Errorf("%s: now %q, next %q; want %q and %q", want.at, a, b, want.now, want.next)
		}
	}
}
