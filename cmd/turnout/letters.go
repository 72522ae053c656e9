package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/api/pages"
	"turnout/events/organisers"
	"turnout/internal/mail"
	"turnout/templates"
)

// The pages that links with a secret open, each followed by the secret.
const (
	firstOwnerPath = pages.FirstOwnerPath
	invitationPath = pages.InvitationPath
	resetPath      = pages.ResetPath
)

// letterBox writes the mails of accounts: their wording and links are not known to the package that causes them.
type letterBox struct {
	pages   *templates.Set
	baseURL string
}

// invitation and passwordReset are the data of the mails of those names.
type invitation struct {
	Community, Accent, Name, InviterName, Role, URL string
	Days                                            int
}

type passwordReset struct {
	Community, Accent, Name, URL string
	Hours                        int
}

// send queues a mail in the transaction that causes it.
func (l letterBox) send(ctx context.Context, tx bun.IDB, m organisers.Mail) error {
	left, at := time.Until(m.Expires), now()
	var name string
	var data any
	var community turnout.ID
	switch m.Kind {
	case organisers.MailInvitation:
		community = m.Community.ID
		name, data = "invitation", invitation{Community: m.Community.Name, Accent: m.Community.Accent, Name: m.Name, InviterName: cmp.Or(m.Inviter, m.Community.Name),
			Role: string(m.Role), URL: l.baseURL + invitationPath + m.Token, Days: int(math.Round(left.Hours() / 24))}
	case organisers.MailPasswordReset:
		name, data = "password_reset", passwordReset{Community: "Turnout", Name: m.Name, URL: l.baseURL + resetPath + m.Token, Hours: int(math.Round(left.Hours()))}
	default:
		return fmt.Errorf("no mail %q", m.Kind)
	}
	subject, html, text, err := l.pages.Email(l.pages.Match(m.Locale), name, data)
	if err != nil {
		return err
	}
	return mail.Queue(ctx, tx, community, mail.Message{To: m.To, Subject: subject, HTML: html, Text: text}, at)
}
