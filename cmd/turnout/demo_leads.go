package main

import (
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/leads"
	"turnout/internal/audit"
	"turnout/ticketing"
)

// stands lets the staff of sponsors scan badges of those who came, under the event's text. The first whom they scanned took it back.
func (d *doors) stands(sponsors ...turnout.ID) {
	e := d.event
	settings := &leads.Settings{EventID: e.ID, CommunityID: e.CommunityID, Consent: leads.ByBadge, Version: 1, UpdatedAt: e.CreatedAt.Add(30 * day),
		Text: "By letting a sponsor scan my badge I share my name and e-mail address with them."}
	d.leadSettings = append(d.leadSettings, settings)
	d.note(settings.UpdatedAt, d.byStaff(), "leads.settings_changed", e.ID)
	for i, sponsor := range sponsors {
		stand := d.device(e, "Stand", "", nil, checkin.Leads, e.StartsAt)
		stand.SponsorID = sponsor
		at := e.StartsAt.Add(time.Duration(90+i*7) * time.Minute)
		for k, t := range d.tickets {
			if d.present[[2]turnout.ID{"", t.ID}] != nil && k%(11+i) == 3 {
				at = at.Add(time.Duration(3+k%9) * time.Minute)
				d.lead(settings, stand, t, at)
			}
		}
	}
}

// lead is a badge that was scanned at a stand; some are rated, with a word.
func (d *doors) lead(settings *leads.Settings, stand *checkin.Device, t *ticketing.Ticket, at time.Time) {
	words := []string{"", "Wants to see the offline maps at work", "", "Asked for prices for schools", "", "", "Writes a paper about tide tables; send ours"}
	n := len(d.leads)
	receipt := &leads.Receipt{ID: turnout.NewID("rcp"), CommunityID: t.CommunityID, EventID: t.EventID, SponsorID: stand.SponsorID, TicketID: t.ID, PersonID: t.PersonID,
		Name: t.AttendeeName, Given: settings.Consent, Text: settings.Text, GivenAt: at}
	lead := &leads.Lead{ID: turnout.NewID("led"), CommunityID: t.CommunityID, EventID: t.EventID, SponsorID: stand.SponsorID, TicketID: t.ID, ReceiptID: receipt.ID,
		DeviceID: stand.ID, Note: words[n%len(words)], Version: 1, FirstAt: at, UpdatedAt: at}
	if lead.Note != "" || n%3 == 0 {
		lead.Rating = new(int64(2 + n*3%4))
	}
	d.note(at, audit.Actor{Kind: audit.System}, "lead.taken", lead.ID)
	if n == 0 {
		receipt.Name, receipt.WithdrawnAt, lead.Note, lead.Rating = "", at.Add(3*day), "", nil
		d.note(receipt.WithdrawnAt, audit.Actor{Kind: audit.Buyer, ID: t.ID}, "lead.withdrawn", receipt.ID)
	}
	d.receipts = append(d.receipts, receipt)
	d.leads = append(d.leads, lead)
}
