package templates

import (
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"turnout"
)

// English is the language that is always complete, and the one of the JSON API.
const English = fallback

// When writes a span of time for people in the language: "Thu 4 June 2026, 18:30–21:00 CEST". For papers; pages use the
// template function of the same meaning.
func (s *Set) When(lang string, from, to time.Time, zone string) string {
	return s.catalogue.localiser(s.language(lang)).whenLong(from, to, zone)
}

// Moment writes one instant for people in the language.
func (s *Set) Moment(lang string, at time.Time, zone string) string {
	return s.catalogue.localiser(s.language(lang)).moment(at, zone)
}

// Day writes a day such as 2026-06-04 for people in the language, "" for none.
func (s *Set) Day(lang, day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return s.catalogue.localiser(s.language(lang)).date(at, "UTC")
}

// DayOf writes the day of a session of an event that lasts from begin to end: "Thu 4 June", with the year where the day is none
// of the event's, or the event's days are of two years.
func (s *Set) DayOf(lang string, at, begin, end time.Time, zone string) string {
	return s.catalogue.localiser(s.language(lang)).dayOf(at, begin, end, zone)
}

// Dates writes the days from one instant to another in the language: "4–6 June 2026".
func (s *Set) Dates(lang string, from, to time.Time, zone string) string {
	return s.catalogue.localiser(s.language(lang)).dates(from, to, zone)
}

// DayShort writes a day for a narrow place: "4 Jun", "4. Juni".
func (s *Set) DayShort(lang string, at time.Time, zone string) string {
	l := s.catalogue.localiser(s.language(lang))
	return l.say("format.day", "Day", dayOfMonth(at, zone), "Month", l.monthShort(at, zone))
}

// Clock writes the time of day: "18:30".
func (s *Set) Clock(lang string, at time.Time, zone string) string {
	return s.catalogue.localiser(s.language(lang)).clock(at, zone)
}

// Number writes a whole number in the language: "1,105", "1.105".
func (s *Set) Number(lang string, n int64) string {
	return s.catalogue.localiser(s.language(lang)).number(n)
}

// Money writes an amount in the language: "€49.00", "49,00 €".
func (s *Set) Money(lang string, m turnout.Money) string {
	return s.catalogue.localiser(s.language(lang)).money(m)
}

// Percent writes a share (0.153) in the language: "15.3%", "15,3 %".
func (s *Set) Percent(lang string, share float64) string {
	return s.catalogue.localiser(s.language(lang)).percent(share)
}

// Points writes a difference of shares (−0.021) in percentage points, without a unit: "−2.1", "−2,1".
func (s *Set) Points(lang string, difference float64) string {
	return s.catalogue.localiser(s.language(lang)).points(difference)
}

// Countries gives the names of countries by their codes in the language, English ones where it has none; an unknown code is its own.
func Countries(lang string) func(code string) string {
	names := display.Regions(language.Make(lang))
	if names == nil {
		names = display.Regions(language.English)
	}
	return func(code string) string {
		region, err := language.ParseRegion(code)
		if err != nil {
			return code
		}
		return names.Name(region)
	}
}
