package paper

import (
	"encoding/base32"
	"math/rand/v2"
	"strings"
	"testing"
)

// upperCode is what a ticket's code is made of, of a length.
func upperCode(random *rand.Rand, length int) string {
	raw := make([]byte, length)
	for i := range raw {
		raw[i] = byte(random.Uint32())
	}
	return base32.StdEncoding.EncodeToString(raw)[:length]
}

// Capacities at level M by ISO/IEC 18004: upper-case base32 must get the version that the alphanumeric mode needs, which is smaller
// than what bytes would need.
func TestCodesUseTheAlphanumericMode(t *testing.T) {
	alphanumeric := []int{20, 38, 61, 90, 122, 154, 178, 221, 262, 311}
	for version, most := range alphanumeric {
		for _, length := range []int{most, most - 1} {
			m, err := MakeQR(upperCode(rand.New(rand.NewPCG(1, uint64(length))), length))
			if err != nil {
				t.Fatal(err)
			}
			if got := (len(m) - 17) / 4; got != version+1 {
				t.Errorf("%d characters need version %d, got %d", length, version+1, got)
			}
		}
	}
	for _, text := range []string{"", strings.Repeat("A", 312)} {
		if _, err := MakeQR(text); err == nil {
			t.Errorf("a code of %d characters was taken", len(text))
		}
	}
}

// The rectangles of a QR cover exactly its dark modules, each once.
func TestQRIsCoveredByRectangles(t *testing.T) {
	m, err := MakeQR(upperCode(rand.New(rand.NewPCG(9, 9)), 146))
	if err != nil {
		t.Fatal(err)
	}
	painted := make([][]int, len(m))
	for y := range painted {
		painted[y] = make([]int, len(m))
	}
	for _, r := range m.rects() {
		for y := r.Y; y < r.Y+r.H; y++ {
			for x := r.X; x < r.X+r.W; x++ {
				painted[y][x]++
			}
		}
	}
	for y, row := range m {
		for x, dark := range row {
			if dark != (painted[y][x] == 1) || painted[y][x] > 1 {
				t.Fatalf("module %d,%d: dark %v, painted %d times", x, y, dark, painted[y][x])
			}
		}
	}
}
