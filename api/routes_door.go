package api

import (
	"turnout/api/access"
	"turnout/checkin"
)

// doorRoutes are the door's pages.
func (s *server) doorRoutes() []access.Route {
	p, staff := s.pages, access.Staff("checkin:write")
	door, finding, taking := staff.OrDevice(checkin.ScanOnly), staff.OrDevice(checkin.Searching), staff.OrDevice(checkin.Supervisor)
	return []access.Route{
		{Method: get, Path: "/door", Who: signedIn.OrDevice(checkin.ScanOnly), Handle: p.Doors},
		{Method: get, Path: "/door/worker.js", Who: public, Handle: p.DoorWorker},
		{Method: get, Path: "/door/icon-512.png", Who: public, Handle: p.DoorIcon},
		{Method: get, Path: "/door/{event}", Who: door, Handle: p.DoorLists},
		// A second list lets every ticket in once more: making one is the organisers'.
		{Method: post, Path: "/door/{event}/lists", Who: access.Staff("events:write"), Handle: p.CreateDoorList, Unseen: true},
		{Method: get, Path: "/door/{event}/lists/{list}", Who: door, Handle: p.DoorScanner, Frame: access.Camera},
		{Method: get, Path: "/door/{event}/lists/{list}/app.webmanifest", Who: door, Handle: p.DoorApp},
		{Method: get, Path: "/door/{event}/lists/{list}/offline", Who: door, Handle: s.v1.GetDoor},
		{Method: get, Path: "/door/{event}/lists/{list}/offline/tickets", Who: door, Handle: s.v1.GetDoorTickets},
		{Method: get, Path: "/door/{event}/lists/{list}/offline/records", Who: door, Handle: s.v1.GetDoorRecords},
		{Method: post, Path: "/door/{event}/lists/{list}/scans/batch", Who: door, Handle: s.v1.DeliverScans, Unseen: true},
		{Method: get, Path: "/door/{event}/lists/{list}/search", Who: finding, Handle: p.DoorSearch, Frame: access.Camera},
		{Method: get, Path: "/door/{event}/lists/{list}/stats", Who: door, Handle: p.DoorStats},
		{Method: get, Path: "/door/{event}/lists/{list}/scans", Who: taking, Handle: p.DoorLog},
		{Method: post, Path: "/door/{event}/lists/{list}/scans", Who: door, Handle: p.DoorScan, Frame: access.Camera, Unseen: true},
		{Method: get, Path: "/door/{event}/lists/{list}/scans/{scan}", Who: door, Handle: p.DoorAnswer},
		{Method: post, Path: "/door/{event}/lists/{list}/scans/{scan}/override", Who: taking, Handle: p.OverrideScan, Unseen: true},
		{Method: post, Path: "/door/{event}/lists/{list}/scans/{scan}/others", Who: finding, Handle: p.LetInOthers, Unseen: true},
		{Method: post, Path: "/door/{event}/lists/{list}/scans/{scan}/answers", Who: door, Handle: p.AnswerDoorForm, Unseen: true},
		{Method: post, Path: "/door/{event}/lists/{list}/scans/{scan}/paid", Who: staff, Handle: p.TakePayment},
		{Method: post, Path: "/door/{event}/lists/{list}/scans/{scan}/pay-link", Who: staff, Handle: p.SendPayLink, Unseen: true},
		{Method: post, Path: "/door/{event}/lists/{list}/scans/{scan}/annul", Who: taking, Handle: p.AnnulScan, Unseen: true},
		{Method: post, Path: "/door/{event}/badges/{ticket}", Who: finding, Handle: p.PrintBadgeAtDoor, Unseen: true},
		{Method: get, Path: "/door/{event}/badges/{print}/badge.pdf", Who: finding, Handle: p.BadgePDF},
		{Method: get, Path: "/door/{event}/leads", Who: access.Device(checkin.Leads), Handle: p.SponsorLeads, Frame: access.Camera},
		{Method: post, Path: "/door/{event}/leads", Who: access.Device(checkin.Leads), Handle: p.TakeLead, Frame: access.Camera, Unseen: true},
		{Method: post, Path: "/door/{event}/leads/{lead}", Who: access.Device(checkin.Leads), Handle: p.NoteLead, Frame: access.Camera, Unseen: true},
		{Method: get, Path: checkin.PairingPath, Who: access.Link, Handle: p.PairPage},
		{Method: post, Path: checkin.PairingPath, Who: access.Link, Handle: p.Pair, Unseen: true},
		{Method: post, Path: "/door/{event}/unpair", Who: access.Device(checkin.ScanOnly), Handle: p.Unpair, Unseen: true},
		{Method: post, Path: "/door/{event}/leads/unpair", Who: access.Device(checkin.Leads), Handle: p.Unpair, Unseen: true},
	}
}

// deviceRoutes are the calls about the devices of an event. What devices themselves may call says OrDevice in each row of the table.
func (s *server) deviceRoutes() []access.Route {
	api, token := s.v1, access.Token
	return []access.Route{
		{Method: get, Path: "/events/{event}/devices", Who: token("checkin:read"), Handle: api.ListDevices},
		{Method: post, Path: "/events/{event}/devices", Who: token("checkin:write"), Handle: api.CreateDevice, Unseen: true},
		{Method: get, Path: "/devices/{id}", Who: token("checkin:read"), Handle: api.GetDevice},
		{Method: patch, Path: "/devices/{id}", Who: token("checkin:write"), Handle: api.UpdateDevice, Unseen: true},
		{Method: remove, Path: "/devices/{id}", Who: token("checkin:write"), Handle: api.RevokeDevice, Unseen: true},
		{Method: post, Path: "/devices/{id}/pairing", Who: token("checkin:write"), Handle: api.RepairDevice, Unseen: true},
	}
}
