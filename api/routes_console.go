package api

import (
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
	}
}

// eventConsoleRoutes are the organisers' pages about one event.
func (s *server) eventConsoleRoutes() []access.Route {
	p, may := s.pages, access.Staff
	rows := []access.Route{
		{Method: get, Path: "", Who: may("events:read"), Handle: p.EventOverview},
		{Method: get, Path: "/details", Who: may("events:write"), Handle: p.EventDetails},
		{Method: post, Path: "/details", Who: may("events:write"), Handle: p.SaveEvent},
		{Method: post, Path: "/publish", Who: may("events:write"), Handle: p.PublishEvent},
		{Method: post, Path: "/cancel", Who: may("events:write"), Handle: p.CancelEvent},
		{Method: post, Path: "/clone", Who: may("events:write"), Handle: p.CloneEvent},
		{Method: post, Path: "/cover", Who: may("events:write"), Handle: p.SetCover},
		{Method: post, Path: "/cover/remove", Who: may("events:write"), Handle: p.DropCover},
		{Method: get, Path: "/tickets", Who: may("tickets:read"), Handle: p.EventTickets},
		{Method: post, Path: "/tickets/pools", Who: may("tickets:write"), Handle: p.CreatePool},
		{Method: get, Path: "/tickets/pools/{pool}", Who: may("tickets:write"), Handle: p.EventPool},
		{Method: post, Path: "/tickets/pools/{pool}", Who: may("tickets:write"), Handle: p.SavePool},
		{Method: get, Path: "/tickets/types/new", Who: may("tickets:write"), Handle: p.NewTicketType},
		{Method: post, Path: "/tickets/types/new", Who: may("tickets:write"), Handle: p.CreateTicketType},
		{Method: get, Path: "/tickets/types/{type}", Who: may("tickets:write"), Handle: p.EventTicketType},
		{Method: post, Path: "/tickets/types/{type}", Who: may("tickets:write"), Handle: p.SaveTicketType},
		{Method: get, Path: "/orders", Who: may("orders:read"), Handle: p.EventOrders},
		{Method: get, Path: "/orders/{order}", Who: may("orders:read"), Handle: p.EventOrder},
		{Method: post, Path: "/orders/{order}/cancel", Who: may("orders:write"), Handle: p.CancelOrderByStaff},
		{Method: post, Path: "/orders/{order}/refund", Who: may("orders:write"), Handle: p.RefundOrderByStaff},
		{Method: post, Path: "/orders/{order}/paid", Who: may("orders:write"), Handle: p.MarkOrderPaid},
		{Method: get, Path: "/waitlist", Who: may("orders:read"), Handle: p.EventWaitlist},
		{Method: get, Path: "/agenda", Who: may("agenda:read"), Handle: p.EventAgenda},
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
		{Method: get, Path: "/agenda/import", Who: may("agenda:write"), Handle: p.EventImport},
		{Method: post, Path: "/agenda/import", Who: may("agenda:write"), Handle: p.TryImport},
		{Method: post, Path: "/agenda/import/confirm", Who: may("agenda:write"), Handle: p.ConfirmImport},
		{Method: get, Path: "/agenda/release", Who: may("agenda:read"), Handle: p.EventRelease},
		{Method: post, Path: "/agenda/release", Who: may("agenda:write"), Handle: p.DoRelease},
		{Method: get, Path: "/speakers", Who: may("agenda:read"), Handle: p.EventSpeakers},
		{Method: get, Path: "/speakers/new", Who: may("agenda:write"), Handle: p.EventSpeaker},
		{Method: post, Path: "/speakers/new", Who: may("agenda:write"), Handle: p.SaveSpeaker},
		{Method: get, Path: "/speakers/{speaker}", Who: may("agenda:write"), Handle: p.EventSpeaker},
		{Method: post, Path: "/speakers/{speaker}", Who: may("agenda:write"), Handle: p.SaveSpeaker},
		{Method: post, Path: "/speakers/{speaker}/remove", Who: may("agenda:write"), Handle: p.RemoveSpeaker},
	}
	for i := range rows {
		rows[i].Path = "/console/events/{event}" + rows[i].Path
	}
	return rows
}
