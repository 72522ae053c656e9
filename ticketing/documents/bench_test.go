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
)

// debianDejaVu is the font that a plain gofpdf program would use.
const debianDejaVu = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

// BenchmarkTicketPDF measures goal P9: the rate of single ticket PDFs to that of one plain page set by gofpdf in a font given to
// AddUTF8FontFromBytes. Both are measured in turn within one run and the medians compared, so that a busy machine slows both; each
// ticket has another name and code.
//
//	go test -run - -bench TicketPDF ./ticketing/documents
func BenchmarkTicketPDF(b *testing.B) {
	font, err := os.ReadFile(debianDejaVu)
	if err != nil {
		b.Skip("needs DejaVuSans.ttf, Debian's fonts-dejavu-core: ", err)
	}
	for _, script := range []struct{ name, first, last string }{
		{"latin", "Mary Ann Elizabeth", "Jones Baker Smith Wright"}, {"polish", "Łukasz Żaneta Paweł Agnieszka", "Żółć Śliwa Dąb"},
		{"arabic", "محمد أحمد نور", "الأحمد السيد"}, {"han", "歐 李 毛", "菲菲 太郎 陽"},
	} {
		b.Run(script.name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			var ours, plain []float64
			var out bytes.Buffer
			for b.Loop() {
				for range 5 {
					o := sampleOrder(pick(random, script.first) + " " + pick(random, script.last))
					o.Tickets[0].Code, o.Code = randomCode(random, 91), randomCode(random, 5)
					out.Reset()
					start := time.Now()
					if err := TicketsPDF(&out, o); err != nil {
						b.Fatal(err)
					}
					ours = append(ours, time.Since(start).Seconds())
				}
				start := time.Now()
				plainPage(b, font)
				plain = append(plain, time.Since(start).Seconds())
			}
			b.ReportMetric(1/median(ours), "tickets/s")
			b.ReportMetric(1/median(plain), "gofpdf/s")
			b.ReportMetric(median(plain)/median(ours), "ratio")
			b.ReportMetric(float64(out.Len())/1000, "kB")
		})
	}
}

func plainPage(b *testing.B, font []byte) {
	o := sampleOrder("Łukasz Żółć")
	p := gofpdf.New("P", "mm", "A4", "")
	p.AddUTF8FontFromBytes("dejavu", "", font)
	p.AddPage()
	p.SetFont("dejavu", "", 14)
	p.MultiCell(0, 8, strings.Join([]string{o.Event.Title, o.Event.When, o.Tickets[0].Attendee, o.Tickets[0].Code}, "\n"), "", "", false)
	if err := p.Output(io.Discard); err != nil {
		b.Fatal(err)
	}
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
			Details: []Detail{{"Price", "€120.00"}, {"Add-ons", "Workshop: Bidi for the brave · T-shirt L"}},
		}},
	}
}
