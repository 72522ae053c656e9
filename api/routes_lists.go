package api

import "turnout/api/access"

// listConsoleRoutes are the lists of an event's orders and attendees: their views, what is done to many orders, and their files.
func (s *server) listConsoleRoutes() []access.Route {
	p, may := s.pages, access.Staff
	return []access.Route{
		{Method: get, Path: "/orders", Who: may("orders:read"), Handle: p.EventOrders},
		{Method: get, Path: "/orders.csv", Who: may("orders:read"), Handle: p.ExportOrders},
		{Method: get, Path: "/orders.xlsx", Who: may("orders:read"), Handle: p.ExportOrders},
		{Method: get, Path: "/attendees", Who: may("orders:read"), Handle: p.EventAttendees},
		{Method: get, Path: "/attendees.csv", Who: may("orders:read"), Handle: p.ExportAttendees},
		{Method: get, Path: "/attendees.xlsx", Who: may("orders:read"), Handle: p.ExportAttendees},
		{Method: get, Path: "/orders/bulk", Who: may("orders:write"), Handle: p.AskBulk},
		{Method: post, Path: "/orders/bulk", Who: may("orders:write"), Handle: p.BeginBulk},
		{Method: get, Path: "/orders/runs", Who: may("orders:read"), Handle: p.EventRuns},
		{Method: get, Path: "/orders/runs/{run}", Who: may("orders:read"), Handle: p.EventRun},
		{Method: post, Path: "/views", Who: may("orders:write"), Handle: p.SaveView, Unseen: true},
		{Method: post, Path: "/views/{view}", Who: may("orders:write"), Handle: p.RenameView, Unseen: true},
		{Method: post, Path: "/views/{view}/delete", Who: may("orders:write"), Handle: p.DeleteView, Unseen: true},
		{Method: post, Path: "/views/{view}/restore", Who: may("orders:write"), Handle: p.RestoreView, Unseen: true},
	}
}

// listRoutes are the same for programs, and badges, which are another list on paper.
func (s *server) listRoutes() []access.Route {
	api, token := s.v1, access.Token
	return []access.Route{
		{Method: get, Path: "/events/{event}/orders.csv", Who: token("orders:read"), Handle: api.ExportOrders},
		{Method: get, Path: "/events/{event}/orders.xlsx", Who: token("orders:read"), Handle: api.ExportOrders},
		{Method: get, Path: "/events/{event}/attendees", Who: token("orders:read"), Handle: api.ListAttendees},
		{Method: get, Path: "/events/{event}/attendees.csv", Who: token("orders:read"), Handle: api.ExportAttendees},
		{Method: get, Path: "/events/{event}/attendees.xlsx", Who: token("orders:read"), Handle: api.ExportAttendees},
		{Method: get, Path: "/events/{event}/badge-design", Who: token("tickets:read"), Handle: api.GetBadgeDesign},
		{Method: put, Path: "/events/{event}/badge-design", Who: token("tickets:write"), Handle: api.SetBadgeDesign, Unseen: true},
		{Method: get, Path: "/events/{event}/badge-prints", Who: token("orders:read"), Handle: api.ListBadgePrints},
		{Method: post, Path: "/events/{event}/badge-prints", Who: token("orders:write"), Handle: api.PrintBadges, Unseen: true},
		{Method: get, Path: "/events/{event}/badge-prints/{print}", Who: token("orders:read"), Handle: api.GetBadgePrint},
		{Method: get, Path: "/events/{event}/badge-prints/{print}/badges.pdf", Who: token("orders:read"), Handle: api.BadgesPDF},
	}
}
