package v1

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/respond"
	"turnout/events"
)

var onlineOperations = operations{
	"GET /sessions/{id}/online-room": {Summary: "Where a session takes place online", Out: onlineRoomResponse{}, Version: true, Text: "While nobody has said anything it is the event's room, of version 0."},
	"PUT /sessions/{id}/online-room": {Summary: "Say where a session takes place online", In: onlineRoomRequest{}, Out: onlineRoomResponse{}, Version: true, Errors: []int{412},
		Text: "No schedule, page or file says the address: who has a virtual ticket is sent there by their own link, from shortly before the session until its end, and noted as having been at it."},
}

type onlineRoomRequest struct {
	URL string `json:"online_url" text:"name,max=2500" doc:"a web address; empty: the event's"`
}

type onlineRoomResponse struct {
	SessionID turnout.ID `json:"session_id"`
	URL       string     `json:"online_url" doc:"empty: the event's"`
	Version   int64      `json:"version"`
}

// GetOnlineRoom is GET /sessions/{id}/online-room.
func (h *Handler) GetOnlineRoom(c *gin.Context) {
	if e := h.eventOfSession(c); e != nil {
		h.answerOnlineRoom(c, e)
	}
}

func (h *Handler) answerOnlineRoom(c *gin.Context, e *events.Event) {
	room, err := h.Online.Room(c.Request.Context(), e.CommunityID, e.ID, turnout.ID(c.Param("id")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, room.Version)
	respond.JSON(c, http.StatusOK, onlineRoomResponse{room.SessionID, room.URL, room.Version})
}

// PutOnlineRoom is PUT /sessions/{id}/online-room.
func (h *Handler) PutOnlineRoom(c *gin.Context) {
	var in onlineRoomRequest
	seen, ok := respond.IfVersion(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	e := h.eventOfSession(c)
	if e == nil {
		return
	}
	ctx, session := c.Request.Context(), turnout.ID(c.Param("id"))
	if seen == nil { // whatever is there
		room, err := h.Online.Room(ctx, e.CommunityID, e.ID, session)
		if err != nil {
			respond.Fail(c, err)
			return
		}
		seen = &room.Version
	}
	if err := h.Online.SaveRoom(ctx, e.CommunityID, e.ID, session, *seen, in.URL); err != nil {
		respond.Fail(c, err)
		return
	}
	h.answerOnlineRoom(c, e)
}
