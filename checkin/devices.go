package checkin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/sponsors"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Role is what a device may do at the door.
type Role string

// The roles; of those from ScanOnly on, each may do what those before it may.
const (
	Kiosk      Role = "kiosk" // may do what ScanOnly may; people scan their own tickets, so its page shows first names, and nothing else to touch
	ScanOnly   Role = "scan"
	Searching  Role = "search"     // also find tickets by name
	Supervisor Role = "supervisor" // also take scans back
	Leads      Role = "leads"      // of a sponsor's staff: scans badges for their sponsor, and may do nothing at any door
)

// Roles lists those of doors, as forms offer them.
var Roles = []Role{ScanOnly, Searching, Supervisor, Kiosk}

// ranks are the roles from the least to the most.
var ranks = []Role{ScanOnly, Searching, Supervisor}

// Covers reports whether having the role is having the one that is needed, which is one of the ranks, or Leads.
func (r Role) Covers(need Role) bool {
	if r == Leads || need == Leads {
		return r == need
	}
	if r == Kiosk {
		r = ScanOnly
	}
	return slices.Contains(ranks, need) && slices.Index(ranks, r) >= slices.Index(ranks, need)
}

// Device is a registered scanner of one event: a phone's browser that was paired, or a machine with a token.
type Device struct {
	bun.BaseModel `bun:"table:devices,alias:device"`

	ID               turnout.ID `bun:",pk"`
	CommunityID      turnout.ID
	EventID          turnout.ID
	ListID           turnout.ID `bun:",nullzero"` // empty: every list of the event
	SponsorID        turnout.ID `bun:",nullzero"` // of Leads: whose staff has it
	Name             string
	Gate             string // "": each scan may name its own
	Role             Role
	TokenHash        string
	PairingHash      string
	PairingExpiresAt time.Time `bun:",nullzero"`
	PairedAt         time.Time `bun:",nullzero"` // zero: no phone took the newest pairing code
	ExpiresAt        time.Time `bun:",nullzero"` // zero: see Until
	RevokedAt        time.Time `bun:",nullzero"`
	LastSeenAt       time.Time `bun:",nullzero"` // to the half minute; zero: not since the newest pairing code was made
	QueueLength      int64     // scans that waited on it when it was last seen
	PageVersion      string    // of its door page, likewise
	Version          int64
	CreatedAt        time.Time
	UpdatedAt        time.Time

	EventSlug   string    `bun:",scanonly"`
	EventEndsAt time.Time `bun:",scanonly"`
}

const (
	prefixDevice = "dev"
	afterEvent   = 24 * time.Hour   // that a device works when nothing else was said
	pairingLife  = 24 * time.Hour   // of a pairing code
	seenEvery    = 30 * time.Second // is noted that a device was seen
	onlineFor    = time.Minute      // since it was seen
)

// Until is when the device ends: the time that was chosen, else a day after the event's end.
func (d *Device) Until() time.Time {
	if d.ExpiresAt.IsZero() {
		return d.EventEndsAt.Add(afterEvent)
	}
	return d.ExpiresAt
}

// ended reports whether nothing opens the door to the device any more.
func (d *Device) ended(now time.Time) bool { return !d.RevokedAt.IsZero() || !now.Before(d.Until()) }

// Serves reports whether the device may use a list.
func (d *Device) Serves(l *List) bool {
	return l.EventID == d.EventID && (d.ListID == "" || d.ListID == l.ID)
}

// DeviceState is how a device stands.
type DeviceState string

// The states of a device: waiting → online ⇄ offline → (unpaired | revoked | expired). A new pairing code makes it wait again.
const (
	DeviceWaiting  DeviceState = "waiting"  // nobody used its pairing code or token yet
	DeviceOnline   DeviceState = "online"   // seen within a minute
	DeviceOffline  DeviceState = "offline"  // seen before that
	DeviceUnpaired DeviceState = "unpaired" // its phone left it
	DeviceRevoked  DeviceState = "revoked"
	DeviceExpired  DeviceState = "expired"
)

// State says how the device stands.
func (d *Device) State(now time.Time) DeviceState {
	switch {
	case !d.RevokedAt.IsZero():
		return DeviceRevoked
	case d.ended(now):
		return DeviceExpired
	case d.TokenHash == "":
		return DeviceUnpaired
	case d.LastSeenAt.IsZero():
		return DeviceWaiting
	case now.Sub(d.LastSeenAt) <= onlineFor:
		return DeviceOnline
	}
	return DeviceOffline
}

// DeviceInput is what a device is made or changed with.
type DeviceInput struct {
	Name      string
	Gate      string
	ListID    turnout.ID // "": every list of the event
	Role      Role       // ScanOnly when empty
	SponsorID turnout.ID // of Leads, and of no other; it stays
	ExpiresAt time.Time  // zero: a day after the event's end
}

// Input is the device as it would be made again.
func (d *Device) Input() DeviceInput {
	return DeviceInput{Name: d.Name, Gate: d.Gate, ListID: d.ListID, Role: d.Role, SponsorID: d.SponsorID, ExpiresAt: d.ExpiresAt}
}

// Check says all that is wrong with the input, field by field.
func (in *DeviceInput) Check() error {
	var p turnout.Problems
	in.Name, in.Gate = strings.TrimSpace(in.Name), strings.TrimSpace(in.Gate)
	if in.Role == "" {
		in.Role = ScanOnly
	}
	p.Require("name", in.Name)
	p.Line("name", in.Name, 100)
	p.Line("gate", in.Gate, 60)
	if !slices.Contains(Roles, in.Role) && in.Role != Leads {
		p.Add("role", "unknown", "Choose scan, search, supervisor or kiosk.")
	}
	if (in.Role == Leads) != (in.SponsorID != "") {
		p.Add("sponsor_id", "required", "A device for leads belongs to a sponsor, and no other does.")
	}
	return p.Err()
}

// apply writes the input into a device of the event, whose list must be the event's own.
func (in *DeviceInput) apply(ctx context.Context, tx bun.IDB, d *Device, now time.Time) error {
	later := !in.ExpiresAt.Equal(d.ExpiresAt) || d.Version == 0
	if d.Version > 0 && in.SponsorID != d.SponsorID {
		return turnout.Invalidf("role", "fixed", "A device of a sponsor stays one, and another device does not become one.")
	}
	if d.SponsorID = in.SponsorID; d.SponsorID != "" {
		s, err := sponsors.Find(ctx, tx, d.CommunityID, d.SponsorID)
		if errors.Is(err, turnout.ErrNotFound) || err == nil && s.EventID != d.EventID {
			return turnout.Invalidf("sponsor_id", "unknown", "This sponsor does not belong to this event.")
		}
		if err != nil {
			return err
		}
	}
	d.Name, d.Gate, d.ListID, d.Role, d.ExpiresAt, d.UpdatedAt = in.Name, in.Gate, in.ListID, in.Role, in.ExpiresAt, now
	d.Version++
	if later && !now.Before(d.Until()) {
		return turnout.Invalidf("expires_at", "past", "This time is over. Say until when the device shall work.")
	}
	if d.ListID == "" {
		return nil
	}
	list, err := findList(ctx, tx, d.ListID)
	if err != nil && !errors.Is(err, turnout.ErrNotFound) {
		return err
	}
	if err != nil || list.EventID != d.EventID || list.CommunityID != d.CommunityID {
		return turnout.Invalidf("list_id", "unknown", "This check-in list does not belong to this event.")
	}
	return nil
}

// CreateDevice registers a scanner and gives what opens it, which is stored nowhere. It fails with turnout.ErrNotFound and with an
// Invalid error that names the fields.
func (s *Service) CreateDevice(ctx context.Context, community, event turnout.ID, in DeviceInput) (*Device, Opening, error) {
	if err := in.Check(); err != nil {
		return nil, Opening{}, err
	}
	var d *Device
	var opening Opening
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.Find(ctx, tx, community, string(event))
		if err != nil {
			return err
		}
		now := s.Now()
		d = &Device{ID: turnout.NewID(prefixDevice), CommunityID: community, EventID: e.ID, EventSlug: e.Slug, EventEndsAt: e.EndsAt, CreatedAt: now}
		if err := in.apply(ctx, tx, d, now); err != nil {
			return err
		}
		opening = d.open(now)
		if _, err := tx.NewInsert().Model(d).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "device.created", Subject: d.ID, At: now})
	})
	if err != nil {
		return nil, Opening{}, fmt.Errorf("checkin: create device: %w", err)
	}
	return d, opening, nil
}

// UpdateDevice changes a device; version is the one that was read, 0 for whatever it is. It fails with turnout.ErrStale,
// turnout.ErrNotFound and with an Invalid error that names the fields.
func (s *Service) UpdateDevice(ctx context.Context, community, id turnout.ID, version int64, in DeviceInput) (*Device, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	return s.changeDevice(ctx, community, id, "device.changed", func(ctx context.Context, tx bun.IDB, d *Device, now time.Time) error {
		if version != 0 && version != d.Version {
			return turnout.ErrStale
		}
		return in.apply(ctx, tx, d, now)
	})
}

// RevokeDevice ends a device at once: its token and its pairing code open nothing any more. It fails with turnout.ErrNotFound;
// revoking again changes nothing.
func (s *Service) RevokeDevice(ctx context.Context, community, id turnout.ID) (*Device, error) {
	return s.changeDevice(ctx, community, id, "device.revoked", func(_ context.Context, _ bun.IDB, d *Device, now time.Time) error {
		if !d.RevokedAt.IsZero() {
			return errNothing
		}
		d.close(now)
		d.RevokedAt = now
		return nil
	})
}

// Unpair ends what the device itself holds: its phone is no scanner any more, until it is paired again.
func (s *Service) Unpair(ctx context.Context, d *Device) error {
	_, err := s.changeDevice(ctx, d.CommunityID, d.ID, "device.unpaired", func(_ context.Context, _ bun.IDB, now *Device, at time.Time) error {
		if now.TokenHash != d.TokenHash { // paired again in the meantime: that one stays
			return errNothing
		}
		now.close(at)
		return nil
	})
	return err
}

// RepairDevice gives a device, a revoked one too, a new token and a new pairing code; those before open nothing any more. It
// fails with turnout.ErrNotFound and ErrDeviceExpired.
func (s *Service) RepairDevice(ctx context.Context, community, id turnout.ID) (*Device, Opening, error) {
	var opening Opening
	d, err := s.changeDevice(ctx, community, id, "device.pairing_made", func(_ context.Context, _ bun.IDB, d *Device, now time.Time) error {
		if !now.Before(d.Until()) {
			return ErrDeviceExpired
		}
		opening = d.open(now)
		d.RevokedAt = time.Time{}
		d.Version, d.UpdatedAt = d.Version+1, now
		return nil
	})
	return d, opening, err
}

// errNothing says that there is nothing to change.
var errNothing = &turnout.Error{Kind: turnout.Conflict, Code: "nothing", Message: "There is nothing to change."}

// changeDevice reads a device under lock, changes it and notes the action.
func (s *Service) changeDevice(ctx context.Context, community, id turnout.ID, action string, change func(context.Context, bun.IDB, *Device, time.Time) error) (*Device, error) {
	var d *Device
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := database.Changed(tx.NewUpdate().Model((*Device)(nil)).Set("version = version").Where("id = ?", id).Where("community_id = ?", community).Exec(ctx)) // the lock
		if err == nil && n == 0 {
			err = turnout.ErrNotFound
		}
		if err == nil {
			d, err = findDevice(ctx, tx, id)
		}
		if err != nil {
			return err
		}
		now := s.Now()
		if err := change(ctx, tx, d, now); err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model(d).WherePK().Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: action, Subject: id, At: now})
	})
	if err != nil && !errors.Is(err, errNothing) {
		return nil, fmt.Errorf("checkin: %s: %w", action, err)
	}
	return d, nil
}

// FindDevice gives a device of the community. It fails with turnout.ErrNotFound.
func (s *Service) FindDevice(ctx context.Context, community, id turnout.ID) (*Device, error) {
	d, err := findDevice(ctx, s.DB.Read(), id)
	if err == nil && d.CommunityID != community {
		err = turnout.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: device: %w", err)
	}
	return d, nil
}

func findDevice(ctx context.Context, db bun.IDB, id turnout.ID) (*Device, error) {
	d := new(Device)
	if err := withEvent(db.NewSelect().Model(d)).Where("device.id = ?", id).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	return d, nil
}

func withEvent(q *bun.SelectQuery) *bun.SelectQuery {
	return q.ColumnExpr("device.*, event.slug AS event_slug, event.ends_at AS event_ends_at").Join("JOIN events AS event ON event.id = device.event_id")
}

// Devices gives an event's devices, oldest first, revoked ones among them.
func (s *Service) Devices(ctx context.Context, community, event turnout.ID) ([]*Device, error) {
	var all []*Device
	err := withEvent(s.DB.Read().NewSelect().Model(&all)).Where("device.event_id = ?", event).Where("device.community_id = ?", community).Order("device.id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("checkin: devices: %w", err)
	}
	return all, nil
}

// Place gives the event and the list of a check-in list or a scan: what a device is held to. It fails with turnout.ErrNotFound,
// also for ids of other things.
func (s *Service) Place(ctx context.Context, community, id turnout.ID) (event, list turnout.ID, err error) {
	switch {
	case id.Is(prefixList):
		g, err := s.gate(ctx, community, id)
		if err != nil {
			return "", "", err
		}
		return g.list.EventID, id, nil
	case id.Is("scn"):
		scan := new(Scan)
		err := s.DB.Read().NewSelect().Model(scan).Column("event_id", "list_id").Where("id = ?", id).Where("community_id = ?", community).Scan(ctx)
		return scan.EventID, scan.ListID, database.NotFound(err)
	}
	return "", "", turnout.ErrNotFound
}
