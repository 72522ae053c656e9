package documents

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"turnout"
)

const sharedStrings = "../../../shared/real-data/strings"

// realStrings gives the names, and behind them the naughty strings, of the shared data.
func realStrings(t *testing.T) (names, naughty []string) {
	t.Helper()
	table, err := os.ReadFile(filepath.Join(sharedStrings, "names.tsv"))
	if err != nil {
		t.Skip("needs the shared real data: ", err)
	}
	for _, row := range strings.Split(strings.TrimSuffix(string(table), "\n"), "\n")[1:] {
		name, _, _ := strings.Cut(row, "\t")
		names = append(names, name)
	}
	raw, err := os.ReadFile(filepath.Join(sharedStrings, "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &naughty); err != nil {
		t.Fatal(err)
	}
	return names, naughty
}

// run runs a tool of the test machine in a folder, or skips the test when it is missing.
func run(t *testing.T, folder, tool string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("needs %s (Debian: qpdf, poppler-utils, zbar-tools)", tool)
	}
	cmd := exec.Command(tool, args...)
	cmd.Dir = folder
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, complaint.String())
	}
	return string(out)
}

func tickets(t testing.TB, o Order) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := TicketsPDF(&out, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// folderWith writes ticket.pdf into a folder of its own.
func folderWith(t *testing.T, pdf []byte) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "ticket.pdf"), pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

var paperSizes = map[string]Size{"a4": A4, "letter": Letter, "phone": Phone}

// The QR on the page, read by zbar, is the code of that ticket, whatever the name, in every layout, on every size of paper and in every
// colour: those that are hardest to read on, too.
func TestQROnThePageSaysTheCode(t *testing.T) {
	names, _ := realStrings(t)
	random := rand.New(rand.NewPCG(7, 11))
	accents := []string{"#777777", "#ffd400", "#000000", "#ffffff"}
	for name, size := range paperSizes {
		for n, layout := range Layouts {
			t.Run(name+"/"+string(layout), func(t *testing.T) {
				o := sampleOrder("")
				o.Size, o.Tickets, o.Design = size, nil, Design{Layout: layout, LargeName: n == 1}
				o.Event.Accent, o.Event.Logo = accents[(n+int(size))%len(accents)], sampleLogo(t)
				for _, i := range []int{0, 4, 26, 36, 50, 63, 64} {
					o.Tickets = append(o.Tickets, Ticket{Code: randomCode(random, 88+i%9), Attendee: names[i], Type: "Regular", Extras: []string{names[i], "T-shirt"}})
				}
				folder := folderWith(t, tickets(t, o))
				run(t, folder, "qpdf", "--check", "ticket.pdf")
				run(t, folder, "pdftoppm", "-r", "110", "-png", "ticket.pdf", "page")
				for i, ticket := range o.Tickets {
					got := run(t, folder, "zbarimg", "-q", "--raw", fmt.Sprintf("page-%d.png", i+1))
					if strings.TrimSpace(got) != ticket.Code {
						t.Errorf("page %d, for %q: the QR says %q, want %q", i+1, ticket.Attendee, got, ticket.Code)
					}
				}
			})
		}
	}
}

// sampleLogo is a dark mark on nothing.
func sampleLogo(t *testing.T) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 300, 120))
	for x := range 300 {
		for y := range 120 {
			if (x/20+y/20)%2 == 0 {
				img.Set(x, y, color.NRGBA{20, 30, 70, 255})
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Every real name and every naughty string makes a valid ticket, and so do all texts of a ticket when they are hostile.
func TestEveryNameMakesATicket(t *testing.T) {
	names, naughty := realStrings(t)
	o := sampleOrder("")
	code := o.Tickets[0].Code
	o.Tickets = nil
	for _, name := range append(names, naughty...) {
		o.Tickets = append(o.Tickets, Ticket{Code: code, Attendee: name, Type: name, Details: []Detail{{name, name}}, Extras: []string{name, name}})
	}
	run(t, folderWith(t, tickets(t, o)), "qpdf", "--check", "ticket.pdf")
	for i, s := range naughty {
		o := sampleOrder(s)
		o.Event = Event{Title: s, Community: s, When: s, Where: s, Organiser: s, Terms: s, Logo: []byte(s)}
		o.Tickets[0].Virtual, o.Tickets[0].Opens = true, s
		o.Tickets[0].Extras = []string{s, ""}
		o.Size, o.Design.Layout = []Size{A4, Phone}[i%2], Layouts[i%3]
		tickets(t, o)
	}
}

func TestTicketSaysWhatItMust(t *testing.T) {
	o := sampleOrder("Łukasz Żółć")
	virtual := Ticket{Code: randomCode(rand.New(rand.NewPCG(5, 6)), 91), Attendee: "Ђорђе", Type: "Online pass", Virtual: true,
		JoinURL: "https://turnout.example/join/9f8a7c6b5d4e", Opens: "Thu 4 June, 08:45 CEST"}
	o.Tickets = append(o.Tickets, virtual, Ticket{Code: o.Tickets[0].Code, Attendee: "\u202e", Type: "Online", Virtual: true})
	for i := range 3 * len(Layouts) {
		name := []string{"a4", "letter", "phone"}[i/3] + "/" + string(Layouts[i%3])
		o.Size, o.Design.Layout = Size(i/3), Layouts[i%3]
		folder := folderWith(t, tickets(t, o))
		page := func(n int) string {
			return run(t, folder, "pdftotext", "-f", fmt.Sprint(n), "-l", fmt.Sprint(n), "-raw", "ticket.pdf", "-")
		}
		for n, wanted := range map[int][]string{
			1: {"Łukasz Żółć", "Early bird, two days", "In person", "Thu 4 June 2026", "Community house", o.Code, "Ticket 1 of 3", "Also included", "Bidi for the brave", "T-shirt"},
			2: {"Ђорђе", "Online", "How to join", "https://turnout.example/join/9f8a7c6b5d4e", "The room opens Thu 4 June, 08:45"},
			3: {"Guest", "will be sent to you"},
		} {
			text := page(n)
			for _, want := range wanted {
				if !strings.Contains(text, want) {
					t.Errorf("%s, page %d does not say %q:\n%s", name, n, want, text)
				}
			}
			code := strings.Join(strings.Fields(text), "")
			if !strings.Contains(code, o.Tickets[n-1].Code) {
				t.Errorf("%s, page %d: the ticket code is not there as text", name, n)
			}
			if n > 1 && (strings.Contains(text, "at the door") || strings.Contains(text, "Community house")) {
				t.Errorf("%s: a virtual ticket sends its holder to the venue", name)
			}
		}
		run(t, folder, "pdftoppm", "-r", "110", "-f", "2", "-l", "2", "-png", "ticket.pdf", "page")
		if got := run(t, folder, "zbarimg", "-q", "--raw", "page-2.png"); strings.TrimSpace(got) != virtual.JoinURL {
			t.Errorf("%s: the QR of a virtual ticket says %q", name, got)
		}
	}
}

// A name of 150 letters is printed to its end in every script, and so is an order's code unless the design leaves it out.
func TestLongNamesAreNotCut(t *testing.T) {
	for _, word := range []string{"Wolfeschlegelsteinhausen ", "Łukasz ", "Ђорђе "} {
		name := string([]rune(strings.Repeat(word, 30))[:147]) + "end"
		for i := range 3 * len(Layouts) {
			for _, large := range []bool{false, true} {
				o := sampleOrder(name)
				o.Tickets[0].Details = nil
				o.Size, o.Design = Size(i/3), Design{Layout: Layouts[i%3], LargeName: large, HideOrder: large}
				text := run(t, folderWith(t, tickets(t, o)), "pdftotext", "-raw", "ticket.pdf", "-")
				if got := strings.Join(strings.Fields(text), ""); !strings.Contains(got, strings.Join(strings.Fields(name), "")) {
					t.Errorf("%d %s, large %v: %q was cut: %s", o.Size, o.Design.Layout, large, name, text)
				}
				if strings.Contains(text, o.Code) == large {
					t.Errorf("%d %s: hide %v, but the page says %s", o.Size, o.Design.Layout, large, text)
				}
			}
		}
	}
}

// The same order gives the same bytes, and the drawing itself is the one that was looked at and committed as a hash. The hash is over the
// unpacked streams, so that another compressor does not change it. After a wanted change of the design: look at the pages,
// then put the new hash into testdata/ticket.sha256.
func TestSameOrderSameBytes(t *testing.T) {
	o := sampleOrder("Łukasz Żółć 李 🎈")
	first := tickets(t, o)
	if !bytes.Equal(first, tickets(t, o)) {
		t.Fatal("drawn twice, the same order has other bytes")
	}
	if len(first) > 40_000 {
		t.Errorf("a ticket has %d bytes, more than 40 kB", len(first))
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(unpacked(t, first)))
	want, err := os.ReadFile("testdata/ticket.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(want)) != hash {
		t.Errorf("the ticket is drawn in another way than committed: %s", hash)
	}
}

var streams = regexp.MustCompile(`(?s)/Length [^>]*>>\nstream\n(.*?)\nendstream`)

func unpacked(t *testing.T, pdf []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, m := range streams.FindAllSubmatch(pdf, -1) {
		var stream io.Reader = bytes.NewReader(m[1])
		if packed, err := zlib.NewReader(bytes.NewReader(m[1])); err == nil {
			stream = packed
		}
		if _, err := io.Copy(&out, stream); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Contains(out.Bytes(), []byte("Attendee")) {
		t.Fatal("the content of the page was not found")
	}
	return out.Bytes()
}

// The picture of a ticket is sound XML whatever is written on it, the same each time, in the event's colour and with its logo.
func TestTicketPicture(t *testing.T) {
	names, naughty := realStrings(t)
	logo := sampleLogo(t)
	for i, s := range append(names, naughty...) {
		if i >= len(names) && i%8 != 0 {
			continue // the PDFs have seen all of them
		}
		o := sampleOrder(s)
		o.Event.Title, o.Event.Where, o.Event.Terms, o.Event.Logo = s, s, s, logo
		o.Size, o.Design.Layout = Size(i%3), Layouts[i/3%2] // the plain one has no colour
		var first, again bytes.Buffer
		if err := errors.Join(TicketPicture(&first, o), TicketPicture(&again, o)); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(first.Bytes(), new(struct{})); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if svg := first.String(); svg != again.String() || !strings.Contains(svg, `fill="#0f766e"`) || !strings.Contains(svg, `href="data:image/`) || strings.Contains(svg, "NaN") {
			t.Errorf("%q: %.300s", s, svg)
		}
	}
}

func TestTicketsPDFRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Order){
		"no ticket":        func(o *Order) { o.Tickets = nil },
		"no code":          func(o *Order) { o.Tickets[0].Code = "" },
		"code too long":    func(o *Order) { o.Tickets[0].Code = strings.Repeat("A", 400) },
		"accent no hex":    func(o *Order) { o.Event.Accent = "red" },
		"accent too short": func(o *Order) { o.Event.Accent = "#fff" },
	} {
		o := sampleOrder("x")
		spoil(&o)
		var refused *turnout.Error
		for _, write := range []func(io.Writer, Order) error{TicketsPDF, TicketPicture} {
			if err := write(io.Discard, o); !errors.As(err, &refused) || refused.Kind != turnout.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
