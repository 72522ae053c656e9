package pages

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/internal/audit"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

func boxOfficePath(e *events.Event) string { return eventPath(e) + "/box-office" }

type boxOfficePage struct {
	templates.Chrome
	Errors   templates.Errors
	Event    *events.Event
	Key      string // of the form: sent twice it sells once
	Types    []deskItem
	AddOns   []deskItem
	Form     boxOfficeForm
	Full     bool // each ticket's name, and what is asked
	Tickets  []deskTicket
	Answers  []questionField // to the questions about the order
	HasFiles bool
	Methods  []templates.Option
	Sum      *deskSum  // of what is chosen, nil for nothing
	Sold     *deskSale // the sale before this one
	Action   string
	Takings  string
}

// Focus is the field that a new form waits in: the quantity of the first type that there is something left of or, where there is one type only,
// the buyer's name.
func (p *boxOfficePage) Focus() string {
	switch first := slices.IndexFunc(p.Types, func(d deskItem) bool { return d.Left != 0 }); {
	case len(p.Errors) > 0:
		return ""
	case len(p.Types) > 1 && first >= 0:
		return p.Types[first].Field
	}
	return "buyer.name"
}

// deskItem is a ticket type or an add-on to choose a quantity of.
type deskItem struct {
	ID, Name, Mode, Field, Quantity string
	Price                           turnout.Money
	Open                            bool // the price is named: PriceField
	PriceField, Named               string
	Left                            int64 // -1: no end of it
	Hidden                          bool  // not on sale in the shop
}

// deskSum is what is chosen, as the server sells it: with the add-ons that come along, the voucher and the prices of now.
type deskSum struct {
	Lines    []summaryLine
	Total    turnout.Money
	Change   *turnout.Money // for the cash received, below zero when some is missing; nil without
	Problems []string       // with the choice, as long as nobody pressed to sell it
}

// Missing is what of the cash is not there yet.
func (s *deskSum) Missing() turnout.Money {
	return turnout.Money{Amount: -s.Change.Amount, Currency: s.Change.Currency}
}

// deskTicket asks who bears one ticket.
type deskTicket struct {
	Label, NameField, EmailField, Name, Email string
	Fields                                    []questionField
}

// deskSale is what was sold just now.
type deskSale struct {
	Order                *ticketing.Order
	Lines                []summaryLine
	Total, Change        turnout.Money
	Received             bool
	PDFURL, UndoURL, URL string // URL is the buyer's own page, for those who may read orders
	DoorURL              string // lets them in; "" without a door of the event
	UndoUntil            time.Time
	Mailed               bool
}

type boxOfficeForm struct {
	Key       string `form:"idempotency_key" text:"name,max=100"`
	Name      string `form:"buyer.name" text:"name,max=200"`
	Email     string `form:"buyer.email" text:"name,max=254"`
	Mail      bool   `form:"mail"`
	Method    string `form:"method" text:"name,max=20"`
	Reference string `form:"reference" text:"name,max=100"`
	Received  string `form:"received" text:"name,max=30"`
	Voucher   string `form:"voucher" text:"name,max=200"`
}

// errSoldAlready says that a form was changed after it was sold.
var errSoldAlready = &turnout.Error{Kind: turnout.Conflict, Code: "sold_already", Message: "This form was sold already, with other words. Press again if you want to sell this as well."}

// deskMethods are those that a person at the desk chooses from; giving tickets away is for those who may change orders.
func deskMethods(c *gin.Context) []ticketing.DeskMethod {
	all := []ticketing.DeskMethod{ticketing.DeskCash, ticketing.DeskCard, ticketing.DeskTransfer}
	if may(c, "orders:write") {
		all = append(all, ticketing.DeskFree)
	}
	return all
}

// BoxOffice is GET /console/events/{event}/box-office: ready for the next sale, with what was sold just now.
func (h *Handler) BoxOffice(c *gin.Context) {
	page, ok := h.boxOffice(c)
	if !ok {
		return
	}
	page.Form.Method, page.Form.Mail = string(ticketing.DeskCash), true
	if last := c.Query("method"); slices.Contains(deskMethods(c), ticketing.DeskMethod(last)) && last != string(ticketing.DeskFree) {
		page.Form.Method = last // whoever takes cards goes on taking cards
	}
	for i := range page.Types {
		if page.Types[i].Quantity = "0"; len(page.Types) == 1 {
			page.Types[i].Quantity = "1"
		}
	}
	var err error
	if page.Sold, err = h.soldAtDesk(c); err != nil {
		h.Fail(c, err)
		return
	}
	purchase := ticketing.Purchase{EventID: page.Event.ID, Trusted: true, Desk: &ticketing.DeskSale{Method: ticketing.DeskMethod(page.Form.Method)}}
	if len(page.Types) == 1 {
		purchase.Lines = []ticketing.PurchaseLine{{TicketTypeID: turnout.ID(page.Types[0].ID), Quantity: 1}}
	}
	h.deskAgain(c, page, &purchase, http.StatusOK, nil)
}

// boxOffice reads what can be sold. It answers the request itself and gives false when it cannot.
func (h *Handler) boxOffice(c *gin.Context) (*boxOfficePage, bool) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "nav.boxoffice"), "nav.boxoffice")
	if !ok {
		return nil, false
	}
	page := &boxOfficePage{Chrome: chrome, Event: e, Key: string(turnout.NewID("key")), Action: boxOfficePath(e), Takings: boxOfficePath(e) + "/takings"}
	for _, m := range deskMethods(c) {
		page.Methods = append(page.Methods, templates.Option{Value: string(m), Text: h.text(c, "console.desk.method_"+string(m))})
	}
	offers, _, err := h.Ticketing.Stock(ctx, e)
	var addOns []*ticketing.AddOn
	if err == nil {
		addOns, err = h.Ticketing.AddOns(ctx, e.CommunityID, e.ID)
	}
	if err != nil {
		h.Fail(c, err)
		return nil, false
	}
	for _, o := range offers {
		item := deskItem{ID: string(o.ID), Name: o.Name, Mode: string(o.AttendanceMode), Field: "quantity_" + string(o.ID), Price: o.Price, Left: o.Left,
			Open: o.Pricing == ticketing.OpenPrice, PriceField: "price_" + string(o.ID), Hidden: o.Reason != nil && !errors.Is(o.Reason, ticketing.ErrSoldOut) || o.Visibility != ticketing.Public}
		if item.Open {
			item.Named = decimal(o.Price.Amount, e.Currency, h.point(c))
		}
		page.Types = append(page.Types, item)
	}
	for _, a := range addOns {
		item := deskItem{ID: string(a.ID), Name: a.Name, Field: "quantity_" + string(a.ID), Price: turnout.Money{Amount: a.Price, Currency: e.Currency}, Left: -1,
			Open: a.Pricing == ticketing.OpenPrice, PriceField: "price_" + string(a.ID)}
		if item.Open {
			item.Named = decimal(a.Price, e.Currency, h.point(c))
		}
		page.AddOns = append(page.AddOns, item)
	}
	return page, true
}

// SellAtDesk is POST /console/events/{event}/box-office. The same form sent twice sells once; its other buttons draw it again, with the
// sum or with a name for each ticket.
func (h *Handler) SellAtDesk(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	problems, err := h.keepFiles(c, ticketing.Sender{}, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	page, ok := h.boxOffice(c)
	if !ok {
		return
	}
	form := formReader{zone: e.Location(), point: h.point(c)}
	form.read(c, &page.Form)
	form.Join(problems)
	in := &page.Form
	page.Key = in.Key
	purchase := ticketing.Purchase{EventID: e.ID, Buyer: ticketing.Attendee{Name: in.Name, Email: in.Email}, Locale: h.Language(c), Voucher: in.Voucher, Trusted: true,
		Key: in.Key, Caller: "desk " + string(access.Who(c).ID()), Actor: audit.ActorFrom(ctx),
		Desk: &ticketing.DeskSale{Method: ticketing.DeskMethod(in.Method), Reference: in.Reference, Mail: in.Mail && in.Email != ""}}
	page.choose(c, &form, &purchase)
	if page.Full = (isPressed(c, "full") || isPressed(c, "name_tickets")) && !isPressed(c, "name_only"); page.Full {
		err = h.deskTickets(c, page, &purchase)
	}
	purchase.Desk.NameOnly = !page.Full
	if received := form.money("received", in.Received, e.Currency); in.Received != "" && in.Method == string(ticketing.DeskCash) && !hasProblem(form.Problems, "received") {
		purchase.Desk.Received = &received.Amount
	}
	if shown, err := strconv.ParseInt(c.PostForm("shown_total"), 10, 64); err == nil {
		purchase.Expected = &turnout.Money{Amount: shown, Currency: e.Currency}
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	if isPressed(c, "update") || isPressed(c, "name_tickets") || isPressed(c, "name_only") {
		h.deskAgain(c, page, &purchase, http.StatusOK, nil)
		return
	}
	if !slices.Contains(deskMethods(c), purchase.Desk.Method) {
		form.Add("method", "required", "Choose how it was paid.")
	}
	var order *ticketing.Order
	err = form.then(func() error {
		problems, err := h.Ticketing.Problems(ctx, &purchase)
		if err == nil {
			err = problems.Err()
		}
		return err
	}, func() (err error) {
		order, _, err = h.Ticketing.PlaceOrder(ctx, purchase)
		return err
	})
	if errors.Is(err, ticketing.ErrIdempotencyKeyReused) { // the browser went back to a form that was sold
		page.Key, err = string(turnout.NewID("key")), errSoldAlready
	}
	if err != nil {
		if shown, status, ok := h.refused(c, err); ok {
			h.deskAgain(c, page, &purchase, status, page.inPlace(shown, &purchase))
		}
		return
	}
	to := map[string]string{"sold": order.Code, "method": in.Method}
	if purchase.Desk.Received != nil {
		to["received"] = turnout.Money{Amount: *purchase.Desk.Received, Currency: e.Currency}.Decimal()
	}
	c.Redirect(http.StatusSeeOther, boxOfficePath(e)+"?"+written(to))
}

// choose reads the quantities and the prices that are named into the purchase.
func (p *boxOfficePage) choose(c *gin.Context, form *formReader, purchase *ticketing.Purchase) {
	for i := range p.Types {
		if line, ok := p.Types[i].line(c, form, p.Event.Currency); ok {
			line.TicketTypeID = turnout.ID(p.Types[i].ID)
			purchase.Lines = append(purchase.Lines, line)
		}
	}
	for i := range p.AddOns {
		if line, ok := p.AddOns[i].line(c, form, p.Event.Currency); ok {
			line.AddOnID = turnout.ID(p.AddOns[i].ID)
			purchase.Lines = append(purchase.Lines, line)
		}
	}
}

func (d *deskItem) line(c *gin.Context, form *formReader, currency string) (line ticketing.PurchaseLine, ok bool) {
	d.Quantity = strings.TrimSpace(c.PostForm(d.Field))
	if d.Open {
		d.Named = clean(c.PostForm(d.PriceField))
	}
	n := form.number(d.Field, d.Quantity)
	if n == nil || *n == 0 {
		return line, false
	}
	line.Quantity = *n
	if d.Open && d.Named != "" {
		price := form.money(d.PriceField, d.Named, currency)
		line.Price = &price
	}
	return line, true
}

// deskTickets asks for a name, an address and the answers of each ticket, and puts what was typed into the purchase. The fields have the
// names by which the sale speaks of them.
func (h *Handler) deskTickets(c *gin.Context, page *boxOfficePage, purchase *ticketing.Purchase) error {
	e := page.Event
	questions, err := h.Ticketing.Questions(c.Request.Context(), e.CommunityID, e.ID, false)
	if err != nil {
		return err
	}
	typed := c.Request.PostForm
	for _, line := range purchase.Lines {
		i := slices.IndexFunc(page.Types, func(t deskItem) bool { return t.ID == string(line.TicketTypeID) })
		for range max(0, min(line.Quantity, mostNamed)) {
			if i < 0 || len(page.Tickets) == mostNamed {
				break
			}
			n := len(page.Tickets)
			field := "attendees[" + strconv.Itoa(n) + "]"
			t := deskTicket{Label: h.text(c, "checkout.ticket") + " " + strconv.Itoa(n+1) + " · " + page.Types[i].Name, NameField: field + ".name", EmailField: field + ".email"}
			t.Name, t.Email = clean(typed.Get(t.NameField)), clean(typed.Get(t.EmailField))
			bearer := ticketing.Bearer{Attendee: ticketing.Attendee{Name: firstOf(t.Name, purchase.Buyer.Name), Email: t.Email},
				Answers: readAnswers(typed, field+".answers", asking(questions, ticketing.OfTicket, line.TicketTypeID))}
			purchase.Attendees = append(purchase.Attendees, bearer)
			t.Fields = h.questionFields(c, e, questions, ticketing.OfTicket, line.TicketTypeID, field+".answers", typed, page.Errors)
			page.HasFiles = page.HasFiles || needsFiles(t.Fields)
			page.Tickets = append(page.Tickets, t)
		}
	}
	purchase.Answers = readAnswers(typed, "answers", asking(questions, ticketing.OfOrder, ""))
	page.Answers = h.questionFields(c, e, questions, ticketing.OfOrder, "", "answers", typed, page.Errors)
	page.HasFiles = page.HasFiles || needsFiles(page.Answers)
	return nil
}

// inPlace moves what is wrong with the purchase's lines to the fields that were typed.
func (p *boxOfficePage) inPlace(shown templates.Errors, purchase *ticketing.Purchase) templates.Errors {
	items := map[string]deskItem{}
	for _, item := range slices.Concat(p.Types, p.AddOns) {
		items[item.ID] = item
	}
	for k := range shown {
		for i, line := range purchase.Lines {
			rest, ok := strings.CutPrefix(shown[k].Name, "lines["+strconv.Itoa(i)+"].")
			if !ok {
				continue
			}
			item := items[firstOf(string(line.TicketTypeID), string(line.AddOnID))]
			shown[k].Label, shown[k].Name = item.Name, item.Field
			if rest == "price" && item.Open {
				shown[k].Name = item.PriceField
			}
		}
		if item := slices.IndexFunc(p.Types, func(t deskItem) bool { return t.Field == shown[k].Name }); item >= 0 {
			shown[k].Label = p.Types[item].Name
		}
		if shown[k].Name == "" || strings.HasPrefix(shown[k].Name, "attendees[") && !p.Full {
			shown[k].Name = "lines"
		}
	}
	return shown
}

// deskAgain draws the form with what was typed, and with the sum of what is chosen.
func (h *Handler) deskAgain(c *gin.Context, page *boxOfficePage, purchase *ticketing.Purchase, status int, shown templates.Errors) {
	if page.Errors = shown; page.Full && shown != nil { // their fields again, with what is wrong with them
		page.Tickets, purchase.Attendees = nil, nil
		if err := h.deskTickets(c, page, purchase); err != nil {
			h.Fail(c, err)
			return
		}
		for _, t := range page.Tickets {
			labelAnswers(page.Errors, t.Fields, t.Label)
			page.Errors = page.Errors.Labelled(t.NameField, t.Label, t.EmailField, t.Label)
		}
		labelAnswers(page.Errors, page.Answers, "")
	}
	if len(purchase.Lines) > 0 {
		if err := h.deskSum(c, page, purchase); err != nil {
			h.Fail(c, err)
			return
		}
	}
	h.Render(c, status, "console_boxoffice", page)
}

// deskSum puts in what is chosen and what it costs, and what is wrong with it when the page says nothing else yet.
func (h *Handler) deskSum(c *gin.Context, page *boxOfficePage, purchase *ticketing.Purchase) error {
	quote, err := h.Ticketing.Quote(c.Request.Context(), purchase)
	if err != nil {
		return err
	}
	lang, sum := h.Language(c), &deskSum{Total: quote.Total}
	for _, l := range quote.Lines {
		line := summaryLine{Name: l.Name, Quantity: l.Quantity, Total: l.Total, Note: l.PriceName}
		if l.Included {
			line.Note = h.text(c, "checkout.included")
		}
		sum.Lines = append(sum.Lines, line)
	}
	if paid := purchase.Desk.Received; paid != nil {
		sum.Change = &turnout.Money{Amount: *paid - quote.Total.Amount, Currency: quote.Total.Currency}
	}
	for i := range page.Errors {
		switch page.Errors[i].Code {
		case ticketing.ErrPriceChanged.Code:
			page.Errors[i].Message = h.text(c, "checkout.price_changed", "Total", h.Templates.Money(lang, quote.Total))
		case "too_little":
			page.Errors[i].Message = h.text(c, "console.desk.too_little", "Total", h.Templates.Money(lang, quote.Total))
		}
	}
	if page.Errors == nil {
		for _, p := range page.inPlace(h.Templates.Errors(lang, quote.Problems.Err()), purchase) {
			if p.Name == "voucher" || strings.HasPrefix(p.Name, "quantity_") || strings.HasPrefix(p.Name, "price_") {
				sum.Problems = append(sum.Problems, firstOf(p.Label, h.text(c, "console.desk.voucher"))+": "+p.Message)
			}
		}
		if quote.Refusal != nil {
			sum.Problems = append(sum.Problems, h.Templates.ErrorText(lang, quote.Refusal))
		}
	}
	page.Sum = sum
	return nil
}

// soldRecently is how long whoever sold it sees a sale of the box office; later it is for those who may read orders.
const soldRecently = 15 * time.Minute

// deskOrder gives the order of a code, when the reader sold it at this event's box office just now or may read all orders.
func (h *Handler) deskOrder(c *gin.Context, code string) (*ticketing.Order, error) {
	e := access.Event(c)
	o, err := h.Ticketing.Order(c.Request.Context(), e.CommunityID, code)
	if err != nil {
		return nil, err
	}
	own := o.SoldBy == access.Who(c).ID() && h.Now().Before(o.ConfirmedAt.Add(soldRecently))
	if o.EventID != e.ID || o.Source != ticketing.FromBoxOffice || !own && !may(c, "orders:read") {
		return nil, turnout.ErrNotFound
	}
	return o, nil
}

// DeskPDF is GET /console/events/{event}/box-office/{order}/tickets.pdf: to print what was sold, without the order's secret.
func (h *Handler) DeskPDF(c *gin.Context) {
	o, err := h.deskOrder(c, c.Param("order"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.paper(c, "tickets-"+o.Code, func(w io.Writer, size documents.Size) error {
		return h.Ticketing.WriteTickets(c.Request.Context(), w, o, size)
	})
}

// soldAtDesk is the sale that the address names, nil for none.
func (h *Handler) soldAtDesk(c *gin.Context) (*deskSale, error) {
	if c.Query("sold") == "" {
		return nil, nil
	}
	o, err := h.deskOrder(c, c.Query("sold"))
	if err != nil {
		return nil, err
	}
	sold := &deskSale{Order: o, Total: o.Money(o.Total), PDFURL: boxOfficePath(access.Event(c)) + "/" + o.Code + "/tickets.pdf", Mailed: o.BuyerEmail != ""}
	if may(c, "orders:read") { // with its secret the order can be canceled as the buyer does
		sold.URL = h.Ticketing.OrderLink(o)
	}
	for _, l := range o.Lines {
		sold.Lines = append(sold.Lines, summaryLine{Name: l.Name, Quantity: l.Quantity, Total: o.Money(l.Total)})
	}
	if may(c, "checkin:write") {
		if sold.DoorURL, err = h.doorFor(c, o); err != nil {
			return nil, err
		}
	}
	if o.CanUndo(h.Now()) {
		sold.UndoURL, sold.UndoUntil = boxOfficePath(access.Event(c))+"/"+o.Code+"/undo", o.ConfirmedAt.Add(ticketing.UndoFor)
	}
	if received, err := turnout.ParseDecimal(c.Query("received"), o.Currency); err == nil && received.Amount >= o.Total {
		sold.Received, sold.Change = true, o.Money(received.Amount-o.Total)
	}
	return sold, nil
}

// UndoDeskSale is POST /console/events/{event}/box-office/{order}/undo.
func (h *Handler) UndoDeskSale(c *gin.Context) {
	o, err := h.deskOrder(c, c.Param("order"))
	if err != nil {
		h.Fail(c, err)
		return
	}
	by := access.Who(c).ID()
	if may(c, "orders:write") {
		by = ""
	}
	message := ""
	done, err := h.Ticketing.UndoDeskSale(c.Request.Context(), o.CommunityID, o.ID, by)
	if err == nil {
		message = h.text(c, "console.desk.undone", "Name", o.BuyerName)
		if done.Refund.Amount > 0 {
			message = h.text(c, "console.desk.undone_money", "Name", o.BuyerName, "Amount", h.Templates.Money(h.Language(c), done.Refund))
		}
	}
	h.done(c, err, boxOfficePath(access.Event(c)), message)
}

type takingsPage struct {
	templates.Chrome
	Event   *events.Event
	Days    []takingsDay
	OnlyOwn bool
	BackURL string
}

// takingsDay is what was taken on one day.
type takingsDay struct {
	Day   string
	Title string
	Rows  []takingRow
	Total ticketing.Taking
}

type takingRow struct {
	ticketing.Taking
	Who, Method string
}

// Takings is GET /console/events/{event}/box-office/takings: what was taken by whom, day by day. Who only sells sees their own.
func (h *Handler) Takings(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "console.desk.takings"), "nav.boxoffice")
	if !ok {
		return
	}
	data := takingsPage{Chrome: chrome, Event: e, OnlyOwn: !may(c, "orders:read"), BackURL: boxOfficePath(e)}
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.boxoffice"), URL: data.BackURL})
	by := access.Who(c).ID()
	if !data.OnlyOwn {
		by = ""
	}
	list, err := h.Ticketing.Takings(ctx, e, by)
	names := map[turnout.ID]string{}
	if err == nil {
		var members []organisers.Member
		members, err = organisers.Members(ctx, h.DB.Read(), e.CommunityID)
		for _, m := range members {
			names[m.AccountID] = firstOf(m.Name, m.Email)
		}
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	for _, t := range list {
		if len(data.Days) == 0 || data.Days[len(data.Days)-1].Day != t.Day {
			none := turnout.Money{Currency: e.Currency}
			data.Days = append(data.Days, takingsDay{Day: t.Day, Title: h.Templates.Day(h.Language(c), t.Day), Total: ticketing.Taking{Taken: none, GivenBack: none}})
		}
		day := &data.Days[len(data.Days)-1]
		day.Rows = append(day.Rows, takingRow{t, firstOf(names[t.By], h.text(c, "console.actor.token")), h.text(c, "console.desk.method_"+string(t.Method))})
		day.Total.Sales += t.Sales
		day.Total.Taken.Amount += t.Taken.Amount
		day.Total.GivenBack.Amount += t.GivenBack.Amount
	}
	h.Render(c, http.StatusOK, "console_takings", data)
}

// doorFor is where the tickets of an order are let in: the event's first door that is open, else its first; "" for none.
func (h *Handler) doorFor(c *gin.Context, o *ticketing.Order) (string, error) {
	e := access.Event(c)
	lists, err := h.CheckIn.Lists(c.Request.Context(), e.CommunityID, e.ID)
	lists = slices.DeleteFunc(lists, func(l *checkin.List) bool { return l.SessionID != "" })
	if err != nil || len(lists) == 0 {
		return "", err
	}
	open := max(slices.IndexFunc(lists, func(l *checkin.List) bool { return l.Standing(h.Now()) == checkin.Open }), 0)
	return doorPath(e, lists[open].ID) + "/search?code=" + o.Code, nil
}
