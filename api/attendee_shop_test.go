package api

import (
	"fmt"
	"html"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/ticketing"
)

// stall is an event that sells all that a shop can sell.
type stall struct {
	*desk
	regular, gift, members, group, secret *ticketing.TicketType
	dinner, shirt, donation               *ticketing.AddOn
	diet, allergy, invoice                *ticketing.Question
}

func euro(cents int64) turnout.Money { return turnout.Money{Amount: cents, Currency: "EUR"} }

func newStall(t *testing.T, d *desk) *stall {
	t.Helper()
	s := &stall{desk: d}
	ctx, com, e := t.Context(), d.community.ID, d.event.ID
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pool, err := d.Ticketing.CreatePool(ctx, com, e, ticketing.PoolInput{Name: "Hall", Capacity: 200})
	must(err)
	sell := func(in ticketing.TicketTypeInput) *ticketing.TicketType {
		in.PoolIDs, in.AttendanceMode, in.MaxPerOrder = []turnout.ID{pool.ID}, ticketing.InPerson, 30
		tt, err := d.Ticketing.CreateTicketType(ctx, com, e, in)
		must(err)
		return tt
	}
	s.regular = sell(ticketing.TicketTypeInput{Name: "Regular", Price: euro(10000), PriceWindows: []ticketing.PriceWindow{{Name: "Early bird", Price: 7500, UpTo: 3}}})
	s.gift = sell(ticketing.TicketTypeInput{Name: "Supporter", Pricing: ticketing.OpenPrice, Price: euro(2000), MinPrice: euro(500)})
	s.members = sell(ticketing.TicketTypeInput{Name: "Member", Price: euro(1000), MembersOnly: true})
	s.group = sell(ticketing.TicketTypeInput{Name: "Table", Price: euro(100), MultipleOf: 8, MinPerOrder: 8})
	s.secret = sell(ticketing.TicketTypeInput{Name: "Backstage", Price: euro(5000), Visibility: ticketing.VoucherOnly})
	addOn := func(in ticketing.AddOnInput) *ticketing.AddOn {
		in.OnSale = true
		a, err := d.Ticketing.CreateAddOn(ctx, com, e, in)
		must(err)
		return a
	}
	s.dinner = addOn(ticketing.AddOnInput{Name: "Dinner", Price: euro(4500), With: []ticketing.AddOnWith{{TicketTypeID: s.regular.ID, Most: 2}}})
	s.shirt = addOn(ticketing.AddOnInput{Name: "Shirt", Price: euro(1500), With: []ticketing.AddOnWith{{TicketTypeID: s.regular.ID, Most: 1, Included: 1}}})
	s.donation = addOn(ticketing.AddOnInput{Name: "Donation", Pricing: ticketing.OpenPrice, Price: euro(1000)})
	ask := func(in ticketing.QuestionInput) *ticketing.Question {
		in.Purpose, in.EraseDays = "To know.", 30
		q, err := d.Ticketing.CreateQuestion(ctx, com, e, in)
		must(err)
		return q
	}
	s.diet = ask(ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskYesNo, Label: "An allergy?", Required: true, TypeIDs: []turnout.ID{s.regular.ID}})
	s.allergy = ask(ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskText, Label: "Which one?", Required: true, TypeIDs: []turnout.ID{s.regular.ID},
		ShowIf: ticketing.Condition{QuestionID: s.diet.ID, AnyOf: []string{"true"}}})
	s.invoice = ask(ticketing.QuestionInput{Subject: ticketing.OfOrder, Kind: ticketing.AskText, Label: "Cost centre?"})
	_, err = d.Ticketing.CreateVoucher(ctx, com, e, ticketing.VoucherInput{Code: "SPRING", Kind: ticketing.Percent, Value: 33, TicketTypeIDs: []turnout.ID{s.regular.ID}})
	must(err)
	_, err = d.Ticketing.CreateVoucher(ctx, com, e, ticketing.VoucherInput{Code: "BACK", Kind: ticketing.AccessVoucher, TicketTypeIDs: []turnout.ID{s.secret.ID}})
	must(err)
	d.event, err = d.Events.Publish(ctx, com, string(e), 0)
	must(err)
	return s
}

// again sends the form, which must come back with the status and each of the parts.
func (d *desk) again(path string, form url.Values, status int, parts ...string) string {
	d.t.Helper()
	d.refuse(path, form, status, parts...)
	_, body := d.post(path, form)
	return body
}

var hiddenValue = regexp.MustCompile(`<input[^>]* name="([^"]+)" value="([^"]*)"`)

// form are the hidden fields of a checkout's page, as a browser sends them back.
func hiddenOf(page string) url.Values {
	form := url.Values{}
	for _, input := range regexp.MustCompile(`<input type="hidden"[^>]*>`).FindAllString(page, -1) {
		if m := hiddenValue.FindStringSubmatch(input); m != nil {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	return form
}

// fill adds to what the page sends back.
func fill(page string, more ...string) url.Values {
	form := hiddenOf(page)
	form.Set("buyer.name", "Ada")
	form.Set("buyer.email", "ada@example.org")
	return clone(form, more...)
}

func quantityOf(t *ticketing.TicketType) string { return "quantity_" + string(t.ID) }

const at = "/e/summit/checkout"

// A voucher, conditional questions and add-ons: all is asked before anything is bought, what was seen is what is charged.
func TestTheCheckoutSellsAllThatAShopSells(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		s := newStall(t, d)
		v := &stall{desk: d.stranger()}
		page := v.see(at, "€75.00", "Early bird · 3 left at this price · then €100.00", "Pay what you want", "At least €5.00. Suggested: €20.00.", `value="20.00"`, "For members", "Sold in steps of 8", "Cost centre?")
		if strings.Contains(page, "Backstage") || strings.Contains(page, "Dinner") || strings.Contains(page, "An allergy?") {
			t.Error("the page shows what is not asked for yet")
		}
		// Straight to buying: the form shows first what belongs to the ticket.
		form := fill(page, quantityOf(s.regular), "1")
		page = v.redraw(form)
		ticket := "ticket_" + string(s.regular.ID) + "_1."
		for _, part := range []string{"This belongs to your tickets.", "Dinner", "Shirt", "1 included in the ticket price", "Donation", "An allergy?", "data-show-if", "1 × Regular", `<dd class="total">€75.00`} {
			if !strings.Contains(page, part) {
				t.Errorf("no %q", part)
			}
		}
		d.wantOrders()
		// The voucher and what else is chosen are in the sum.
		bought := []string{quantityOf(s.regular), "2", "voucher", "spring ", "addon_" + string(s.dinner.ID), "1", "addon_" + string(s.donation.ID), "5"}
		page = v.redraw(fill(page, append(bought, "update", "")...))
		// 2 × 75.00 − 33 % (24.75 each) + 45.00 + 5.00
		for _, part := range []string{"2 × Regular", "€49.50", "1 × Dinner", "1 × Donation", "2 × Shirt", "€150.50", "The voucher is taken into account.", "Ticket 2 · Regular"} {
			if !strings.Contains(page, part) {
				t.Errorf("no %q", part)
			}
		}
		second := strings.Replace(ticket, "_1.", "_2.", 1)
		people := append(bought, ticket+"name", "Ada", second+"later", "1", second+"email", "grace@example.org", ticket+"addon_"+string(s.dinner.ID), "1")
		if nobody := v.again(at, fill(page, append(people, "buyer.name", "", "buyer.email", "", ticket+"name", "")...), 422, "Full name: This is needed.", "E-mail address: This is needed."); strings.Contains(nobody, "Regular, Full name: This is needed.") {
			t.Error("what may be left free is said to be missing beside the buyer's name, which stands for it")
		}
		v.refuse(at, fill(page, people...), 422, "An allergy?: This needs")
		page = v.again(at, fill(page, append(people, ticket+string(s.diet.ID), "true")...), 422, "Ticket 1 · Regular, Which one?: This")
		people = append(people, ticket+string(s.diet.ID), "true", ticket+string(s.allergy.ID), "Nuts", "order."+string(s.invoice.ID), "4711")
		// Somebody buys two: the early birds are not enough for both any more, so the new price is shown first.
		d.buyWith(s.regular, 2)
		page = v.again(at, fill(page, people...), 409, "The total is ", "€167.25", `value="Nuts"`)
		if !strings.HasPrefix(v.send(at, fill(page, people...), "/pay/"), "/pay/") {
			t.Error("not on to paying")
		}
		o := d.newest()
		if o.Total != 16725 || len(o.Tickets) != 2 || !o.Tickets[1].DetailsDue || len(o.AddOns) != 4 || o.Tickets[1].AttendeeEmail != "grace@example.org" {
			t.Errorf("the order: %d, %+v", o.Total, o.AddOns)
		}
		path := "/orders/" + o.Code + "?secret=" + o.Secret
		v.see(path, "2 × ", "Early bird", "less each", "Dinner", "What you answered", "Nuts", "4711")
	})
}

// buyWith buys as a stranger does by the API, answers included.
func (d *desk) buyWith(t *ticketing.TicketType, n int64) {
	d.t.Helper()
	p := ticketing.Purchase{EventID: d.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: t.ID, Quantity: n}}, Buyer: ticketing.Attendee{Name: "Zoë", Email: "zoe@example.org"}}
	for range n {
		p.Attendees = append(p.Attendees, ticketing.Bearer{Attendee: p.Buyer, Later: true})
	}
	if _, _, err := d.Ticketing.PlaceOrder(d.t.Context(), p); err != nil {
		d.t.Fatal(err)
	}
}

// newest gives the event's newest order, with its secret.
func (d *desk) newest() *ticketing.Order {
	d.t.Helper()
	list, err := d.Ticketing.Orders(d.t.Context(), d.community.ID, d.event.ID, ticketing.OrderFilter{Limit: 1})
	if err != nil || len(list) == 0 {
		d.t.Fatal("no order", err)
	}
	link, err := url.Parse(d.Ticketing.OrderLink(list[0]))
	if err != nil {
		d.t.Fatal(err)
	}
	list[0].Secret = link.Query().Get("secret")
	return list[0]
}

// Whatever is wrong with a voucher, its message says how one goes on.
func TestRefusedVouchersSayHowToGoOn(t *testing.T) {
	for words, lang := range map[string]string{"this field": "en", "dieses Feld": "de"} {
		for _, why := range []string{"unknown", "expired", "ended", "used_up", "not_yet_valid", "not_for_these", "other_buyer", "too_few_uses", "budget_spent", "too_many_codes"} {
			if text := allPages().Message(lang, "checkout.voucher."+why); !strings.Contains(text, words) {
				t.Errorf("%s, %s: %q", why, lang, text)
			}
		}
	}
}

func TestVouchersOnTheCheckout(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		s := newStall(t, d)
		v := d.stranger()
		v.see(at+"?voucher=BACK", "Backstage", `value="BACK"`)
		v.see(at+"?voucher=SPRING&"+quantityOf(s.regular)+"=1", "€50.25", "€24.75")
		page := v.see(at)
		v.refuse(at, fill(page, "voucher", "nothing", quantityOf(s.regular), "1", "update", ""), 422, "There is no voucher of this code.", `value="nothing"`)
		budget := int64(300)
		if _, err := d.Ticketing.CreateVoucher(t.Context(), d.community.ID, d.event.ID, ticketing.VoucherInput{Code: "PURSE", Kind: ticketing.AmountOff, Value: 2000, Budget: &budget}); err != nil {
			t.Fatal(err)
		}
		purse := []string{"voucher", "purse", quantityOf(s.group), "8"}
		v.refuse(at, fill(page, append(purse, "update", "")...), 422, "budget €3.00 is left", `data-total>€8.00<`) // without the voucher
		v.refuse(at, fill(page, purse...), 422, "budget €3.00 is left, which is not enough for this order. Take fewer tickets, or empty this field")
		v.lang = "de"
		v.refuse(at, fill(page, purse...), 422, "Vom Budget dieses Gutscheins sind noch 3,00\u00a0€ übrig; das reicht nicht für diese Bestellung. Nehmen Sie weniger Tickets")
		v.lang = "en"
		v.refuse(at, fill(page, "voucher", "back", quantityOf(s.regular), "1", "update", ""), 422, "This voucher is for other tickets than these.")
		v.refuse(at, fill(page, quantityOf(s.gift), "1", "price_"+string(s.gift.ID), "4.99", "update", ""), 422, "At least €5.00.", `value="4.99"`)
		v.refuse(at, fill(page, quantityOf(s.gift), "1", "price_"+string(s.gift.ID), "much"), 422, "Write an amount such as €49.00.")
		price := "price_" + string(s.gift.ID)
		v.refuse(at, fill(page, quantityOf(s.gift), "1", price, "1.250", "update", ""), 422, "“1.250” can mean €1,250.00 or €1.25.", `value="1.250"`)
		v.refuse(at, fill(page, quantityOf(s.gift), "1", price, "-5"), 422, "An amount here cannot be negative.")
		v.refuse(at, fill(page, quantityOf(s.gift), "1", price, "99999999999999999999"), 422, "This is too large: €100,000,000.00 at most.")
		v.refuse(at, fill(page, quantityOf(s.gift), "99999999999999999999", price, "20"), 422, "At most 30 in one order.")
		v.refuse(at, fill(page, quantityOf(s.gift), "1", price, "1,250.00", "update", ""), 200, "€1,250.00")
		gives := "addon_" + string(s.donation.ID)
		for _, typed := range []string{"1.250", "much", "-5"} { // not the amount that is suggested
			v.refuse(at, fill(page, quantityOf(s.regular), "1", gives, typed, "update", ""), 422, "Donation: ", `value="`+typed+`"`)
		}
		v.refuse(at, fill(page, quantityOf(s.regular), "1", gives, "1.250,00", "update", ""), 200, "€1,325.00")
		v.refuse(at, fill(page, quantityOf(s.group), "12"), 422, "Choose a multiple of 8.")
		// The price is the buyer's, and nothing else stands in the way.
		form := fill(page, quantityOf(s.gift), "1", "price_"+string(s.gift.ID), "7,50", "voucher", "")
		page = v.redraw(form)
		v.send(at, fill(page, quantityOf(s.gift), "1", "price_"+string(s.gift.ID), "7,50"), "/pay/")
		if o := d.newest(); o.Total != 750 {
			t.Errorf("the order costs %d", o.Total)
		}
	})
}

// Nobody learns who is a member before the address is shown to be theirs; whoever shows it buys.
func TestMembersShowThatTheAddressIsTheirs(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		s := newStall(t, d)
		v := d.stranger()
		page := v.see(at)
		for _, who := range []string{"ada@example.org", "zoe@example.org"} {
			form := fill(page, quantityOf(s.members), "1", "buyer.email", who)
			answer := v.redraw(hiddenInto(form, v.redraw(form)))
			if !strings.Contains(answer, "We sent a link to "+who) {
				t.Errorf("%s is told %s", who, excerpt(answer))
			}
		}
		d.wantOrders()
		mails := d.mails("ada@example.org")
		link := regexp.MustCompile(`https?://[^ "]+proof=[^ \n"]+`).FindString(mails[len(mails)-1].Text)
		path := link[strings.Index(link, "/e/"):]
		page = v.see(path, "yours, as your link showed", "1 × Member")
		form := fill(page, quantityOf(s.members), "1", "buyer.email", "other@example.org")
		v.refuse(at, form, 403, "E-mail address: Member is for members")
		people := "/console/" + d.community.Slug + "/people"
		d.refuse(people+"/members", url.Values{"emails": {"ada@example.org\nnobody"}, "member": {"yes"}}, 422, "Line 2 is no e-mail address.", "ada@example.org\nnobody")
		d.send(people+"/members", url.Values{"emails": {"ADA@example.org\n\ngrace@example.org,"}, "member": {"yes"}}, people)
		d.see(people, "2 members more.", "grace@example.org", "2 are marked.")
		d.send(people+"/members", url.Values{"emails": {"grace@example.org"}, "member": {"no"}}, people)
		d.see(people, "1 member less.", "1 are marked.")
		v.send(at, form, "/pay/")
	})
}

func hiddenInto(form url.Values, page string) url.Values {
	for name, v := range hiddenOf(page) {
		form[name] = v
	}
	return form
}

// Who tried too many codes gets the form back with what was typed and what to do about it, and can buy without a voucher; which codes
// there are is not told, not even by what they open.
func TestTooManyVoucherCodes(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		s := newStall(t, d)
		v := d.stranger()
		page := v.see(at)
		for i := range 30 {
			v.refuse(at, fill(page, "voucher", fmt.Sprint("GUESS", i), "update", ""), 422, "There is no voucher of this code.")
		}
		const told = "Too many wrong codes came from your network. Try again in 15 minutes, or empty this field"
		form := fill(page, quantityOf(s.gift), "1", "price_"+string(s.gift.ID), "7.50", "voucher", "back", "buyer.name", "Grace Hopper")
		for _, button := range []string{"update", "name_attendees", "buy"} {
			v.refuse(at, clone(form, button, ""), 429, told, `value="back"`, `value="7.50"`, `value="Grace Hopper"`, `id="f-voucher-error"`, `<dd class="total">€7.50`)
			if body := v.again(at, clone(form, button, ""), 429); strings.Contains(body, "Backstage") || strings.Contains(body, "taken into account") {
				t.Error("it tells what the code opens")
			}
		}
		v.refuse(at, clone(form, "buyer.email", "grace@"), 429, told, "E-mail address: ")
		if w, body := v.ask(httptest.NewRequest("GET", baseURL+at+"?voucher=BACK", nil)); w.StatusCode != 429 || w.Header.Get("Retry-After") != "900" || strings.Contains(body, "Backstage") || !strings.Contains(body, told) {
			t.Errorf("by a link: %d, %q: %s", w.StatusCode, w.Header.Get("Retry-After"), excerpt(body))
		}
		d.wantOrders()
		v.lang = "de"
		v.refuse(at, form, 429, "Aus Ihrem Netz kamen zu viele falsche Codes.")
		v.lang = "en"
		form = clone(form, "voucher", "")
		v.send(at, hiddenInto(form, v.redraw(form)), "/pay/")
		d.wantOrders("1 held")
	})
}

// A ticket type that is not on sale yet says from when, beside others that are.
func TestATicketTypeSaysFromWhenItIsSold(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		regular, _ := d.onSale(4)
		_, err := d.Ticketing.CreateTicketType(t.Context(), d.community.ID, d.event.ID, ticketing.TicketTypeInput{Name: "Last minute", Price: turnout.Money{Amount: 6000, Currency: "EUR"}, AttendanceMode: ticketing.InPerson,
			PoolIDs: regular.PoolIDs, SalesStart: d.Now().Add(48 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/e/summit", "/e/summit/checkout"} {
			d.see(path, "Not on sale yet", "Tickets are on sale from ")
		}
	})
}
