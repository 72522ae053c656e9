package pages

import (
	"fmt"

	"github.com/gin-gonic/gin"

	"turnout/api/respond"
	"turnout/ticketing"
)

// attendeeField asks who bears one ticket. Its names hold the ticket's type and place in it, so that another quantity of one
// type moves no name to another ticket.
type attendeeField struct{ Label, Name, Email, NameField, EmailField string }

// mostNamed is how many tickets of one order can be named; the sale refuses more.
const mostNamed = 100

// nameTickets asks for a name for each chosen ticket when the buyer wants that, keeps on the page what was typed, and puts it
// into the purchase. label is the word for a ticket, in the reader's language.
func (p *checkoutPage) nameTickets(c *gin.Context, label string, purchase *ticketing.Purchase) {
	p.Named = (isPressed(c, "named") || isPressed(c, "name_attendees")) && !isPressed(c, "name_buyer")
	if !p.Named {
		return
	}
	for _, o := range p.Offers {
		for i := range o.chosen {
			if len(p.Attendees) == mostNamed {
				return
			}
			name := fmt.Sprintf("ticket_%s_%d", o.ID, i+1)
			a := attendeeField{Label: fmt.Sprintf("%s %d · %s", label, len(p.Attendees)+1, o.Name), NameField: name + ".name", EmailField: name + ".email"}
			a.Name, a.Email = clean(c.PostForm(a.NameField)), clean(c.PostForm(a.EmailField))
			if len(p.Attendees) == 0 && isPressed(c, "name_attendees") && a.Name == "" {
				a.Name, a.Email = p.Buyer.Name, p.Buyer.Email // most buyers come themselves
			}
			p.Attendees = append(p.Attendees, a)
			purchase.Attendees = append(purchase.Attendees, ticketing.Bearer{Attendee: ticketing.Attendee{Name: a.Name, Email: a.Email}})
		}
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
