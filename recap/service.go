// Package recap reports what an event came to: figures with their definitions, and the PDF made from them. The page, the
// API and the PDF print one [Report].
//
// Readings that the design leaves open:
//   - Registered, paid and came count tickets, because one buyer may hold places for others; activated counts people.
//   - The public sees who came, when, and who sponsored; a sponsor sees also no-shows, ticket types and activation. Neither
//     sees money or what the doors refused. Nobody's name is in any report.
package recap

import (
	"time"

	"turnout/community"
	"turnout/internal/database"
	"turnout/templates"
)

// Service makes recaps. All fields are needed.
type Service struct {
	DB        *database.DB
	Now       func() time.Time
	Community *community.Service
	Words     *templates.Set // what definitions and papers are made of
}
