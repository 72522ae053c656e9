package turnout

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxAmount bounds one amount so that sums of many stay far from overflow: ten billion units of a two-decimal currency, in minor units.
const MaxAmount = 1_000_000_000_000

// Price notes an amount that is negative, or higher than most minor units.
func (p *Problems) Price(name string, m Money, most int64) {
	switch {
	case m.Amount < 0:
		p.Add(name, "negative", "An amount here cannot be negative.")
	case m.Amount > most:
		p.Add(name, "too_high", "This is too large: %s at most.", Money{most, m.Currency})
	}
}

// Typed reads an amount as people type it, in any language: "49", "49.00", "49,00", "1.250,00", "1,250.00", "1 250", "€49.00". point is the
// decimal sign of their own. What can be read in two ways is noted with both of them, never guessed: in euros "1.250" and "1,250" are,
// in dinars only that of them which is not the language's. What is beyond any amount is given as more than MaxAmount, for whoever says
// how much there may be.
func (p *Problems) Typed(name, text, currency, point string) Money {
	none, decimals := Money{Currency: currency}, minorUnits[currency]
	digits, negative := strings.CutPrefix(strings.NewReplacer("\u2212", "-", "\u00a0", " ", "\u202f", " ", "\u2009", " ", "’", " ", "'", " ").Replace(strings.TrimSpace(text)), "-")
	for _, sign := range []string{currency, Symbol(currency)} {
		digits = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(digits, sign), sign))
	}
	whole, fraction := digits, ""
	if at := strings.LastIndexAny(digits, ".,"); at >= 0 {
		sign := digits[at : at+1]
		whole, fraction = digits[:at], digits[at+1:]
		isGroup := len(fraction) == 3 && len(whole) >= 1 && len(whole) <= 3 && isDigits(whole) && whole[0] != '0' && isDigits(fraction)
		switch {
		case strings.Contains(whole, sign), isGroup && decimals == 0:
			whole, fraction = digits, ""
		case isGroup && decimals == 2 && fraction[2] != '0':
			grouped, _ := ParseDecimal(whole+fraction, currency)
			p.Add(name, "amount_decimals", "“%s” has more decimals than %s. If you mean %s, write it so.", text, currency, grouped)
			return none
		case isGroup && (decimals == 2 || sign != point):
			grouped, _ := ParseDecimal(whole+fraction, currency)
			small, _ := ParseDecimal(whole+"."+fraction[:min(3, decimals)], currency)
			p.Add(name, "amount_unclear", "“%s” can mean %s or %s. Write it as one of these.", text, grouped, small)
			return none
		}
	}
	whole, ok := ungrouped(whole)
	if !ok || len(fraction) > decimals || fraction != "" && !isDigits(fraction) {
		p.Add(name, "amount", "Write an amount such as %s.", Money{4900, currency})
		return none
	}
	m, err := ParseDecimal(whole+"."+fraction, currency)
	if m.Amount > MaxAmount || err != nil { // there are only digits
		m = Money{MaxAmount + 1, currency}
	}
	if negative {
		m.Amount = -m.Amount
	}
	return m
}

// ungrouped takes out what stands between thousands, if it is the same sign each time and none is missing.
func ungrouped(digits string) (string, bool) {
	at := strings.IndexAny(digits, "., ")
	if at < 0 {
		return digits, isDigits(digits)
	}
	groups := strings.Split(digits, digits[at:at+1])
	for i, group := range groups {
		if !isDigits(group) || i > 0 && len(group) != 3 || i == 0 && len(group) > 3 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// sentence writes a message with the figures in it as people write them in English: "10,000,000".
func sentence(format string, args []any) string {
	figures := make([]any, len(args))
	for i, arg := range args {
		switch n := arg.(type) {
		case int:
			arg = figure(n)
		case int64:
			arg = figure(n)
		}
		figures[i] = arg
	}
	return fmt.Sprintf(format, figures...)
}

// figure is a whole number that is written with its thousands apart, whatever the verb.
type figure int64

// Format writes the figure.
func (n figure) Format(f fmt.State, _ rune) {
	digits, negative := strings.CutPrefix(strconv.FormatInt(int64(n), 10), "-")
	if digits = Group(digits, ","); negative {
		digits = "-" + digits
	}
	_, _ = f.Write([]byte(digits))
}
