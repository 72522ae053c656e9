package api

import (
	"turnout/api/access"
	v1 "turnout/api/v1"
)

// apiRoutes are the JSON API.
func (s *server) apiRoutes() []access.Route {
	api, token := s.v1, access.Token
	rows := []access.Route{
		// Plan
		{Method: get, Path: "/events", Who: access.PublicOr("events:read"), Handle: api.ListEvents},
		{Method: post, Path: "/events", Who: token("events:write"), Handle: api.CreateEvent},
		{Method: get, Path: "/events/{event}", Who: access.PublicOr("events:read"), Handle: api.GetEvent},
		{Method: patch, Path: "/events/{event}", Who: token("events:write"), Handle: api.PatchEvent},
		{Method: post, Path: "/events/{event}/publish", Who: token("events:write"), Handle: api.PublishEvent},
		{Method: post, Path: "/events/{event}/cancel", Who: token("events:write"), Handle: api.CancelEvent},
		{Method: post, Path: "/events/{event}/clone", Who: token("events:write"), Handle: api.CloneEvent},
	}
	for i := range rows {
		rows[i].Path = v1.Base + rows[i].Path
	}
	return rows
}
