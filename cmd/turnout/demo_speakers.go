package main

import (
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/agenda"
)

// speakerAnswer is what a speaker said to a session.
type speakerAnswer struct {
	bun.BaseModel `bun:"table:speaker_answers"`

	SessionID, SpeakerID, CommunityID, EventID turnout.ID
	Answer                                     agenda.Answer
	StartsAt, EndsAt, AnsweredAt               time.Time
}

// answerSessions has most speakers confirm their sessions: each fourth is still silent, and one confirmed a time at which the session is no more.
func (s *story) answerSessions(a *agenda.Agenda, at time.Time) {
	n := 0
	for _, session := range a.Sessions {
		for _, speaker := range session.SpeakerIDs {
			n++
			if n%4 == 3 {
				continue
			}
			said := &speakerAnswer{SessionID: session.ID, SpeakerID: speaker, CommunityID: session.CommunityID, EventID: session.EventID, Answer: agenda.Accepted,
				StartsAt: session.StartsAt, EndsAt: session.EndsAt, AnsweredAt: at.Add(time.Duration(n) * time.Hour)}
			if n == 5 {
				said.StartsAt, said.EndsAt = said.StartsAt.Add(-time.Hour), said.EndsAt.Add(-time.Hour)
			}
			s.speakerAnswers = append(s.speakerAnswers, said)
		}
	}
}
