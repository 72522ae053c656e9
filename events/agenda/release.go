package agenda

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda/exchange"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Errors of releases.
var (
	ErrVersionTaken = &turnout.Error{Kind: turnout.Conflict, Code: "version_taken", Message: "A release of this version exists already. Choose another name for it."}
	ErrNotReleased  = &turnout.Error{Kind: turnout.NotFound, Code: "not_released", Message: "The schedule has not been released yet."}
	ErrChanged      = &turnout.Error{Kind: turnout.Stale, Code: "agenda_changed", Message: "The agenda was changed since you looked at it. Look at what stands here now, then say yes to that."}
	ErrNothing      = &turnout.Error{Kind: turnout.Conflict, Code: "nothing_to_release", Message: "No confirmed session has a slot yet. Place one first."}
)

const (
	maxVersion = 60   // characters
	maxNote    = 2000 // characters
)

// Release is a frozen, published version of an event's agenda. It never changes.
type Release struct {
	bun.BaseModel `bun:"table:schedule_releases,alias:release"`

	ID          turnout.ID     `bun:"id,pk"`
	CommunityID turnout.ID     `bun:"community_id"`
	EventID     turnout.ID     `bun:"event_id"`
	Number      int64          `bun:"number"`  // 1, 2, 3… of the event
	Version     string         `bun:"version"` // the organiser's name for it, unique in the event
	Note        string         `bun:"note"`
	TakesBack   turnout.ID     `bun:"takes_back,nullzero"` // the release that this one undoes, "" for an ordinary one
	Restores    turnout.ID     `bun:"restores,nullzero"`   // when it takes one back: the release whose schedule is public again; "" where there was none before
	Sessions    int64          `bun:"sessions"`            // how many it shows; 0: the schedule is public no longer
	Changes     ReleaseChanges `bun:"changes,type:jsonb"`  // against the release before
	CreatedAt   time.Time      `bun:"created_at"`
}

// release is a Release with the schedule that it froze.
type release struct {
	Release  `bun:",extend"`
	Schedule *exchange.Schedule `bun:"schedule,type:jsonb"`
}

// ReleaseChanges says what a release does to what was public before it.
type ReleaseChanges struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Changes
	Unchanged int           `json:"unchanged"`
	Sessions  []ChangedItem `json:"sessions"` // the changed ones in order of time, then the removed; empty in the first release
}

// ChangedItem is one session that a release adds, changes or removes.
type ChangedItem struct {
	GUID  string       `json:"guid"`
	Title string       `json:"title"`
	What  []string     `json:"what"`          // added, removed, moved, rerooms, retitled, resized, speakers
	Was   *ChangedSlot `json:"was,omitempty"` // null where it was not public before
	Is    *ChangedSlot `json:"is,omitempty"`  // null where it is public no longer
}

// ChangedSlot is when and where a session takes place, or did.
type ChangedSlot struct {
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Room     string    `json:"room,omitempty"` // its name
}

// ReleaseInput names a release.
type ReleaseInput struct {
	Version string
	Note    string
	Quiet   bool   // nobody is told of what changes
	Seen    string // the Hash of the preview that somebody said yes to; "" for whatever is there
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *ReleaseInput) Check() error {
	var problems turnout.Problems
	in.Version, in.Note = strings.TrimSpace(in.Version), strings.TrimSpace(in.Note)
	problems.Require("version", in.Version)
	problems.Length("version", in.Version, maxVersion)
	problems.Length("note", in.Note, maxNote)
	return problems.Err()
}

// Release freezes the confirmed sessions that have a slot and makes them public. Whom the changes concern is told of them after PauseBeforeNews, unless it is quiet.
// Errors: turnout.ErrNotFound, ErrNothing, ErrVersionTaken, ErrChanged when it would freeze something else than was seen, Invalid with fields.
func (s *Service) Release(ctx context.Context, community turnout.ID, event string, in ReleaseInput) (*Release, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var made *release
	err := s.edit(ctx, community, event, func(ctx context.Context, tx bun.Tx, e *events.Event) (audit.Entry, error) {
		var err error
		if made, _, err = s.draftRelease(ctx, tx, e, in); err != nil {
			return audit.Entry{}, err
		}
		if in.Seen != "" && in.Seen != made.hash() {
			return audit.Entry{}, ErrChanged
		}
		if taken, err := versionTaken(ctx, tx, e, in.Version); err != nil || taken {
			return audit.Entry{}, cmp.Or(err, error(ErrVersionTaken))
		}
		return audit.Entry{Action: "schedule.released", Subject: made.ID}, s.publish(ctx, tx, made, in.Quiet)
	})
	if err != nil {
		return nil, err
	}
	return &made.Release, nil
}

func versionTaken(ctx context.Context, db bun.IDB, e *events.Event, version string) (bool, error) {
	return db.NewSelect().Model((*Release)(nil)).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Where("version = ?", version).Exists(ctx)
}

// publish stores a release, and has those concerned told of it.
func (s *Service) publish(ctx context.Context, tx bun.Tx, r *release, quiet bool) error {
	if _, err := tx.NewInsert().Model(r).Exec(ctx); err != nil {
		return err
	}
	return s.planNews(ctx, tx, &r.Release, quiet)
}

// ReleasePreview is what a release would do, with the two schedules that it lies between.
type ReleasePreview struct {
	ReleaseChanges
	First         bool               // nothing is public before it
	Before, After *exchange.Schedule // sessions are keyed by their GUID; Before is empty where nothing is public
	Hash          string             // of all that the release would freeze, and of its place after the one before
}

// PreviewRelease tells what a release would do now, and does nothing. Errors: turnout.ErrNotFound, ErrNothing.
func (s *Service) PreviewRelease(ctx context.Context, community turnout.ID, event string) (*ReleasePreview, error) {
	e, err := events.Find(ctx, s.DB.Read(), community, event)
	if err != nil {
		return nil, err
	}
	draft, before, err := s.draftRelease(ctx, s.DB.Read(), e, ReleaseInput{})
	if err != nil {
		return nil, err
	}
	return &ReleasePreview{draft.Changes, len(before.Sessions) == 0, before, draft.Schedule, draft.hash()}, nil
}

// hash is the same for two drafts that freeze the same after the same release, whatever they are called.
func (r *release) hash() string {
	schedule := *r.Schedule
	schedule.Version = ""
	text, _ := json.Marshal(schedule) // texts, times and numbers: it cannot fail
	sum := sha256.Sum256(append(text, strconv.FormatInt(r.Number, 10)...))
	return hex.EncodeToString(sum[:])
}

// draftRelease makes the next release of the event without storing it, and gives the schedule that is public before it.
func (s *Service) draftRelease(ctx context.Context, db bun.IDB, e *events.Event, in ReleaseInput) (*release, *exchange.Schedule, error) {
	a, err := readAgenda(ctx, db, e)
	if err != nil {
		return nil, nil, err
	}
	before := new(release)
	err = db.NewSelect().Model(before).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).OrderExpr("number DESC").Limit(1).Scan(ctx)
	if err != nil && !database.IsNoRows(err) {
		return nil, nil, err
	}
	next := &release{Release: Release{ID: turnout.NewID(PrefixRelease), CommunityID: e.CommunityID, EventID: e.ID, Number: before.Number + 1,
		Version: in.Version, Note: in.Note, CreatedAt: s.now()}, Schedule: a.Schedule()}
	if len(next.Schedule.Sessions) == 0 {
		return nil, nil, ErrNothing
	}
	next.Schedule.Version = in.Version
	if before.Schedule == nil {
		before.Schedule = &exchange.Schedule{}
	}
	next.measure(before.Schedule)
	return next, before.Schedule, nil
}

// measure compares a release with what was public before it.
func (r *release) measure(before *exchange.Schedule) {
	r.Changes = changesBetween(before, r.Schedule, int(r.Number))
	r.Sessions = int64(len(r.Schedule.Sessions))
}

// Schedule gives the agenda's confirmed sessions that have a slot, as releases freeze them and exports write them. A
// session's key is its GUID, so that it is the same in every release.
func (a *Agenda) Schedule() *exchange.Schedule {
	return a.scheduleOf(func(s *Session) bool { return s.Status == Confirmed && s.Placed() })
}

// ChangedAt is when a session was changed last.
func (a *Agenda) ChangedAt() time.Time {
	at := a.Event.UpdatedAt
	for _, s := range a.Sessions {
		if s.UpdatedAt.After(at) {
			at = s.UpdatedAt
		}
	}
	return at
}

// Draft gives all that is not withdrawn, placed or not, as exports of the working draft write it.
func (a *Agenda) Draft() *exchange.Schedule {
	s := a.scheduleOf(func(s *Session) bool { return s.Status != Withdrawn })
	s.Version = "draft"
	return s
}

func (a *Agenda) scheduleOf(wanted func(*Session) bool) *exchange.Schedule {
	e := a.Event
	zone := e.Location()
	s := &exchange.Schedule{UID: string(e.ID), Title: e.Title, Acronym: e.Slug, Zone: zone.String(), DayChange: dayBegins * time.Hour,
		FirstDay: DayOf(e, e.StartsAt).Date, LastDay: DayOf(e, e.EndsAt.Add(-time.Second)).Date}
	tracks, people, used := map[turnout.ID]string{}, map[turnout.ID]exchange.Person{}, map[turnout.ID]bool{}
	for _, room := range a.Rooms {
		out := exchange.Room{Key: string(room.ID), Name: room.Name}
		if room.Capacity != nil {
			out.Capacity = int(*room.Capacity)
		}
		s.Rooms = append(s.Rooms, out)
	}
	for _, track := range a.Tracks {
		tracks[track.ID] = track.Name
		s.Tracks = append(s.Tracks, exchange.Track{Name: track.Name, Color: track.Color})
	}
	for _, speaker := range a.Speakers {
		people[speaker.ID] = exchange.Person{Key: string(speaker.ID), Name: speaker.Name, Bio: speaker.Bio}
	}
	for _, session := range a.Sessions {
		if !wanted(session) {
			continue
		}
		out := exchange.Session{Key: session.GUID, Number: session.SourceNumber, Title: session.Title, Subtitle: session.Subtitle, Abstract: session.Abstract,
			Description: session.Description, Kind: string(session.Kind), Type: session.SourceType, Language: session.Language, Room: string(session.RoomID),
			Track: tracks[session.TrackID], Length: time.Duration(session.Minutes) * time.Minute, Links: session.Links, URL: session.URL}
		if session.Placed() {
			out.Start, out.Length = session.StartsAt.UTC(), session.EndsAt.Sub(session.StartsAt)
		}
		for _, id := range session.SpeakerIDs {
			out.Speakers = append(out.Speakers, string(id))
			used[id] = true
		}
		s.Sessions = append(s.Sessions, out)
	}
	for _, speaker := range a.Speakers {
		if used[speaker.ID] {
			s.People = append(s.People, people[speaker.ID])
		}
	}
	return s
}

// changesBetween compares two schedules by key, and gives each session of the later its revision: that of the release, where it is new or different.
func changesBetween(before, after *exchange.Schedule, number int) ReleaseChanges {
	changes := ReleaseChanges{Sessions: []ChangedItem{}}
	old, was, is := byKeys(before), before.RoomNames(), after.RoomNames()
	first := len(before.Sessions) == 0
	for i := range after.Sessions {
		s := &after.Sessions[i]
		o, kept := old[s.Key]
		delete(old, s.Key)
		what := []string{"added"}
		if kept {
			what = changes.compare(o, *s)
			s.Revision = o.Revision
			if o.Revision = 0; !sameSession(o, *s) {
				s.Revision = number
			}
		} else {
			s.Revision = number
			changes.Added++
		}
		if len(what) > 0 && !first {
			item := ChangedItem{GUID: s.Key, Title: s.Title, What: what, Is: changedSlot(*s, is)}
			if kept {
				item.Was = changedSlot(o, was)
			}
			changes.Sessions = append(changes.Sessions, item)
		}
	}
	gone := []exchange.Session{}
	for _, s := range old {
		gone = append(gone, s)
	}
	slices.SortFunc(gone, func(a, b exchange.Session) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Key, b.Key)) })
	for _, s := range gone {
		changes.Removed++
		changes.Sessions = append(changes.Sessions, ChangedItem{GUID: s.Key, Title: s.Title, What: []string{"removed"}, Was: changedSlot(s, was)})
	}
	return changes
}

func changedSlot(s exchange.Session, rooms map[string]string) *ChangedSlot {
	return &ChangedSlot{s.Start.UTC(), s.End().UTC(), rooms[s.Room]}
}

// compare counts the differences of a kept session and names them.
func (c *ReleaseChanges) compare(before, after exchange.Session) []string {
	d := difference{moved: !before.Start.Equal(after.Start), rerooms: before.Room != after.Room, retitled: before.Title != after.Title,
		resized: before.Length != after.Length, speakers: !sameSet(before.Speakers, after.Speakers)}
	c.add(d)
	if d == (difference{}) {
		c.Unchanged++
	}
	return d.words()
}

// sameSession compares all that a calendar shows, whatever the revisions.
func sameSession(a, b exchange.Session) bool {
	return a.Start.Equal(b.Start) && a.Length == b.Length && a.Room == b.Room && a.Title == b.Title && a.Subtitle == b.Subtitle &&
		a.Abstract == b.Abstract && a.Description == b.Description && a.Track == b.Track && a.URL == b.URL && slices.Equal(a.Speakers, b.Speakers)
}

// Releases lists the releases of an event (id or slug), the latest first. Error: turnout.ErrNotFound.
func (s *Service) Releases(ctx context.Context, community turnout.ID, event string) ([]*Release, error) {
	e, err := events.Find(ctx, s.DB.Read(), community, event)
	if err != nil {
		return nil, err
	}
	var all []*Release
	err = s.DB.Read().NewSelect().Model(&all).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).OrderExpr("number DESC").Scan(ctx)
	return all, err
}

// LatestRelease gives the release that is public now, without its schedule: cheap, for versions of pages. Error:
// ErrNotReleased.
func (s *Service) LatestRelease(ctx context.Context, e *events.Event) (*Release, error) {
	latest := new(Release)
	err := s.DB.Read().NewSelect().Model(latest).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).
		OrderExpr("number DESC").Limit(1).Scan(ctx)
	if database.IsNoRows(err) || err == nil && latest.Sessions == 0 {
		return nil, ErrNotReleased
	}
	return latest, err
}

// Schedule gives the public schedule of an event: what its latest release froze. The result is shared and must not be
// changed. Error: ErrNotReleased.
func (s *Service) Schedule(ctx context.Context, e *events.Event) (*exchange.Schedule, *Release, error) {
	latest, err := s.LatestRelease(ctx, e)
	if err != nil {
		return nil, nil, err
	}
	schedule, err := s.frozen(ctx, e, latest.ID)
	return schedule, latest, err
}

// frozen gives the schedule of a release, which is shared and must not be changed.
func (s *Service) frozen(ctx context.Context, e *events.Event, id turnout.ID) (*exchange.Schedule, error) {
	if schedule := s.released.find(id); schedule != nil {
		return schedule, nil
	}
	full := new(release)
	if err := find(ctx, s.DB.Read(), full, e.CommunityID, id); err != nil {
		return nil, err
	}
	s.released.keep(id, full.Schedule)
	return full.Schedule, nil
}
