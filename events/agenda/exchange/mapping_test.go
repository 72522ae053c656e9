package exchange

import (
	"errors"
	"testing"
	"time"
)

func TestATableIsReadInTheWordsOfEitherLanguage(t *testing.T) {
	zone, _ := time.LoadLocation("Europe/Berlin")
	for name, file := range map[string]string{
		"German": "\ufeffKennung;Titel;Datum;Beginn;Ende;Raum;Referenten;Sprache\r\n7;\"Eins; \"\"zwei\"\"\";01.02.2025;9.30 Uhr;10:15 Uhr;Saal 1;Ann, Bo;Deutsch\r\n8;Nacht;01.02.2025;23:30;01:00;Saal 1;;\r\n;;;;;;;\r\n",
		"English": "id,title,date,start,end,room,speakers,language\n7,\"Eins; \"\"zwei\"\"\",2025-02-01,9:30 AM,10:15 AM,Saal 1,\"Ann, Bo\",German\n" +
			"8,Nacht,2025-02-01,11:30 PM,1:00 AM,Saal 1,,\n",
		"tabs, slashes": "ID\tSession\tStart\tDuration\tRoom\tSpeaker\tLanguage\n7\tEins; \"zwei\"\t13/02/2025 09:30\t45 min\tSaal 1\tAnn, Bo\tde\n8\tNacht\t13/02/2025 23:30\t1:30\tSaal 1\t\t\n",
	} {
		s, warnings, err := Read([]byte(file), Options{Zone: zone})
		if err != nil || len(s.Sessions) != 2 {
			t.Fatalf("%s: %+v %v", name, s, err)
		}
		one, night := s.Sessions[0], s.Sessions[1]
		if one.Key != "7" || one.Title != `Eins; "zwei"` || one.Room != "Saal 1" || one.Language != "de" || len(one.Speakers) != 2 ||
			one.Start.In(zone).Format("15:04") != "09:30" || one.Length != 45*time.Minute || night.Length != 90*time.Minute {
			t.Errorf("%s: %+v\n%+v\n%v", name, one, night, warnings)
		}
	}
}

func TestAMappingIsCheckedAgainstTheFile(t *testing.T) {
	file := []byte(`{"meta":{},"dinge":[{"nr":1,"wie":{"de":"Eins"},"wo":"r1","t":"2025-02-01T09:00:00Z"}],"orte":[{"id":"r1","n":"Saal"},{"id":"r2","n":"Hof"}]}`)
	table, err := ReadTable(file, "dinge")
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Columns) != 5 || !table.has("wo>orte>n") || table.samples("wo>orte>n")[0] != "Saal" {
		t.Errorf("columns: %+v", table.Columns)
	}
	good := Mapping{List: "dinge", Fields: map[string]string{"key": "nr", "title": "wie.de", "room": "wo>orte>n", "start": "t"}}
	s, _, err := Read(file, Options{Mapping: &good})
	if err != nil || len(s.Sessions) != 1 || s.Sessions[0].Title != "Eins" || len(s.Rooms) != 2 || s.Sessions[0].Room != "r1" {
		t.Errorf("%+v %v", s, err)
	}
	for want, bad := range map[*error]Mapping{
		new(error(ErrNeedsMapping)):  {List: "dinge", Fields: map[string]string{"key": "nr"}},
		new(error(ErrMapping)):       {List: "dinge", Fields: map[string]string{"title": "was"}},
		new(error(ErrUnknownFormat)): {List: "nirgends", Fields: map[string]string{"title": "wie.de"}},
	} {
		if _, _, err := Read(file, Options{Mapping: &bad}); !errors.Is(err, *want) {
			t.Errorf("%+v: %v, want %v", bad, err, *want)
		}
	}
	if err := table.check(Mapping{Fields: map[string]string{"title": "wie.de", "unfug": "nr"}}); !errors.Is(err, ErrMapping) {
		t.Errorf("an unknown field: %v", err)
	}
}
