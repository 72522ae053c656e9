package agenda

import "turnout/events/agenda/exchange"

// Calendar writes iCalendar files (RFC 5545) for the rooms above: an order's dates, a community's feed.
type Calendar = exchange.Calendar

// CalendarEvent is one entry of a Calendar.
type CalendarEvent = exchange.CalendarEvent
