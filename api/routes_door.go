package api

import "turnout/api/access"

// doorRoutes are the door's pages.
func (s *server) doorRoutes() []access.Route {
	return []access.Route{}
}
