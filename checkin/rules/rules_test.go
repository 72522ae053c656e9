package rules

import (
	"math/rand/v2"
	"testing"
	"time"
)

func at(text string, zone *time.Location) Minute {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		panic(err)
	}
	return t.Unix() / 60
}

// The local clock by offsets is that of the zone, over both jumps of a year.
func TestLocalClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	l := List{Offsets: OffsetsOf(berlin, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC))}
	if len(l.Offsets) != 3 || l.Offsets[1] != (Offset{at("2026-03-29 01:00", time.UTC), 120}) {
		t.Fatalf("the offsets of a year: %v", l.Offsets)
	}
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	t.Log("seed", seed)
	begin := at("2026-01-01 00:00", time.UTC)
	for range 200_000 {
		m := begin + rng.Int64N(366*minutesOfDay)
		w := time.Unix(m*60, 0).In(berlin)
		if got := floorMod(l.local(m), minutesOfDay); got != int64(w.Hour()*60+w.Minute()) {
			t.Fatalf("%s: %d", w, got)
		}
		day := List{Offsets: l.Offsets, Entry: Multiple, Rules: []Rule{{{Kind: Weekdays, Any: []string{string(rune('0' + (int(w.Weekday())+6)%7 + 1))}}}}}
		if v := day.Enter(&Pass{At: m}); v.Reason != "" {
			t.Fatalf("%s is not its own weekday", w)
		}
		if end := l.dayEnd(m); end <= m || l.day(end) != l.day(m)+1 || l.day(end-1) != l.day(m) {
			t.Fatalf("the day of %s ends at %s", w, time.Unix(end*60, 0).In(berlin))
		}
	}
}

// What is said to help helps, and nothing sooner does.
func TestAgainIsTheFirstMomentThatHelps(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	t.Log("seed", seed)
	said := 0
	for range 3000 {
		l := List{Entry: Entries[rng.IntN(4)], Offsets: []Offset{{0, 60}}, DayFrom: rng.Int64N(300)}
		for range 1 + rng.IntN(2) {
			var r Rule
			for range 1 + rng.IntN(3) {
				r = append(r, Condition{Kind: []Kind{Weekdays, Clock, Between, TodayMax, AfterEntry, AfterExit, Gates}[rng.IntN(7)], Any: []string{string(rune('1' + rng.IntN(7)))},
					From: rng.Int64N(1440), Until: rng.Int64N(1440), Number: rng.Int64N(200)})
				if c := &r[len(r)-1]; c.Kind == Between {
					c.From += rng.Int64N(5000)
					c.Until = c.From + rng.Int64N(3000)
				}
			}
			l.Rules = append(l.Rules, r)
		}
		p := Pass{At: 3000 + rng.Int64N(2000), Gate: "1"}
		if rng.IntN(2) == 0 {
			p.Entries, p.Exits = []Minute{p.At - rng.Int64N(300) - 10}, []Minute{p.At - rng.Int64N(10)}
		}
		v := l.Enter(&p)
		if v.Reason != ByRules {
			continue
		}
		first := Minute(0)
		for m := p.At + 1; m <= p.At+8*minutesOfDay; m++ {
			q := p
			q.At = m
			if l.passes(&q) {
				first = m
				break
			}
		}
		if v.Again != first {
			t.Fatalf("%+v %+v: said %d, true is %d", l, p, v.Again, first)
		}
		if first != 0 {
			said++
		}
	}
	if said < 100 {
		t.Errorf("only %d cases have a moment", said)
	}
}

// Whoever is inside is taken as gone at the list's time, on both sides of a clock change, and never before.
func TestEverybodyIsGoneAtOneTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	four, half := int64(4*60), int64(2*60+30) // at half past two a clock jumps over it in spring and shows it twice in autumn
	offsets := []Offset{{0, 60}, {at("2026-03-29 01:00", time.UTC), 120}, {at("2026-10-25 01:00", time.UTC), 60}}
	for _, c := range []struct {
		exit       *int64
		in, now    string
		inside     bool
		goneBefore string
	}{
		{nil, "2026-05-01 10:00", "2026-07-01 10:00", true, ""},
		{&four, "2026-05-01 22:00", "2026-05-02 03:59", true, "2026-05-01 04:00"},
		{&four, "2026-05-01 22:00", "2026-05-02 04:00", false, "2026-05-02 04:00"},
		{&four, "2026-05-02 04:00", "2026-05-02 04:01", true, "2026-05-02 04:00"},
		{&four, "2026-03-28 22:00", "2026-03-29 03:59", true, "2026-03-28 04:00"},
		{&four, "2026-03-28 22:00", "2026-03-29 04:00", false, "2026-03-29 04:00"},
		{&half, "2026-03-28 22:00", "2026-03-29 01:59", true, "2026-03-28 02:30"},
		{&half, "2026-03-28 22:00", "2026-03-29 03:00", false, "2026-03-29 03:00"},
		{&half, "2026-10-24 22:00", "2026-10-25 04:00", false, "2026-10-25 02:30"},
	} {
		l := List{Entry: Again, Offsets: offsets, ExitAt: c.exit}
		p := Pass{At: at(c.now, berlin), Entries: []Minute{at(c.in, berlin)}, Inside: true}
		v := l.Enter(&p)
		if got := l.Inside(&p); got != c.inside || (v.Reason == AlreadyIn) != c.inside {
			t.Errorf("in at %s, at %s: inside %v, %q", c.in, c.now, got, v.Reason)
		}
		if c.exit == nil {
			continue
		}
		if c.goneBefore != "2026-10-25 02:30" && l.LastExit(p.At) != at(c.goneBefore, berlin) {
			t.Errorf("at %s everybody was gone at %s", c.now, time.Unix(l.LastExit(p.At)*60, 0).In(berlin))
		}
		if v.Again != 0 {
			p.At = v.Again
			if l.Inside(&p) {
				t.Errorf("in at %s: not gone when it was said", c.in)
			}
			p.At--
			if !l.Inside(&p) {
				t.Errorf("in at %s: gone before it was said", c.in)
			}
		}
	}
}
