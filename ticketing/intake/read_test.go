package intake

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"turnout"
)

// said gives the warnings as "row column code".
func said(list *List) (all []string) {
	for _, w := range list.Warnings {
		all = append(all, fmt.Sprintf("%d %s %s", w.Row, w.Column, w.Code))
	}
	return all
}

func read(t *testing.T, text string, options Options) *List {
	t.Helper()
	list, err := Read([]byte(text), options)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEventbriteOrders(t *testing.T) {
	list := readFile(t, "testdata/eventbrite-orders.csv", Options{Zone: berlin, Currency: "USD"})
	type row struct {
		Number   int
		Ref      string
		Name     string
		Quantity int64
		Status   Status
		Paid     string
	}
	var got []row
	for _, r := range list.Rows {
		got = append(got, row{r.Number, r.OrderRef, r.Name, r.Quantity, r.Status, r.Paid.Decimal() + " " + r.Paid.Currency})
	}
	want := []row{
		{2, "13500000001", "Ngozi Okonkwo", 3, Comes, "60.00 USD"},
		{3, "13500000002", "Zoë Öztürk", 2, CheckedIn, "40.00 USD"},
		{4, "13500000003", "Sam Ortiz", 1, Refunded, "-15.00 USD"},
		{5, "13500000004", "Ada", 1, Comes, "1250.00 USD"},
		{6, "13500000005", "", 2, Canceled, "0.00 USD"},
		{7, "13500000006", "Transferred Away", 1, Transferred, "20.00 USD"},
		{8, "13500000007", "Pen Ding", 1, Pending, "20.00 USD"},
	}
	if diff := cmp.Diff(want, got); diff != "" || list.Form != EventbriteOrders {
		t.Error(list.Form, diff)
	}
	if diff := cmp.Diff([]string{"3 Order Status partly"}, said(list)); diff != "" {
		t.Error(diff)
	}
}

// A table as a German spreadsheet saves it: semicolons, Windows-1252, sep=, trailing separators, a line feed inside a cell, an
// empty row, a row of empty cells, and most of what can be wrong with a row.
func TestGermanTable(t *testing.T) {
	list := readFile(t, "testdata/german.csv", Options{Zone: berlin})
	if list.Form != Other || list.Encoding != "windows-1252" || list.Separator != ";" {
		t.Errorf("read as %s, %s, %q", list.Form, list.Encoding, list.Separator)
	}
	want := []Row{
		{Number: 2, Name: "Jörg Müller", Email: "joerg.mueller@example.de", TicketType: "Frühbucher", Quantity: 1, Status: Comes, StatusWord: "bestätigt", OrderedAt: at("2026-11-29T21:28:00Z"),
			Paid: turnout.Money{Amount: 123450, Currency: "EUR"}, Notes: "isst\nvegan", Extra: map[string]string{"Firma": "Straßen & Co", "Firma (2)": "Zweite; Firma"}},
		{Number: 4, Name: "Åsa Ström", Email: "asa@example.se", TicketType: "Regulär", Quantity: 2, Status: Waitlisted, StatusWord: "Warteliste", OrderedAt: at("2026-11-29T23:00:00Z")},
		{Number: 7, Name: "Karl Kurz", Email: "karl@example.de", Quantity: 1, Status: Comes},
		{Number: 10, Name: "Nora Nichts", Email: "nora@example.de", TicketType: "Regulär", Quantity: 1, Status: Unknown, StatusWord: "wer weiß"},
		{Number: 12, Name: "Eva =1+1", Email: "eva@example.de", TicketType: "Regulär", Quantity: 1, Status: Comes, StatusWord: "bezahlt", OrderedAt: at("2026-12-01T23:00:00Z")},
	}
	if diff := cmp.Diff(want, list.Rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{6, 8, 9, 11}, list.LeftOut); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"0  encoding_guessed", "1 Firma repeated_heading", "4 Betrag amount", "6  more_cells", "7  fewer_cells", "8  bad_quotes", "9 Anzahl quantity",
		"10 Status unknown_status", "10 Bestelldatum time", "10 Betrag amount", "11  nobody", "12 Betrag amount"}, said(list)); diff != "" {
		t.Error(diff)
	}
}

func TestTito(t *testing.T) {
	list := readFile(t, "testdata/tito.csv", Options{})
	want := []Row{
		{Number: 2, AttendeeRef: "AB12-1", Name: "Ada Lovelace", Email: "ada@example.org", TicketType: "Regular", Quantity: 1, Status: Comes, OrderedAt: at("2026-05-01T08:00:00Z"),
			Extra: map[string]string{"Tags": "speaker, vip"}},
		{Number: 3, AttendeeRef: "AB12-2", Name: "Guest Two", TicketType: "Student", Quantity: 1, Status: Comes, OrderedAt: at("2026-05-01T00:00:00Z")},
	}
	if diff := cmp.Diff(want, list.Rows); diff != "" || list.Form != Tito {
		t.Error(list.Form, diff)
	}
}

// The same table in every encoding, with every separator and every line end, is the same list.
func TestEncodingsSeparatorsAndLineEnds(t *testing.T) {
	const plain = "Name,Email,Ticket\n\"Zoë, \"\"Z\"\"\nÖztürk\",zoe@example.org,Früh\nÅsa,asa@example.se,\n"
	want := read(t, plain, Options{}).Rows
	if len(want) != 2 || want[0].Name != `Zoë, "Z" Öztürk` || want[1].Number != 3 {
		t.Fatalf("%+v", want)
	}
	encodings := map[string]func(string) ([]byte, error){
		"utf-8":           func(s string) ([]byte, error) { return []byte(s), nil },
		"utf-8 with mark": func(s string) ([]byte, error) { return []byte("\ufeff" + s), nil },
		"windows-1252":    func(s string) ([]byte, error) { return charmap.Windows1252.NewEncoder().Bytes([]byte(s)) },
		"utf-16le": func(s string) ([]byte, error) {
			return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
		},
		"utf-16be": func(s string) ([]byte, error) {
			return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
		},
		"utf-16le unmarked": func(s string) ([]byte, error) {
			return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(s))
		},
		"utf-16be unmarked": func(s string) ([]byte, error) {
			return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(s))
		},
	}
	for name, encode := range encodings {
		for _, separator := range []string{",", ";", "\t"} {
			for _, end := range []string{"\n", "\r\n", "\r"} {
				text := strings.NewReplacer(",Email,", separator+"Email"+separator, ",zoe", separator+"zoe", ",Früh", separator+"Früh", ",asa", separator+"asa", ".se,", ".se"+separator, "\n", end).Replace(plain)
				data, err := encode(text)
				if err != nil {
					t.Fatal(err)
				}
				list, err := Read(data, Options{})
				if err != nil {
					t.Errorf("%s %q %q: %v", name, separator, end, err)
					continue
				}
				if diff := cmp.Diff(want, list.Rows); diff != "" || list.Separator != separator || !strings.HasPrefix(name, list.Encoding) {
					t.Errorf("%s %q %q is %s %q: %s", name, separator, end, list.Encoding, list.Separator, diff)
				}
			}
		}
	}
}

// A mark that was forgotten costs its own row and no other.
func TestOneForgottenQuotationMark(t *testing.T) {
	list := read(t, "name,email,ticket\nAda,ada@example.org,A\n\"Bob,bob@example.org,A\nCleo,cleo@example.org,A\n\nDora,dora@example.org,\"A\"\nEve \"the one\" E,eve@example.org,A\n", Options{})
	var got []string
	for _, r := range list.Rows {
		got = append(got, fmt.Sprint(r.Number, " ", r.Name))
	}
	if diff := cmp.Diff([]string{"2 Ada", "4 Cleo", "6 Dora", `7 Eve "the one" E`}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"3  bad_quotes"}, said(list)); diff != "" {
		t.Error(diff)
	}
}

func TestReferencesStayText(t *testing.T) {
	list := read(t, "Order #,Attendee #,First Name,Last Name,Email,Order Date,Attendee Status\n"+
		"11211912243,018441583423,A,A,a@example.org,,Attending\n1.12E+10,1.84417E+10,B,B,b@example.org,,Attending\n"+
		"11211912243.00,\"=\"\"18441583424\"\"\",C,C,c@example.org,,Attending\n\"1,12E+10\",v1.20,D,D,d@example.org,,Attending\n", Options{})
	var got []string
	for _, r := range list.Rows {
		got = append(got, r.OrderRef+"/"+r.AttendeeRef)
	}
	if diff := cmp.Diff([]string{"11211912243/018441583423", "/", "11211912243/18441583424", "/v1.20"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"3 Order # rounded_reference", "3 Attendee # rounded_reference", "5 Order # rounded_reference"}, said(list)); diff != "" {
		t.Error(diff)
	}
}

func TestHeadingsInManyLanguages(t *testing.T) {
	for headings, want := range map[string]string{
		"Vorname,Nachname,E-Mail-Adresse,Ticketart":           "A B",
		"Name;Vorname;E-Mail":                                 "B A",
		"Prénom,Nom,Courriel,Type de billet":                  "A B",
		"Nom et prénom,Adresse e-mail":                        "A",
		"Nombre,Apellidos,Correo electrónico,Tipo de entrada": "A B",
		"Nome,Cognome,Indirizzo e-mail":                       "A B",
		"Voornaam,Achternaam,E-mailadres":                     "A B",
		"Imię,Nazwisko,Adres e-mail":                          "A B",
		"Jméno,Příjmení,E-mail":                               "A B",
		"Förnamn,Efternamn,E-post":                            "A B",
		"ФИО,Электронная почта":                               "A",
		"氏名,メールアドレス":                                          "A",
		"姓名,邮箱":                                               "A",
		"이름,이메일":                                              "A",
		"FULL NAME,E_MAIL":                                    "A",
	} {
		comma := ","
		if strings.Contains(headings, ";") {
			comma = ";"
		}
		cells := []string{"A", "B", "a@example.org", "T"}
		if n := strings.Count(headings, comma) + 1; n == 2 {
			cells = []string{"A", "a@example.org"}
		} else {
			cells = cells[:n]
		}
		list := read(t, headings+"\n"+strings.Join(cells, comma)+"\n", Options{})
		if len(list.Rows) != 1 || list.Rows[0].Name != want || list.Rows[0].Email != "a@example.org" {
			t.Errorf("%s: %+v", headings, list.Rows)
		}
	}
}

// What the organiser says a column means goes before what was recognised.
func TestColumnsAsTold(t *testing.T) {
	const table = "Wer,Wohin,Kontakt,Status\nAda,ada@example.org,Vortrag,x\n"
	list := read(t, table, Options{Columns: map[int]Field{0: FullName, 1: Email, 2: TicketType, 3: Extra}})
	if r := list.Rows[0]; r.Name != "Ada" || r.Email != "ada@example.org" || r.TicketType != "Vortrag" || r.Status != Comes || r.Extra["Status"] != "x" {
		t.Errorf("%+v", r)
	}
	list = read(t, "name,email\nAda,ada@example.org\n", Options{Columns: map[int]Field{0: Email, 1: FullName}})
	if r := list.Rows[0]; r.Name != "ada@example.org" || r.Email != "Ada" {
		t.Errorf("two columns changed places: %+v", r)
	}
	if list := read(t, table, Options{}); len(list.Rows) != 0 || len(list.LeftOut) != 1 || list.Columns[1].Sample != "ada@example.org" {
		t.Errorf("nobody is named, but the columns can be told: %+v", list)
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]string{
		"11/29/24 22:28": "2024-11-29T21:28:00Z", "2026-10-01": "2026-09-30T22:00:00Z", "6/3/2026 7:15 PM": "2026-06-03T17:15:00Z", "June 3, 2026 7:15 PM": "2026-06-03T17:15:00Z",
		"Jun 3, 2026, 7:15\u202fPM": "2026-06-03T17:15:00Z", "2026-04-20T10:00:00.123Z": "2026-04-20T10:00:00.123Z", "2026-04-20 10:00:00 UTC": "2026-04-20T10:00:00Z",
		"2026-04-20T10:00:00+09:00": "2026-04-20T01:00:00Z", "29.11.2024 22:28": "2024-11-29T21:28:00Z", "3.6.26": "2026-06-02T22:00:00Z", "3 June 2026 19:15": "2026-06-03T17:15:00Z",
		"45623.93": "", "31.2.2026": "", "0001-01-01": "", "9999-12-31": "", "soon": "", "2026-04-20 10:00:00 CST": "", strings.Repeat("1", 10_000): "",
	} {
		got, ok := parseTime(text, berlin, false)
		if ok != (want != "") || ok && !got.Equal(at(want)) {
			t.Errorf("%.30s is %s", text, got)
		}
	}
}

// One date that can only have the day first decides its column; nothing decides, and a table of unknown origin is asked about.
func TestDatesWithSlashes(t *testing.T) {
	for dates, want := range map[string]string{"1/2/2026,28/2/2026": "2026-02-01", "1/2/2026,2/28/2026": "2026-01-02", "1/2/2026,3/4/2026": "2026-01-02"} {
		first, second, _ := strings.Cut(dates, ",")
		list := read(t, "name,order date\nA,"+first+"\nB,"+second+"\n", Options{})
		if got := list.Rows[0].OrderedAt.Format(time.DateOnly); got != want {
			t.Errorf("%s: %s", dates, got)
		}
		if asked := strings.Contains(strings.Join(said(list), ";"), "date_order"); asked != (second == "3/4/2026") {
			t.Errorf("%s: %s", dates, said(list))
		}
	}
}

func TestAmounts(t *testing.T) {
	for _, tt := range []struct{ text, currency, want string }{
		{"€25.00", "", "25.00 EUR"}, {"149.00", "USD", "149.00 USD"}, {"1.234,50 €", "", "1234.50 EUR"}, {"1,234.50", "USD", "1234.50 USD"}, {"49,00", "EUR", "49.00 EUR"}, {"1,234", "EUR", "1234.00 EUR"},
		{"1,234", "KWD", "1.234 KWD"}, {"1.234.567", "EUR", "1234567.00 EUR"}, {"(15.00)", "USD", "-15.00 USD"}, {"-15,00 €", "", "-15.00 EUR"}, {"25.- CHF", "", "25.00 CHF"}, {"CHF 1’200.50", "", "1200.50 CHF"},
		{"EUR 25", "", "25.00 EUR"}, {"2500.00", "JPY", "2500 JPY"}, {"¥2,500", "JPY", "2500 JPY"}, {"Free", "EUR", "0.00 EUR"}, {"0", "EUR", "0.00 EUR"}, {"$60.00", "USD", "60.00 USD"},
		{"$60.00", "EUR", ""}, {"25.005", "EUR", "25005.00 EUR"}, {"25.0051", "EUR", ""}, {"many", "EUR", ""}, {"", "EUR", ""}, {"10", "", ""}, {"10", "XXX", ""}, {"99999999999999999999", "EUR", ""},
	} {
		list := read(t, "name;amount\nA;"+tt.text+"\n", Options{Currency: tt.currency})
		paid := list.Rows[0].Paid
		if got := strings.TrimPrefix(paid.Decimal()+" "+paid.Currency, "0 "); got != tt.want {
			t.Errorf("%s in %s is %s, want %s", tt.text, tt.currency, got, tt.want)
		}
	}
}

func TestFilesThatAreNoLists(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want error
	}{
		"nothing":         {"", ErrEmpty},
		"empty lines":     {"\n\n\r\n  \n", ErrEmpty},
		"headings only":   {"name,email\n", ErrEmpty},
		"empty cells":     {"name,email\n,\n,\n", ErrEmpty},
		"xlsx":            {"PK\x03\x04rest", ErrSpreadsheet},
		"xls":             {"\xd0\xcf\x11\xe0rest", ErrSpreadsheet},
		"png":             {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00,;", ErrNoTable},
		"pdf":             {"%PDF-1.4, a, b\n1,2", ErrNoTable},
		"html":            {"<html><body>Hello, you, there</body>\n</html>", ErrNoTable},
		"json":            {`{"items": [1, 2, 3]}`, ErrNoTable},
		"prose":           {"Dear all\nplease come\n", ErrNoTable},
		"no headings":     {"Ada,ada@example.org\nBob,bob@example.org\n", ErrNoHeadings},
		"too large":       {strings.Repeat("x", MaxBytes+1), ErrTooLarge},
		"too many rows":   {"name\n" + strings.Repeat("x\n", MaxRows+1), ErrTooManyRows},
		"too many stray":  {"name\n" + strings.Repeat("x\"y\n", MaxRows+1), ErrTooManyRows},
		"too many titles": {"name" + strings.Repeat(",x", maxColumns) + "\na\n", ErrNoTable},
	} {
		if _, err := Read([]byte(tt.data), Options{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// As many rows as are allowed are read in seconds, and doubts about all of them do not fill a page.
func TestLargestList(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("Order #,Order Date,First Name,Last Name,Email,Quantity,Ticket Type,Attendee #,Total Paid,Attendee Status\n")
	for i := range MaxRows {
		fmt.Fprintf(&text, "%011d,11/29/24 22:28,First,Last %d,p%d@example.org,1,General,%011d,\"1,000.00\",Perhaps\n", i/3, i, i, i)
	}
	begun := time.Now()
	list := read(t, text.String(), Options{Currency: "EUR"})
	if took := time.Since(begun); took > time.Minute { // two to four seconds, but for the race detector and whatever else runs
		t.Errorf("%s", took)
	}
	if len(list.Rows) != MaxRows || len(list.Warnings) != maxWarnings+1 || list.Warnings[maxWarnings].Code != "more_warnings" || list.Warnings[maxWarnings].Data[0] != MaxRows-maxWarnings {
		t.Errorf("%d rows, %d warnings, %+v", len(list.Rows), len(list.Warnings), list.Warnings[len(list.Warnings)-1])
	}
	if last := list.Rows[MaxRows-1]; last.Number != MaxRows+1 || last.OrderRef != "00000033333" || last.Status != Unknown {
		t.Errorf("%+v", last)
	}
}

// Marks that never fit make reading no slower than the file is long.
func TestHostileQuotationMarks(t *testing.T) {
	for _, line := range []string{`"`, `"a`, `a"b`, `"a"b`, `"""`, `,"`, `""x`, `"" "`, `"x""`} {
		begun := time.Now()
		_, err := Read([]byte("name,email\n"+strings.Repeat(line+"\n", 4<<20/(len(line)+1))), Options{})
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%s: %s, %v", line, took, err)
		}
	}
}

func TestNamesAreCleaned(t *testing.T) {
	for text, want := range map[string]string{
		"  Ada\u00a0 \t Lovelace ": "Ada Lovelace", "Right\u202eedirrevo": "Rightedirrevo", "Zero\u200bWidth": "ZeroWidth", "Nguye\u0302\u0303n": "Nguyễn", "山田　太郎": "山田 太郎",
		"👩‍👩‍👧‍👦 Family": "👩‍👩‍👧‍👦 Family", "<b>x</b>": "<b>x</b>", strings.Repeat("ä", 300): strings.Repeat("ä", 199) + "…",
	} {
		if got := read(t, "name;email\n\""+text+"\";\n", Options{}).Rows[0].Name; got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
}
