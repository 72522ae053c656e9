package main

import (
	"context"
	"encoding/json"
	"fmt"

	"turnout"
	"turnout/ticketing"
)

// basket is what a full purchase has beside a ticket: a voucher that counts its uses, an add-on with places of its own, a dish of
// which there are so many, and a sentence.
type basket struct {
	addOn, dish, fish, note  turnout.ID
	seats, fishPool, voucher turnout.ID
}

// voucherCode is the voucher of full purchases: it takes the whole price away, so that their orders are free ones.
const voucherCode = "WELCOME"

// plenty is more than any run sells.
const plenty = 9_000_000

// fullStage is a stage whose tickets are bought with everything that a shop has.
func (r *rig) fullStage(ctx context.Context, slug string, places int64) (*stage, error) {
	s, err := r.stage(ctx, slug, places)
	if err != nil {
		return nil, err
	}
	euros := turnout.Money{Amount: 2500, Currency: "EUR"}
	if s.ticket, err = r.Ticketing.UpdateTicketType(ctx, r.community, s.ticket.ID, 0, ticketing.TicketTypeInput{Name: "Full", Price: euros,
		AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{s.pool.ID}}); err != nil {
		return nil, err
	}
	seats, err := r.Ticketing.CreatePool(ctx, r.community, s.ID, ticketing.PoolInput{Name: "Seats", Capacity: plenty})
	if err != nil {
		return nil, err
	}
	workshop, err := r.Ticketing.CreateAddOn(ctx, r.community, s.ID, ticketing.AddOnInput{Name: "Workshop", Price: turnout.Money{Currency: "EUR"},
		PoolIDs: []turnout.ID{seats.ID}, OnSale: true})
	if err != nil {
		return nil, err
	}
	uses, fish := int64(plenty), int64(plenty)
	voucher, err := r.Ticketing.CreateVoucher(ctx, r.community, s.ID, ticketing.VoucherInput{Code: voucherCode, Kind: ticketing.Percent, Value: 100, MaxUses: &uses})
	if err != nil {
		return nil, err
	}
	dish, err := r.Ticketing.CreateQuestion(ctx, r.community, s.ID, ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice, Label: "Dish",
		Purpose: "The kitchen plans by it.", Required: true, Options: []ticketing.OptionInput{{Label: "Fish", Places: &fish}, {Label: "Bread"}}})
	if err != nil {
		return nil, err
	}
	note, err := r.Ticketing.CreateQuestion(ctx, r.community, s.ID, ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskText, Label: "Badge",
		Purpose: "It stands on the badge.", Required: true})
	if err != nil {
		return nil, err
	}
	s.full = &basket{addOn: workshop.ID, dish: dish.ID, fish: dish.Words.Options[0].ID, note: note.ID, seats: seats.ID, fishPool: dish.Words.Options[0].PoolID,
		voucher: voucher.ID}
	return s, nil
}

// order is the API's request for a full purchase.
func (b *basket) order(s *stage, n int64) []byte {
	return request("POST", "/api/v1/events/"+string(s.ID)+"/orders", "", fmt.Sprintf(
		`{"lines":[{"ticket_type_id":%q,"quantity":1},{"add_on_id":%q,"quantity":1}],"voucher":%q,"buyer":{"name":"Buyer %d","email":"buyer%d@example.org"},`+
			`"attendees":[{"name":"Buyer %d","answers":{%q:%q,%q:"Number %d"}}]}`, s.ticket.ID, b.addOn, voucherCode, n, n, n, b.dish, b.fish, b.note, n))
}

// fill makes a purchase a full one.
func (b *basket) fill(p *ticketing.Purchase, n int64) {
	p.Lines = append(p.Lines, ticketing.PurchaseLine{AddOnID: b.addOn, Quantity: 1})
	p.Voucher = voucherCode
	p.Attendees = []ticketing.Bearer{{Attendee: ticketing.Attendee{Name: p.Buyer.Name}, Answers: ticketing.Answers{
		b.dish: json.RawMessage(`"` + b.fish + `"`), b.note: json.RawMessage(fmt.Sprintf(`"Number %d"`, n))}}}
}
