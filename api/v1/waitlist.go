package v1

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/ticketing"
)

var waitlistOperations = operations{
	"POST /events/{event}/waitlist": {Summary: "Wait for places", In: waitlistRequest{}, Out: waitlistAnswer{}, Status: 201, Key: true, Errors: []int{409},
		Text: "The link by which the wish can be withdrawn is mailed. An address that waits already gets its link again and the same answer: nobody learns by this who waits."},
	"GET /events/{event}/waitlist": {Summary: "The waitlist, in the order in which it is served", Out: respond.Page[waitlistResponse]{}, Query: append([]parameter{
		{Name: "search", Text: "Words that begin the name or the e-mail address."},
		{Name: "status", Text: "Only of this status.", Enum: []string{"waiting", "offered", "accepted", "expired", "withdrawn"}},
		{Name: "ticket_type_id", Text: "Only those for whom this type would do."}}, window...)},
	"POST /events/{event}/waitlist/{entry}/offer": {Summary: "Offer a party places out of turn", Text: "Of the first of its ticket types that has room for all of it; else it stays as it is (409 no_room). The offer is mailed.",
		Out: waitlistResponse{}, Key: true, Errors: []int{409}},
	"POST /events/{event}/waitlist/{entry}/withdraw": {Summary: "Take a party off the waitlist", Text: "An offer that was made to it is withdrawn, and its places go to the next. Doing so again changes nothing.",
		Out: waitlistResponse{}, Errors: []int{409}},
}

type waitlistRequest struct {
	TicketTypeID  turnout.ID   `json:"ticket_type_id" doc:"the only kind that would do; or ticket_type_ids"`
	TicketTypeIDs []turnout.ID `json:"ticket_type_ids" doc:"those that would do, the best first"`
	PartySize     int64        `json:"party_size" required:"true"`
	Name          string       `json:"name" required:"true"`
	Email         string       `json:"email" required:"true"`
	Locale        string       `json:"locale"`
}

type waitlistResponse struct {
	ID             turnout.ID               `json:"id"`
	EventID        turnout.ID               `json:"event_id"`
	TicketTypeID   turnout.ID               `json:"ticket_type_id" doc:"the one that would do best"`
	TicketTypeIDs  []turnout.ID             `json:"ticket_type_ids"`
	PartySize      int64                    `json:"party_size"`
	Name           string                   `json:"name"`
	Email          string                   `json:"email"`
	Status         ticketing.WaitlistStatus `json:"status" enum:"waiting,offered,accepted,expired,withdrawn"`
	OfferedTypeID  turnout.ID               `json:"offered_type_id,omitempty"`
	OfferExpiresAt *time.Time               `json:"offer_expires_at"`
	CreatedAt      time.Time                `json:"created_at"`
}

// waitlistAnswer is what a stranger hears: what they said, and nothing about what was there before.
type waitlistAnswer struct {
	EventID       turnout.ID               `json:"event_id"`
	TicketTypeID  turnout.ID               `json:"ticket_type_id"`
	TicketTypeIDs []turnout.ID             `json:"ticket_type_ids"`
	PartySize     int64                    `json:"party_size"`
	Name          string                   `json:"name"`
	Email         string                   `json:"email"`
	Status        ticketing.WaitlistStatus `json:"status" enum:"waiting"`
}

func (h *Handler) newWaitlistResponse(e *ticketing.WaitlistEntry) waitlistResponse {
	return waitlistResponse{ID: e.ID, EventID: e.EventID, TicketTypeID: e.TicketTypeIDs[0], TicketTypeIDs: e.TicketTypeIDs, PartySize: e.PartySize, Name: e.Name,
		Email: e.Email, Status: e.StatusAt(h.Now()), OfferedTypeID: e.OfferedTypeID, OfferExpiresAt: moment(e.OfferExpiresAt), CreatedAt: e.CreatedAt.UTC()}
}

// types are the kinds that would do.
func (in *waitlistRequest) types() []turnout.ID {
	if in.TicketTypeID == "" {
		return in.TicketTypeIDs
	}
	rest := slices.DeleteFunc(slices.Clone(in.TicketTypeIDs), func(id turnout.ID) bool { return id == in.TicketTypeID })
	return append([]turnout.ID{in.TicketTypeID}, rest...)
}

// JoinWaitlist is POST /events/{event}/waitlist.
func (h *Handler) JoinWaitlist(c *gin.Context) {
	var in waitlistRequest
	if !respond.Bind(c, &in) {
		return
	}
	event := access.Event(c).ID
	_, err := once(h, c, in, func(ctx context.Context) (turnout.ID, error) {
		return event, h.Ticketing.JoinWaitlist(ctx, ticketing.WaitlistWish{
			EventID: event, TicketTypeIDs: in.types(), PartySize: in.PartySize, Who: ticketing.Attendee{Name: in.Name, Email: in.Email}, Locale: h.language(c, in.Locale)})
	}, func(_ context.Context, id turnout.ID) (turnout.ID, error) { return id, nil })
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusCreated, waitlistAnswer{event, in.types()[0], in.types(), in.PartySize, in.Name, in.Email, ticketing.Waiting})
}

// ListWaitlist is GET /events/{event}/waitlist.
func (h *Handler) ListWaitlist(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	filter, err := ticketing.ReadWaitlistFilter(c.Query)
	filter.After, filter.Limit = turnout.ID(window.Cursor), window.Limit+1
	var entries []*ticketing.WaitlistEntry
	if err == nil {
		entries, err = h.Ticketing.WaitlistRows(c.Request.Context(), access.Event(c), filter)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	entries, next := cut(entries, window.Limit, func(e *ticketing.WaitlistEntry) turnout.ID { return e.ID })
	items := make([]waitlistResponse, len(entries))
	for i, e := range entries {
		items[i] = h.newWaitlistResponse(e)
	}
	respond.List(c, items, next)
}

// OfferNow is POST /events/{event}/waitlist/{entry}/offer.
func (h *Handler) OfferNow(c *gin.Context) {
	h.changeEntry(c, func(_ context.Context, community, id turnout.ID) (*ticketing.WaitlistEntry, error) {
		return once(h, c, nil, func(ctx context.Context) (*ticketing.WaitlistEntry, error) {
			return h.Ticketing.OfferNow(ctx, community, id)
		}, func(ctx context.Context, id turnout.ID) (*ticketing.WaitlistEntry, error) {
			return h.Ticketing.WaitlistEntry(ctx, community, id)
		})
	})
}

// WithdrawEntry is POST /events/{event}/waitlist/{entry}/withdraw.
func (h *Handler) WithdrawEntry(c *gin.Context) { h.changeEntry(c, h.Ticketing.WithdrawEntry) }

// changeEntry does something to the entry in the path, if it is one of the event in the path.
func (h *Handler) changeEntry(c *gin.Context, do func(ctx context.Context, community, id turnout.ID) (*ticketing.WaitlistEntry, error)) {
	event, ctx := access.Event(c), c.Request.Context()
	entry, err := h.Ticketing.WaitlistEntry(ctx, event.CommunityID, turnout.ID(c.Param("entry")))
	if err == nil && entry.EventID != event.ID {
		err = turnout.ErrNotFound
	}
	if err == nil {
		entry, err = do(ctx, event.CommunityID, entry.ID)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, h.newWaitlistResponse(entry))
}
