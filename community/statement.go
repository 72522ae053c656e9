package community

import (
	"strings"

	"turnout/templates"
)

// Say says in a few sentences of the language what was seen, what is not known yet, and that it proves nothing. It is the
// statement of the JSON API in any language of the catalogue.
func (a *Activation) Say(lang string) string {
	attended, absent, waited := a.Population(Attended), a.Population(NoShow), a.Population(Waitlisted)
	var said []string
	say := func(key string, args ...any) { said = append(said, a.words.Message(lang, key, args...)) }
	until := a.words.Moment(lang, a.CompleteAt, a.zone)
	switch {
	case !a.eventOver:
		say("activation.before_end", "Until", until)
	case !a.Complete:
		say("activation.open", "Until", until, "Count", attended.Open+absent.Open+waited.Open)
		say("activation.so_far", "Count", attended.Activated+attended.Reactivated)
	default:
		said = append(said, a.outcome(lang, attended), a.outcome(lang, absent))
		if in := a.Difference.Interval; in != nil {
			key := "activation.difference"
			if in[0] <= 0 && in[1] >= 0 { // it leaves room for no difference at all
				key = "activation.difference_unclear"
			}
			say(key, "Points", a.words.Points(lang, *a.Difference.Value), "Low", a.words.Points(lang, in[0]), "High", a.words.Points(lang, in[1]))
		}
	}
	if unknown := attended.Unknown + absent.Unknown + waited.Unknown; unknown > 0 {
		say("activation.unknown", "Count", unknown)
	}
	say("activation.association")
	return strings.Join(said, " ")
}

// outcome is a sentence about one population.
func (a *Activation) outcome(lang string, p Population) string {
	o := p.Outcome()
	if o.N == 0 {
		return a.words.Message(lang, "activation.nobody."+p.Name)
	}
	return a.words.Message(lang, "activation.outcome", "Count", o.X, "Who", a.words.Message(lang, "activation.who."+p.Name, "Count", o.N),
		"Rate", a.words.Percent(lang, *p.Rate), "Low", a.words.Percent(lang, p.Interval[0]), "High", a.words.Percent(lang, p.Interval[1]),
		"Within", Within(a.words, lang, a.WindowDays))
}

// Within is the length of a window in words: "within 30 days".
func Within(words *templates.Set, lang string, days int64) string {
	return words.Message(lang, "activation.within", "Count", days)
}

// PopulationName names a population for people: "Came", "Held a ticket, stayed away".
func PopulationName(words *templates.Set, lang, population string) string {
	return words.Message(lang, "activation.population."+population)
}
