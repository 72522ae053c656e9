package v1

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

var ticketOperations = operations{
	"GET /tickets/{id}/ticket.pdf": {Summary: "One ticket as a PDF", OutRaw: "application/pdf", Errors: []int{409}, Query: []parameter{secretParameter, sizeParameter},
		Text: "The secret is that of the ticket, from its url; the order's does not open it."},
	"PUT /tickets/{id}/notice": {Summary: "What the door shall know of who bears a ticket", Text: "Shown with the name at each scan, also by devices without a network. It goes when the ticket goes to somebody else.", In: noticeBody{}, Out: noticeBody{}},
	"PUT /tickets/{id}/door-answers": {Summary: "What somebody answered at the door", Text: "To the event's questions of the subject door; what is not sent is not answered. Each kind of answer is written as in an order.",
		In: doorAnswersBody{}, Out: doorAnswersResponse{}, Errors: []int{409}},
}

type doorAnswersBody struct {
	Answers map[string]json.RawMessage `json:"answers" required:"true" doc:"by question"`
}

type doorAnswersResponse struct {
	TicketID turnout.ID       `json:"ticket_id"`
	Answers  []answerResponse `json:"answers"`
}

// AnswerAtDoor is PUT /tickets/{id}/door-answers.
func (h *Handler) AnswerAtDoor(c *gin.Context) {
	var in doorAnswersBody
	if !respond.Bind(c, &in) {
		return
	}
	ctx, community, id := c.Request.Context(), access.Community(c), turnout.ID(c.Param("id"))
	err := h.Ticketing.AnswerAtDoor(ctx, community, id, answers(in.Answers))
	var t *ticketing.Ticket
	if err == nil {
		t, _, err = h.Ticketing.TicketOf(ctx, community, id)
	}
	var form *ticketing.DoorForm
	if err == nil {
		form, err = h.Ticketing.DoorForm(ctx, t)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, doorAnswersResponse{t.ID, h.newAnswers(form.Given)})
}

type noticeBody struct {
	Kind ticketing.NoticeKind `json:"kind" enum:",vip,minor,attention" doc:"empty: nothing"`
	Text string               `json:"text" doc:"at most 200 characters, shown with the name"`
}

// WriteNotice is PUT /tickets/{id}/notice.
func (h *Handler) WriteNotice(c *gin.Context) {
	var in noticeBody
	if !respond.Bind(c, &in) {
		return
	}
	err := h.Ticketing.WriteNotice(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), ticketing.Notice(in))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, in)
}

var sizeParameter = parameter{Name: "size", Text: "The paper; a4 when absent.", Enum: []string{"a4", "letter", "phone"}}

// TicketPDF is GET /tickets/{id}/ticket.pdf.
func (h *Handler) TicketPDF(c *gin.Context) {
	size, err := documents.ParseSize(c.Query("size"))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	ctx, id := c.Request.Context(), turnout.ID(c.Param("id"))
	var ticket *ticketing.Ticket
	var order *ticketing.Order
	if who := access.Who(c); who.Token != "" {
		ticket, order, err = h.Ticketing.TicketOf(ctx, who.Community, id)
	} else {
		ticket, order, err = h.Ticketing.TicketBySecret(ctx, id, c.Query("secret"))
	}
	var pdf bytes.Buffer
	if err == nil {
		err = h.Ticketing.WriteTicket(ctx, &pdf, order, ticket, size)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	paper(c, "ticket-"+string(ticket.ID), pdf.Bytes())
}
