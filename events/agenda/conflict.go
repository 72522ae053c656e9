package agenda

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/speakers"
)

// ConflictKind says what is wrong with slots.
type ConflictKind string

// The kinds. Availability of speakers and capacity (sign-ups beyond a room's seats) are words of the API whose data do not exist
// yet, so no such conflict is found.
const (
	RoomConflict    ConflictKind = "room"          // two sessions in one room at once
	SpeakerConflict ConflictKind = "speaker"       // one speaker in two sessions at once
	OutsideEvent    ConflictKind = "outside_event" // before the event begins or after it ends
)

// Conflict is something that cannot take place as planned.
type Conflict struct {
	Kind       ConflictKind
	SessionIDs []turnout.ID // two of them in order of time, one for outside_event
	RoomID     turnout.ID   // of a room conflict
	SpeakerIDs []turnout.ID // of a speaker conflict: those whom both sessions have, by name
	Message    string       // English, with the names, for the API; pages say it in their reader's language
}

// Slot is a placed session, as far as conflicts go. Times are half-open: one session may begin when another ends.
type Slot struct {
	SessionID  turnout.ID
	Title      string
	RoomID     turnout.ID // empty: no room conflict
	SpeakerIDs []turnout.ID
	StartsAt   time.Time
	EndsAt     time.Time
}

// Names gives the words for a conflict's message.
type Names struct {
	Rooms    map[turnout.ID]string
	Speakers map[turnout.ID]string
}

// FindConflicts finds all conflicts of an event that lasts from begin to end: O(n log n) and the number found. Each pair of
// sessions stands once for a room and once for its common speakers. The order is by time, kind and id, whatever that of
// the slots was.
func FindConflicts(begin, end time.Time, slots []Slot, names Names) []Conflict {
	slots = slices.DeleteFunc(slices.Clone(slots), func(s Slot) bool { return !s.EndsAt.After(s.StartsAt) })
	slices.SortFunc(slots, func(a, b Slot) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), a.EndsAt.Compare(b.EndsAt), cmp.Compare(a.SessionID, b.SessionID))
	})
	var found []Conflict
	perRoom, perSpeaker := map[turnout.ID][]int{}, map[turnout.ID][]int{}
	for i, s := range slots {
		if s.StartsAt.Before(begin) || s.EndsAt.After(end) {
			found = append(found, Conflict{Kind: OutsideEvent, SessionIDs: []turnout.ID{s.SessionID}, Message: fmt.Sprintf("“%s” does not lie within the event's own times.", s.Title)})
		}
		if s.RoomID != "" {
			running := stillRunning(slots, perRoom[s.RoomID], s.StartsAt)
			for _, other := range running {
				found = append(found, Conflict{Kind: RoomConflict, SessionIDs: []turnout.ID{slots[other].SessionID, s.SessionID}, RoomID: s.RoomID,
					Message: fmt.Sprintf("“%s” and “%s” are in %s at the same time.", slots[other].Title, s.Title, names.Rooms[s.RoomID])})
			}
			perRoom[s.RoomID] = append(running, i)
		}
		found = append(found, speakerConflicts(slots, i, perSpeaker, names)...)
	}
	return found
}

// speakerConflicts gives those of slot i with earlier ones, and notes its speakers.
func speakerConflicts(slots []Slot, i int, perSpeaker map[turnout.ID][]int, names Names) []Conflict {
	s, common := slots[i], map[int][]turnout.ID{}
	for _, speaker := range s.SpeakerIDs {
		running := stillRunning(slots, perSpeaker[speaker], s.StartsAt)
		for _, other := range running {
			common[other] = append(common[other], speaker)
		}
		perSpeaker[speaker] = append(running, i)
	}
	var found []Conflict
	for _, other := range slices.Sorted(maps.Keys(common)) {
		ids := common[other]
		slices.SortFunc(ids, func(a, b turnout.ID) int { return cmp.Compare(names.Speakers[a], names.Speakers[b]) })
		who := make([]string, len(ids))
		for n, id := range ids {
			who[n] = names.Speakers[id]
		}
		verb := "speaks"
		if len(who) > 1 {
			verb = "speak"
		}
		found = append(found, Conflict{Kind: SpeakerConflict, SessionIDs: []turnout.ID{slots[other].SessionID, s.SessionID}, SpeakerIDs: ids,
			Message: fmt.Sprintf("%s %s in “%s” and “%s” at the same time.", strings.Join(who, ", "), verb, slots[other].Title, s.Title)})
	}
	return found
}

// stillRunning keeps the slots that have not ended at the instant.
func stillRunning(slots []Slot, running []int, at time.Time) []int {
	return slices.DeleteFunc(running, func(i int) bool { return !slots[i].EndsAt.After(at) })
}

// ConflictsOf picks those that a session has part in.
func ConflictsOf(all []Conflict, session turnout.ID) []Conflict {
	return slices.DeleteFunc(slices.Clone(all), func(c Conflict) bool { return !slices.Contains(c.SessionIDs, session) })
}

// Conflicts lists those of an event's working draft (id or slug), in order of time, without reading the texts. Error:
// turnout.ErrNotFound.
func (s *Service) Conflicts(ctx context.Context, community turnout.ID, event string) ([]Conflict, error) {
	db := s.DB.Read()
	e, err := events.Find(ctx, db, community, event)
	if err != nil {
		return nil, err
	}
	a, err := readPlaced(ctx, db, e)
	if err != nil {
		return nil, err
	}
	if err := db.NewSelect().Model(&a.Rooms).Where("community_id = ?", community).Where("event_id = ?", e.ID).Scan(ctx); err != nil {
		return nil, err
	}
	if a.Speakers, err = speakers.ByEvent(ctx, db, community, e.ID); err != nil {
		return nil, err
	}
	return a.Conflicts(), nil
}

// CountConflicts counts those of the event's working draft in two statements, without the names that their words need.
func CountConflicts(ctx context.Context, db bun.IDB, e *events.Event) (int, error) {
	a, err := readPlaced(ctx, db, e)
	if err != nil {
		return 0, fmt.Errorf("agenda: count conflicts: %w", err)
	}
	return len(a.Conflicts()), nil
}

// readPlaced reads what conflicts come from: the slots and their speakers.
func readPlaced(ctx context.Context, db bun.IDB, e *events.Event) (*Agenda, error) {
	a := &Agenda{Event: e}
	err := db.NewSelect().Model(&a.Sessions).Column("id", "title", "room_id", "starts_at", "ends_at").
		Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID).Where("starts_at IS NOT NULL").Scan(ctx)
	if err != nil {
		return nil, err
	}
	return a, eventSpeakers(ctx, db, e, a.Sessions)
}

// Conflicts lists those of the agenda, in order of time.
func (a *Agenda) Conflicts() []Conflict {
	names := Names{Rooms: map[turnout.ID]string{}, Speakers: map[turnout.ID]string{}}
	for _, room := range a.Rooms {
		names.Rooms[room.ID] = room.Name
	}
	for _, speaker := range a.Speakers {
		names.Speakers[speaker.ID] = speaker.Name
	}
	var slots []Slot
	for _, session := range a.Sessions {
		if session.Placed() {
			slots = append(slots, Slot{session.ID, session.Title, session.RoomID, session.SpeakerIDs, session.StartsAt, session.EndsAt})
		}
	}
	return FindConflicts(a.Event.StartsAt, a.Event.EndsAt, slots, names)
}
