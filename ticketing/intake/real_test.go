package intake

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"turnout"
)

var berlin = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}()

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

func readFile(t *testing.T, name string, options Options) *List {
	t.Helper()
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		t.Skipf("%s is not on this machine; it belongs into shared/real-data beside the repository", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	list, err := Read(data, options)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The samples of FORMATS.md, row by row and cell by cell. Their wall-clock times are those of the event's zone.
func TestRealForms(t *testing.T) {
	usd := func(amount int64) turnout.Money { return turnout.Money{Amount: amount, Currency: "USD"} }
	free := map[string]string{"Order Type": "Free Order", "Fees Paid": "0", "Eventbrite Fees": "0", "Eventbrite Payment Processing": "0"}
	with := func(more map[string]string) map[string]string {
		all := map[string]string{}
		for _, from := range []map[string]string{free, more} {
			for k, v := range from {
				all[k] = v
			}
		}
		return all
	}
	meetup := func(url, title, host, joined string) map[string]string {
		extra := map[string]string{"Event Host": host, "Joined Group on": joined, "URL of Member Profile": "https://www.meetup.com/example-group/members/" + url + "/"}
		if title != "" {
			extra["Title"] = title
		}
		return extra
	}
	for _, tt := range []struct {
		file, separator string
		form            Form
		rows            []Row
		warnings        []string
	}{
		{"eventbrite-attendees.csv", ",", EventbriteAttendees, []Row{
			{Number: 2, OrderRef: "11211912243", AttendeeRef: "18441583423", Name: "Ngozi Okonkwo-Ìyá", Email: "ngozi@example.org", TicketType: "General Admission",
				Quantity: 1, Status: Comes, StatusWord: "Attending", OrderedAt: at("2024-11-29T21:28:00Z"), Paid: usd(0), Extra: with(map[string]string{
					"How did you hear about this event?": "Newsletter", "Where are you located (city+state or city+country)": "Lagos, Nigeria", "Job Title": "Engineer", "Company": "Acme"})},
			{Number: 3, OrderRef: "11211912243", AttendeeRef: "18441583433", Name: "山田 太郎", Email: "taro@example.jp", TicketType: "General Admission",
				Quantity: 1, Status: CheckedIn, StatusWord: "Checked In", OrderedAt: at("2024-11-29T21:28:00Z"), Paid: usd(0), Extra: with(map[string]string{
					"Where are you located (city+state or city+country)": "東京, 日本", "Company": "株式会社例"})},
			{Number: 4, OrderRef: "11211987213", AttendeeRef: "18441700883", Name: `Ó Briain, "Mick"`, Email: "mick+events@example.ie", TicketType: "Workshop + Conference",
				Quantity: 1, Status: Comes, StatusWord: "Attending", OrderedAt: at("2024-11-29T21:54:00Z"), Paid: usd(14900), Extra: map[string]string{
					"Price Tier": "Early Bird", "Group": "Team A", "Order Type": "Eventbrite Completed", "Fees Paid": "8.75", "Eventbrite Fees": "5.02", "Eventbrite Payment Processing": "3.73",
					"Home Address 1": "12 Main St\nApt 4", "Home City": "Cork", "Home Zip": "T12", "Home Country": "IE",
					"Where are you located (city+state or city+country)": "Cork, Ireland", "Job Title": "CTO, founder", "Company": "Ó Briain & Co, Ltd"}},
			{Number: 5, OrderRef: "11212000001", AttendeeRef: "18441700999", Name: "Sam Ortiz", Email: "SAM@Example.com", TicketType: "General Admission",
				Quantity: 1, Status: Refunded, StatusWord: "Refunded", OrderedAt: at("2024-11-29T23:05:00Z"), Paid: usd(4900), Extra: map[string]string{
					"Order Type": "Eventbrite Completed", "Fees Paid": "3.84", "Eventbrite Fees": "2.61", "Eventbrite Payment Processing": "1.23"}},
			{Number: 6, OrderRef: "11212000002", AttendeeRef: "18441701000", Name: `=HYPERLINK("http://example.net";"x") Row`, Email: "formula@example.com", TicketType: "General Admission",
				Quantity: 1, Status: Canceled, StatusWord: "Not Attending", OrderedAt: at("2024-11-29T23:06:00Z"), Paid: usd(0), Extra: free},
		}, []string{"6 First Name formula"}},
		{"meetup-attendees.tsv", "\t", Meetup, []Row{
			{Number: 2, AttendeeRef: "user 123456789", Name: "Иван П.", Quantity: 2, Status: CheckedIn, StatusWord: "Yes", OrderedAt: at("2026-06-03T17:15:00Z"), Extra: meetup("123456789", "Member", "No", "March 14, 2019")},
			{Number: 3, AttendeeRef: "user 223456789", Name: "zoé 🎈", Quantity: 1, Status: Comes, StatusWord: "Yes", OrderedAt: at("2026-06-04T06:01:00Z"), Extra: meetup("223456789", "", "No", "June 4, 2026")},
			{Number: 4, AttendeeRef: "user 1", Name: "HOST PERSON", Quantity: 1, Status: Comes, StatusWord: "Yes", OrderedAt: at("2026-04-30T22:00:00Z"), Extra: meetup("1", "Organizer", "Yes", "January 1, 2012")},
			{Number: 5, AttendeeRef: "user 323456789", Name: "Maybe Notcoming", Quantity: 1, Status: Declined, StatusWord: "No", OrderedAt: at("2026-06-05T21:59:00Z"), Extra: meetup("323456789", "Member", "No", "May 30, 2026")},
			{Number: 6, AttendeeRef: "user 423456789", Name: "Late Comer", Quantity: 3, Status: Waitlisted, StatusWord: "Waitlist", OrderedAt: at("2026-06-06T04:00:00Z"), Extra: meetup("423456789", "Member", "No", "May 30, 2026")},
		}, []string{"0  no_email"}},
		{"luma-guests.csv", ",", Luma, []Row{
			{Number: 2, AttendeeRef: "gst-Aa1Bb2Cc3Dd4Ee5", Name: "Mária Kovács", Email: "maria@example.hu", TicketType: "Standard", Quantity: 1, Status: CheckedIn, StatusWord: "approved",
				OrderedAt: at("2026-04-20T10:00:00.123Z"), CheckedInAt: at("2026-05-01T17:02:11Z"), Paid: turnout.Money{Amount: 0, Currency: "EUR"}, Extra: map[string]string{
					"phone_number": "+36301234567", "qr_code_url": "https://example.com/check-in/evt-1?pk=g-1", "amount_tax": "€0.00", "amount_discount": "€0.00", "What is your company?": "Példa Kft."}},
			{Number: 3, AttendeeRef: "gst-Ff6Gg7Hh8Ii9Jj0", Name: "Madonna", Email: "m@example.com", TicketType: "Supporter", Quantity: 1, Status: Pending, StatusWord: "pending_approval",
				OrderedAt: at("2026-04-21T11:30:00Z"), Paid: turnout.Money{Amount: 2500, Currency: "EUR"}, Extra: map[string]string{"custom_source": "newsletter",
					"qr_code_url": "https://example.com/check-in/evt-1?pk=g-2", "amount_tax": "€4.34", "amount_discount": "€5.00", "coupon_code": "EARLY5"}},
			{Number: 4, AttendeeRef: "gst-Kk1Ll2Mm3Nn4Oo5", Name: "نور الدين", Email: "nour@example.com", TicketType: "Standard", Quantity: 1, Status: Declined, StatusWord: "declined", OrderedAt: at("2026-04-22T23:59:59.999Z")},
			{Number: 5, AttendeeRef: "gst-Pp6Qq7Rr8Ss9Tt0", Name: "Nour Twice", Email: "NOUR@example.com", TicketType: "Standard", Quantity: 1, Status: Waitlisted, StatusWord: "waitlist", OrderedAt: at("2026-04-23T00:00:00Z")},
		}, nil},
		{"alfio-import-example.csv", ",", Alfio, []Row{
			{Number: 2, AttendeeRef: "id-1", Name: "Homer Simpson", Email: "noreply@alf.io", Quantity: 1, Status: Comes, Language: "en", Extra: map[string]string{"company": "Springfield Nuclear Power Plant", "gender": "M"}},
			{Number: 3, AttendeeRef: "id-2", Name: "Lisa Simpson", Email: "noreply@alf.io", Quantity: 1, Status: Comes, Language: "en", Extra: map[string]string{"gender": "F"}},
			{Number: 4, AttendeeRef: "id-3", Name: "Bart Simpson", Email: "noreply@alf.io", Quantity: 1, Status: Comes, Language: "en", Extra: map[string]string{"gender": "M"}},
		}, nil},
	} {
		t.Run(tt.file, func(t *testing.T) {
			list := readFile(t, filepath.Join("../../../shared/real-data/attendees", tt.file), Options{Zone: berlin, Currency: "EUR"})
			if list.Form != tt.form || list.Separator != tt.separator || list.Encoding != "utf-8" || len(list.LeftOut) > 0 {
				t.Errorf("read as %s, %q, %s, left out %d", list.Form, list.Separator, list.Encoding, list.LeftOut)
			}
			if diff := cmp.Diff(tt.rows, list.Rows); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.warnings, said(list)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
