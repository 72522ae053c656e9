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

// The kinds.
const (
	RoomConflict    ConflictKind = "room"          // two sessions in one room at once
	SpeakerConflict ConflictKind = "speaker"       // one speaker in two sessions at once
	OutsideEvent    ConflictKind = "outside_event" // before the event begins or after it ends
	CapacityShort   ConflictKind = "capacity"      // more people marked the session than its room has seats
	Availability    ConflictKind = "availability"  // when one of its speakers cannot be there
)

// Conflict is something that cannot take place as planned.
type Conflict struct {
	Kind       ConflictKind
	SessionIDs []turnout.ID // two of them in order of time, one for outside_event, availability and capacity
	RoomID     turnout.ID   // of a room or capacity conflict
	SpeakerIDs []turnout.ID // of a speaker conflict: those whom both sessions have, by name; of availability: those who cannot be there
	TrackID    turnout.ID   // of a warning about a track
	Message    string       // English, with the names, for the API; pages say it in their reader's language
}

// Slot is a placed session, as far as conflicts go. Times are half-open: one session may begin when another ends.
type Slot struct {
	SessionID  turnout.ID
	Title      string
	RoomID     turnout.ID // empty: no room conflict
	TrackID    turnout.ID
	SpeakerIDs []turnout.ID
	StartsAt   time.Time
	EndsAt     time.Time
	Favourites int64 // how many people marked it
	Seats      int64 // of its room; 0: not known
}

// Names gives the words for a conflict's message.
type Names struct {
	Rooms    map[turnout.ID]string
	Tracks   map[turnout.ID]string
	Speakers map[turnout.ID]string
}

// FindConflicts finds all conflicts of an event that lasts from begin to end: O(n log n) and the number found. Each pair of
// sessions stands once for a room and once for its common speakers. The order is by time, kind and id, whatever that of
// the slots was.
func FindConflicts(begin, end time.Time, slots []Slot, names Names) []Conflict {
	slots = inOrder(slots)
	var found []Conflict
	perRoom, perSpeaker := map[turnout.ID][]int{}, map[turnout.ID][]int{}
	for i, s := range slots {
		if s.StartsAt.Before(begin) || s.EndsAt.After(end) {
			found = append(found, Conflict{Kind: OutsideEvent, SessionIDs: []turnout.ID{s.SessionID}, Message: fmt.Sprintf("“%s” does not lie within the event's own times.", s.Title)})
		}
		if s.Seats > 0 && s.Favourites > s.Seats {
			found = append(found, Conflict{Kind: CapacityShort, SessionIDs: []turnout.ID{s.SessionID}, RoomID: s.RoomID,
				Message: fmt.Sprintf("“%s” was marked by %d people; seats in %s: %d.", s.Title, s.Favourites, names.Rooms[s.RoomID], s.Seats)})
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

// FindAbsences finds the slots that do not lie wholly within one of the times of each of their speakers (speakers.Tidy); who has none always can. Each slot stands once, in the
// order of FindConflicts.
func FindAbsences(slots []Slot, times map[turnout.ID][]speakers.Window, names Names) []Conflict {
	var found []Conflict
	for _, s := range inOrder(slots) {
		var away []turnout.ID
		for _, id := range s.SpeakerIDs {
			if !speakers.Free(times[id], s.StartsAt, s.EndsAt) {
				away = append(away, id)
			}
		}
		if len(away) > 0 {
			found = append(found, Conflict{Kind: Availability, SessionIDs: []turnout.ID{s.SessionID}, SpeakerIDs: away,
				Message: fmt.Sprintf("%s cannot be there at the time of “%s”.", strings.Join(byName(away, names), ", "), s.Title)})
		}
	}
	return found
}

// inOrder gives those that take any time, by time.
func inOrder(slots []Slot) []Slot {
	slots = slices.DeleteFunc(slices.Clone(slots), func(s Slot) bool { return !s.EndsAt.After(s.StartsAt) })
	slices.SortFunc(slots, func(a, b Slot) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), a.EndsAt.Compare(b.EndsAt), cmp.Compare(a.SessionID, b.SessionID))
	})
	return slots
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
		who := byName(ids, names)
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
	a, err := s.slots(ctx, community, event)
	if err != nil {
		return nil, err
	}
	return a.Conflicts(), nil
}

// slots reads an event's working draft without its texts and tracks: what conflicts come from, and the names they say.
func (s *Service) slots(ctx context.Context, community turnout.ID, event string) (*Agenda, error) {
	db := s.DB.Read()
	e, err := events.Find(ctx, db, community, event)
	if err != nil {
		return nil, err
	}
	a, err := readSlots(ctx, db, e)
	if err != nil {
		return nil, err
	}
	a.Rooms = nil
	if err := db.NewSelect().Model(&a.Rooms).Where("community_id = ?", community).Where("event_id = ?", e.ID).Scan(ctx); err != nil {
		return nil, err
	}
	a.Speakers, err = speakers.Names(ctx, db, community, e.ID)
	return a, err
}

// CountAll is Count with the number of conflicts, in two statements.
func CountAll(ctx context.Context, db bun.IDB, e *events.Event) (n Counts, conflicts int, err error) {
	a, err := readSlots(ctx, db, e)
	if err != nil {
		return Counts{}, 0, fmt.Errorf("agenda: count: %w", err)
	}
	for _, s := range a.Sessions {
		if s.Status == Withdrawn {
			continue
		}
		n.Sessions++
		if !s.Placed() {
			n.Unplaced++
		}
	}
	return n, len(a.Conflicts()), nil
}

// readSlots reads what conflicts come from: the sessions' slots, their speakers, and when those can be there.
func readSlots(ctx context.Context, db bun.IDB, e *events.Event) (*Agenda, error) {
	var rows []struct {
		Session       `bun:",extend"`
		LinkedSpeaker turnout.ID
		Seats         *int64
	}
	err := db.NewSelect().Model(&rows).ColumnExpr("session.id, session.title, session.status, session.track_id, session.room_id, session.starts_at, session.ends_at, room.capacity AS seats, "+favouritesWhereSeatsAreKnown).
		ColumnExpr("COALESCE(link.speaker_id, '') AS linked_speaker").Join("LEFT JOIN session_speakers AS link ON link.session_id = session.id").Join("LEFT JOIN rooms AS room ON room.id = session.room_id").
		Where("session.community_id = ?", e.CommunityID).Where("session.event_id = ?", e.ID).OrderExpr("session.id, link.position").Scan(ctx)
	if err != nil {
		return nil, err
	}
	a := &Agenda{Event: e}
	for i := range rows {
		if i == 0 || rows[i].ID != rows[i-1].ID {
			a.Sessions = append(a.Sessions, &rows[i].Session)
			a.Rooms = append(a.Rooms, &Room{ID: rows[i].RoomID, Capacity: rows[i].Seats})
		}
		if speaker := rows[i].LinkedSpeaker; speaker != "" {
			last := a.Sessions[len(a.Sessions)-1]
			last.SpeakerIDs = append(last.SpeakerIDs, speaker)
		}
	}
	a.Times, err = speakers.Times(ctx, db, e.CommunityID, e.ID)
	return a, err
}

// Conflicts lists those of the agenda, in order of time.
func (a *Agenda) Conflicts() []Conflict {
	slots, names := a.slots(), a.names()
	all := append(FindConflicts(a.Event.StartsAt, a.Event.EndsAt, slots, names), FindAbsences(slots, a.Times, names)...)
	starts := make(map[turnout.ID]time.Time, len(slots))
	for _, s := range slots {
		starts[s.SessionID] = s.StartsAt
	}
	slices.SortStableFunc(all, func(a, b Conflict) int {
		return starts[a.SessionIDs[len(a.SessionIDs)-1]].Compare(starts[b.SessionIDs[len(b.SessionIDs)-1]])
	})
	return all
}

// Warnings lists what is worth a look, in order of time.
func (a *Agenda) Warnings() []Conflict { return FindWarnings(a.slots(), a.names()) }

func (a *Agenda) names() Names {
	names := Names{Rooms: map[turnout.ID]string{}, Tracks: map[turnout.ID]string{}, Speakers: map[turnout.ID]string{}}
	for _, room := range a.Rooms {
		names.Rooms[room.ID] = room.Name
	}
	for _, speaker := range a.Speakers {
		names.Speakers[speaker.ID] = speaker.Name
	}
	for _, track := range a.Tracks {
		names.Tracks[track.ID] = track.Name
	}
	return names
}

func (a *Agenda) slots() (slots []Slot) {
	seats := map[turnout.ID]int64{}
	for _, room := range a.Rooms {
		if room.Capacity != nil {
			seats[room.ID] = *room.Capacity
		}
	}
	for _, session := range a.Sessions {
		if session.Placed() {
			slots = append(slots, Slot{session.ID, session.Title, session.RoomID, session.TrackID, session.SpeakerIDs, session.StartsAt, session.EndsAt, session.Favourites, seats[session.RoomID]})
		}
	}
	return slots
}
