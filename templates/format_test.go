package templates

import (
	"testing"
	"time"

	"turnout"
)

func TestMoney(t *testing.T) {
	s := newSet(t)
	for _, test := range []struct {
		money  turnout.Money
		en, de string
	}{
		{turnout.Money{Amount: 4900, Currency: "EUR"}, "€49.00", "49,00\u00a0€"},
		{turnout.Money{Amount: -5, Currency: "EUR"}, "−€0.05", "−0,05\u00a0€"},
		{turnout.Money{Amount: 123456789, Currency: "USD"}, "$1,234,567.89", "1.234.567,89\u00a0$"},
		{turnout.Money{Amount: 4900, Currency: "JPY"}, "¥4,900", "4.900\u00a0¥"},
		{turnout.Money{Amount: 1250, Currency: "KWD"}, "KWD\u00a01.250", "1,250\u00a0KWD"},
		{turnout.Money{Amount: 999, Currency: "CHF"}, "CHF\u00a09.99", "9,99\u00a0CHF"},
	} {
		if en := s.catalogue.localiser("en").money(test.money); en != test.en {
			t.Errorf("%v in English: %q, want %q", test.money, en, test.en)
		}
		if said := test.money.String(); said != test.en { // messages write money as the pages do
			t.Errorf("%v in messages: %q, want %q", test.money, said, test.en)
		}
		if de := s.catalogue.localiser("de").money(test.money); de != test.de {
			t.Errorf("%v in German: %q, want %q", test.money, de, test.de)
		}
	}
	if got := s.catalogue.localiser("de").price(turnout.Money{Currency: "EUR"}); got != "Kostenlos" {
		t.Errorf("nothing to pay: %q", got)
	}
}

func TestNumbers(t *testing.T) {
	s := newSet(t)
	en, de := s.catalogue.localiser("en"), s.catalogue.localiser("de")
	for _, test := range []struct{ got, want string }{
		{en.number(1105), "1,105"}, {de.number(int64(1105)), "1.105"}, {en.number(-1000000), "−1,000,000"}, {en.number(0), "0"}, {en.number(999), "999"},
		{en.percent(0.153), "15.3%"}, {de.percent(0.153), "15,3\u00a0%"}, {en.percent(1), "100%"}, {en.percent(-0.02), "−2%"}, {en.percent(0), "0%"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

func TestTimesForPeople(t *testing.T) {
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	s := newSet(t)
	en, de := s.catalogue.localiser("en"), s.catalogue.localiser("de")
	from, to, berlin := at("2026-06-04T16:30:00Z"), at("2026-06-04T19:00:00Z"), "Europe/Berlin"
	third := at("2026-06-06T15:00:00Z")
	for _, test := range []struct{ what, got, want string }{
		{"an evening", en.when(from, to, berlin), "Thu 4 June, 18:30–21:00\u00a0CEST"},
		{"in German", de.when(from, to, berlin), "Do., 4. Juni, 18:30–21:00\u00a0MESZ"},
		{"three days", en.when(from, third, berlin), "Thu 4 June, 18:30 – Sat 6 June, 17:00\u00a0CEST"},
		{"past midnight", en.when(from, at("2026-06-05T00:30:00Z"), berlin), "Thu 4 June, 18:30–02:30\u00a0CEST"},
		{"clocks go on", en.when(at("2027-03-27T23:30:00Z"), at("2027-03-28T21:00:00Z"), berlin), "Sun 28 March, 00:30\u00a0CET – 23:00\u00a0CEST"},
		{"clocks go back between days", en.when(at("2026-10-24T07:00:00Z"), at("2026-10-25T16:00:00Z"), berlin), "Sat 24 October, 09:00\u00a0CEST – Sun 25 October, 17:00\u00a0CET"},
		{"in full", en.whenLong(from, to, berlin), "Thursday 4 June 2026, 18:30–21:00\u00a0CEST"},
		{"days of a month", en.dates(from, third, berlin), "4–6 June 2026"},
		{"days of a month in German", de.dates(from, third, berlin), "4.–6. Juni 2026"},
		{"two months", en.dates(at("2026-05-30T08:00:00Z"), at("2026-06-02T08:00:00Z"), berlin), "30 May – 2 June 2026"},
		{"two years", en.dates(at("2026-12-31T08:00:00Z"), at("2027-01-01T08:00:00Z"), berlin), "31 December 2026 – 1 January 2027"},
		{"one day", en.dates(from, to, berlin), "4 June 2026"},
		{"a party is one day", en.dates(from, at("2026-06-05T02:00:00Z"), berlin), "4 June 2026"},
		{"a moment", en.moment(from, "Asia/Kolkata"), "Thu 4 June 2026, 22:00\u00a0IST"},
		{"a zone without a name", en.zone(from, "America/Sao_Paulo"), "UTC−3"},
		{"a zone of half hours", en.zone(from, "Asia/Kathmandu"), "UTC+5:45"},
		{"an unknown zone", en.when(from, to, "Mars/Olympus"), "Thu 4 June, 16:30–19:00\u00a0UTC"},
		{"a length", en.minutes(from, to), "2\u00a0h 30\u00a0min"},
		{"a short length", de.minutes(from, from.Add(45*time.Minute)), "45\u00a0Min."},
		{"for machines", iso(from), "2026-06-04T16:30:00Z"},
		{"soon", en.relative(from, from.Add(25*time.Hour)), "in 1 day"},
		{"later", de.relative(from, from.Add(73*time.Hour)), "in 3 Tagen"},
		{"before", en.relative(from, from.Add(-5*time.Minute)), "5 minutes ago"},
		{"now", en.relative(from, from.Add(20*time.Second)), "just now"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.what, test.got, test.want)
		}
	}
}

func TestHeadingsBreakElsewhereThanBeforeShortWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Summit": "Summit", "Lighthouse Conf 8": "Lighthouse Conf\u00a08", "Lighthouse Conf 8: The Error Bar": "Lighthouse Conf\u00a08: The Error\u00a0Bar",
		"A night for beginners": "A night for beginners", "Gopher Summit 2026": "Gopher Summit 2026", "Part II": "Part\u00a0II", "two  spaces": "two  spaces",
	} {
		if got := unbroken(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// A session's day is said with its year where the event's own days do not say it.
func TestDayOfASession(t *testing.T) {
	en := newSet(t).catalogue.localiser("en")
	begin, end := time.Date(2026, 6, 4, 7, 0, 0, 0, time.UTC), time.Date(2026, 6, 5, 16, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		at, begin, end time.Time
		want           string
	}{
		{begin, begin, end, "Thu 4 June"},
		{begin.Add(-3 * time.Hour), begin, end, "Thu 4 June"}, // the same day, before the doors
		{end.Add(-time.Hour), begin, end, "Fri 5 June"},
		{begin.AddDate(0, 0, 3), begin, end, "Sun 7 June 2026"},
		{begin.AddDate(-1, 0, 0), begin, end, "Wed 4 June 2025"},
		{time.Date(2026, 12, 31, 20, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 18, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 18, 0, 0, 0, time.UTC), "Thu 31 December 2026"},
	} {
		if got := en.dayOf(tt.at, tt.begin, tt.end, "Europe/Berlin"); got != tt.want {
			t.Errorf("%v is %q, want %q", tt.at, got, tt.want)
		}
	}
}
