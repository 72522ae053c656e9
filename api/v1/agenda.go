package v1

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
)

var agendaOperations = operations{
	"GET /events/{event}/agenda": {Summary: "The working draft of an event's agenda", Text: "Everything, placed or not, with all conflicts. It is never public: see the releases.",
		Out: agendaResponse{}},
	"GET /events/{event}/agenda/conflicts": {Summary: "What cannot take place as planned", Out: conflictsResponse{}, Query: window},
	"POST /events/{event}/agenda/import": {Summary: "Bring in an agenda made elsewhere",
		Text: "The raw file as body; its format is recognised (frab_xml, pretalx_json, schedule2_json, sessionize_json, icalendar, csv, or mapped_json: any other JSON with a list). The same file again changes nothing. " +
			"What was changed here since the last import stays, unless conflicts is theirs. A session that the file no longer holds is withdrawn, never deleted. All happens or nothing.",
		InRaw: "application/octet-stream", Out: agenda.ImportReport{},
		Errors: []int{412}, Query: []parameter{{Name: "dry_run", Text: "true tells what would happen and changes nothing.", Enum: []string{"true", "false"}},
			{Name: "conflicts", Text: "Whose word stands where something was changed here and in the file.", Enum: []string{"ours", "theirs"}},
			{Name: "mapping", Text: "For a CSV or an unknown JSON, as JSON: {list, fields: {title: path, …}, separator}. Without it the event's last one is used, or a guess."},
			{Name: "seen", Text: "seen of a dry run: refused (agenda_changed) when file or agenda are others now."}}},
	"GET /events/{event}/agenda/export": {Summary: "The working draft as a file", OutRaw: "application/octet-stream", Errors: []int{422},
		Query: []parameter{{Name: "format", Text: "frab_xml when absent", Enum: []string{"frab_xml", "pretalx_json", "schedule2_json", "icalendar", "csv", "sessionize_json"}}}},
}

type conflictBody struct {
	Kind       agenda.ConflictKind `json:"kind" enum:"room,speaker,outside_event,availability,capacity,short_change,track"`
	SessionIDs []turnout.ID        `json:"session_ids"`
	Message    string              `json:"message"`
}

type conflictsResponse struct {
	Items      []conflictBody `json:"items"`
	NextCursor *string        `json:"next_cursor"`
}

func newConflicts(list []agenda.Conflict) []conflictBody {
	out := make([]conflictBody, len(list))
	for i, c := range list {
		out[i] = newConflict(c)
	}
	return out
}

func newConflict(c agenda.Conflict) conflictBody {
	return conflictBody{c.Kind, c.SessionIDs, c.Message}
}

// conflictKey tells a conflict from the others: no two of a kind are about the same sessions.
func conflictKey(found agenda.Conflict) turnout.ID {
	key := turnout.ID(found.Kind)
	for _, id := range found.SessionIDs {
		key += "." + id
	}
	return key
}

type agendaResponse struct {
	EventID   turnout.ID        `json:"event_id"`
	Rooms     []roomResponse    `json:"rooms"`
	Tracks    []trackResponse   `json:"tracks"`
	Speakers  []speakerResponse `json:"speakers"`
	Sessions  []sessionResponse `json:"sessions" doc:"by start, those without a slot last"`
	Conflicts []conflictBody    `json:"conflicts"`
	Warnings  []conflictBody    `json:"warnings" doc:"what can take place like that and is better planned otherwise"`
}

// GetAgenda is GET /events/{event}/agenda.
func (h *Handler) GetAgenda(c *gin.Context) {
	a, err := h.Agenda.Agenda(c.Request.Context(), access.Community(c), string(access.Event(c).ID))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	all, warnings := a.Conflicts(), a.Warnings()
	bySession := map[turnout.ID][]agenda.Conflict{}
	for _, conflict := range slices.Concat(all, warnings) {
		for _, id := range conflict.SessionIDs {
			bySession[id] = append(bySession[id], conflict)
		}
	}
	out := agendaResponse{EventID: a.Event.ID, Conflicts: newConflicts(all), Warnings: newConflicts(warnings), Rooms: make([]roomResponse, len(a.Rooms)),
		Tracks: make([]trackResponse, len(a.Tracks)), Speakers: make([]speakerResponse, len(a.Speakers)), Sessions: make([]sessionResponse, len(a.Sessions))}
	for i, r := range a.Rooms {
		out.Rooms[i] = newRoomResponse(r)
	}
	for i, t := range a.Tracks {
		out.Tracks[i] = newTrackResponse(t)
	}
	for i, s := range a.Speakers {
		out.Speakers[i] = newSpeakerResponse(s)
	}
	for i, s := range a.Sessions {
		out.Sessions[i] = newSessionResponse(s, bySession[s.ID])
	}
	respond.JSON(c, http.StatusOK, out)
}

// ListConflicts is GET /events/{event}/agenda/conflicts.
func (h *Handler) ListConflicts(c *gin.Context) {
	list, err := h.Agenda.Conflicts(c.Request.Context(), access.Community(c), string(access.Event(c).ID))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, list, conflictKey, newConflict)
}

// ImportAgenda is POST /events/{event}/agenda/import.
func (h *Handler) ImportAgenda(c *gin.Context) {
	dryRun, ok := flag(c, "dry_run")
	if !ok {
		return
	}
	choices := agenda.ImportChoices{AllTheirs: c.Query("conflicts") == "theirs", Seen: c.Query("seen")}
	if side := c.Query("conflicts"); side != "" && side != "ours" && side != "theirs" {
		respond.Fail(c, turnout.Invalidf("conflicts", "unknown", "Choose ours or theirs."))
		return
	}
	if text := c.Query("mapping"); text != "" {
		choices.Mapping = new(exchange.Mapping)
		if err := json.Unmarshal([]byte(text), choices.Mapping); err != nil {
			respond.Fail(c, exchange.ErrMapping.Because(err))
			return
		}
	}
	data, ok := respond.Body(c, exchange.MaxBytes)
	if !ok {
		return
	}
	report, err := h.Agenda.Import(c.Request.Context(), access.Community(c), string(access.Event(c).ID), data, choices, dryRun)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	if report.Warnings == nil {
		report.Warnings = []exchange.Warning{}
	}
	respond.JSON(c, http.StatusOK, report)
}

// ExportAgenda is GET /events/{event}/agenda/export.
func (h *Handler) ExportAgenda(c *gin.Context) {
	a, err := h.Agenda.Agenda(c.Request.Context(), access.Community(c), string(access.Event(c).ID))
	var out bytes.Buffer
	format := exchange.Format(cmp.Or(c.Query("format"), string(exchange.FrabXML)))
	if err == nil {
		err = exchange.Write(&out, format, a.Draft(), a.ChangedAt())
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	c.Header("Content-Disposition", `attachment; filename="draft`+format.Extension()+`"`)
	c.Data(http.StatusOK, "application/octet-stream", out.Bytes())
}

// create answers a POST that makes something: 201 with what show says of it, and with its version where it has one (not 0).
func create[In, Made any](c *gin.Context, do func(In) (*Made, error), show func(*Made) (body any, version int64)) {
	var in In
	if !respond.Bind(c, &in) {
		return
	}
	made, err := do(in)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	body, version := show(made)
	if version != 0 {
		respond.ETag(c, version)
	}
	respond.JSON(c, http.StatusCreated, body)
}

// flag reads a query parameter that is true or false (as absent is). It answers the request itself and gives false when
// it is neither: a mistyped dry run must not import.
func flag(c *gin.Context, name string) (value, ok bool) {
	switch text := c.Query(name); text {
	case "", "0", "false":
		return false, true
	case "1", "true":
		return true, true
	}
	respond.Fail(c, turnout.Invalidf(name, "wrong_type", "This is true or false."))
	return false, false
}

type roomRequest struct {
	Name     string `json:"name" required:"true"`
	Capacity *int64 `json:"capacity"`
}

type roomResponse struct {
	ID        turnout.ID `json:"id"`
	EventID   turnout.ID `json:"event_id"`
	Name      string     `json:"name"`
	Capacity  *int64     `json:"capacity"`
	Version   int64      `json:"version"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

func newRoomResponse(r *agenda.Room) roomResponse {
	return roomResponse{r.ID, r.EventID, r.Name, r.Capacity, r.Version, r.CreatedAt.UTC(), r.UpdatedAt.UTC()}
}

type trackRequest struct {
	Name  string `json:"name" required:"true"`
	Color string `json:"color" doc:"#rrggbb"`
}

type trackResponse struct {
	ID        turnout.ID `json:"id"`
	EventID   turnout.ID `json:"event_id"`
	Name      string     `json:"name"`
	Color     string     `json:"color"`
	Version   int64      `json:"version"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

func newTrackResponse(t *agenda.Track) trackResponse {
	return trackResponse{t.ID, t.EventID, t.Name, t.Color, t.Version, t.CreatedAt.UTC(), t.UpdatedAt.UTC()}
}

var roomOperations = operations{
	"POST /events/{event}/rooms":  {Summary: "Add a room", In: roomRequest{}, Out: roomResponse{}, Status: 201, Version: true},
	"POST /events/{event}/tracks": {Summary: "Add a track", In: trackRequest{}, Out: trackResponse{}, Status: 201, Version: true},
}

// CreateRoom is POST /events/{event}/rooms.
func (h *Handler) CreateRoom(c *gin.Context) {
	create(c, func(in roomRequest) (*agenda.Room, error) {
		return h.Agenda.AddRoom(c.Request.Context(), access.Community(c), string(access.Event(c).ID), agenda.RoomInput(in))
	}, func(r *agenda.Room) (any, int64) { return newRoomResponse(r), r.Version })
}

// CreateTrack is POST /events/{event}/tracks.
func (h *Handler) CreateTrack(c *gin.Context) {
	create(c, func(in trackRequest) (*agenda.Track, error) {
		return h.Agenda.AddTrack(c.Request.Context(), access.Community(c), string(access.Event(c).ID), agenda.TrackInput(in))
	}, func(t *agenda.Track) (any, int64) { return newTrackResponse(t), t.Version })
}
