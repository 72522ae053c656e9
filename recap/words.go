package recap

import (
	"time"

	"turnout"
)

// say gives a text of the catalogue in the sheet's language.
func (s *sheet) say(key string, args ...any) string { return s.words.Message(s.lang, key, args...) }

func (s *sheet) number(n int64) string { return s.words.Number(s.lang, n) }

func (s *sheet) amount(m turnout.Money) string { return s.words.Money(s.lang, m) }

// percent writes a dash where there is no rate.
func (s *sheet) percent(share *float64) string {
	if share == nil {
		return "–"
	}
	return s.words.Percent(s.lang, *share)
}

// moment and clock are in the event's zone.
func (s *sheet) moment(at time.Time) string {
	return s.words.Moment(s.lang, at, s.report.Event.Timezone)
}

func (s *sheet) clock(at time.Time) string {
	return s.words.Clock(s.lang, at, s.report.Event.Timezone)
}

// name is what people call a figure of the report.
func (s *sheet) name(key string) string { return s.report.Name(s.lang, key) }
