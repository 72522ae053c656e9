package v1

import (
	"cmp"
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

var shopOperations = operations{
	"GET /pools/{id}/blocks": {Summary: "The places of a pool that are set aside", Out: respond.Page[blockResponse]{}, Query: window},
	"POST /pools/{id}/blocks": {Summary: "Set places of a pool aside", Text: "They are out of the sale until they are put back. Of what is sold or held nothing can be set aside (409 sold_out).",
		In: blockRequest{}, Out: blockResponse{}, Status: 201, Key: true, Errors: []int{409}},
	"DELETE /blocks/{id}":      {Summary: "Put places back into the sale", Status: 204},
	"GET /events/{event}/shop": {Summary: "How the event's shop works", Out: shopResponse{}, Version: true},
	"PUT /events/{event}/shop": {Summary: "Change how the event's shop works", In: shopRequest{}, Out: shopResponse{}, Version: true},
}

type blockRequest struct {
	Places int64  `json:"places" required:"true"`
	Note   string `json:"note" required:"true" text:"name,max=200" doc:"for whom"`
}

type blockResponse struct {
	ID        turnout.ID `json:"id"`
	PoolID    turnout.ID `json:"pool_id"`
	Places    int64      `json:"places"`
	Note      string     `json:"note"`
	CreatedAt time.Time  `json:"created_at"`
}

func newBlockResponse(b *ticketing.Block) blockResponse {
	return blockResponse{b.ID, b.PoolID, b.Places, b.Note, b.CreatedAt.UTC()}
}

// ListBlocks is GET /pools/{id}/blocks.
func (h *Handler) ListBlocks(c *gin.Context) {
	pool, err := h.Ticketing.Pool(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")))
	var blocks []*ticketing.Block
	if err == nil {
		blocks, err = h.Ticketing.Blocks(c.Request.Context(), pool.CommunityID, pool.EventID)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	blocks = slices.DeleteFunc(blocks, func(b *ticketing.Block) bool { return b.PoolID != pool.ID })
	answerAll(c, blocks, func(b *ticketing.Block) turnout.ID { return b.ID }, newBlockResponse)
}

// BlockPlaces is POST /pools/{id}/blocks.
func (h *Handler) BlockPlaces(c *gin.Context) {
	var in blockRequest
	if !respond.Bind(c, &in) {
		return
	}
	community, pool := access.Community(c), turnout.ID(c.Param("id"))
	b, err := once(h, c, in, func(ctx context.Context) (*ticketing.Block, error) {
		return h.Ticketing.BlockPlaces(ctx, community, pool, in.Places, in.Note)
	}, func(ctx context.Context, id turnout.ID) (*ticketing.Block, error) {
		return h.block(ctx, community, pool, id)
	})
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusCreated, newBlockResponse(b))
}

// block gives a block of a pool that was not put back, else turnout.ErrNotFound.
func (h *Handler) block(ctx context.Context, community, pool, id turnout.ID) (*ticketing.Block, error) {
	p, err := h.Ticketing.Pool(ctx, community, pool)
	if err != nil {
		return nil, err
	}
	blocks, err := h.Ticketing.Blocks(ctx, community, p.EventID)
	if i := slices.IndexFunc(blocks, func(b *ticketing.Block) bool { return b.ID == id }); i >= 0 {
		return blocks[i], nil
	}
	return nil, cmp.Or(err, error(turnout.ErrNotFound))
}

// Unblock is DELETE /blocks/{id}.
func (h *Handler) Unblock(c *gin.Context) {
	if err := h.Ticketing.Unblock(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id"))); err != nil {
		respond.Fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

type shopRequest struct {
	PayHours         *int64                   `json:"pay_hours" doc:"to pay after an approval, 1 to 720; 72 when absent"`
	OfferHours       *int64                   `json:"offer_hours" doc:"to accept an offer of the waitlist, 1 to 720; 24 when absent"`
	WaitlistOrder    *ticketing.WaitlistOrder `json:"waitlist_order" enum:"time,lottery" doc:"who is served first; time when absent"`
	WaitlistClosesAt *time.Time               `json:"waitlist_closes_at" doc:"then everybody who waits is told; with the sale when null"`
}

type shopResponse struct {
	PayHours         int64                   `json:"pay_hours"`
	OfferHours       int64                   `json:"offer_hours"`
	WaitlistOrder    ticketing.WaitlistOrder `json:"waitlist_order" enum:"time,lottery"`
	WaitlistClosesAt *time.Time              `json:"waitlist_closes_at"`
	WaitlistClosed   bool                    `json:"waitlist_closed"`
	Version          int64                   `json:"version"`
}

// GetShop is GET /events/{event}/shop.
func (h *Handler) GetShop(c *gin.Context) {
	settings, err := h.Ticketing.ShopSettings(c.Request.Context(), access.Event(c))
	answerShop(c, settings, err)
}

// SetShop is PUT /events/{event}/shop.
func (h *Handler) SetShop(c *gin.Context) {
	var in shopRequest
	version, ok := respond.IfVersion(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	input := ticketing.ShopInput{PayHours: 72, OfferHours: 24, WaitlistOrder: ticketing.ByTime, WaitlistClosesAt: orZero(in.WaitlistClosesAt)}
	set(&input.PayHours, in.PayHours)
	set(&input.OfferHours, in.OfferHours)
	set(&input.WaitlistOrder, in.WaitlistOrder)
	event := access.Event(c)
	settings, err := h.Ticketing.SaveShop(c.Request.Context(), event.CommunityID, event.ID, version, input)
	answerShop(c, settings, err)
}

func answerShop(c *gin.Context, s *ticketing.ShopSettings, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, s.Version)
	respond.JSON(c, http.StatusOK, shopResponse{s.PayHours, s.OfferHours, s.WaitlistOrder, moment(s.WaitlistClosesAt), s.WaitlistClosed, s.Version})
}
