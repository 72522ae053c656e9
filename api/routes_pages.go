package api

import "turnout/api/access"

// pageRoutes are what people open in a browser. {event} and {community} are ids or slugs.
func (s *server) pageRoutes() []access.Route {
	return []access.Route{}
}
