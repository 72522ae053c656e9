package checkin

import "time"

// ShortenFeed has devices hear nothing twice, so that what they must hear anew is seen, and few tickets at once.
func ShortenFeed(tickets int) (back func()) {
	overlap, most := feedOverlap, feedTickets
	feedOverlap, feedTickets = time.Duration(0), tickets
	return func() { feedOverlap, feedTickets = overlap, most }
}
