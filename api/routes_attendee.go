package api

import "turnout/api/access"

// attendeeRoutes are the pages of those who come: no account, no password. Pages of an order, a waitlist entry or a ticket open
// with the secret in their address, which their handler checks.
func (s *server) attendeeRoutes() []access.Route {
	p, lazy, link := s.pages, access.PublicLazy, access.Link
	return []access.Route{
		{Method: get, Path: "/", Who: lazy, Handle: p.Root},
		{Method: get, Path: "/c/{community}", Who: lazy, Handle: p.Home},
		{Method: get, Path: "/c/{community}/calendar.ics", Who: lazy, Handle: p.HomeCalendar},
		{Method: get, Path: "/e/{event}", Who: lazy, Handle: p.Event},
		{Method: get, Path: "/e/{event}/calendar.ics", Who: lazy, Handle: p.EventCalendar},
		{Method: get, Path: "/e/{event}/schedule", Who: lazy, Handle: p.Schedule},
		{Method: get, Path: "/e/{event}/schedule.ics", Who: lazy, Handle: p.ScheduleCalendar},
		{Method: get, Path: "/e/{event}/schedule.pdf", Who: lazy, Handle: p.PrintedSchedule},
		{Method: get, Path: "/e/{event}/schedule/changes", Who: lazy, Handle: p.ScheduleChanges},
		{Method: get, Path: "/e/{event}/schedule/changes.atom", Who: lazy, Handle: p.ScheduleFeed},
		{Method: get, Path: "/e/{event}/schedule/{session}", Who: lazy, Handle: p.Session},
		{Method: get, Path: "/e/{event}/schedule/now", Who: lazy, Handle: p.NowAndNext},

		// What is marked in a schedule: this browser's by its cookie, others' by their links. The links of mails do nothing before a press.
		{Method: get, Path: "/e/{event}/my-agenda", Who: public, Handle: p.MyAgenda},
		{Method: post, Path: "/e/{event}/my-agenda", Who: public, Handle: p.Mark, Unseen: true, Redraws: true},
		{Method: get, Path: "/e/{event}/my-agenda/marked", Who: lazy, Handle: p.MarkedSessions},
		{Method: post, Path: "/e/{event}/my-agenda/email", Who: public, Handle: p.AskToTell, Unseen: true},
		{Method: post, Path: "/e/{event}/my-agenda/stop", Who: public, Handle: p.StopTellingHere, Unseen: true},
		{Method: post, Path: "/e/{event}/my-agenda/forget", Who: public, Handle: p.ForgetItinerary, Unseen: true},
		{Method: get, Path: "/e/{event}/my-agenda/{itinerary}", Who: link, Handle: p.LinkedItinerary},
		{Method: post, Path: "/e/{event}/my-agenda/{itinerary}/keep", Who: link, Handle: p.KeepItinerary, Unseen: true},
		{Method: get, Path: "/e/{event}/my-agenda/{itinerary}/tell", Who: link, Handle: p.ConfirmTelling},
		{Method: post, Path: "/e/{event}/my-agenda/{itinerary}/tell", Who: link, Handle: p.ConfirmTelling, Unseen: true},
		{Method: get, Path: "/e/{event}/my-agenda/{itinerary}/stop", Who: link, Handle: p.StopTelling},
		{Method: post, Path: "/e/{event}/my-agenda/{itinerary}/stop", Who: link, Handle: p.StopTelling, Unseen: true},

		{Method: get, Path: "/e/{event}/speakers", Who: lazy, Handle: p.PublicSpeakers},
		{Method: get, Path: "/e/{event}/speakers/{speaker}", Who: lazy, Handle: p.PublicSpeaker},
		{Method: get, Path: "/e/{event}/slides/{slides}", Who: lazy, Handle: p.PublicSlidesFile},
		{Method: get, Path: "/favicon.ico", Who: public, Handle: p.Favicon},
		{Method: get, Path: "/theme/{file}", Who: public, Handle: p.Theme},
		{Method: get, Path: "/pictures/{name}", Who: public, Handle: p.Picture},

		{Method: get, Path: "/e/{event}/checkout", Who: public, Handle: p.Checkout, Frame: access.Paying},
		{Method: post, Path: "/e/{event}/checkout", Who: public, Handle: p.PlaceOrder, Frame: access.Paying, Sells: true},
		{Method: post, Path: "/e/{event}/checkout/refresh", Who: public, Handle: p.RefreshCheckout, Frame: access.Paying, Unseen: true, Redraws: true},
		{Method: get, Path: "/pay/{payment}", Who: link, Handle: p.Pay, Frame: access.Paying},
		{Method: get, Path: "/orders/{code}", Who: link, Handle: p.Order, Frame: access.Paying},
		{Method: get, Path: "/orders/{code}/tickets.pdf", Who: link, Handle: p.OrderPDF},
		{Method: get, Path: "/orders/{code}/calendar.ics", Who: link, Handle: p.OrderCalendar},
		{Method: post, Path: "/orders/{code}/cancel", Who: link, Handle: p.CancelOrder},

		{Method: get, Path: "/e/{event}/find-order", Who: public, Handle: p.FindOrder},
		{Method: post, Path: "/e/{event}/find-order", Who: public, Handle: p.SendOrders},

		{Method: get, Path: "/e/{event}/waitlist", Who: public, Handle: p.Waitlist},
		{Method: post, Path: "/e/{event}/waitlist", Who: public, Handle: p.JoinWaitlist},
		{Method: get, Path: "/waitlist/{entry}", Who: link, Handle: p.WaitlistEntry},
		{Method: get, Path: "/waitlist/{entry}/offer", Who: link, Handle: p.AcceptOffer},
		{Method: post, Path: "/waitlist/{entry}/leave", Who: link, Handle: p.LeaveWaitlist},

		// {ticket} is the id; with .pdf or .ics behind it, the paper or the date.
		{Method: get, Path: "/tickets/{ticket}", Who: link, Handle: p.Ticket},
		{Method: post, Path: "/tickets/{ticket}/withdraw", Who: link, Handle: p.WithdrawConsent, Unseen: true},
		{Method: post, Path: "/tickets/{ticket}/share", Who: link, Handle: p.GiveConsentAgain, Unseen: true},
		{Method: get, Path: "/tickets/{ticket}/details", Who: link, Handle: p.Details},
		{Method: post, Path: "/tickets/{ticket}/details", Who: link, Handle: p.SaveDetails},
		{Method: get, Path: "/tickets/{ticket}/sessions", Who: link, Handle: p.TicketSessions},
		{Method: post, Path: "/tickets/{ticket}/sessions/{session}/sign-up", Who: link, Handle: p.SignUp, Unseen: true},
		{Method: post, Path: "/tickets/{ticket}/sessions/{session}/leave", Who: link, Handle: p.LeaveSession, Unseen: true},
		{Method: post, Path: "/tickets/{ticket}/sessions/{session}/unrate", Who: link, Handle: p.UnrateSession, Unseen: true},
		{Method: post, Path: "/tickets/{ticket}/feedback", Who: link, Handle: p.RateSession, Unseen: true},
		{Method: get, Path: "/tickets/worker.js", Who: public, Handle: p.TicketWorker},
		{Method: get, Path: "/join/{ticket}", Who: link, Handle: p.Join, Frame: access.Joining},
		{Method: post, Path: "/join/{ticket}", Who: link, Handle: p.EnterRoom, Frame: access.Joining, Unseen: true},
		{Method: get, Path: "/join/{ticket}/sessions/{session}", Who: link, Handle: p.JoinSession, Frame: access.Joining},
		{Method: post, Path: "/join/{ticket}/sessions/{session}", Who: link, Handle: p.EnterSession, Frame: access.Joining, Unseen: true},

		{Method: get, Path: "/sandbox/checkout/{session}", Who: trying, Handle: p.SandboxPay},
		{Method: post, Path: "/sandbox/checkout/{session}/{action}", Who: trying, Handle: p.SandboxAct},
	}
}
