package templates

import "time"

// When writes a span of time for people in the language: "Thu 4 June 2026, 18:30–21:00 CEST". For papers; pages use the
// template function of the same meaning.
func (s *Set) When(lang string, from, to time.Time, zone string) string {
	return s.catalogue.localiser(s.language(lang)).whenLong(from, to, zone)
}

// Moment writes one instant for people in the language.
func (s *Set) Moment(lang string, at time.Time, zone string) string {
	return s.catalogue.localiser(s.language(lang)).moment(at, zone)
}

// Day writes the day of an instant for people in the language: "Thu 4 June".
func (s *Set) Day(lang string, at time.Time, zone string) string {
	return s.catalogue.localiser(s.language(lang)).weekday(at, zone)
}
