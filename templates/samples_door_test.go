package templates

import (
	"time"

	"turnout"
)

type (
	sampleDoorTicket struct {
		ID, AttendeeName, AttendeeEmail, TypeName, State, OrderCode, Nonce string
		Since                                                              time.Time
		Elsewhere                                                          bool
		Notices                                                            []sampleDoorNote
	}
	sampleDoorNote struct{ Kind, Text string }
	sampleNotice   struct {
		Key     string
		At, Now time.Time
		Zone    string
	}
	sampleFigures struct{ CheckedIn, Expected, Inside, Refused int64 }
	sampleEarlier struct {
		At   time.Time
		Gate string
	}
	sampleScan struct {
		ID, Tone, Icon, Result, Reason, Direction, OrderCode, Zone, Gate string
		ScannedAt, AnnulledAt                                            time.Time
		Ticket                                                           *sampleDoorTicket
		Earlier                                                          *sampleEarlier
		Near                                                             []string
		Badge                                                            *sampleDoorBadge
		Note, AnnulledFor                                                string
		Override                                                         *sampleOverride
		Others                                                           *sampleOthers
		Kiosk                                                            bool
		FirstName                                                        string
		Unpaid                                                           *sampleUnpaid
		Asked                                                            *sampleAsked
	}
	sampleAsked struct {
		URL    string
		Open   bool
		Who    string
		Then   []string
		Errors Errors
		Fields []sampleQuestion
	}
	sampleUnpaid struct {
		PaidURL, LinkURL, Nonce string
		Amount                  turnout.Money
		Methods                 []string
	}
	sampleOthers struct {
		URL, Nonce string
		Tickets    []*sampleDoorTicket
	}
	sampleOverride  struct{ URL, Nonce, Error string }
	sampleDoorBadge struct {
		URL     string
		Printed *struct {
			Times int
			Last  time.Time
		}
	}
	sampleDoorList struct {
		ID, Name         string
		StartsAt, EndsAt time.Time
		Admitted, Inside int64
		HasExits         bool
		Stands           string
	}
)

var sampleGuest = &sampleDoorTicket{ID: "tkt_1", AttendeeName: "Đặng Thị Ánh Nguyệt von und zu Hohenstein-Łukasiewicz", AttendeeEmail: "anh@example.org", TypeName: "Regular with workshop", State: "valid", OrderCode: "7KQ2M3XY", Nonce: "n",
	Notices: []sampleDoorNote{{"vip", "Speaks at ten: to the green room, please"}, {"disputed", ""}}}

// sampleScans is an answer of each kind.
func sampleScans() map[string]sampleScan {
	all := map[string]sampleScan{}
	for reason, look := range map[string][2]string{
		"already_checked_in": {"warn", "triangle-alert"}, "unpaid": {"warn", "triangle-alert"}, "wrong_list": {"warn", "triangle-alert"}, "not_yet_valid": {"warn", "triangle-alert"},
		"not_inside": {"warn", "triangle-alert"}, "rules": {"warn", "triangle-alert"}, "unknown_ticket": {"refuse", "circle-x"}, "bad_signature": {"refuse", "circle-x"}, "canceled": {"refuse", "circle-x"},
		"revoked": {"refuse", "circle-x"}, "no_longer_valid": {"refuse", "circle-x"},
	} {
		scan := sampleScan{ID: "scn_1", Tone: look[0], Icon: look[1], Result: "refused", Reason: reason, Direction: "entry", OrderCode: "7KQ2M3XY", Zone: sampleConf.Zone, ScannedAt: sampleConf.StartsAt, Ticket: sampleGuest}
		if reason == "unknown_ticket" || reason == "bad_signature" {
			scan.Ticket, scan.OrderCode = nil, ""
		}
		if reason == "already_checked_in" {
			scan.Earlier = &sampleEarlier{sampleConf.StartsAt.Add(-18 * time.Minute), "North stairs"}
			scan.Override = &sampleOverride{"/door/x/lists/l/scans/scn_1/override", "n", ""}
		}
		if reason == "unpaid" {
			scan.Unpaid = &sampleUnpaid{"/door/x/lists/l/scans/scn_1/paid", "/door/x/lists/l/scans/scn_1/pay-link", "n", turnout.Money{Amount: 4900, Currency: "EUR"}, []string{"cash", "card"}}
		}
		all[reason] = scan
	}
	for _, direction := range []string{"entry", "exit"} {
		all[direction] = sampleScan{ID: "scn_2", Tone: "ok", Icon: "circle-check", Result: "accepted", Direction: direction, OrderCode: "7KQ2M3XY", Zone: sampleConf.Zone, ScannedAt: sampleConf.StartsAt, Ticket: sampleGuest, Gate: "North stairs", Note: "Lost the phone, known in person",
			Others: &sampleOthers{"/door/x/lists/l/scans/scn_2/others", "n", []*sampleDoorTicket{sampleGuest, {ID: "tkt_2", AttendeeEmail: "bo@example.org", TypeName: "Regular"}}},
			Badge: &sampleDoorBadge{"/door/gopher-summit-2026/badges/tkt_1", &struct {
				Times int
				Last  time.Time
			}{2, sampleConf.StartsAt}}}
	}
	asked := all["entry"]
	asked.Asked = &sampleAsked{"/door/x/lists/l/scans/scn_2/answers", true, "Ánh Nguyễn", []string{"scn_3"}, Errors{{Message: "This ticket was canceled."}}, []sampleQuestion{
		{ID: "qst_1", Name: "answers.qst_1", Kind: "text", Label: "Whom shall we call?", Purpose: "If something happens.", Required: true, KeptUntil: sampleNow, Zone: sampleConf.Zone, MaxLength: 200, Error: "This needs an answer."}}}
	all["asked"] = asked
	kiosk := all["entry"]
	kiosk.Kiosk, kiosk.FirstName = true, "Ánh"
	all["kiosk"] = kiosk
	return all
}

func doorSamples() []sample {
	type lists struct {
		Chrome
		Event           sampleDoorEvent
		Notice          *sampleNotice
		Now             time.Time
		Lists           []sampleDoorList
		Base, CreateURL string
		Device          *sampleDevice
	}
	frame := Chrome{Title: "Door", NoIndex: true, Path: "/door/x"}
	early := &sampleNotice{"door.event_begins", sampleConf.StartsAt, sampleConf.StartsAt.AddDate(-1, 0, 0), sampleConf.Zone}
	event := sampleDoorEvent{sampleConf.Title, "x", sampleConf.Zone, sampleConf.StartsAt, sampleConf.EndsAt}
	all := []sample{
		{"door_lists", "two", lists{frame, event, early, early.Now, []sampleDoorList{{ID: "lst_1", Name: "Main door", Admitted: 412, Stands: "open"},
			{ID: "lst_2", Name: "Workshop “SQLite in anger”, room 2 on the first floor", StartsAt: event.StartsAt, EndsAt: event.EndsAt, Stands: "early"},
			{ID: "lst_3", Name: "اليوم الأول", StartsAt: event.StartsAt, Stands: "open"}, {ID: "lst_4", Name: "昨天", EndsAt: event.StartsAt, Stands: "closed"}}, "/door/x/lists/", "", sampleScanner}},
		{"door_lists", "none", lists{frame, event, nil, early.Now, nil, "/door/x/lists/", "/door/x/lists", nil}},
		{"door_lists", "ask", lists{frame, event, nil, early.Now, nil, "/door/x/lists/", "", nil}},
	}
	type answer struct {
		Chrome
		Answer            sampleScan
		NextURL, AnnulURL string
	}
	type log struct {
		Chrome
		URL   string
		Scans []sampleScan
	}
	var scans []sampleScan
	for name, scan := range sampleScans() {
		page := answer{Chrome: frame, Answer: scan, NextURL: "/door/x/lists/l"}
		if scan.Result == "accepted" {
			page.AnnulURL = "/door/x/lists/l/scans/s/annul"
		}
		all = append(all, sample{"door_scan", name, page})
		scans = append(scans, scan)
	}
	taken := scans[0]
	taken.AnnulledAt = event.StartsAt
	all = append(all, sample{"door_log", "full", log{frame, "/door/x/lists/l", append(scans, taken)}}, sample{"door_log", "empty", log{frame, "/door/x/lists/l", nil}})
	all = append(all, scannerSamples(frame, event, early)...)
	all = append(all, pairSamples(frame)...)
	all = append(all, leadSamples(frame, event)...)
	return append(all, joinSamples()...)
}

// leadSamples are what a sponsor's staff scan badges with.
func leadSamples(frame Chrome, event sampleDoorEvent) []sample {
	type lead struct {
		Name, Email string
		Again       bool
	}
	type answer struct {
		Tone, Icon, Error string
		Lead              *lead
	}
	type page struct {
		Chrome
		Event              sampleDoorEvent
		Sponsor, URL, Code string
		Device             *sampleDevice
		Answer             *answer
		Leads              []ratedLead
	}
	frame.Scripts = []string{"leads.js"}
	stars := []int64{1, 2, 3, 4, 5}
	rows := []ratedLead{{ID: "led_1", Name: sampleGuest.AttendeeName, Email: "anh@example.org", Note: "Wants a demo", URL: "/door/x/leads/led_1", Zone: sampleConf.Zone, Shared: true, FirstAt: sampleConf.StartsAt, Choice: stars, Stars: 4},
		{ID: "led_2", Zone: sampleConf.Zone, FirstAt: sampleConf.StartsAt, Choice: stars}}
	base := page{Chrome: frame, Event: event, Sponsor: "Kelp & Sons Printing", URL: "/door/x/leads", Device: sampleScanner}
	full, refused := base, base
	full.Leads, full.Answer = rows, &answer{Tone: "ok", Icon: "circle-check", Lead: &lead{Name: "Ánh", Again: true}}
	refused.Answer, refused.Code = &answer{Tone: "warn", Icon: "triangle-alert", Error: "This is no badge of this event."}, "AEAQ"
	return []sample{{"door_leads", "empty", base}, {"door_leads", "full", full}, {"door_leads", "refused", refused}}
}

// ratedLead is a lead with its stars.
type ratedLead struct {
	ID, Name, Email, Note, URL, Zone string
	Shared                           bool
	FirstAt                          time.Time
	Choice                           []int64
	Errors                           Errors
	Stars                            int64
}

// Rated says whether it has so many.
func (l ratedLead) Rated(stars int64) bool { return l.Stars == stars }

type sampleDevice struct{ Name, Gate, Role string }

var sampleScanner = &sampleDevice{"Das Telefon am Seiteneingang der Jahrhunderthalle", "North stairs, second landing", "supervisor"}

func pairSamples(frame Chrome) (all []sample) {
	type page struct {
		Chrome
		State, Message, Offered string
	}
	frame.Title, frame.Scripts = "Pair this phone", []string{"pair.js"}
	for _, state := range []string{"", "failed", "ended", "left"} {
		all = append(all, sample{"pair", "state " + state, page{frame, state, "Another phone was paired with this code.", ""}})
	}
	return all
}

type sampleDoorEvent struct {
	Title, Slug, Timezone string
	StartsAt, EndsAt      time.Time
}

func scannerSamples(frame Chrome, event sampleDoorEvent, early *sampleNotice) []sample {
	type page struct {
		Chrome
		Event                                   sampleDoorEvent
		List                                    sampleDoorList
		Notice                                  *sampleNotice
		Stats                                   sampleFigures
		URL, ListsURL, Nonce, Code, Gate, Query string
		Exit, ByCode                            bool
		Found                                   []sampleDoorTicket
		Errors                                  Errors
		Device                                  *sampleDevice
		Reasons                                 []struct{ Reason, Tone string }
		MaySearch, MayUndo, Kiosk               bool
		Page                                    string
	}
	frame.Scripts = []string{"door.js"}
	calm := page{Chrome: frame, Event: event, List: sampleDoorList{Name: "Main door"}, URL: "/door/x/lists/l", ListsURL: "/door/x?all=1", Nonce: "n", MaySearch: true, MayUndo: true, Page: "1a2b3c4d"}
	calm.Stats.CheckedIn, calm.Stats.Expected, calm.Stats.Inside, calm.Stats.Refused = 412, 1105, 398, 7
	found := calm
	found.Query, found.List.HasExits, found.Exit, found.Gate = "anh", true, true, "North stairs"
	canceled := *sampleGuest
	canceled.State, canceled.AttendeeName = "canceled", ""
	inside := *sampleGuest
	inside.Since = event.StartsAt
	reserved := *sampleGuest
	reserved.State = "reserved"
	elsewhere := *sampleGuest
	elsewhere.Elsewhere = true
	found.Notice, found.Found = early, []sampleDoorTicket{*sampleGuest, inside, elsewhere, reserved, canceled}
	wrong := calm
	wrong.Query, wrong.Errors = "nobody", Errors{{Name: "code", Message: "Send either the code or the ticket's id."}, {Name: "gate", Message: "Too long."}}
	unknown := calm
	unknown.Query, unknown.ByCode = "7ESSPRSZ", true
	paired, supervised := calm, found
	paired.Reasons = []struct{ Reason, Tone string }{{"already_checked_in", "warn"}, {"canceled", "refuse"}}
	paired.Device, paired.MaySearch, paired.MayUndo, paired.ListsURL = &sampleDevice{"Phone 1", "", "scan"}, false, false, ""
	supervised.Device = sampleScanner
	kiosk := paired
	kiosk.Kiosk = true
	return []sample{{"door_scanner", "paired", paired}, {"door_scanner", "supervised", supervised}, {"door_scanner", "kiosk", kiosk}, {"door_scanner", "unknown code", unknown}, {"door_scanner", "calm", calm}, {"door_scanner", "found", found}, {"door_scanner", "wrong", wrong}}
}

func joinSamples() []sample {
	type door struct {
		Name, URL                 string
		StartsAt, EndsAt, OpensAt time.Time
		Open                      bool
	}
	type page struct {
		Chrome
		State, AttendeeName, Action, EventURL string
		Event                                 *sampleDoorEvent
		OpensAt                               time.Time
		Doors                                 []door
	}
	event := &sampleDoorEvent{sampleConf.Title, "x", sampleConf.Zone, time.Now().Add(time.Hour).UTC(), time.Now().Add(5 * time.Hour).UTC()}
	var all []sample
	for _, state := range []string{"early", "open", "no_room", "over", "canceled", "no_ticket", "wrong"} {
		p := page{Chrome: chrome(sampleConf.Title, "/join/tkt_1"), State: state, AttendeeName: "Đặng Thị Ánh", Action: "/join/tkt_1?secret=x", EventURL: "/e/x", Event: event, OpensAt: event.StartsAt.Add(-30 * time.Minute)}
		if state == "wrong" {
			p.Event, p.Chrome = nil, Chrome{Title: "Your link into the room", NoIndex: true, Path: "/join/tkt_1"}
		}
		if state == "open" || state == "early" {
			p.Doors = []door{{"Knots & <ropes>, a workshop with a title that is as long as titles of workshops are", "/join/tkt_1/sessions/ses_1?secret=x", event.StartsAt, event.EndsAt, event.StartsAt, true}, {"Sails", "/join/tkt_1/sessions/ses_2?secret=x", event.EndsAt, event.EndsAt.Add(time.Hour), event.EndsAt, false}}
		}
		all = append(all, sample{"join", state, p})
	}
	return all
}
