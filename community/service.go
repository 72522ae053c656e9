// Package community follows up: what people do in the community (activities), the rule that makes an active member, and
// whether the people of an event became active after it (activation).
//
// Readings that the design leaves open:
//   - The rule counts activities, not their weights. Types and sources are compared in lower case. Check-ins and surveys
//     (types check_in and survey) are recorded, but never counted: coming to the event would make everybody active.
//   - "Met before the look-back" means at least min_count counted activities at any time before it.
//   - A waitlist entry counts as never served while it waits, was offered places without taking them, or expired; who
//     withdrew the wish no longer has it.
//   - While an event's window is open, people who have met the rule are already counted as activated and the others as
//     open, but there is no rate yet: of the outcomes known so early all are successes, so that it would always be 100 %.
package community

import (
	"time"

	"turnout/internal/database"
	"turnout/templates"
)

// Service is the community's use cases. All fields are needed.
type Service struct {
	DB    *database.DB
	Now   func() time.Time
	Words *templates.Set // what the activation's statement is made of
}

// now is the time in the precision that the database keeps.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
