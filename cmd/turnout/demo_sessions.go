package main

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"turnout"
	"turnout/checkin/online"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/audit"
	"turnout/ticketing"
	"turnout/ticketing/signups"
)

// sessionOf is the session of an event whose title ends so.
func (s *story) sessionOf(e *events.Event, title string) *agenda.Session {
	i := slices.IndexFunc(s.sessions, func(x *agenda.Session) bool { return x.EventID == e.ID && strings.HasSuffix(x.Title, title) })
	return s.sessions[i]
}

// places opens sign-up for a workshop to tickets of some types, and has so many ask for a place since: those beyond its seats wait.
func (s *story) places(e *events.Event, title string, seats, asking int64, types ...*shelf) {
	session := s.sessionOf(e, title)
	opened := s.now.Add(-9 * day)
	settings := &signups.Settings{SessionID: session.ID, CommunityID: e.CommunityID, EventID: e.ID, Offered: true, Seats: seats, OpensAt: opened, Mode: ticketing.InPerson, TicketTypeIDs: []turnout.ID{}, Version: 1, UpdatedAt: opened}
	for _, on := range types {
		settings.TicketTypeIDs = append(settings.TicketTypeIDs, on.ID)
	}
	slices.Sort(settings.TicketTypeIDs)
	s.signUpSettings = append(s.signUpSettings, settings)
	s.note(opened, s.byStaff(), "sign_up.settings_changed", session.ID)
	var asked rows[*signups.SignUp]
	for _, t := range s.tickets {
		if t.EventID == e.ID && t.Status == ticketing.Valid && settings.For(t) && int64(len(asked)) < asking {
			at := t.CreatedAt
			if at.Before(opened) {
				at = opened
			}
			at = at.Add(time.Duration(5+len(asked)*7%40) * time.Minute)
			asked = append(asked, &signups.SignUp{ID: turnout.NewID("sgn"), CommunityID: e.CommunityID, EventID: e.ID, SessionID: session.ID, TicketID: t.ID, Status: signups.Waiting, QueuedAt: at, CreatedAt: at})
		}
	}
	slices.SortStableFunc(asked, func(a, b *signups.SignUp) int { return a.QueuedAt.Compare(b.QueuedAt) })
	for _, u := range asked {
		action := "sign_up.waits"
		if settings.Taken < seats {
			u.Status, u.SignedAt, action = signups.Signed, u.QueuedAt, "sign_up.signed"
			settings.Taken++
		} else {
			settings.Waiting++
		}
		s.note(u.QueuedAt, audit.Actor{Kind: audit.Buyer, ID: u.TicketID}, action, u.ID)
	}
	s.signUps = append(s.signUps, asked...)
}

// streamed gives the sessions in a room an online room of their own.
func (s *story) streamed(e *events.Event, name, url string) {
	i := slices.IndexFunc(s.rooms, func(r *agenda.Room) bool { return r.EventID == e.ID && r.Name == name })
	for _, x := range s.sessions {
		if x.EventID == e.ID && x.RoomID == s.rooms[i].ID {
			s.online = append(s.online, &online.Room{SessionID: x.ID, CommunityID: e.CommunityID, EventID: e.ID, URL: url, Version: 1, UpdatedAt: x.UpdatedAt})
			s.note(x.UpdatedAt, s.byStaff(), "session.online_room_changed", x.ID)
		}
	}
}

// opinions are stars and words that some who came gave to sessions on their way home.
func (d *doors) opinions() {
	praise := []string{"The best hour of the two days.", "Please again, and longer!", "I tried it on the train home. It works.", "I had given up on this topic. Not any more."}
	doubt := []string{"Too fast for me; the slides would help.", "The microphone was hard to hear at the back.", "Good, but the examples were last year's."}
	stars := [][]int64{{5, 4, 5, 3, 4, 5, 2, 4, 5, 3, 4, 5, 4, 1}, {5, 5, 4, 5, 5, 3, 5, 4}, {4, 3, 5, 2, 4, 3, 4}, {5, 4, 4, 5, 3}, {3, 4, 2, 5, 3, 1, 4, 3}}
	n := 0
	for k, x := range d.sessions {
		if x.EventID != d.event.ID || x.Kind == agenda.Break {
			continue
		}
		for i, t := range d.tickets {
			if d.present[[2]turnout.ID{"", t.ID}] == nil || (i*31+k*17)%23 > k%5 {
				continue
			}
			n++
			f := &signups.Feedback{SessionID: x.ID, TicketID: t.ID, PersonID: t.PersonID, CommunityID: t.CommunityID, EventID: t.EventID, Stars: stars[k%len(stars)][n%len(stars[k%len(stars)])],
				ShownAs: rand.Text(), UpdatedAt: x.EndsAt.Add(time.Duration(10+n%300) * time.Minute)}
			switch {
			case n%4 == 1 && f.Stars > 3:
				f.Words = praise[n/4%len(praise)]
			case n%4 == 1:
				f.Words = doubt[n/4%len(doubt)]
			}
			d.feedback = append(d.feedback, f)
		}
	}
}
