package templates

import "time"

type (
	sampleRunning struct {
		GUID, Title, URL string
		StartsAt, EndsAt time.Time
	}
	sampleRoomNow struct {
		Name string
		Now  []sampleRunning
		Next *sampleRunning
	}
	sampleNowNext struct {
		At          time.Time
		URL         string
		Rooms       []sampleRoomNow
		ScheduleURL string
	}
	nowPage struct {
		Chrome
		Event   sampleEvent
		Now     sampleNowNext
		MarkURL string
	}
	sampleMarked struct {
		GUID, Title, URL, Room, Track, Speakers string
		StartsAt, EndsAt                        time.Time
		Gone, Overlaps                          bool
	}
	sampleMarkedDay struct {
		Date     time.Time
		Sessions []sampleMarked
	}
	myAgendaPage struct {
		Chrome
		Errors                                              Errors
		Event                                               sampleEvent
		Released                                            bool
		Action                                              string
		Days                                                []sampleMarkedDay
		Count, Overlapping                                  int
		Link, CalendarURL, ICSURL, Email, AskedEmail, Typed string
		MailKept                                            bool
		KeepURL                                             string
		Other                                               bool
	}
	samplePlaces struct{ Left, Waiting int64 }
	sampleSignUp struct {
		ID, Title                      string
		StartsAt, EndsAt               time.Time
		URL, Status                    string
		Position, Seats, Left, Waiting int64
		Why                            string
		OpensAt                        time.Time
		SignUpURL, LeaveURL, JoinURL   string
	}
	sampleRated struct {
		ID, Title           string
		Stars               int64
		Words, URL, BackURL string
	}
	ticketSessionsPage struct {
		Chrome
		Errors                    Errors
		Event                     sampleEvent
		Attendee, TicketURL, Over string
		Rows                      []sampleSignUp
		MayRate                   bool
		RateURL                   string
		Choice, Stars             []Option
		Form                      struct{ Session, Stars, Words string }
		Rated                     []sampleRated
		FeedWords                 int
	}
	myAgendaMailPage struct {
		Chrome
		Event                    sampleEvent
		What                     string
		Done                     bool
		Email, Action, AgendaURL string
	}
)

func sampleNowAndNext() sampleNowNext {
	next := &sampleRunning{"g2", "Łódź by night, or: how a very long title of a session wraps on a telephone", "/e/x/schedule/g2", sampleConf.StartsAt.Add(2 * time.Hour), sampleConf.StartsAt.Add(3 * time.Hour)}
	running := sampleRunning{"g1", "SQLite in anger: lessons from a year in production", "/e/x/schedule/g1", sampleConf.StartsAt, sampleConf.StartsAt.Add(time.Hour)}
	return sampleNowNext{At: sampleConf.StartsAt.Add(time.Minute), URL: "/e/x/schedule/now", ScheduleURL: "/e/x/schedule", Rooms: []sampleRoomNow{
		{"", []sampleRunning{running}, nil}, {"Stage 1", []sampleRunning{running, running}, next}, {"<Attic>", nil, next}}}
}

// agendaSamples are the pages of those who follow a schedule.
func agendaSamples() []sample {
	frame := chrome("My agenda", "/e/x/my-agenda")
	at := sampleConf.StartsAt
	full := myAgendaPage{Chrome: frame, Event: sampleConf, Released: true, Action: "/e/x/my-agenda", Count: 2, Overlapping: 2, Link: "https://turnout.example.org/e/x/my-agenda/iti_1?secret=abc",
		CalendarURL: "webcal://turnout.example.org/e/x/my-agenda/iti_1.ics?secret=abc", ICSURL: "/e/x/my-agenda/iti_1.ics?secret=abc", Days: []sampleMarkedDay{{at, []sampleMarked{
			{"g1", "SQLite in anger: lessons from a year in production", "/e/x/schedule/g1", "Stage 1", "Data", "山田, Ümit", at, at.Add(time.Hour), false, true},
			{"g2", "<b>Łódź</b> by night", "/e/x/schedule/g2", "", "", "", at, at.Add(2 * time.Hour), false, true}, {"g3", "Gone fishing", "", "Stage 2", "", "", at.Add(time.Hour), at.Add(2 * time.Hour), true, false}}}}}
	told, asked, kept, linked, other, wrong := full, full, full, full, full, full
	told.Email, asked.AskedEmail = "mail@example.org", "mail@example.org"
	kept.AskedEmail, kept.MailKept = "mail@example.org", true
	linked.KeepURL, other.KeepURL, other.Other = "/e/x/my-agenda/iti_1/keep?secret=abc", "/e/x/my-agenda/iti_1/keep?secret=abc", true
	wrong.Typed, wrong.Errors = "nowhere", Errors{{Name: "email", Code: "email", Message: "This is not an e-mail address."}}
	empty := myAgendaPage{Chrome: frame, Event: sampleConf, Released: true, Action: "/e/x/my-agenda"}
	unreleased := empty
	unreleased.Released = false
	mail := myAgendaMailPage{Chrome: frame, Event: sampleConf, What: "tell", Email: "mail@example.org", Action: "/e/x/my-agenda/iti_1/tell?secret=abc", AgendaURL: "/e/x/schedule"}
	done, stop, stopped := mail, mail, mail
	done.Done, stop.What, stop.Email, stopped.What, stopped.Email, stopped.Done = true, "stop", "", "stop", "", true
	row := sampleSignUp{ID: "ses_1", Title: "Knots and <ropes>, a workshop with a title that is as long as titles of workshops are", StartsAt: at, EndsAt: at.Add(90 * time.Minute), Seats: 12, Left: 3, SignUpURL: "/tickets/t/sessions/ses_1/sign-up?secret=x", LeaveURL: "/tickets/t/sessions/ses_1/leave?secret=x"}
	has, waits, packed, soon, moved := row, row, row, row, row
	has.JoinURL = "/join/t/sessions/ses_2?secret=x"
	has.ID, has.Status, waits.ID, waits.Status, waits.Position, waits.Left = "ses_2", "signed", "ses_3", "waiting", 4, 0
	packed.ID, packed.Left, packed.Waiting, soon.ID, soon.Why, soon.OpensAt = "ses_4", 0, 7, "ses_5", "Sign-up for this session has not begun yet.", at
	moved.ID, moved.Status, moved.StartsAt, moved.EndsAt = "ses_6", "signed", time.Time{}, time.Time{}
	places := ticketSessionsPage{Chrome: frame, Event: sampleConf, Attendee: "Łukasz <Wiśniewski>", TicketURL: "/tickets/t?secret=x", Rows: []sampleSignUp{row, has, waits, packed, soon, moved}, FeedWords: 2000}
	rating, nothing, over := places, places, places
	rating.MayRate, rating.RateURL, rating.Choice, rating.Stars = true, "/tickets/t/feedback?secret=x", []Option{{Value: "ses_1", Text: "Knots"}}, []Option{{Value: "5", Text: "★★★★★"}}
	rating.Errors, rating.Rated = Errors{{Name: "stars", Code: "required", Message: "This is needed."}}, []sampleRated{{"ses_1", "Knots", 4, "Good & <loud>", "/tickets/t/sessions?rate=ses_1#rate", "/tickets/t/sessions/ses_1/unrate?secret=x"}}
	nothing.Rows, over.Over = nil, "This ticket is not valid any more."
	return []sample{{"ticket_sessions", "places", places}, {"ticket_sessions", "rating", rating}, {"ticket_sessions", "nothing", nothing}, {"ticket_sessions", "over", over}, {"my_agenda", "full", full}, {"my_agenda", "told", told}, {"my_agenda", "asked", asked}, {"my_agenda", "kept", kept}, {"my_agenda", "linked", linked}, {"my_agenda", "other", other},
		{"my_agenda", "wrong", wrong}, {"my_agenda", "empty", empty}, {"my_agenda", "unreleased", unreleased},
		{"my_agenda_mail", "tell", mail}, {"my_agenda_mail", "told", done}, {"my_agenda_mail", "stop", stop}, {"my_agenda_mail", "stopped", stopped},
		{"now", "running", nowPage{frame, sampleConf, sampleNowAndNext(), "/e/x/my-agenda"}}, {"now", "nothing", nowPage{frame, sampleConf, sampleNowNext{URL: "/e/x/schedule/now", ScheduleURL: "/e/x/schedule"}, "/e/x/my-agenda"}}}
}
