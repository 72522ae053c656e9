package api

import (
	"slices"

	"turnout/api/access"
	"turnout/api/pages"
)

// consoleRoutes are the organisers' pages about a community: sign-in, home, team, settings.
func (s *server) consoleRoutes() []access.Route {
	p, may := s.pages, access.Staff
	return []access.Route{
		{Method: get, Path: pages.SignInPath, Who: public, Handle: p.ShowSignIn},
		{Method: post, Path: pages.SignInPath, Who: public, Handle: p.DoSignIn},
		{Method: post, Path: pages.SignOutPath, Who: public, Handle: p.DoSignOut},
		{Method: get, Path: pages.ForgotPath, Who: public, Handle: p.ShowForgot},
		{Method: post, Path: pages.ForgotPath, Who: public, Handle: p.DoForgot},
		{Method: get, Path: pages.ResetPath + "{secret}", Who: public, Handle: p.ShowReset},
		{Method: post, Path: pages.ResetPath + "{secret}", Who: public, Handle: p.DoReset},
		{Method: get, Path: pages.InvitationPath + "{secret}", Who: public, Handle: p.ShowInvitation},
		{Method: post, Path: pages.InvitationPath + "{secret}", Who: public, Handle: p.AcceptInvitation},
		{Method: get, Path: pages.FirstOwnerPath + "{secret}", Who: public, Handle: p.ShowFirstOwner},
		{Method: post, Path: pages.FirstOwnerPath + "{secret}", Who: public, Handle: p.CreateFirstOwner},

		{Method: get, Path: "/console", Who: signedIn, Handle: p.ConsoleHome},
		{Method: get, Path: "/console/{community}/events", Who: may("events:read"), Handle: p.ConsoleEvents},
		{Method: get, Path: "/console/{community}/events/new", Who: may("events:write"), Handle: p.NewEvent},
		{Method: post, Path: "/console/{community}/events/new", Who: may("events:write"), Handle: p.CreateEvent},
		{Method: get, Path: "/console/{community}/people", Who: may("people:read"), Handle: p.ConsolePeople},
		{Method: post, Path: "/console/{community}/people/rule", Who: may("people:write"), Handle: p.SaveRule, Unseen: true},
		{Method: post, Path: "/console/{community}/people/members", Who: may("people:write"), Handle: p.SetMembers, Unseen: true},
		{Method: post, Path: "/console/{community}/people/activities", Who: may("people:write"), Handle: p.UploadActivities, Unseen: true},
		{Method: get, Path: "/console/{community}/settings", Who: may("settings:read"), Handle: p.ConsoleSettings},
		{Method: post, Path: "/console/{community}/settings", Who: may("settings:write"), Handle: p.SaveSettings},
		{Method: get, Path: "/console/{community}/team", Who: may("settings:read"), Handle: p.ConsoleTeam},
		{Method: post, Path: "/console/{community}/team/invitations", Who: may("settings:write"), Handle: p.Invite, Unseen: true},
		{Method: post, Path: "/console/{community}/team/invitations/{hash}/withdraw", Who: may("settings:write"), Handle: p.WithdrawInvitation, Unseen: true},
		{Method: post, Path: "/console/{community}/team/members/{member}", Who: may("settings:write"), Handle: p.SetRole, Unseen: true},
		{Method: post, Path: "/console/{community}/team/members/{member}/remove", Who: may("settings:write"), Handle: p.RemoveMember, Unseen: true},
		{Method: get, Path: "/console/{community}/tokens", Who: may("settings:read"), Handle: p.ConsoleTokens},
		{Method: post, Path: "/console/{community}/tokens", Who: may("settings:write"), Handle: p.CreateToken, Unseen: true},
		{Method: post, Path: "/console/{community}/tokens/{token}/revoke", Who: may("settings:write"), Handle: p.RevokeToken, Unseen: true},
		// Organisers read what goes to attendees, whose orders they can open anyway. Mails about accounts hold links that make one
		// somebody else: the handlers show them only to those who may make anybody an owner.
		{Method: get, Path: "/console/{community}/mail", Who: may("settings:read"), Handle: p.ConsoleMail},
		{Method: get, Path: "/console/{community}/mail/{mail}", Who: may("settings:read"), Handle: p.ReadMail},
		{Method: get, Path: "/console/{community}/mail/{mail}/html", Who: may("settings:read"), Handle: p.MailHTML},
		{Method: get, Path: "/console/{community}/mail/{mail}/files/{n}", Who: may("settings:read"), Handle: p.MailFile},
		{Method: get, Path: "/console/{community}/jobs", Who: may("settings:read"), Handle: p.ConsoleJobs},
		{Method: post, Path: "/console/{community}/jobs/{job}/retry", Who: may("settings:write"), Handle: p.RetryJob, Unseen: true},
		{Method: get, Path: "/console/{community}/audit", Who: may("settings:read"), Handle: p.ConsoleAudit},
	}
}

// eventConsoleRoutes are the organisers' pages about one event.
func (s *server) eventConsoleRoutes() []access.Route {
	rows := slices.Concat(s.saleConsoleRoutes(), s.voucherConsoleRoutes(), s.deskConsoleRoutes(), s.listConsoleRoutes(), s.questionConsoleRoutes(), s.queueConsoleRoutes(), s.agendaConsoleRoutes(), s.badgeConsoleRoutes(), s.dayConsoleRoutes())
	for i := range rows {
		rows[i].Path = "/console/events/{event}" + rows[i].Path
	}
	return rows
}

// questionConsoleRoutes are the pages of what an event asks.
func (s *server) questionConsoleRoutes() []access.Route {
	p, may := s.pages, access.Staff
	return []access.Route{
		{Method: get, Path: "/questions", Who: may("tickets:read"), Handle: p.EventQuestions},
		{Method: get, Path: "/questions/new", Who: may("tickets:write"), Handle: p.NewQuestion},
		{Method: post, Path: "/questions/new", Who: may("tickets:write"), Handle: p.CreateQuestion, Unseen: true},
		{Method: get, Path: "/questions/{question}", Who: may("tickets:write"), Handle: p.EventQuestion},
		{Method: post, Path: "/questions/{question}", Who: may("tickets:write"), Handle: p.SaveQuestion, Unseen: true},
		{Method: post, Path: "/questions/{question}/move", Who: may("tickets:write"), Handle: p.MoveQuestion, Unseen: true},
		{Method: post, Path: "/questions/{question}/archive", Who: may("tickets:write"), Handle: p.ArchiveQuestion, Unseen: true},
		{Method: post, Path: "/questions/{question}/restore", Who: may("tickets:write"), Handle: p.RestoreQuestion, Unseen: true},
		{Method: get, Path: "/answers/{upload}", Who: may("orders:read"), Handle: p.AnswerFile},
	}
}

// saleConsoleRoutes are an event's own pages and those of its sale.
func (s *server) saleConsoleRoutes() []access.Route {
	p, may := s.pages, access.Staff
	return []access.Route{
		{Method: get, Path: "", Who: may("events:read"), Handle: p.EventOverview},
		{Method: get, Path: "/details", Who: may("events:write"), Handle: p.EventDetails},
		{Method: post, Path: "/details", Who: may("events:write"), Handle: p.SaveEvent},
		{Method: get, Path: "/publish", Who: may("events:write"), Handle: p.AskPublish},
		{Method: post, Path: "/publish", Who: may("events:write"), Handle: p.PublishEvent},
		{Method: post, Path: "/cancel", Who: may("events:write"), Handle: p.CancelEvent},
		{Method: post, Path: "/clone", Who: may("events:write"), Handle: p.CloneEvent},
		{Method: post, Path: "/cover", Who: may("events:write"), Handle: p.SetCover},
		{Method: post, Path: "/cover/remove", Who: may("events:write"), Handle: p.DropCover},
		{Method: get, Path: "/tickets", Who: may("tickets:read"), Handle: p.EventTickets},
		{Method: post, Path: "/tickets/pools", Who: may("tickets:write"), Handle: p.CreatePool},
		{Method: get, Path: "/tickets/pools/{pool}", Who: may("tickets:write"), Handle: p.EventPool},
		{Method: post, Path: "/tickets/pools/{pool}", Who: may("tickets:write"), Handle: p.SavePool},
		{Method: post, Path: "/tickets/pools/{pool}/blocks", Who: may("tickets:write"), Handle: p.BlockPlaces},
		{Method: post, Path: "/tickets/pools/{pool}/blocks/{block}/remove", Who: may("tickets:write"), Handle: p.Unblock},
		{Method: get, Path: "/tickets/add-ons/new", Who: may("tickets:write"), Handle: p.NewAddOn},
		{Method: post, Path: "/tickets/add-ons/new", Who: may("tickets:write"), Handle: p.SaveAddOn},
		{Method: get, Path: "/tickets/add-ons/{addon}", Who: may("tickets:write"), Handle: p.EventAddOn},
		{Method: post, Path: "/tickets/add-ons/{addon}", Who: may("tickets:write"), Handle: p.SaveAddOn},
		{Method: get, Path: "/tickets/shop", Who: may("tickets:write"), Handle: p.EventShop},
		{Method: post, Path: "/tickets/shop", Who: may("tickets:write"), Handle: p.SaveShop},
		{Method: get, Path: "/tickets/types/new", Who: may("tickets:write"), Handle: p.NewTicketType},
		{Method: post, Path: "/tickets/types/new", Who: may("tickets:write"), Handle: p.CreateTicketType},
		{Method: get, Path: "/tickets/types/{type}", Who: may("tickets:write"), Handle: p.EventTicketType},
		{Method: post, Path: "/tickets/types/{type}", Who: may("tickets:write"), Handle: p.SaveTicketType},
		{Method: get, Path: "/design", Who: may("tickets:read"), Handle: p.EventDesign},
		{Method: post, Path: "/design", Who: may("tickets:write"), Handle: p.SaveDesign, Unseen: true},
		{Method: post, Path: "/design/logo", Who: may("tickets:write"), Handle: p.SetLogo, Unseen: true},
		{Method: post, Path: "/design/logo/remove", Who: may("tickets:write"), Handle: p.DropLogo, Unseen: true},
		{Method: get, Path: "/design/{sample}", Who: may("tickets:read"), Handle: p.DesignSample},
		{Method: get, Path: "/attendees/import", Who: may("orders:write"), Handle: p.ImportAttendees},
		{Method: post, Path: "/attendees/import", Who: may("orders:write"), Handle: p.UploadAttendees, Unseen: true},
		{Method: get, Path: "/attendees/import/{import}", Who: may("orders:write"), Handle: p.EventAttendeeImport},
		{Method: post, Path: "/attendees/import/{import}", Who: may("orders:write"), Handle: p.DecideImport},
		{Method: post, Path: "/attendees/import/{import}/undo", Who: may("orders:write"), Handle: p.UndoAttendeeImport},
		{Method: get, Path: "/orders/{order}", Who: may("orders:read"), Handle: p.EventOrder},
		{Method: post, Path: "/orders/{order}/cancel", Who: may("orders:write"), Handle: p.CancelOrderByStaff},
		{Method: post, Path: "/orders/{order}/tickets/{ticket}/add-ons/{add_on}/cancel", Who: may("orders:write"), Handle: p.CancelAddOnByStaff},
		{Method: post, Path: "/orders/{order}/tickets/{ticket}/notice", Who: may("orders:write"), Handle: p.SaveNotice, Unseen: true},
		{Method: post, Path: "/orders/{order}/refund", Who: may("orders:write"), Handle: p.RefundOrderByStaff},
		{Method: post, Path: "/orders/{order}/paid", Who: may("orders:write"), Handle: p.MarkOrderPaid},
		{Method: post, Path: "/orders/{order}/refunded", Who: may("orders:write"), Handle: p.MarkOrderRefunded},
	}
}

// voucherConsoleRoutes are the pages of vouchers. Codes are worth money: who only looks at an event does not see them.
func (s *server) voucherConsoleRoutes() []access.Route {
	p, may, see := s.pages, access.Staff, access.StaffOr("tickets:write", "orders:read")
	return []access.Route{
		{Method: get, Path: "/vouchers", Who: see, Handle: p.EventVouchers},
		{Method: get, Path: "/vouchers.csv", Who: see, Handle: p.VouchersCSV},
		{Method: get, Path: "/vouchers/new", Who: may("tickets:write"), Handle: p.NewVoucher},
		{Method: post, Path: "/vouchers/new", Who: may("tickets:write"), Handle: p.CreateVoucher},
		{Method: get, Path: "/vouchers/batch", Who: may("tickets:write"), Handle: p.NewVouchers},
		{Method: post, Path: "/vouchers/batch", Who: may("tickets:write"), Handle: p.CreateVouchers},
		{Method: get, Path: "/vouchers/{voucher}", Who: see, Handle: p.EventVoucher},
		{Method: post, Path: "/vouchers/{voucher}", Who: may("tickets:write"), Handle: p.SaveVoucher},
		{Method: post, Path: "/vouchers/{voucher}/end", Who: may("tickets:write"), Handle: p.EndVoucher},
		{Method: post, Path: "/vouchers/{voucher}/reopen", Who: may("tickets:write"), Handle: p.ReopenVoucher},
	}
}

// deskConsoleRoutes are the pages of the box office: those of who sells there, at the door or in the office.
func (s *server) deskConsoleRoutes() []access.Route {
	p, sells := s.pages, access.StaffOr("orders:write", "checkin:write")
	return []access.Route{
		{Method: get, Path: "/box-office", Who: sells, Handle: p.BoxOffice},
		{Method: post, Path: "/box-office", Who: sells, Handle: p.SellAtDesk},
		{Method: post, Path: "/box-office/{order}/undo", Who: sells, Handle: p.UndoDeskSale},
		{Method: get, Path: "/box-office/{order}/tickets.pdf", Who: sells, Handle: p.DeskPDF},
		{Method: get, Path: "/box-office/takings", Who: sells, Handle: p.Takings},
	}
}

// agendaConsoleRoutes are the pages of an event's agenda.
func (s *server) agendaConsoleRoutes() []access.Route {
	p, may := s.pages, access.Staff
	return []access.Route{
		{Method: get, Path: "/agenda", Who: may("agenda:read"), Handle: p.EventAgenda},
		{Method: get, Path: "/agenda/grid", Who: may("agenda:read"), Handle: p.EventGrid},
		{Method: get, Path: "/agenda/draft", Who: may("agenda:read"), Handle: s.v1.GetDraft},
		{Method: post, Path: "/agenda/moves", Who: may("agenda:write"), Handle: s.v1.MoveSessions, Unseen: true},
		{Method: get, Path: "/agenda/rooms", Who: may("agenda:read"), Handle: p.EventRooms},
		{Method: post, Path: "/agenda/rooms", Who: may("agenda:write"), Handle: p.SaveRoom},
		{Method: post, Path: "/agenda/rooms/{room}", Who: may("agenda:write"), Handle: p.SaveRoom},
		{Method: post, Path: "/agenda/rooms/{room}/remove", Who: may("agenda:write"), Handle: p.RemoveRoom},
		{Method: post, Path: "/agenda/tracks", Who: may("agenda:write"), Handle: p.SaveTrack},
		{Method: post, Path: "/agenda/tracks/{track}", Who: may("agenda:write"), Handle: p.SaveTrack},
		{Method: post, Path: "/agenda/tracks/{track}/remove", Who: may("agenda:write"), Handle: p.RemoveTrack},
		{Method: get, Path: "/agenda/sessions/new", Who: may("agenda:write"), Handle: p.EventSession},
		{Method: post, Path: "/agenda/sessions/new", Who: may("agenda:write"), Handle: p.SaveSession},
		{Method: get, Path: "/agenda/sessions/{session}", Who: may("agenda:write"), Handle: p.EventSession},
		{Method: post, Path: "/agenda/sessions/{session}", Who: may("agenda:write"), Handle: p.SaveSession},
		{Method: post, Path: "/agenda/sessions/{session}/slot", Who: may("agenda:write"), Handle: p.PlaceSession},
		{Method: post, Path: "/agenda/sessions/{session}/unplace", Who: may("agenda:write"), Handle: p.UnplaceSession},
		{Method: post, Path: "/agenda/sessions/{session}/withdraw", Who: may("agenda:write"), Handle: p.WithdrawSession},
		{Method: get, Path: "/agenda/sessions/{session}/places", Who: access.StaffOr("agenda:write", "orders:read"), Handle: p.EventPlaces},
		{Method: post, Path: "/agenda/sessions/{session}/places", Who: may("agenda:write"), Handle: p.SavePlaces},
		{Method: get, Path: "/agenda/sessions/{session}/places.csv", Who: may("orders:read"), Handle: p.ExportPlaces},
		{Method: get, Path: "/agenda/sessions/{session}/places.xlsx", Who: may("orders:read"), Handle: p.ExportPlaces},
		{Method: post, Path: "/agenda/sessions/{session}/places/{ticket}/add", Who: may("orders:write"), Handle: p.AddToSession, Unseen: true},
		{Method: post, Path: "/agenda/sessions/{session}/places/{ticket}/remove", Who: may("orders:write"), Handle: p.RemoveFromSession, Unseen: true},
		{Method: post, Path: "/agenda/sessions/{session}/places/{ticket}/first", Who: may("orders:write"), Handle: p.PutFirst, Unseen: true},
		{Method: get, Path: "/agenda/sessions/{session}/online", Who: may("agenda:write"), Handle: p.SessionOnline},
		{Method: post, Path: "/agenda/sessions/{session}/online", Who: may("agenda:write"), Handle: p.SaveSessionOnline},
		{Method: get, Path: "/agenda/feedback", Who: may("agenda:read"), Handle: p.EventFeedback},
		{Method: get, Path: "/agenda/sessions/{session}/feedback", Who: may("agenda:read"), Handle: p.SessionFeedback},
		{Method: get, Path: "/agenda/sessions/{session}/feedback.csv", Who: may("agenda:read"), Handle: p.ExportFeedback},
		{Method: get, Path: "/agenda/sessions/{session}/feedback.xlsx", Who: may("agenda:read"), Handle: p.ExportFeedback},
		{Method: get, Path: "/agenda/import", Who: may("agenda:write"), Handle: p.EventImport},
		{Method: post, Path: "/agenda/import", Who: may("agenda:write"), Handle: p.TryImport, Unseen: true},
		{Method: post, Path: "/agenda/import/confirm", Who: may("agenda:write"), Handle: p.ConfirmImport},
		{Method: post, Path: "/agenda/dates", Who: may("events:write"), Handle: p.SetEventDates},
		{Method: get, Path: "/agenda/export/{format}", Who: may("agenda:read"), Handle: p.ExportAgenda},
		{Method: get, Path: "/site", Who: may("events:read"), Handle: p.EventSite},
		{Method: get, Path: "/site.zip", Who: may("events:read"), Handle: p.SaveSite},
		{Method: get, Path: "/agenda/wall", Who: may("agenda:read"), Handle: p.EventWall},
		{Method: get, Path: "/agenda/wall.pdf", Who: may("agenda:read"), Handle: p.PrintWall},
		{Method: get, Path: "/agenda/copy-day", Who: may("agenda:write"), Handle: p.CopyDayForm},
		{Method: post, Path: "/agenda/copy-day", Who: may("agenda:write"), Handle: p.CopyDay},
		{Method: get, Path: "/agenda/copies/{copy}", Who: may("agenda:write"), Handle: p.CopiedDay},
		{Method: post, Path: "/agenda/copies/{copy}/take-back", Who: may("agenda:write"), Handle: p.TakeBackCopy},
		{Method: get, Path: "/agenda/release", Who: may("agenda:read"), Handle: p.EventRelease},
		{Method: post, Path: "/agenda/release", Who: may("agenda:write"), Handle: p.DoRelease},
		{Method: post, Path: "/agenda/releases/{release}/take-back", Who: may("agenda:write"), Handle: p.TakeBackRelease},
		{Method: get, Path: "/speakers", Who: may("agenda:read"), Handle: p.EventSpeakers},
		{Method: get, Path: "/speakers/new", Who: may("agenda:write"), Handle: p.EventSpeaker},
		{Method: post, Path: "/speakers/new", Who: may("agenda:write"), Handle: p.SaveSpeaker},
		{Method: get, Path: "/speakers/{speaker}", Who: may("agenda:write"), Handle: p.EventSpeaker},
		{Method: post, Path: "/speakers/{speaker}", Who: may("agenda:write"), Handle: p.SaveSpeaker},
		{Method: post, Path: "/speakers/{speaker}/remove", Who: may("agenda:write"), Handle: p.RemoveSpeaker},
		{Method: post, Path: "/speakers/ask", Who: may("agenda:write"), Handle: p.AskSpeakers, Unseen: true},
		{Method: post, Path: "/speakers/wishes", Who: may("agenda:write"), Handle: p.SetSpeakerWishes, Unseen: true},
		{Method: post, Path: "/speakers/{speaker}/times", Who: may("agenda:write"), Handle: p.SaveSpeakerTimes, Unseen: true},
		{Method: post, Path: "/speakers/{speaker}/photo", Who: may("agenda:write"), Handle: p.SaveSpeakerPhoto},
		{Method: post, Path: "/speakers/{speaker}/link", Who: may("agenda:write"), Handle: p.SpeakerLink, Unseen: true},
		{Method: post, Path: "/speakers/{speaker}/answers/{session}", Who: may("agenda:write"), Handle: p.AnswerForSpeaker, Unseen: true},
		{Method: get, Path: "/speakers/{speaker}/preview", Who: may("agenda:write"), Handle: p.SpeakerPreview},
		{Method: get, Path: "/speakers/{speaker}/slides/{slides}", Who: may("agenda:write"), Handle: p.SpeakerSlides},
		{Method: post, Path: "/speakers/{speaker}/slides/{slides}/remove", Who: may("agenda:write"), Handle: p.RemoveSpeakerSlides},
	}
}

// badgeConsoleRoutes are the pages of badges. Doors print one at a time, by routes of their own.
func (s *server) badgeConsoleRoutes() []access.Route {
	p, may := s.pages, access.Staff
	return []access.Route{
		{Method: get, Path: "/badges", Who: may("orders:read"), Handle: p.EventBadges},
		{Method: post, Path: "/badges", Who: may("orders:write"), Handle: p.PrintBadges, Unseen: true},
		{Method: get, Path: "/badges/design", Who: may("tickets:read"), Handle: p.EventBadgeDesign},
		{Method: post, Path: "/badges/design", Who: may("tickets:write"), Handle: p.SaveBadgeDesign, Unseen: true},
		{Method: post, Path: "/badges/design/undo", Who: may("tickets:write"), Handle: p.UndoBadgeDesign, Unseen: true},
		{Method: get, Path: "/badges/design/{sample}", Who: may("tickets:read"), Handle: p.BadgeSample},
		{Method: get, Path: "/badges/prints/{print}", Who: may("orders:read"), Handle: p.EventBadgeRun},
		{Method: get, Path: "/badges/prints/{print}/badges.pdf", Who: may("orders:read"), Handle: p.BadgesPDF},
		{Method: post, Path: "/badges/tickets/{ticket}", Who: may("orders:write"), Handle: p.PrintBadge, Unseen: true},
		{Method: get, Path: "/badges/one/{print}/badge.pdf", Who: may("orders:read"), Handle: p.BadgePDF},
	}
}

// dayConsoleRoutes are the pages of the day itself and of what is counted: door, sponsors, budget, recap.
func (s *server) dayConsoleRoutes() []access.Route {
	p, may := s.pages, access.Staff
	return []access.Route{
		{Method: get, Path: "/check-in", Who: may("checkin:read"), Handle: p.EventCheckIn},
		// A second list lets every ticket in once more: making one is the organisers', not the door's.
		{Method: get, Path: "/check-in/new", Who: may("events:write"), Handle: p.EventCheckInForm},
		{Method: post, Path: "/check-in/new", Who: may("events:write"), Handle: p.SaveCheckInList, Unseen: true},
		{Method: get, Path: "/check-in/{list}", Who: may("checkin:read"), Handle: p.EventCheckInList},
		{Method: get, Path: "/check-in/{list}/live", Who: may("checkin:read"), Handle: p.StreamCheckIn},
		{Method: get, Path: "/check-in/{list}/edit", Who: may("events:write"), Handle: p.EventCheckInForm},
		{Method: post, Path: "/check-in/{list}/edit", Who: may("events:write"), Handle: p.SaveCheckInList, Unseen: true},
		{Method: post, Path: "/check-in/{list}/scans/{scan}/annul", Who: may("checkin:write"), Handle: p.AnnulScanByStaff, Unseen: true},
		{Method: get, Path: "/attendance", Who: may("checkin:read"), Handle: p.EventAttendance},
		{Method: post, Path: "/attendance", Who: may("checkin:write"), Handle: p.MarkPresent},
		{Method: get, Path: "/attendance.csv", Who: may("orders:read"), Handle: p.ExportAttendance},
		{Method: get, Path: "/attendance.xlsx", Who: may("orders:read"), Handle: p.ExportAttendance},
		{Method: get, Path: "/attendance/sessions", Who: may("checkin:read"), Handle: p.EventSessionsPresent},
		{Method: post, Path: "/attendance/{record}/unmark", Who: may("checkin:write"), Handle: p.UnmarkPresent},
		{Method: get, Path: "/devices", Who: may("checkin:read"), Handle: p.EventDevices},
		{Method: get, Path: "/devices/new", Who: may("events:write"), Handle: p.EventDevice},
		{Method: post, Path: "/devices/new", Who: may("events:write"), Handle: p.SaveDevice, Unseen: true},
		{Method: get, Path: "/devices/{device}", Who: may("events:write"), Handle: p.EventDevice},
		{Method: post, Path: "/devices/{device}", Who: may("events:write"), Handle: p.SaveDevice, Unseen: true},
		{Method: post, Path: "/devices/{device}/revoke", Who: may("events:write"), Handle: p.RevokeDevice, Unseen: true},
		{Method: post, Path: "/devices/{device}/pairing", Who: may("events:write"), Handle: p.RepairDevice, Unseen: true},
		{Method: get, Path: "/sponsors", Who: may("sponsors:read"), Handle: p.EventSponsors},
		{Method: get, Path: "/sponsors/new", Who: may("sponsors:write"), Handle: p.EventSponsor},
		{Method: post, Path: "/sponsors/new", Who: may("sponsors:write"), Handle: p.SaveSponsor},
		{Method: get, Path: "/sponsors/tiers/new", Who: may("sponsors:write"), Handle: p.EventTier},
		{Method: post, Path: "/sponsors/tiers/new", Who: may("sponsors:write"), Handle: p.SaveTier},
		{Method: get, Path: "/sponsors/tiers/{tier}", Who: may("sponsors:write"), Handle: p.EventTier},
		{Method: post, Path: "/sponsors/tiers/{tier}", Who: may("sponsors:write"), Handle: p.SaveTier},
		{Method: get, Path: "/sponsors/sharing", Who: may("sponsors:write"), Handle: p.EventSharing},
		{Method: post, Path: "/sponsors/sharing", Who: may("sponsors:write"), Handle: p.SaveSharing, Unseen: true},
		{Method: get, Path: "/sponsors/{sponsor}/leads", Who: may("people:read"), Handle: p.EventSponsorLeads},
		{Method: get, Path: "/sponsors/{sponsor}/leads.csv", Who: may("people:read"), Handle: p.ExportLeads},
		{Method: get, Path: "/sponsors/{sponsor}/leads.xlsx", Who: may("people:read"), Handle: p.ExportLeads},
		{Method: post, Path: "/sponsors/{sponsor}/devices", Who: may("sponsors:write"), Handle: p.AddLeadDevice, Unseen: true},
		{Method: get, Path: "/sponsors/{sponsor}", Who: may("sponsors:write"), Handle: p.EventSponsor},
		{Method: post, Path: "/sponsors/{sponsor}", Who: may("sponsors:write"), Handle: p.SaveSponsor},
		{Method: post, Path: "/sponsors/{sponsor}/payments", Who: may("sponsors:write"), Handle: p.ReceiveFromSponsor},
		{Method: get, Path: "/budget", Who: may("budget:read"), Handle: p.EventBudget},
		{Method: get, Path: "/budget/lines/new", Who: may("budget:write"), Handle: p.EventBudgetLine},
		{Method: post, Path: "/budget/lines/new", Who: may("budget:write"), Handle: p.SaveBudgetLine, Unseen: true},
		{Method: get, Path: "/budget/lines/{line}", Who: may("budget:write"), Handle: p.EventBudgetLine},
		{Method: post, Path: "/budget/lines/{line}", Who: may("budget:write"), Handle: p.SaveBudgetLine, Unseen: true},
		{Method: post, Path: "/budget/lines/{line}/entries", Who: may("budget:write"), Handle: p.EnterOnBudgetLine, Unseen: true},
		{Method: get, Path: "/activation", Who: may("recap:read"), Handle: p.EventActivation},
		{Method: get, Path: "/recap", Who: may("recap:read"), Handle: p.EventRecap},
		{Method: get, Path: "/recap.pdf", Who: may("recap:read"), Handle: p.EventRecapPDF},
	}
}
