package intake

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// form is what a tool's own headings are, folded: those by which it is recognised, and what each means.
type form struct {
	name     Form
	signs    []string // all of them are there
	meanings map[string]Field
}

// forms are tried in this order. The headings are those of FORMATS.md beside the samples, and those that older files have.
var forms = []form{
	{EventbriteAttendees, []string{"order #", "attendee #"}, map[string]Field{
		"order #": OrderRef, "attendee #": AttendeeRef, "order date": OrderedAt, "first name": FirstName, "last name": LastName,
		"surname": LastName, "email": Email, "email address": Email, "quantity": Quantity, "ticket type": TicketType,
		"currency": Currency, "total paid": Paid, "attendee status": State}},
	{EventbriteOrders, []string{"order #", "order status"}, map[string]Field{
		"order #": OrderRef, "order date": OrderedAt, "first name": FirstName, "last name": LastName, "surname": LastName,
		"email": Email, "email address": Email, "quantity": Quantity, "total paid": Paid, "currency": Currency,
		"ticket type": TicketType, "order status": State, "checked in": CheckIn}},
	{Meetup, []string{"user id", "rsvp"}, map[string]Field{
		"name": FullName, "attendance": CheckIn, "user id": AttendeeRef, "rsvp": State, "guests": Guests, "rsvped on": OrderedAt, "notes": Notes}},
	{Luma, []string{"approval status"}, map[string]Field{
		"api id": AttendeeRef, "guest id": AttendeeRef, "name": FullName, "first name": FirstName, "last name": LastName, "email": Email,
		"created at": OrderedAt, "approval status": State, "checked in at": CheckIn, "amount": Paid, "currency": Currency, "ticket name": TicketType}},
	{Alfio, []string{"firstname", "lastname", "reference"}, map[string]Field{
		"firstname": FirstName, "lastname": LastName, "email": Email, "lang": Language, "reference": AttendeeRef}},
	{Tito, []string{"ticket", "reference", "registration date"}, map[string]Field{
		"ticket": TicketType, "reference": AttendeeRef, "name": FullName, "email": Email, "registration date": OrderedAt}},
}

// words are what tables of any origin call a column. A word for the first name serves for the whole one where no column
// has the last name, and French "nom" the other way round.
//
//nolint:misspell // these words are of other languages
var words = func() map[string]Field {
	known := map[string]Field{}
	for field, list := range map[Field]string{
		FullName: "name, full name, fullname, attendee name, attendee, participant, participant name, guest name, teilnehmer, teilnehmername, " +
			"name des teilnehmers, nom complet, nom et prenom, nombre completo, nombre y apellidos, nome completo, nome e cognome, nominativo, naam, " +
			"volledige naam, imie i nazwisko, jmeno a prijmeni, namn, navn, nimi, nev, фио, имя и фамилия, 氏名, お名前, 名前, 姓名, 이름, 성명, الاسم, ad soyad",
		FirstName: "first name, firstname, given name, forename, attendee first name, vorname, prenom, nombre, nombres, nome, primeiro nome, voornaam, imie, jmeno, " +
			"fornamn, fornavn, etunimi, keresztnev, utonev, имя, ad, 名",
		LastName: "last name, lastname, surname, family name, attendee last name, nachname, familienname, nom, nom de famille, apellido, apellidos, cognome, sobrenome, " +
			"apelido, achternaam, nazwisko, prijmeni, efternamn, etternavn, efternavn, sukunimi, vezeteknev, фамилия, soyad, 姓",
		Email: "email, e mail, mail, email address, e mail address, attendee email, attendee e mail, emailadresse, e mail adresse, mailadresse, adresse email, adresse e mail, " +
			"adresse mail, courriel, correo, correo electronico, direccion de correo electronico, indirizzo email, indirizzo e mail, posta elettronica, " +
			"endereco de email, endereco de e mail, emailadres, e mailadres, adres email, adres e mail, e mailova adresa, epost, e post, e postadress, " +
			"e postadresse, sahkoposti, e mail cim, электронная почта, почта, メールアドレス, メール, 电子邮件, 邮箱, 이메일, البريد الالكتروني, e posta",
		TicketType: "ticket type, ticket, ticket name, ticketart, tickettyp, ticketkategorie, preiskategorie, kategorie, type de billet, billet, tarif, tipo de entrada, entrada, " +
			"tipo di biglietto, biglietto, tipo de ingresso, ingresso, tipo de bilhete, bilhete, ticketsoort, kaartje, rodzaj biletu, typ biletu, bilet, typ vstupenky, " +
			"vstupenka, biljettyp, biljett, billettype, product, produkt, item, チケット, チケット種別, тип билета, билет",
		OrderRef: "order #, order, order id, order no, order number, order code, order reference, booking, booking id, booking reference, bestellung, bestellnummer, bestell nr, " +
			"bestellcode, buchung, buchungsnummer, commande, numero de commande, pedido, numero de pedido, ordine, numero ordine, bestelling, bestelnummer, numer zamowienia, objednavka",
		AttendeeRef: "attendee #, attendee id, ticket id, ticket #, ticket no, ticket number, ticket code, ticket reference, ticketnummer, id, uuid, reference, referenz, referencia, guest id",
		Quantity: "quantity, qty, number of tickets, tickets, seats, anzahl, anzahl tickets, menge, platze, quantite, nombre de places, cantidad, quantita, quantidade, aantal, " +
			"ilosc, pocet, antal",
		Guests:    "guests, additional guests, begleitpersonen, begleitung, gaste, accompagnants, invites, invitados, ospiti, gasten",
		State:     "status, attendee status, order status, state, rsvp, approval status, statut, etat, estado, stato, stav",
		OrderedAt: "order date, ordered at, registration date, registered at, registered on, purchase date, created at, timestamp, bestelldatum, buchungsdatum, anmeldedatum, angemeldet am, zeitstempel, horodateur, date de commande, date d'inscription, fecha de registro, data ordine, marca temporal",
		Paid:      "total paid, paid, amount, amount paid, total, price, betrag, bezahlt, gesamtbetrag, preis, montant, prix, importe, precio, importo, prezzo, valor, bedrag, kwota, cena",
		Currency:  "currency, wahrung, devise, moneda, valuta, moeda, waluta, mena",
		CheckIn:   "checked in, checked in at, check in, check in time, attended, eingecheckt, eingecheckt am, anwesend",
		Language:  "language, lang, locale, sprache, langue, idioma, lingua, taal, jezyk",
		Notes: "notes, note, comment, comments, notizen, notiz, bemerkung, bemerkungen, anmerkung, anmerkungen, kommentar, remarque, remarques, commentaire, notas, observaciones, " +
			"opmerking, opmerkingen, uwagi, poznamka",
	} {
		for word := range strings.SplitSeq(list, ", ") {
			known[word] = field
		}
	}
	return known
}()

// fold gives a heading in the form in which headings are compared: lower case, without accents, with one space for every
// run of signs. The # of a number stays.
func fold(heading string) string {
	var plain strings.Builder
	for _, c := range norm.NFKD.String(strings.ReplaceAll(heading, "#", " # ")) {
		switch {
		case unicode.Is(unicode.Mn, c) && c < 0x3000: // a mark over a kana is another sound
		case c == '#', c == '\'', unicode.IsLetter(c), unicode.IsMark(c), unicode.IsDigit(c):
			plain.WriteRune(unicode.ToLower(c))
		default:
			plain.WriteByte(' ')
		}
	}
	return norm.NFC.String(strings.Join(strings.Fields(plain.String()), " "))
}

// recognise finds the form whose signs the headings, folded, have.
func recognise(folded []string) form {
	for _, f := range forms {
		if !slices.ContainsFunc(f.signs, func(sign string) bool { return !slices.Contains(folded, sign) }) {
			return f
		}
	}
	return form{name: Other, meanings: words}
}

// knownHeadings counts the headings that mean something.
func knownHeadings(headings []string) int {
	folded := foldAll(headings)
	f, n := recognise(folded), 0
	for _, h := range folded {
		if _, ok := f.meanings[h]; ok {
			n++
		}
	}
	return n
}

func foldAll(headings []string) []string {
	folded := make([]string, len(headings))
	for i, h := range headings {
		folded[i] = fold(h)
	}
	return folded
}

// nameColumns says what each column means: what the caller says, else the form. A field belongs to one column, the first.
func (r *reading) nameColumns(headings []string) {
	folded := foldAll(headings)
	f := recognise(folded)
	r.list.Form, r.list.Columns = f.name, make([]Column, len(headings))
	taken := map[Field]bool{}
	for i := range headings {
		if field, told := r.options.Columns[i]; told && field != Extra && !taken[field] {
			r.list.Columns[i].Field, taken[field] = field, true
		}
	}
	seen := map[string]bool{}
	for i, heading := range headings {
		column := &r.list.Columns[i]
		column.Heading = line(heading, maxName)
		if _, told := r.options.Columns[i]; !told {
			if field := f.meanings[folded[i]]; field != Extra && !taken[field] {
				column.Field, taken[field] = field, true
			}
		}
		if column.Heading != "" && seen[column.Heading] {
			r.warn(1, column.Heading, "repeated_heading", "The heading “%s” stands more than once. The first column is used where one is needed.", short(column.Heading))
		}
		seen[column.Heading] = true
	}
	if !r.list.Has(Email) {
		r.warn(0, "", "no_email", "The list has no e-mail addresses. Who is on it is known by name only and gets no mail.")
	}
}
