package exchange

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"turnout/internal/sheet"
)

// The columns of a table of sessions.
const (
	colKey         = "key"
	colTitle       = "title"
	colSubtitle    = "subtitle"
	colKind        = "kind"
	colTrack       = "track"
	colRoom        = "room"
	colDate        = "date"
	colStart       = "start"
	colEnd         = "end"
	colLength      = "duration"
	colSpeakers    = "speakers"
	colAbstract    = "abstract"
	colDescription = "description"
	colLanguage    = "language"
	colURL         = "url"
)

// csvTitles are what we write above the columns, in order.
var csvTitles = []string{"id", colTitle, colSubtitle, colKind, colTrack, colRoom, colStart, colEnd, colSpeakers, colAbstract, colDescription, colLanguage, colURL}

// csvNames are what people write there, in small letters without anything between them.
var csvNames = func() map[string]string {
	all := map[string]string{}
	for column, names := range map[string]string{
		colKey: "id key guid uid uuid code sessionid nr number nummer", colTitle: "title titel session name sessionname sessiontitle talk vortrag talktitle thema", colSubtitle: "subtitle untertitel",
		colKind: "kind type typ art format sessiontype sessionformat", colTrack: "track themenreihe category kategorie topic strang reihe", colRoom: "room raum location ort saal stage bühne place venue roomname",
		colDate: "date datum day tag", colStart: "start startsat begin beginn starttime startzeit von from time uhrzeit starts begins scheduledat", colEnd: "end endsat ende endtime endzeit bis until to ends",
		colLength:   "duration dauer length länge minutes minuten durationminutes dauerminuten durationinminutes",
		colSpeakers: "speakers speaker vortragende vortragender referent referenten referentin presenter presenters persons personen speakernames sprecher sprecherin owner",
		colAbstract: "abstract summary zusammenfassung kurzbeschreibung teaser", colDescription: "description beschreibung text details", colLanguage: "language sprache lang", colURL: "url link website webseite",
	} {
		for name := range strings.FieldsSeq(names) {
			all[name] = column
		}
	}
	return all
}()

// columnOf tells what a column is about from its title, "" for what is not known.
func columnOf(title string) string {
	return csvNames[strings.Map(func(c rune) rune {
		if !unicode.IsLetter(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, title)]
}

// delimiterOf is what stands most often between the titles.
func delimiterOf(line []byte) rune {
	best := ','
	for _, c := range []rune{';', '\t'} {
		if bytes.Count(line, []byte(string(c))) > bytes.Count(line, []byte(string(best))) {
			best = c
		}
	}
	return best
}

func (r *reading) readCSV(text []byte) error {
	head, _, _ := bytes.Cut(text, []byte("\n"))
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma, in.FieldsPerRecord, in.TrimLeadingSpace = delimiterOf(head), -1, true
	titles, err := in.Read()
	if err != nil {
		return tableError(err)
	}
	columns := make([]string, len(titles))
	for i, title := range titles {
		column := columnOf(title)
		if column != "" && slices.Contains(columns, column) {
			r.warn(Place{Line: 1}, "repeated_column", "The column %s is about the same as one before it and was left out.", quoteShort(title))
			column = ""
		} else if column == "" && strings.TrimSpace(title) != "" {
			r.warn(Place{Line: 1}, "unknown_column", "The column %s is not known and was left out.", quoteShort(title))
		}
		columns[i] = column
	}
	if !slices.Contains(columns, colTitle) {
		return ErrMalformed.With("The table has no column for the title. Call it “title”. Nothing was changed.")
	}
	if !slices.Contains(columns, colAbstract) { // then the one text is what people read first
		if i := slices.Index(columns, colDescription); i >= 0 {
			columns[i] = colAbstract
		}
	}
	r.schedule.Lacks = []string{"number", "links"}
	for _, column := range []string{colSubtitle, colKind, colTrack, colSpeakers, colAbstract, colDescription, colLanguage, colURL} {
		if !slices.Contains(columns, column) {
			r.schedule.Lacks = append(r.schedule.Lacks, column)
		}
	}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return tableError(err)
		}
		line, _ := in.FieldPos(0)
		row := map[string]string{}
		for i, cell := range cells {
			if i < len(columns) && columns[i] != "" {
				row[columns[i]] = sheet.Undefuse(strings.TrimSpace(cell))
			}
		}
		if err := r.csvSession(Place{Line: line}, row); err != nil {
			return err
		}
	}
}

// tableError names the line at which a table is damaged.
func tableError(err error) error {
	line := 1
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
		line = wrong.StartLine
	}
	return ErrMalformed.With("The table is damaged at line %d: look for a quotation mark that stands alone. Nothing was changed.", line).Because(err)
}

func (r *reading) csvSession(where Place, row map[string]string) error {
	if strings.Join(slices.Collect(maps.Values(row)), "") == "" {
		return nil // an empty line
	}
	s := Session{Title: r.line(where, row[colTitle], maxTitle), Subtitle: r.line(where, row[colSubtitle], maxTitle), Type: r.line(where, row[colKind], maxName), Kind: kindOf(row[colKind]),
		Abstract: r.text(where, row[colAbstract]), Description: r.text(where, row[colDescription]), Language: r.language(where, row[colLanguage]),
		Track: r.line(where, row[colTrack], maxName), URL: r.link(where, row[colURL]), Key: r.line(where, row[colKey], maxName)}
	where.Sort, where.Name = "session", s.Title
	if s.Type == s.Kind {
		s.Type = "" // our own word
	}
	if s.Title == "" {
		r.warn(where, "no_title", "The session has no title.")
		s.Title = "Untitled"
	}
	if uuidPattern.MatchString(s.Key) {
		s.Key = strings.ToLower(s.Key)
	}
	if s.Key == "" {
		r.warn(where, "no_key", "The session has neither guid nor id; it is known by its title.")
		s.Key = "title:" + strings.ToLower(r.cut(where, s.Title, maxName-10))
	}
	if n, ok := numeric(s.Key); ok && n < 1<<31 {
		s.Number = n
	}
	r.addTrack(Track{Name: s.Track})
	r.csvSlot(where, &s, row)
	r.csvSpeakers(where, &s, row[colSpeakers])
	return r.addSession(s)
}

func (r *reading) csvSlot(where Place, s *Session, row map[string]string) {
	if row[colStart] == "" && row[colDate] == "" {
		return // not placed yet
	}
	start, ok := r.tableTime(where, row[colDate], row[colStart])
	if !ok {
		r.warn(where, "no_start", "The session has no start that can be read; it is kept without a slot.")
		return
	}
	if room := r.line(where, row[colRoom], maxName); room != "" {
		r.addRoom(Room{Key: room, Name: room})
		s.Room = room
	}
	long, known := length(strings.TrimSuffix(strings.TrimSpace(strings.ToLower(row[colLength])), " min"))
	said := row[colLength]
	if end, ends := r.tableTime(where, row[colDate], row[colEnd]); ends && row[colEnd] != "" {
		if long, known, said = end.Sub(start), true, row[colEnd]; long < 0 && long > -24*time.Hour && !strings.ContainsAny(row[colEnd], "-./") {
			long += 24 * time.Hour // a time of day, after midnight
		}
	}
	s.Start, s.Length = start, r.sessionLength(where, long, known, said)
}

// tableDays are how days are written in tables; where the month may stand first, it does.
var (
	tableDays   = []string{time.DateOnly, "2.1.2006", "2.1.06", "1/2/2006", "1/2/06", "2 January 2006", "January 2, 2006", "2 Jan 2006", "Jan 2, 2006"}
	tableClocks = []string{"15:04", "15:04:05", "3:04 PM", "3:04PM", "3:04:05 PM", "15.04", "15h04"}
)

// tableTime reads an instant, a day and a time of day, or a time of day on the day of its row.
func (r *reading) tableTime(where Place, day, text string) (time.Time, bool) {
	text, day = strings.TrimSpace(text), strings.TrimSpace(day)
	if at, ok := r.instant(where, text); ok {
		return at, true
	}
	if text == "" {
		return time.Time{}, false
	}
	for _, clock := range tableClocks {
		if at, err := time.Parse(clock, strings.ToUpper(strings.TrimSuffix(strings.ToLower(text), " uhr"))); err == nil && day != "" {
			return r.onDay(where, day, at)
		}
		for _, days := range tableDays {
			for _, sign := range []string{" ", ", ", "T"} {
				if at, err := time.Parse(days+sign+clock, text); err == nil && sensible(at) {
					return r.wallClock(where, at), true
				}
			}
		}
	}
	return time.Time{}, false
}

// onDay puts a time of day on a day as tables write it.
func (r *reading) onDay(where Place, day string, clock time.Time) (time.Time, bool) {
	day, _, _ = strings.Cut(day, "T")
	for _, days := range tableDays {
		if d, err := time.Parse(days, day); err == nil && sensible(d) {
			return r.wallClock(where, time.Date(d.Year(), d.Month(), d.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC)), true
		}
	}
	return time.Time{}, false
}

// csvSpeakers are names, with semicolons between them, or commas.
func (r *reading) csvSpeakers(where Place, s *Session, text string) {
	sign := ","
	for _, other := range []string{"|", "\n", ";"} {
		if strings.Contains(text, other) {
			sign = other
		}
	}
	for name := range strings.SplitSeq(text, sign) {
		name = r.line(where, name, maxName)
		key := "name:" + name
		switch {
		case name == "" || slices.Contains(s.Speakers, key):
		case len(s.Speakers) >= maxPersons:
			r.warn(where, "persons_cut", "More than %d persons stand in one session; the others were left out.", maxPersons)
			return
		default:
			r.addPerson(Person{Key: key, Name: name})
			s.Speakers = append(s.Speakers, key)
		}
	}
}

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
