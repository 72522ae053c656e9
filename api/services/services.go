// Package services lists what handlers call: the domain's services, wired once in cmd/turnout. Each kind of handler (API
// v1, pages, hooks) embeds it and says h.Ticketing.PlaceOrder.
package services

import (
	"time"

	"turnout/checkin"
	"turnout/checkin/badges"
	"turnout/checkin/leads"
	"turnout/checkin/online"
	"turnout/community"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/budget"
	"turnout/events/organisers"
	"turnout/events/speakers"
	"turnout/events/sponsors"
	"turnout/internal/database"
	"turnout/recap"
	"turnout/ticketing"
	"turnout/ticketing/signups"
)

// Services is what a running Turnout consists of, as seen from outside.
type Services struct {
	DB  *database.DB
	Now func() time.Time // UTC, microseconds
	// BaseURL is where people reach this installation, without a slash at its end: "https://turnout.example.org".
	BaseURL string

	Organisers *organisers.Service
	Events     *events.Service
	Speakers   *speakers.Service
	Agenda     *agenda.Service
	Sponsors   *sponsors.Service
	Budget     *budget.Service
	Ticketing  *ticketing.Service
	SignUps    *signups.Service
	Online     *online.Service
	CheckIn    *checkin.Service
	Badges     *badges.Service
	Leads      *leads.Service
	Community  *community.Service
	Recap      *recap.Service
}
