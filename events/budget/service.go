// Package budget keeps what an event was planned to cost and bring, what is committed, and what it really did.
//
// Income from tickets and sponsors is computed from their payments and handed in as [Figures], never typed: a line for it
// (an income line of the category "tickets", or one with a sponsor) holds the plan only and takes no entries.
package budget

import (
	"time"

	"turnout/internal/database"
)

// Service is the use cases around the budget.
type Service struct {
	DB  *database.DB
	Now func() time.Time
}

// now is the time in the precision that the database keeps.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
