package templates

import "time"

type (
	sampleSlides struct {
		ID, Name, Size, URL string
		Public              bool
	}
	sampleSpeakWindow struct{ From, Until, Starts, Ends string }
	sampleSpeakForm   struct {
		Name, Tagline, Pronouns, Bio string
		Version                      int64
	}
	sampleSpeakSession struct {
		ID, Title, Room  string
		StartsAt, EndsAt time.Time
		Placed, Moved    bool
		Answer           string
		AnsweredAt       time.Time
		From, Until      string
		AsksSlides       bool
		Slides           []sampleSlides
		Rated            string
		Raters           int64
	}
	speakPage struct {
		Chrome
		State                     string
		Errors                    Errors
		Event                     sampleEvent
		Base, Query               string
		Version                   int64
		Form                      sampleSpeakForm
		Email, PhotoURL, Initials string
		Sessions                  []sampleSpeakSession
		Open                      int
		Times                     []sampleSpeakWindow
		TimesSet, AsksTimes       bool
		PublicURL                 string
		Over, ReadOnly            bool
	}
	samplePublicSpeaker struct {
		Name, Tagline, PhotoURL, URL string
		Count                        int
	}
	speakersPage struct {
		Chrome
		Event       sampleEvent
		ScheduleURL string
		Speakers    []samplePublicSpeaker
	}
	sampleAppearance struct {
		Title, URL, Room string
		StartsAt, EndsAt time.Time
		Slides           []sampleSlides
	}
	speakerPage struct {
		Chrome
		Event                                          sampleEvent
		AllURL, Name, Tagline, Pronouns, Bio, PhotoURL string
		Sessions                                       []sampleAppearance
	}
)

const hostileText = "<script>alert(1)</script> & „Zoë“"

// speakerSamples are the pages of those who speak, and about them.
func speakerSamples() []sample {
	slides := []sampleSlides{{"sld_1", "engines.pdf", "3.4 MB", "/speak/spk_1/slides/sld_1?secret=x", true}, {"sld_2", "<b>.odp", "0.1 MB", "/speak/spk_1/slides/sld_2?secret=x", false}}
	rows := []sampleSpeakWindow{{"times[0].starts_at", "times[0].ends_at", "2026-06-04T09:00", "2026-06-04T12:00"}, {From: "times[1].starts_at", Until: "times[1].ends_at"}}
	open := speakPage{Chrome: chrome("Your page", "/speak/spk_1?secret=x"), State: "open", Event: sampleConf, Base: "/speak/spk_1", Query: "?secret=x", Version: 3,
		Form: sampleSpeakForm{hostileText, "Professor of numbers", "she/her", hostileText, 3}, Email: "ada@example.org", Initials: hostileText, Open: 2, Times: rows, TimesSet: true, AsksTimes: true,
		PublicURL: "/e/x/speakers/spk_1", Sessions: []sampleSpeakSession{
			{ID: "ses_1", Title: "SQLite in anger: lessons from a year in production", Room: "Stage 1", StartsAt: sampleConf.StartsAt, EndsAt: sampleConf.EndsAt, Placed: true, From: "a", Until: "b", AsksSlides: true},
			{ID: "ses_2", Title: "山田", StartsAt: sampleConf.StartsAt, EndsAt: sampleConf.EndsAt, Placed: true, Moved: true, Answer: "confirmed", AnsweredAt: sampleNow, Slides: slides, Rated: "4.3", Raters: 12},
			{ID: "ses_3", Title: "Łódź by night", Answer: "declined", AnsweredAt: sampleNow}, {ID: "ses_4", Title: "Confirmed", Answer: "confirmed", AnsweredAt: sampleNow}}}
	empty, wrong, typed := open, open, open
	empty.Sessions, empty.Open, empty.Times, empty.TimesSet, empty.PublicURL, empty.Email, empty.Over = nil, 0, rows[1:], false, "", "", true
	empty.PhotoURL = "/pictures/x"
	wrong.State = "wrong"
	typed.Errors = Errors{{Name: "name", Message: "This is needed."}, {Name: "times[0].ends_at", Message: "The end must come after the start."}}
	seen := open
	seen.ReadOnly, seen.Query = true, ""
	public := speakerPage{chrome("Ada", "/e/x/speakers/spk_1"), sampleConf, "/e/x/speakers", hostileText, "Professor of numbers", "she/her", hostileText, "/pictures/x",
		[]sampleAppearance{{"SQLite in anger", "/e/x/schedule/1", "Stage 1", sampleConf.StartsAt, sampleConf.EndsAt, slides}, {"Bare", "/e/x/schedule/2", "", sampleConf.StartsAt, sampleConf.EndsAt, nil}}}
	bare := public
	bare.Tagline, bare.Pronouns, bare.Bio, bare.PhotoURL = "", "", "", ""
	return []sample{{"speak", "open", open}, {"speak", "empty", empty}, {"speak", "wrong", wrong}, {"speak", "typed", typed}, {"speak", "preview", seen},
		{"speaker", "full", public}, {"speaker", "bare", bare},
		{"speakers", "several", speakersPage{chrome("Speakers", "/e/x/speakers"), sampleConf, "/e/x/schedule", []samplePublicSpeaker{{hostileText, "Professor", "/pictures/x", "/e/x/speakers/spk_1", 2}, {"Grace", "", "", "/e/x/speakers/spk_2", 1}}}},
		{"speakers", "none", speakersPage{Chrome: chrome("Speakers", "/e/x/speakers"), Event: sampleConf, ScheduleURL: "/e/x/schedule"}}}
}

// speakerLinkSample is the mail with a speaker's link.
func speakerLinkSample() map[string]any {
	return map[string]any{"Community": sampleBrand.Name, "Accent": "#0f766e", "Name": "Ada", "EventTitle": sampleConf.Title, "URL": "https://events.example.org/speak/spk_1?secret=x", "Days": 90}
}
