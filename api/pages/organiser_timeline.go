package pages

import (
	"cmp"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin"
	"turnout/events/organisers"
	"turnout/internal/audit"
	"turnout/internal/mail"
	"turnout/ticketing"
)

// deed is one entry of a history.
type deed struct {
	At     time.Time
	Action string // an action of the audit log, or one of ticketing's happenings
	Who    string
}

// deeds names who did what, in the words of the console.
func (h *Handler) deeds(c *gin.Context, entries []audit.Entry) ([]deed, error) {
	name, err := h.actors(c, slices.ContainsFunc(entries, func(e audit.Entry) bool { return e.Actor.Kind == audit.Staff }))
	if err != nil {
		return nil, err
	}
	list := make([]deed, len(entries))
	for i, e := range entries {
		list[i] = deed{At: e.At, Action: e.Action, Who: name(e.Actor)}
	}
	return list, nil
}

// actors gives what names those who act; staff by their names, where any is to be named.
func (h *Handler) actors(c *gin.Context, staff bool) (func(audit.Actor) string, error) {
	names := map[turnout.ID]string{}
	if staff {
		members, err := organisers.Members(c.Request.Context(), h.DB.Read(), access.Community(c))
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			names[m.AccountID] = firstOf(m.Name, m.Email)
		}
	}
	return func(a audit.Actor) string {
		if name := names[a.ID]; name != "" {
			return name
		}
		return h.text(c, "console.actor."+string(a.Kind))
	}, nil
}

// happening is one thing that happened to an order.
type happening struct {
	deed
	Reason  string // of a refund
	Amount  turnout.Money
	Mail    *mail.Headline
	MailURL string // "" for who may not read it
	Scan    *checkin.Scan
	Holder  string // of the ticket that was scanned
}

// scansTold is how many scans a timeline goes back.
const scansTold = 200

// timeline tells everything that happened to an order, the newest first, whatever table it stands in.
func (h *Handler) timeline(c *gin.Context, o *ticketing.Order) ([]happening, error) {
	ctx := c.Request.Context()
	happened, err := h.Ticketing.Timeline(ctx, o)
	if err != nil {
		return nil, err
	}
	scans, err := checkin.History(ctx, h.DB.Read(), o.CommunityID, o.ID, scansTold)
	if err != nil {
		return nil, err
	}
	name, err := h.actors(c, true)
	if err != nil {
		return nil, err
	}
	var list []happening
	for _, what := range happened {
		told := happening{deed: deed{At: what.At, Action: what.What}, Reason: what.Reason, Amount: what.Amount, Mail: what.Mail}
		if what.Who != (audit.Actor{}) {
			told.Who = name(what.Who)
		}
		if what.Mail != nil && may(c, "settings:read") {
			told.MailURL = ConsolePath + "/" + string(o.CommunityID) + "/mail/" + string(what.Mail.ID)
		}
		list = append(list, told)
	}
	holders := map[turnout.ID]string{}
	for _, t := range o.Tickets {
		holders[t.ID] = firstOf(t.AttendeeName, t.AttendeeEmail)
	}
	for _, scan := range scans {
		list = append(list, happening{deed: deed{At: scan.ScannedAt, Action: "ticket." + scanned(scan), Who: scan.Gate}, Scan: scan, Holder: holders[scan.TicketID]})
	}
	slices.SortStableFunc(list, func(a, b happening) int { return cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()) })
	return list, nil
}

// scanned is what a scan did.
func scanned(scan *checkin.Scan) string {
	switch {
	case scan.Result != checkin.Accepted:
		return "scan_refused"
	case scan.Direction == checkin.Exit:
		return "scanned_out"
	}
	return "scanned_in"
}
