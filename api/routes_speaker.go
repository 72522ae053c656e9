package api

import "turnout/api/access"

// speakerRoutes are the pages of those who speak: no account, no password. They open with the secret in their address, which their handler checks.
func (s *server) speakerRoutes() []access.Route {
	p, link := s.pages, access.Link
	return []access.Route{
		{Method: get, Path: "/speak/{speaker}", Who: link, Handle: p.Speak},
		{Method: post, Path: "/speak/{speaker}", Who: link, Handle: p.SpeakProfile},
		{Method: post, Path: "/speak/{speaker}/photo", Who: link, Handle: p.SpeakPhoto},
		{Method: post, Path: "/speak/{speaker}/times", Who: link, Handle: p.SpeakTimes, Unseen: true},
		{Method: post, Path: "/speak/{speaker}/sessions/{session}", Who: link, Handle: p.SpeakAnswer, Unseen: true},
		{Method: post, Path: "/speak/{speaker}/sessions/{session}/slides", Who: link, Handle: p.SpeakSlides},
		{Method: get, Path: "/speak/{speaker}/slides/{slides}", Who: link, Handle: p.SpeakSlidesFile},
		{Method: post, Path: "/speak/{speaker}/slides/{slides}", Who: link, Handle: p.ChangeSlides},
	}
}
