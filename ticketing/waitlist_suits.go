package ticketing

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
)

// ErrPartySize says that no order of a ticket type has as many tickets as a party needs, or as few.
var ErrPartySize = &turnout.Error{Kind: turnout.Conflict, Code: "party_size", Message: "One order cannot have exactly so many of these tickets."}

// suits says why an entry could not buy tickets of the type however many are free: an offer of those would only keep them from others.
// Whose address it is shows when the offer, which goes there, is accepted.
func (q *queue) suits(e *WaitlistEntry, t *TicketType) error {
	switch {
	case e.PartySize < t.MinPerOrder || e.PartySize > t.MaxPerOrder || e.PartySize%max(1, t.MultipleOf) != 0:
		return ErrPartySize
	case len(t.EmailDomains) > 0 && !slices.Contains(t.EmailDomains, domainOf(e.Email)):
		return ErrRestricted.With("%s is for e-mail addresses of %s.", t.Name, listed(t.EmailDomains))
	case t.MembersOnly && !q.members[e.PersonID]:
		return ErrRestricted.With("%s is for members, and this e-mail address is no member's.", t.Name)
	}
	return nil
}

// suited is suits as a condition on waitlist_entries AS entry, so that no number of entries that do not suit hides one that does.
func (t *TicketType) suited() (where string, args []any) {
	where, args = " AND entry.party_size >= ? AND entry.party_size <= ? AND entry.party_size % ? = 0", []any{t.MinPerOrder, t.MaxPerOrder, max(1, t.MultipleOf)}
	if len(t.EmailDomains) > 0 {
		where += " AND (" + strings.Repeat("entry.email LIKE ? OR ", len(t.EmailDomains)-1) + "entry.email LIKE ?)"
		for _, d := range t.EmailDomains {
			args = append(args, "%@"+d)
		}
	}
	if t.MembersOnly {
		where += " AND EXISTS (SELECT 1 FROM persons AS person WHERE person.id = entry.person_id AND person.member_since IS NOT NULL)"
	}
	return where, args
}

// readMembers notes which of the entries are members', where a ticket type asks for that.
func (q *queue) readMembers(ctx context.Context, db bun.IDB, entries []*WaitlistEntry) error {
	q.members = map[turnout.ID]bool{}
	asked := slices.ContainsFunc(slices.Collect(maps.Values(q.types)), func(t *TicketType) bool { return t.MembersOnly })
	if !asked || len(entries) == 0 {
		return nil
	}
	persons := make([]turnout.ID, len(entries))
	for i, e := range entries {
		persons[i] = e.PersonID
	}
	var ids []turnout.ID
	err := db.NewSelect().Table("persons").Column("id").Where("community_id = ?", q.event.CommunityID).Where("id IN (?)", bun.List(persons)).
		Where("member_since IS NOT NULL").Scan(ctx, &ids)
	for _, id := range ids {
		q.members[id] = true
	}
	return err
}
