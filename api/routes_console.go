package api

import "turnout/api/access"

// consoleRoutes are the organisers' pages about a community: sign-in, home, team, settings.
func (s *server) consoleRoutes() []access.Route {
	return []access.Route{}
}

// eventConsoleRoutes are the organisers' pages about one event.
func (s *server) eventConsoleRoutes() []access.Route {
	return []access.Route{}
}
