package templates

import (
	"maps"
	"slices"
	"strings"
	"time"

	"turnout"
)

// sample is one page with the data of one situation. The structs here have the fields that the comment at the head of each
// template names; the real ones stand in api/pages.
type sample struct {
	page, variant string
	data          any
}

type (
	sampleLine struct {
		Name     string
		Quantity int
		Total    turnout.Money
		Note     string
		Less     turnout.Money
		Canceled int
	}
	sampleEvent struct {
		Slug, Title, Summary, Description, Status, Format, Zone, CoverURL, CancelReason, ICSURL, GroupName, URL, Place string
		StartsAt, EndsAt                                                                                               time.Time
		Venue                                                                                                          *sampleVenue
		Online                                                                                                         bool
	}
	sampleVenue struct{ Name, Address, City, Country string }
	sampleOffer struct {
		ID, Name, Note, State, Mode, Field, WaitlistURL      string
		Price                                                turnout.Money
		Min, Max                                             int
		Quantity                                             string
		From, PriceWords, For, PriceField, ShownField, Typed string
		Open, Approval                                       bool
		Least                                                turnout.Money
		Steps, Shown                                         int64
	}
	sampleAddOn struct {
		Name, Note, Field, Words, Typed, Quantity string
		Price                                     turnout.Money
		Open, Fixed, Tick                         bool
		Min, Max                                  int
	}
	sampleQuestion struct {
		ID, Name, Kind, Label, Help, Limits, Purpose, Zone, Value, From, Until, File, Error, If, IfName, IfAny string
		KeptUntil                                                                                              time.Time
		Required, Select                                                                                       bool
		Options                                                                                                []struct {
			Value, Text, Note string
			Checked, Disabled bool
		}
		MaxLength int
	}
	sampleAttendee struct {
		Label, Name, Email, NameField, EmailField, LaterField string
		Later                                                 bool
		Questions                                             []sampleQuestion
		AddOns                                                []sampleAddOn
	}
	samplePerson struct{ Name, Email, Tagline, PictureURL, URL, Label, NameField, EmailField string }
	sampleTicket struct {
		Number                                                  int
		ID, Status, TypeName, AttendeeName, Mode, Code, JoinURL string
		JoinOpensAt, CheckedInAt                                time.Time
		URL                                                     string
		Extras                                                  []string
		Answers                                                 []sampleAnswer
		DetailsURL                                              string
		Due                                                     bool
	}
	sampleAnswer struct{ Question, Answer string }
)

func euro(cents int64) turnout.Money { return turnout.Money{Amount: cents, Currency: "EUR"} }

var (
	sampleNow   = time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)
	sampleBrand = Brand{Name: "Rhine Valley Gophers", URL: "/c/rhine-gophers"}
	sampleConf  = sampleEvent{
		Slug: "gopher-summit-2026", Title: "Gopher Summit Rhine 2026", URL: "/e/gopher-summit-2026", Status: "published", Format: "hybrid", Zone: "Europe/Berlin",
		Summary:  "One day of Go in production: quiet services, honest benchmarks, and the people who run them.",
		StartsAt: time.Date(2026, 6, 4, 7, 0, 0, 0, time.UTC), EndsAt: time.Date(2026, 6, 4, 16, 30, 0, 0, time.UTC), Place: "Alte Tuchfabrik, Cologne",
		Venue: &sampleVenue{"Alte Tuchfabrik", "Tuchmacherstraße 12", "Cologne", "Germany"}, Online: true, ICSURL: "/e/gopher-summit-2026.ics", GroupName: "Cologne chapter",
		Description: "We meet once a year in an old cloth mill by the river. **Twelve talks on two stages**, one long lunch, and a workshop room that stays open all day.\n\n" +
			"## Who should come\n\n- People who run Go services and want to sleep at night\n- People who are about to\n- Students: write to [the team](mailto:team@example.org), we keep places\n\n" +
			"> The best hallway track of the year.\n\nThe building has step-free access, a quiet room and a hearing loop on stage one. Online guests see both stages and ask questions in the same queue.",
	}
)

func chrome(title, path string) Chrome {
	return Chrome{Title: title, Path: path, Community: sampleBrand, Demo: true}
}

func samples() []sample {
	type errorField struct{ Name, Value string }
	type errorSent struct {
		Action, SignInURL string
		Fields            []errorField
	}
	type errorPage struct {
		Chrome
		Status                               int
		Heading, Message, RequestID, HomeURL string
		Roles, Ask                           string
		Sent                                 *errorSent
	}
	all := []sample{
		{"error", "404", errorPage{Chrome: Chrome{Title: "Not found", NoIndex: true, Path: "/x"}, Status: 404,
			Message: "There is no such page here, or it is not yours to see.", RequestID: "req_0191", HomeURL: "/"}},
		{"error", "kept", errorPage{Chrome: Chrome{Title: "Unauthorized", NoIndex: true, Path: "/x"}, Status: 401, RequestID: "req_0192",
			Sent: &errorSent{"/x", "/sign-in", []errorField{{"title", "Gophers & friends"}, {"text", "One\nTwo"}}}}},
		{"sign_in", "wrong", struct {
			Chrome
			Errors                         Errors
			Email, Next, Action, ForgotURL string
		}{chrome("Sign in", "/sign-in"), Errors{{Name: "email", Message: "This e-mail address and password do not belong together."}}, "ada@example.org", "/console", "/sign-in", "/forgot"}},
		{"styleguide", "all", styleguideData()},
		{"styleguide_door", "ok", doorData("ok", "circle-check", "Welcome", "Ada Łukasiewicz", "Regular · Workshop seat in room 2")},
		{"styleguide_door", "warn", doorData("warn", "triangle-alert", "Already inside", "Ada Łukasiewicz", "Came in at 09:12 by the main entrance. Ask at the desk.")},
		{"styleguide_door", "refuse", doorData("refuse", "circle-x", "Canceled", "Đặng Thị Ánh", "This ticket was given back. Send to the desk.")},
		{"sandbox_pay", "open", sandboxData()},
	}
	all = append(all, homeSamples()...)
	all = append(all, eventSamples()...)
	all = append(all, checkoutSamples()...)
	all = append(all, orderSamples()...)
	all = append(all, attendeeSamples()...)
	all = append(all, doorSamples()...)
	return slices.Concat(all, changesSamples(), agendaSamples(), onlineSamples(), scheduleSamples(), speakerSamples())
}

type sampleCard struct {
	Slug, URL, Title, Summary, Zone, Format, Place, CoverURL, Status, Sale string
	StartsAt, EndsAt                                                       time.Time
	From                                                                   *turnout.Money
	Varies                                                                 bool
}

func homeSamples() []sample {
	type data struct {
		Chrome
		About                             string
		Upcoming, Past                    []sampleCard
		CalendarURL, FeedURL, MorePastURL string
	}
	price, none := euro(4900), euro(0)
	at := func(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 0, time.UTC) }
	full := data{
		chrome("Rhine Valley Gophers", "/c/rhine-gophers"), "Go people between Basel and Rotterdam. We meet every month, argue kindly, and run one conference a year.",
		[]sampleCard{
			{"gopher-summit-2026", "/e/gopher-summit-2026", "Gopher Summit Rhine 2026", "", "Europe/Berlin", "hybrid", "Alte Tuchfabrik, Cologne", "", "published", "few_left", sampleConf.StartsAt, sampleConf.EndsAt, &price, true},
			{"evening-june", "/e/evening-june", "June evening: profiling without tears", "", "Europe/Berlin", "virtual", "", "", "published", "available", at(2026, 6, 18, 16), at(2026, 6, 18, 19), &none, false},
			{"beginners-night", "/e/beginners-night", "A night for beginners with an unusually long title that wraps", "", "Europe/Amsterdam", "in_person", "Bibliotheek Neude, Utrecht", "", "canceled", "", at(2026, 7, 2, 16), at(2026, 7, 2, 20), nil, false},
		},
		[]sampleCard{
			{"gopher-summit-2025", "/e/gopher-summit-2025", "Gopher Summit Rhine 2025", "", "Europe/Berlin", "in_person", "Alte Tuchfabrik, Cologne", "", "ended", "", at(2025, 6, 5, 7), at(2025, 6, 6, 15), &price, true},
		}, "webcal://localhost/c/rhine-gophers.ics", "/c/rhine-gophers.ics", "/c/rhine-gophers?past=all",
	}
	full.Canonical = "https://events.example.org/c/rhine-gophers"
	empty := full
	empty.Upcoming, empty.Past = nil, nil
	return []sample{{"home_community", "full", full}, {"home_community", "empty", empty}}
}

func eventSamples() []sample {
	type session struct {
		Title, URL, Room, Speakers string
		StartsAt, EndsAt           time.Time
		Day                        string
	}
	type tier struct {
		Name     string
		Sponsors []struct{ Name, URL, LogoURL string }
	}
	type data struct {
		Chrome
		Now   time.Time
		Event sampleEvent
		Sale  struct {
			State, CheckoutURL, WaitlistURL string
			StartsAt                        time.Time
			Offers                          []sampleOffer
		}
		Agenda struct {
			Sessions    []session
			ScheduleURL string
			Count       int
		}
		Speakers     []samplePerson
		SponsorTiers []tier
		EditURL      string
		Held         *sampleHeld
	}
	d := data{Chrome: chrome(sampleConf.Title, sampleConf.URL), Now: sampleNow, Event: sampleConf, EditURL: ""}
	d.Canonical, d.Description = "https://events.example.org/e/gopher-summit-2026", sampleConf.Summary
	d.JSONLD = map[string]any{"@context": "https://schema.org", "@type": "Event", "name": sampleConf.Title + " </script>", "startDate": sampleConf.StartsAt}
	d.Sale.State, d.Sale.CheckoutURL = "few_left", "/e/gopher-summit-2026/checkout"
	d.Sale.Offers = []sampleOffer{
		{Name: "Regular", Price: euro(14900), State: "few_left", Mode: "in_person", Note: "Talks, lunch and the party"},
		{Name: "Student", Price: euro(4900), State: "sold_out", Mode: "in_person", WaitlistURL: "/e/x/waitlist?type=tty_2"},
		{Name: "From home", Price: euro(0), State: "available", Mode: "virtual", Note: "Both stages as a stream, with questions"},
	}
	start := sampleConf.StartsAt
	d.Agenda.Sessions = []session{
		{"Doors, coffee, badges", "", "Foyer", "", start, start.Add(time.Hour), ""},
		{"What a million idle goroutines cost", "/s/1", "Stage 1", "Ngozi Okafor", start.Add(time.Hour), start.Add(105 * time.Minute), ""},
		{"SQLite in anger: lessons from a year in production", "/s/2", "Stage 1", "Łukasz Wiśniewski, 山田 太郎", start.Add(2 * time.Hour), start.Add(165 * time.Minute), ""},
		{"Lunch by the river", "", "", "", start.Add(4 * time.Hour), start.Add(5 * time.Hour), ""},
	}
	d.Agenda.ScheduleURL, d.Agenda.Count = "/e/gopher-summit-2026/schedule", 14
	d.Speakers = []samplePerson{{Name: "Ngozi Okafor", Tagline: "Runs the night shift at Kiosk"}, {Name: "Łukasz Wiśniewski", Tagline: "Database whisperer"}, {Name: "山田 太郎", Tagline: "Compiler team"}, {Name: "نور الحسن", Tagline: "Writes about latency"}}
	d.SponsorTiers = []tier{{"Gold", []struct{ Name, URL, LogoURL string }{{"Kiosk Cloud", "https://example.org", ""}, {"Nordlicht Bank", "https://example.org", ""}}}, {"Community", []struct{ Name, URL, LogoURL string }{{"Teapot", "https://example.org", ""}}}}
	sold := d
	sold.Event.Format, sold.Event.Venue, sold.Event.Title = "virtual", nil, "A meetup about the things nobody writes down in the manual"
	sold.Event.Slug, sold.Event.Description = "things-nobody-writes", ""
	sold.Held = held()
	sold.Agenda.Sessions, sold.Speakers, sold.SponsorTiers, sold.EditURL = nil, nil, nil, "/console/events/x"
	sold.Sale.State, sold.Sale.WaitlistURL, sold.Sale.Offers = "sold_out", "/e/x/waitlist", []sampleOffer{{Name: "Free place", Price: euro(0), State: "sold_out", Mode: "virtual"}}
	gone := sold
	gone.Event.Status, gone.Event.CancelReason, gone.Sale.State = "canceled", "The venue is flooded. Everybody gets their money back.", ""
	draft := d
	draft.Event.Status, draft.Sale.State, draft.Sale.StartsAt = "draft", "not_started", sampleNow.Add(48*time.Hour)
	return []sample{{"event", "full", d}, {"event", "sold-out", sold}, {"event", "canceled", gone}, {"event", "draft", draft}}
}

func checkoutSamples() []sample {
	type data struct {
		Chrome
		Errors                                  Errors
		Event                                   sampleEvent
		Action, IdempotencyKey, Notice          string
		Offers                                  []sampleOffer
		Offered                                 int64
		Voucher                                 string
		VoucherUsed                             bool
		Extras                                  []sampleAddOn
		Buyer                                   samplePerson
		Open, Named, CanName, MustName          bool
		Proven, Prove, HasFiles, Approval, Free bool
		Attendees                               []sampleAttendee
		Questions, OrderQuestions               []sampleQuestion
		Kept                                    []struct{ Name, Value string }
		AskedNames                              string
		Summary                                 struct {
			Lines           []sampleLine
			Discount, Total turnout.Money
			IncludesTax     bool
		}
		PayWith, PrivacyURL, RefundText string
		Held                            *sampleHeld
		Instead                         string
	}
	ask := sampleQuestion{ID: "qst_1", Name: "order.qst_1", Kind: "text", Label: "Who pays?", Purpose: "For the invoice.", KeptUntil: sampleNow, Zone: "Europe/Berlin", MaxLength: 200}
	shirt := sampleAddOn{Name: "T-shirt", Field: "addon_1", Price: euro(2000), Quantity: "1", Max: 3, Words: "1 included in the ticket price", Min: 1}
	seat := sampleAddOn{Name: "Workshop seat", Note: "In the afternoon", Field: "addon_2", Price: euro(5000), Tick: true, Max: 1, Quantity: "1"}
	asked := ask
	asked.Name = "t1.qst_1"
	own := seat
	own.Field = "t1.addon_2"
	gift := sampleAddOn{Name: "Donation", Field: "addon_3", Price: euro(1000), Open: true, Typed: "5,00", Max: 1}
	first := data{
		Chrome: chrome("Your tickets", "/e/x/checkout"), Event: sampleConf, Action: "/e/x/checkout", IdempotencyKey: "k", PayWith: "sandbox", PrivacyURL: "/privacy",
		RefundText: "Cancel until 28 May and get everything back.", Open: true,
		Offers: []sampleOffer{
			{ID: "tty_1", Name: "Regular", Price: euro(14900), State: "few_left", Mode: "in_person", Note: "Talks, lunch and the party", Max: 6, Quantity: "1", Field: "lines[0].quantity", PriceField: "p0", ShownField: "s0", Steps: 1, PriceWords: "Early bird · until 1 May"},
			{ID: "tty_2", Name: "Student", Price: euro(4900), State: "sold_out", Mode: "in_person", Field: "lines[1].quantity", PriceField: "p1", WaitlistURL: "/e/x/waitlist?type=tty_2", Steps: 1},
			{ID: "tty_3", Name: "From home", Price: euro(1000), Least: euro(100), Open: true, Typed: "10.00", State: "available", Mode: "virtual", Note: "Both stages as a stream", Max: 10, Field: "lines[2].quantity", PriceField: "p2", ShownField: "s2", Steps: 8, For: "For members", Approval: true},
		},
	}
	wrong := first
	first.CanName, first.Prove, first.Questions, first.HasFiles = true, true, []sampleQuestion{ask}, true
	wrong.Named, wrong.Notice, wrong.Approval = true, "This belongs to your tickets.", true
	wrong.Voucher, wrong.VoucherUsed, wrong.Extras, wrong.OrderQuestions = "SPRING", true, []sampleAddOn{shirt, seat, gift}, []sampleQuestion{ask}
	wrong.Buyer = samplePerson{Name: "Ada Łukasiewicz", Email: "ada@@example"}
	wrong.Attendees = []sampleAttendee{
		{Label: "Ticket 1 · Regular", NameField: "attendees[0].name", EmailField: "attendees[0].email", LaterField: "l0", Name: "Ada Łukasiewicz", Questions: []sampleQuestion{asked}, AddOns: []sampleAddOn{own}},
		{Label: "Ticket 2 · Regular", NameField: "attendees[1].name", EmailField: "attendees[1].email", LaterField: "l1", Later: true},
	}
	wrong.Errors = Errors{{Name: "lines[0].quantity", Message: "Only 3 are left."}, {Name: "p2", Message: "At least €1.00."}, {Name: "voucher", Message: "There is none."}, {Name: "addon_1", Message: "At most 3."},
		{Name: "buyer.email", Message: "This is no e-mail address."}, {Name: "total", Message: "It is more now."}}
	wrong.Summary.Lines, wrong.Summary.Total, wrong.Summary.IncludesTax = []sampleLine{{Name: "Regular", Quantity: 4, Total: euro(59600), Note: "Early bird"}, {Name: "From home", Quantity: 1, Total: euro(0)}}, euro(59600), true
	wrong.Summary.Discount = euro(-500)
	wrong.Held, wrong.Instead = held(), "keep"
	wrong.Kept = []struct{ Name, Value string }{{"shown_total", "59600"}}
	wrong.Errors = append(wrong.Errors, Errors{{Name: "held_choice", Message: "Say what becomes of it."}}...)
	proven := first
	proven.Proven, proven.Offered = true, 3
	closed := first
	closed.Open, closed.Offers = false, first.Offers[1:2]
	type details struct {
		Chrome
		Errors                                 Errors
		Event                                  sampleEvent
		TypeName, EmailHelp, Closed, TicketURL string
		Form                                   struct{ Name, Email string }
		Questions                              []sampleQuestion
		HasFiles, PassedOn, EmailNeeded        bool
		PassesTo                               string
		Version                                int64
	}
	fill := details{Chrome: chrome("Your details", "/tickets/tkt_1/details"), Event: sampleConf, TypeName: "Regular", EmailHelp: "Leave it empty to be reached through Ada.", TicketURL: "/tickets/tkt_1", Questions: []sampleQuestion{ask}, HasFiles: true,
		Errors: Errors{{Name: "name", Message: "This is needed."}}}
	over, gone, passes := fill, fill, fill
	passes.EmailNeeded = true
	over.Closed, gone.PassedOn, passes.PassesTo, passes.Errors = "The event has begun.", true, "a.very.long.address.of.somebody@university.example.org", nil
	return []sample{{"details", "open", fill}, {"details", "closed", over}, {"details", "passed on", gone}, {"details", "passes on", passes}, {"checkout", "first", first}, {"checkout", "errors", wrong}, {"checkout", "proven", proven}, {"checkout", "closed", closed}}
}

type sampleRefund struct {
	Amount turnout.Money
	Status string
	Twice  bool
	At     time.Time
}

func orderSamples() []sample {
	type order struct {
		Code, Status        string
		Buyer               samplePerson
		PlacedAt, ExpiresAt time.Time
		Lines               []sampleLine
		Total               turnout.Money
		IncludesTax         bool
		Decision, Note      string
	}
	type data struct {
		Chrome
		Now     time.Time
		Order   order
		Payment struct{ Status, Provider, Note string }
		Refunds []sampleRefund
		PayURL  string
		Event   sampleEvent
		Tickets []sampleTicket
		Answers []sampleAnswer
		ICSURL  string
		PDFURL  string
		Cancel  struct {
			URL             string
			Refund, FeeKept turnout.Money
		}
		MailKept  bool
		OutboxURL string
	}
	d := data{Chrome: chrome("Order 7KQ2M", "/o/7KQ2M"), Now: sampleNow, Event: sampleConf, ICSURL: "/o/7KQ2M.ics", PDFURL: "/o/7KQ2M/tickets.pdf"}
	d.NoIndex = true
	d.Order = order{"7KQ2M", "confirmed", samplePerson{Name: "Ada Łukasiewicz", Email: "ada@example.org"}, sampleNow, time.Now().Add(14 * time.Minute), []sampleLine{{Name: "Regular", Quantity: 1, Total: euro(14900)}, {Name: "From home", Quantity: 1, Total: euro(0)}}, euro(14900), true, "", ""}
	d.Payment.Status, d.Payment.Provider = "succeeded", "sandbox"
	d.Cancel.URL, d.Cancel.Refund, d.Cancel.FeeKept = "/o/7KQ2M/cancel", euro(14400), euro(500)
	code := strings.Repeat("AEBAGBAFAYDQQCIKBMGA2DQ", 6) + "ABCDEFGHIJKLMNOPQ"
	d.Tickets = []sampleTicket{
		{1, "tkt_1", "valid", "Regular", "Ada Łukasiewicz", "in_person", code, "", time.Time{}, time.Time{}, "/tickets/tkt_1?secret=x", []string{"Workshop: Bidi for the brave", "2 × Dinner"}, []sampleAnswer{{"Diet?", "Vegan"}}, "/tickets/tkt_1/details?secret=x", false},
		{2, "tkt_2", "valid", "From home", "Đặng Thị Ánh", "virtual", code, "/join/x", sampleConf.StartsAt.Add(-15 * time.Minute), time.Time{}, "/tickets/tkt_2?secret=x", nil, nil, "/tickets/tkt_2/details?secret=x", true},
		{3, "tkt_3", "valid", "Regular", "Eve Adewale-Featherstonehaugh", "in_person", code, "", time.Time{}, time.Time{}, "/tickets/tkt_3?secret=x", nil, nil, "", true},
	}
	held := d
	held.Order.Status, held.Payment.Status, held.PayURL, held.ICSURL, held.PDFURL = "held", "failed", "/pay/pay_1", "", ""
	held.Payment.Note = "Your bank declined the card. You can try again or take another one."
	held.Tickets = []sampleTicket{{1, "tkt_1", "reserved", "Regular", "Ada Łukasiewicz", "in_person", "", "", time.Time{}, time.Time{}, "", nil, nil, "", false}}
	late := held
	late.Order.Status, late.PayURL, late.Payment.Status, late.Payment.Note, late.Cancel.URL = "expired", "", "late_refund_pending", "", ""
	late.Tickets = []sampleTicket{{1, "tkt_1", "canceled", "Regular", "Ada Łukasiewicz", "in_person", "", "", time.Time{}, time.Time{}, "", nil, nil, "", false}}
	late.Refunds = []sampleRefund{{euro(14900), "manual", false, sampleNow}}
	canceled := late
	canceled.Order.Status, canceled.Payment.Status = "canceled", "refund_pending"
	canceled.Refunds = []sampleRefund{{euro(14900), "requested", false, sampleNow}, {euro(100), "failed", false, sampleNow}}
	twice := d
	twice.Refunds = []sampleRefund{{euro(14900), "requested", true, sampleNow}, {euro(14900), "succeeded", true, sampleNow}, {euro(14900), "failed", true, sampleNow}, {euro(14900), "manual", true, sampleNow}}
	approved, declined := held, canceled
	approved.Order.Decision, approved.Order.Note = "approved", "See you there!"
	declined.Order.Decision, declined.Order.Note, declined.Refunds = "declined", "We are full of <speakers>.", nil
	kept := d
	kept.MailKept, kept.OutboxURL = true, "/console/rhine-gophers/mail"
	return append(ticketSamples(d.Tickets), []sample{{"order", "confirmed", d}, {"order", "kept", kept}, {"order", "held", held}, {"order", "late", late}, {"order", "canceled", canceled}, {"order", "twice", twice}, {"order", "approved", approved}, {"order", "declined", declined}}...)
}

func sandboxData() any {
	type action struct {
		Key, URL string
		Primary  bool
	}
	return struct {
		Chrome
		Payment struct {
			ID, Description, Email, Status string
			Amount                         turnout.Money
		}
		Actions []action
		BackURL string
	}{
		Chrome{Title: "Test payment", Path: "/sandbox", NoIndex: true},
		struct {
			ID, Description, Email, Status string
			Amount                         turnout.Money
		}{"pay_1", "Gopher Summit Rhine 2026 · order 7KQ2M", "ada@example.org", "created", euro(14900)},
		[]action{{"pay", "/p/succeed", true}, {"decline", "/p/fail", false}, {"abandon", "/p/abandon", false}, {"pay_late", "/p/late", false}, {"pay_twice", "/p/twice", false}}, "/o/7KQ2M",
	}
}

func sampleMails() map[string]any {
	order := map[string]any{
		"Community": sampleBrand.Name, "Accent": "#0f766e", "BuyerName": "Ada Łukasiewicz", "EventTitle": sampleConf.Title, "Zone": sampleConf.Zone, "Place": sampleConf.Place,
		"OrderCode": "7KQ2M", "OrderURL": "https://events.example.org/o/7KQ2M?secret=x", "EventURL": "https://events.example.org/e/x", "StartsAt": sampleConf.StartsAt, "EndsAt": sampleConf.EndsAt,
		"Lines": []sampleLine{{Name: "Regular", Quantity: 1, Total: euro(14900)}, {Name: "From home", Quantity: 1, Total: euro(0)}}, "Total": euro(14900), "Tickets": 2, "JoinNote": true, "Each": []map[string]any{{"Name": "Ada Łukasiewicz", "Type": "Regular", "URL": "https://events.example.org/tickets/tkt_1?secret=x"}}, "Reason": "The venue is flooded.", "Refund": euro(14900), "Valid": true, "PayBefore": sampleConf.StartsAt,
		"Note": "We are glad to see you again.\nCome early.", "Transfer": true, "PayHow": "IBAN DE00 0000 0000 0000 0000 00\nSparkasse KölnBonn",
		"Orders": []map[string]any{{"Code": "7KQ2M", "Status": "confirmed", "URL": "https://events.example.org/o/7KQ2M?secret=x", "Lines": []sampleLine{{Name: "Regular", Quantity: 1, Total: euro(14900)}, {Name: "From home", Quantity: 1, Total: euro(0)}}},
			{"Code": "8KQ2M", "Status": "held", "URL": "https://events.example.org/o/8KQ2M?secret=x", "Lines": []sampleLine{{Name: "Regular", Quantity: 2, Total: euro(29800)}}}},
	}
	wish := map[string]any{"Community": sampleBrand.Name, "Accent": "", "Name": "Ada", "EventTitle": sampleConf.Title, "TicketType": "Student", "EventURL": "https://events.example.org/e/x",
		"LeaveURL": "https://events.example.org/w/x", "OfferURL": "https://events.example.org/w/x/offer", "PartySize": 3, "Zone": sampleConf.Zone, "ExpiresAt": sampleConf.StartsAt, "Canceled": false}
	detailed := maps.Clone(order)
	detailed["TicketType"], detailed["DetailsURL"] = "Regular", "https://events.example.org/tickets/tkt_1/details?secret=x"
	about := maps.Clone(order)
	about["TicketType"], about["Attendee"], about["TicketURL"], about["AddOns"], about["DetailsURL"] = "Regular", "Grace", "https://events.example.org/tickets/tkt_1?secret=x", "2 × Dinner", detailed["DetailsURL"]
	moved := maps.Clone(about)
	moved["Session"], moved["SessionStartsAt"], moved["SessionEndsAt"] = "Knots and <ropes>", sampleConf.StartsAt, sampleConf.StartsAt.Add(90*time.Minute)
	return map[string]any{
		"sign_up_moved_up": moved,
		"proof":            map[string]any{"Community": sampleBrand.Name, "Accent": "", "EventTitle": sampleConf.Title, "URL": "https://events.example.org/e/x/checkout?proof=x"},
		"details_asked":    detailed,
		"add_on_canceled":  about, "ticket_given": about, "ticket_passed_on": about, "ticket_canceled": about,
		"password_reset":  map[string]any{"Community": sampleBrand.Name, "Accent": "", "Name": "Ada", "URL": "https://events.example.org/reset/x", "Hours": 2},
		"invitation":      map[string]any{"Community": sampleBrand.Name, "Accent": "#ffd400", "Name": "Grace", "InviterName": "Ada", "Role": "agenda_editor", "URL": "https://events.example.org/invitation/x", "Days": 7},
		"waitlist_joined": wish, "waitlist_offered": wish, "waitlist_missed": wish, "waitlist_closed": wish,
		"speaker_link":      speakerLinkSample(),
		"schedule_news":     newsSample(),
		"itinerary_confirm": map[string]any{"Community": "Rhine Gophers", "Accent": "#5b4bdb", "EventTitle": "Lighthouse Conf", "URL": "https://turnout.example.org/e/x/my-agenda/iti_1/tell?secret=abc"},
		"approval_asked":    order, "approved": order, "declined": order,
		"order_confirmed": order, "order_canceled": order, "order_pending": order, "payment_returned": order, "paid_twice": order, "order_links": order,
	}
}

func styleguideData() any {
	c := chrome("Style guide", "/console/styleguide")
	c.Demo, c.NoIndex = false, true
	c.Crumbs = []Link{{"Events", "#events"}, {sampleConf.Title, "#event"}}
	c.Staff = &Staff{"Ada Łukasiewicz", "ada@example.org", "organiser", "/sign-out"}
	c.Nav = []NavGroup{
		{Items: []NavItem{{"nav.home", "#home", "house", false, 0}, {"nav.people", "#people", "users", false, 0}, {"nav.settings", "#settings", "settings", false, 0}}},
		{Title: sampleConf.Title, URL: "#event", Items: []NavItem{
			{"nav.overview", "#overview", "chart-column", true, 0}, {"nav.agenda", "#agenda", "calendar-days", false, 3}, {"nav.tickets", "#tickets", "ticket", false, 0}, {"nav.orders", "#orders", "credit-card", false, 1105},
			{"nav.checkin", "#checkin", "scan-line", false, 0}, {"nav.sponsors", "#sponsors", "handshake", false, 0}, {"nav.budget", "#budget", "wallet", false, 0}, {"nav.recap", "#recap", "file-text", false, 0},
		}},
	}
	values := []int64{2, 3, 1, 0, 5, 8, 13, 9, 7, 22, 31, 18, 12, 9, 11, 15, 9, 8, 6, 14, 27, 33, 29, 17, 12, 9, 10, 14, 19, 24}
	return struct {
		Chrome
		Errors      Errors
		Now, Past   time.Time
		Values      []int64
		Money, Zero turnout.Money
		Action      *Link
		Options     []Option
	}{c, Errors{{Name: "email", Message: "This is no e-mail address."}}, sampleNow, sampleNow.Add(-74 * time.Hour), values, euro(1234567), euro(0), &Link{"New event", "#new"}, []Option{{Value: "a", Text: "Europe/Lisbon"}, {Value: "b", Text: "Europe/Berlin"}}}
}

func doorData(tone, icon, word, name, note string) any {
	return struct {
		Chrome
		Tone, Icon, Word, Name, Note string
	}{Chrome{Title: "Door", NoIndex: true}, tone, icon, word, name, note}
}
