package api

import "turnout/api/access"

// queueConsoleRoutes are the pages of those who wait for an event: for places, or for the organiser's yes.
func (s *server) queueConsoleRoutes() []access.Route {
	p, may := s.pages, access.Staff
	return []access.Route{
		{Method: get, Path: "/waitlist", Who: may("orders:read"), Handle: p.EventWaitlist},
		{Method: post, Path: "/waitlist/serve", Who: may("orders:write"), Handle: p.ServeWaitlist},
		{Method: post, Path: "/waitlist/{entry}/offer", Who: may("orders:write"), Handle: p.OfferNow},
		{Method: post, Path: "/waitlist/{entry}/withdraw", Who: may("orders:write"), Handle: p.WithdrawEntry},
		{Method: get, Path: "/approvals", Who: may("orders:read"), Handle: p.EventApprovals},
		{Method: post, Path: "/approvals", Who: may("orders:write"), Handle: p.DecideApprovals},
		{Method: post, Path: "/orders/{order}/decide", Who: may("orders:write"), Handle: p.DecideOrder},
	}
}
