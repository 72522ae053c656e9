package turnout

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Money is an amount in minor units (cents; yen have none) of an ISO 4217 currency.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// minorUnits groups the currencies of ISO 4217 list one (2024-06-25, and XCG of 2025) by their
// number of decimals. Codes that have no minor unit (XAU, XDR, XXX) are not money here.
var minorUnits = func() map[string]int {
	m := map[string]int{}
	for decimals, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD " +
			"CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP " +
			"GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL " +
			"MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN " +
			"QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD " +
			"TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
	} {
		for code := range strings.FieldsSeq(codes) {
			m[code] = decimals
		}
	}
	return m
}()

// MinorUnits gives the number of decimals of a currency ("EUR" 2, "JPY" 0, "KWD" 3), false for no currency.
func MinorUnits(currency string) (int, bool) {
	n, ok := minorUnits[currency]
	return n, ok
}

// Decimal writes the amount with the currency's decimals and a point: "49.00", "-0.05", "4900" for yen.
func (m Money) Decimal() string {
	n := minorUnits[m.Currency]
	sign, digits := "", strconv.FormatInt(m.Amount, 10)
	if m.Amount < 0 {
		sign, digits = "-", digits[1:]
	}
	if n == 0 {
		return sign + digits
	}
	for len(digits) <= n {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-n] + "." + digits[len(digits)-n:]
}

// As gives the amount that is written with the same number in another currency: 49.00 EUR is 49 JPY, not 4,900. It fails when the
// number has more decimals than that currency, or is too large for it.
func (m Money) As(currency string) (Money, error) {
	text := m.Decimal()
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return ParseDecimal(text, currency)
}

// String is Decimal and the code: "49.00 EUR". Pages format money for their language instead.
func (m Money) String() string { return m.Decimal() + " " + m.Currency }

// ParseDecimal reads "49", "49.00" or "49,00" as minor units of the currency. More decimals than the
// currency has are refused, never rounded.
func ParseDecimal(text, currency string) (Money, error) {
	n, ok := minorUnits[currency]
	if !ok {
		return Money{}, fmt.Errorf("turnout: %q is not a currency", currency)
	}
	whole, frac, _ := strings.Cut(strings.Replace(strings.TrimSpace(text), ",", ".", 1), ".")
	if len(frac) > n {
		return Money{}, fmt.Errorf("turnout: %s has %d decimals", currency, n)
	}
	amount, err := strconv.ParseInt(whole+frac+strings.Repeat("0", n-len(frac)), 10, 64)
	if err != nil || strings.ContainsAny(frac, "+-") || whole == "" {
		return Money{}, fmt.Errorf("turnout: %q is not an amount", text)
	}
	return Money{Amount: amount, Currency: currency}, nil
}

// MulDiv is amount × num ÷ den rounded half away from zero, without overflow on the way: the one place where money is
// rounded. den must not be 0.
func MulDiv(amount, num, den int64) int64 {
	n := new(big.Int).Mul(big.NewInt(amount), big.NewInt(num))
	d := big.NewInt(den)
	q, r := new(big.Int).QuoRem(n, d, new(big.Int))
	if r.Abs(r).Lsh(r, 1).CmpAbs(d) >= 0 {
		q.Add(q, big.NewInt(int64(n.Sign()*d.Sign())))
	}
	return q.Int64()
}
