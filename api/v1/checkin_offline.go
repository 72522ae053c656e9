package v1

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/checkin/rules"
)

var cursorParameter = []parameter{{Name: "cursor", Text: "The cursor of the answer before; without it, or with one that nobody gave, everything is told anew (reset)."}}

var offlineOperations = operations{
	"GET /check-in-lists/{id}/door": {Summary: "What a door must know to decide without a network", Out: doorResponse{},
		Text: "The list with its rules, the public key of the event's codes, the names of ticket types and add-ons. The header Turnout-Time has the server's time, with which a door measures what is missing from its clock."},
	"GET /check-in-lists/{id}/door/tickets": {Summary: "The tickets of a door, without people", Out: ticketFeedResponse{}, Query: cursorParameter,
		Text: "What changed since the cursor, with an overlap of a minute: the first 16 bytes of the lookup of each code (SHA-256 of the word lookup and the code's nonce), never the code or its nonce."},
	"GET /check-in-lists/{id}/door/records": {Summary: "The sealed records of a door", Out: recordFeedResponse{}, Query: cursorParameter,
		Text: "At most 2,000 at once. A record opens with the code of its ticket alone: AES-256-GCM under HKDF-SHA256 of the code's nonce with the info record; the 12 bytes before are the IV, the short lookup is additional data. It has the attendee's name, the ticket's type and add-ons, its number and the order's code."},
}

type doorResponse struct {
	List   doorListBody    `json:"list"`
	Event  doorEventBody   `json:"event"`
	Keys   []doorKeyBody   `json:"keys"`
	Types  []doorTypeBody  `json:"ticket_types"`
	AddOns []doorAddOnBody `json:"add_ons"`
}

type doorListBody struct {
	ID       turnout.ID      `json:"id"`
	Name     string          `json:"name"`
	Entry    rules.Entry     `json:"entry"`
	DayFrom  int64           `json:"day_from" doc:"minutes after midnight"`
	ExitAt   *int64          `json:"exit_at" doc:"minutes after midnight"`
	Offsets  []offsetBody    `json:"offsets" doc:"of the event's zone from UTC"`
	Rules    json.RawMessage `json:"rules" doc:"as the evaluator reads them"`
	StartsAt *time.Time      `json:"starts_at"`
	EndsAt   *time.Time      `json:"ends_at"`
	Types    []int64         `json:"ticket_types" doc:"by the numbers in codes; none: all of mode in_person"`
	AddOns   []turnout.ID    `json:"add_ons" doc:"one of them is asked for; none: none is"`
}

type offsetBody struct {
	From    int64 `json:"from" doc:"minutes since 1970, UTC"`
	Minutes int64 `json:"minutes" doc:"east of UTC"`
}

type doorEventBody struct {
	Number   int64     `json:"number" doc:"as codes name it"`
	Title    string    `json:"title"`
	Timezone string    `json:"time_zone"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
}

type doorKeyBody struct {
	ID     int64  `json:"id" doc:"as codes name it"`
	Public string `json:"public" doc:"Ed25519, base64"`
}

type doorTypeBody struct {
	Number int64      `json:"number"`
	ID     turnout.ID `json:"id"`
	Name   string     `json:"name"`
}

type doorAddOnBody struct {
	ID   turnout.ID `json:"id"`
	Name string     `json:"name"`
}

type feedHead struct {
	Cursor string `json:"cursor" doc:"for the next call"`
	More   bool   `json:"more" doc:"there is more: ask again at once"`
	Reset  bool   `json:"reset" doc:"everything is told anew: forget what you have"`
}

type ticketFeedResponse struct {
	feedHead
	Lookups string      `json:"lookups" doc:"base64 of 16 bytes for each code that opens, one after the other"`
	Others  [][2]string `json:"revoked" doc:"codes that do not open: 16 bytes in base64, and canceled, revoked or unpaid"`
	Passes  []passBody  `json:"passes" doc:"who passed this list's doors"`
}

type passBody struct {
	Lookup    string  `json:"lookup" doc:"16 bytes in base64"`
	Entries   []int64 `json:"entries" doc:"minutes since 1970, oldest first; none: forget what you know"`
	Exits     []int64 `json:"exits"`
	Inside    bool    `json:"inside"`
	EnteredAt string  `json:"entered_at" doc:"the last entry, RFC 3339; empty for none"`
	Gate      string  `json:"gate" doc:"of the last entry"`
}

type recordFeedResponse struct {
	feedHead
	Records string `json:"records" doc:"base64 of a run of: 16 bytes of the lookup, 2 bytes of length (big endian), the sealed record"`
}

// offlineList is the list that a call names; nil when the call was answered. A page's address names its event too.
func (h *Handler) offlineList(c *gin.Context) *checkin.List {
	id := c.Param("id")
	if id == "" {
		id = c.Param("list")
	}
	list, err := h.CheckIn.List(c.Request.Context(), access.Community(c), turnout.ID(id))
	if err == nil && c.Param("event") != "" && access.Event(c).ID != list.EventID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		respond.Fail(c, err)
		return nil
	}
	respond.TellTime(c, h.Now())
	return list
}

// GetDoor is GET /check-in-lists/{id}/door.
func (h *Handler) GetDoor(c *gin.Context) {
	list := h.offlineList(c)
	if list == nil {
		return
	}
	d, err := h.CheckIn.DoorList(c.Request.Context(), list.CommunityID, list.ID)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	raw, err := json.Marshal(d.Evaluator.Rules)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	if len(d.Evaluator.Rules) == 0 {
		raw = []byte("[]")
	}
	out := doorResponse{
		List: doorListBody{ID: list.ID, Name: list.Name, Entry: d.Evaluator.Entry, DayFrom: d.Evaluator.DayFrom, ExitAt: d.Evaluator.ExitAt, Rules: raw,
			StartsAt: moment(list.StartsAt), EndsAt: moment(list.EndsAt), Types: []int64{}, AddOns: append([]turnout.ID{}, list.AddOnIDs...), Offsets: []offsetBody{}},
		Event: doorEventBody{d.Event.Number, d.Event.Title, d.Event.Timezone, d.Event.StartsAt.UTC(), d.Event.EndsAt.UTC()},
		Keys:  []doorKeyBody{{1, base64.StdEncoding.EncodeToString(d.Key)}}, Types: []doorTypeBody{}, AddOns: []doorAddOnBody{},
	}
	for _, o := range d.Evaluator.Offsets {
		out.List.Offsets = append(out.List.Offsets, offsetBody(o))
	}
	numbers := map[turnout.ID]int64{}
	for _, t := range d.Types {
		numbers[t.ID] = t.Number
		out.Types = append(out.Types, doorTypeBody{t.Number, t.ID, t.Name})
	}
	for _, id := range list.TicketTypeIDs {
		out.List.Types = append(out.List.Types, numbers[id])
	}
	for _, a := range d.AddOns {
		out.AddOns = append(out.AddOns, doorAddOnBody(a))
	}
	respond.JSON(c, http.StatusOK, out)
}

// GetDoorTickets is GET /check-in-lists/{id}/door/tickets.
func (h *Handler) GetDoorTickets(c *gin.Context) {
	list := h.offlineList(c)
	if list == nil {
		return
	}
	feed, err := h.CheckIn.DoorFeed(c.Request.Context(), list.CommunityID, list.ID, checkin.ParsePosition(c.Query("cursor")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	run := make([]byte, 0, len(feed.Valid)*checkin.ShortLookup)
	for i := range feed.Valid {
		run = append(run, feed.Valid[i][:]...)
	}
	out := ticketFeedResponse{feedHead: feedHead{feed.Position.String(), feed.More, feed.Reset}, Lookups: base64.StdEncoding.EncodeToString(run), Others: [][2]string{}, Passes: []passBody{}}
	for i := range feed.Others {
		out.Others = append(out.Others, [2]string{base64.StdEncoding.EncodeToString(feed.Others[i].Lookup[:]), string(feed.Others[i].Reason)})
	}
	for i := range feed.Passes {
		p := &feed.Passes[i]
		body := passBody{base64.StdEncoding.EncodeToString(p.Lookup[:]), append([]int64{}, p.Entries...), append([]int64{}, p.Exits...), p.Inside, "", p.Gate}
		if len(p.Entries) > 0 {
			body.EnteredAt = p.EnteredAt.UTC().Format(time.RFC3339)
		}
		out.Passes = append(out.Passes, body)
	}
	respond.JSON(c, http.StatusOK, out)
}

// GetDoorRecords is GET /check-in-lists/{id}/door/records.
func (h *Handler) GetDoorRecords(c *gin.Context) {
	list := h.offlineList(c)
	if list == nil {
		return
	}
	feed, err := h.CheckIn.DoorRecords(c.Request.Context(), list.CommunityID, list.ID, checkin.ParsePosition(c.Query("cursor")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, recordFeedResponse{feedHead{feed.Position.String(), feed.More, feed.Reset}, base64.StdEncoding.EncodeToString(feed.Bytes())})
}

// deliveredResponse is the answer to a door's own batch: what it must show, and nobody's name.
type deliveredResponse struct {
	Items []deliveredScan `json:"items"`
}

type deliveredScan struct {
	Nonce    string          `json:"nonce"`
	Result   checkin.Result  `json:"result,omitempty"`
	Reason   checkin.Reason  `json:"reason,omitempty"`
	Conflict *deliveredEntry `json:"conflict_with,omitempty"`
	Error    *itemError      `json:"error,omitempty"`
}

type deliveredEntry struct {
	Gate string    `json:"gate"`
	At   time.Time `json:"at"`
}

// DeliverScans is POST /door/{event}/lists/{list}/scans/batch: the batch as the door's page sends it.
func (h *Handler) DeliverScans(c *gin.Context) {
	list := h.offlineList(c)
	if list == nil {
		return
	}
	answers, ok := h.syncScans(c, list.ID)
	if !ok {
		return
	}
	out := deliveredResponse{Items: make([]deliveredScan, len(answers))}
	for i, a := range answers {
		item := &out.Items[i]
		if item.Nonce = a.Nonce; a.Err != nil {
			public := respond.Public(a.Err)
			item.Error = &itemError{public.Code, public.Message, public.Fields}
			continue
		}
		item.Result, item.Reason = a.Scan.Result, a.Scan.Reason
		if o := a.Scan.Conflict; o != nil {
			item.Conflict = &deliveredEntry{o.Gate, o.At.UTC()}
		}
	}
	respond.JSON(c, http.StatusOK, out)
}
