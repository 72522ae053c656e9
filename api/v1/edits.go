package v1

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events/agenda"
	"turnout/events/speakers"
)

var editOperations = operations{
	"PUT /rooms/{id}":     {Summary: "Replace what is said about a room", In: roomRequest{}, Out: roomResponse{}, Version: true},
	"DELETE /rooms/{id}":  {Summary: "Remove a room in which nothing takes place", Status: 204, Errors: []int{409}},
	"PUT /tracks/{id}":    {Summary: "Replace what is said about a track", In: trackRequest{}, Out: trackResponse{}, Version: true},
	"DELETE /tracks/{id}": {Summary: "Remove a track without sessions", Status: 204, Errors: []int{409}},
	"GET /speakers/{id}":  {Summary: "A speaker", Out: speakerResponse{}, Version: true},
	"PUT /speakers/{id}": {Summary: "Replace what is said about a speaker", Text: "Photo, availability and answers stay. A name or biography becomes public with the next release.",
		In: speakerRequest{}, Out: speakerResponse{}, Version: true},
	"DELETE /speakers/{id}": {Summary: "Remove a speaker without sessions", Status: 204, Errors: []int{409}},
	"GET /sessions/{id}":    {Summary: "A session of the working draft", Out: sessionResponse{}, Version: true},
	"PUT /sessions/{id}": {Summary: "Replace what is said about a session", Text: "Its slot keeps its start and takes the new length. One that was withdrawn comes back, without a slot.",
		In: sessionRequest{}, Out: sessionResponse{}, Version: true},
	"POST /sessions/{id}/withdraw": {Summary: "Take a session off the agenda", Text: "It loses its slot and stays known. Once more it changes nothing but the version.", Out: sessionResponse{}, Version: true},
}

// replace answers a PUT of a thing's whole text on the version that If-Match names.
func replace[In, Made any](c *gin.Context, do func(id turnout.ID, version int64, in In) (*Made, error), answer func(*Made) (body any, version int64)) {
	var in In
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	made, err := do(turnout.ID(c.Param("id")), version, in)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	body, now := answer(made)
	respond.ETag(c, now)
	respond.JSON(c, http.StatusOK, body)
}

// removed answers a DELETE.
func removed(c *gin.Context, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.NoContent(c)
}

// UpdateRoom is PUT /rooms/{id}.
func (h *Handler) UpdateRoom(c *gin.Context) {
	replace(c, func(id turnout.ID, version int64, in roomRequest) (*agenda.Room, error) {
		return h.Agenda.UpdateRoom(c.Request.Context(), access.Community(c), id, version, agenda.RoomInput(in))
	}, func(r *agenda.Room) (any, int64) { return newRoomResponse(r), r.Version })
}

// RemoveRoom is DELETE /rooms/{id}.
func (h *Handler) RemoveRoom(c *gin.Context) {
	removed(c, h.Agenda.RemoveRoom(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id"))))
}

// UpdateTrack is PUT /tracks/{id}.
func (h *Handler) UpdateTrack(c *gin.Context) {
	replace(c, func(id turnout.ID, version int64, in trackRequest) (*agenda.Track, error) {
		return h.Agenda.UpdateTrack(c.Request.Context(), access.Community(c), id, version, agenda.TrackInput(in))
	}, func(t *agenda.Track) (any, int64) { return newTrackResponse(t), t.Version })
}

// RemoveTrack is DELETE /tracks/{id}.
func (h *Handler) RemoveTrack(c *gin.Context) {
	removed(c, h.Agenda.RemoveTrack(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id"))))
}

// GetSpeaker is GET /speakers/{id}.
func (h *Handler) GetSpeaker(c *gin.Context) {
	s, err := speakers.Find(c.Request.Context(), h.DB.Read(), access.Community(c), turnout.ID(c.Param("id")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, s.Version)
	respond.JSON(c, http.StatusOK, newSpeakerResponse(s))
}

// UpdateSpeaker is PUT /speakers/{id}.
func (h *Handler) UpdateSpeaker(c *gin.Context) {
	replace(c, func(id turnout.ID, version int64, in speakerRequest) (*speakers.Speaker, error) {
		return h.Speakers.Update(c.Request.Context(), access.Community(c), id, version, speakers.Input(in))
	}, func(s *speakers.Speaker) (any, int64) { return newSpeakerResponse(s), s.Version })
}

// RemoveSpeaker is DELETE /speakers/{id}.
func (h *Handler) RemoveSpeaker(c *gin.Context) {
	removed(c, h.Speakers.Remove(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id"))))
}

// GetSession is GET /sessions/{id}.
func (h *Handler) GetSession(c *gin.Context) {
	session, err := h.Agenda.Session(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")))
	h.answerChecked(c, session, err)
}

// UpdateSession is PUT /sessions/{id}.
func (h *Handler) UpdateSession(c *gin.Context) {
	var in sessionRequest
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	session, err := h.Agenda.UpdateSession(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), version, agenda.SessionInput(in))
	h.answerChecked(c, session, err)
}

// WithdrawSession is POST /sessions/{id}/withdraw.
func (h *Handler) WithdrawSession(c *gin.Context) {
	version, ok := respond.IfMatch(c)
	if !ok {
		return
	}
	session, err := h.Agenda.Withdraw(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), version)
	answerSession(c, session, nil, err)
}

// answerChecked answers with a session and what there is to say about its slot.
func (h *Handler) answerChecked(c *gin.Context, session *agenda.Session, err error) {
	var found []agenda.Conflict
	if err == nil {
		found, err = h.Agenda.Found(c.Request.Context(), session)
	}
	answerSession(c, session, found, err)
}
