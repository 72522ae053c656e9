package v1

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events/agenda"
)

var draftOperations = operations{
	"GET /events/{event}/agenda/draft": {Summary: "The working draft for a grid", Out: draftResponse{},
		Text:  "Rooms, tracks, days and sessions without their texts. With since, the cursor of an earlier answer, of the sessions those alone that were changed since; some may be told twice, with a version that is known.",
		Query: []parameter{{Name: "since", Text: "The cursor of an earlier answer."}}},
	"POST /events/{event}/agenda/moves": {Summary: "Give sessions their slots together", In: movesRequest{}, Out: movesResponse{}, Errors: []int{409, 412},
		Text: "All or none. Conflicts do not refuse it. With the version that was seen, a session that was changed since refuses all (stale)."},
	"POST /events/{event}/agenda/copies": {Summary: "Put the sessions of a day on another day too", In: copyDayRequest{}, Out: copyDayResponse{}, Status: 201,
		Text: "The same rooms and times of day, as sessions of their own. A day goes from four in the morning to four in the morning."},
	"DELETE /events/{event}/agenda/copies/{copy}": {Summary: "Take a copy back", Out: copyTakenBack{}, Text: "Its sessions are withdrawn, but for those that were changed since. Once more it does nothing."},
}

type copyDayRequest struct {
	From string `json:"from_day" required:"true" text:"name,max=10" doc:"like 2026-05-20"`
	To   string `json:"to_day" required:"true" text:"name,max=10"`
	All  bool   `json:"all" doc:"everything; otherwise breaks and what is for all rooms"`
}

type copyDayResponse struct {
	ID       turnout.ID     `json:"id" doc:"of the copy, to take it back"`
	Sessions []draftSession `json:"sessions"`
	Shifted  int            `json:"shifted" doc:"of them, those whose time of day the clocks jump over, or show twice, on the other day"`
}

type copyTakenBack struct {
	TakenBack int64 `json:"taken_back"`
	Kept      int64 `json:"kept" doc:"changed since"`
}

// CopyDay is POST /events/{event}/agenda/copies.
func (h *Handler) CopyDay(c *gin.Context) {
	create(c, func(in copyDayRequest) (*agenda.CopiedDay, error) {
		return h.Agenda.CopyDay(c.Request.Context(), access.Community(c), string(access.Event(c).ID), agenda.CopyDayInput{From: in.From, To: in.To, All: in.All})
	}, func(made *agenda.CopiedDay) (any, int64) {
		out := copyDayResponse{made.Batch, make([]draftSession, len(made.Sessions)), made.Shifted}
		for i, s := range made.Sessions {
			out.Sessions[i] = newDraftSession(s)
		}
		return out, 0
	})
}

// TakeBackCopy is DELETE /events/{event}/agenda/copies/{copy}.
func (h *Handler) TakeBackCopy(c *gin.Context) {
	gone, kept, err := h.Agenda.TakeBackCopy(c.Request.Context(), access.Community(c), string(access.Event(c).ID), turnout.ID(c.Param("copy")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, copyTakenBack{gone, kept})
}

type draftResponse struct {
	Event    draftEvent      `json:"event"`
	Days     []draftDay      `json:"days" doc:"of the event and of its sessions; none with since"`
	Rooms    []roomResponse  `json:"rooms"`
	Tracks   []trackResponse `json:"tracks"`
	Speakers []draftSpeaker  `json:"speakers" doc:"of the sessions in this answer; with since also those who were changed themselves"`
	Sessions []draftSession  `json:"sessions" doc:"by start, those without a slot last"`
	Cursor   string          `json:"cursor" doc:"for since"`
}

type draftEvent struct {
	ID       turnout.ID `json:"id"`
	Title    string     `json:"title"`
	TimeZone string     `json:"time_zone"`
	StartsAt time.Time  `json:"starts_at"`
	EndsAt   time.Time  `json:"ends_at"`
}

type draftDay struct {
	Date     string    `json:"date" doc:"like 2026-05-20"`
	StartsAt time.Time `json:"starts_at" doc:"four in the morning where the event is"`
	EndsAt   time.Time `json:"ends_at"`
}

type draftSpeaker struct {
	ID    turnout.ID   `json:"id"`
	Name  string       `json:"name"`
	Times []windowBody `json:"times" doc:"when they can be there, in order of time; none: always"`
}

type draftSession struct {
	ID         turnout.ID    `json:"id"`
	Version    int64         `json:"version"`
	Title      string        `json:"title"`
	Kind       agenda.Kind   `json:"kind" enum:"talk,workshop,panel,keynote,break,social,other"`
	Status     agenda.Status `json:"status" enum:"draft,confirmed,withdrawn"`
	TrackID    *turnout.ID   `json:"track_id"`
	SpeakerIDs []turnout.ID  `json:"speaker_ids"`
	Minutes    int64         `json:"duration_minutes"`
	RoomID     *turnout.ID   `json:"room_id" doc:"null with a start: everywhere, or online"`
	StartsAt   *time.Time    `json:"starts_at" doc:"null: no slot"`
	EndsAt     *time.Time    `json:"ends_at"`
	Favourites int64         `json:"favourites" doc:"how many people marked it, when the draft was read"`
}

func newDraftSession(s *agenda.Session) draftSession {
	return draftSession{s.ID, s.Version, s.Title, s.Kind, s.Status, orNull(s.TrackID), append([]turnout.ID{}, s.SpeakerIDs...), s.Minutes, orNull(s.RoomID), moment(s.StartsAt), moment(s.EndsAt), s.Favourites}
}

// GetDraft is GET /events/{event}/agenda/draft.
func (h *Handler) GetDraft(c *gin.Context) {
	var since time.Time
	if text := c.Query("since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339Nano, text); err != nil {
			respond.Fail(c, turnout.Invalidf("since", "unknown", "This is no cursor of an earlier answer."))
			return
		}
	}
	e := access.Event(c)
	a, err := h.Agenda.Draft(c.Request.Context(), e.CommunityID, string(e.ID), since)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	out := draftResponse{Event: draftEvent{e.ID, e.Title, e.Timezone, a.Event.StartsAt.UTC(), a.Event.EndsAt.UTC()}, Days: []draftDay{}, Rooms: make([]roomResponse, len(a.Rooms)),
		Tracks: make([]trackResponse, len(a.Tracks)), Speakers: make([]draftSpeaker, len(a.Speakers)), Sessions: make([]draftSession, len(a.Sessions))}
	for i, r := range a.Rooms {
		out.Rooms[i] = newRoomResponse(r)
	}
	for i, t := range a.Tracks {
		out.Tracks[i] = newTrackResponse(t)
	}
	for i, s := range a.Speakers {
		out.Speakers[i] = draftSpeaker{s.ID, s.Name, newWindows(a.Times[s.ID])}
		if s.UpdatedAt.After(since) {
			since = s.UpdatedAt
		}
	}
	for i, s := range a.Sessions {
		if out.Sessions[i] = newDraftSession(s); s.UpdatedAt.After(since) {
			since = s.UpdatedAt
		}
	}
	if c.Query("since") == "" {
		for _, d := range a.Days() {
			out.Days = append(out.Days, draftDay(d))
		}
	}
	out.Cursor = since.UTC().Format(time.RFC3339Nano)
	respond.JSON(c, http.StatusOK, out)
}

type movesRequest struct {
	Moves []moveBody `json:"moves" required:"true"`
}

type moveBody struct {
	SessionID turnout.ID `json:"session_id" required:"true"`
	Version   int64      `json:"version" doc:"that was seen; 0 or absent: whatever is there"`
	RoomID    turnout.ID `json:"room_id" doc:"empty: everywhere, or online"`
	StartsAt  *time.Time `json:"starts_at" doc:"null, as ends_at: it loses its slot"`
	EndsAt    *time.Time `json:"ends_at"`
}

type movesResponse struct {
	Sessions []movedSession `json:"sessions" doc:"in the order of the moves"`
}

type movedSession struct {
	ID       turnout.ID  `json:"id"`
	Version  int64       `json:"version"`
	Minutes  int64       `json:"duration_minutes"`
	RoomID   *turnout.ID `json:"room_id"`
	StartsAt *time.Time  `json:"starts_at"`
	EndsAt   *time.Time  `json:"ends_at"`
}

// MoveSessions is POST /events/{event}/agenda/moves.
func (h *Handler) MoveSessions(c *gin.Context) {
	var in movesRequest
	if !respond.Bind(c, &in) {
		return
	}
	moves := make([]agenda.Move, len(in.Moves))
	for i, m := range in.Moves {
		moves[i] = agenda.Move{SessionID: m.SessionID, Version: m.Version}
		if m.StartsAt != nil || m.EndsAt != nil {
			moves[i].Slot = &agenda.SlotInput{RoomID: m.RoomID, StartsAt: orZero(m.StartsAt), EndsAt: orZero(m.EndsAt)}
		}
	}
	e := access.Event(c)
	moved, err := h.Agenda.Arrange(c.Request.Context(), e.CommunityID, string(e.ID), moves)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	out := movesResponse{Sessions: make([]movedSession, len(moved))}
	for i, s := range moved {
		out.Sessions[i] = movedSession{s.ID, s.Version, s.Minutes, orNull(s.RoomID), moment(s.StartsAt), moment(s.EndsAt)}
	}
	respond.JSON(c, http.StatusOK, out)
}
