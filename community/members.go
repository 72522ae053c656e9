package community

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/audit"
)

// maxMembers is how many addresses one list can hold.
const maxMembers = 2000

// SetMembers calls the persons of a list of e-mail addresses, one a line, members of the community from now on, or members no more. Whoever
// is called a member becomes known. It gives how many that changed, and fails with an Invalid error about "emails".
func (s *Service) SetMembers(ctx context.Context, community turnout.ID, list string, member bool) (changed int, err error) {
	emails, err := readEmails(list)
	if err != nil {
		return 0, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.now()
		var ids []turnout.ID
		if member {
			contacts := make([]people.Contact, len(emails))
			for i, email := range emails {
				contacts[i].Email = email
			}
			ids, err = people.Ensure(ctx, tx, community, now, contacts)
		} else {
			ids, err = people.WithEmails(ctx, tx, community, emails)
		}
		if err != nil {
			return err
		}
		slices.Sort(ids)
		done, err := people.SetMembers(ctx, tx, community, slices.Compact(ids), member, now)
		if err != nil {
			return err
		}
		entries := make([]audit.Entry, len(done))
		for i, id := range done {
			entries[i] = audit.Entry{Community: community, Action: "person.member_marked", Subject: id, At: now}
			if !member {
				entries[i].Action = "person.member_unmarked"
			}
		}
		changed = len(done)
		return audit.Write(ctx, tx, entries...)
	})
	if err != nil {
		return 0, fmt.Errorf("community: set members: %w", err)
	}
	return changed, nil
}

// readEmails reads one address a line; empty lines count for nothing.
func readEmails(list string) (emails []string, err error) {
	var probs turnout.Problems
	for i, line := range strings.Split(list, "\n") {
		if line = strings.Trim(line, " \t\r,;"); line == "" {
			continue
		}
		email, err := people.NormaliseEmail(line)
		if err != nil {
			probs.Add("emails", "email", "Line %d is no e-mail address.", i+1)
			continue
		}
		emails = append(emails, email)
	}
	if len(emails) == 0 && len(probs) == 0 {
		probs.Require("emails", "")
	}
	if len(emails) > maxMembers {
		probs.Add("emails", "too_long", "A list can hold at most %d addresses.", maxMembers)
	}
	return emails, probs.Err()
}
