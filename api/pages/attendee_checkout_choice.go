package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/ticketing"
)

// addOnField is an add-on that goes with what is chosen, for the order or for one of its tickets.
type addOnField struct {
	Name, Note, Field string
	Price, Least      turnout.Money
	Open              bool // the buyer names the price: the field is an amount, PriceField
	PriceField, Typed string
	Quantity          string
	Min, Max          int64
	Fixed             bool   // nothing can be chosen: all of it is required or included
	Tick              bool   // at most one
	Words             string // what is required and included

	n int64
}

// chosenTicket is one ticket that is chosen. Its name holds the ticket's type and place in it, so that another quantity of one type
// moves no answer to another ticket.
type chosenTicket struct {
	typeID turnout.ID
	name   string
	offer  string // the type's name
}

// lineField says which fields of the page are about a line of the purchase.
type lineField struct {
	label, quantity, price string
	words                  string // what is said about a number that cannot be
}

// newCheckoutOffer is an offer with its fields.
func (h *Handler) newCheckoutOffer(c *gin.Context, page *checkoutPage, o ticketing.Offer, state string) saleOffer {
	shown := h.newSaleOffer(h.Language(c), page.event, o, state)
	shown.Field, shown.Quantity = "quantity_"+shown.ID, "0"
	shown.PriceField, shown.Typed = "price_"+shown.ID, decimal(o.Price.Amount, o.Price.Currency, h.point(c))
	shown.ShownField, shown.Shown = "shown_"+shown.ID, o.Price.Amount
	switch {
	case o.MembersOnly && len(o.EmailDomains) > 0:
		shown.For = h.text(c, "checkout.for_both", "Domains", "@"+strings.Join(o.EmailDomains, ", @"))
	case o.MembersOnly:
		shown.For = h.text(c, "checkout.for_members")
	case len(o.EmailDomains) > 0:
		shown.For = h.text(c, "checkout.for_domains", "Domains", "@"+strings.Join(o.EmailDomains, ", @"))
	}
	return shown
}

// preset chooses what the address says, or where there is nothing to choose from.
func (p *checkoutPage) preset(c *gin.Context) {
	form := c.Request.Form
	for i := range p.Offers {
		o := &p.Offers[i]
		switch {
		case form.Get(o.Field) != "":
		case p.Offered > 0:
			form.Set(o.Field, strconv.FormatInt(p.Offered, 10))
		case len(p.Offers) == 1 && o.Max > 0:
			form.Set(o.Field, strconv.FormatInt(max(1, o.Min), 10))
		default:
			form.Set(o.Field, "0")
		}
	}
}

// chosen is what an address needs to bring back the choice.
func (p *checkoutPage) chosen() url.Values {
	kept := url.Values{}
	for _, o := range p.Offers {
		if o.chosen > 0 {
			kept.Set(o.Field, o.Quantity)
		}
	}
	if p.Voucher != "" {
		kept.Set("voucher", p.Voucher)
	}
	return kept
}

// take reads what is chosen into the purchase, keeps on the page what was typed, and says which of it can be no number of tickets or no
// price.
func (h *Handler) take(c *gin.Context, p *checkoutPage) (problems turnout.Problems) {
	for i := range p.Offers {
		o := &p.Offers[i]
		if form := c.Request.Form; form.Has(o.PriceField) {
			o.Typed = clean(form.Get(o.PriceField))
		}
		o.Quantity = strings.TrimSpace(c.Request.Form.Get(o.Field))
		n, err := strconv.ParseInt(o.Quantity, 10, 64)
		switch {
		case o.Quantity == "" || err == nil && n == 0:
			continue
		case err != nil && !errors.Is(err, strconv.ErrRange) || n < 0:
			problems.Add(o.Field, "wrong_type", "")
			continue
		}
		o.chosen = n
		line := ticketing.PurchaseLine{TicketTypeID: turnout.ID(o.ID), Quantity: n}
		if o.Open {
			line.Price = named(&problems, o.PriceField, o.Typed, o.Price.Currency, h.point(c))
		}
		p.purchase.Lines = append(p.purchase.Lines, line)
		p.lines = append(p.lines, lineField{label: o.Name, quantity: o.Field, price: o.PriceField})
		if n < o.Min || n > o.most {
			problems.Add(o.Field, "out_of_range", "")
		} else if n%o.Steps != 0 {
			problems.Add(o.Field, "multiple", "")
		}
		for k := range min(n, mostNamed-int64(len(p.tickets))) {
			p.tickets = append(p.tickets, chosenTicket{turnout.ID(o.ID), fmt.Sprintf("ticket_%s_%d", o.ID, k+1), o.Name})
		}
	}
	return problems
}

// named reads a price that a buyer names, nil for none that can be read: then the problem is noted.
func named(problems *turnout.Problems, field, typed, currency, point string) *turnout.Money {
	before := len(*problems)
	m := problems.Typed(field, typed, currency, point)
	if len(*problems) > before {
		return nil
	}
	return &m
}

// extras puts in the add-ons that go with the chosen tickets: each ticket's own where the tickets have forms of their own, else the
// order's, and those whose price the buyer names always the order's.
func (h *Handler) extras(c *gin.Context, page *checkoutPage) {
	page.Extras, page.unread = nil, nil
	for i := range page.addOns {
		a := &page.addOns[i]
		all := make([]int, len(page.tickets))
		for k := range all {
			all[k] = k
		}
		line := ticketing.PurchaseLine{AddOnID: a.ID}
		about := lineField{label: a.Name}
		page.carryOver(c, a)
		if !page.Named || a.Pricing == ticketing.OpenPrice {
			f, ok := h.addOnField(c, page, a, "addon_"+string(a.ID), all)
			if !ok {
				continue
			}
			if f.Open {
				about.price, about.quantity = f.PriceField, f.PriceField
				if f.n > 0 {
					line.Price = named(&page.unread, f.PriceField, f.Typed, a.Price.Currency, h.point(c))
				}
			}
			line.Quantity = f.n
			about.quantity = f.Field
			about.words = h.text(c, "checkout.addon_most", "Most", f.Max)
			page.Extras = append(page.Extras, f)
		} else {
			for k := range page.Attendees {
				f, ok := h.addOnField(c, page, a, page.Attendees[k].Prefix+".addon_"+string(a.ID), []int{k})
				if !ok {
					continue
				}
				page.Attendees[k].AddOns = append(page.Attendees[k].AddOns, f)
				line.Quantity += f.n
				line.Tickets = append(line.Tickets, slices.Repeat([]int{k}, int(f.n))...)
				if about.quantity == "" || f.n > f.Max {
					about.quantity, about.words = f.Field, h.text(c, "checkout.addon_most", "Most", f.Max)
				}
			}
		}
		if line.Quantity > 0 {
			page.purchase.Lines = append(page.purchase.Lines, line)
			page.lines = append(page.lines, about)
		}
	}
}

// carryOver keeps what was chosen of an add-on when its field moves from the order to the tickets, or back.
func (p *checkoutPage) carryOver(c *gin.Context, a *ticketing.AddOnOffer) {
	form, whole := c.Request.Form, "addon_"+string(a.ID)
	if a.Pricing == ticketing.OpenPrice || p.Named != form.Has(whole) {
		return
	}
	if p.Named && slices.ContainsFunc(p.tickets, func(t chosenTicket) bool { return form.Has(t.name + "." + whole) }) {
		return
	}
	n, _ := strconv.ParseInt(form.Get(whole), 10, 64) // 0 for none
	for _, t := range p.tickets {
		_, most, _, _ := a.Bounds(t.typeID)
		own := t.name + "." + whole
		if !p.Named {
			k, _ := strconv.ParseInt(form.Get(own), 10, 64)
			n += min(k, most)
		} else if here := min(n, most); here > 0 {
			form.Set(own, strconv.FormatInt(here, 10))
			n -= here
		}
	}
	if !p.Named && n > 0 {
		form.Set(whole, strconv.FormatInt(n, 10))
	}
}

// addOnField is the field of an add-on for some of the chosen tickets; ok is false when it goes with none of them.
func (h *Handler) addOnField(c *gin.Context, page *checkoutPage, a *ticketing.AddOnOffer, name string, tickets []int) (f addOnField, ok bool) {
	f = addOnField{Name: a.Name, Note: a.Description, Field: name, Price: a.Price, Least: a.Least, Open: a.Pricing == ticketing.OpenPrice, PriceField: name}
	included := int64(0)
	for _, k := range tickets {
		if least, most, free, goes := a.Bounds(page.tickets[k].typeID); goes {
			f.Min, f.Max, included = f.Min+least, f.Max+most, included+free
		}
	}
	f.Fixed = f.Min == f.Max || a.Left <= f.Min
	if f.Max == 0 {
		return f, false
	}
	typed := strings.TrimSpace(c.Request.Form.Get(name))
	f.Typed, f.Quantity, f.n = clean(typed), strconv.FormatInt(f.Min, 10), f.Min
	if n, err := strconv.ParseInt(typed, 10, 64); err == nil && n > f.Min && !f.Open {
		f.n, f.Quantity = min(n, 1000), typed
	}
	if f.Open {
		if m := named(new(turnout.Problems), name, f.Typed, a.Price.Currency, h.point(c)); m == nil || m.Amount != 0 {
			f.n = max(1, f.Min)
		}
		if typed == "" {
			f.n = f.Min
		}
	}
	f.Max = max(f.Min, min(f.Max, a.Left))
	f.Tick = f.Max == 1
	switch required := f.Min - included; {
	case f.Min > 0 && required <= 0:
		f.Words = h.text(c, "checkout.addon_included", "Count", included)
	case included > 0:
		f.Words = h.text(c, "checkout.addon_both", "Included", included, "Required", f.Min)
	case f.Min > 0:
		f.Words = h.text(c, "checkout.addon_required", "Count", f.Min)
	case a.Left == 0:
		f.Words = h.text(c, "checkout.sold_out")
	}
	return f, true
}

// hasExtra says whether a field is that of an add-on of the whole order.
func (p *checkoutPage) hasExtra(name string) bool {
	return slices.ContainsFunc(p.Extras, func(f addOnField) bool { return f.Field == name })
}

// fingerprint tells one choice from another: what the price depends on.
func (p *checkoutPage) fingerprint() string {
	body, err := json.Marshal([]any{p.purchase.Lines, ticketing.FoldCode(p.purchase.Voucher)})
	if err != nil {
		panic(err) // plain data
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

// expected is the total that the buyer has seen: the one drawn for this very choice, else what the prices that were shown add up to. It is
// nil when the form knows of none.
func (p *checkoutPage) expected(c *gin.Context) *turnout.Money {
	form, total := c.Request.PostForm, turnout.Money{Currency: p.event.Currency}
	if form.Get("shown_choice") == p.fingerprint() {
		amount, err := strconv.ParseInt(form.Get("shown_total"), 10, 64)
		total.Amount = amount
		return seen(total, err)
	}
	for _, line := range p.purchase.Lines {
		i := slices.IndexFunc(p.Offers, func(o saleOffer) bool { return turnout.ID(o.ID) == line.TicketTypeID })
		if i < 0 {
			continue // an add-on beside a choice that was not summed up: the new total is shown first
		}
		each, err := strconv.ParseInt(form.Get(p.Offers[i].ShownField), 10, 64)
		if line.Price != nil {
			each, err = line.Price.Amount, nil
		}
		if err != nil {
			return nil
		}
		total.Amount += turnout.MulDiv(each, line.Quantity, 1)
	}
	return &total
}

func seen(m turnout.Money, err error) *turnout.Money {
	if err != nil {
		return nil
	}
	return &m
}

// AskedNames is what asked names, for the form.
func (p *checkoutPage) AskedNames() string { return strings.Join(p.asked(), " ") }

// asked names what the page asks because of the chosen tickets: their add-ons and forms.
func (p *checkoutPage) asked() (names []string) {
	for _, f := range p.Extras {
		names = append(names, f.Field)
	}
	for _, a := range p.Attendees {
		if len(a.Questions)+len(a.AddOns) > 0 || p.MustName {
			names = append(names, a.Prefix)
		}
	}
	if len(p.Questions) > 0 {
		names = append(names, p.tickets[0].name)
	}
	return names
}

// isNew says whether the page now asks what the form that was sent did not: then it is shown before anything is bought.
func (p *checkoutPage) isNew(c *gin.Context) bool {
	before := strings.Fields(c.Request.PostForm.Get("asked"))
	return slices.ContainsFunc(p.asked(), func(name string) bool { return !slices.Contains(before, name) })
}

// hasProblem says whether something is wrong with a field, or one of a list of fields.
func hasProblem(problems turnout.Problems, name string) bool {
	return slices.ContainsFunc(problems, func(p turnout.FieldError) bool { return strings.HasPrefix(p.Name, name) })
}

// quote prices the choice by the function that sells it, and draws the sum.
func (h *Handler) quote(c *gin.Context, page *checkoutPage) (*ticketing.Quote, error) {
	q, err := h.Ticketing.Quote(c.Request.Context(), &page.purchase)
	if err != nil {
		return nil, err
	}
	page.Summary = summary{Total: q.Total, Discount: turnout.Money{Amount: -q.Discount.Amount, Currency: q.Discount.Currency}}
	if len(page.lines) == 0 || hasProblem(q.Problems, "lines") {
		return q, nil // no order, so no sum
	}
	for _, l := range q.Lines {
		line := summaryLine{Name: l.Name, Quantity: l.Quantity, Total: turnout.Money{Amount: turnout.MulDiv(l.UnitPrice.Amount, l.Quantity, 1), Currency: l.UnitPrice.Currency}, Note: l.PriceName}
		if l.Included {
			line.Note = h.text(c, "checkout.included")
		}
		page.Summary.Lines = append(page.Summary.Lines, line)
	}
	page.Approval, page.Free = q.NeedsApproval, q.Total.Amount == 0
	page.VoucherUsed = page.purchase.Voucher != "" && !hasProblem(q.Problems, "voucher")
	page.Prove = page.Prove || errors.Is(q.Refusal, ticketing.ErrEmailUnproven)
	page.Kept = append(page.Kept, sentField{"shown_choice", page.fingerprint()}, sentField{"shown_total", strconv.FormatInt(q.Total.Amount, 10)})
	return q, nil
}

// priceWords says until when, or for how many, a price window's price holds.
func (h *Handler) priceWords(lang string, zone string, o ticketing.Offer) string {
	var parts []string
	if o.PriceName != "" {
		parts = append(parts, o.PriceName)
	}
	if !o.PriceUntil.IsZero() {
		parts = append(parts, h.Templates.Message(lang, "checkout.price_until", "When", h.Templates.Moment(lang, o.PriceUntil, zone)))
	}
	if o.PriceLeft > 0 {
		parts = append(parts, h.Templates.Message(lang, "checkout.price_left", "Count", o.PriceLeft))
	}
	if len(parts) > 0 && o.Later.Amount != o.Price.Amount {
		parts = append(parts, h.Templates.Message(lang, "checkout.price_later", "Price", h.Templates.Money(lang, o.Later)))
	}
	return strings.Join(parts, " · ")
}
