package sheet

import (
	"math/rand/v2"
	"testing"
	"time"
)

// What was defused for CSV comes back as it was, whatever stands in it.
func TestUndefuse(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	signs := []rune("'=+-@\t\r\n＝;| \"\u00a0ax1é")
	for range 20_000 {
		text := make([]rune, random.IntN(12))
		for i := range text {
			text[i] = signs[random.IntN(len(signs))]
		}
		if got := Undefuse(defuseCSV(string(text))); got != string(text) {
			t.Fatalf("%q came back as %q, by %q", string(text), got, defuseCSV(string(text)))
		}
	}
	if got := Undefuse("it's 'so' '"); got != "it's 'so' '" {
		t.Errorf("an apostrophe is lost: %q", got)
	}
}
