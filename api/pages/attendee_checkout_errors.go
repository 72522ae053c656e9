package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/templates"
	"turnout/ticketing"
)

// lineOf gives the line of the purchase that a problem such as "lines[2].quantity" is about.
func (p *checkoutPage) lineOf(name string) (lineField, bool) {
	for i, l := range p.lines {
		if part, ok := strings.CutPrefix(name, fmt.Sprintf("lines[%d].", i)); ok {
			if part == "price" {
				l.quantity = l.price
			}
			return l, true
		}
	}
	return lineField{}, false
}

// inPlace moves the problems of the order's lines to the fields that were chosen for them, and those of its attendees and answers to
// the fields of the tickets, labelled with the ticket, in the order of the form.
func (h *Handler) inPlace(c *gin.Context, page *checkoutPage, errs templates.Errors) templates.Errors {
	fields, labels := page.attendeeFields(h.text(c, "field.buyer.name"), h.text(c, "field.buyer.email"))
	typed := slices.ContainsFunc(page.Offers, func(o saleOffer) bool { return o.Quantity != "" && o.Quantity != "0" })
	var placed templates.Errors
	for _, e := range errs {
		line, isLine := page.lineOf(e.Name)
		if isLine {
			e.Name, e.Label = line.quantity, line.label
		} else if field, ok := fields[e.Name]; ok {
			e.Name = field
		}
		if label := labels[e.Name]; label != "" {
			e.Label = label
		}
		switch offer := page.offer(e.Name); {
		case !page.Open && offer == nil && e.Name != "lines":
			continue // nothing is on sale, so its field is not shown
		case offer != nil:
			e.Label, e.Message = offer.Name, h.offerWords(c, page, offer, e)
		case isLine && line.words != "" && e.Code == "out_of_range":
			e.Message = line.words
		case e.Name == "voucher":
			e.Message = h.text(c, "checkout.voucher."+e.Code, "Why", e.Message)
		case e.Name == "lines" && len(page.lines) == 0 && typed:
			continue // said beside what was typed
		case e.Name == "lines" && len(page.lines) == 0:
			e.Message = h.text(c, "checkout.choose") // the sale speaks of lines
		case e.Name == "held_choice":
			e.Message = h.text(c, "checkout.held_ask")
		}
		if !slices.ContainsFunc(placed, func(p templates.Problem) bool { return p.Name == e.Name }) {
			placed = append(placed, e)
		}
	}
	order := page.fields()
	rank := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(placed, func(a, b templates.Problem) int { return cmp.Compare(rank(a.Name), rank(b.Name)) })
	return placed
}

// attendeeFields says on which fields of the page the problems of attendees and answers stand, and what those and the add-ons' are called in the
// summary.
func (p *checkoutPage) attendeeFields(name, email string) (fields, labels map[string]string) {
	fields, labels = map[string]string{}, map[string]string{}
	answers := func(of, whose string, questions []questionField) {
		for _, q := range questions {
			fields[of+"answers."+q.ID], labels[q.Name] = q.Name, strings.TrimPrefix(whose+", "+q.Label, ", ")
		}
	}
	for i, a := range p.Attendees {
		of := fmt.Sprintf("attendees[%d].", i)
		fields[of+"name"], labels[a.NameField] = a.NameField, a.Label+", "+name
		if a.Name == "" && (p.MustName || a.Later) { // the buyer's name stands for it, and is what is missing
			fields[of+"name"] = "buyer.name"
		}
		fields[of+"email"], labels[a.EmailField] = a.EmailField, a.Label+", "+email
		answers(of, a.Label, a.Questions)
	}
	if !p.Named {
		fields["attendees[0].name"], fields["attendees[0].email"] = "buyer.name", "buyer.email"
		answers("attendees[0].", "", p.Questions)
	}
	answers("", "", p.OrderQuestions)
	for _, f := range p.Extras {
		labels[f.Field] = f.Name
	}
	return fields, labels
}

// fields are the names of the page's fields, in their order.
func (p *checkoutPage) fields() (names []string) {
	for _, o := range p.Offers {
		names = append(names, o.Field, o.PriceField)
	}
	names = append(names, "voucher", "lines")
	for _, f := range p.Extras {
		names = append(names, f.Field)
	}
	names = append(names, "buyer.name", "buyer.email")
	for _, q := range p.Questions {
		names = append(names, q.Name)
	}
	for _, a := range p.Attendees {
		names = append(names, a.NameField, a.EmailField)
		for _, f := range a.AddOns {
			names = append(names, f.Field)
		}
		for _, q := range a.Questions {
			names = append(names, q.Name)
		}
	}
	for _, q := range p.OrderQuestions {
		names = append(names, q.Name)
	}
	return append(names, "total", "held_choice")
}

// offer gives the offer whose quantity or price a field is of, nil for none.
func (p *checkoutPage) offer(field string) *saleOffer {
	for i := range p.Offers {
		if p.Offers[i].Field == field || p.Offers[i].PriceField == field {
			return &p.Offers[i]
		}
	}
	return nil
}

// offerWords says what is wrong with the quantity or the price that was typed for an offer.
func (h *Handler) offerWords(c *gin.Context, page *checkoutPage, o *saleOffer, e templates.Problem) string {
	money := func(amount turnout.Money) string { return h.Templates.Money(h.Language(c), amount) }
	switch n := o.chosen; {
	case e.Name == o.PriceField && e.Code == "too_low":
		return h.text(c, "checkout.price_least", "Price", money(o.Least))
	case e.Name == o.PriceField:
		return e.Message
	case n == 0:
		return h.text(c, "checkout.not_a_number")
	case n > o.most:
		return h.text(c, "checkout.at_most", "Most", o.most)
	case n < o.Min:
		return h.text(c, "checkout.at_least", "Least", o.Min)
	case n%o.Steps != 0:
		return h.text(c, "checkout.steps", "Steps", o.Steps)
	case o.State == "sold_out" || o.left == 0:
		return h.text(c, "checkout.sold_out")
	default:
		return h.text(c, "checkout.left", "Count", o.left)
	}
}

// whatIsLeft reads the offers again after a sale was refused for what is held or sold by now, and names those of which more was
// wanted than there is.
func (h *Handler) whatIsLeft(c *gin.Context, page *checkoutPage) (templates.Errors, error) {
	assortment, err := h.Ticketing.Assortment(c.Request.Context(), page.event, page.heldAway(), &page.purchase)
	if err != nil {
		return nil, err
	}
	page.addOns, page.questions = assortment.AddOns, assortment.Questions
	page.Summary = summary{} // no order, so no sum
	if page.Held == nil {    // its places can still be chosen instead
		page.Open, page.Free = false, true
	}
	var short templates.Errors
	for _, now := range assortment.Offers {
		o := page.offer("quantity_" + string(now.ID))
		if o == nil {
			continue
		}
		fresh := h.newSaleOffer(h.Language(c), page.event, now, saleStates[now.Availability])
		page.Open = page.Open || now.Reason == nil
		page.Free = page.Free && (now.Reason != nil || now.Price.Amount == 0)
		o.State, o.WaitlistURL, o.Max, o.left = fresh.State, fresh.WaitlistURL, fresh.Max, fresh.left
		if o.chosen > o.left || o.chosen > 0 && o.State == "sold_out" {
			short = append(short, templates.Problem{Name: o.Field, Code: ticketing.ErrSoldOut.Code})
		}
	}
	for i, l := range page.purchase.Lines {
		a := slices.IndexFunc(page.addOns, func(a ticketing.AddOnOffer) bool { return a.ID == l.AddOnID })
		if a >= 0 && l.Quantity > page.addOns[a].Left {
			short = append(short, templates.Problem{Name: page.lines[i].quantity, Label: page.lines[i].label, Code: ticketing.ErrSoldOut.Code,
				Message: h.text(c, "checkout.left", "Count", page.addOns[a].Left)})
		}
	}
	if len(short) == 0 {
		short = templates.Errors{{Name: "lines", Code: ticketing.ErrSoldOut.Code, Message: h.text(c, "checkout.together")}}
	}
	return short, nil
}
