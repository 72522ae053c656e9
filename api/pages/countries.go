package pages

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"turnout/events"
	"turnout/templates"
)

// countryOptions are the countries of events by their names in the language and in its order, after an empty one. A chosen code
// that is none of them stays, so that saving another field neither drops nor changes it. It is a list because two letters of a
// typed name are another country's code: Germany is not GE, which is Georgia.
func countryOptions(lang, chosen string) []templates.Option {
	name, codes := templates.Countries(lang), events.Countries()
	if chosen != "" && !slices.Contains(codes, chosen) {
		codes = append(codes, chosen)
	}
	list := make([]templates.Option, len(codes))
	for i, code := range codes {
		list[i] = templates.Option{Value: code, Text: name(code)}
	}
	order := collate.New(language.Make(lang))
	slices.SortFunc(list, func(a, b templates.Option) int { return order.CompareString(a.Text, b.Text) })
	return append([]templates.Option{{}}, list...)
}
