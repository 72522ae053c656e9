package ticketing

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/ticketing/intake"
)

// ImportStatus is where an import stands.
//
//	preview ──► preparing ──► working ──► done ──► undoing ──► undone
//	   ▲            │
//	   └────────────┘ (the list was imported by somebody else in the meantime)
type ImportStatus string

// The statuses.
const (
	ImportPreview   ImportStatus = "preview"
	ImportPreparing ImportStatus = "preparing" // confirmed; its orders are being written down
	ImportWorking   ImportStatus = "working"   // a job makes them
	ImportDone      ImportStatus = "done"
	ImportUndoing   ImportStatus = "undoing"
	ImportUndone    ImportStatus = "undone"
)

// Import is a list of attendees that somebody wants in an event, and what became of it. The list itself is kept until it is
// confirmed, a day at the most.
type Import struct {
	bun.BaseModel `bun:"table:attendee_imports,alias:imp"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	Status      ImportStatus
	Form        intake.Form
	FileName    string
	Choices     ImportChoices `bun:"type:jsonb"`
	ActorKind   audit.ActorKind
	ActorID     turnout.ID
	Orders      int64 // to be made
	Tickets     int64
	Made        int64 // orders
	Failed      int64
	Undone      int64
	Kept        int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Progress is how many of how many orders are dealt with.
func (i *Import) Progress() (done, all int64) {
	if i.Status == ImportUndoing || i.Status == ImportUndone {
		return i.Undone + i.Kept, i.Made
	}
	return i.Made + i.Failed, i.Orders
}

// importOrder is an order of an import, as it is kept.
type importOrder struct {
	bun.BaseModel `bun:"table:attendee_import_orders,alias:iorder"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	ImportID    turnout.ID
	Position    int64
	State       string
	FileRows    []int           `bun:"type:jsonb"`
	Body        json.RawMessage `bun:"type:jsonb"` // an ImportOrder, {} once it is dealt with
	Problem     string
	OrderID     turnout.ID `bun:",nullzero"`

	order ImportOrder // of Body
	made  *Order
}

// importRef is a reference of another tool that an import has dealt with.
type importRef struct {
	bun.BaseModel `bun:"table:attendee_import_refs,alias:iref"`

	EventID       turnout.ID `bun:",pk"`
	Reference     string     `bun:",pk"`
	CommunityID   turnout.ID
	ImportOrderID turnout.ID
}

// The states of an import's order.
const (
	importWaiting = "waiting"
	importMade    = "made"
	importFailed  = "failed"
	importUndone  = "undone"
	importKept    = "kept"
)

const (
	prefixImport      = "imp"
	prefixImportOrder = "imo"

	importFiles   = "attendees." // prefix of the lists among the blobs
	importKeptFor = 24 * time.Hour
	importChunk   = 500 // rows written at once, so that sales do not wait
)

// The refusals about imports.
var (
	ErrImportChanged = &turnout.Error{Kind: turnout.Conflict, Code: "import_changed",
		Message: "What this import would make has changed since it was shown. Look at it again, then confirm."}
	ErrImportOver = &turnout.Error{Kind: turnout.Conflict, Code: "import_over",
		Message: "This import was confirmed already, or its list has waited longer than a day. Choose the file again."}
	ErrImportRunning = &turnout.Error{Kind: turnout.Conflict, Code: "import_running",
		Message: "Another list is being brought into this event. Wait until it is done, then look at this one again: whoever is in both is then noticed."}
	ErrImportEmpty = &turnout.Error{Kind: turnout.Conflict, Code: "import_empty",
		Message: "Nothing of this list would be brought in. Choose ticket types or duplicates first."}
	ErrImportUsed = &turnout.Error{Kind: turnout.Conflict, Code: "import_used",
		Message: "Somebody of this import was let in, so it cannot be undone as a whole. Cancel single orders instead."}
	ErrImportNotDone = &turnout.Error{Kind: turnout.Conflict, Code: "import_not_done",
		Message: "Only an import that has ended can be undone, and only once."}
)

// TryImport reads a list and says what importing it would make, keeping nothing. It fails as intake.Read does.
func (s *Service) TryImport(ctx context.Context, e *events.Event, data []byte, choices ImportChoices) (*ImportPlan, error) {
	list, err := intake.Read(data, intake.Options{Zone: e.Location(), Currency: e.Currency, Columns: choices.Columns})
	if err != nil {
		return nil, err
	}
	have, err := s.knownOf(ctx, s.DB.Read(), e, list)
	if err != nil {
		return nil, fmt.Errorf("ticketing: try import: %w", err)
	}
	return planImport(list, choices, have), nil
}

// StartImport keeps a list for a day, so that the organiser can look at its plan and decide. It fails as intake.Read does.
func (s *Service) StartImport(ctx context.Context, e *events.Event, fileName string, data []byte, choices ImportChoices) (*Import, error) {
	list, err := intake.Read(data, intake.Options{Zone: e.Location(), Currency: e.Currency, Columns: choices.Columns})
	if err != nil {
		return nil, err
	}
	now, actor := s.Now(), audit.ActorFrom(ctx)
	imp := &Import{ID: turnout.NewID(prefixImport), CommunityID: e.CommunityID, EventID: e.ID, Status: ImportPreview, Form: list.Form, FileName: fileName,
		Choices: choices, ActorKind: actor.Kind, ActorID: actor.ID, CreatedAt: now, UpdatedAt: now}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := blobs.Put(ctx, tx, now, blobs.Blob{Name: imp.file(), ContentType: "application/octet-stream", Data: data}); err != nil {
			return err
		}
		_, err := tx.NewInsert().Model(imp).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: start import: %w", err)
	}
	return imp, nil
}

func (i *Import) file() string { return importFiles + string(i.ID) }

// FindImport gives an import of the event, or turnout.ErrNotFound.
func (s *Service) FindImport(ctx context.Context, e *events.Event, id turnout.ID) (*Import, error) {
	imp := new(Import)
	err := s.DB.Read().NewSelect().Model(imp).Where("id = ?", id).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Scan(ctx)
	return imp, database.NotFound(err)
}

// Imports lists what was imported into the event, newest first; lists that nobody confirmed are not among them.
func (s *Service) Imports(ctx context.Context, e *events.Event) (all []*Import, err error) {
	err = s.DB.Read().NewSelect().Model(&all).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).
		Where("status NOT IN (?, ?)", ImportPreview, ImportPreparing).Order("id DESC").Limit(50).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("ticketing: imports: %w", err)
	}
	return all, nil
}

// PlanImport says what an import that waits for its confirmation would make. It fails with ErrImportOver.
func (s *Service) PlanImport(ctx context.Context, e *events.Event, imp *Import) (*ImportPlan, error) {
	if imp.Status != ImportPreview {
		return nil, ErrImportOver
	}
	return s.planOf(ctx, e, imp)
}

func (s *Service) planOf(ctx context.Context, e *events.Event, imp *Import) (*ImportPlan, error) {
	file, err := blobs.Find(ctx, s.DB.Read(), imp.file())
	if err != nil {
		return nil, ErrImportOver.Because(err)
	}
	return s.TryImport(ctx, e, file.Data, imp.Choices)
}

// ChooseForImport keeps what the organiser decided. It fails with ErrImportOver.
func (s *Service) ChooseForImport(ctx context.Context, imp *Import, choices ImportChoices) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := database.Changed(tx.NewUpdate().Model(&Import{Choices: choices, UpdatedAt: s.Now()}).Column("choices", "updated_at").
			Where("id = ?", imp.ID).Where("community_id = ?", imp.CommunityID).Where("status = ?", ImportPreview).Exec(ctx))
		if err == nil && n == 0 {
			err = ErrImportOver
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("ticketing: choose for import: %w", err)
	}
	imp.Choices = choices
	return nil
}

// DropImport forgets a list that waits for its confirmation.
func (s *Service) DropImport(ctx context.Context, imp *Import) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := database.Changed(tx.NewDelete().Model((*Import)(nil)).Where("id = ?", imp.ID).Where("community_id = ?", imp.CommunityID).Where("status = ?", ImportPreview).Exec(ctx))
		if err != nil || n == 0 {
			return err
		}
		return s.dropList(ctx, tx, imp)
	})
	if err != nil {
		return fmt.Errorf("ticketing: drop import: %w", err)
	}
	return nil
}

func (s *Service) dropList(ctx context.Context, tx bun.IDB, imp *Import) error {
	return blobs.Drop(ctx, tx, imp.file(), s.Now().Add(time.Hour))
}

// ConfirmImport lets a job make what the plan says; the list itself is forgotten. digest is that of the plan that was shown,
// "" for whatever it is now. It fails with ErrImportOver, ErrImportChanged, ErrImportEmpty and ErrImportRunning.
func (s *Service) ConfirmImport(ctx context.Context, e *events.Event, imp *Import, digest string) error {
	if err := s.claimImport(ctx, imp); err != nil {
		return err
	}
	err := s.prepareImport(ctx, e, imp, digest)
	if err == nil {
		return nil
	}
	if undo := s.clearImport(context.WithoutCancel(ctx), imp); undo != nil {
		return fmt.Errorf("ticketing: confirm import: %w", undo)
	}
	if database.IsUnique(err) {
		return ErrImportChanged.Because(err)
	}
	return fmt.Errorf("ticketing: confirm import: %w", err)
}

// claimImport lets an import be prepared while no other of its event is at work: the people of another one have no tickets yet, so a plan
// made beside it would make them twice; those of one that is undone have them still, and a plan would leave them out. One that stands still for an hour is not waited for.
func (s *Service) claimImport(ctx context.Context, imp *Import) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := addTotals(ctx, tx, &totals{EventID: imp.EventID}); err != nil { // one after the other
			return err
		}
		other, err := tx.NewSelect().Model((*Import)(nil)).Where("event_id = ?", imp.EventID).Where("community_id = ?", imp.CommunityID).Where("id <> ?", imp.ID).
			Where("status IN (?, ?, ?)", ImportPreparing, ImportWorking, ImportUndoing).Where("updated_at > ?", s.Now().Add(-time.Hour)).Exists(ctx)
		if err != nil {
			return err
		}
		if err := s.moveImportIn(ctx, tx, imp, ImportPreview, ImportPreparing); err != nil {
			return err
		}
		if other {
			return ErrImportRunning
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ticketing: claim import: %w", err)
	}
	imp.Status = ImportPreparing
	return nil
}

// prepareImport plans what a claimed import makes, and writes it down.
func (s *Service) prepareImport(ctx context.Context, e *events.Event, imp *Import, digest string) error {
	plan, err := s.planOf(ctx, e, imp)
	switch {
	case err != nil:
		return err
	case digest != "" && digest != plan.Digest():
		return ErrImportChanged
	case len(plan.Orders) == 0:
		return ErrImportEmpty
	}
	return s.writeImport(ctx, imp, plan)
}

// moveImport changes the status from one to the next, or fails with ErrImportOver when somebody else did.
func (s *Service) moveImport(ctx context.Context, imp *Import, from, to ImportStatus) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.moveImportIn(ctx, tx, imp, from, to) })
	if err != nil {
		return fmt.Errorf("ticketing: import: %w", err)
	}
	imp.Status = to
	return nil
}

func (s *Service) moveImportIn(ctx context.Context, tx bun.IDB, imp *Import, from, to ImportStatus) error {
	n, err := database.Changed(tx.NewUpdate().Model((*Import)(nil)).Set("status = ?", to).Set("updated_at = ?", s.Now()).
		Where("id = ?", imp.ID).Where("community_id = ?", imp.CommunityID).Where("status = ?", from).Exec(ctx))
	if err == nil && n == 0 {
		err = ErrImportOver
	}
	return err
}

// writeImport writes the orders down in chunks, then enqueues the job that makes them.
func (s *Service) writeImport(ctx context.Context, imp *Import, plan *ImportPlan) error {
	var rows []*importOrder
	var refs []*importRef
	for i, o := range plan.Orders {
		body, err := json.Marshal(o)
		if err != nil {
			return err
		}
		row := &importOrder{ID: turnout.NewID(prefixImportOrder), CommunityID: imp.CommunityID, ImportID: imp.ID, Position: int64(i), State: importWaiting,
			FileRows: append([]int{}, o.Rows...), Body: body}
		rows = append(rows, row)
		for _, ref := range o.Refs {
			refs = append(refs, &importRef{EventID: imp.EventID, Reference: ref, CommunityID: imp.CommunityID, ImportOrderID: row.ID})
		}
	}
	for chunk := range slices.Chunk(rows, importChunk) {
		if err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return insertAll(ctx, tx, &chunk) }); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(refs, importChunk) {
		if err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return insertAll(ctx, tx, &chunk) }); err != nil {
			return err
		}
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		imp.Status, imp.Orders, imp.Tickets, imp.UpdatedAt, imp.Choices = ImportWorking, int64(len(plan.Orders)), plan.Tickets, now, ImportChoices{Mail: imp.Choices.Mail}
		if _, err := tx.NewUpdate().Model(imp).Column("status", "orders", "tickets", "updated_at", "choices").WherePK().Where("community_id = ?", imp.CommunityID).Exec(ctx); err != nil {
			return err
		}
		if err := s.dropList(ctx, tx, imp); err != nil {
			return err
		}
		if err := jobs.Enqueue(ctx, tx, imp.CommunityID, JobImport, importJob{imp.ID}, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: imp.CommunityID, Action: "attendees.imported", Subject: imp.EventID, Detail: map[string]string{"import": string(imp.ID)}, At: now})
	})
}

// clearImport takes back what writeImport has written, and lets the import wait for its confirmation again. One that works already, for
// its commit was only not heard of, stays as it is.
func (s *Service) clearImport(ctx context.Context, imp *Import) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := database.Changed(tx.NewUpdate().Model((*Import)(nil)).Set("status = ?", ImportPreview).Set("updated_at = ?", s.Now()).
			Where("id = ?", imp.ID).Where("community_id = ?", imp.CommunityID).Where("status = ?", ImportPreparing).Exec(ctx))
		if err != nil || n == 0 {
			return err
		}
		mine := tx.NewSelect().Model((*importOrder)(nil)).Column("id").Where("import_id = ?", imp.ID)
		if _, err := tx.NewDelete().Model((*importRef)(nil)).Where("community_id = ?", imp.CommunityID).Where("import_order_id IN (?)", mine).Exec(ctx); err != nil {
			return err
		}
		_, err = tx.NewDelete().Model((*importOrder)(nil)).Where("community_id = ?", imp.CommunityID).Where("import_id = ?", imp.ID).Exec(ctx)
		imp.Status = ImportPreview
		return err
	})
}

// knownOf reads what the event has, for comparing; of its tickets and of what was imported only what the list names.
func (s *Service) knownOf(ctx context.Context, db bun.IDB, e *events.Event, list *intake.List) (eventHas, error) {
	have := eventHas{emails: map[string]turnout.ID{}, names: map[string]turnout.ID{}, refs: map[string]turnout.ID{}}
	var err error
	if have.types, err = loadTypes(ctx, db, []turnout.ID{e.ID}); err != nil {
		return have, err
	}
	addOns, err := loadAddOns(ctx, db, []turnout.ID{e.ID})
	if err != nil {
		return have, err
	}
	have.addOns = slices.DeleteFunc(addOns, func(a *AddOn) bool { return a.sellable(s.Now()) != nil })
	if err = db.NewSelect().Model(&have.pools).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Where("kind = ?", Places).Order("name").Scan(ctx); err != nil {
		return have, err
	}
	emails, refs := have.seek(list)
	for some := range slices.Chunk(emails, importChunk) {
		if err = have.addressed(ctx, db, e, some); err != nil {
			return have, err
		}
	}
	if len(have.names) > 0 {
		if err = have.named(ctx, db, e); err != nil {
			return have, err
		}
	}
	for some := range slices.Chunk(refs, importChunk) {
		if err = have.imported(ctx, db, e, some); err != nil {
			return have, err
		}
	}
	return have, nil
}

// seek gives the addresses and references that a list names, and makes room for its names without an address.
func (have *eventHas) seek(list *intake.List) (emails, refs []string) {
	p := planning{ImportPlan: &ImportPlan{List: list}, inOrder: map[string]int{}}
	for i := range list.Rows {
		who, _ := p.attendee(&list.Rows[i], false)
		if who.Email != "" {
			emails = append(emails, who.Email)
		} else {
			have.names[foldWords(who.Name)] = ""
		}
		if ref := p.reference(&list.Rows[i]); ref != "" {
			refs = append(refs, ref)
		}
	}
	slices.Sort(emails)
	return slices.Compact(emails), refs
}

// addressed finds the tickets that addresses have, by the people whose they are.
func (have *eventHas) addressed(ctx context.Context, db bun.IDB, e *events.Event, emails []string) error {
	var tickets []*Ticket
	people := db.NewSelect().Table("identities").Column("person_id").Where("community_id = ?", e.CommunityID).Where("source = 'email'").Where("handle IN (?)", bun.List(emails))
	err := liveTickets(db, e, &tickets).Where("person_id IN (?)", people).Where("attendee_email IN (?)", bun.List(emails)).Scan(ctx)
	for _, t := range tickets {
		have.emails[t.AttendeeEmail] = cmp.Or(have.emails[t.AttendeeEmail], t.OrderID)
	}
	return err
}

// named finds the tickets of the names that there is room for. Names are compared folded, so those of all tickets without an address are
// looked at, piece by piece.
func (have *eventHas) named(ctx context.Context, db bun.IDB, e *events.Event) error {
	for last := int64(0); ; {
		var tickets []*Ticket
		if err := liveTickets(db, e, &tickets).Where("attendee_email = ''").Where("number > ?", last).Limit(importChunk).Scan(ctx); err != nil {
			return err
		}
		for _, t := range tickets {
			last = t.Number
			name := foldWords(t.AttendeeName)
			if order, asked := have.names[name]; asked {
				have.names[name] = cmp.Or(order, t.OrderID)
			}
		}
		if len(tickets) < importChunk {
			break
		}
	}
	maps.DeleteFunc(have.names, func(_ string, order turnout.ID) bool { return order == "" })
	return nil
}

// imported finds the orders that earlier imports made for references.
func (have *eventHas) imported(ctx context.Context, db bun.IDB, e *events.Event, some []string) error {
	var refs []struct {
		Reference string
		OrderID   turnout.ID
	}
	err := db.NewSelect().Model((*importRef)(nil)).ColumnExpr("iref.reference").ColumnExpr("COALESCE(iorder.order_id, '') AS order_id").
		Join("JOIN attendee_import_orders AS iorder ON iorder.id = iref.import_order_id").
		Where("iref.event_id = ?", e.ID).Where("iref.community_id = ?", e.CommunityID).Where("iref.reference IN (?)", bun.List(some)).Scan(ctx, &refs)
	for _, r := range refs {
		have.refs[r.Reference] = r.OrderID
	}
	return err
}

// liveTickets selects an event's tickets that are not canceled, in their order, as far as a list is compared with them.
func liveTickets(db bun.IDB, e *events.Event, into *[]*Ticket) *bun.SelectQuery {
	return db.NewSelect().Model(into).Column("order_id", "number", "attendee_name", "attendee_email").Where("event_id = ?", e.ID).
		Where("community_id = ?", e.CommunityID).Where("status <> ?", TicketCanceled).Order("number")
}
