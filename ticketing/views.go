package ticketing

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// View is a filter of a list with a name, of an event's whole team.
type View struct {
	bun.BaseModel `bun:"table:saved_views,alias:view"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	List        string // ListOrders, ListAttendees
	Name        string
	Filter      map[string]string `bun:",type:jsonb"` // the list's parameters: see OrderFilters
	CreatedAt   time.Time
	UpdatedAt   time.Time
	DeletedAt   time.Time `bun:",nullzero"`
}

// The lists that have views.
const (
	ListOrders    = "orders"
	ListAttendees = "attendees"
)

const viewName = 60 // characters

// ErrViewTaken says that a list has a view of the name.
var ErrViewTaken = &turnout.Error{Kind: turnout.Conflict, Code: "view_taken", Message: "A saved view has this name. Choose another."}

// Views gives the views of an event's list, the oldest first.
func (s *Service) Views(ctx context.Context, community, event turnout.ID, list string) ([]*View, error) {
	var views []*View
	err := s.DB.Read().NewSelect().Model(&views).Where("community_id = ?", community).Where("event_id = ?", event).Where("list = ?", list).
		Where("deleted_at IS NULL").Order("id").Scan(ctx)
	return views, wrapped("views", err)
}

// SaveView keeps a filter of an event's list under a name. It fails with an Invalid error about "name" and ErrViewTaken.
func (s *Service) SaveView(ctx context.Context, community, event turnout.ID, list, name string, filter map[string]string) (*View, error) {
	name, err := viewNamed(name)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	v := &View{ID: turnout.NewID("viw"), CommunityID: community, EventID: event, List: list, Name: name, Filter: filter, CreatedAt: now, UpdatedAt: now}
	return v, s.changeView(ctx, v, "view.saved", func(ctx context.Context, tx bun.IDB) (int64, error) {
		return database.Changed(tx.NewInsert().Model(v).Exec(ctx))
	})
}

// RenameView gives a view another name. It fails with turnout.ErrNotFound, an Invalid error about "name" and ErrViewTaken.
func (s *Service) RenameView(ctx context.Context, community, event, id turnout.ID, name string) error {
	name, err := viewNamed(name)
	if err != nil {
		return err
	}
	return s.setView(ctx, community, event, id, "view.renamed", "deleted_at IS NULL", func(q *bun.UpdateQuery) *bun.UpdateQuery { return q.Set("name = ?", name) })
}

// DeleteView takes a view away; RestoreView brings it back. It fails with turnout.ErrNotFound.
func (s *Service) DeleteView(ctx context.Context, community, event, id turnout.ID) error {
	return s.setView(ctx, community, event, id, "view.deleted", "deleted_at IS NULL", func(q *bun.UpdateQuery) *bun.UpdateQuery { return q.Set("deleted_at = ?", s.Now()) })
}

// RestoreView brings a deleted view back. It fails with turnout.ErrNotFound, and with ErrViewTaken where another has its name by now.
func (s *Service) RestoreView(ctx context.Context, community, event, id turnout.ID) error {
	return s.setView(ctx, community, event, id, "view.restored", "deleted_at IS NOT NULL", func(q *bun.UpdateQuery) *bun.UpdateQuery { return q.Set("deleted_at = NULL") })
}

func (s *Service) setView(ctx context.Context, community, event, id turnout.ID, action, where string, set func(*bun.UpdateQuery) *bun.UpdateQuery) error {
	return s.changeView(ctx, &View{ID: id, CommunityID: community}, action, func(ctx context.Context, tx bun.IDB) (int64, error) {
		return database.Changed(set(tx.NewUpdate().Model((*View)(nil))).Set("updated_at = ?", s.Now()).Where("id = ?", id).
			Where("community_id = ?", community).Where("event_id = ?", event).Where(where).Exec(ctx))
	})
}

func (s *Service) changeView(ctx context.Context, v *View, action string, change func(ctx context.Context, tx bun.IDB) (int64, error)) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := change(ctx, tx)
		if err == nil && n == 0 {
			err = turnout.ErrNotFound
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: v.CommunityID, Action: action, Subject: v.ID, At: s.Now()})
	})
	if database.IsUnique(err) {
		return ErrViewTaken
	}
	return wrapped("view", err)
}

func viewNamed(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > viewName {
		return "", turnout.Invalidf("name", "required", "Give it a name of at most %d characters.", viewName)
	}
	return name, nil
}
