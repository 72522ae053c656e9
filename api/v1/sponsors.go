package v1

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events/sponsors"
)

var sponsorOperations = operations{
	"POST /events/{event}/sponsor-tiers": {Summary: "Add a sponsor tier", In: tierRequest{}, Out: tierResponse{}, Status: 201, Version: true},
	"GET /events/{event}/sponsor-tiers":  {Summary: "The sponsor tiers", Out: respond.Page[tierResponse]{}, Query: window},
	"POST /events/{event}/sponsors":      {Summary: "Add a sponsor", In: sponsorRequest{}, Out: sponsorResponse{}, Status: 201, Version: true, Errors: []int{409}},
	"GET /events/{event}/sponsors":       {Summary: "The sponsors", Out: respond.Page[sponsorResponse]{}, Query: window},
	"PUT /sponsors/{id}":                 {Summary: "Replace what is said about a sponsor", In: sponsorRequest{}, Out: sponsorResponse{}, Version: true, Errors: []int{409}},
	"POST /sponsors/{id}/payments": {Summary: "Note money received from a sponsor", Text: "A correction is a negative amount; nothing is ever changed or deleted.",
		In: sponsorPaymentRequest{}, Out: sponsorPaymentResponse{}, Status: 201, Errors: []int{409}},
}

type tierRequest struct {
	Name     string        `json:"name" required:"true"`
	Price    turnout.Money `json:"price" required:"true"`
	Limit    *int64        `json:"limit" doc:"any number when absent"`
	Benefits []string      `json:"benefits" text:"name,max=300"`
	Position int64         `json:"position"`
}

type tierResponse struct {
	ID        turnout.ID    `json:"id"`
	EventID   turnout.ID    `json:"event_id"`
	Name      string        `json:"name"`
	Price     turnout.Money `json:"price"`
	Limit     *int64        `json:"limit"`
	Benefits  []string      `json:"benefits"`
	Position  int64         `json:"position"`
	Version   int64         `json:"version"`
	CreatedAt time.Time     `json:"created_at"`
}

func newTierResponse(t *sponsors.Tier, currency string) tierResponse {
	return tierResponse{t.ID, t.EventID, t.Name, turnout.Money{Amount: t.Price, Currency: currency}, t.Limit, t.Benefits, t.Position, t.Version, t.CreatedAt.UTC()}
}

// CreateTier is POST /events/{event}/sponsor-tiers.
func (h *Handler) CreateTier(c *gin.Context) {
	var in tierRequest
	if !respond.Bind(c, &in) {
		return
	}
	tier, err := h.Sponsors.CreateTier(c.Request.Context(), access.Community(c), string(access.Event(c).ID), sponsors.TierInput(in))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, tier.Version)
	respond.JSON(c, http.StatusCreated, newTierResponse(tier, in.Price.Currency))
}

// ListTiers is GET /events/{event}/sponsor-tiers.
func (h *Handler) ListTiers(c *gin.Context) {
	event := access.Event(c)
	tiers, err := sponsors.Tiers(c.Request.Context(), h.DB.Read(), event.CommunityID, event.ID)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, tiers, func(t *sponsors.Tier) turnout.ID { return t.ID },
		func(t *sponsors.Tier) tierResponse { return newTierResponse(t, event.Currency) })
}

type sponsorRequest struct {
	Name     string          `json:"name" required:"true"`
	TierID   turnout.ID      `json:"tier_id"`
	Website  string          `json:"website" text:"name,max=500"`
	Status   sponsors.Status `json:"status" required:"true" enum:"prospect,talking,promised,signed,invoiced,paid,lost"`
	Promised turnout.Money   `json:"promised" doc:"in the event's currency"`
}

func (in sponsorRequest) input(currency, logo string) sponsors.Input {
	if in.Promised == (turnout.Money{}) {
		in.Promised.Currency = currency
	}
	return sponsors.Input{Name: in.Name, TierID: in.TierID, Website: in.Website, LogoHash: logo, Status: in.Status, Promised: in.Promised}
}

type sponsorResponse struct {
	ID        turnout.ID      `json:"id"`
	EventID   turnout.ID      `json:"event_id"`
	TierID    *turnout.ID     `json:"tier_id"`
	Name      string          `json:"name"`
	Website   string          `json:"website"`
	Status    sponsors.Status `json:"status" enum:"prospect,talking,promised,signed,invoiced,paid,lost"`
	Promised  turnout.Money   `json:"promised"`
	Received  turnout.Money   `json:"received" doc:"the sum of its payments"`
	Version   int64           `json:"version"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
}

func newSponsorResponse(s *sponsors.Sponsor, currency string) sponsorResponse {
	return sponsorResponse{s.ID, s.EventID, named(s.TierID), s.Name, s.Website, s.Status, turnout.Money{Amount: s.Promised, Currency: currency},
		turnout.Money{Amount: s.Received, Currency: currency}, s.Version, s.CreatedAt.UTC(), s.UpdatedAt.UTC()}
}

// CreateSponsor is POST /events/{event}/sponsors.
func (h *Handler) CreateSponsor(c *gin.Context) {
	var in sponsorRequest
	if !respond.Bind(c, &in) {
		return
	}
	event := access.Event(c)
	sponsor, err := h.Sponsors.Create(c.Request.Context(), event.CommunityID, string(event.ID), in.input(event.Currency, ""))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, sponsor.Version)
	respond.JSON(c, http.StatusCreated, newSponsorResponse(sponsor, event.Currency))
}

// ListSponsors is GET /events/{event}/sponsors.
func (h *Handler) ListSponsors(c *gin.Context) {
	event := access.Event(c)
	list, err := sponsors.List(c.Request.Context(), h.DB.Read(), event.CommunityID, event.ID)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, list, func(s *sponsors.Sponsor) turnout.ID { return s.ID },
		func(s *sponsors.Sponsor) sponsorResponse { return newSponsorResponse(s, event.Currency) })
}

// UpdateSponsor is PUT /sponsors/{id}. The logo stays: it is uploaded on the page.
func (h *Handler) UpdateSponsor(c *gin.Context) {
	var in sponsorRequest
	version, ok := respond.IfVersion(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	ctx, community, id := c.Request.Context(), access.Community(c), turnout.ID(c.Param("id"))
	before, err := sponsors.Find(ctx, h.DB.Read(), community, id)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	currency, err := h.currencyOf(c, before.EventID)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	sponsor, err := h.Sponsors.Update(ctx, community, id, in.input(currency, before.LogoHash), version)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, sponsor.Version)
	respond.JSON(c, http.StatusOK, newSponsorResponse(sponsor, currency))
}

type sponsorPaymentRequest struct {
	Amount     turnout.Money `json:"amount" required:"true" doc:"in the event's currency; negative for a correction"`
	ReceivedOn string        `json:"date" doc:"2027-03-01; today, in UTC, when absent"`
	Note       string        `json:"note" text:"name,max=1000"`
}

type sponsorPaymentResponse struct {
	ID         turnout.ID    `json:"id"`
	SponsorID  turnout.ID    `json:"sponsor_id"`
	Amount     turnout.Money `json:"amount"`
	ReceivedOn string        `json:"date"`
	Note       string        `json:"note"`
	CreatedAt  time.Time     `json:"created_at"`
}

// ReceiveSponsorPayment is POST /sponsors/{id}/payments.
func (h *Handler) ReceiveSponsorPayment(c *gin.Context) {
	var in sponsorPaymentRequest
	if !respond.Bind(c, &in) {
		return
	}
	if in.ReceivedOn == "" {
		in.ReceivedOn = h.Now().Format(time.DateOnly)
	}
	p, err := h.Sponsors.Receive(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), sponsors.PaymentInput(in))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusCreated, sponsorPaymentResponse{p.ID, p.SponsorID, turnout.Money{Amount: p.Amount, Currency: in.Amount.Currency}, p.ReceivedOn, p.Note, p.CreatedAt.UTC()})
}
