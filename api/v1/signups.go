package v1

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/ticketing"
	"turnout/ticketing/signups"
)

var signUpOperations = operations{
	"GET /sessions/{id}/sign-up": {Summary: "Whether one signs up for a session, and how many have", Out: signUpResponse{}, Version: true,
		Text: "While nobody has said anything it is not offered, of version 0, with as many seats as the room has."},
	"PUT /sessions/{id}/sign-up": {Summary: "Say who may sign up for a session", In: signUpRequest{}, Out: signUpResponse{}, Version: true, Errors: []int{409, 412},
		Text: "Fewer seats than are taken is 409. With more, those who wait move up and are told. Who has a place keeps it whatever else changes."},
	"GET /sessions/{id}/sign-ups": {Summary: "Who has a place at a session, and who waits", Out: respond.Page[placeResponse]{}, Text: "First those who have one, then those who wait, in their turn.", Query: append([]parameter{{Name: "status", Text: "signed or waiting."}}, window...)},
	"PUT /sessions/{id}/sign-ups/{ticket}": {Summary: "Sign a ticket up, or let it wait", Out: placeResponse{}, Errors: []int{409},
		Text: "As an organiser: until the session ends and whatever the ticket's type. When it is full, the ticket waits. Once more it changes nothing."},
	"DELETE /sessions/{id}/sign-ups/{ticket}": {Summary: "Take a ticket out of a session", Text: "The next who waits moves up and is told. Once more it changes nothing.", Status: 204},
	"GET /sessions/{id}/feedback":             {Summary: "What attendees said of a session", Out: feedbackResponse{}, Text: "Without whose it is, in an order that does not tell who wrote when.", Query: []parameter{{Name: "after", Text: "next of an earlier answer."}}},
}

type signUpRequest struct {
	Offered       bool           `json:"offered" required:"true"`
	Seats         int64          `json:"seats" required:"true"`
	OpensAt       *time.Time     `json:"opens_at" doc:"null: at once"`
	ClosesAt      *time.Time     `json:"closes_at" doc:"null: when the session begins"`
	Mode          ticketing.Mode `json:"attendance_mode" text:"name,max=20" doc:"of the tickets that may: in_person, virtual, or nothing for both"`
	TicketTypeIDs []turnout.ID   `json:"ticket_type_ids" text:"name,max=60" doc:"that may; none: all"`
}

type signUpResponse struct {
	SessionID     turnout.ID     `json:"session_id"`
	Offered       bool           `json:"offered"`
	Seats         int64          `json:"seats"`
	Taken         int64          `json:"taken"`
	Waiting       int64          `json:"waiting"`
	Left          int64          `json:"left" doc:"none while anybody waits"`
	OpensAt       *time.Time     `json:"opens_at"`
	ClosesAt      *time.Time     `json:"closes_at"`
	Mode          ticketing.Mode `json:"attendance_mode" doc:"empty: both"`
	TicketTypeIDs []turnout.ID   `json:"ticket_type_ids"`
	Version       int64          `json:"version"`
}

func newSignUpResponse(s *signups.Settings) signUpResponse {
	return signUpResponse{s.SessionID, s.Offered, s.Seats, s.Taken, s.Waiting, s.Left(), moment(s.OpensAt), moment(s.ClosesAt), s.Mode, append([]turnout.ID{}, s.TicketTypeIDs...), s.Version}
}

type placeResponse struct {
	TicketID turnout.ID     `json:"ticket_id"`
	Status   signups.Status `json:"status" enum:"signed,waiting"`
	Position *int64         `json:"position" doc:"of one that waits in a list: 1 is next"`
	SignedAt *time.Time     `json:"signed_at"`
	QueuedAt time.Time      `json:"queued_at"`
}

func newPlaceResponse(u *signups.SignUp) placeResponse {
	out := placeResponse{TicketID: u.TicketID, Status: u.Status, SignedAt: moment(u.SignedAt), QueuedAt: u.QueuedAt.UTC()}
	if u.Position > 0 {
		out.Position = &u.Position
	}
	return out
}

type feedbackResponse struct {
	Answers int64          `json:"answers"`
	Average *float64       `json:"average" doc:"of the stars; null without any"`
	ByStars []int64        `json:"by_stars" doc:"how many gave 1, 2, 3, 4, 5"`
	Said    []saidResponse `json:"said" doc:"those with words"`
	Next    *string        `json:"next" doc:"for after; null at the end"`
}

type saidResponse struct {
	Stars int64  `json:"stars"`
	Words string `json:"words"`
}

// eventOfSession gives the event of the session in the path, nil when an error was answered.
func (h *Handler) eventOfSession(c *gin.Context) *events.Event {
	session, err := h.Agenda.Session(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")))
	var e *events.Event
	if err == nil {
		e, err = events.Find(c.Request.Context(), h.DB.Read(), access.Community(c), string(session.EventID))
	}
	if err != nil {
		respond.Fail(c, err)
		return nil
	}
	return e
}

// GetSignUp is GET /sessions/{id}/sign-up.
func (h *Handler) GetSignUp(c *gin.Context) {
	if e := h.eventOfSession(c); e != nil {
		h.answerSignUp(c, e)
	}
}

func (h *Handler) answerSignUp(c *gin.Context, e *events.Event) {
	settings, err := h.SignUps.Settings(c.Request.Context(), e.CommunityID, e.ID, turnout.ID(c.Param("id")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, settings.Version)
	respond.JSON(c, http.StatusOK, newSignUpResponse(settings))
}

// PutSignUp is PUT /sessions/{id}/sign-up.
func (h *Handler) PutSignUp(c *gin.Context) {
	var in signUpRequest
	seen, ok := respond.IfVersion(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	e := h.eventOfSession(c)
	if e == nil {
		return
	}
	ctx, session := c.Request.Context(), turnout.ID(c.Param("id"))
	input := signups.SettingsInput{Offered: in.Offered, Seats: in.Seats, Mode: in.Mode, TicketTypeIDs: in.TicketTypeIDs}
	if in.OpensAt != nil {
		input.OpensAt = *in.OpensAt
	}
	if in.ClosesAt != nil {
		input.ClosesAt = *in.ClosesAt
	}
	if seen == nil { // whatever is there
		settings, err := h.SignUps.Settings(ctx, e.CommunityID, e.ID, session)
		if err != nil {
			respond.Fail(c, err)
			return
		}
		seen = &settings.Version
	}
	if err := h.SignUps.SaveSettings(ctx, e.CommunityID, e.ID, session, *seen, input); err != nil {
		respond.Fail(c, err)
		return
	}
	h.answerSignUp(c, e)
}

// ListSignUps is GET /sessions/{id}/sign-ups.
func (h *Handler) ListSignUps(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	status := signups.Status(c.Query("status"))
	if status != "" && status != signups.Signed && status != signups.Waiting {
		respond.Fail(c, turnout.Invalidf("status", "unknown", "Choose signed or waiting."))
		return
	}
	e := h.eventOfSession(c)
	if e == nil {
		return
	}
	rows, err := h.SignUps.Rows(c.Request.Context(), e, turnout.ID(c.Param("id")), signups.Filter{Status: status, After: window.Cursor, Limit: window.Limit + 1})
	if window.Cursor != "" && errors.Is(err, turnout.ErrNotFound) {
		err = respond.ErrCursor
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	rows, next := cut(rows, window.Limit, func(r *signups.Row) turnout.ID { return turnout.ID(r.Place()) })
	items := make([]placeResponse, len(rows))
	for i, r := range rows {
		items[i] = newPlaceResponse(&r.SignUp)
	}
	respond.List(c, items, next)
}

// AddSignUp is PUT /sessions/{id}/sign-ups/{ticket}.
func (h *Handler) AddSignUp(c *gin.Context) {
	e := h.eventOfSession(c)
	if e == nil {
		return
	}
	u, err := h.SignUps.Add(c.Request.Context(), e, turnout.ID(c.Param("id")), turnout.ID(c.Param("ticket")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, newPlaceResponse(u))
}

// RemoveSignUp is DELETE /sessions/{id}/sign-ups/{ticket}.
func (h *Handler) RemoveSignUp(c *gin.Context) {
	e := h.eventOfSession(c)
	if e == nil {
		return
	}
	if err := h.SignUps.Remove(c.Request.Context(), e, turnout.ID(c.Param("id")), turnout.ID(c.Param("ticket"))); err != nil {
		respond.Fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

const saidAtOnce = 200

// GetFeedback is GET /sessions/{id}/feedback.
func (h *Handler) GetFeedback(c *gin.Context) {
	e := h.eventOfSession(c)
	if e == nil {
		return
	}
	ctx, session := c.Request.Context(), turnout.ID(c.Param("id"))
	sums, err := h.SignUps.Summaries(ctx, e, session)
	var said []*signups.Feedback
	if err == nil {
		said, err = h.SignUps.Said(ctx, e, session, c.Query("after"), saidAtOnce+1)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	sum := sums[session]
	out := feedbackResponse{Answers: sum.Count, ByStars: sum.ByStars[:], Said: []saidResponse{}}
	if sum.Count > 0 {
		average := sum.Average()
		out.Average = &average
	}
	if len(said) > saidAtOnce {
		said = said[:saidAtOnce]
		out.Next = &said[saidAtOnce-1].ShownAs
	}
	for _, f := range said {
		out.Said = append(out.Said, saidResponse{f.Stars, f.Words})
	}
	respond.JSON(c, http.StatusOK, out)
}
