package pages

import (
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"

	"turnout/api/respond"
	"turnout/ticketing"
)

// attendeeField asks who bears one ticket, and what is asked of them.
type attendeeField struct {
	Label, Name, Email, NameField, EmailField string
	Prefix, LaterField                        string
	Later                                     bool // they fill it in by a link
	Questions                                 []questionField
	AddOns                                    []addOnField
}

// mostNamed is how many tickets of one order can be named; the sale refuses more.
const mostNamed = 100

// askDetails puts in what is asked because of what is chosen, with what was typed: a form for each ticket, add-ons, questions. It reads
// all of that into the purchase.
func (h *Handler) askDetails(c *gin.Context, page *checkoutPage) error {
	p := &page.purchase
	p.Attendees, page.Attendees = nil, nil
	p.Lines = slices.DeleteFunc(p.Lines, func(l ticketing.PurchaseLine) bool { return l.AddOnID != "" })
	page.lines = page.lines[:len(p.Lines)]
	asks := slices.ContainsFunc(page.tickets, func(t chosenTicket) bool {
		return len(asking(page.questions, ticketing.OfTicket, t.typeID)) > 0
	})
	page.MustName = asks && len(page.tickets) > 1
	page.Named = page.MustName || (isSent(c, "named") || isSent(c, "name_attendees")) && !isSent(c, "name_buyer")
	if page.Named {
		h.nameTickets(c, page)
	} else if asks {
		t := page.tickets[0]
		page.Questions = h.questionFields(c, page.event, page.questions, ticketing.OfTicket, t.typeID, t.name, c.Request.Form, page.Errors)
		p.Attendees = []ticketing.Bearer{{Attendee: page.Buyer, Answers: readAnswers(c.Request.Form, t.name, asking(page.questions, ticketing.OfTicket, t.typeID))}}
	}
	page.OrderQuestions = h.questionFields(c, page.event, page.questions, ticketing.OfOrder, "", "order", c.Request.Form, page.Errors)
	p.Answers = readAnswers(c.Request.Form, "order", asking(page.questions, ticketing.OfOrder, ""))
	h.extras(c, page)
	page.HasFiles = needsFiles(page.OrderQuestions) || needsFiles(page.Questions) ||
		slices.ContainsFunc(page.Attendees, func(a attendeeField) bool { return needsFiles(a.Questions) })
	return nil
}

// isSent says whether the form, or the address that opened it, has a field.
func isSent(c *gin.Context, name string) bool { return c.Request.Form.Has(name) }

// nameTickets asks for each chosen ticket who comes with it.
func (h *Handler) nameTickets(c *gin.Context, page *checkoutPage) {
	form := c.Request.Form
	for i, t := range page.tickets {
		a := attendeeField{Label: fmt.Sprintf("%s %d · %s", h.text(c, "checkout.ticket"), i+1, t.offer), Prefix: t.name,
			NameField: t.name + ".name", EmailField: t.name + ".email", LaterField: t.name + ".later"}
		a.Name, a.Email, a.Later = clean(form.Get(a.NameField)), clean(form.Get(a.EmailField)), form.Has(a.LaterField)
		if i == 0 && a.Name == "" && !a.Later {
			a.Name = page.Buyer.Name // most buyers come themselves
		}
		bearer := ticketing.Bearer{Attendee: ticketing.Attendee{Name: a.Name, Email: a.Email}, Later: a.Later}
		if page.MustName && bearer.Name == "" { // forms stand there for their questions: names are as free as without
			bearer.Name = page.Buyer.Name
		}
		if !a.Later {
			a.Questions = h.questionFields(c, page.event, page.questions, ticketing.OfTicket, t.typeID, t.name, form, page.Errors)
			bearer.Answers = readAnswers(form, t.name, asking(page.questions, ticketing.OfTicket, t.typeID))
		}
		page.Attendees = append(page.Attendees, a)
		page.purchase.Attendees = append(page.purchase.Attendees, bearer)
	}
}

// clean is a typed line as the API would take it; what it would refuse becomes empty, and is asked for again.
func clean(text string) string {
	line, err := respond.Text("", text, "name,max=254")
	if err != nil {
		return ""
	}
	return line
}
