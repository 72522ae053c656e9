package api

import "turnout/api/access"

// pageRoutes are what people open in a browser. {event} and {community} are ids or slugs.
func (s *server) pageRoutes() []access.Route {
	all := s.attendeeRoutes()
	all = append(all, s.speakerRoutes()...)
	all = append(all, s.consoleRoutes()...)
	all = append(all, s.eventConsoleRoutes()...)
	return append(all, s.doorRoutes()...)
}
