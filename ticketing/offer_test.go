package ticketing

import "testing"

// What is few says the same to somebody before a small hall and before a large one.
func TestFewAreFew(t *testing.T) {
	for capacity, want := range map[int64]int64{1: 3, 8: 3, 12: 3, 16: 4, 20: 5, 40: 10, 100: 10, 500: 50} {
		if got := few(capacity); got != want {
			t.Errorf("of %d places %d are few, want %d", capacity, got, want)
		}
	}
}
