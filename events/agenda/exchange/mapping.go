package exchange

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"turnout"
)

// Mapping says which column of a CSV, or which field of the objects in a JSON list, holds what of a session. A path is a
// column's heading, or the keys to a value parted by dots ("en.title"). "room>rooms>en.name" looks the value of room up among
// the ids of the list rooms, and reads en.name there.
type Mapping struct {
	List      string            `json:"list,omitempty"`      // keys to the list of sessions, "" for the file itself
	Fields    map[string]string `json:"fields"`              // by name of MappedFields: the path
	Separator string            `json:"separator,omitempty"` // between speakers in one text; "" is the comma
}

// MappedFields are what a mapping can fill, in the order in which to ask. Of these title is needed; end and minutes are
// two ways to say the same, and date belongs to starts that are a clock time only.
var MappedFields = []string{"key", "title", "subtitle", "abstract", "description", "date", "start", "end", "minutes", "room", "track", "type", "language", "speakers", "url"}

// Column is a field of a file, with what stands in it.
type Column struct {
	Path    string
	Samples []string // up to three different values
}

// Table is a file of no known format as a list of records.
type Table struct {
	Format  Format
	List    string // keys to the list that was taken
	Columns []Column
	records []record
	lists   map[string][]record // all of the file, by the keys that lead there
	ids     map[string]map[string]record
}

// record holds the texts under each path; a list has several.
type record map[string][]string

// ErrNeedsMapping is answered when it cannot be guessed where the titles stand.
var ErrNeedsMapping = &turnout.Error{Kind: turnout.Invalid, Code: "needs_mapping",
	Message: "It cannot be told which field of this file holds the title of a session. Say which fields mean what."}

// ErrMapping is answered when a mapping names a field that the file does not have.
var ErrMapping = &turnout.Error{Kind: turnout.Invalid, Code: "mapping_misfit", Message: "The mapping does not fit the file."}

const (
	maxColumns = 300
	maxNesting = 4 // objects within a record
	samples    = 3
)

// ReadTable reads a CSV, or a JSON in which the longest list of objects is taken for the sessions (or the one under list).
// Errors: those of Read, ErrUnknownFormat where there is no list.
func ReadTable(data []byte, list string) (*Table, error) {
	if len(data) > MaxBytes {
		return nil, ErrTooLarge
	}
	format := Recognise(data)
	text, _ := decode(data)
	if format != CSV && format != MappedJSON {
		return nil, ErrUnknownFormat
	}
	return readTable(text, format, list)
}

func readTable(text []byte, format Format, list string) (*Table, error) {
	t := &Table{Format: format, List: list, lists: map[string][]record{}}
	var err error
	if format == CSV {
		err = t.readCSV(text)
	} else {
		err = t.readJSON(text)
	}
	if err != nil {
		return nil, err
	}
	if len(t.records) > maxSessions {
		return nil, ErrTooMany
	}
	t.describe()
	return t, nil
}

func (t *Table) readJSON(text []byte) error {
	var file any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&file); err != nil {
		return jsonError(text, err)
	}
	if len(bytes.TrimSpace(text[dec.InputOffset():])) > 0 {
		return ErrMalformed.With("Something follows the JSON at %s. Nothing was changed.", lineOf(text, dec.InputOffset()))
	}
	t.gather("", file, 0)
	if t.List == "" && t.lists[""] == nil {
		for _, path := range sortedKeys(t.lists) {
			if better(path, t.List) || !better(t.List, path) && len(t.lists[path]) > len(t.lists[t.List]) {
				t.List = path
			}
		}
	}
	t.records = t.lists[t.List]
	if len(t.records) == 0 {
		return ErrUnknownFormat
	}
	return nil
}

// better tells whether the name of one list says sooner than another's that it holds sessions.
func better(path, than string) bool {
	rank := func(path string) int {
		_, name, _ := cutLast(strings.ToLower(path), ".")
		return slices.Index([]string{"items", "program", "schedule", "events", "talks", "sessions"}, name)
	}
	return rank(path) > rank(than)
}

// gather finds the lists of objects, down to two objects deep.
func (t *Table) gather(path string, value any, depth int) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if depth < 2 && len(t.lists) < maxColumns {
				t.gather(strings.TrimPrefix(path+"."+key, "."), v[key], depth+1)
			}
		}
	case []any:
		for _, entry := range v {
			if object, ok := entry.(map[string]any); ok {
				r := record{}
				r.flatten("", object, 0)
				t.lists[path] = append(t.lists[path], r)
			}
		}
	}
}

// flatten puts the texts of a value under its path; objects in lists are known by their name, title or id.
func (r record) flatten(path string, value any, depth int) {
	if len(r) >= maxColumns {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if depth < maxNesting {
				r.flatten(strings.TrimPrefix(path+"."+key, "."), v[key], depth+1)
			}
		}
	case []any:
		for _, entry := range v[:min(len(v), maxPersons)] {
			if _, nested := entry.([]any); !nested {
				r.flatten(path, entry, depth)
			}
		}
	case string:
		r[path] = append(r[path], v)
	case json.Number:
		r[path] = append(r[path], v.String())
	case bool:
		r[path] = append(r[path], map[bool]string{true: "true", false: "false"}[v])
	}
}

// describe lists the columns in the order of their names for JSON (a CSV has its own), and after each the lookups that its values allow.
func (t *Table) describe() {
	if t.Format != CSV {
		seen := map[string]bool{}
		for _, r := range t.records {
			for path := range r {
				seen[path] = true
			}
		}
		for _, path := range sortedKeys(seen) {
			t.Columns = append(t.Columns, Column{Path: path})
			t.Columns = append(t.Columns, t.lookups(path)...)
		}
	}
	for i := range t.Columns {
		t.Columns[i].Samples = t.samples(t.Columns[i].Path)
	}
}

func (t *Table) samples(path string) (found []string) {
	for _, r := range t.records {
		for _, v := range t.values(r, path) {
			text := strings.Join(strings.Fields(v.text), " ")
			if runes := []rune(text); len(runes) > 80 {
				text = string(runes[:79]) + "…"
			}
			if text != "" && !slices.Contains(found, text) {
				found = append(found, text)
			}
			if len(found) == samples {
				return found
			}
		}
	}
	return found
}

// lookups are the fields of another list whose ids are the values of a path.
func (t *Table) lookups(path string) (found []Column) {
	for _, list := range sortedKeys(t.lists) {
		if list == t.List || !t.refers(path, list) {
			continue
		}
		fields := map[string]bool{}
		for _, r := range t.lists[list] {
			for field := range r {
				fields[field] = field != "id"
			}
		}
		for _, field := range sortedKeys(fields) {
			if fields[field] && len(found) < maxColumns {
				found = append(found, Column{Path: path + ">" + list + ">" + field})
			}
		}
	}
	return found
}

// refers tells whether every value of a path is an id of the list, and there is one.
func (t *Table) refers(path, list string) bool {
	ids := t.byID(list)
	some := false
	for _, r := range t.records {
		for _, v := range r[path] {
			if v == "" {
				continue
			}
			if _, ok := ids[v]; !ok {
				return false
			}
			some = true
		}
	}
	return some
}

func (t *Table) byID(list string) map[string]record {
	ids := make(map[string]record, len(t.lists[list]))
	for _, r := range t.lists[list] {
		if id := r["id"]; len(id) == 1 && id[0] != "" {
			ids[id[0]] = r
		}
	}
	return ids
}

// value is a text, and the id that led to it where it was looked up.
type value struct {
	id, text string
	of       record
}

// values reads a path of a record.
func (t *Table) values(r record, path string) (all []value) {
	parts := strings.SplitN(path, ">", 3)
	if len(parts) < 3 || t.lists[parts[1]] == nil {
		for _, text := range r[path] {
			all = append(all, value{text: text})
		}
		return all
	}
	for _, id := range r[parts[0]] {
		if found, ok := t.idsOf(parts[1])[id]; ok {
			all = append(all, value{id: id, text: strings.Join(found[parts[2]], ", "), of: found})
		}
	}
	return all
}

// idsOf is byID, made once.
func (t *Table) idsOf(list string) map[string]record {
	if t.ids == nil {
		t.ids = map[string]map[string]record{}
	}
	if t.ids[list] == nil {
		t.ids[list] = t.byID(list)
	}
	return t.ids[list]
}

// Lists names the lists of objects of a JSON, "" for the file itself; nil where there is no choice.
func (t *Table) Lists() []string {
	if len(t.lists) < 2 {
		return nil
	}
	return sortedKeys(t.lists)
}

// has tells whether a path leads anywhere.
func (t *Table) has(path string) bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Path == path })
}

// guesses are words for each field, English and German, the likelier first. A path is taken whose last part is one of them.
var guesses = map[string]string{
	"key":         "id guid uuid uid code key session_id sessionid kennung nummer nr",
	"title":       "title titel name session_name session_title sessiontitle talk talk_title vortrag vortragstitel session summary thema",
	"subtitle":    "subtitle untertitel sub_title",
	"abstract":    "abstract kurzbeschreibung zusammenfassung teaser summary",
	"description": "description beschreibung desc text inhalt details",
	"date":        "date datum day tag",
	"start":       "start starttime start_time startsat starts_at starts begin beginn anfang von from start_date startzeit uhrzeit time zeit",
	"end":         "end endtime end_time endsat ends_at ends ende bis to until end_date endzeit",
	"minutes":     "duration dauer length minutes minuten duration_minutes dauer_minuten länge",
	"room":        "room raum location ort saal stage bühne venue place room_name",
	"track":       "track topic strang themenbereich category kategorie session_type bereich",
	"type":        "type typ kind format session_format art",
	"language":    "language sprache lang",
	"speakers":    "speakers speaker referenten referent referentin referierende vortragende sprecher sprecherin presenters presenter persons people names speaker_names",
	"url":         "url link uri webseite website permalink",
}

// Guess finds a mapping by the names of the columns. Where the file has texts by language, those in the language are preferred.
func (t *Table) Guess(language string) Mapping {
	m := Mapping{List: t.List, Fields: map[string]string{}}
	taken := map[string]bool{}
	for _, field := range MappedFields {
		best, rank := "", 1<<30
		for _, c := range t.Columns {
			if n := t.rank(field, c.Path, language); n < rank && !taken[c.Path] {
				best, rank = c.Path, n
			}
		}
		if best != "" {
			m.Fields[field], taken[best] = best, true
		}
	}
	t.settleGuess(&m, language)
	return m
}

// settleGuess follows ids to names, and takes what only looks up to a list of types for the track where there is no other.
func (t *Table) settleGuess(m *Mapping, language string) {
	if m.Fields["track"] == "" && m.Fields["type"] != "" && len(t.lookups(m.Fields["type"])) > 0 {
		m.Fields["track"] = m.Fields["type"]
		delete(m.Fields, "type")
	}
	for _, field := range []string{"room", "track", "type", "speakers"} {
		best, rank := "", 1<<30
		for _, c := range t.lookups(m.Fields[field]) {
			parts := strings.Split(c.Path, ">")
			if n := t.rank("title", parts[2], language); n < rank {
				best, rank = c.Path, n
			}
		}
		if best != "" {
			m.Fields[field] = best
		}
	}
	for _, r := range t.records {
		for _, text := range r[m.Fields["speakers"]] {
			for _, separator := range []string{";", "|", " / "} {
				if m.Separator == "" && strings.Contains(text, separator) {
					m.Separator = separator
				}
			}
		}
	}
}

// rank is how well a path fits a field, 0 best.
func (t *Table) rank(field, path, language string) int {
	if strings.Contains(path, ">") {
		return 1 << 30
	}
	parts := []string{strings.ToLower(path)}
	if t.Format != CSV {
		parts = strings.Split(parts[0], ".")
	}
	last := lettersOf(parts[len(parts)-1])
	at := slices.IndexFunc(strings.Fields(guesses[field]), func(word string) bool { return lettersOf(word) == last })
	if at < 0 {
		return 1 << 30
	}
	rank := at*100 + len(parts)*10
	if len(parts) > 1 && parts[len(parts)-2] == language {
		rank -= 5
	}
	return rank
}

// lettersOf leaves out what people put between and behind the words of a heading.
func lettersOf(heading string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, heading)
}

// check says whether the mapping can be used with the table.
func (t *Table) check(m Mapping) error {
	for field, path := range m.Fields {
		if !slices.Contains(MappedFields, field) {
			return ErrMapping.With("There is no field %s to map to.", quoteShort(field))
		}
		if path != "" && !t.has(path) {
			return ErrMapping.With("The file has no field %s, which the mapping takes for %s.", quoteShort(path), quoteShort(field))
		}
	}
	if m.Fields["title"] == "" {
		return ErrNeedsMapping
	}
	return nil
}

// Fits reports whether a mapping can be used with the table.
func (t *Table) Fits(m Mapping) bool { return t.check(m) == nil }
