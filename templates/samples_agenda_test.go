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
	return []sample{{"my_agenda", "full", full}, {"my_agenda", "told", told}, {"my_agenda", "asked", asked}, {"my_agenda", "kept", kept}, {"my_agenda", "linked", linked}, {"my_agenda", "other", other},
		{"my_agenda", "wrong", wrong}, {"my_agenda", "empty", empty}, {"my_agenda", "unreleased", unreleased},
		{"my_agenda_mail", "tell", mail}, {"my_agenda_mail", "told", done}, {"my_agenda_mail", "stop", stop}, {"my_agenda_mail", "stopped", stopped},
		{"now", "running", nowPage{frame, sampleConf, sampleNowAndNext(), "/e/x/my-agenda"}}, {"now", "nothing", nowPage{frame, sampleConf, sampleNowNext{URL: "/e/x/schedule/now", ScheduleURL: "/e/x/schedule"}, "/e/x/my-agenda"}}}
}
