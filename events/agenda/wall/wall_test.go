package wall

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout"
	"turnout/events/agenda/exchange"
	"turnout/templates"
)

const realData = "../../../../shared/real-data"

var words = sync.OnceValue(func() *templates.Set {
	set, err := templates.New()
	if err != nil {
		panic(err)
	}
	return set
})

func look() Look {
	return Look{Words: words(), Lang: "en", Community: "Harbour", Accent: "#0f766e", URL: "https://events.example.org/e/summit/schedule", Released: time.Date(2027, 5, 1, 10, 0, 0, 0, time.UTC)}
}

// summit is two days in Berlin: two rooms, all together at the opening and for lunch, a talk after midnight, and a room that nobody uses.
func summit() *exchange.Schedule {
	at := func(day, hour, minute int) time.Time { return time.Date(2027, 6, day, hour-2, minute, 0, 0, time.UTC) }
	session := func(key, title, kind, room string, start time.Time, minutes int, speakers ...string) exchange.Session {
		return exchange.Session{Key: key, Title: title, Kind: kind, Room: room, Start: start, Length: time.Duration(minutes) * time.Minute, Speakers: speakers}
	}
	s := &exchange.Schedule{Title: "Summit 2027", Version: "1.2", Zone: "Europe/Berlin", FirstDay: "2027-06-04", LastDay: "2027-06-05", DayChange: 4 * time.Hour,
		Rooms:  []exchange.Room{{Key: "r1", Name: "Aula"}, {Key: "r2", Name: "Cellar"}, {Key: "r3", Name: "Attic"}},
		Tracks: []exchange.Track{{Name: "Databases", Color: "#b45309"}},
		People: []exchange.Person{{Key: "p1", Name: "Ada Łukasik"}, {Key: "p2", Name: "محمد الأحمد"}},
		Sessions: []exchange.Session{
			session("a", "Opening", "keynote", "", at(4, 9, 0), 30, "p1"),
			session("b", "Indexes", "talk", "r1", at(4, 9, 30), 45, "p1", "p2"),
			session("c", "Locks", "workshop", "r2", at(4, 9, 30), 180, "p2"),
			session("d", "Lunch", "break", "", at(4, 12, 30), 60),
			session("e", "Night shift", "talk", "r1", at(5, 0, 30), 60),
			session("f", "Backups", "talk", "r2", at(5, 10, 0), 60, "p1"),
			{Key: "g", Title: "Not placed yet", Kind: "talk", Room: "r3"},
		}}
	s.Sessions[1].Track = "Databases"
	return s
}

func run(t *testing.T, tool string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("needs %s (Debian: poppler-utils, zbar-tools)", tool)
	}
	out, err := exec.Command(tool, args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", tool, args, err)
	}
	return string(out)
}

// printed writes the schedule into a file and gives the file, and the text of each page.
func printed(t *testing.T, s *exchange.Schedule, l Look, choice Choice) (file string, pages []string) {
	t.Helper()
	var pdf bytes.Buffer
	if err := Write(&pdf, s, l, choice); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "wall.pdf")
	if err := os.WriteFile(file, pdf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	text := run(t, "pdftotext", "-layout", file, "-")
	return file, strings.Split(strings.TrimSuffix(text, "\f"), "\f")
}

func TestAPageForEachDayAndRoom(t *testing.T) {
	file, pages := printed(t, summit(), look(), Choice{})
	want := []struct{ says, not []string }{
		{[]string{"Aula", "Cellar", "Fri 4 June", "Opening", "Indexes", "Locks", "Lunch", "Night shift"}, []string{"Backups", "Attic"}},
		{[]string{"Aula", "Summit 2027", "Fri 4 June", "09:00", "Opening", "09:30", "10:15", "Indexes", "Ada Łukasik", "Databases", "12:30", "Lunch", "00:30", "Night shift", "Version 1.2", "Europe/Berlin", "Live schedule"}, []string{"Locks", "Backups", "of 2"}},
		{[]string{"Cellar", "Fri 4 June", "Opening", "Locks", "Lunch"}, []string{"Indexes", "Night shift", "Backups"}},
		{[]string{"Cellar", "Sat 5 June", "10:00", "Backups"}, []string{"Opening", "Night shift", "Locks"}},
	}
	if len(pages) != len(want) {
		t.Fatalf("%d pages:\n%s", len(pages), strings.Join(pages, "\n---\n"))
	}
	for i, page := range pages {
		for _, text := range want[i].says {
			if !strings.Contains(page, text) {
				t.Errorf("page %d does not say %q:\n%s", i+1, text, page)
			}
		}
		for _, text := range append(want[i].not, "Not placed yet") {
			if strings.Contains(page, text) {
				t.Errorf("page %d says %q:\n%s", i+1, text, page)
			}
		}
	}
	if fonts := run(t, "pdffonts", file); regexp.MustCompile(`(?m) no +(yes|no) +(yes|no) +\d+ +\d+$`).MatchString(fonts) {
		t.Errorf("a font is not embedded:\n%s", fonts)
	}
}

// What the QR of a page says is where its room and day are seen as they are then.
func TestTheQROpensTheRoomsLiveSchedule(t *testing.T) {
	file, _ := printed(t, summit(), look(), Choice{Room: "Cellar", Day: "2027-06-05", Size: A3})
	picture := strings.TrimSuffix(file, ".pdf")
	run(t, "pdftoppm", "-r", "100", "-png", "-singlefile", file, picture)
	got := strings.TrimSpace(run(t, "zbarimg", "-q", "--raw", picture+".png"))
	if want := "https://events.example.org/e/summit/schedule?day=2027-06-05&room=Cellar"; got != want {
		t.Errorf("the QR says %q, not %q", got, want)
	}
	s := summit()
	s.Rooms[1].Name = strings.Repeat("Das große Kellergewölbe ", 8)
	file, _ = printed(t, s, look(), Choice{Room: "r2", Day: "2027-06-05"})
	picture = strings.TrimSuffix(file, ".pdf")
	run(t, "pdftoppm", "-r", "150", "-png", "-singlefile", file, picture)
	if got := strings.TrimSpace(run(t, "zbarimg", "-q", "--raw", picture+".png")); got != look().URL {
		t.Errorf("beside a long name the QR says %q", got)
	}
}

func TestWhatIsChosenIsPrinted(t *testing.T) {
	for _, tt := range []struct {
		choice Choice
		pages  int
	}{
		{Choice{Day: "2027-06-04"}, 3}, {Choice{Day: "2027-06-05"}, 1}, {Choice{Room: "r1"}, 1}, {Choice{Room: "Cellar"}, 2},
		{Choice{NoSides: true}, 3}, {Choice{Day: "2027-06-04", Room: "r2", Size: Letter}, 1},
	} {
		if _, pages := printed(t, summit(), look(), tt.choice); len(pages) != tt.pages {
			t.Errorf("%+v: %d pages, not %d", tt.choice, len(pages), tt.pages)
		}
	}
	for field, choice := range map[string]Choice{
		"size": {Size: "a5"}, "day": {Day: "2027-06-06"}, "room_id": {Room: "Attic"},
	} {
		var out bytes.Buffer
		var refused *turnout.Error
		if err := Write(&out, summit(), look(), choice); !errors.As(err, &refused) || len(refused.Fields) != 1 || refused.Fields[0].Name != field || out.Len() > 0 {
			t.Errorf("%+v: %v, %d bytes", choice, err, out.Len())
		}
	}
	var refused *turnout.Error
	if err := Write(&bytes.Buffer{}, summit(), look(), Choice{Day: "2027-06-05", Room: "r1"}); !errors.As(err, &refused) || refused.Kind != turnout.Invalid {
		t.Errorf("a room on a day on which it has nothing: %v", err)
	}
	if err := Write(&bytes.Buffer{}, &exchange.Schedule{Zone: "UTC"}, look(), Choice{}); !errors.As(err, &refused) || refused.Kind != turnout.Invalid {
		t.Errorf("an empty schedule: %v", err)
	}
}

// A day whose sessions are all for everybody, or online, is one page under the event's name.
func TestAnEventWithoutRooms(t *testing.T) {
	s := summit()
	s.Rooms = nil
	for i := range s.Sessions {
		s.Sessions[i].Room = ""
	}
	_, pages := printed(t, s, look(), Choice{})
	if len(pages) != 2 || !strings.Contains(pages[0], "Indexes") || !strings.Contains(pages[0], "Locks") || strings.Contains(pages[0], "Backups") {
		t.Errorf("%d pages: %q", len(pages), pages)
	}
}

// A room with more than a page holds goes on on the next, each session once, and no session is lost between them.
func TestALongDayGoesOn(t *testing.T) {
	s := summit()
	s.Sessions = nil
	for i := range 90 {
		s.Sessions = append(s.Sessions, exchange.Session{Key: fmt.Sprint(i), Title: fmt.Sprintf("Lightning%03d talk", i), Kind: "talk", Room: "r1",
			Start: time.Date(2027, 6, 4, 7, 5*i, 0, 0, time.UTC), Length: 5 * time.Minute})
	}
	_, pages := printed(t, s, look(), Choice{})
	if len(pages) < 2 {
		t.Fatalf("90 sessions on %d page", len(pages))
	}
	for i, page := range pages {
		if want := fmt.Sprintf("%d of %d", i+1, len(pages)); !strings.Contains(page, want) || !strings.Contains(page, "Aula") {
			t.Errorf("page %d does not say %q", i+1, want)
		}
	}
	for i := range 90 {
		if n := strings.Count(strings.Join(pages, ""), fmt.Sprintf("Lightning%03d", i)); n != 1 {
			t.Errorf("session %d is printed %d times", i, n)
		}
	}
}

// Rooms stand side by side as long as their titles can be read.
func TestRoomsSideBySide(t *testing.T) {
	for _, tt := range []struct {
		rooms int
		size  Size
		side  bool
	}{{1, A4, false}, {2, A4, true}, {8, A4, true}, {9, A4, false}, {9, A3, true}, {12, A3, true}, {13, A3, false}} {
		s := &exchange.Schedule{Title: "Many", Zone: "UTC", DayChange: 4 * time.Hour}
		for i := range tt.rooms {
			s.Rooms = append(s.Rooms, exchange.Room{Key: fmt.Sprint("k", i), Name: fmt.Sprintf("Hall%02d", i)})
			s.Sessions = append(s.Sessions, exchange.Session{Key: fmt.Sprint("s", i), Title: fmt.Sprintf("Title%02d", i), Kind: "talk", Room: fmt.Sprint("k", i),
				Start: time.Date(2027, 6, 4, 9, 5*i, 0, 0, time.UTC), Length: 40 * time.Minute})
		}
		file, pages := printed(t, s, look(), Choice{Size: tt.size})
		if side := len(pages) == tt.rooms+1; side != tt.side {
			t.Errorf("%d rooms on %s: %d pages", tt.rooms, tt.size, len(pages))
		}
		if !tt.side {
			continue
		}
		for i := range tt.rooms {
			for _, text := range []string{fmt.Sprintf("Hall%02d", i), fmt.Sprintf("Title%02d", i), s.Sessions[i].Start.Format("15:04")} {
				if !strings.Contains(pages[0], text) {
					t.Errorf("%d rooms on %s: the first page does not say %q:\n%s", tt.rooms, tt.size, text, pages[0])
				}
			}
		}
		var width, height float64
		size := regexp.MustCompile(`Page size:\s+([\d.]+) x ([\d.]+)`).FindStringSubmatch(run(t, "pdfinfo", file))
		_, _ = fmt.Sscan(size[1], &width)
		_, _ = fmt.Sscan(size[2], &height)
		if width <= height {
			t.Errorf("the page with all rooms is %v by %v", width, height)
		}
	}
}

func TestEqualSchedulesGiveEqualBytes(t *testing.T) {
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := Write(out, summit(), look(), Choice{}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two files of one schedule differ")
	}
}

// Any text is printed: scripts, emoji, broken ones, and titles as long as a form takes.
func TestAnyTextIsPrinted(t *testing.T) {
	texts := []string{strings.Repeat("Donaudampfschifffahrtsgesellschaft", 8), strings.Repeat("word ", 100), "مؤتمر البرمجيات الحرة", "日本語のとても長いタイトルです", "👩‍👩‍👧‍👦 emoji \u202e evil", "a\x00b\xff\n\tc", "", "%PDF ( ) \\ "}
	if raw, err := os.ReadFile(filepath.Join(realData, "strings/blns.json")); err == nil {
		var naughty []string
		if err := json.Unmarshal(raw, &naughty); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, naughty...)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	pick := func() string { return texts[random.IntN(len(texts))] }
	for range 20 {
		s := &exchange.Schedule{Title: pick(), Version: pick(), Zone: "Asia/Kolkata"}
		for i := range 1 + random.IntN(9) {
			s.Rooms = append(s.Rooms, exchange.Room{Key: fmt.Sprint(i), Name: pick()})
			s.People = append(s.People, exchange.Person{Key: fmt.Sprint(i), Name: pick()})
			s.Tracks = append(s.Tracks, exchange.Track{Name: pick(), Color: pick()})
		}
		for i := range 1 + random.IntN(60) {
			x := exchange.Session{Key: fmt.Sprint(i), Title: pick(), Kind: []string{"talk", "break", "other"}[random.IntN(3)], Start: time.Date(2027, 6, 4, 0, random.IntN(3000), 0, 0, time.UTC),
				Length: time.Duration(random.IntN(900)) * time.Minute, Track: s.Tracks[random.IntN(len(s.Tracks))].Name}
			if n := random.IntN(len(s.Rooms) + 1); n < len(s.Rooms) {
				x.Room = s.Rooms[n].Key
			}
			for range random.IntN(12) {
				x.Speakers = append(x.Speakers, s.People[random.IntN(len(s.People))].Key)
			}
			s.Sessions = append(s.Sessions, x)
		}
		file, _ := printed(t, s, look(), Choice{Size: Sizes[random.IntN(len(Sizes))]})
		if info := run(t, "pdfinfo", file); !strings.Contains(info, "Pages:") {
			t.Errorf("a file that cannot be read: %s", info)
		}
	}
}

// The whole of FOSDEM: each session stands on the page of its room, once.
func TestFOSDEM(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(realData, "schedules/fosdem-2025.schedule.xml"))
	if err != nil {
		t.Skip("needs the shared real data: ", err)
	}
	s, _, err := exchange.Read(raw, exchange.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, pages := printed(t, s, look(), Choice{})
	starts := 0
	clock := regexp.MustCompile(`(?m)^ *\d\d:\d\d`)
	for _, page := range pages {
		starts += len(clock.FindAllString(page, -1))
	}
	t.Logf("%d sessions on %d pages", len(s.Sessions), len(pages))
	if starts != len(s.Sessions) {
		t.Errorf("%d sessions begin on the pages, not %d", starts, len(s.Sessions))
	}
}

func BenchmarkFOSDEM(b *testing.B) {
	raw, err := os.ReadFile(filepath.Join(realData, "schedules/fosdem-2025.schedule.xml"))
	if err != nil {
		b.Skip("needs the shared real data: ", err)
	}
	s, _, err := exchange.Read(raw, exchange.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var out bytes.Buffer
		if err := Write(&out, s, look(), Choice{}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Len()), "bytes/file")
	}
}
