package api

import "turnout/api/access"

// attendeeRoutes are the pages of those who come: no account, no password.
func (s *server) attendeeRoutes() []access.Route {
	return []access.Route{}
}
