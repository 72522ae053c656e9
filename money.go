package turnout

import (
	"cmp"
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

// String writes the amount as English pages do: "€1,250.00", "¥4,900", "KWD 1.250", "−€5.00". It is the form of every message in
// English, those of the API too; other languages have their own.
func (m Money) String() string {
	digits, negative := strings.CutPrefix(m.Decimal(), "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	text := Symbol(m.Currency)
	if text == m.Currency {
		text += "\u00a0" // keeps both on one line
	}
	if text += Group(whole, ","); fraction != "" {
		text += "." + fraction
	}
	if negative {
		text = "\u2212" + text
	}
	return text
}

// symbols are the currency signs that read alike in every language.
var symbols = map[string]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪", "UAH": "₴", "VND": "₫"}

// Symbol is the sign of a currency, or its code where there is none that everybody knows.
func Symbol(currency string) string { return cmp.Or(symbols[currency], currency) }

// Group puts the separator between the thousands of a whole number's digits: "1,250".
func Group(digits, separator string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return digits
}

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
