package ticketing

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// NoticeKind says what the door shall know of somebody.
type NoticeKind string

// The kinds of notices. Disputed is not written by anybody: the order's payment says so.
const (
	NoNotice        NoticeKind = ""
	NoticeVIP       NoticeKind = "vip"
	NoticeMinor     NoticeKind = "minor"
	NoticeAttention NoticeKind = "attention"
	AnyNotice       NoticeKind = "any"      // in filters alone: one of those that are written
	NoticeDisputed  NoticeKind = "disputed" // the buyer has taken the payment back through their bank
)

// NoticeKinds are those that can be written.
var NoticeKinds = []NoticeKind{NoticeVIP, NoticeMinor, NoticeAttention}

// Notice is something that the door shows beside the name of who bears a ticket.
type Notice struct {
	Kind NoticeKind `json:"kind"`
	Text string     `json:"text,omitempty"`
}

// maxNotice is how long the text of a notice can be, in characters: it is read at arm's length.
const maxNotice = 200

// disputedOrder is, in SQL, whether a payment of the order called ord is disputed.
const disputedOrder = "EXISTS (SELECT 1 FROM payments AS payment WHERE payment.order_id = ord.id AND payment.status = 'disputed')"

// notices gives what there is to say of a ticket.
func notices(kind NoticeKind, text string, disputed bool) (all []Notice) {
	if kind != NoNotice {
		all = append(all, Notice{kind, text})
	}
	if disputed {
		all = append(all, Notice{Kind: NoticeDisputed})
	}
	return all
}

// Notices is what the door shall know.
func (t *DoorTicket) Notices() []Notice { return notices(t.Notice, t.NoticeText, t.Disputed) }

// Notices is what the door shall know.
func (r *DoorRecord) Notices() []Notice { return notices(r.Notice, r.NoticeText, r.Disputed) }

// WriteNotice says what the door shall know of who bears a ticket; NoNotice takes it back. Doors hear of it with their next question, and it goes when the ticket
// goes to somebody else. It fails with turnout.ErrNotFound and with an Invalid error for "kind" and "text".
func (s *Service) WriteNotice(ctx context.Context, community, ticket turnout.ID, n Notice) error {
	var p turnout.Problems
	n.Text = strings.TrimSpace(n.Text)
	if n.Kind != NoNotice && !slices.Contains(NoticeKinds, n.Kind) {
		p.Add("kind", "unknown", "Choose vip, minor or attention.")
	}
	if n.Kind == NoNotice && n.Text != "" {
		p.Add("kind", "required", "Choose what kind of notice this is.")
	}
	p.Line("text", n.Text, maxNotice)
	if err := p.Err(); err != nil {
		return err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		changed, err := database.Changed(tx.NewUpdate().Model((*Ticket)(nil)).Set("notice = ?", n.Kind).Set("notice_text = ?", n.Text).Set("updated_at = ?", now).
			Where("id = ?", ticket).Where("community_id = ?", community).Exec(ctx))
		if err != nil {
			return err
		}
		if changed == 0 {
			return turnout.ErrNotFound
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "ticket.noted", Subject: ticket, At: now})
	})
	return wrapped("write notice", err)
}
