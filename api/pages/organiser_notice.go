package pages

import (
	"slices"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/ticketing"
)

type noticeForm struct {
	Kind string `form:"notice" text:"name,max=20"`
	Text string `form:"notice_text" text:"name,max=200"`
}

// SaveNotice is POST /console/events/{event}/orders/{order}/tickets/{ticket}/notice: what the door shall know of who bears it.
func (h *Handler) SaveNotice(c *gin.Context) {
	o, ok := h.orderOf(c)
	if !ok {
		return
	}
	id := turnout.ID(c.Param("ticket"))
	i := slices.IndexFunc(o.Tickets, func(t *ticketing.Ticket) bool { return t.ID == id })
	if i < 0 {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	var in noticeForm
	var form formReader
	form.read(c, &in)
	err := form.Err()
	switch {
	case in.Kind != "":
	case in.Text == "" || in.Text == o.Tickets[i].NoticeText: // taken back, perhaps by its kind alone
		in.Text = ""
	default: // words alone say that much
		in.Kind = string(ticketing.NoticeAttention)
	}
	if err == nil {
		err = h.Ticketing.WriteNotice(c.Request.Context(), o.CommunityID, id, ticketing.Notice{Kind: ticketing.NoticeKind(in.Kind), Text: in.Text})
	}
	h.done(c, err, eventPath(access.Event(c))+"/orders/"+o.Code, h.text(c, "console.notice.saved"))
}
