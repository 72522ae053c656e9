package documents

import (
	"bytes"
	"encoding/base32"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jung-kurt/gofpdf"
	"github.com/skip2/go-qrcode"
)

// debianDejaVu is where the fonts are that a plain gofpdf program would use.
const debianDejaVu = "/usr/share/fonts/truetype/dejavu/DejaVu"

// BenchmarkTicketPDF measures goal P9: the rate of single ticket PDFs to that of plain gofpdf with a font given to
// AddUTF8FontFromBytes. Two bases: a page of four lines in one font (ratio-page), and a plain ticket, which has what a ticket needs: two
// weights and the QR as a picture (ratio-ticket). All are measured in turn within one run and the medians compared, so that a busy machine
// slows all; each ticket has another name and code.
//
//	go test -run - -bench TicketPDF ./ticketing/documents
func BenchmarkTicketPDF(b *testing.B) {
	regular, err := os.ReadFile(debianDejaVu + "Sans.ttf")
	if err != nil {
		b.Skip("needs DejaVuSans.ttf, Debian's fonts-dejavu-core: ", err)
	}
	bold, err := os.ReadFile(debianDejaVu + "Sans-Bold.ttf")
	if err != nil {
		b.Fatal(err)
	}
	for _, script := range []struct{ name, first, last string }{
		{"latin", "Mary Ann Elizabeth", "Jones Baker Smith Wright"}, {"polish", "Łukasz Żaneta Paweł Agnieszka", "Żółć Śliwa Dąb"},
		{"arabic", "محمد أحمد نور", "الأحمد السيد"}, {"han", "歐 李 毛", "菲菲 太郎 陽"},
	} {
		b.Run(script.name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			var ours, page, ticket []float64
			var out bytes.Buffer
			timed := func(all *[]float64, draw func() error) {
				out.Reset()
				start := time.Now()
				if err := draw(); err != nil {
					b.Fatal(err)
				}
				*all = append(*all, time.Since(start).Seconds())
			}
			for b.Loop() {
				o := sampleOrder(pick(random, script.first) + " " + pick(random, script.last))
				timed(&page, func() error { return plainPage(&out, o, regular) })
				timed(&ticket, func() error { return plainTicket(&out, o, regular, bold) })
				for range 5 {
					o.Tickets[0].Code, o.Code = randomCode(random, 91), randomCode(random, 5)
					timed(&ours, func() error { return TicketsPDF(&out, o) })
				}
			}
			b.ReportMetric(1/median(ours), "tickets/s")
			b.ReportMetric(median(page)/median(ours), "ratio-page")
			b.ReportMetric(median(ticket)/median(ours), "ratio-ticket")
			b.ReportMetric(float64(out.Len())/1000, "kB")
		})
	}
}

func plainPage(w io.Writer, o Order, font []byte) error {
	p := gofpdf.New("P", "mm", "A4", "")
	p.AddUTF8FontFromBytes("dejavu", "", font)
	p.AddPage()
	p.SetFont("dejavu", "", 14)
	p.MultiCell(0, 8, strings.Join([]string{o.Event.Title, o.Event.When, o.Tickets[0].Attendee, o.Tickets[0].Code}, "\n"), "", "", false)
	return p.Output(w)
}

func plainTicket(w io.Writer, o Order, regular, bold []byte) error {
	p := gofpdf.New("P", "mm", "A4", "")
	p.AddUTF8FontFromBytes("dejavu", "", regular)
	p.AddUTF8FontFromBytes("dejavu", "B", bold)
	p.AddPage()
	p.SetFont("dejavu", "B", 24)
	p.MultiCell(0, 10, o.Event.Title+"\n"+o.Tickets[0].Attendee, "", "", false)
	p.SetFont("dejavu", "", 10)
	e, t := o.Event, o.Tickets[0]
	p.MultiCell(0, 5, strings.Join([]string{e.Community, e.When, e.Where, t.Type, o.Code, e.Terms, e.Organiser, t.Code}, "\n"), "", "", false)
	qr, err := qrcode.Encode(t.Code, qrcode.Medium, 256)
	if err != nil {
		return err
	}
	options := gofpdf.ImageOptions{ImageType: "PNG"}
	p.RegisterImageOptionsReader("qr", options, bytes.NewReader(qr))
	p.ImageOptions("qr", 140, 100, 50, 50, false, options, 0, "")
	return p.Output(w)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func pick(random *rand.Rand, words string) string {
	all := strings.Fields(words)
	return all[random.IntN(len(all))]
}

func randomCode(random *rand.Rand, bytes int) string {
	raw := make([]byte, bytes)
	for i := range raw {
		raw[i] = byte(random.Uint32())
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
}

// sampleOrder is one in-person ticket.
func sampleOrder(name string) Order {
	return Order{
		Code: "K7QX2M",
		Made: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Event: Event{
			Title: "Polyglot Days 2026: communities, compilers, coffee and cake!", Community: "Open Source Brno", Accent: "#0f766e",
			When:      "Thu 4 June 2026, 09:00–17:30\nCEST (UTC+2)",
			Where:     "Community house\nRiver street 32, 602 00 Brno",
			Organiser: "Organised by Open Source Brno · hello@example.org",
			Terms: "Doors open at 08:15. Bring a photo ID that matches the name on this ticket.\n" +
				"You can pass this ticket on to someone else until the day before, on your order page.\nRefunds are possible until 20 May 2026.",
		},
		Tickets: []Ticket{{
			Code: randomCode(rand.New(rand.NewPCG(3, 4)), 91), Attendee: name, Type: "Early bird, two days",
			Details: []Detail{{"Price", "€120.00"}}, Extras: []string{"Workshop: Bidi for the brave", "T-shirt L"},
		}},
	}
}
