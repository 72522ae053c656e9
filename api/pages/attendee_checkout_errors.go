package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

// inPlace moves the problems of the order's lines to the offers that were chosen for them, and those of its attendees to the
// fields of the tickets, labelled with the ticket.
func (h *Handler) inPlace(c *gin.Context, page *checkoutPage, errs templates.Errors) templates.Errors {
	fields, tickets := map[string]string{}, map[string]string{}
	n, typed := 0, false
	for i := range page.Offers {
		o := &page.Offers[i]
		typed = typed || o.Quantity != "" && o.Quantity != "0"
		if o.chosen > 0 {
			fields[fmt.Sprintf("lines[%d]", n)] = o.Field
			n++
		}
	}
	for i, a := range page.Attendees {
		for part, field := range map[string]string{"name": a.NameField, "email": a.EmailField} {
			fields[fmt.Sprintf("attendees[%d].%s", i, part)], tickets[field] = field, a.Label+", "+h.text(c, "field.buyer."+part)
		}
	}
	var placed templates.Errors
	for _, e := range errs {
		line, _, _ := strings.Cut(e.Name, "].")
		if field, ok := fields[line+"]"]; ok {
			e.Name = field
		} else if field, ok := fields[e.Name]; ok {
			e.Name = field
		}
		switch offer := page.offer(e.Name); {
		case !page.Open && offer == nil && e.Name != "lines":
			continue // nothing is on sale, so its field is not shown
		case offer != nil:
			e.Label, e.Message = offer.Name, h.quantityWords(c, offer)
		case tickets[e.Name] != "":
			e.Label = tickets[e.Name]
		case e.Name == "lines" && n == 0 && typed:
			continue // said beside what was typed
		case e.Name == "lines" && n == 0:
			e.Message = h.text(c, "checkout.choose") // the sale speaks of lines
		case e.Name == "held_choice":
			e.Message = h.text(c, "checkout.held_ask")
		}
		if !slices.ContainsFunc(placed, func(p templates.Problem) bool { return p.Name == e.Name }) {
			placed = append(placed, e)
		}
	}
	slices.SortStableFunc(placed, func(a, b templates.Problem) int { return cmp.Compare(page.rank(a.Name), page.rank(b.Name)) })
	return placed
}

// rank is where a field stands on the page: the offers one by one, then the parts of the form.
func (p *checkoutPage) rank(field string) int {
	i := slices.IndexFunc(p.Offers, func(o saleOffer) bool { return o.Field == field })
	switch {
	case i >= 0:
		return i
	case field == "lines":
		return len(p.Offers)
	case strings.HasPrefix(field, "buyer."):
		return len(p.Offers) + 1
	case field == "held_choice":
		return len(p.Offers) + 3
	}
	return len(p.Offers) + 2
}

// offer gives the offer whose quantity a field is of, nil for none.
func (p *checkoutPage) offer(field string) *saleOffer {
	for i := range p.Offers {
		if p.Offers[i].Field == field {
			return &p.Offers[i]
		}
	}
	return nil
}

// quantityWords says what is wrong with the quantity that was typed for an offer.
func (h *Handler) quantityWords(c *gin.Context, o *saleOffer) string {
	switch n := o.chosen; {
	case n == 0:
		return h.text(c, "checkout.not_a_number")
	case n > o.most:
		return h.text(c, "checkout.at_most", "Most", o.most)
	case n < o.Min:
		return h.text(c, "checkout.at_least", "Least", o.Min)
	case o.State == "sold_out" || o.left == 0:
		return h.text(c, "checkout.sold_out")
	default:
		return h.text(c, "checkout.left", "Count", o.left)
	}
}

// whatIsLeft reads the offers again after a sale was refused for what is held or sold by now, and names those of which more was
// wanted than there is.
func (h *Handler) whatIsLeft(c *gin.Context, page *checkoutPage) (templates.Errors, error) {
	e := access.Event(c)
	held := page.Held
	if page.Instead == insteadKeep {
		held = nil
	}
	offers, err := h.offersFor(c, e, held)
	if err != nil {
		return nil, err
	}
	page.Summary = summary{} // no order, so no sum
	if page.Held == nil {    // its places can still be chosen instead
		page.Open, page.Free = false, true
	}
	var short templates.Errors
	for _, now := range offers {
		o := page.offer("quantity_" + string(now.ID))
		if o == nil {
			continue
		}
		fresh := newSaleOffer(e, now, saleStates[now.Availability])
		page.Open = page.Open || now.Reason == nil
		page.Free = page.Free && (now.Reason != nil || now.Price.Amount == 0)
		o.State, o.WaitlistURL, o.Max, o.left = fresh.State, fresh.WaitlistURL, fresh.Max, fresh.left
		if o.chosen > o.left || o.chosen > 0 && o.State == "sold_out" {
			short = append(short, templates.Problem{Name: o.Field, Code: ticketing.ErrSoldOut.Code})
		}
	}
	if len(short) == 0 {
		short = templates.Errors{{Name: "lines", Code: ticketing.ErrSoldOut.Code, Message: h.text(c, "checkout.together")}}
	}
	return short, nil
}

// offersFor lists what the event sells; for whoever holds an unpaid order, with its places.
func (h *Handler) offersFor(c *gin.Context, e *events.Event, held *heldOrder) ([]ticketing.Offer, error) {
	if held == nil {
		return h.Ticketing.Offers(c.Request.Context(), e)
	}
	return h.Ticketing.OffersInstead(c.Request.Context(), e, held.order)
}
