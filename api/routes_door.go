package api

import "turnout/api/access"

// doorRoutes are the door's pages.
func (s *server) doorRoutes() []access.Route {
	p, door := s.pages, access.Staff("checkin:write")
	return []access.Route{
		{Method: get, Path: "/door", Who: signedIn, Handle: p.Doors},
		{Method: get, Path: "/door/{event}", Who: door, Handle: p.DoorLists},
		// A second list lets every ticket in once more: making one is the organisers'.
		{Method: post, Path: "/door/{event}/lists", Who: access.Staff("events:write"), Handle: p.CreateDoorList, Unseen: true},
		{Method: get, Path: "/door/{event}/lists/{list}", Who: door, Handle: p.DoorScanner, Frame: access.Camera},
		{Method: get, Path: "/door/{event}/lists/{list}/search", Who: door, Handle: p.DoorSearch, Frame: access.Camera},
		{Method: get, Path: "/door/{event}/lists/{list}/stats", Who: door, Handle: p.DoorStats},
		{Method: get, Path: "/door/{event}/lists/{list}/scans", Who: door, Handle: p.DoorLog},
		{Method: post, Path: "/door/{event}/lists/{list}/scans", Who: door, Handle: p.DoorScan, Frame: access.Camera, Unseen: true},
		{Method: get, Path: "/door/{event}/lists/{list}/scans/{scan}", Who: door, Handle: p.DoorAnswer},
		{Method: post, Path: "/door/{event}/lists/{list}/scans/{scan}/annul", Who: door, Handle: p.AnnulScan, Unseen: true},
	}
}
