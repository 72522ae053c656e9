package exchange

import (
	"cmp"
	"io"
	"strings"
	"time"

	"turnout/internal/sheet"
)

// csvTitles are what we write above the columns, in order: a Mapping for them is guessed without a doubt.
var csvTitles = []string{"id", "title", "subtitle", "type", "track", "room", "start", "end", "speakers", "abstract", "description", "language", "url"}

// WriteCSV writes the sessions as a table, those without a slot too, times with their offset. Errors are those of w.
func WriteCSV(w io.Writer, s *Schedule) error {
	out, err := sheet.New(w, sheet.CSV, csvTitles)
	if err != nil {
		return err
	}
	zone, people, rooms := s.Location(), s.peopleByKey(), s.RoomNames()
	for _, x := range s.Sessions {
		var start, end string
		if x.Placed() {
			start, end = x.Start.In(zone).Format(time.RFC3339), x.End().In(zone).Format(time.RFC3339)
		}
		names := make([]string, len(x.Speakers))
		for i, key := range x.Speakers {
			names[i] = strings.ReplaceAll(people[key].Name, ";", ",")
		}
		speakers := strings.Join(names, "; ")
		if len(names) == 1 && strings.ContainsAny(speakers, ",|") {
			speakers += ";" // one name with such a sign in it
		}
		var cells []sheet.Cell
		for _, text := range []string{s.GUID(x), x.Title, x.Subtitle, cmp.Or(x.Type, x.Kind), x.Track, rooms[x.Room], start, end, speakers, x.Abstract, x.Description, x.Language, x.URL} {
			cells = append(cells, sheet.Text(text))
		}
		if err := out.Row(cells); err != nil {
			return err
		}
	}
	return out.Close()
}
