package checkin

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
)

// Nearest says, in sentences of the language, what stood in the way of a refused scan and what would have worked: the other doors that
// take the ticket, the hours of this one, the conditions of the rule that came nearest, and from when on the same ticket may come in.
func (s *Service) Nearest(ctx context.Context, scan *Scan, lang string) ([]string, error) {
	if scan.Result != Refused {
		return nil, nil
	}
	g, err := s.gate(ctx, scan.CommunityID, scan.ListID)
	if err != nil {
		return nil, fmt.Errorf("checkin: nearest: %w", err)
	}
	says, err := []string(nil), error(nil)
	switch scan.Reason {
	case WrongList:
		says, err = s.otherDoors(ctx, scan, lang)
	case NotYetValid:
		says = append(says, s.Ticketing.Pages.Message(lang, "door.near.opens", "When", s.Ticketing.Pages.Moment(lang, g.list.StartsAt, g.event.Timezone)))
	case NoLongerValid:
		says = append(says, s.Ticketing.Pages.Message(lang, "door.near.closed", "When", s.Ticketing.Pages.Moment(lang, g.list.EndsAt, g.event.Timezone)))
	case ByRules:
		says, err = s.unmet(ctx, scan, lang, g.event.Timezone)
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: nearest: %w", err)
	}
	if !scan.AgainAt.IsZero() {
		says = append(says, s.Ticketing.Pages.Message(lang, "door.near.again", "When", s.Ticketing.Pages.Moment(lang, scan.AgainAt, g.event.Timezone)))
	}
	return says, nil
}

// otherDoors names the lists of the event that take a ticket which this one does not.
func (s *Service) otherDoors(ctx context.Context, scan *Scan, lang string) ([]string, error) {
	if scan.Ticket == nil {
		return nil, nil // of another event
	}
	lists, err := listsOf(ctx, s.DB.Read(), scan.CommunityID, scan.EventID)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, l := range lists {
		if l.ID != scan.ListID && l.Standing(s.Now()) == Open && l.Accepts(scan.Ticket) {
			names = append(names, l.Name)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	return []string{s.Ticketing.Pages.Message(lang, "door.near.lists", "Names", strings.Join(names, ", "))}, nil
}

// unmet says each condition that was not met.
func (s *Service) unmet(ctx context.Context, scan *Scan, lang, zone string) (says []string, err error) {
	names := map[string]string{}
	for _, of := range []struct {
		kind  rules.Kind
		table string
	}{{rules.Types, "ticket_types"}, {rules.AddOns, "add_ons"}} {
		if err := s.names(ctx, scan, of.kind, of.table, names); err != nil {
			return nil, err
		}
	}
	words := s.Ticketing.Pages
	for _, c := range scan.Failed {
		var listed []string
		for _, text := range c.Any {
			switch c.Kind {
			case rules.Weekdays:
				text = words.Message(lang, "weekday."+strings.Replace(text, "7", "0", 1))
			case rules.Types, rules.AddOns:
				if text = names[text]; text == "" {
					continue
				}
			}
			listed = append(listed, text)
		}
		from, until := rules.Clocked(c.From), rules.Clocked(c.Until)
		if c.Kind == rules.Between {
			from, until = words.Moment(lang, rules.Time(c.From), zone), words.Moment(lang, rules.Time(c.Until), zone)
		}
		says = append(says, words.Message(lang, "door.near."+string(c.Kind), "Names", strings.Join(listed, ", "), "From", from, "Until", until, "Count", c.Number, "Number", words.Number(lang, c.Number)))
	}
	return says, nil
}

// names adds the names of what the conditions of a kind name.
func (s *Service) names(ctx context.Context, scan *Scan, kind rules.Kind, table string, names map[string]string) error {
	var ids []string
	for _, c := range scan.Failed {
		if c.Kind == kind {
			ids = append(ids, c.Any...)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []struct {
		ID   turnout.ID
		Name string
	}
	err := s.DB.Read().NewSelect().Table(table).Column("id", "name").Where("id IN (?)", bun.List(ids)).Where("community_id = ?", scan.CommunityID).Scan(ctx, &rows)
	for _, r := range rows {
		names[string(r.ID)] = r.Name
	}
	return err
}
