package checkin_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// pocket is what a device keeps.
type pocket struct {
	tickets, records checkin.Position
	codes            map[checkin.Short]checkin.Reason // "" for one that opens
	passes           map[checkin.Short]string
	sealed           map[checkin.Short][]byte
}

// hear reads what is new, as a device does.
func (d *door) hear(p *pocket, list *checkin.List) {
	d.t.Helper()
	for more := true; more; {
		feed, err := d.DoorFeed(d.t.Context(), d.event.CommunityID, list.ID, checkin.ParsePosition(p.tickets.String()))
		if err != nil {
			d.t.Fatal(err)
		}
		if feed.Reset {
			p.codes, p.passes = map[checkin.Short]checkin.Reason{}, map[checkin.Short]string{}
		}
		for _, short := range feed.Valid {
			p.codes[short] = ""
		}
		for _, other := range feed.Others {
			p.codes[other.Lookup] = other.Reason
		}
		for _, pass := range feed.Passes {
			if delete(p.passes, pass.Lookup); len(pass.Entries) > 0 {
				p.passes[pass.Lookup] = fmt.Sprint(pass.Entries, pass.Exits, pass.Inside, pass.EnteredAt.UTC(), pass.Gate)
			}
		}
		p.tickets, more = feed.Position, feed.More
	}
	for more := true; more; {
		feed, err := d.DoorRecords(d.t.Context(), d.event.CommunityID, list.ID, checkin.ParsePosition(p.records.String()))
		if err != nil {
			d.t.Fatal(err)
		}
		if feed.Reset {
			p.sealed = map[checkin.Short][]byte{}
		}
		for _, r := range feed.Records {
			p.sealed[r.Lookup] = r.Sealed
		}
		p.records, more = feed.Position, feed.More
	}
}

// shortOf is what a device makes of a code that it sees.
func shortOf(t interface{ Fatal(...any) }, code string) (short checkin.Short, nonce ticketing.Nonce) {
	read, err := ticketing.ParseCode(code)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(ticketing.Lookup(read.Nonce))
	if err != nil {
		t.Fatal(err)
	}
	copy(short[:], raw)
	return short, read.Nonce
}

// opened opens a record as its contract says.
func opened(nonce ticketing.Nonce, short checkin.Short, sealed []byte) (string, error) {
	key, err := hkdf.Key(sha256.New, nonce[:], nil, "record", 32)
	if err != nil {
		return "", err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	plain, err := aead.Open(nil, sealed[:12], sealed[12:], short[:])
	return string(plain), err
}

// A device that hears what is new, now and then, knows what one knows that hears everything: whatever was sold, canceled, passed on, let in, told late and
// taken back in between, and each code opens its own record and no other.
func TestADeviceHearsEverything(t *testing.T) {
	back := checkin.ShortenFeed(5)
	t.Cleanup(back)
	set(t, "rapid.checks", "25")
	set(t, "rapid.nofailfile", "true")
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				f := newFeeding(t, rt, newDoor(t, dbtest.Open(t, engine)))
				for range rapid.IntRange(1, 8).Draw(rt, "hearings") {
					for range rapid.IntRange(0, 6).Draw(rt, "events") {
						f.clock.Add(int64(time.Duration(rapid.IntRange(0, 150).Draw(rt, "seconds")) * time.Second))
						rapid.SampledFrom([]func(){f.sell, f.cancel, f.passOn, f.loseAddOn, f.scan, f.scan, f.tellLate, f.takeBack}).Draw(rt, "event")()
					}
					f.compare()
				}
			})
		})
	}
}

// feeding is an event in which something happens, and a device that hears of it.
type feeding struct {
	*door
	rt     *rapid.T
	list   *checkin.List
	addOn  *ticketing.AddOn
	orders []*ticketing.Order
	scans  []*checkin.Scan
	pocket pocket
	n      int
}

func newFeeding(t *testing.T, rt *rapid.T, d *door) *feeding {
	t.Helper()
	f := &feeding{door: d, rt: rt}
	d.clock.Store(-int64(48 * time.Hour)) // tickets can be passed on until the event begins
	f.list = d.list(checkin.ListInput{Entry: rapid.SampledFrom(rules.Entries).Draw(rt, "entry")})
	var err error
	f.addOn, err = d.Ticketing.CreateAddOn(t.Context(), d.event.CommunityID, d.event.ID, ticketing.AddOnInput{Name: "Lunch", Price: turnout.Money{Currency: "EUR"}, OnSale: true})
	if err != nil {
		t.Fatal(err)
	}
	f.sell()
	return f
}

func (f *feeding) some() (*ticketing.Order, *ticketing.Ticket) {
	o := rapid.SampledFrom(f.orders).Draw(f.rt, "order")
	fresh, err := f.Ticketing.Order(f.t.Context(), o.CommunityID, o.Code)
	if err != nil {
		f.t.Fatal(err)
	}
	return fresh, rapid.SampledFrom(fresh.Tickets).Draw(f.rt, "ticket")
}

func (f *feeding) sell() {
	lines := []ticketing.PurchaseLine{{TicketTypeID: f.regular.ID, Quantity: 2}}
	if rapid.Bool().Draw(f.rt, "lunch") {
		lines = append(lines, ticketing.PurchaseLine{AddOnID: f.addOn.ID, Quantity: 1})
	}
	f.n++
	o, _, err := f.Ticketing.PlaceOrder(f.t.Context(), ticketing.Purchase{EventID: f.event.ID, Lines: lines,
		Buyer: ticketing.Attendee{Name: fmt.Sprintf("Žofie %d", f.n), Email: fmt.Sprintf("zofie%d@example.org", f.n)}})
	if err != nil {
		f.t.Fatal(err)
	}
	f.orders = append(f.orders, o)
}

func (f *feeding) cancel() {
	o, _ := f.some()
	_, _ = f.Ticketing.CancelOrder(f.t.Context(), o.CommunityID, o.ID, ticketing.CanceledByOrganiser, false) // it may be over
}

func (f *feeding) passOn() {
	_, ticket := f.some()
	f.n++
	name := fmt.Sprintf("Ngọc %d", f.n)
	_ = f.Ticketing.FillDetails(f.t.Context(), ticket.ID, ticketing.Details{Attendee: ticketing.Attendee{Name: name, Email: fmt.Sprintf("ngoc%d@example.org", f.n)}, Version: ticket.Version}) // likewise
}

func (f *feeding) loseAddOn() {
	_, ticket := f.some()
	_, _ = f.Ticketing.CancelAddOn(f.t.Context(), f.event.CommunityID, ticket.ID, f.addOn.ID, false) // it may have none
}

func (f *feeding) scan() {
	_, ticket := f.some()
	if ticket.Code == "" {
		return
	}
	scan := f.must(checkin.ScanInput{ListID: f.list.ID, Code: ticket.Code, Gate: rapid.SampledFrom([]string{"North", "South"}).Draw(f.rt, "gate"),
		Direction: rapid.SampledFrom([]checkin.Direction{checkin.Entry, checkin.Entry, checkin.Exit}).Draw(f.rt, "direction")})
	f.scans = append(f.scans, scan)
}

func (f *feeding) tellLate() {
	_, ticket := f.some()
	if ticket.Code == "" {
		return
	}
	f.n++
	f.scans = append(f.scans, f.sync(f.list, queued(f.t, "dev_a", fmt.Sprint(f.n), ticket.Code, time.Duration(f.clock.Load())-time.Duration(rapid.IntRange(0, 20).Draw(f.rt, "late"))*time.Minute))...)
}

func (f *feeding) takeBack() {
	if len(f.scans) > 0 {
		_, _ = f.Annul(f.t.Context(), f.event.CommunityID, rapid.SampledFrom(f.scans).Draw(f.rt, "scan").ID, "") // it may be gone
	}
}

// compare hears what is new, and everything, and opens each record with its code.
func (f *feeding) compare() {
	f.t.Helper()
	var all pocket
	f.hear(&f.pocket, f.list)
	f.hear(&all, f.list)
	for _, p := range []*pocket{&f.pocket, &all} { // who has a code that does not open is not asked how often it did
		maps.DeleteFunc(p.passes, func(short checkin.Short, _ string) bool { return p.codes[short] != "" })
	}
	if !maps.Equal(f.pocket.codes, all.codes) || !maps.Equal(f.pocket.passes, all.passes) {
		f.rt.Fatalf("it knows %v %v, and should know %v %v", f.pocket.codes, f.pocket.passes, all.codes, all.passes)
	}
	valid := 0
	for _, o := range f.orders {
		o, err := f.Ticketing.Order(f.t.Context(), o.CommunityID, o.Code)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, ticket := range o.Tickets {
			if ticket.Status == ticketing.Valid {
				valid++
				f.opens(ticket, o)
			}
		}
	}
	if open := slices.Collect(maps.Values(all.codes)); valid != len(open)-len(slices.DeleteFunc(slices.Clone(open), func(r checkin.Reason) bool { return r == "" })) {
		f.rt.Fatalf("%d tickets are valid, of %v", valid, all.codes)
	}
}

func (f *feeding) opens(ticket *ticketing.Ticket, o *ticketing.Order) {
	f.t.Helper()
	short, nonce := shortOf(f.rt, ticket.Code)
	plain, err := opened(nonce, short, f.pocket.sealed[short])
	var record struct {
		Name   string       `json:"name"`
		AddOns []turnout.ID `json:"add_ons"`
	}
	if err == nil {
		err = json.Unmarshal([]byte(plain), &record)
	}
	has := slices.ContainsFunc(o.AddOns, func(a *ticketing.TicketAddOn) bool { return a.TicketID == ticket.ID })
	if err != nil || record.Name != ticket.AttendeeName || has != slices.Contains(record.AddOns, f.addOn.ID) || strings.Contains(plain, "@") {
		f.rt.Fatalf("the record of %s (add-on %v) is %s, %v", ticket.AttendeeName, has, plain, err)
	}
	for other, sealed := range f.pocket.sealed {
		if other != short {
			if plain, err := opened(nonce, other, sealed); err == nil {
				f.rt.Fatalf("the code of another opens %s", plain)
			}
		}
	}
}
