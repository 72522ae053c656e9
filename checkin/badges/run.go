package badges

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// What a run holds at most, and how many badges a file of it has: one of 500 takes half a second and 40 MB to draw.
const (
	MostBadges = 20_000
	FileBadges = 500
)

// The errors of printing.
var (
	ErrNobody   = &turnout.Error{Kind: turnout.Conflict, Code: "no_badges", Message: "No valid ticket for coming in person is meant: there is no badge to print."}
	ErrTooMany  = &turnout.Error{Kind: turnout.Conflict, Code: "too_many_badges", Message: "Print at most 20,000 badges at once."}
	ErrCanceled = &turnout.Error{Kind: turnout.Conflict, Code: "badge_canceled", Message: "This ticket is not valid: no badge is printed for it."}
	ErrVirtual  = &turnout.Error{Kind: turnout.Conflict, Code: "ticket_virtual", Message: "This ticket is for attending online: it has no badge."}
)

// PrefixRun begins the ids of runs: a form makes one, so that sending it twice prints once.
const PrefixRun = "bpr"

// Which says which of the tickets that are meant get a badge.
type Which string

// The values of Which.
const (
	All        Which = "all"
	NotPrinted Which = "not_printed"
	Changed    Which = "changed" // printed, and the badge would say something else now
)

// Whiches lists them all, the default first.
var Whiches = []Which{All, NotPrinted, Changed}

// Sort is the order of a print.
type Sort string

// The values of Sort.
const (
	ByName  Sort = "name"
	ByType  Sort = "type" // and then by name
	ByOrder Sort = "order"
)

// Sorts lists them all, the default first.
var Sorts = []Sort{ByName, ByType, ByOrder}

// Selection is for whom badges are printed, of the valid tickets for coming in person; its zero value takes all, by name.
type Selection struct {
	Which  Which
	Type   turnout.ID   // only of this ticket type
	Search string       // as ticketing.AttendeeFilter's
	IDs    []turnout.ID // only these tickets; nil for all
	Sort   Sort
}

// Check says what is wrong with the selection.
func (sel *Selection) Check() error {
	var p turnout.Problems
	if sel.Which != "" && !slices.Contains(Whiches, sel.Which) {
		p.Add("which", "unknown", "This is none of the values that can be asked for.")
	}
	if sel.Sort != "" && !slices.Contains(Sorts, sel.Sort) {
		p.Add("sort", "unknown", "This is none of the values that can be asked for.")
	}
	if len(sel.IDs) > readAtOnce {
		p.Add("ticket_ids", "too_many", "Name at most %d.", readAtOnce)
	}
	return p.Err()
}

// Run is badges that were printed together.
type Run struct {
	bun.BaseModel `bun:"table:badge_runs,alias:run"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	Choice      Choice `bun:"choice,type:jsonb"`
	Badges      int64
	ActorKind   audit.ActorKind
	ActorID     turnout.ID
	CreatedAt   time.Time
}

// Files is how many files the run has.
func (r *Run) Files() int { return int((r.Badges + FileBadges - 1) / FileBadges) }

type badgePrint struct {
	bun.BaseModel `bun:"table:badge_prints,alias:print"`

	RunID       turnout.ID `bun:",pk"`
	Position    int64      `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	TicketID    turnout.ID
	Says        string
	Cut         bool
	PrintedAt   time.Time
}

// wearer is a ticket with its badge.
type wearer struct {
	row   *ticketing.AttendeeRow
	badge documents.Badge
	says  string
}

// readAtOnce is how many tickets are read together.
const readAtOnce = 500

// Count says how many badges a selection would print now.
func (s *Service) Count(ctx context.Context, e *events.Event, sel Selection) (int, error) {
	d, err := s.Design(ctx, e)
	if err != nil {
		return 0, err
	}
	meant, err := s.gather(ctx, e, &d.Choice, sel)
	return len(meant), err
}

// Print begins a run under an id that the caller made, so that asking twice prints once: the badges are counted then. It fails with field
// problems, ErrNobody and ErrTooMany; with turnout.ErrNotFound for an id that is none.
func (s *Service) Print(ctx context.Context, e *events.Event, id turnout.ID, sel Selection) (*Run, error) {
	if err := sel.Check(); err != nil {
		return nil, err
	}
	if !id.Is(PrefixRun) {
		return nil, turnout.ErrNotFound
	}
	if run, err := s.Run(ctx, e, id); err == nil {
		return run, nil
	}
	d, err := s.Design(ctx, e)
	if err != nil {
		return nil, err
	}
	meant, err := s.gather(ctx, e, &d.Choice, sel)
	if err != nil {
		return nil, err
	}
	arrange(meant, sel.Sort)
	return s.note(ctx, e, id, &d.Choice, meant)
}

// PrintOne is Print for one ticket, whether it was printed or not. It fails with turnout.ErrNotFound, ErrCanceled and ErrVirtual.
func (s *Service) PrintOne(ctx context.Context, e *events.Event, id, ticket turnout.ID) (*Run, error) {
	rows, err := s.Ticketing.AttendeeRows(ctx, e, ticketing.AttendeeFilter{IDs: []turnout.ID{ticket}, Limit: 1})
	switch {
	case err != nil:
		return nil, fmt.Errorf("badges: %w", err)
	case len(rows) == 0:
		return nil, turnout.ErrNotFound
	case rows[0].Status != ticketing.Valid:
		return nil, ErrCanceled
	case rows[0].AttendanceMode != ticketing.InPerson:
		return nil, ErrVirtual
	}
	return s.Print(ctx, e, id, Selection{IDs: []turnout.ID{ticket}})
}

// gather reads whom a selection means, chunk by chunk.
func (s *Service) gather(ctx context.Context, e *events.Event, c *Choice, sel Selection) (meant []*wearer, err error) {
	if err := sel.Check(); err != nil {
		return nil, err
	}
	filter := ticketing.AttendeeFilter{Search: sel.Search, Status: ticketing.Valid, Type: sel.Type, Mode: ticketing.InPerson, IDs: sel.IDs, Oldest: true, Limit: readAtOnce}
	for {
		rows, err := s.Ticketing.AttendeeRows(ctx, e, filter)
		if err != nil {
			return nil, fmt.Errorf("badges: %w", err)
		}
		wearers, err := s.wearers(ctx, e, c, rows)
		if err != nil {
			return nil, err
		}
		if wearers, err = s.narrow(ctx, e, sel.Which, wearers); err != nil {
			return nil, err
		}
		if meant = append(meant, wearers...); len(meant) > MostBadges {
			return nil, ErrTooMany
		}
		if len(rows) < readAtOnce {
			break
		}
		filter.Before = rows[len(rows)-1].ID
	}
	if len(meant) == 0 {
		return nil, ErrNobody
	}
	return meant, nil
}

// narrow leaves those whom Which means.
func (s *Service) narrow(ctx context.Context, e *events.Event, which Which, all []*wearer) ([]*wearer, error) {
	if which == All || which == "" {
		return all, nil
	}
	ids := make([]turnout.ID, len(all))
	for i, w := range all {
		ids[i] = w.row.ID
	}
	printed, err := s.Printed(ctx, e, ids)
	return slices.DeleteFunc(all, func(w *wearer) bool {
		p := printed[w.row.ID]
		if which == NotPrinted {
			return p != nil
		}
		return p == nil || p.says == w.says
	}), err
}

// wearers makes the badges of tickets, in three statements.
func (s *Service) wearers(ctx context.Context, e *events.Event, c *Choice, rows []*ticketing.AttendeeRow) ([]*wearer, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]turnout.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	codes, err := s.Ticketing.Codes(ctx, e, ids)
	if err == nil && len(c.Questions) > 0 {
		err = s.Ticketing.TicketAnswers(ctx, e.CommunityID, rows)
	}
	if err != nil {
		return nil, fmt.Errorf("badges: %w", err)
	}
	all := make([]*wearer, len(rows))
	for i, r := range rows {
		b := documents.Badge{Name: r.AttendeeName}
		for _, q := range c.Questions {
			line := ""
			if i := slices.IndexFunc(r.Answers, func(a *ticketing.Answer) bool { return a.QuestionID == q }); i >= 0 {
				line = r.Answers[i].InWords(s.Ticketing.Pages, "en")
			}
			b.Lines = append(b.Lines, line)
		}
		if c.ShowType {
			b.Type = r.TypeName
		}
		if c.ShowOrder {
			b.Order = r.OrderCode
		}
		if c.ShowQR {
			b.Code = codes[r.ID]
		}
		band := c.band(r.TypeID)
		b.Band, b.Color = band.Words, band.Color
		all[i] = &wearer{r, b, says(b)}
	}
	return all, nil
}

// says is a hash of what stands on a badge.
func says(b documents.Badge) string {
	raw, _ := json.Marshal(b) // strings only: it cannot fail
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:12])
}

// arrange puts badges into the order of the print: names as dictionaries do.
func arrange(all []*wearer, by Sort) {
	if by == ByOrder {
		slices.SortStableFunc(all, func(a, b *wearer) int {
			if d := a.row.OrderNumber - b.row.OrderNumber; d != 0 {
				return int(d)
			}
			return int(a.row.Number - b.row.Number)
		})
		return
	}
	c, buf, keys := collate.New(language.Und, collate.IgnoreCase), new(collate.Buffer), map[*wearer][2][]byte{}
	for _, w := range all {
		keys[w] = [2][]byte{c.KeyFromString(buf, w.row.TypeName), c.KeyFromString(buf, w.badge.Name)}
	}
	slices.SortStableFunc(all, func(a, b *wearer) int {
		if by == ByType {
			if d := slices.Compare(keys[a][0], keys[b][0]); d != 0 {
				return d
			}
		}
		return slices.Compare(keys[a][1], keys[b][1])
	})
}

// note writes the run down, in one transaction.
func (s *Service) note(ctx context.Context, e *events.Event, id turnout.ID, c *Choice, meant []*wearer) (*Run, error) {
	now, actor := s.Now(), audit.ActorFrom(ctx)
	run := &Run{ID: id, CommunityID: e.CommunityID, EventID: e.ID, Choice: *c, Badges: int64(len(meant)), ActorKind: actor.Kind, ActorID: actor.ID, CreatedAt: now}
	sheet := documents.BadgeSheet{Layout: c.Layout, Paper: c.Paper, FirstName: c.FirstName}
	prints := make([]*badgePrint, len(meant))
	for i, w := range meant {
		prints[i] = &badgePrint{RunID: id, Position: int64(i), CommunityID: e.CommunityID, EventID: e.ID, TicketID: w.row.ID, Says: w.says,
			Cut: sheet.NameIsCut(w.badge), PrintedAt: now}
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		inserted, err := database.Changed(tx.NewInsert().Model(run).On("CONFLICT (id) DO NOTHING").Exec(ctx))
		if err != nil || inserted == 0 { // the form came twice at once
			return err
		}
		for chunk := range slices.Chunk(prints, readAtOnce) {
			if _, err := tx.NewInsert().Model(&chunk).Exec(ctx); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, audit.Entry{Community: e.CommunityID, Action: "badges.printed", Subject: id, Detail: map[string]string{"badges": fmt.Sprint(len(meant))}, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("badges: print: %w", err)
	}
	return s.Run(ctx, e, id)
}

// Run gives a run of an event. It fails with turnout.ErrNotFound.
func (s *Service) Run(ctx context.Context, e *events.Event, id turnout.ID) (*Run, error) {
	run := new(Run)
	err := s.DB.Read().NewSelect().Model(run).Where("id = ?", id).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Scan(ctx)
	return run, database.NotFound(err)
}

// Runs lists an event's runs, the newest first.
func (s *Service) Runs(ctx context.Context, e *events.Event, before turnout.ID, limit int) ([]*Run, error) {
	var runs []*Run
	q := s.DB.Read().NewSelect().Model(&runs).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID)
	if before != "" {
		q = q.Where("id < ?", before)
	}
	if err := q.Order("id DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("badges: runs: %w", err)
	}
	return runs, nil
}

// WriteFile draws a file of a run, the first is 1, from its tickets as they are now. It fails with turnout.ErrNotFound, and with ErrCanceled
// when none of them is valid any more.
func (s *Service) WriteFile(ctx context.Context, w io.Writer, e *events.Event, run *Run, file int) error {
	var ids []turnout.ID
	err := s.DB.Read().NewSelect().Model((*badgePrint)(nil)).Column("ticket_id").Where("run_id = ?", run.ID).Where("community_id = ?", e.CommunityID).
		Where("position >= ?", (file-1)*FileBadges).Where("position < ?", file*FileBadges).Order("position").Scan(ctx, &ids)
	if err == nil && len(ids) == 0 {
		return turnout.ErrNotFound
	}
	var rows []*ticketing.AttendeeRow
	if err == nil {
		rows, err = s.Ticketing.AttendeeRows(ctx, e, ticketing.AttendeeFilter{IDs: ids, Status: ticketing.Valid, Limit: FileBadges})
	}
	if err != nil {
		return fmt.Errorf("badges: file of %s: %w", run.ID, err)
	}
	if len(rows) == 0 {
		return ErrCanceled
	}
	wearers, err := s.wearers(ctx, e, &run.Choice, rows)
	if err != nil {
		return err
	}
	place := make(map[turnout.ID]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(wearers, func(a, b *wearer) int { return place[a.row.ID] - place[b.row.ID] })
	sheet, err := s.sheet(ctx, e, &run.Choice)
	if err != nil {
		return err
	}
	sheet.Made = run.CreatedAt
	for _, wearer := range wearers {
		sheet.Badges = append(sheet.Badges, wearer.badge)
	}
	return documents.BadgesPDF(w, sheet)
}

// sheet is a choice with what the event gives to it.
func (s *Service) sheet(ctx context.Context, e *events.Event, c *Choice) (documents.BadgeSheet, error) {
	sheet := documents.BadgeSheet{Layout: c.Layout, Paper: c.Paper, FirstName: c.FirstName, Title: e.Title, NoName: documents.English.NoName}
	var err error
	if sheet.Accent, err = s.Ticketing.Accent(ctx, e); err == nil {
		sheet.Logo, err = s.Ticketing.Logo(ctx, e)
	}
	return sheet, err
}
