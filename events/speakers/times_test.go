package speakers

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestWindowsThatTouchAreOne(t *testing.T) {
	noon := time.Date(2026, 6, 4, 12, 0, 0, 0, time.UTC)
	window := func(from, to int) Window {
		return Window{noon.Add(time.Duration(from) * time.Minute), noon.Add(time.Duration(to) * time.Minute)}
	}
	got := Tidy([]Window{window(60, 90), window(0, 30), window(30, 45), window(10, 20), window(91, 100)})
	want := []Window{window(0, 45), window(60, 90), window(91, 100)}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
	for _, test := range []struct {
		from, to int
		free     bool
	}{{0, 45, true}, {20, 40, true}, {-1, 10, false}, {40, 46, false}, {44, 61, false}, {0, 100, false}, {90, 91, false}, {91, 100, true}} {
		slot := window(test.from, test.to)
		if Free(got, slot.StartsAt, slot.EndsAt) != test.free {
			t.Errorf("%d to %d: free is not %v", test.from, test.to, test.free)
		}
	}
	if !Free(nil, noon, noon.Add(time.Hour)) {
		t.Error("who says nothing is not always free")
	}
}

// Minute by minute: a slot is free when each of its minutes lies in some window.
func TestFreeIsWhatEachMinuteSays(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	begin := time.Date(2026, 6, 4, 8, 0, 0, 0, time.UTC)
	for range 500 {
		var windows []Window
		in := make([]bool, 120)
		for range 1 + random.IntN(6) {
			from := random.IntN(100)
			to := from + 1 + random.IntN(20)
			windows = append(windows, Window{begin.Add(time.Duration(from) * time.Minute), begin.Add(time.Duration(to) * time.Minute)})
			for i := from; i < to; i++ {
				in[i] = true
			}
		}
		from := random.IntN(110)
		to := from + 1 + random.IntN(9)
		want := true
		for i := from; i < to; i++ {
			want = want && in[i]
		}
		if got := Free(Tidy(windows), begin.Add(time.Duration(from)*time.Minute), begin.Add(time.Duration(to)*time.Minute)); got != want {
			t.Fatalf("%v: %d to %d is %v", windows, from, to, got)
		}
	}
}
