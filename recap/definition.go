package recap

import (
	"slices"

	"turnout/community"
)

// Keys names the figures that the report's audience sees, as in the JSON and in the order of print.
func (r *Report) Keys() []string {
	keys := []string{"registered", "paid", "came", "came_in_person", "came_virtual"}
	for _, part := range []struct {
		there bool
		keys  []string
	}{
		{r.Orders != nil, []string{"orders"}},
		{r.Canceled != nil, []string{"canceled"}},
		{r.People != nil, []string{"people"}},
		{r.NoShows != nil, []string{"no_shows"}},
		{r.Activated != nil, []string{"activated"}},
		{r.Activation != nil, []string{"activation"}},
		{r.Funnel != nil, []string{"funnel"}},
		{true, []string{"arrivals"}},
		{r.ByType != nil, []string{"by_ticket_type"}},
		{r.Refusals != nil, []string{"refusals"}},
		{true, []string{"sponsors"}},
		{r.Money != nil, moneyKeys},
	} {
		if part.there {
			keys = append(keys, part.keys...)
		}
	}
	return keys
}

var moneyKeys = []string{"ticket_gross", "provider_fees", "refunded", "ticket_income", "sponsor_promised", "sponsor_received", "other_income",
	"costs_planned", "costs_actual", "result", "break_even_tickets", "cost_per_attendee"}

// Name is what people call the figure of the key ("came") in the language: "Came".
func (r *Report) Name(lang, key string) string { return r.words.Message(lang, "recap.figure."+key) }

// Definition says in the language what the figure of the key counts: for English the definition that the JSON has. It is
// empty for a figure that the report's audience does not see.
func (r *Report) Definition(lang, key string) string {
	if !slices.Contains(r.Keys(), key) {
		return ""
	}
	return r.define(lang, key)
}

// define words a definition by what the report knows of the event and of the activation.
func (r *Report) define(lang, key string) string {
	say := func(name string, args ...any) string { return r.words.Message(lang, "recap.definition."+name, args...) }
	switch {
	case key == "no_shows" && r.AsOf.Before(r.Event.EndsAt):
		return say(key) + " " + say("no_shows_yet")
	case key == "activated":
		a := r.Activation.Value
		text := say(key, "Count", a.MinCount, "Within", community.Within(r.words, lang, a.WindowDays))
		if !a.Complete {
			text += " " + say("activated_yet")
		}
		return text
	}
	return say(key)
}
