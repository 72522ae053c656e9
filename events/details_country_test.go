package events_test

import (
	"slices"
	"testing"

	"turnout/events"
)

// The list offers what the check takes; of ISO 3166-1's 249 codes and Kosovo's XK, which the tables of names know too, none is missing.
func TestCountriesAreThoseThatTheCheckTakes(t *testing.T) {
	codes := events.Countries()
	if len(codes) < 249 || len(codes) > 250 || !slices.Contains(codes, "DE") || slices.Contains(codes, "AN") || slices.Contains(codes, "UK") {
		t.Errorf("%d countries: %v", len(codes), codes)
	}
	for _, code := range codes {
		d := events.Details{Venue: events.Venue{Country: code}}
		for _, p := range d.Problems() {
			if p.Name == "venue.country" {
				t.Errorf("%s: %s", code, p.Message)
			}
		}
	}
}
