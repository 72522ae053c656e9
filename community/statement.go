package community

import (
	"fmt"
	"strconv"
	"strings"
)

// statement says in a few sentences what was seen, what is not known yet, and that it proves nothing.
func (a *Activation) statement(eventOver bool) string {
	attended, absent := a.Population(Attended), a.Population(NoShow)
	var said []string
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	switch {
	case !eventOver:
		say("The event is not over, so nobody's activation can be known yet; the window ends at %s.", a.until())
	case !a.Complete:
		say("The window is open until %s: what %s of the event will have done by then is not yet known, so there are no rates yet. So far %d of the people who came have met the rule.",
			a.until(), persons(attended.Open+absent.Open+a.Population(Waitlisted).Open), attended.Activated+attended.Reactivated)
	default:
		say("%s.", outcome("people who came", attended, a.WindowDays))
		say("%s.", outcome("people who held a ticket and did not come", absent, a.WindowDays))
		if a.Difference.Value != nil {
			in := a.Difference.Interval
			say("The difference is %s percentage points (95 %% interval %s to %s)%s.", points(*a.Difference.Value), points(in[0]), points(in[1]), clarity(*in))
		}
	}
	if unknown := attended.Unknown + absent.Unknown + a.Population(Waitlisted).Unknown; unknown > 0 {
		say("%s without any identity cannot be followed and are left out.", capital(persons(unknown)))
	}
	say("This is an observed association, not proof that the event caused it: people who come may differ from people who stay away.")
	return strings.Join(said, " ")
}

func (a *Activation) until() string { return a.CompleteAt.Format("2 January 2006, 15:04 UTC") }

// outcome is a sentence about one population, without its full stop.
func outcome(who string, p Population, days int64) string {
	o := p.Outcome()
	if o.N == 0 {
		return fmt.Sprintf("Of the %s nobody was inactive before and can be followed, so there is no rate", who)
	}
	return fmt.Sprintf("Of %d %s and were not active before, %d (%s %%, 95 %% interval %s %% to %s %%) became active within %d days",
		o.N, who, o.X, points(*p.Rate), points(p.Interval[0]), points(p.Interval[1]), days)
}

// clarity says whether the interval leaves room for no difference at all.
func clarity(in Interval) string {
	if in[0] <= 0 && in[1] >= 0 {
		return ", which includes no difference at all"
	}
	return ""
}

// points writes a share as percent with one decimal: 17.9, −2.1.
func points(share float64) string {
	text := strconv.FormatFloat(share*100, 'f', 1, 64)
	if text == "-0.0" {
		return "0.0"
	}
	return strings.Replace(text, "-", "−", 1)
}

func persons(n int64) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
