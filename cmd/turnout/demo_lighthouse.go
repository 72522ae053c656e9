package main

import (
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/community"
	"turnout/events"
	"turnout/events/budget"
	"turnout/events/organisers"
	"turnout/events/sponsors"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// The slugs of the first community's conferences.
const (
	slugPast = "lighthouse-conf-7"
	slugNext = "lighthouse-conf-8"
)

// inventLighthouse is the community `demo`: a conference that was, one to come, a meetup and a draft.
func inventLighthouse(s *story) error {
	zone, err := events.LoadZone("Europe/Lisbon")
	if err != nil {
		return err
	}
	s.found(&organisers.Community{
		Name: "Lighthouse", Locale: "en", Timezone: zone.String(), Accent: "#0f6b70",
		Description: "People who look after **open data, maps and the software around them**. We meet by the water once a year, and online " +
			"every month.\n\n*Lighthouse is invented: it is the demo of Turnout.*",
		PaymentInstructions: "This is a demo: there is no account to pay into.",
	}, s.now.Add(-300*day), len(demoSignIns))
	s.rule = &community.Rule{CommunityID: s.community.ID, Types: []string{}, MinCount: 3, WindowDays: 60, LookbackDays: 60, Version: 1,
		UpdatedAt: s.now.Add(-290 * day)}
	for _, invent := range []func(*time.Location) error{s.pastConference, s.nextConference, s.meetup, s.draft} {
		if err := invent(zone); err != nil {
			return err
		}
	}
	return nil
}

// pastConference ended more than ninety days ago: its window is over, and so are ninety days of what followed.
func (s *story) pastConference(zone *time.Location) error {
	thursday := before(s.now, 95*day, time.Thursday, zone)
	opens := thursday.Add(-11 * week)
	picture, err := s.cover(dusk)
	if err != nil {
		return err
	}
	e := s.event(events.Event{
		Slug: slugPast, Title: "Lighthouse Conf 7: Shared Charts", Format: events.Hybrid, Status: events.Ended, Timezone: zone.String(),
		Summary: "Two days by the water about open data, maps and the software around them.", Description: readText("about-7.md"),
		StartsAt: clock(thursday, "09:15"), EndsAt: clock(thursday.AddDate(0, 0, 1), "13:00"), CoverHash: picture,
		VenueName: "Old Customs House", VenueAddress: "Cais do Farol 7", VenueCity: "Lisboa", VenueCountry: "PT", OnlineURL: "https://live.lighthouse.example/7",
	}, opens.Add(-14*day).UTC())
	hall, stream := s.pool(e, "Customs house", 270), s.pool(e, "Stream", 400)
	earlyBirds, benches := s.pool(e, "Early birds", 70), s.pool(e, "Workshop benches", 60)
	free := ticketing.TicketType{Name: "Speaker or crew", Description: "For those who make it happen.", Visibility: ticketing.Hidden, MaxPerOrder: 1}
	online := ticketing.TicketType{Name: "Online", Description: "Stream, chat and recordings.", Price: 2500, AttendanceMode: ticketing.Virtual}
	pass := s.shelf(e, ticketing.TicketType{Name: "Conference and workshop", Description: "Both days and a place on a workshop bench.", Price: 17900}, 15, hall, benches)
	sale := &sale{story: s, event: e, from: opens.Add(9 * time.Hour).UTC(), until: e.StartsAt.Add(-time.Hour), attempts: 375, spurt: 0.3, cancels: 0.06,
		shelves: []*shelf{
			s.shelf(e, ticketing.TicketType{Name: "Early bird", Description: "Both days, for those who decide soon.", Price: 8900, SalesEnd: opens.Add(6 * week).UTC()}, 60, hall, earlyBirds),
			s.shelf(e, ticketing.TicketType{Name: "Regular", Description: "Both days.", Price: 12900}, 44, hall), pass,
			s.shelf(e, ticketing.TicketType{Name: "Student", Description: "With a student card at the door.", Price: 3500, MaxPerOrder: 2}, 11, hall),
			s.shelf(e, free, 7, hall), s.shelf(e, online, 36, stream),
		}}
	for _, on := range sale.shelves {
		on.queue = on.Price > 0 && len(on.pools) == 1 && on.AttendanceMode == ticketing.InPerson
	}
	s.plan(e, "agenda-7.tsv", opens.Add(3*week).UTC(), "1.0", room{"Lantern Hall", 270}, room{"Chart Room", 120}, room{"Boathouse", 60})
	sale.run()
	backers := s.moneyOfPast(e, opens.Add(-10*day).UTC())
	friday := thursday.AddDate(0, 0, 1)
	first := s.list(e, "Thursday", clock(thursday, "08:15"), clock(thursday, "20:00"))
	second := s.list(e, "Friday", clock(friday, "08:30"), clock(friday, "14:00"))
	bench := s.list(e, "Workshops", clock(thursday, "10:30"), clock(thursday, "15:30"), pass)
	for _, session := range s.sessions {
		if session.EventID == e.ID && session.Title == "Workshop: your first offline map" {
			bench.SessionID = session.ID
		}
	}
	d := newDoors(s, e)
	d.come(first, second, bench)
	d.join()
	d.opinions()
	d.stands(backers[1], backers[2])
	(&aftermath{story: s, event: e}).follow()
	return nil
}

func limit(n int64) *int64 { return &n }

// moneyOfPast gives its sponsors.
func (s *story) moneyOfPast(e *events.Event, from time.Time) []turnout.ID {
	tiers := []*sponsors.Tier{
		{Name: "Beacon", Price: 8000, Limit: limit(2), Benefits: []string{"A keynote slot's introduction", "Logo on stage and stream", "Ten tickets"}},
		{Name: "Harbour", Price: 4000, Limit: limit(4), Benefits: []string{"Logo on the stream", "Five tickets"}},
		{Name: "Buoy", Price: 1500, Benefits: []string{"Logo on the website", "Two tickets"}},
	}
	ids := s.support(e, from, 100, tiers, []supporter{
		{"Tidal Cloud", 0, sponsors.Paid, 8000, []int64{4000, 4000}},
		{"Meridian Maps", 0, sponsors.Paid, 8000, []int64{8000}},
		{"Kelp & Sons Printing", 1, sponsors.Paid, 4000, []int64{4000}},
		{"Open Ports Foundation", 1, sponsors.Invoiced, 4000, []int64{2000}},
		{"Sextant Analytics", 1, sponsors.Signed, 4000, nil},
		{"Gull Wing Bakery", 2, sponsors.Promised, 1500, nil},
		{"Barnacle Backup", 2, sponsors.Talking, 0, nil},
		{"Fathom Networks", -1, sponsors.Prospect, 0, nil},
		{"Driftwood Capital", 1, sponsors.Lost, 4000, nil},
	})
	in, out := budget.Income, budget.Expense
	s.account(e, from, 100, []cost{
		{category: budget.CategoryTickets, kind: in, planned: 30000},
		{category: "Sponsor: Tidal Cloud", kind: in, planned: 8000, sponsor: ids[0]},
		{category: "Sponsor: Meridian Maps", kind: in, planned: 8000, sponsor: ids[1]},
		{category: "Other sponsors", kind: in, planned: 12000, sponsor: ids[2]},
		{category: "T-shirts and charts", kind: in, planned: 900, entries: []spent{{740, 0, "Desk"}, {265, -1, "Desk"}}},
		{category: "Venue", kind: out, planned: 18000, committed: 18500, entries: []spent{{9250, 60, "Old Customs House"}, {9250, -6, "Old Customs House"}}},
		{category: "Catering", kind: out, planned: 15500, committed: 16000, entries: []spent{{5000, 20, "Cantina do Cais"}, {11960, -9, "Cantina do Cais"}}},
		{category: "Stream and sound", kind: out, planned: 6500, committed: 6900, entries: []spent{{3000, 30, "Foghorn AV"}, {3900, -4, "Foghorn AV"}, {-250, -12, "Foghorn AV"}}},
		{category: "Speakers' travel", kind: out, planned: 5000, committed: 4200, entries: []spent{{1840, 12, "Rail"}, {1215, 3, "Hotel Maré"}, {960, -14, "Refunds of fares"}}},
		{category: "Childcare", kind: out, planned: 1600, committed: 1600, sponsor: ids[3], entries: []spent{{1600, -3, "Pequenos Faróis"}}},
		{category: "Printing", kind: out, planned: 900, committed: 760, entries: []spent{{760, 5, "Kelp & Sons Printing"}}},
		{category: "Insurance", kind: out, planned: 650, committed: 640, entries: []spent{{640, 40, "Mutual"}}},
	})
	return ids
}

// nextConference is on sale.
func (s *story) nextConference(zone *time.Location) error {
	thursday := after(s.now, 46*day, time.Thursday, zone)
	opened := s.now.Add(-24 * day)
	picture, err := s.cover(morning)
	if err != nil {
		return err
	}
	e := s.event(events.Event{
		Slug: slugNext, Title: "Lighthouse Conf 8: The Error Bar", Format: events.Hybrid, Status: events.Published, Timezone: zone.String(),
		Summary: "How to measure uncertainty, how to draw it, and how to decide with it. In a rope factory, and online.", Description: readText("about-8.md"),
		StartsAt: clock(thursday, "09:15"), EndsAt: clock(thursday.AddDate(0, 0, 1), "13:00"), CoverHash: picture,
		VenueName: "Cordoaria Nova", VenueAddress: "Rua da Corda 12", VenueCity: "Lisboa", VenueCountry: "PT", OnlineURL: "https://live.lighthouse.example/8",
	}, opened.Add(-16*day))
	s.designs = append(s.designs, &ticketing.Design{EventID: e.ID, CommunityID: e.CommunityID, Layout: documents.Band, ShowOrder: true, ShowVenue: true, ShowPrice: true,
		Note: "Doors open at 08:15. Students, bring your card.\nTram 15 stops at the gate; there is no step on the way in.", Version: 1, UpdatedAt: opened})
	hall, stream := s.pool(e, "Rope factory", 320), s.pool(e, "Stream", 1000)
	earlyBirds, benches := s.pool(e, "Early birds", 60), s.pool(e, "Workshop deck", 45)
	early := s.shelf(e, ticketing.TicketType{Name: "Early bird", Description: "Both days, for those who decide soon.", Price: 9500}, 46, hall, earlyBirds)
	early.queue = true
	sale := &sale{story: s, event: e, from: opened, until: s.now.Add(-50 * time.Minute), attempts: 118, spurt: 0.12, returning: 0.4,
		shelves: []*shelf{
			early,
			s.shelf(e, ticketing.TicketType{Name: "Regular", Description: "Both days, lunch and the harbour walk.", Price: 13900}, 26, hall),
			s.shelf(e, ticketing.TicketType{Name: "Conference and workshop", Description: "Both days, a place on the workshop deck and a shirt.", Price: 18900,
				PriceWindows: []ticketing.PriceWindow{{ID: turnout.NewID("win"), Name: "Before the programme is final", Price: 16900, Until: clock(before(s.now, -12*day, time.Sunday, zone), "23:59")}}}, 12, hall, benches),
			s.shelf(e, ticketing.TicketType{Name: "Student", Description: "With a student card at the door.", Price: 3900, MaxPerOrder: 2,
				PriceWindows: []ticketing.PriceWindow{s.firstAt(e, "First thirty", 2900, 30)}}, 8, hall),
			s.shelf(e, ticketing.TicketType{Name: "Online", Description: "Stream, chat and recordings.", Price: 0, AttendanceMode: ticketing.Virtual}, 18, stream),
			s.shelf(e, ticketing.TicketType{Name: "Online supporter", Description: "The same, and you pay for somebody else's captions.", Pricing: ticketing.OpenPrice,
				Price: 2500, MinPrice: 500, AttendanceMode: ticketing.Virtual}, 8, stream),
			s.shelf(e, ticketing.TicketType{Name: "Speaker or crew", Visibility: ticketing.Hidden, MaxPerOrder: 1}, 4, hall),
			s.shelf(e, ticketing.TicketType{Name: "Community place", Description: "For those who could not come otherwise. We read what you write within two days.", Price: 2000,
				MaxPerOrder: 2, RequiresApproval: true}, 0, hall),
			s.shelf(e, ticketing.TicketType{Name: "Press", Description: "Accredited journalists.", Visibility: ticketing.VoucherOnly, MaxPerOrder: 3}, 0, hall),
		}}
	sale.addOnsOfNext()
	sale.vouchersOfNext()
	sale.dealsOfNext()
	sale.run()
	sale.settleNext()
	sale.shopOfNext()
	s.questionsOfNext(e, sale.shelves[:4]...)
	s.whyOfNext(e, sale.shelfOf("Community place"))
	s.plan(e, "agenda-8.tsv", s.now.Add(-12*day), "0.9", room{"Main Hall", 320}, room{"Room 2", 140}, room{"Workshop deck", 45})
	s.stars(e, 60)
	s.places(e, "build a tide gauge", 6, 11, sale.shelfOf("Conference and workshop"))
	s.places(e, "run a mapping party", 45, 17)
	s.streamed(e, "Room 2", "https://live.lighthouse.example/8/room-2")
	front := s.list(e, "Front door", time.Time{}, time.Time{}) // open now: whoever tries the demo scans the ticket that they just bought
	s.list(e, "Thursday", clock(thursday, "08:00"), clock(thursday, "20:00"))
	s.list(e, "Friday", clock(thursday.AddDate(0, 0, 1), "08:30"), clock(thursday.AddDate(0, 0, 1), "14:00"))
	s.device(e, "Phone at the front door", "Front door", front, checkin.ScanOnly, s.now.Add(-50*time.Minute))
	s.device(e, "Help desk tablet", "Help desk", nil, checkin.Supervisor, time.Time{})
	tiers := []*sponsors.Tier{
		{Name: "Beacon", Price: 9000, Limit: limit(2), Benefits: []string{"Logo on stage and stream", "Ten tickets"}},
		{Name: "Harbour", Price: 4500, Limit: limit(4), Benefits: []string{"Logo on the stream", "Five tickets"}},
		{Name: "Buoy", Price: 1500, Benefits: []string{"Logo on the website", "Two tickets"}},
	}
	ids := s.support(e, opened.Add(-14*day), 100, tiers, []supporter{
		{"Meridian Maps", 0, sponsors.Paid, 9000, []int64{9000}},
		{"Tidal Cloud", 1, sponsors.Invoiced, 4500, nil},
		{"Kelp & Sons Printing", 1, sponsors.Signed, 4500, nil},
		{"Gull Wing Bakery", 2, sponsors.Promised, 1500, nil},
		{"Fathom Networks", 0, sponsors.Talking, 9000, nil},
		{"Barnacle Backup", 2, sponsors.Prospect, 0, nil},
	})
	s.account(e, opened.Add(-12*day), 100, []cost{
		{category: budget.CategoryTickets, kind: budget.Income, planned: 32000},
		{category: "Sponsor: Meridian Maps", kind: budget.Income, planned: 9000, sponsor: ids[0]},
		{category: "Venue", kind: budget.Expense, planned: 15000, committed: 15000, entries: []spent{{7500, 58, "Cordoaria Nova"}}},
		{category: "Catering", kind: budget.Expense, planned: 14000},
		{category: "Stream and sound", kind: budget.Expense, planned: 7000, committed: 6800},
		{category: "Speakers' travel", kind: budget.Expense, planned: 5000, committed: 1200, entries: []spent{{380, 52, "Rail"}}},
	})
	return nil
}

// meetup is free, online, and next week.
func (s *story) meetup(zone *time.Location) error {
	tuesday := after(s.now, 5*day, time.Tuesday, zone)
	picture, err := s.cover(night)
	if err != nil {
		return err
	}
	e := s.event(events.Event{
		Slug: "show-and-tell", Title: "Show and Tell", Format: events.Virtual, Status: events.Published, Timezone: zone.String(), Accent: "#5b3fa0",
		Summary: "One hour, five people, five minutes each.", Description: readText("about-meetup.md"), CoverHash: picture,
		StartsAt: clock(tuesday, "18:30"), EndsAt: clock(tuesday, "19:45"), OnlineURL: "https://live.lighthouse.example/show-and-tell",
	}, s.now.Add(-20*day))
	seats := s.pool(e, "Seats", 100)
	(&sale{story: s, event: e, from: s.now.Add(-14 * day), until: s.now.Add(-30 * time.Minute), attempts: 38, spurt: 0.3, returning: 0.75, cancels: 0.05,
		shelves: []*shelf{s.shelf(e, ticketing.TicketType{Name: "Online seat", Description: "Free of charge.", AttendanceMode: ticketing.Virtual, MaxPerOrder: 1}, 1, seats)}}).run()
	return nil
}

// draft is what nobody but the organisers sees yet.
func (s *story) draft(zone *time.Location) error {
	saturday := after(s.now, 110*day, time.Saturday, zone)
	e := s.event(events.Event{
		Slug: "archive-weekend", Title: "Archive Weekend", Format: events.InPerson, Status: events.Draft, Timezone: zone.String(),
		Summary:  "A weekend of scanning old charts. Not announced yet.",
		StartsAt: clock(saturday, "10:00"), EndsAt: clock(saturday.AddDate(0, 0, 1), "17:00"), VenueName: "Maritime Archive", VenueCity: "Porto", VenueCountry: "PT",
	}, s.now.Add(-3*day))
	places := s.pool(e, "Reading room", 30)
	s.shelf(e, ticketing.TicketType{Name: "Weekend", Price: 2000}, 1, places)
	return nil
}

// inventQuietCode is the community `demo-two`: another currency, another zone.
func inventQuietCode(s *story) error {
	zone, err := events.LoadZone("Asia/Tokyo")
	if err != nil {
		return err
	}
	s.found(&organisers.Community{
		Name: "静かなコードの会 Quiet Code", Locale: "en", Timezone: zone.String(), Accent: "#8a2d3c",
		Description: "Working side by side, quietly, once a month. *Invented, like everything in this demo.*",
	}, s.now.Add(-80*day), 1)
	s.rule = &community.Rule{CommunityID: s.community.ID, Types: []string{}, MinCount: 2, WindowDays: 30, LookbackDays: 90, Version: 1, UpdatedAt: s.now.Add(-79 * day)}
	sunday := after(s.now, 18*day, time.Sunday, zone)
	e := s.event(events.Event{
		Slug: "quiet-coding-day", Title: "もくもく会 Quiet Coding Day", Format: events.InPerson, Status: events.Published, Timezone: zone.String(), Currency: "JPY",
		Summary: "A day of working side by side, with coffee and a show-and-tell at five.", Description: readText("about-two.md"),
		StartsAt: clock(sunday, "10:00"), EndsAt: clock(sunday, "18:00"), VenueName: "喫茶 灯台", VenueAddress: "神保町 1-2-3", VenueCity: "東京", VenueCountry: "JP",
	}, s.now.Add(-30*day))
	tables := s.pool(e, "Tables", 40)
	(&sale{story: s, event: e, from: s.now.Add(-21 * day), until: s.now.Add(-time.Hour), attempts: 22, spurt: 0.2, cancels: 0.05,
		shelves: []*shelf{
			s.shelf(e, ticketing.TicketType{Name: "一般 Regular", Price: 3000, MaxPerOrder: 2}, 3, tables),
			s.shelf(e, ticketing.TicketType{Name: "学生 Student", Price: 1500, MaxPerOrder: 1}, 1, tables),
		}}).run()
	return nil
}
