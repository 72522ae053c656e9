package agenda

import "turnout/events/agenda/exchange"

// Calendar and CalendarEvent write iCalendar files (RFC 5545) for the rooms above: an order's dates, a community's feed.
type (
	Calendar      = exchange.Calendar
	CalendarEvent = exchange.CalendarEvent
)
