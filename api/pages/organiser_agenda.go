package pages

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/people"
	"turnout/templates"
)

type sessionRow struct {
	*agenda.Session
	URL             string
	When            string // the day, "" without a slot
	Room, Track     string
	Speakers        []string
	ConflictsNumber int
}

type agendaPage struct {
	templates.Chrome
	Event            *events.Event
	Base             string
	CanWrite         bool
	Rows             []sessionRow
	Count, Unplaced  int
	Placed           int // withdrawn ones have no slot
	Rooms            []templates.Option
	Search, Room     string
	State            string // "", unplaced, conflicts, withdrawn
	States           []templates.Option
	Day              string // 2026-05-20; of the conflicts' links
	Conflicts        []conflictGroup
	ConflictsMore    []conflictGroup // folded
	ConflictsNumber  int
	Warnings         []conflictGroup // worth a look, no conflicts
	WarningsNumber   int
	Elsewhen         *elsewhen
	NextPageURL      string
	Release          *agenda.Release
	Filtered, HasAny bool
	Files            []templates.Link // in which the draft is exported
}

const (
	sessionsShown = 100
	fewPlaced     = 3 // from how many on a schedule that lies elsewhere is meant so
)

// EventAgenda is GET /console/events/{event}/agenda: the working draft with its conflicts.
func (h *Handler) EventAgenda(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "nav.agenda"), "nav.agenda")
	if !ok {
		return
	}
	a, err := h.Agenda.Agenda(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	releases, err := h.Agenda.Releases(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := agendaPage{Chrome: chrome, Event: e, Base: eventPath(e) + "/agenda", CanWrite: may(c, "agenda:write"),
		Search: c.Query("q"), Room: c.Query("room"), State: c.Query("state"), Day: c.Query("day"), HasAny: len(a.Sessions) > 0}
	if len(releases) > 0 && releases[0].Sessions > 0 {
		data.Release = releases[0]
	}
	if data.HasAny {
		for _, format := range exchange.Writers {
			data.Files = append(data.Files, templates.Link{Text: format.Name(), URL: data.Base + "/export/" + format.Extension()[1:]})
		}
	}
	data.Rooms = append([]templates.Option{{Text: h.text(c, "console.agenda.all_rooms")}}, roomOptions(a.Rooms)...)
	for _, state := range []string{"", "unplaced", "conflicts", "withdrawn"} {
		data.States = append(data.States, templates.Option{Value: state, Text: h.text(c, "console.agenda.state_"+firstOf(state, "all"))})
	}
	conflicts := a.Conflicts()
	data.fill(h, c, a, conflicts)
	data.ConflictsNumber = len(conflicts)
	data.Conflicts = h.conflictGroups(c, a, conflicts, data.Base)
	if len(data.Conflicts) > groupsFirst {
		data.Conflicts, data.ConflictsMore = data.Conflicts[:groupsFirst], data.Conflicts[groupsFirst:]
	}
	warnings := a.Warnings()
	data.WarningsNumber, data.Warnings = len(warnings), h.conflictGroups(c, a, warnings, data.Base)
	from, to, _ := a.Span()
	outside := 0
	for _, n := range countConflicts(conflicts) {
		if n.Kind == agenda.OutsideEvent {
			outside = n.Count
		}
	}
	if data.Placed >= fewPlaced { // of fewer it is a slip of who placed them
		data.Elsewhen = h.newElsewhen(c, e, from, to, data.Placed, outside)
	}
	h.Render(c, http.StatusOK, "console_agenda", data)
}

func roomOptions(rooms []*agenda.Room) []templates.Option {
	return options(rooms, func(r *agenda.Room) templates.Option { return templates.Option{Value: string(r.ID), Text: r.Name} })
}

// fill chooses the sessions that the filters ask for, one page of them.
func (data *agendaPage) fill(h *Handler, c *gin.Context, a *agenda.Agenda, conflicts []agenda.Conflict) {
	inConflict := map[turnout.ID]int{}
	for _, conflict := range conflicts {
		for _, id := range conflict.SessionIDs {
			inConflict[id]++
		}
	}
	names, lang := namesOf(a), h.Language(c)
	var rows []sessionRow
	for _, s := range a.Sessions {
		if s.Status != agenda.Withdrawn {
			data.Count++
			if !s.Placed() {
				data.Unplaced++
			}
		}
		if s.Placed() {
			data.Placed++
		}
		row := sessionRow{Session: s, URL: data.Base + "/sessions/" + string(s.ID), Room: names[s.RoomID], Track: names[s.TrackID], ConflictsNumber: inConflict[s.ID]}
		for _, id := range s.SpeakerIDs {
			row.Speakers = append(row.Speakers, names[id])
		}
		if s.Placed() {
			row.When = h.dayOf(lang, a.Event, s.StartsAt)
		}
		if data.wants(row) {
			rows = append(rows, row)
		}
	}
	data.Filtered = data.Search != "" || data.Room != "" || data.State != "" || data.Day != ""
	from, _ := strconv.Atoi(c.Query("from"))
	from = min(max(from, 0), len(rows))
	if len(rows) > from+sessionsShown {
		data.NextPageURL = nextPage(c, "from", strconv.Itoa(from+sessionsShown))
		rows = rows[:from+sessionsShown]
	}
	data.Rows = rows[from:]
}

func namesOf(a *agenda.Agenda) map[turnout.ID]string {
	names := map[turnout.ID]string{}
	for _, r := range a.Rooms {
		names[r.ID] = r.Name
	}
	for _, t := range a.Tracks {
		names[t.ID] = t.Name
	}
	for _, s := range a.Speakers {
		names[s.ID] = s.Name
	}
	return names
}

// wants reports whether a session passes the filters: each word searched for must begin a word of its title or speakers.
func (data *agendaPage) wants(row sessionRow) bool {
	switch {
	case data.Room != "" && string(row.RoomID) != data.Room,
		data.Day != "" && (!row.Placed() || agenda.DayOf(data.Event, row.StartsAt).Date != data.Day),
		data.State == "unplaced" && (row.Placed() || row.Status == agenda.Withdrawn),
		data.State == "conflicts" && row.ConflictsNumber == 0,
		(data.State == "withdrawn") != (row.Status == agenda.Withdrawn):
		return false
	}
	words := people.Fold(row.Title + " " + strings.Join(row.Speakers, " "))
	for _, wanted := range people.Fold(data.Search) {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, wanted) }) {
			return false
		}
	}
	return true
}

// roomRow is a room or a track in its form: one that there is, or ("" as its id) the next.
type roomRow struct {
	ID, Name, Value string // Value is the number of seats, or the colour
	Version         int64
	Field           string // begins the names of its fields in the error summary: many forms share one page
}

func newRoomRow(kind string, id turnout.ID, name, value string, version int64) roomRow {
	return roomRow{string(id), name, value, version, kind + firstOf(string(id), "new") + "."}
}

type roomsPage struct {
	templates.Chrome
	Errors   templates.Errors
	Base     string
	Rooms    []roomRow // the last is for a new one
	Tracks   []roomRow
	CanWrite bool
}

// EventRooms is GET /console/events/{event}/agenda/rooms: rooms and tracks.
func (h *Handler) EventRooms(c *gin.Context) { h.rooms(c, http.StatusOK, nil, roomRow{}) }

// rooms draws the page, with what was typed in one of its forms if that was refused.
func (h *Handler) rooms(c *gin.Context, status int, shown templates.Errors, typed roomRow) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "console.rooms.title"), "nav.agenda")
	if !ok {
		return
	}
	a, err := h.Agenda.Agenda(c.Request.Context(), e.CommunityID, string(e.ID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	base := eventPath(e) + "/agenda"
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: base})
	data := roomsPage{Chrome: chrome, Errors: shown, Base: base, CanWrite: may(c, "agenda:write")}
	for _, r := range a.Rooms {
		data.Rooms = append(data.Rooms, newRoomRow("room.", r.ID, r.Name, whole(r.Capacity), r.Version))
	}
	for _, t := range a.Tracks {
		data.Tracks = append(data.Tracks, newRoomRow("track.", t.ID, t.Name, t.Color, t.Version))
	}
	data.Rooms, data.Tracks = append(data.Rooms, newRoomRow("room.", "", "", "", 0)), append(data.Tracks, newRoomRow("track.", "", "", "", 0))
	for _, rows := range [][]roomRow{data.Rooms, data.Tracks} {
		for i := range rows {
			if rows[i].Field == typed.Field {
				rows[i].Name, rows[i].Value = typed.Name, typed.Value
			}
		}
	}
	h.Render(c, status, "console_rooms", data)
}

type roomForm struct {
	Name     string `form:"name" text:"name,max=300"`
	Capacity string `form:"capacity" text:"name,max=40"`
	Color    string `form:"color" text:"name,max=40"`
	Version  int64  `form:"version"`
}

// SaveRoom is POST /console/events/{event}/agenda/rooms and …/rooms/{room}: a new room, or a changed one.
func (h *Handler) SaveRoom(c *gin.Context) {
	e, ctx, id := access.Event(c), c.Request.Context(), turnout.ID(c.Param("room"))
	var in roomForm
	var form formReader
	form.read(c, &in)
	input := agenda.RoomInput{Name: in.Name, Capacity: form.number("capacity", in.Capacity)}
	h.roomSaved(c, newRoomRow("room.", id, in.Name, in.Capacity, in.Version), form.then(input.Check, func() (err error) {
		if id == "" {
			_, err = h.Agenda.AddRoom(ctx, e.CommunityID, string(e.ID), input)
		} else {
			_, err = h.Agenda.UpdateRoom(ctx, e.CommunityID, id, in.Version, input)
		}
		return err
	}))
}

// SaveTrack is POST /console/events/{event}/agenda/tracks and …/tracks/{track}.
func (h *Handler) SaveTrack(c *gin.Context) {
	e, ctx, id := access.Event(c), c.Request.Context(), turnout.ID(c.Param("track"))
	var in roomForm
	var form formReader
	form.read(c, &in)
	input := agenda.TrackInput{Name: in.Name, Color: in.Color}
	h.roomSaved(c, newRoomRow("track.", id, in.Name, in.Color, in.Version), form.then(input.Check, func() (err error) {
		if id == "" {
			_, err = h.Agenda.AddTrack(ctx, e.CommunityID, string(e.ID), input)
		} else {
			_, err = h.Agenda.UpdateTrack(ctx, e.CommunityID, id, in.Version, input)
		}
		return err
	}))
}

func (h *Handler) roomSaved(c *gin.Context, typed roomRow, err error) {
	if err == nil {
		h.Redirect(c, eventPath(access.Event(c))+"/agenda/rooms", "ok", h.text(c, "console.saved"))
		return
	}
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	for i, s := range shown {
		shown[i].Label = map[string]string{"name": h.text(c, "field.name"), "capacity": h.text(c, "console.rooms.seats"), "color": h.text(c, "console.rooms.color")}[s.Name]
		if s.Name != "" {
			shown[i].Name = typed.Field + s.Name
		}
	}
	h.rooms(c, status, shown, typed)
}

// RemoveRoom is POST /console/events/{event}/agenda/rooms/{room}/remove.
func (h *Handler) RemoveRoom(c *gin.Context) {
	e, back := access.Event(c), eventPath(access.Event(c))+"/agenda/rooms"
	if h.confirmed(c, h.text(c, "console.rooms.remove_ask"), back) {
		h.done(c, h.Agenda.RemoveRoom(c.Request.Context(), e.CommunityID, turnout.ID(c.Param("room"))), back, h.text(c, "console.removed"))
	}
}

// RemoveTrack is POST /console/events/{event}/agenda/tracks/{track}/remove.
func (h *Handler) RemoveTrack(c *gin.Context) {
	e, back := access.Event(c), eventPath(access.Event(c))+"/agenda/rooms"
	if h.confirmed(c, h.text(c, "console.rooms.remove_ask"), back) {
		h.done(c, h.Agenda.RemoveTrack(c.Request.Context(), e.CommunityID, turnout.ID(c.Param("track"))), back, h.text(c, "console.removed"))
	}
}
