// Package sponsors keeps the organisations that support an event: their tiers, where the talks with them stand, and the
// money that they promised and paid.
//
// Readings that the design leaves open:
//   - A sponsor holds a place in its tier once it has promised; prospects may be more than the tier takes.
//   - Promised income counts sponsors from promised to paid, never prospects, talks and the lost. Received income counts
//     every payment, also those of a sponsor lost later: the money came.
package sponsors

import (
	"time"

	"turnout/internal/database"
)

// Service is the use cases around sponsors.
type Service struct {
	DB  *database.DB
	Now func() time.Time
}

// now is the time in the precision that the database keeps.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
