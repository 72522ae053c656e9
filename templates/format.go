package templates

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"turnout"
)

const (
	nbsp  = "\u00a0" // keeps number and unit on one line
	minus = "\u2212"
)

// money writes an amount as the language does: "€49.00", "49,00 €", "¥4,900", "KWD 1.250".
func (l *localiser) money(m turnout.Money) string {
	digits, negative := strings.CutPrefix(m.Decimal(), "-")
	whole, fraction, hasFraction := strings.Cut(digits, ".")
	amount := l.group(whole)
	if hasFraction {
		amount += l.say("format.decimal") + fraction
	}
	form, symbol := "format.money", turnout.Symbol(m.Currency)
	if symbol == m.Currency {
		form = "format.money_code"
	}
	text := l.say(form, "Amount", amount, "Symbol", symbol)
	if negative {
		text = minus + text
	}
	return text
}

// price is money, with the word for "free" where there is nothing to pay.
func (l *localiser) price(m turnout.Money) string {
	if m.Amount == 0 {
		return l.say("money.free")
	}
	return l.money(m)
}

// number writes a whole number with the language's groups: "1,105", "1.105".
func (l *localiser) number(n any) string {
	v := toInt(n)
	if v < 0 {
		return minus + l.group(strconv.FormatInt(v, 10)[1:])
	}
	return l.group(strconv.FormatInt(v, 10))
}

// percent writes a share (0.153) with at most one decimal: "15.3%", "15,3 %".
func (l *localiser) percent(share float64) string {
	text, sign := l.points(share), ""
	if rest, negative := strings.CutPrefix(text, minus); negative {
		sign, text = minus, rest
	}
	return sign + l.say("format.percent", "Number", text)
}

// points writes a share in percentage points: percent without its sign. What rounds to nothing is 0, never "−0".
func (l *localiser) points(share float64) string {
	digits, negative := strings.CutPrefix(strconv.FormatFloat(share*100, 'f', 1, 64), "-")
	digits = strings.TrimSuffix(digits, ".0")
	text := strings.Replace(digits, ".", l.say("format.decimal"), 1)
	if negative && digits != "0" {
		return minus + text
	}
	return text
}

// group puts the language's separator between thousands.
func (l *localiser) group(digits string) string { return turnout.Group(digits, l.say("format.group")) }

func toInt(n any) int64 {
	switch v := n.(type) {
	case int:
		return int64(v)
	case int64:
		return v
	case int32:
		return int64(v)
	case *int64:
		return *v
	}
	return 0
}

// unbroken keeps a number ("Conf 8: …") and a short last word ("Part II") with the word before it, so that a heading breaks
// elsewhere.
func unbroken(text string) string {
	words := strings.Split(text, " ")
	out := words[0]
	for i, word := range words[1:] {
		short := utf8.RuneCountInString(word) <= 3
		if short && (i == len(words)-2 || word != "" && word[0] >= '0' && word[0] <= '9') {
			out += nbsp + word
		} else {
			out += " " + word
		}
	}
	return out
}
