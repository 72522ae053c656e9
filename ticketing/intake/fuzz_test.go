package intake

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRead: no file makes the reader panic, whatever its columns are said to mean; rows are numbered upwards within the file,
// each with somebody on it, and all texts are sound.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"eventbrite-orders.csv", "german.csv", "tito.csv"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, uint8(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, shift uint8) {
		options := Options{Zone: berlin, Currency: "EUR"}
		if shift > 0 {
			options.Columns = map[int]Field{}
			for i := range Fields {
				options.Columns[i] = Fields[(i+int(shift))%len(Fields)]
			}
		}
		list, err := Read(data, options)
		if err != nil {
			return
		}
		last, lines := 1, strings.Count(string(data), "\n")+strings.Count(string(data), "\r")
		for _, r := range list.Rows {
			if r.Number <= last || r.Number > 2*lines+2 {
				t.Fatalf("row %d after %d of %d lines", r.Number, last, lines)
			}
			last = r.Number
			if r.Name == "" && r.Email == "" || r.Quantity < 0 || r.Quantity > 2*maxPlaces || r.Status == "" {
				t.Fatalf("%+v", r)
			}
			for _, text := range []string{r.Name, r.Email, r.TicketType, r.OrderRef, r.AttendeeRef, r.Notes, r.StatusWord} {
				if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\u202e\ufeff") || text != strings.TrimSpace(text) {
					t.Fatalf("%q", text)
				}
			}
		}
		if len(list.Warnings) > maxWarnings+3 {
			t.Fatalf("%d warnings", len(list.Warnings))
		}
	})
}
