package documents

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/paper"
)

func badges(t testing.TB, s BadgeSheet) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := BadgesPDF(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func eachBadge(t *testing.T, test func(t *testing.T, layout BadgeLayout, on BadgePaper)) {
	for _, layout := range BadgeLayouts {
		for _, on := range BadgePapers {
			t.Run(string(layout)+"/"+string(on), func(t *testing.T) { test(t, layout, on) })
		}
	}
}

// greyPage reads a page that pdftoppm -gray made.
func greyPage(t *testing.T, file string) *image.Gray {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var w, h, most int
	if _, err := fmt.Sscanf(string(data[:20]), "P5\n%d %d\n%d\n", &w, &h, &most); err != nil || most != 255 {
		t.Fatalf("%s is no picture of greys: %v", file, err)
	}
	img := image.NewGray(image.Rect(0, 0, w, h))
	copy(img.Pix, data[len(data)-w*h:])
	return img
}

// The QR on each badge, read by zbar, is its code, in every layout on every paper, with everything else on the badge.
func TestQROnTheBadgeSaysTheCode(t *testing.T) {
	names, _ := realStrings(t)
	random := rand.New(rand.NewPCG(7, 12))
	eachBadge(t, func(t *testing.T, layout BadgeLayout, on BadgePaper) {
		s := BadgeSheet{Layout: layout, Paper: on, FirstName: random.IntN(2) == 0, Title: "Polyglot Days 2026", Accent: "#ffd400", Logo: sampleLogo(t), NoName: "Guest"}
		for _, i := range []int{0, 4, 26, 36} {
			s.Badges = append(s.Badges, Badge{Name: names[i], Lines: []string{"Łódź Institute of Technology", "they / them"}, Type: "Early bird", Order: "K7QX2M",
				Code: randomCode(random, 91), Band: "SPEAKER", Color: "#b91c1c"})
		}
		folder := folderWith(t, badges(t, s))
		run(t, folder, "qpdf", "--check", "ticket.pdf")
		run(t, folder, "pdftoppm", "-r", "150", "-png", "ticket.pdf", "page")
		pages, err := filepath.Glob(folder + "/page-*.png")
		if err != nil {
			t.Fatal(err)
		}
		var read strings.Builder
		for _, p := range pages {
			read.WriteString(run(t, folder, "zbarimg", "-q", "--raw", p))
		}
		for _, b := range s.Badges {
			if want := map[bool]int{true: 2, false: 1}[on == BadgeFold]; strings.Count(read.String(), b.Code) != want {
				t.Errorf("%q: the code was not read %d times in %q", b.Name, want, read.String())
			}
		}
		for _, f := range []badgeFace{{sheet: s, box: paper.Box{W: 95, H: 68}, qr: paper.Matrix{{true}}}, {sheet: s, box: paper.Box{W: 95, H: 148}, qr: paper.Matrix{{true}}}} {
			if side := f.qrSide() * 41 / (41 + 2*paper.Quiet); side < 20 { // 41 modules: what a ticket's code of 146 characters needs
				t.Errorf("the code is %.1f mm wide", side)
			}
		}
	})
}

// Every real name and every naughty string leaves ink on its badge and none within a millimetre of the cut, in both directions of a badge.
func TestEveryNameStaysOnItsBadge(t *testing.T) {
	names, naughty := realStrings(t)
	names = append(append(names, naughty...), "W", "i", "李", strings.Repeat("W", 300), strings.Repeat("ﷺ", 40), strings.Repeat("🎈", 80), strings.Repeat("ශ්\u200dරී", 60),
		"Z"+strings.Repeat("\u0341\u0353", 30), strings.Repeat("नमस्ते", 40), strings.Repeat("สวัสดี", 40), strings.Repeat("각", 90), strings.Repeat("محمد ", 40))
	const dots = 80.0
	for _, s := range []BadgeSheet{{Layout: BadgeName}, {Layout: BadgeDetails, FirstName: true}} {
		s.Paper, s.NoName = BadgeA4, "Guest"
		for _, name := range names {
			s.Badges = append(s.Badges, Badge{Name: name})
		}
		folder := folderWith(t, badges(t, s))
		run(t, folder, "qpdf", "--check", "ticket.pdf")
		run(t, folder, "pdftoppm", "-r", fmt.Sprint(dots), "-gray", "ticket.pdf", "page")
		pages, err := filepath.Glob(folder + "/page-*.pgm")
		if err != nil || len(pages) != (len(names)+7)/8 {
			t.Fatalf("%d pages, %v", len(pages), err)
		}
		for n, file := range pages {
			img := greyPage(t, file)
			for i := range min(8, len(names)-8*n) {
				if inside, edge := ink(img, s.places(i)[0], 1, dots/25.4); inside == 0 || edge > 0 {
					t.Errorf("%s: %.80q has %d dots of ink on its badge and %d at its edge", s.Layout, names[8*n+i], inside, edge)
				}
			}
		}
	}
}

// ink counts the dark dots of a box, and those within some millimetres of its edge.
func ink(img *image.Gray, box paper.Box, edge, perMM float64) (inside, atEdge int) {
	for y := int(box.Y*perMM) + 1; y < int((box.Y+box.H)*perMM); y++ {
		for x := int(box.X*perMM) + 1; x < int((box.X+box.W)*perMM); x++ {
			if img.GrayAt(x, y).Y > 0xa0 {
				continue
			}
			inside++
			mmX, mmY := float64(x)/perMM-box.X, float64(y)/perMM-box.Y
			if mmX < edge || mmY < edge || mmX > box.W-edge || mmY > box.H-edge {
				atEdge++
			}
		}
	}
	return inside, atEdge
}

// A name stands in one line while it is large, then in more, never smaller than LeastName and never with a word broken that has another
// way. Only one that is longer than all lines is cut, ends in an ellipsis, and is said to be cut.
func TestNamesShrinkAndAreNeverCutSilently(t *testing.T) {
	long := "Maria del Carmen Fernández-Villanueva y Rodríguez de la Torre"
	eachBadge(t, func(t *testing.T, layout BadgeLayout, on BadgePaper) {
		if layout == BadgeDetails || layout == BadgeThermal {
			return // set as in brand
		}
		for _, tt := range []struct {
			name string
			cut  bool
		}{{"Ada", false}, {"Anna Kowalska", false}, {long, false}, {strings.Repeat("Wolfeschlegel ", 40), true}, {strings.Repeat("W", 200), true}} {
			for _, code := range []string{"", strings.Repeat("A", 146)} {
				s := BadgeSheet{Layout: layout, Paper: on, Badges: []Badge{{Name: tt.name, Code: code}}}
				text := run(t, folderWith(t, badges(t, s)), "pdftotext", "-raw", "ticket.pdf", "-")
				flat := strings.Join(strings.Fields(text), "")
				if whole := strings.Contains(flat, strings.ReplaceAll(tt.name, " ", "")); whole == tt.cut {
					t.Errorf("%q is whole: %v\n%s", tt.name, whole, text)
				}
				if said := s.NameIsCut(s.Badges[0]); said != tt.cut || strings.Contains(flat, "…") != tt.cut {
					t.Errorf("%q: said to be cut %v, on paper: %s", tt.name, said, text)
				}
			}
		}
	})
	for _, tt := range []struct {
		name  string
		w     float64
		lines int
	}{{"Anna Kowalska", 85, 1}, {"Anna Katarzyna Kowalska", 51, 2}, {long, 85, 3}, {"Wolfeschlegelsteinhausen", 40, 2}} {
		f := badgeFace{sheet: BadgeSheet{Paper: BadgeA6}, box: paper.Box{W: 105, H: 148}}
		part, _ := f.setName(tt.name, tt.w, 34)
		if got := len(paper.Wrap(tt.name, tt.w, part.style)); got != tt.lines || part.style.Size < LeastName {
			t.Errorf("%q stands in %d lines of %.1f points, want %d", tt.name, got, part.style.Size, tt.lines)
		}
	}
}

// A label is as long as what stands on it; the other papers have their size whatever it is.
func TestLabelsGrowWithTheirContent(t *testing.T) {
	lengths := map[string]string{}
	for name, b := range map[string]Badge{"short": {Name: "Ada"}, "code": {Name: "Ada", Code: strings.Repeat("A", 146)},
		"all": {Name: "Ada", Code: strings.Repeat("A", 146), Band: "CREW", Lines: []string{"Analytical Engines", "she / her"}, Type: "Regular", Order: "K7QX2M"}} {
		for _, on := range []BadgePaper{BadgeLabel, BadgeA6, Badge4x6} {
			info := run(t, folderWith(t, badges(t, BadgeSheet{Paper: on, Badges: []Badge{b}, Title: "Summit"})), "pdfinfo", "ticket.pdf")
			_, size, _ := strings.Cut(info, "Page size:")
			size, _, _ = strings.Cut(strings.TrimSpace(size), " pts")
			if want := map[BadgePaper]string{BadgeA6: "297.64 x 419.53", Badge4x6: "288 x 432"}[on]; want != "" && size != want {
				t.Errorf("%s: %s, want %s", on, size, want)
			}
			if on == BadgeLabel {
				lengths[name] = size
				if !strings.HasPrefix(size, "175.75 x ") {
					t.Errorf("a label is not 62 mm wide: %s", size)
				}
			}
		}
	}
	if lengths["short"] == lengths["code"] || lengths["code"] == lengths["all"] {
		t.Errorf("labels do not grow: %v", lengths)
	}
}

// What is for a thermal printer is black on white, whatever the event's colours are.
func TestThermalBadgesAreBlack(t *testing.T) {
	for _, s := range []BadgeSheet{{Layout: BadgeThermal, Paper: Badge4x6}, {Layout: BadgeBrand, Paper: BadgeLabel}} {
		s.Accent, s.Title, s.Logo = "#ff0000", "Summit", sampleLogo(t)
		s.Badges = []Badge{{Name: "Ada", Lines: []string{"A", "B"}, Type: "C", Band: "CREW", Color: "#00ff00", Code: "CODE"}}
		var svg bytes.Buffer
		if err := BadgePicture(&svg, s); err != nil {
			t.Fatal(err)
		}
		for _, fill := range strings.Split(svg.String(), `fill="#`)[1:] {
			if c := fill[:3]; c != "fff" && c != "000" {
				t.Errorf("%s on %s has the colour #%s", s.Layout, s.Paper, fill[:6])
			}
		}
		if strings.Contains(svg.String(), "<image") {
			t.Error("a thermal badge has a logo")
		}
	}
}

func TestBadgePicture(t *testing.T) {
	eachBadge(t, func(t *testing.T, layout BadgeLayout, on BadgePaper) {
		s := BadgeSheet{Layout: layout, Paper: on, Title: "<Summit>", Logo: sampleLogo(t), Badges: []Badge{{Name: "Łukasz 李 🎈", Band: "CREW", Code: "CODE"}}}
		var svg bytes.Buffer
		if err := BadgePicture(&svg, s); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(svg.Bytes(), new(struct{})); err != nil || strings.Contains(svg.String(), "NaN") || strings.Contains(svg.String(), "style=") {
			t.Errorf("%v: %.300s", err, svg.String())
		}
	})
}

func TestBadgesAreRefused(t *testing.T) {
	one := Badge{Name: "Ada"}
	for name, s := range map[string]BadgeSheet{
		"no badge":      {},
		"code too long": {Badges: []Badge{{Code: strings.Repeat("A", 400)}}},
		"accent no hex": {Accent: "red", Badges: []Badge{one}},
		"band no hex":   {Badges: []Badge{{Band: "CREW", Color: "red"}}},
	} {
		var refused *turnout.Error
		for _, write := range []func(io.Writer, BadgeSheet) error{BadgesPDF, BadgePicture} {
			if err := write(io.Discard, s); !errors.As(err, &refused) || refused.Kind != turnout.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// BenchmarkBadges draws a run's largest file.
//
//	go test -run - -bench Badges -benchtime 5x ./ticketing/documents
func BenchmarkBadges(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, on := range []BadgePaper{BadgeA4, BadgeLabel} {
		for _, n := range []int{1000, 5000} {
			s := BadgeSheet{Layout: BadgeBrand, Paper: on, Title: "Summit"}
			for range n {
				s.Badges = append(s.Badges, Badge{Name: pick(random, "Mary Łukasz 李") + " " + pick(random, "Jones Żółć Tran"), Lines: []string{"Institute"}, Type: "Regular", Code: randomCode(random, 91)})
			}
			b.Run(fmt.Sprintf("%s/%d", on, n), func(b *testing.B) {
				var held uint64
				start := time.Now()
				for b.Loop() {
					var before, after runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&before)
					if err := BadgesPDF(io.Discard, s); err != nil {
						b.Fatal(err)
					}
					runtime.ReadMemStats(&after)
					held = max(held, after.HeapSys-before.HeapAlloc)
				}
				b.ReportMetric(float64(b.N*n)/time.Since(start).Seconds(), "badges/s")
				b.ReportMetric(float64(held)/1e6, "MB-heap")
			})
		}
	}
}
