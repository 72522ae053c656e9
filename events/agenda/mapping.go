package agenda

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda/exchange"
	"turnout/internal/database"
)

// agendaMapping keeps how an event's files of no known format are read.
type agendaMapping struct {
	bun.BaseModel `bun:"table:agenda_mappings,alias:agenda_mapping"`

	EventID     turnout.ID      `bun:"event_id,pk"`
	CommunityID turnout.ID      `bun:"community_id"`
	Mapping     json.RawMessage `bun:"mapping,type:jsonb"`
	UpdatedAt   time.Time       `bun:"updated_at"`
}

// Table reads a file of no known format, with the mapping to offer for it: the one that the event used last where it fits,
// else what can be guessed in the language. Errors: turnout.ErrNotFound, and those of exchange.ReadTable.
func (s *Service) Table(ctx context.Context, community turnout.ID, event string, data []byte, language string) (*exchange.Table, exchange.Mapping, error) {
	var none exchange.Mapping
	e, err := events.Find(ctx, s.DB.Read(), community, event)
	if err != nil {
		return nil, none, err
	}
	last, err := s.lastMapping(ctx, e)
	if err != nil {
		return nil, none, err
	}
	if last != nil {
		if table, err := exchange.ReadTable(data, last.List); err == nil && table.Fits(*last) {
			return table, *last, nil
		}
	}
	table, err := exchange.ReadTable(data, "")
	if err != nil {
		return nil, none, err
	}
	return table, table.Guess(language), nil
}

// mapping chooses how to read a file: as asked for, else as the event's last one of the same shape was read, else nil.
func (s *Service) mapping(ctx context.Context, e *events.Event, data []byte, asked *exchange.Mapping) (*exchange.Mapping, error) {
	if format := exchange.Recognise(data); asked != nil || format != exchange.CSV && format != exchange.MappedJSON {
		return asked, nil
	}
	last, err := s.lastMapping(ctx, e)
	if err != nil || last == nil {
		return nil, err
	}
	if table, err := exchange.ReadTable(data, last.List); err != nil || !table.Fits(*last) {
		return nil, nil //nolint:nilerr // another file than last time: it is read afresh, and that says what is wrong with it
	}
	return last, nil
}

// lastMapping is nil where there is none.
func (s *Service) lastMapping(ctx context.Context, e *events.Event) (*exchange.Mapping, error) {
	row := new(agendaMapping)
	err := database.NotFound(s.DB.Read().NewSelect().Model(row).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Scan(ctx))
	if errors.Is(err, turnout.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := new(exchange.Mapping)
	return m, json.Unmarshal(row.Mapping, m)
}

func saveMapping(ctx context.Context, tx bun.Tx, e *events.Event, m exchange.Mapping, now time.Time) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = tx.NewInsert().Model(&agendaMapping{EventID: e.ID, CommunityID: e.CommunityID, Mapping: text, UpdatedAt: now}).
		On("CONFLICT (event_id) DO UPDATE").Set("mapping = EXCLUDED.mapping, updated_at = EXCLUDED.updated_at").Exec(ctx)
	return err
}
