package exchange

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"turnout/internal/sheet"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// readMapped reads a list of sessions through the mapping, or through what can be guessed.
func (r *reading) readMapped(text []byte, mapping *Mapping) error {
	list := ""
	if mapping != nil {
		list = mapping.List
	}
	t, err := readTable(text, r.format, list)
	if err != nil {
		return err
	}
	m := t.Guess("en")
	if mapping != nil {
		m = *mapping
	}
	if err := t.check(m); err != nil {
		return err
	}
	r.schedule.Lacks = []string{"number", "links"}
	for _, field := range []string{"subtitle", "type", "track", "speakers", "abstract", "description", "language", "url"} {
		if m.Fields[field] == "" {
			r.schedule.Lacks = append(r.schedule.Lacks, field)
		}
	}
	mr := &mappedReading{reading: r, table: t, mapping: m}
	mr.wholeLists()
	if m.Fields["key"] == "" {
		r.warn(Place{}, "keys_from_titles", "The sessions have no id in this file; they are known by their titles.")
	}
	for i, rec := range t.records {
		if err := mr.session(i, rec); err != nil {
			return err
		}
	}
	return nil
}

type mappedReading struct {
	*reading
	table    *Table
	mapping  Mapping
	dayFirst *bool // of 1/2/2025; nil until it was looked at
}

// wholeLists takes the rooms and people of a list that is looked up, those without a session too.
func (m *mappedReading) wholeLists() {
	for _, field := range []string{"room", "speakers"} {
		parts := strings.SplitN(m.mapping.Fields[field], ">", 3)
		if len(parts) < 3 {
			continue
		}
		for _, rec := range m.table.lists[parts[1]] {
			if id := rec["id"]; len(id) == 1 {
				v := value{id: id[0], text: strings.Join(rec[parts[2]], ", "), of: rec}
				if field == "room" {
					m.room(v)
				} else {
					m.person(v, parts[2])
				}
			}
		}
	}
}

func (m *mappedReading) room(v value) string {
	name := m.line(Place{}, v.text, maxName)
	key := m.line(Place{}, cmp.Or(v.id, v.text), maxName)
	m.addRoom(Room{Key: key, Name: name})
	if name == "" {
		return ""
	}
	return key
}

// person adds a speaker; beside the name a text called bio is theirs.
func (m *mappedReading) person(v value, path string) string {
	name := m.line(Place{}, v.text, maxName)
	if name == "" {
		return ""
	}
	key := "name:" + name
	if v.id != "" {
		key = m.line(Place{}, v.id, maxName)
	}
	prefix := path[:strings.LastIndex(path, ".")+1]
	return m.addPerson(Person{Key: key, Name: name, Bio: m.text(Place{}, strings.Join(v.of[prefix+"bio"], "\n\n"))})
}

// one is the text of a field; several values are joined.
func (m *mappedReading) one(rec record, field string) string {
	path := m.mapping.Fields[field]
	if path == "" {
		return ""
	}
	var texts []string
	for _, v := range m.table.values(rec, path) {
		texts = append(texts, v.text)
	}
	return strings.Join(texts, ", ")
}

func (m *mappedReading) session(i int, rec record) error {
	where := Place{Line: i + 2}
	if m.format != CSV {
		where = Place{Path: fmt.Sprintf("%s[%d]", m.table.List, i)}
	}
	title := m.line(where, m.one(rec, "title"), maxTitle)
	where.Sort, where.Name = "session", title
	key := m.line(where, m.one(rec, "key"), maxName)
	if title == "" && key == "" && m.one(rec, "start") == "" {
		return nil // an empty line
	}
	if title == "" {
		m.warn(where, "no_title", "The session has no title.")
		title = "Untitled"
	}
	s := Session{Key: key, Title: title, Subtitle: m.line(where, m.one(rec, "subtitle"), maxTitle), Abstract: m.text(where, m.one(rec, "abstract")),
		Description: m.text(where, m.one(rec, "description")), Type: m.line(where, m.one(rec, "type"), maxName), Track: m.line(where, m.one(rec, "track"), maxName),
		Language: m.language(where, m.one(rec, "language")), URL: m.link(where, m.one(rec, "url"))}
	s.Kind = kindOf(s.Type)
	if uuidPattern.MatchString(key) {
		s.Key = strings.ToLower(key)
	}
	if n, ok := numeric(key); ok && n < 1<<31 {
		s.Number = n
	}
	if s.Key == "" {
		s.Key = "title:" + strings.ToLower(m.cut(where, title, maxName-10))
	}
	m.addTrack(Track{Name: s.Track})
	for _, v := range m.table.values(rec, m.mapping.Fields["room"]) {
		s.Room = cmp.Or(s.Room, m.room(v))
	}
	m.place(where, &s, rec)
	m.speakers(where, &s, rec)
	return m.addSession(s)
}

// speakers reads people by id, or the names that one text holds.
func (m *mappedReading) speakers(where Place, s *Session, rec record) {
	path, separator := m.mapping.Fields["speakers"], cmp.Or(m.mapping.Separator, ",")
	for _, v := range m.table.values(rec, path) {
		names := []value{v}
		if v.id == "" {
			names = nil
			for name := range strings.SplitSeq(v.text, separator) {
				names = append(names, value{text: name})
			}
		}
		for _, name := range names {
			_, field, _ := cutLast(path, ">")
			switch key := m.person(name, field); {
			case key == "" || slices.Contains(s.Speakers, key):
			case len(s.Speakers) >= maxPersons:
				m.warn(where, "persons_cut", "More than %d persons stand in one session; the others were left out.", maxPersons)
				return
			default:
				s.Speakers = append(s.Speakers, key)
			}
		}
	}
}

func cutLast(text, sign string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sign); i >= 0 {
		return text[:i], text[i+len(sign):], true
	}
	return "", text, false
}

// place finds the slot from date, start and end or minutes.
func (m *mappedReading) place(where Place, s *Session, rec record) {
	date, start := strings.TrimSpace(m.one(rec, "date")), strings.TrimSpace(m.one(rec, "start"))
	from, ok := m.time(where, date, start)
	if !ok {
		if start != "" || date != "" {
			m.warn(where, "no_start", "The session has no start that can be read; it is kept without a slot.")
		}
		s.Room = ""
		if d, ok := minutesOf(m.one(rec, "minutes")); ok && d > 0 && d <= maxLength {
			s.Length = d
		}
		return
	}
	s.Start = from
	minutes, end := m.one(rec, "minutes"), strings.TrimSpace(m.one(rec, "end"))
	if end == "" {
		d, ok := minutesOf(minutes)
		s.Length = m.sessionLength(where, d, ok, minutes)
		return
	}
	to, ok := m.time(where, cmp.Or(date, from.In(m.location()).Format(time.DateOnly)), end)
	if ok && to.Before(from) && clockOnly(end) {
		to = to.AddDate(0, 0, 1) // past midnight
	}
	s.Length = m.sessionLength(where, to.Sub(from), ok, end)
}

func clockOnly(text string) bool { _, ok := clockTime(text); return ok }

// minutesOf reads "45", "45 min", "1:30".
func minutesOf(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	for _, unit := range []string{"minutes", "minuten", "min.", "min", "m", "'"} {
		text = strings.TrimSpace(strings.TrimSuffix(strings.ToLower(text), unit))
	}
	return length(text)
}

// time reads an instant, or a wall clock's date and time as people type them.
func (m *mappedReading) time(where Place, date, text string) (time.Time, bool) {
	if t, ok := m.instant(where, text); ok {
		return t, true
	}
	day, rest := date, text
	if left, right, ok := strings.Cut(strings.NewReplacer("T", " ", ", ", " ").Replace(text), " "); ok && !clockOnly(text) {
		day, rest = left, right
	}
	d, ok := m.date(where, day)
	since, found := clockTime(rest)
	if !ok || !found {
		return time.Time{}, false
	}
	return m.wallClock(where, d.Add(since)), true
}

// date reads 2025-02-01, 01.02.2025 and 2/1/2025. The last is the first of February where the file shows that days come first.
func (m *mappedReading) date(where Place, text string) (time.Time, bool) {
	if len(text) > 10 && dateOf(text) != "" {
		text = dateOf(text)
	}
	for _, layout := range []string{time.DateOnly, "2.1.2006", "2.1.06", "2006/1/2", "20060102"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, sensible(t)
		}
	}
	layout := "1/2/2006"
	if m.daysFirst() {
		layout = "2/1/2006"
	}
	t, err := time.Parse(layout, text)
	return t, err == nil && sensible(t)
}

// daysFirst looks through all dates for a first number that is no month.
func (m *mappedReading) daysFirst() bool {
	if m.dayFirst != nil {
		return *m.dayFirst
	}
	first := false
	for _, rec := range m.table.records {
		for _, field := range []string{"date", "start"} {
			head, _, ok := strings.Cut(strings.TrimSpace(m.one(rec, field)), "/")
			if n, err := strconv.Atoi(head); ok && err == nil && n > 12 && n < 32 {
				first = true
			}
		}
	}
	if !first {
		m.warn(Place{}, "date_assumed", "Dates like 2/1/2025 are read with the month first.")
	}
	m.dayFirst = &first
	return first
}

// clockTime reads "9:30", "09:30 Uhr", "9.30 Uhr" and "9:30 PM".
func clockTime(text string) (time.Duration, bool) {
	low := strings.ToLower(strings.TrimSpace(text))
	if bare, is := strings.CutSuffix(low, "uhr"); is {
		low = strings.ReplaceAll(strings.TrimSpace(bare), ".", ":")
		if !strings.Contains(low, ":") {
			low += ":00"
		}
	}
	for _, half := range []string{"am", "pm"} {
		bare, is := strings.CutSuffix(low, half)
		if !is {
			continue
		}
		bare = strings.TrimSpace(bare)
		if !strings.Contains(bare, ":") {
			bare += ":00"
		}
		d, ok := clock(bare)
		if d >= 12*time.Hour {
			d -= 12 * time.Hour
		}
		if half == "pm" {
			d += 12 * time.Hour
		}
		return d, ok && d < 24*time.Hour
	}
	return clock(low)
}

// readCSV takes the first line for the headings; the sign that parts the fields is the one that parts them most evenly.
func (t *Table) readCSV(text []byte) error {
	rows, err := readRows(text, false)
	if errors.Is(err, csv.ErrBareQuote) { // a mark within a cell that has none around it
		rows, err = readRows(text, true)
	}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return ErrMalformed.With("The table is damaged at line %d: look for a quotation mark that stands alone. Nothing was changed.", parse.StartLine).Because(err)
	}
	if err != nil || len(rows) == 0 {
		return ErrMalformed.Because(err)
	}
	names := rows[0]
	for i, name := range names[:min(len(names), maxColumns)] {
		name = strings.Join(strings.Fields(name), " ")
		for n := 2; name == "" || t.has(name); n++ {
			name = fmt.Sprintf("%s (%d)", cmp.Or(strings.Join(strings.Fields(names[i]), " "), "?"), n)
		}
		names[i] = name
		t.Columns = append(t.Columns, Column{Path: name})
	}
	for _, row := range rows[1:] {
		r := record{}
		for i, field := range row[:min(len(row), len(t.Columns))] {
			if field != "" {
				r[names[i]] = []string{sheet.Undefuse(field)}
			}
		}
		t.records = append(t.records, r)
	}
	return nil
}

func readRows(text []byte, lazy bool) ([][]string, error) {
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = delimiter(text), lazy, -1
	return reader.ReadAll()
}

// delimiter is the sign of which the first line has the most outside of quotes.
func delimiter(text []byte) rune {
	best, most := ',', 0
	for _, sign := range []rune{',', ';', '\t', '|'} {
		quoted, n := false, 0
		for _, c := range string(firstLine(text)) {
			if c == '"' {
				quoted = !quoted
			} else if c == sign && !quoted {
				n++
			}
		}
		if n > most {
			best, most = sign, n
		}
	}
	return best
}

func firstLine(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return line[:min(len(line), 10_000)]
}

// looksLikeCSV: a first line with at least two fields that have short names, and something after it.
func looksLikeCSV(text []byte) bool {
	line := firstLine(text)
	if !bytes.Contains(text, []byte("\n")) || len(line) > 5_000 || bytes.ContainsAny(line, "<{[\x00") {
		return false
	}
	names := strings.Split(strings.TrimSpace(string(line)), string(delimiter(text)))
	return len(names) >= 2 && !slices.ContainsFunc(names, func(name string) bool { return len(name) > 200 })
}
