package pages

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/ticketing"
)

// doorResult is a ticket that a search at the door found, with a nonce for letting it in.
type doorResult struct {
	*ticketing.DoorTicket
	OrderCode string
	Nonce     string
}

const (
	shortestSearch = 2  // letters
	searchedOrders = 20 // at most; a longer list is no help at a door
)

// DoorSearch finds tickets by name, e-mail address or order code, as a part of the door or as the page itself.
func (h *Handler) DoorSearch(c *gin.Context) {
	list := h.doorList(c)
	if list == nil {
		return
	}
	if !wantsPart(c) {
		h.renderScanner(c, http.StatusOK, list, nil)
		return
	}
	page := doorPage{List: list, URL: doorPath(access.Event(c), list.ID), Query: c.Query("q")}
	var err error
	if page.Found, err = h.doorSearch(c, page.Query); err != nil {
		h.Fail(c, err)
		return
	}
	h.RenderPart(c, http.StatusOK, "door_scanner", "results", page)
}

func (h *Handler) doorSearch(c *gin.Context, query string) ([]doorResult, error) {
	query = strings.TrimSpace(query)
	if len([]rune(query)) < shortestSearch {
		return nil, nil
	}
	event := access.Event(c)
	tickets, err := h.Ticketing.SearchTickets(c.Request.Context(), event.CommunityID, event.ID, query, searchedOrders)
	if err != nil {
		return nil, fmt.Errorf("pages: door search: %w", err)
	}
	found := make([]doorResult, len(tickets))
	for i, t := range tickets {
		found[i] = doorResult{DoorTicket: t, OrderCode: h.Ticketing.OrderCode(t.EventNumber, t.OrderNumber), Nonce: string(turnout.NewID("non"))}
	}
	return found, nil
}
