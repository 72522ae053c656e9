package community

import (
	"fmt"
	"math"
)

// z is the 0.975 quantile of the standard normal distribution: every interval here is a 95 % interval.
const z = 1.959963984540054

// Interval is a 95 % confidence interval [lo, hi]; a nil *Interval means that there is nothing to estimate from.
type Interval [2]float64

// Proportion is x of n people.
type Proportion struct {
	X, N int64
}

// Rate is x/n, nil when n is 0.
func (p Proportion) Rate() *float64 {
	if p.N == 0 {
		return nil
	}
	r := p.value()
	return &r
}

func (p Proportion) value() float64 { return float64(p.X) / float64(p.N) }

// Wilson is the score interval of E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
// Journal of the American Statistical Association 22 (1927) 209-212, without continuity correction: method 3 of
// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998) 857-872.
// It is nil when n is 0 and panics when x is not within 0…n.
func (p Proportion) Wilson() *Interval {
	if p.X < 0 || p.X > p.N {
		panic(fmt.Sprintf("community: %d of %d is no proportion", p.X, p.N))
	}
	if p.N == 0 {
		return nil
	}
	n, r := float64(p.N), p.value()
	centre := 2*n*r + z*z
	reach := z * math.Sqrt(z*z+4*n*r*(1-r))
	in := Interval{(centre - reach) / (2 * (n + z*z)), (centre + reach) / (2 * (n + z*z))}
	if p.X == 0 {
		in[0] = 0 // exactly, where rounding would leave a trace
	}
	if p.X == p.N {
		in[1] = 1
	}
	return &in
}

// Difference is p − q, nil when either has n = 0.
func (p Proportion) Difference(q Proportion) *float64 {
	if p.N == 0 || q.N == 0 {
		return nil
	}
	d := p.value() - q.value()
	return &d
}

// Newcombe is the interval for p − q of independent groups made from their two Wilson intervals, without continuity
// correction: method 10 of R. G. Newcombe, "Interval estimation for the difference between independent proportions:
// comparison of eleven methods", Statistics in Medicine 17 (1998) 873-890. It is nil when either has n = 0.
func (p Proportion) Newcombe(q Proportion) *Interval {
	a, b := p.Wilson(), q.Wilson()
	if a == nil || b == nil {
		return nil
	}
	d := p.value() - q.value()
	return &Interval{
		d - math.Hypot(p.value()-a[0], b[1]-q.value()),
		d + math.Hypot(a[1]-p.value(), q.value()-b[0]),
	}
}
