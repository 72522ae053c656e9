package exchange

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"
)

// warned gives the codes of warnings, each once.
func warned(all []Warning) string {
	var codes []string
	for _, w := range all {
		codes = append(codes, w.Code)
	}
	slices.Sort(codes)
	return strings.Join(slices.Compact(codes), " ")
}

const trapCalendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Traps\\, and more\r\n" +
	"BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n" +
	"BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n" +
	"this line is none\r\n" +
	"BEGIN:VEVENT\r\nUID:summer\r\nDTSTART;TZID=Ours:20260604T090000\r\nDTEND;TZID=Ours:20260604T100000\r\nSUMMARY:Its own rules\\; in summ\r\n er\r\nLOCATION:Hall\\, left\r\nCATEGORIES:Engines,Looms\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:winter\r\nDTSTART;TZID=Ours:20261204T090000\r\nDURATION:PT45M\r\nSUMMARY:And in winter\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:path\r\nDTSTART;TZID=/ics.py/2020.1/America/Argentina/Buenos_Aires:20260604T090000\r\nDTEND;TZID=/ics.py/2020.1/America/Argentina/Buenos_Aires:20260604T093000\r\nSUMMARY:A path\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:day\r\nDTSTART;VALUE=DATE:20260605\r\nSUMMARY:All day\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:gone\r\nDTSTART:20260604T090000Z\r\nSTATUS:CANCELLED\r\nSUMMARY:Canceled\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:often\r\nDTSTART:20260604T070000Z\r\nDTEND:20260604T071500Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Stand-up\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:often\r\nRECURRENCE-ID:20260605T070000Z\r\nDTSTART:20260605T080000Z\r\nDTEND:20260605T081500Z\r\nSUMMARY:Stand-up, later\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:nowhen\r\nSUMMARY:When?\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// A calendar's traps: zones by their own rules, by a path, and by none; days, lengths, folded lines, what repeats, what is canceled, and lines that are none.
func TestACalendarOfTraps(t *testing.T) {
	s, warnings, err := Read([]byte(trapCalendar), Options{Zone: brussels})
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		key, title, room, track, start string
		long                           time.Duration
	}{
		{"often", "Stand-up", "", "", "2026-06-04T07:00:00Z", 15 * time.Minute},
		{"summer", "Its own rules; in summer", "Hall, left", "Engines", "2026-06-04T07:00:00Z", time.Hour},
		{"path", "A path", "", "", "2026-06-04T12:00:00Z", 30 * time.Minute},
		{"day", "All day", "", "", "2026-06-05T03:00:00Z", 24 * time.Hour}, // midnight in the first zone that the file names
		{"often/20260605T070000Z", "Stand-up, later", "", "", "2026-06-05T08:00:00Z", 15 * time.Minute},
		{"winter", "And in winter", "", "", "2026-12-04T08:00:00Z", 45 * time.Minute},
		{"nowhen", "When?", "", "", "", 0},
	}
	slices.SortStableFunc(s.Sessions[:3], func(a, b Session) int { return cmp.Compare(a.Start.Unix(), b.Start.Unix()) })
	if len(s.Sessions) != len(want) || s.Title != "Traps, and more" || !slices.Contains(s.Lacks, "speakers") {
		t.Fatalf("%q: %+v", s.Title, s.Sessions)
	}
	for _, w := range want {
		i := slices.IndexFunc(s.Sessions, func(x Session) bool { return x.Key == w.key })
		if i < 0 {
			t.Errorf("no %s", w.key)
			continue
		}
		x, start := s.Sessions[i], ""
		if x.Placed() {
			start = x.Start.Format(time.RFC3339)
		}
		if x.Title != w.title || x.Room != w.room || x.Track != w.track || start != w.start || x.Length != w.long {
			t.Errorf("got %q in %q, track %q, at %s for %s; want %+v", x.Title, x.Room, x.Track, start, x.Length, w)
		}
	}
	if got := warned(warnings); got != "canceled lines_dropped no_start repeats zone_differs" {
		t.Errorf("warnings %s", got)
	}
}

// Tables as people make them: other signs between the cells, other words above them, times of day beside their days.
func TestTablesAsPeopleMakeThem(t *testing.T) {
	tests := []struct{ name, table, warns string }{
		{"ours", "id,title,room,start,end,speakers,abstract\nx1,Opening,Hall,2026-06-04T09:00:00+02:00,2026-06-04T10:00:00+02:00,Ada; Bo,Hello\n,,,,,,\n", ""},
		{"German, with semicolons and a mark", "\ufeffNr.;Titel;Raum;Datum;Beginn;Ende;Referenten;Beschreibung\nx1;Opening;Hall;4.6.2026;9:00;10:00;Ada, Bo;Hello\n", ""},
		{"tabs, American times and a length", "Session ID\tSession Name\tLocation\tDate\tStart Time\tDuration (minutes)\tSpeaker(s)\tDescription\nx1\tOpening\tHall\t6/4/2026\t9:00 AM\t60\tAda|Bo\tHello\n", "date_assumed"},
		{"an end after midnight, a column nobody knows", "Code,Talk,Stage,Start,End,Presenters,Summary,Budget\nx1,Opening,Hall,2026-06-04 09:00,2026-06-04 10:00,Ada;Bo,Hello,12\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, warnings, err := Read([]byte(test.table), Options{Zone: brussels})
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Sessions) != 1 || warned(warnings) != test.warns {
				t.Fatalf("%d sessions, %s", len(s.Sessions), warned(warnings))
			}
			x := s.Sessions[0]
			if x.Key != "x1" || x.Title != "Opening" || x.Room != "Hall" || x.Start.Format(time.RFC3339) != "2026-06-04T07:00:00Z" || x.Length != time.Hour || x.Abstract+x.Description != "Hello" || len(x.Speakers) != 2 || s.People[1].Name != "Bo" {
				t.Errorf("%+v, %+v", x, s.People)
			}
		})
	}
	s, warnings, err := Read([]byte("title,date,start,end\nLate,2026-06-04,23:30,0:30\nUnplaced,,,\nWhen?,2026-06-04,soon,\n"), Options{Zone: brussels})
	if err != nil || len(s.Sessions) != 3 || s.Sessions[0].Length != time.Hour || s.Sessions[1].Placed() || s.Sessions[2].Placed() || warned(warnings) != "date_assumed keys_from_titles no_start" {
		t.Errorf("%+v %s %v", s, warned(warnings), err)
	}
}

// What we write comes back as it was, as far as the format can hold it.
func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	zone := brussels
	at := func(text string) time.Time {
		t, _ := time.ParseInLocation("2006-01-02 15:04", text, zone)
		return t.UTC()
	}
	one := &Schedule{UID: "evt_1", Title: "Fest", Acronym: "fest", Version: "1.0", Zone: zone.String(), FirstDay: "2026-10-24", LastDay: "2026-10-25",
		Rooms: []Room{{Key: "rom_1", Name: "Große Halle", Capacity: 300}, {Key: "rom_2", Name: "Cellar; left, \"below\""}}, Tracks: []Track{{Name: "Engines", Color: "#aa0000"}, {Name: "=Looms"}},
		People: []Person{{Key: "spk_1", Name: "Łódź, Ada", Bio: "She *writes*."}, {Key: "spk_2", Name: "Bo"}, {Key: "spk_3", Name: "山田 太郎"}},
		Sessions: []Session{
			{Key: "4c1b9a52-8f0e-5c55-9d06-0d6a1c3a0001", Title: "=cmd|' /C calc'!A0", Kind: "talk", Room: "rom_1", Track: "Engines", Start: at("2026-10-24 09:00"), Length: time.Hour, Speakers: []string{"spk_1"}, Abstract: "One\n\nTwo, \"three\"; four\\five", Language: "en", URL: "https://example.org/1"},
			{Key: "4c1b9a52-8f0e-5c55-9d06-0d6a1c3a0002", Title: "Workshop", Subtitle: "by hand", Kind: "workshop", Room: "rom_2", Track: "=Looms", Start: at("2026-10-25 02:30"), Length: 90 * time.Minute, Speakers: []string{"spk_2", "spk_3"}, Description: "Long"},
			{Key: "4c1b9a52-8f0e-5c55-9d06-0d6a1c3a0003", Title: "Pause", Kind: "break", Start: at("2026-10-25 12:00"), Length: 30 * time.Minute},
		}}
	for _, format := range Writers {
		t.Run(string(format), func(t *testing.T) {
			var file bytes.Buffer
			if err := Write(&file, format, one, at("2026-01-01 00:00")); err != nil {
				t.Fatal(err)
			}
			two, warnings, err := Read(file.Bytes(), Options{Zone: zone})
			if err != nil || two.Format != format || len(warnings) > 0 && warned(warnings) != "person_without_id" {
				t.Fatalf("%s %v %+v", two.Format, err, warnings)
			}
			if len(two.Sessions) != len(one.Sessions) {
				t.Fatalf("%d sessions", len(two.Sessions))
			}
			for i, was := range one.Sessions {
				is := two.Sessions[i]
				if is.Key != was.Key || is.Title != was.Title || !is.Start.Equal(was.Start) || is.Length != was.Length || two.RoomNames()[is.Room] != one.RoomNames()[was.Room] || is.Track != was.Track {
					t.Errorf("was %+v\nis  %+v", was, is)
				}
				if format == ICalendar || format == SessionizeJSON || format == Schedule2 {
					continue // they know fewer kinds and texts, a calendar no speakers
				}
				if is.Kind != was.Kind || is.Abstract != was.Abstract || is.Description != was.Description || is.Subtitle != was.Subtitle || is.Language != was.Language || is.URL != was.URL && was.URL != "" {
					t.Errorf("was %+v\nis  %+v", was, is)
				}
				var names, want []string
				for _, key := range was.Speakers {
					want = append(want, one.peopleByKey()[key].Name)
				}
				for _, key := range is.Speakers {
					names = append(names, two.peopleByKey()[key].Name)
				}
				if !slices.Equal(names, want) {
					t.Errorf("speakers %q, want %q", names, want)
				}
			}
			if format == PretalxJSON && two.peopleByKey()[two.Sessions[0].Speakers[0]].Bio != "She *writes*." {
				t.Error("the biography is lost")
			}
		})
	}
}
