package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"turnout/internal/database"
	"turnout/internal/mail"
)

type mailCommand struct {
	Limit int `default:"10" help:"How many, the newest."`
}

// Run prints the mails of the installation itself, which no community's console shows: links to a new password. Without a mail
// server that is where their links are found.
func (cmd *mailCommand) Run(sh *shell) error {
	return withDatabase(sh, func(db *database.DB) error {
		list, err := mail.List(sh.ctx, db.Read(), "", true, "", cmd.Limit)
		if err != nil {
			return err
		}
		for _, m := range slices.Backward(list) {
			fmt.Fprintf(sh.out, "%s, %s, to %s: %s\n\n", m.CreatedAt.Format(time.DateTime), m.State, m.To, m.Subject)
			for line := range strings.Lines(strings.TrimSpace(m.Text)) {
				fmt.Fprintln(sh.out, strings.TrimRight("    "+line, " \r\n"))
			}
			fmt.Fprintln(sh.out)
		}
		if len(list) == 0 {
			fmt.Fprintln(sh.out, "There is no mail. Those of communities are in their consoles.")
		}
		return nil
	})
}
