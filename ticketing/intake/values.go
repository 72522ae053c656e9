package intake

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"turnout"
)

var (
	roundedPattern = regexp.MustCompile(`^\d([.,]\d+)?[eE]\+?\d+$`)
	slashPattern   = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b`)
)

// The years that a time of a list can lie in.
const (
	firstYear = 1990
	lastYear  = 2100
)

// orderDates finds the columns whose dates have the day first: one of their dates can have no other order. Where a table of
// unknown origin leaves it open, that is said once.
func (r *reading) orderDates(table []record) {
	r.dayFirst = map[int]bool{}
	for i, column := range r.list.Columns {
		if column.Field != OrderedAt && column.Field != CheckIn {
			continue
		}
		slashes, monthFirst := 0, false
		for _, rec := range table {
			if i >= len(rec.cells) {
				continue
			}
			if m := slashPattern.FindStringSubmatch(rec.cells[i]); m != nil {
				slashes++
				r.dayFirst[i] = r.dayFirst[i] || over12(m[1])
				monthFirst = monthFirst || over12(m[2])
			}
		}
		r.dayFirst[i] = r.dayFirst[i] && !monthFirst
		if slashes > 0 && !r.dayFirst[i] && !monthFirst && r.list.Form == Other {
			r.warn(0, column.Heading, "date_order", "The dates of “%s” are taken to have the month first.", short(column.Heading))
		}
	}
}

func over12(two string) bool { return len(two) == 2 && two > "12" }

// time reads the field's instant, in UTC; zero with a warning where it cannot.
func (c *cells) time(field Field) time.Time {
	text := c.by[field]
	if text == "" {
		return time.Time{}
	}
	dayFirst := false
	for i, column := range c.r.list.Columns {
		if column.Field == field {
			dayFirst = c.r.dayFirst[i]
		}
	}
	at, ok := parseTime(text, c.r.zone, dayFirst)
	if !ok {
		c.warn(field, "time", "“%s” is no date that can be read. It was left out.", short(text))
	}
	return at
}

// layouts of instants with an offset, and of wall-clock times in the zone of the list.
var (
	instants = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02 15:04 -0700"}
	days     = []string{"2006-01-02", "2006/1/2", "2.1.2006", "2.1.06", "January 2, 2006", "Jan 2, 2006", "2 January 2006", "2 Jan 2006", "Mon, January 2, 2006", "Mon, Jan 2, 2006"}
	clocks   = []string{"", " 15:04", " 15:04:05", "T15:04:05", "T15:04", " 15:04:05.999999", " 3:04 PM", " 3:04:05 PM", " 3:04PM", ", 15:04", ", 15:04:05", ", 3:04 PM", ", 3:04:05 PM", " AT 3:04 PM"}
	monthDay = []string{"1/2/2006", "1/2/06"}
	dayMonth = []string{"2/1/2006", "2/1/06"}
)

func parseTime(text string, zone *time.Location, dayFirst bool) (time.Time, bool) {
	text = strings.ToUpper(strings.Join(strings.FieldsFunc(text, unicode.IsSpace), " "))
	if len(text) > 50 {
		return time.Time{}, false
	}
	dates := days
	if slashPattern.MatchString(text) {
		if dates = monthDay; dayFirst {
			dates = dayMonth
		}
	}
	try := func(layout string, in *time.Location) (time.Time, bool) {
		at, err := time.ParseInLocation(layout, text, in)
		return at.UTC().Truncate(time.Microsecond), err == nil && at.Year() >= firstYear && at.Year() <= lastYear
	}
	for _, layout := range instants {
		if strings.HasSuffix(layout, "MST") && !strings.HasSuffix(text, " UTC") && !strings.HasSuffix(text, " GMT") {
			continue // other abbreviations mean several zones each
		}
		if at, ok := try(layout, time.UTC); ok {
			return at, true
		}
	}
	for _, date := range dates {
		for _, clock := range clocks {
			if at, ok := try(date+clock, zone); ok {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// money reads what was paid, in the currency of the row, of the text itself, or of the event.
func (c *cells) money() turnout.Money {
	text := c.by[Paid]
	if text == "" {
		return turnout.Money{}
	}
	currency := strings.ToUpper(c.by[Currency])
	if _, known := turnout.MinorUnits(currency); !known {
		if currency != "" {
			c.warn(Currency, "no_currency", "“%s” is no currency. The amount was left out.", short(c.by[Currency]))
			return turnout.Money{}
		}
		if currency = currencyIn(text); currency == "" {
			currency = c.r.options.Currency
		}
		if strings.Contains(text, "$") && !dollars[currency] {
			c.warn(Paid, "currency", "“%s” names no currency: a dollar is many countries'. The amount was left out.", short(text))
			return turnout.Money{}
		}
	}
	paid, err := parseAmount(text, currency)
	if err != nil {
		c.warn(Paid, "amount", "“%s” is no amount that can be read. It was left out.", short(text))
		return turnout.Money{}
	}
	return paid
}

// signs of currencies that mean one only; "$" and "kr" are many countries'.
var currencySigns = map[string]string{"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₴": "UAH", "₪": "ILS", "₫": "VND", "₱": "PHP",
	"zł": "PLN", "Kč": "CZK", "R$": "BRL", "A$": "AUD", "C$": "CAD", "CA$": "CAD", "US$": "USD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD"}

// dollars are the currencies that a lone $ can mean, where the event has one of them.
var dollars = map[string]bool{"USD": true, "CAD": true, "AUD": true, "NZD": true, "SGD": true, "HKD": true, "TWD": true, "BRL": true, "MXN": true, "ARS": true,
	"CLP": true, "COP": true, "UYU": true, "JMD": true, "TTD": true, "BBD": true, "BSD": true, "BZD": true, "FJD": true, "NAD": true}

// currencyIn is the currency that a text names by its code or by a sign that means no other.
func currencyIn(text string) string {
	word := strings.TrimFunc(text, func(c rune) bool {
		return unicode.IsDigit(c) || unicode.IsSpace(c) || strings.ContainsRune(".,'’()+-", c)
	})
	if _, known := turnout.MinorUnits(strings.ToUpper(word)); known {
		return strings.ToUpper(word)
	}
	return currencySigns[word]
}

var errAmount = errors.New("intake: not an amount")

// parseAmount reads "149.00", "€25.00", "1.234,50 €", "(15.00)" for a negative one, and "Free". A sign that stands once before
// three digits parts thousands, unless the currency has three decimals.
func parseAmount(text, currency string) (turnout.Money, error) {
	decimals, known := turnout.MinorUnits(currency)
	if !known {
		return turnout.Money{}, fmt.Errorf("%w: in no currency", errAmount)
	}
	switch fold(text) {
	case "free", "kostenlos", "gratis", "gratuit":
		return turnout.Money{Currency: currency}, nil
	}
	var number strings.Builder
	for _, c := range text {
		if c >= '0' && c <= '9' || c == '.' || c == ',' {
			number.WriteRune(c)
		}
	}
	plain := strings.Trim(number.String(), ".,") // "25.-", "25,-" and the dot of "Fr."
	at := strings.LastIndexAny(plain, ".,")
	if at >= 0 {
		sign := plain[at : at+1]
		whole, fraction := plain[:at], plain[at+1:]
		grouping := strings.Contains(whole, sign) || len(fraction) == 3 && decimals != 3 && !strings.ContainsAny(whole, ".,")
		if grouping {
			whole, fraction = whole+fraction, ""
		}
		whole = strings.NewReplacer(".", "", ",", "").Replace(whole)
		if len(fraction) > decimals {
			fraction = strings.TrimRight(fraction, "0")
		}
		plain = whole
		if fraction != "" {
			plain += "." + fraction
		}
	}
	before, _, _ := strings.Cut(text, plain[:min(1, len(plain))])
	if strings.ContainsAny(before, "-(") {
		plain = "-" + plain
	}
	return turnout.ParseDecimal(plain, currency)
}
