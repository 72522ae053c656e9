package intake

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// read makes a row of a record, or leaves it out and says why.
func (r *reading) read(rec record) {
	columns := r.list.Columns
	filled := len(rec.cells)
	for filled > 0 && rec.cells[filled-1] == "" {
		filled--
	}
	switch {
	case filled > len(columns):
		r.leaveOut(rec.row, "", "more_cells", "This row has %d filled cells below %d headings and was left out: a separator may stand in it without quotation marks.", filled, len(columns))
		return
	case rec.strays && len(rec.cells) != len(columns):
		r.leaveOut(rec.row, "", "bad_quotes", "A quotation mark of this row has no other and it was left out.")
		return
	case len(rec.cells) < len(columns) && len(rec.cells) < r.lastUsed():
		r.warn(rec.row, "", "fewer_cells", "This row has %d cells below %d headings. What is missing is taken for empty.", len(rec.cells), len(columns))
	}
	c := cells{r: r, rec: rec, by: map[Field]string{}, headings: map[Field]string{}}
	row := Row{Number: rec.row}
	for i, text := range rec.cells[:min(filled, len(columns))] {
		column := &columns[i]
		if text != "" && column.Sample == "" {
			column.Sample = line(text, 60)
		}
		switch {
		case column.Field != Extra:
			c.by[column.Field], c.headings[column.Field] = text, column.Heading
		case text != "":
			if row.Extra == nil {
				row.Extra = map[string]string{}
			}
			heading := column.Heading
			for n := 2; row.Extra[heading] != ""; n++ {
				heading = column.Heading + " (" + strconv.Itoa(n) + ")"
			}
			row.Extra[heading] = lines(text, maxText)
		}
	}
	if c.fill(&row) {
		r.list.Rows = append(r.list.Rows, row)
	}
}

// lastUsed is how many cells a row needs to have all that is used.
func (r *reading) lastUsed() (n int) {
	for i, c := range r.list.Columns {
		if c.Field != Extra {
			n = i + 1
		}
	}
	return n
}

func (r *reading) leaveOut(row int, column, code, format string, args ...any) {
	r.list.LeftOut = append(r.list.LeftOut, row)
	r.warn(row, column, code, format, args...)
}

// cells are the texts of one row by what they mean.
type cells struct {
	r        *reading
	rec      record
	by       map[Field]string
	headings map[Field]string
}

func (c *cells) warn(field Field, code, format string, args ...any) {
	c.r.warn(c.rec.row, c.headings[field], code, format, args...)
}

// fill reads the fields, and answers false when the row cannot be used.
func (c *cells) fill(row *Row) bool {
	row.Name = c.name()
	row.Email = strings.TrimPrefix(line(c.by[Email], maxName), "mailto:")
	row.TicketType = line(c.by[TicketType], maxName)
	row.OrderRef, row.AttendeeRef = c.reference(OrderRef), c.reference(AttendeeRef)
	row.Language = language(c.by[Language])
	row.Notes = lines(c.by[Notes], maxText)
	if row.Name == "" && row.Email == "" {
		c.r.leaveOut(c.rec.row, "", "nobody", "This row has neither a name nor an e-mail address and was left out.")
		return false
	}
	var ok bool
	if row.Quantity, ok = c.quantity(); !ok {
		return false
	}
	c.status(row)
	row.OrderedAt = c.time(OrderedAt)
	row.Paid = c.money()
	return true
}

// name puts the parts together. Where a column for the whole name stands beside one for the first name and says something
// else, it holds the last name, as German files have it.
func (c *cells) name() string {
	full, first, last := c.by[FullName], c.by[FirstName], c.by[LastName]
	switch {
	case full == "":
		full = first + " " + last
	case first != "" && !c.r.list.Has(LastName) && !strings.Contains(strings.ToLower(full), strings.ToLower(first)):
		full = first + " " + full
	}
	field := FullName
	if c.by[FullName] == "" {
		field = FirstName
	}
	name := line(full, maxName)
	switch {
	case utf8.RuneCountInString(strings.Join(strings.Fields(full), " ")) > maxName:
		c.warn(field, "name_cut", "The name is longer than %d characters and was cut.", maxName)
	case strings.ContainsFunc(full, hidden):
		c.warn(field, "hidden_characters", "Hidden characters of the name were left out.")
	}
	if strings.HasPrefix(name, "=") || strings.HasPrefix(name, "@") || strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		c.warn(field, "formula", "The name begins like a formula: “%s”. It is kept as the text that it is.", short(name))
	}
	return name
}

// reference keeps an id as text. What a spreadsheet made a rounded number of is of no use: others have the same.
func (c *cells) reference(field Field) string {
	ref := line(c.by[field], maxName)
	whole, zeros, isNumber := strings.Cut(ref, ".")
	switch {
	case roundedPattern.MatchString(ref):
		c.warn(field, "rounded_reference", "A spreadsheet has rounded this number to %s, so it cannot tell one from another and was left out.", ref)
		return ""
	case isNumber && len(whole) >= 5 && digits(whole) && zeros != "" && strings.Trim(zeros, "0") == "":
		return whole
	}
	return ref
}

// language takes "de" of "de", "de-AT" and "de_AT".
func language(text string) string {
	code := strings.ToLower(text)
	if len(code) > 2 && (code[2] == '-' || code[2] == '_') {
		code = code[:2]
	}
	if len(code) != 2 || code[0] < 'a' || code[0] > 'z' || code[1] < 'a' || code[1] > 'z' {
		return ""
	}
	return code
}

// quantity is how many places the row stands for.
func (c *cells) quantity() (int64, bool) {
	n := int64(1)
	for _, field := range []Field{Quantity, Guests} {
		text := c.by[field]
		if text == "" {
			continue
		}
		if whole, zeros, found := strings.Cut(text, "."); found && strings.Trim(zeros, "0") == "" {
			text = whole
		}
		count, err := strconv.ParseInt(text, 10, 64)
		if err != nil || count < 0 || count > maxPlaces {
			c.r.leaveOut(c.rec.row, c.headings[field], "quantity", "The number of places “%s” cannot be: the row was left out.", short(c.by[field]))
			return 0, false
		}
		if field == Quantity {
			n = count
		} else if n > 0 {
			n += count
		}
	}
	return n, true
}

// status reads whether somebody comes, and whether a door of the other tool let them in.
func (c *cells) status(row *Row) {
	row.StatusWord = line(c.by[State], maxName)
	row.Status = Comes
	if row.StatusWord != "" {
		var known bool
		if row.Status, known = statusWords[fold(row.StatusWord)]; !known {
			row.Status = Unknown
			c.warn(State, "unknown_status", "The status “%s” is not known, so this row is not brought in.", short(row.StatusWord))
		}
		if partly[fold(row.StatusWord)] {
			c.warn(State, "partly", "A part of this order was given up (“%s”). All its places are brought in: the list does not tell which.", short(row.StatusWord))
		}
	}
	text := c.by[CheckIn]
	if text == "" || row.Status != Comes && row.Status != CheckedIn {
		return
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch answer := fold(text); {
	case yesWords[answer], err == nil && n > 0 && n <= maxPlaces:
		row.Status = CheckedIn
	case noWords[answer], err == nil && n == 0:
	default:
		if row.CheckedInAt = c.time(CheckIn); !row.CheckedInAt.IsZero() {
			row.Status = CheckedIn
		}
	}
}

// statusWords are those of Eventbrite's two reports, Meetup and Luma, and those that other tables use.
//
//nolint:misspell // some of these words are of other languages
var statusWords = func() map[string]Status {
	known := map[string]Status{}
	for status, list := range map[Status]string{
		Comes: "attending, completed, complete, manual, offline, partially refunded, partially transferred, approved, yes, going, confirmed, paid, valid, active, " +
			"registered, accepted, no show, free, ja, zugesagt, bestatigt, bezahlt, angemeldet, oui, confirme, paye, inscrit, si, confirmado, pagado, confermato, pagato, sim, pago, tak",
		CheckedIn:   "checked in, attended, present, eingecheckt, anwesend",
		Waitlisted:  "waitlist, waitlisted, waiting list, on waitlist, waiting, warteliste, liste d'attente, lista de espera, lista d'attesa, wachtlijst",
		Pending:     "pending, pending approval, unpaid, awaiting approval, awaiting payment, ausstehend, offen, unbezahlt, en attente, pendiente, in attesa, pendente",
		Invited:     "invited, not replied, maybe, eingeladen, vielleicht, invite, invitado, invitato",
		Declined:    "declined, no, not going, rejected, nein, abgelehnt, abgesagt, non, refuse, rechazado, rifiutato",
		Canceled:    "not attending, deleted, canceled, cancelled, abandoned, void, voided, expired, storniert, verfallen, annule, cancelado, annullato, geannuleerd",
		Refunded:    "refunded, refunded canceled, refunded cancelled, erstattet, rembourse, reembolsado, rimborsato",
		Transferred: "transferred, ubertragen, transfere, transferido, trasferito",
	} {
		for word := range strings.SplitSeq(list, ", ") {
			known[word] = status
		}
	}
	return known
}()

var (
	partly   = map[string]bool{"partially refunded": true, "partially transferred": true}
	yesWords = map[string]bool{"yes": true, "true": true, "x": true, "y": true, "ja": true, "wahr": true, "oui": true, "si": true, "sim": true, "checked in": true, "attended": true}
	noWords  = map[string]bool{"no": true, "false": true, "n": true, "no show": true, "nein": true, "falsch": true, "non": true, "nao": true, "not checked in": true}
)

// line is a text of one line: NFC, one space between words, nothing hidden, at most limit characters.
func line(text string, limit int) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c), c == 0x2028, c == 0x2029:
			return ' '
		case hidden(c):
			return -1
		}
		return c
	}, text)
	return cut(norm.NFC.String(strings.Join(strings.Fields(text), " ")), limit)
}

// lines is a text of several lines, with nothing hidden in it.
func lines(text string, limit int) string {
	return cut(norm.NFC.String(strings.TrimSpace(strings.Map(func(c rune) rune {
		if hidden(c) && c != '\n' && c != '\t' {
			return -1
		}
		return c
	}, text))), limit)
}

func cut(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:limit-1])) + "…"
}

// hidden characters make one name look like another: controls, direction overrides, zero-width space, byte order mark.
func hidden(c rune) bool {
	return unicode.IsControl(c) && !unicode.IsSpace(c) || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 ||
		c == 0x200b || c == 0xfeff || c == 0xfffe || c == 0xffff
}

// short is what a message quotes of a text.
func short(text string) string { return line(text, 60) }

func digits(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool { return c < '0' || c > '9' })
}

// looksLikeEmail tells a heading from an attendee's address.
func looksLikeEmail(text string) bool {
	local, domain, found := strings.Cut(text, "@")
	return found && local != "" && strings.Contains(domain, ".") && !strings.ContainsAny(text, " ,;")
}
