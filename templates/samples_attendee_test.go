package templates

import (
	"time"

	"turnout"
)

// sampleHeld is an unpaid order of the reader's browser.
type sampleHeld struct {
	Code, PayURL string
	Lines        []sampleLine
	Total        turnout.Money
	ExpiresAt    time.Time
	Now          time.Time
}

func held() *sampleHeld {
	return &sampleHeld{"7KQ2M", "/pay/pay_1", []sampleLine{{Name: "Regular", Quantity: 2, Total: euro(29800)}}, euro(29800), sampleNow.Add(12 * time.Minute), sampleNow}
}

// attendeeSamples are the smaller pages of those who come.
func attendeeSamples() []sample {
	type form struct {
		Size, Name, Email string
	}
	type wishType struct {
		Value, Text string
		Price       turnout.Money
	}
	type wishChoice struct {
		Number int
		Chosen string
	}
	type wish struct {
		Chrome
		Errors    Errors
		Event     sampleEvent
		Action    string
		Types     []wishType
		Choices   []wishChoice
		Form      form
		ByLottery bool
		ClosesAt  time.Time
		Closed    bool
		Sent      bool
		MailKept  bool
		BuyURL    string
	}
	type find struct {
		Chrome
		Errors     Errors
		Event      sampleEvent
		Action     string
		Lost, Sent bool
		Email      string
		MailKept   bool
	}
	type entry struct {
		Chrome
		Event               sampleEvent
		Status, Name, Email string
		PartySize           int64
		Types               []string
		ByLottery           bool
		Position            int64
		ClosesAt            time.Time
		PassedOver          []string
		Offered             string
		Until               time.Time
		OfferURL, OrderURL  string
		LeaveURL, AgainURL  string
		LeaveAsks           string
	}
	type speaker struct{ Name, Bio, URL, Tagline, PhotoURL string }
	type session struct {
		Chrome
		Event                                                 sampleEvent
		Kind, Subtitle, Abstract, Text, Room, Track, Language string
		StartsAt, EndsAt                                      time.Time
		Placed                                                bool
		Speakers                                              []speaker
		Links                                                 []Link
		Slides                                                []sampleSlides
		ScheduleURL, GUID, MarkURL                            string
		Places                                                *samplePlaces
		PlacesFrom                                            time.Time
	}
	type try struct{ Key, Icon, URL string }
	type community struct {
		Name, URL string
		Next      []sampleCard
		More      bool
	}
	type root struct {
		Chrome
		Communities []community
		Tries       []try
	}
	type over struct {
		Chrome
		Code, Status, EventURL string
	}
	c := chrome("Waitlist", "/e/x/waitlist")
	open := wish{Chrome: c, Event: sampleConf, Action: "/e/x/waitlist", Types: []wishType{{"a", "Student", euro(4900)}, {"b", "Regular", euro(14900)}, {"c", "Late", euro(14900)}, {"d", "Sofa", euro(0)}},
		Choices: []wishChoice{{1, "b"}, {2, "a"}, {3, ""}, {4, ""}}, Form: form{"2", "", ""}}
	only := open
	only.Types, only.Choices = open.Types[:1], []wishChoice{{1, "a"}}
	wrong := open
	wrong.Errors, wrong.Form.Email = Errors{{Name: "email", Message: "This is no e-mail address."}}, "ada@"
	wrong.ByLottery, wrong.ClosesAt = true, sampleConf.StartsAt
	none := open
	none.Types = nil
	shut := open
	shut.Closed = true
	sent := open
	sent.Sent = true
	lost := find{chrome("This link opens no order", "/orders/x"), nil, sampleConf, "/e/x/find-order", true, false, "", false}
	cut := lost
	cut.Action = ""
	seek := lost
	seek.Lost, seek.Email, seek.Errors = false, "ada@", Errors{{Name: "email", Message: "This is no e-mail address."}}
	mailed := lost
	mailed.Lost, mailed.Sent = false, true
	waiting := entry{Chrome: c, Event: sampleConf, Status: "waiting", Name: "Ada", Email: "ada@example.org", PartySize: 3, Types: []string{"Student", "Regular"}, Position: 4,
		PassedOver: []string{"Student: 2 places are free, your party needs 3."}, LeaveURL: "/waitlist/x/leave", LeaveAsks: "Leave the waitlist?"}
	offered := waiting
	offered.Status, offered.Offered, offered.Until, offered.OfferURL = "offered", "Student", sampleNow.Add(20*time.Hour), "/waitlist/x/offer"
	missed := offered
	missed.Status, missed.LeaveURL, missed.AgainURL = "expired", "", "/e/x/waitlist"
	told := missed
	told.Status = "closed"
	wrongLink := entry{Chrome: c, Status: "wrong"}
	left := waiting
	left.Status, left.LeaveURL = "withdrawn", ""
	served := left
	served.Status, served.OrderURL = "accepted", "/orders/7KQ2M"
	talk := session{chrome("SQLite in anger: lessons from a year in production", "/e/x/schedule/1"), sampleConf, "talk", "What we would do again", "We ran **one file** for a year.",
		"<script>alert(1)</script> And then?", "Stage 1", "Databases", "en", sampleConf.StartsAt, sampleConf.StartsAt.Add(45 * time.Minute), true,
		[]speaker{{"Łukasz Wiśniewski", "Database whisperer.", "/e/x/speakers/spk_1", "At home in tables", "/pictures/x"}, {"山田 太郎", "", "/e/x/speakers/spk_2", "", ""}}, []Link{{"Slides", "https://example.org/slides.pdf"}, {"", "https://example.org"}}, []sampleSlides{{"sld_1", "engines.pdf", "3.4 MB", "/e/x/slides/sld_1", true}}, "/e/x/schedule", "g1", "/e/x/my-agenda", &samplePlaces{3, 0}, time.Time{}}
	bare := talk
	bare.Placed, bare.Speakers, bare.Links, bare.Abstract, bare.Text, bare.GUID, bare.Places, bare.PlacesFrom = false, nil, nil, "", "", "", &samplePlaces{0, 4}, sampleConf.StartsAt
	return []sample{
		{"waitlist", "open", open}, {"waitlist", "only", only}, {"waitlist", "wrong", wrong}, {"waitlist", "none", none}, {"waitlist", "sent", sent}, {"waitlist", "closed", shut},
		{"find_order", "lost", lost}, {"find_order", "cut", cut}, {"find_order", "wrong", seek}, {"find_order", "mailed", mailed},
		{"waitlist_entry", "waiting", waiting}, {"waitlist_entry", "left", left}, {"waitlist_entry", "served", served},
		{"waitlist_entry", "offered", offered}, {"waitlist_entry", "missed", missed}, {"waitlist_entry", "told", told}, {"waitlist_entry", "wrong", wrongLink},
		{"session", "full", talk}, {"session", "bare", bare},
		{"home_root", "two", root{chrome("Turnout", "/"), []community{
			{"Rhine Valley Gophers", "/c/a", []sampleCard{{Title: "Gopher Summit Rhine 2026", URL: "/e/x", Zone: "Europe/Berlin", Format: "hybrid", Place: "Cologne", StartsAt: sampleConf.StartsAt, EndsAt: sampleConf.EndsAt}}, true},
			{"東京", "/c/b", nil, false}}, []try{{"event", "ticket", "/e/x"}, {"door", "scan-line", "/door/x"}, {"recap", "chart-column", "/console/events/y/recap"}}}},
		{"home_root", "none", root{chrome("Turnout", "/"), nil, nil}},
		{"pay_over", "expired", over{Chrome{Title: "Nothing to pay", NoIndex: true, Path: "/pay/x"}, "7KQ2MXYZ", "expired", "/e/x"}},
	}
}

// ticketSamples are the page of one ticket in its states.
func ticketSamples(tickets []sampleTicket) []sample {
	type receipt struct {
		ID, Sponsor, Text    string
		GivenAt, WithdrawnAt time.Time
		Last                 bool
	}
	type page struct {
		Chrome
		State                       string
		Event                       sampleEvent
		Ticket                      sampleTicket
		OrderCode                   string
		Now                         time.Time
		PDFURL, ICSURL, SessionsURL string
		WithdrawURL                 string
		ShareURL                    string
		Shared                      []receipt
	}
	c := chrome(sampleConf.Title, "/tickets/tkt_1?secret=x")
	c.NoIndex, c.Scripts = true, []string{"ticket.js"}
	valid := page{c, "valid", sampleConf, tickets[0], "7KQ2M", sampleNow, "/tickets/tkt_1.pdf?secret=x", "/tickets/tkt_1.ics?secret=x", "/tickets/tkt_1/sessions?secret=x", "/tickets/tkt_1/withdraw?secret=x", "/tickets/tkt_1/share?secret=x",
		[]receipt{{"rcp_1", "Kelp & Sons Printing", "By letting a sponsor scan my badge I share my name and e-mail address with them.", sampleNow, time.Time{}, true}, {"rcp_2", "شركة", "Ja.", sampleNow, sampleNow, true}}}
	virtual, over, canceled, off := valid, valid, valid, valid
	virtual.Ticket = tickets[1]
	over.State, over.Ticket.CheckedInAt, over.Ticket.DetailsURL = "over", sampleNow, ""
	canceled.State, canceled.Ticket.Status, canceled.Ticket.Code, canceled.Ticket.DetailsURL, canceled.PDFURL = "canceled", "canceled", "", "", ""
	off.State = "event_canceled"
	return []sample{{"ticket", "valid", valid}, {"ticket", "virtual", virtual}, {"ticket", "over", over}, {"ticket", "canceled", canceled}, {"ticket", "event_canceled", off},
		{"ticket", "wrong", page{Chrome: chrome("Ticket", "/tickets/x"), State: "wrong"}}}
}
