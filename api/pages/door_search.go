package pages

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin"
	"turnout/ticketing"
)

// doorResult is a ticket that a search at the door found, with a nonce for letting it in.
type doorResult struct {
	*ticketing.DoorTicket
	OrderCode string
	Nonce     string
	Since     time.Time              // inside since then; zero: not inside
	State     ticketing.TicketStatus // Valid is what a door lets in: its order is confirmed, too
	Elsewhere bool                   // the list does not take tickets of this kind
}

// rank puts first what the door can let in, and last what was given back.
func (r *doorResult) rank() int {
	if r.Elsewhere && r.State == ticketing.Valid {
		return slices.Index(doorOrder, ticketing.Reserved)
	}
	return slices.Index(doorOrder, r.State)
}

const (
	shortestSearch = 2  // letters
	searchedOrders = 20 // at most; a longer list is no help at a door
)

var doorOrder = []ticketing.TicketStatus{ticketing.Valid, ticketing.Reserved, ticketing.TicketCanceled}

// searchedFor is what a request searches for, and whether it is an order's code alone (?code=) and no name (?q=).
func searchedFor(c *gin.Context) (query string, byCode bool) {
	if code := c.Query("code"); code != "" {
		return code, true
	}
	return c.Query("q"), false
}

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
	event := access.Event(c)
	page := doorPage{Event: event, List: list, URL: doorPath(event, list.ID)}
	page.Query, page.ByCode = searchedFor(c)
	if len([]rune(page.Query)) < shortestSearch {
		page.Query = "" // nobody was looked for yet
	}
	var err error
	if page.Found, err = h.doorSearch(c, list, page.Query, page.ByCode); err != nil {
		h.Fail(c, err)
		return
	}
	h.RenderPart(c, http.StatusOK, "door_scanner", "results", page)
}

func (h *Handler) doorSearch(c *gin.Context, list *checkin.List, query string, byCode bool) ([]doorResult, error) {
	query = strings.TrimSpace(query)
	if len([]rune(query)) < shortestSearch {
		return nil, nil
	}
	event, ctx := access.Event(c), c.Request.Context()
	tickets, err := h.Ticketing.SearchTickets(ctx, event.CommunityID, event.ID, query, searchedOrders)
	if err != nil {
		return nil, fmt.Errorf("pages: door search: %w", err)
	}
	if byCode { // words that look like a code find nobody by name
		code := ticketing.ReadOrderCode(query)
		tickets = slices.DeleteFunc(tickets, func(t *ticketing.DoorTicket) bool { return h.Ticketing.OrderCode(t.EventNumber, t.OrderNumber) != code })
	}
	if len(list.AddOnIDs) > 0 {
		if err := ticketing.LoadTicketAddOns(ctx, h.DB.Read(), tickets); err != nil {
			return nil, fmt.Errorf("pages: door search: %w", err)
		}
	}
	ids := make([]turnout.ID, len(tickets))
	for i, t := range tickets {
		ids[i] = t.ID
	}
	since, err := h.CheckIn.InsideSince(ctx, event.CommunityID, list.ID, ids)
	if err != nil {
		return nil, fmt.Errorf("pages: door search: %w", err)
	}
	found := make([]doorResult, len(tickets))
	for i, t := range tickets {
		found[i] = doorResult{DoorTicket: t, OrderCode: h.Ticketing.OrderCode(t.EventNumber, t.OrderNumber), Nonce: string(turnout.NewID("non")),
			Since: since[t.ID], State: t.Status, Elsewhere: !list.Accepts(t)}
		if t.Status == ticketing.Valid && t.OrderStatus != ticketing.Confirmed {
			found[i].State = ticketing.Reserved
		}
	}
	slices.SortStableFunc(found, func(a, b doorResult) int { return cmp.Compare(a.rank(), b.rank()) })
	return found, nil
}
