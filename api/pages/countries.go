package pages

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"turnout/events"
	"turnout/templates"
)

// countryOptions are the countries of events by their names in the language and in its order, after an empty one. A chosen code
// that is none of them stays, so that saving another field neither drops nor changes it. It is a list because two letters of a
// typed name are another country's code: Germany is not GE, which is Georgia.
func countryOptions(lang, chosen string) []templates.Option {
	names, codes := regionNames(lang), events.Countries()
	if chosen != "" && !slices.Contains(codes, chosen) {
		codes = append(codes, chosen)
	}
	list := make([]templates.Option, len(codes))
	for i, code := range codes {
		list[i] = templates.Option{Value: code, Text: countryName(names, code)}
	}
	order := collate.New(language.Make(lang))
	slices.SortFunc(list, func(a, b templates.Option) int { return order.CompareString(a.Text, b.Text) })
	return append([]templates.Option{{}}, list...)
}

// regionNames are the names of countries in the language, English ones where it has none.
func regionNames(lang string) display.Namer {
	if names := display.Regions(language.Make(lang)); names != nil {
		return names
	}
	return display.Regions(language.English)
}

// countryName is the name of a country by its code, the code for an unknown one.
func countryName(names display.Namer, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return names.Name(region)
}
