package agenda

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda/exchange"
	"turnout/events/speakers"
	"turnout/internal/audit"
)

// Tally counts what an import does to each sort of thing. A slot is counted apart from its session.
type Tally struct {
	Rooms    int `json:"rooms"`
	Tracks   int `json:"tracks"`
	Sessions int `json:"sessions"`
	Slots    int `json:"slots"`
	Speakers int `json:"speakers"`
}

// Changes counts, among the sessions that were there and stay, what became different. A session can count under several.
type Changes struct {
	Moved    int `json:"moved"`    // another start
	Rerooms  int `json:"rerooms"`  // another room
	Retitled int `json:"retitled"` // another title
	Resized  int `json:"resized"`  // another length
	Speakers int `json:"speakers"` // other speakers, as a set
}

// ImportReport says what an import did, or in a dry run would do.
type ImportReport struct {
	Format    exchange.Format    `json:"format"`
	Created   Tally              `json:"created"`
	Updated   Tally              `json:"updated"`
	Unchanged Tally              `json:"unchanged"`
	Removed   Tally              `json:"removed"` // sessions that the file no longer holds: withdrawn, their slots gone
	Changes   Changes            `json:"changes"`
	StartsAt  *time.Time         `json:"starts_at"` // of the file's first session that has a slot; null when none has
	EndsAt    *time.Time         `json:"ends_at"`   // of its last
	Outside   int                `json:"outside"`   // slots that do not lie within the event's own times
	Warnings  []exchange.Warning `json:"warnings"`
	Conflicts []ImportConflict   `json:"conflicts"` // changed here and in the file since the last import
	Sessions  []ImportedItem     `json:"sessions"`  // that are new, changed or removed
	Seen      string             `json:"seen"`      // names what the file was compared with, and the file: the same for the same
}

// ImportedItem is a session that an import adds, changes or removes.
type ImportedItem struct {
	ChangedItem
	Fields []ImportField `json:"fields,omitempty"` // of a changed one, but for its slot
}

// ImportChoices say how an import goes about what was changed on both sides.
type ImportChoices struct {
	AllTheirs bool     // the file is right
	Theirs    []string // the Choice of each conflict in which it is
	Seen      string   // of the dry run that somebody said yes to; "" for whatever is there

	Mapping *exchange.Mapping // of a CSV or an unknown JSON; nil: the one that the event used last where it fits, else a guess
}

// Import brings an agenda made elsewhere into the event's working draft (id or slug), keyed by what the file calls its
// sessions, rooms and speakers. The same file again changes nothing and writes nothing. A session that the file no longer
// holds is withdrawn; rooms, tracks and speakers stay. What was changed here since the last import stays as it is, unless a choice says otherwise. All of it
// happens or nothing; a dry run does the same work and writes nothing. Errors: turnout.ErrNotFound, ErrChanged when something else was seen, and those of exchange.Read.
func (s *Service) Import(ctx context.Context, community turnout.ID, event string, data []byte, choices ImportChoices, dryRun bool) (*ImportReport, error) {
	e, err := events.Find(ctx, s.DB.Read(), community, event)
	if err != nil {
		return nil, err
	}
	mapping, err := s.mapping(ctx, e, data, choices.Mapping)
	if err != nil {
		return nil, err
	}
	schedule, warnings, err := exchange.Read(data, exchange.Options{Zone: e.Location(), Mapping: mapping})
	if err != nil {
		return nil, err
	}
	schedule.UID = string(e.ID)
	file := sha256.Sum256(data)
	if dryRun {
		plan, err := s.planImport(ctx, s.DB.Read(), e, schedule, choices, file[:])
		if err != nil {
			return nil, err
		}
		return plan.finish(warnings), nil
	}
	var report *ImportReport
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := hold(ctx, tx, community, e.ID); err != nil {
			return err
		}
		plan, err := s.planImport(ctx, tx, e, schedule, choices, file[:])
		if err != nil {
			return err
		}
		if choices.Seen != "" && choices.Seen != plan.report.Seen {
			return ErrChanged
		}
		report = plan.finish(slices.Clone(warnings))
		if choices.Mapping != nil {
			if err := saveMapping(ctx, tx, e, *choices.Mapping, s.now()); err != nil {
				return err
			}
		}
		return plan.write(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// planImport compares the schedule with the event's agenda as it is.
func (s *Service) planImport(ctx context.Context, db bun.IDB, e *events.Event, schedule *exchange.Schedule, choices ImportChoices, file []byte) (*importPlan, error) {
	a, err := readAgenda(ctx, db, e)
	if err != nil {
		return nil, err
	}
	bases, err := readBases(ctx, db, e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	seen := a.seen(file)
	plan := newImportPlan(a, bases, schedule, choices, s.now())
	plan.report.Seen = seen
	return plan, nil
}

// seen names the agenda as it is, by the versions of all that is in it, and a file beside it.
func (a *Agenda) seen(file []byte) string {
	hash := sha256.New()
	hash.Write(file)
	for _, r := range a.Rooms {
		fmt.Fprintln(hash, r.ID, r.Version)
	}
	for _, t := range a.Tracks {
		fmt.Fprintln(hash, t.ID, t.Version)
	}
	for _, s := range a.Speakers {
		fmt.Fprintln(hash, s.ID, s.Version)
	}
	for _, s := range a.Sessions {
		fmt.Fprintln(hash, s.ID, s.Version)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// finish gives the report with all warnings.
func (p *importPlan) finish(warnings []exchange.Warning) *ImportReport {
	p.report.Warnings = append(append([]exchange.Warning{}, warnings...), p.report.Warnings...)
	return &p.report
}

// remember keeps what the file says, for the next import.
func (p *importPlan) remember(ctx context.Context, tx bun.Tx) error {
	for chunk := range slices.Chunk(p.said, rowsAtOnce) {
		if _, err := tx.NewInsert().Model(&chunk).On("CONFLICT (thing_id) DO UPDATE").Set("said = EXCLUDED.said").Exec(ctx); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(p.forgotten, rowsAtOnce) {
		if _, err := tx.NewDelete().Model((*importedRow)(nil)).Where("community_id = ?", p.agenda.Event.CommunityID).Where("thing_id IN (?)", bun.List(chunk)).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// write carries the plan out, in a statement for every few hundred rows. Parents come before those that point to them.
func (p *importPlan) write(ctx context.Context, tx bun.Tx) error {
	if err := p.remember(ctx, tx); err != nil {
		return err
	}
	if len(p.rooms)+len(p.tracks)+len(p.speakers)+len(p.sessions) == 0 {
		return nil
	}
	for chunk := range slices.Chunk(p.rooms, rowsAtOnce) {
		if _, err := tx.NewInsert().Model(&chunk).On("CONFLICT (id) DO UPDATE").
			Set("external_key = EXCLUDED.external_key, name = EXCLUDED.name, version = EXCLUDED.version, updated_at = EXCLUDED.updated_at").Exec(ctx); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(p.tracks, rowsAtOnce) {
		if _, err := tx.NewInsert().Model(&chunk).On("CONFLICT (id) DO UPDATE").
			Set("external_key = EXCLUDED.external_key, name = EXCLUDED.name, color = EXCLUDED.color").
			Set("version = EXCLUDED.version, updated_at = EXCLUDED.updated_at").Exec(ctx); err != nil {
			return err
		}
	}
	if err := speakers.Save(ctx, tx, p.speakers); err != nil {
		return err
	}
	for chunk := range slices.Chunk(p.sessions, rowsAtOnce) {
		if _, err := tx.NewInsert().Model(&chunk).On("CONFLICT (id) DO UPDATE").
			Set("external_key = EXCLUDED.external_key, title = EXCLUDED.title, subtitle = EXCLUDED.subtitle, kind = EXCLUDED.kind").
			Set("status = EXCLUDED.status, abstract = EXCLUDED.abstract, description = EXCLUDED.description, language = EXCLUDED.language").
			Set("url = EXCLUDED.url, links = EXCLUDED.links, source_type = EXCLUDED.source_type, source_number = EXCLUDED.source_number").
			Set("track_id = EXCLUDED.track_id, duration_minutes = EXCLUDED.duration_minutes, room_id = EXCLUDED.room_id").
			Set("starts_at = EXCLUDED.starts_at, ends_at = EXCLUDED.ends_at").
			Set("version = EXCLUDED.version, updated_at = EXCLUDED.updated_at").Exec(ctx); err != nil {
			return err
		}
	}
	if err := linkSpeakers(ctx, tx, p.agenda.Event.CommunityID, p.relinked); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Community: p.agenda.Event.CommunityID, Action: "agenda.imported", Subject: p.agenda.Event.ID,
		Detail: map[string]string{"format": string(p.report.Format)}, At: p.now})
}
