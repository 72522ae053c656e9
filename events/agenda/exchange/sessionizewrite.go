package exchange

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sessionize's All view, as far as it is written.
type (
	allFile struct {
		Sessions   []allSession  `json:"sessions"`
		Speakers   []allSpeaker  `json:"speakers"`
		Questions  []string      `json:"questions"`
		Categories []allCategory `json:"categories"`
		Rooms      []allItem     `json:"rooms"`
	}
	allSession struct {
		ID          string   `json:"id"`
		Title       string   `json:"title"`
		Description string   `json:"description"`
		StartsAt    string   `json:"startsAt"`
		EndsAt      string   `json:"endsAt"`
		Service     bool     `json:"isServiceSession"`
		Plenum      bool     `json:"isPlenumSession"`
		Speakers    []string `json:"speakers"`
		Items       []int    `json:"categoryItems"`
		RoomID      *int     `json:"roomId"`
		LiveURL     *string  `json:"liveUrl"`
	}
	allSpeaker struct {
		ID       string    `json:"id"`
		FullName string    `json:"fullName"`
		Bio      string    `json:"bio"`
		TagLine  string    `json:"tagLine"`
		Links    []allLink `json:"links"`
	}
	allLink struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	}
	allCategory struct {
		ID    int       `json:"id"`
		Title string    `json:"title"`
		Items []allItem `json:"items"`
		Sort  int       `json:"sort"`
		Type  string    `json:"type"`
	}
	allItem struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
		Sort int    `json:"sort"`
	}
)

// allWriting numbers the rooms and the items of the categories.
type allWriting struct {
	file  allFile
	rooms map[string]int
	items map[string]int // by category and name
}

// WriteSessionize writes Sessionize's All view: what programs that know no other format take. Kind, track and language are
// categories. Sessions without a slot are left out. Errors: ErrNoDays and those of w.
func WriteSessionize(w io.Writer, s *Schedule) error {
	if len(s.Days()) == 0 {
		return ErrNoDays
	}
	out := &allWriting{file: allFile{Sessions: []allSession{}, Speakers: []allSpeaker{}, Questions: []string{}, Rooms: []allItem{}}, rooms: map[string]int{}, items: map[string]int{}}
	for i, title := range []string{"Session format", "Track", "Language"} {
		out.file.Categories = append(out.file.Categories, allCategory{ID: i + 1, Title: title, Items: []allItem{}, Sort: i, Type: "session"})
	}
	for i, room := range s.Rooms {
		out.rooms[room.Key] = i + 1
		out.file.Rooms = append(out.file.Rooms, allItem{ID: i + 1, Name: room.Name, Sort: i})
	}
	for _, p := range s.People {
		speaker := allSpeaker{ID: s.guid("person", p.Key), FullName: p.Name, Bio: p.Bio, Links: []allLink{}}
		if p.URL != "" {
			speaker.Links = append(speaker.Links, allLink{"Website", p.URL})
		}
		out.file.Speakers = append(out.file.Speakers, speaker)
	}
	for _, x := range s.Sessions {
		if x.Placed() {
			out.file.Sessions = append(out.file.Sessions, out.session(s, x))
		}
	}
	return json.NewEncoder(w).Encode(out.file)
}

func (out *allWriting) session(s *Schedule, x Session) allSession {
	session := allSession{ID: s.GUID(x), Title: x.Title, Description: strings.TrimSpace(x.Abstract + "\n\n" + x.Description), StartsAt: x.Start.UTC().Format(time.RFC3339),
		EndsAt: x.End().UTC().Format(time.RFC3339), Service: x.Kind == "break", Plenum: x.Room == "", Speakers: []string{},
		Items: slices.Concat([]int{}, out.item(0, cmp.Or(x.Type, x.Kind)), out.item(1, x.Track), out.item(2, x.Language))}
	if id := out.rooms[x.Room]; id > 0 {
		session.RoomID = &id
	}
	for _, key := range x.Speakers {
		session.Speakers = append(session.Speakers, s.guid("person", key))
	}
	return session
}

// item is the number of a category's item, none for no name. Numbers of items begin beyond those of categories.
func (out *allWriting) item(category int, name string) []int {
	if name == "" {
		return nil
	}
	key := strconv.Itoa(category) + name
	if out.items[key] == 0 {
		out.items[key] = 101 + len(out.items)
		c := &out.file.Categories[category]
		c.Items = append(c.Items, allItem{ID: out.items[key], Name: name, Sort: len(c.Items)})
	}
	return []int{out.items[key]}
}
