package api

import (
	"turnout/api/access"
	v1 "turnout/api/v1"
	"turnout/checkin"
)

// apiRoutes are the JSON API.
func (s *server) apiRoutes() []access.Route {
	api, token := s.v1, access.Token
	rows := []access.Route{
		// Community
		{Method: get, Path: "/community", Who: token("settings:read"), Handle: api.GetCommunity},
		{Method: get, Path: "/tokens", Who: token("settings:read"), Handle: api.ListTokens},
		{Method: remove, Path: "/tokens/{id}", Who: token("settings:write"), Handle: api.RevokeToken, Unseen: true},

		// Plan: events
		{Method: get, Path: "/events", Who: access.PublicOr("events:read"), Handle: api.ListEvents},
		{Method: post, Path: "/events", Who: token("events:write"), Handle: api.CreateEvent},
		{Method: get, Path: "/events/{event}", Who: access.PublicOr("events:read"), Handle: api.GetEvent},
		{Method: patch, Path: "/events/{event}", Who: token("events:write"), Handle: api.PatchEvent},
		{Method: post, Path: "/events/{event}/publish", Who: token("events:write"), Handle: api.PublishEvent},
		{Method: post, Path: "/events/{event}/cancel", Who: token("events:write"), Handle: api.CancelEvent},
		{Method: post, Path: "/events/{event}/clone", Who: token("events:write"), Handle: api.CloneEvent},

		// Admit
		{Method: get, Path: "/events/{event}/check-in-lists", Who: token("checkin:read").OrDevice(checkin.ScanOnly), Handle: api.ListLists},
		{Method: post, Path: "/events/{event}/check-in-lists", Who: token("checkin:write"), Handle: api.CreateList, Unseen: true},
		{Method: get, Path: "/check-in-lists/{id}/stats", Who: token("checkin:read").OrDevice(checkin.ScanOnly), Handle: api.ListStats},
		{Method: post, Path: "/check-in-lists/{id}/scans", Who: token("checkin:write").OrDevice(checkin.ScanOnly), Handle: api.Scan, Unseen: true},
		{Method: post, Path: "/check-in-lists/{id}/scans/batch", Who: token("checkin:write").OrDevice(checkin.ScanOnly), Handle: api.SyncScans, Unseen: true},
		{Method: get, Path: "/check-in-lists/{id}/door", Who: token("checkin:read").OrDevice(checkin.ScanOnly), Handle: api.GetDoor},
		{Method: get, Path: "/check-in-lists/{id}/door/tickets", Who: token("checkin:read").OrDevice(checkin.ScanOnly), Handle: api.GetDoorTickets},
		{Method: get, Path: "/check-in-lists/{id}/door/records", Who: token("checkin:read").OrDevice(checkin.ScanOnly), Handle: api.GetDoorRecords},
		{Method: post, Path: "/scans/{id}/override", Who: token("checkin:write").OrDevice(checkin.Supervisor), Handle: api.OverrideScan, Unseen: true},
		{Method: remove, Path: "/scans/{id}", Who: token("checkin:write").OrDevice(checkin.Supervisor), Handle: api.AnnulScan, Unseen: true},
		{Method: get, Path: "/sponsors/{id}/leads", Who: token("people:read"), Handle: api.ListLeads},
		{Method: get, Path: "/sponsors/{id}/leads.csv", Who: token("people:read"), Handle: api.ExportLeads},
		{Method: get, Path: "/sponsors/{id}/leads.xlsx", Who: token("people:read"), Handle: api.ExportLeads},
		{Method: get, Path: "/sessions/{id}/sign-up", Who: token("agenda:read"), Handle: api.GetSignUp},
		{Method: put, Path: "/sessions/{id}/sign-up", Who: token("agenda:write"), Handle: api.PutSignUp},
		{Method: get, Path: "/sessions/{id}/sign-ups", Who: token("orders:read"), Handle: api.ListSignUps},
		{Method: put, Path: "/sessions/{id}/sign-ups/{ticket}", Who: token("orders:write"), Handle: api.AddSignUp},
		{Method: remove, Path: "/sessions/{id}/sign-ups/{ticket}", Who: token("orders:write"), Handle: api.RemoveSignUp},
		{Method: get, Path: "/sessions/{id}/online-room", Who: token("agenda:read"), Handle: api.GetOnlineRoom},
		{Method: put, Path: "/sessions/{id}/online-room", Who: token("agenda:write"), Handle: api.PutOnlineRoom},
		{Method: get, Path: "/sessions/{id}/feedback", Who: token("agenda:read"), Handle: api.GetFeedback},
		{Method: get, Path: "/events/{event}/attendance", Who: token("checkin:read"), Handle: api.ListAttendance},
		{Method: post, Path: "/events/{event}/attendance", Who: token("checkin:write"), Handle: api.MarkAttendance},
		{Method: remove, Path: "/attendance/{id}", Who: token("checkin:write"), Handle: api.UnmarkAttendance},
		{Method: get, Path: "/events/{event}/attendance.csv", Who: token("orders:read"), Handle: api.ExportAttendance},
		{Method: get, Path: "/events/{event}/attendance.xlsx", Who: token("orders:read"), Handle: api.ExportAttendance},

		// Follow up
		{Method: post, Path: "/activities", Who: token("people:write"), Handle: api.RecordActivities, Unseen: true},
		{Method: post, Path: "/activities/import", Who: token("people:write"), Handle: api.ImportActivities, Unseen: true},
		{Method: get, Path: "/activation-rule", Who: token("people:read"), Handle: api.GetRule},
		{Method: put, Path: "/activation-rule", Who: token("people:write"), Handle: api.SetRule, Unseen: true},
		{Method: get, Path: "/events/{event}/activation", Who: token("people:read"), Handle: api.GetActivation},

		// Sponsors and budget
		{Method: get, Path: "/events/{event}/sponsor-tiers", Who: token("sponsors:read"), Handle: api.ListTiers},
		{Method: post, Path: "/events/{event}/sponsor-tiers", Who: token("sponsors:write"), Handle: api.CreateTier},
		{Method: get, Path: "/events/{event}/sponsors", Who: token("sponsors:read"), Handle: api.ListSponsors},
		{Method: post, Path: "/events/{event}/sponsors", Who: token("sponsors:write"), Handle: api.CreateSponsor},
		{Method: put, Path: "/sponsors/{id}", Who: token("sponsors:write"), Handle: api.UpdateSponsor},
		{Method: post, Path: "/sponsors/{id}/payments", Who: token("sponsors:write"), Handle: api.ReceiveSponsorPayment},
		{Method: post, Path: "/events/{event}/budget/lines", Who: token("budget:write"), Handle: api.CreateBudgetLine, Unseen: true},
		{Method: post, Path: "/budget/lines/{id}/entries", Who: token("budget:write"), Handle: api.CreateBudgetEntry, Unseen: true},
		{Method: get, Path: "/events/{event}/budget", Who: token("budget:read"), Handle: api.GetBudget},

		// Report
		{Method: get, Path: "/events/{event}/recap", Who: token("recap:read"), Handle: api.GetRecap},
		{Method: get, Path: "/events/{event}/recap.pdf", Who: token("recap:read"), Handle: api.RecapPDF},
	}
	rows = append(rows, s.agendaRoutes()...)
	rows = append(rows, s.saleRoutes()...)
	rows = append(rows, s.questionRoutes()...)
	rows = append(rows, s.voucherRoutes()...)
	rows = append(rows, s.listRoutes()...)
	rows = append(rows, s.deviceRoutes()...)
	for i := range rows {
		rows[i].Path = v1.Base + rows[i].Path
	}
	return rows
}

// agendaRoutes are the calls about an agenda and what it is made of.
func (s *server) agendaRoutes() []access.Route {
	api, token := s.v1, access.Token
	return []access.Route{
		{Method: post, Path: "/events/{event}/rooms", Who: token("agenda:write"), Handle: api.CreateRoom},
		{Method: post, Path: "/events/{event}/tracks", Who: token("agenda:write"), Handle: api.CreateTrack},
		{Method: get, Path: "/events/{event}/speakers", Who: token("agenda:read"), Handle: api.ListSpeakers},
		{Method: get, Path: "/speakers/{id}/availability", Who: token("agenda:read"), Handle: api.GetSpeakerTimes},
		{Method: put, Path: "/speakers/{id}/availability", Who: token("agenda:write"), Handle: api.SetSpeakerTimes},
		{Method: post, Path: "/events/{event}/speakers", Who: token("agenda:write"), Handle: api.CreateSpeaker},
		{Method: post, Path: "/events/{event}/sessions", Who: token("agenda:write"), Handle: api.CreateSession},
		{Method: put, Path: "/rooms/{id}", Who: token("agenda:write"), Handle: api.UpdateRoom},
		{Method: remove, Path: "/rooms/{id}", Who: token("agenda:write"), Handle: api.RemoveRoom},
		{Method: put, Path: "/tracks/{id}", Who: token("agenda:write"), Handle: api.UpdateTrack},
		{Method: remove, Path: "/tracks/{id}", Who: token("agenda:write"), Handle: api.RemoveTrack},
		{Method: get, Path: "/speakers/{id}", Who: token("agenda:read"), Handle: api.GetSpeaker},
		{Method: put, Path: "/speakers/{id}", Who: token("agenda:write"), Handle: api.UpdateSpeaker},
		{Method: remove, Path: "/speakers/{id}", Who: token("agenda:write"), Handle: api.RemoveSpeaker},
		{Method: get, Path: "/sessions/{id}", Who: token("agenda:read"), Handle: api.GetSession},
		{Method: put, Path: "/sessions/{id}", Who: token("agenda:write"), Handle: api.UpdateSession},
		{Method: post, Path: "/sessions/{id}/withdraw", Who: token("agenda:write"), Handle: api.WithdrawSession},
		{Method: put, Path: "/sessions/{id}/slot", Who: token("agenda:write"), Handle: api.PlaceSession},
		{Method: remove, Path: "/sessions/{id}/slot", Who: token("agenda:write"), Handle: api.UnplaceSession},
		{Method: get, Path: "/events/{event}/agenda", Who: token("agenda:read"), Handle: api.GetAgenda},
		{Method: get, Path: "/events/{event}/agenda/draft", Who: token("agenda:read"), Handle: api.GetDraft},
		{Method: post, Path: "/events/{event}/agenda/moves", Who: token("agenda:write"), Handle: api.MoveSessions, Unseen: true},
		{Method: get, Path: "/events/{event}/agenda/conflicts", Who: token("agenda:read"), Handle: api.ListConflicts},
		{Method: post, Path: "/events/{event}/agenda/import", Who: token("agenda:write"), Handle: api.ImportAgenda},
		{Method: get, Path: "/events/{event}/agenda/export", Who: token("agenda:read"), Handle: api.ExportAgenda},
		{Method: post, Path: "/events/{event}/agenda/copies", Who: token("agenda:write"), Handle: api.CopyDay},
		{Method: remove, Path: "/events/{event}/agenda/copies/{copy}", Who: token("agenda:write"), Handle: api.TakeBackCopy},
		{Method: get, Path: "/events/{event}/agenda/releases", Who: token("agenda:read"), Handle: api.ListReleases},
		{Method: post, Path: "/events/{event}/agenda/releases", Who: token("agenda:write"), Handle: api.ReleaseAgenda},
		{Method: post, Path: "/events/{event}/agenda/releases/{release}/take-back", Who: token("agenda:write"), Handle: api.TakeBackRelease},
		{Method: get, Path: "/events/{event}/schedule.json", Who: access.PublicOr("agenda:read"), Handle: api.ScheduleJSON},
		{Method: get, Path: "/events/{event}/schedule.xml", Who: access.PublicOr("agenda:read"), Handle: api.ScheduleXML},
		{Method: get, Path: "/events/{event}/schedule.csv", Who: access.PublicOr("agenda:read"), Handle: api.ScheduleCSV},
		{Method: get, Path: "/events/{event}/schedule.ics", Who: access.PublicOr("agenda:read"), Handle: api.ScheduleICS},
		{Method: get, Path: "/events/{event}/site.zip", Who: token("events:read"), Handle: api.SaveSite},
		{Method: get, Path: "/events/{event}/schedule.pdf", Who: token("agenda:read"), Handle: api.SchedulePDF},
	}
}

// saleRoutes are the calls about what is sold, and to whom.
func (s *server) saleRoutes() []access.Route {
	api, token := s.v1, access.Token
	return []access.Route{
		{Method: get, Path: "/events/{event}/pools", Who: token("tickets:read"), Handle: api.ListPools},
		{Method: post, Path: "/events/{event}/pools", Who: token("tickets:write"), Handle: api.CreatePool},
		{Method: patch, Path: "/pools/{id}", Who: token("tickets:write"), Handle: api.UpdatePool},
		{Method: get, Path: "/events/{event}/ticket-types", Who: access.PublicOr("tickets:read"), Handle: api.ListTicketTypes},
		{Method: post, Path: "/events/{event}/ticket-types", Who: token("tickets:write"), Handle: api.CreateTicketType},
		{Method: put, Path: "/ticket-types/{id}", Who: token("tickets:write"), Handle: api.UpdateTicketType},
		{Method: get, Path: "/pools/{id}/blocks", Who: token("tickets:read"), Handle: api.ListBlocks},
		{Method: post, Path: "/pools/{id}/blocks", Who: token("tickets:write"), Handle: api.BlockPlaces},
		{Method: remove, Path: "/blocks/{id}", Who: token("tickets:write"), Handle: api.Unblock},
		{Method: get, Path: "/events/{event}/add-ons", Who: token("tickets:read"), Handle: api.ListAddOns},
		{Method: post, Path: "/events/{event}/add-ons", Who: token("tickets:write"), Handle: api.CreateAddOn},
		{Method: put, Path: "/add-ons/{id}", Who: token("tickets:write"), Handle: api.UpdateAddOn},
		{Method: get, Path: "/events/{event}/shop", Who: token("tickets:read"), Handle: api.GetShop},
		{Method: put, Path: "/events/{event}/shop", Who: token("tickets:write"), Handle: api.SetShop},
		{Method: get, Path: "/events/{event}/availability", Who: access.PublicOr("tickets:read"), Handle: api.GetAvailability},
		{Method: post, Path: "/events/{event}/orders", Who: public, Handle: api.PlaceOrder, Sells: true},
		{Method: get, Path: "/events/{event}/orders", Who: token("orders:read"), Handle: api.ListOrders},
		{Method: get, Path: "/orders/{code}", Who: access.SecretOr("orders:read"), Handle: api.GetOrder},
		{Method: get, Path: "/orders/{code}/tickets.pdf", Who: access.SecretOr("orders:read"), Handle: api.TicketsPDF},
		{Method: post, Path: "/orders/{code}/cancel", Who: access.SecretOr("orders:write"), Handle: api.CancelOrder},
		{Method: post, Path: "/tickets/{id}/add-ons/{add_on}/cancel", Who: token("orders:write"), Handle: api.CancelAddOn},
		{Method: post, Path: "/orders/{code}/refunds", Who: token("orders:write"), Handle: api.RefundOrder},
		{Method: post, Path: "/orders/{code}/approve", Who: token("orders:write"), Handle: api.ApproveOrder},
		{Method: post, Path: "/orders/{code}/decline", Who: token("orders:write"), Handle: api.DeclineOrder},
		{Method: post, Path: "/orders/{code}/paid", Who: token("orders:write"), Handle: api.MarkOrderPaid},
		{Method: put, Path: "/tickets/{id}/notice", Who: token("orders:write"), Handle: api.WriteNotice, Unseen: true},
		{Method: put, Path: "/tickets/{id}/door-answers", Who: token("checkin:write"), Handle: api.AnswerAtDoor, Unseen: true},
		{Method: get, Path: "/tickets/{id}/ticket.pdf", Who: access.SecretOr("orders:read"), Handle: api.TicketPDF},
		{Method: post, Path: "/events/{event}/attendees/import", Who: token("orders:write"), Handle: api.ImportAttendees},
		{Method: get, Path: "/events/{event}/attendees/imports/{import}", Who: token("orders:write"), Handle: api.GetImport},
		{Method: post, Path: "/events/{event}/attendees/imports/{import}/undo", Who: token("orders:write"), Handle: api.UndoImport},
		{Method: get, Path: "/events/{event}/waitlist", Who: token("orders:read"), Handle: api.ListWaitlist},
		{Method: post, Path: "/events/{event}/waitlist", Who: public, Handle: api.JoinWaitlist},
		{Method: post, Path: "/events/{event}/waitlist/{entry}/offer", Who: token("orders:write"), Handle: api.OfferNow},
		{Method: post, Path: "/events/{event}/waitlist/{entry}/withdraw", Who: token("orders:write"), Handle: api.WithdrawEntry},
		{Method: get, Path: "/events/{event}/ticket-design", Who: token("tickets:read"), Handle: api.GetDesign},
		{Method: put, Path: "/events/{event}/ticket-design", Who: token("tickets:write"), Handle: api.SetDesign},
		{Method: put, Path: "/events/{event}/ticket-design/logo", Who: token("tickets:write"), Handle: api.SetLogo},
		{Method: remove, Path: "/events/{event}/ticket-design/logo", Who: token("tickets:write"), Handle: api.DropLogo},
	}
}

// questionRoutes are the calls about what an event asks.
func (s *server) questionRoutes() []access.Route {
	api, token := s.v1, access.Token
	return []access.Route{
		{Method: get, Path: "/events/{event}/questions", Who: access.PublicOr("tickets:read"), Handle: api.ListQuestions},
		{Method: post, Path: "/events/{event}/questions", Who: token("tickets:write"), Handle: api.CreateQuestion, Unseen: true},
		{Method: get, Path: "/questions/{id}", Who: token("tickets:read"), Handle: api.GetQuestion},
		{Method: patch, Path: "/questions/{id}", Who: token("tickets:write"), Handle: api.UpdateQuestion, Unseen: true},
		{Method: remove, Path: "/questions/{id}", Who: token("tickets:write"), Handle: api.ArchiveQuestion, Unseen: true},
		{Method: post, Path: "/questions/{id}/restore", Who: token("tickets:write"), Handle: api.RestoreQuestion, Unseen: true},
		{Method: post, Path: "/events/{event}/questions/{id}/uploads", Who: public, Handle: api.SendFile, Unseen: true},
		{Method: get, Path: "/events/{event}/uploads/{id}", Who: token("orders:read"), Handle: api.GetFile},
	}
}

// voucherRoutes are the calls about vouchers and the box office. Codes are worth money: tickets:read alone does not show them. What they change shows on no page that is remembered, but for the places that some reserve.
func (s *server) voucherRoutes() []access.Route {
	api, token, see := s.v1, access.Token, access.TokenOr("tickets:write", "orders:read")
	return []access.Route{
		{Method: get, Path: "/events/{event}/vouchers", Who: see, Handle: api.ListVouchers},
		{Method: post, Path: "/events/{event}/vouchers", Who: token("tickets:write"), Handle: api.CreateVoucher},
		{Method: post, Path: "/events/{event}/vouchers/batch", Who: token("tickets:write"), Handle: api.CreateVouchers},
		{Method: get, Path: "/vouchers/{id}", Who: see, Handle: api.GetVoucher},
		{Method: patch, Path: "/vouchers/{id}", Who: token("tickets:write"), Handle: api.UpdateVoucher},
		{Method: post, Path: "/vouchers/{id}/end", Who: token("tickets:write"), Handle: api.EndVoucher},
		{Method: post, Path: "/vouchers/{id}/reopen", Who: token("tickets:write"), Handle: api.ReopenVoucher},
		{Method: post, Path: "/events/{event}/box-office/orders", Who: token("orders:write"), Handle: api.SellAtDesk},
		{Method: get, Path: "/events/{event}/box-office/takings", Who: token("orders:read"), Handle: api.Takings},
		{Method: post, Path: "/orders/{code}/undo", Who: token("orders:write"), Handle: api.UndoDeskSale},
	}
}
