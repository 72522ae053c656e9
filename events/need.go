package events

import (
	"time"

	"turnout"
)

// Need is one thing that people will look for on a public event. A need that is open forbids nothing.
type Need struct {
	Code    string     // "venue", "empty_pool": stable
	Open    bool       // it is missing
	Subject turnout.ID // whose need it is where that is not the event
	Name    string     // what the subject is called
}

// Needs lists what the event itself should say before everybody sees it. "date" is there only when the date has passed.
func (e *Event) Needs(now time.Time) []Need {
	var list []Need
	if !e.EndsAt.After(now) {
		list = append(list, Need{Code: "date", Open: true})
	}
	if e.Format.OnSite() {
		list = append(list, Need{Code: "venue", Open: e.VenueName == "" && e.VenueAddress == ""})
	}
	if e.Format.Online() {
		list = append(list, Need{Code: "online", Open: e.OnlineURL == ""})
	}
	return append(list, Need{Code: "description", Open: e.Description == ""})
}
