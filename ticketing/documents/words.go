package documents

// Words are the texts of a ticket that belong to no event: the caller takes them from the message catalogue. Those with
// a % are formats and get what their comment says.
type Words struct {
	Attendee   string
	Ticket     string
	When       string
	Where      string
	Order      string
	TicketCode string
	Terms      string
	Extras     string
	Price      string
	InPerson   string // the mode, as a badge
	Virtual    string
	AtDoor     string // what to do with the QR
	HowToJoin  string
	Join       string // what to do with the join link
	RoomOpens  string // %s: when
	NoLink     string // there is no join link yet
	NoName     string // stands in for an empty name
	TicketOf   string // %d %d: this one, all of the order
}

// English is the words as they are when the caller gives none.
var English = Words{
	Attendee: "Attendee", Ticket: "Ticket", When: "When", Where: "Where", Order: "Order", TicketCode: "Ticket code",
	Terms: "Good to know", Extras: "Also included", Price: "Price", InPerson: "In person", Virtual: "Online",
	AtDoor:    "Show this code at the door, on paper or on your phone. It lets one person in.",
	HowToJoin: "How to join", Join: "Open your personal link, or scan the code. It is for you alone: please do not share it.",
	RoomOpens: "The room opens %s.", NoLink: "Your personal link will be sent to you by e-mail before the start.",
	NoName: "Guest", TicketOf: "Ticket %d of %d",
}
