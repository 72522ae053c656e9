package stripe

import (
	"math"
	"slices"
	"strings"

	"turnout"
	"turnout/ticketing/payments"
)

// Stripe counts some currencies otherwise than ISO 4217 (docs.stripe.com/currencies, "Zero-decimal currencies", "Three-decimal
// currencies" and "Special cases"). Every currency that is not named here has two decimals there, whatever ISO says: the
// Icelandic króna and the Ugandan shilling have none in life and are sent times 100, which makes them divisible by 100 as
// Stripe asks; the Malagasy ariary has two in ISO and none there.
var (
	zeroDecimal  = strings.Fields("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF")
	threeDecimal = strings.Fields("BHD JOD KWD OMR TND")
)

func exponent(currency string) int {
	switch {
	case slices.Contains(zeroDecimal, currency):
		return 0
	case slices.Contains(threeDecimal, currency):
		return 3
	}
	return 2
}

// toStripe counts money as Stripe does. ErrAmount for what it cannot take: finer than it counts the currency (of three
// decimals the last must be 0), or no currency.
func toStripe(m turnout.Money) (int64, error) {
	iso, ok := turnout.MinorUnits(m.Currency)
	if !ok {
		return 0, payments.ErrAmount.With("%q is not a currency.", m.Currency)
	}
	exp, amount := exponent(m.Currency), m.Amount
	for ; iso < exp; iso++ {
		if amount > math.MaxInt64/10 || amount < math.MinInt64/10 {
			return 0, payments.ErrAmount
		}
		amount *= 10
	}
	for ; iso > exp; iso-- {
		if amount%10 != 0 {
			return 0, payments.ErrAmount.With("%s is finer than online payment counts.", m)
		}
		amount /= 10
	}
	if exp == 3 && amount%10 != 0 {
		return 0, payments.ErrAmount.With("The last digit of %s must be 0 to be paid online.", m)
	}
	return amount, nil
}

// Most is the largest amount of a currency that can be paid, counted as Turnout does: Stripe takes eight digits of its own units
// (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts), and more only of a few currencies.
func (p *Provider) Most(currency string) int64 {
	iso, _ := turnout.MinorUnits(currency)
	exp, most := exponent(currency), int64(99_999_999)
	if exp == 3 {
		most -= most % 10 // as toStripe wants it
	}
	for ; iso < exp; iso++ {
		most /= 10
	}
	for ; iso > exp; iso-- {
		most *= 10
	}
	return most
}

// Money is an amount as Stripe counts it, counted as Turnout does; false for what is not money here.
func Money(amount int64, currency string) (turnout.Money, bool) {
	currency = strings.ToUpper(currency)
	iso, ok := turnout.MinorUnits(currency)
	if !ok {
		return turnout.Money{}, false
	}
	exp := exponent(currency)
	for ; exp < iso; exp++ {
		if amount > math.MaxInt64/10 || amount < math.MinInt64/10 {
			return turnout.Money{}, false
		}
		amount *= 10
	}
	for ; exp > iso; exp-- {
		if amount%10 != 0 {
			return turnout.Money{}, false
		}
		amount /= 10
	}
	return turnout.Money{Amount: amount, Currency: currency}, true
}
