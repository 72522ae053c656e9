package community_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"turnout/community"
)

// Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
func TestWilsonAsPrinted(t *testing.T) {
	for _, tt := range []struct {
		x, n   int64
		lo, hi string
	}{
		{81, 263, "0.2553", "0.3662"},
		{15, 148, "0.0624", "0.1605"},
		{0, 20, "0.0000", "0.1611"},
		{1, 29, "0.0061", "0.1718"},
	} {
		in := community.Proportion{X: tt.x, N: tt.n}.Wilson()
		if lo, hi := printed(in[0]), printed(in[1]); lo != tt.lo || hi != tt.hi {
			t.Errorf("%d/%d: %s to %s, printed %s to %s", tt.x, tt.n, lo, hi, tt.lo, tt.hi)
		}
	}
}

// Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10.
func TestNewcombeAsPrinted(t *testing.T) {
	for _, tt := range []struct {
		x1, n1, x2, n2 int64
		lo, hi         string
	}{
		{56, 70, 48, 80, "0.0524", "0.3339"},
		{9, 10, 3, 10, "0.1705", "0.8090"},
		{6, 7, 2, 7, "0.0582", "0.8062"},
		{5, 56, 0, 29, "-0.0381", "0.1926"},
		{0, 10, 0, 20, "-0.1611", "0.2775"},
		{0, 10, 0, 10, "-0.2775", "0.2775"},
		{10, 10, 0, 20, "0.6791", "1.0000"},
		{10, 10, 0, 10, "0.6075", "1.0000"},
	} {
		in := community.Proportion{X: tt.x1, N: tt.n1}.Newcombe(community.Proportion{X: tt.x2, N: tt.n2})
		if lo, hi := printed(in[0]), printed(in[1]); lo != tt.lo || hi != tt.hi {
			t.Errorf("%d/%d - %d/%d: %s to %s, printed %s to %s", tt.x1, tt.n1, tt.x2, tt.n2, lo, hi, tt.lo, tt.hi)
		}
	}
}

func printed(f float64) string { return fmt.Sprintf("%.4f", f) }

func TestNobodyGivesNoEstimate(t *testing.T) {
	nobody, some := community.Proportion{}, community.Proportion{X: 1, N: 2}
	if nobody.Rate() != nil || nobody.Wilson() != nil {
		t.Error("0 of 0 has a rate or an interval")
	}
	for _, pair := range [][2]community.Proportion{{nobody, some}, {some, nobody}, {nobody, nobody}} {
		if pair[0].Difference(pair[1]) != nil || pair[0].Newcombe(pair[1]) != nil {
			t.Errorf("%v - %v has a difference or an interval", pair[0], pair[1])
		}
	}
}

func TestWilsonRefusesWhatIsNoProportion(t *testing.T) {
	for _, p := range []community.Proportion{{X: 3, N: 2}, {X: -1, N: 2}, {X: 1, N: 0}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v was accepted", p)
				}
			}()
			p.Wilson()
		}()
	}
}

// The limits of a score interval are the two values π with (x/n − π)² = z²·π(1 − π)/n. This finds them by bisection in
// 200 bits and shares no formula with the code under test.
func TestIntervalsAgainstAnotherCalculation(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	draw := func() community.Proportion {
		n := 1 + rnd.Int64N(1<<rnd.Int64N(20))
		x := rnd.Int64N(n + 1)
		switch rnd.Int64N(5) {
		case 0:
			x = 0
		case 1:
			x = n
		}
		return community.Proportion{X: x, N: n}
	}
	for range 300 {
		p, q := draw(), draw()
		pr, pl, pu := inverted(p)
		qr, ql, qu := inverted(q)
		near(t, fmt.Sprintf("Wilson %v", p), *p.Wilson(), pl, pu)
		d := new(big.Float).Sub(pr, qr)
		near(t, fmt.Sprintf("Newcombe %v - %v", p, q), *p.Newcombe(q),
			new(big.Float).Sub(d, root(new(big.Float).Sub(pr, pl), new(big.Float).Sub(qu, qr))),
			new(big.Float).Add(d, root(new(big.Float).Sub(pu, pr), new(big.Float).Sub(qr, ql))))
	}
}

func near(t *testing.T, what string, in community.Interval, lo, hi *big.Float) {
	t.Helper()
	l, _ := lo.Float64()
	h, _ := hi.Float64()
	if math.Abs(in[0]-l) > 1e-9 || math.Abs(in[1]-h) > 1e-9 {
		t.Errorf("%s is %v, want %v to %v", what, in, l, h)
	}
}

func exact(f float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(f) }

// inverted gives x/n and both score limits.
func inverted(p community.Proportion) (rate, lo, hi *big.Float) {
	rate = new(big.Float).Quo(exact(float64(p.X)), exact(float64(p.N)))
	z, ok := new(big.Float).SetPrec(200).SetString("1.959963984540054")
	if !ok {
		panic("z")
	}
	// within reports whether π lies inside the interval.
	within := func(pi *big.Float) bool {
		gap := new(big.Float).Sub(rate, pi)
		gap.Mul(gap, gap).Mul(gap, exact(float64(p.N)))
		spread := new(big.Float).Sub(exact(1), pi)
		spread.Mul(spread, pi).Mul(spread, z).Mul(spread, z)
		return gap.Cmp(spread) <= 0
	}
	bisect := func(inside, outside *big.Float) *big.Float {
		if within(outside) {
			return outside
		}
		for range 150 {
			mid := new(big.Float).Add(inside, outside)
			mid.Quo(mid, exact(2))
			if within(mid) {
				inside = mid
			} else {
				outside = mid
			}
		}
		return inside
	}
	return rate, bisect(rate, exact(0)), bisect(rate, exact(1))
}

func root(a, b *big.Float) *big.Float {
	sum := new(big.Float).Mul(a, a)
	return sum.Sqrt(sum.Add(sum, new(big.Float).Mul(b, b)))
}
