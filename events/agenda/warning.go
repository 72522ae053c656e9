package agenda

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"turnout"
)

// The kinds of warnings: what can take place as planned and is better planned otherwise.
const (
	ShortChange ConflictKind = "short_change" // a speaker has less than WalkingTime between two rooms
	TrackClash  ConflictKind = "track"        // two sessions of one track at once, in two rooms: who follows the track misses one
)

// WalkingTime is what a speaker needs from one room to another.
const WalkingTime = 10 * time.Minute

// Warned says whether a conflict is none: it is only worth a look.
func (c Conflict) Warned() bool { return c.Kind == ShortChange || c.Kind == TrackClash }

// FindWarnings finds what is worth a look, as FindConflicts finds what cannot be: what overlaps for a speaker, or in a room, is a conflict and no warning.
func FindWarnings(slots []Slot, names Names) []Conflict {
	slots = inOrder(slots)
	var found []Conflict
	perTrack, perSpeaker := map[turnout.ID][]int{}, map[turnout.ID][]int{}
	for i, s := range slots {
		if s.TrackID != "" {
			running := stillRunning(slots, perTrack[s.TrackID], s.StartsAt)
			for _, other := range running {
				if slots[other].RoomID != s.RoomID || s.RoomID == "" {
					found = append(found, Conflict{Kind: TrackClash, SessionIDs: []turnout.ID{slots[other].SessionID, s.SessionID}, TrackID: s.TrackID,
						Message: fmt.Sprintf("“%s” and “%s” of the track %s take place at the same time.", slots[other].Title, s.Title, names.Tracks[s.TrackID])})
				}
			}
			perTrack[s.TrackID] = append(running, i)
		}
		found = append(found, shortChanges(slots, i, perSpeaker, names)...)
	}
	return found
}

// shortChanges gives those of slot i after earlier ones, and notes its speakers.
func shortChanges(slots []Slot, i int, perSpeaker map[turnout.ID][]int, names Names) []Conflict {
	s, hurried := slots[i], map[int][]turnout.ID{}
	for _, speaker := range s.SpeakerIDs {
		recent := stillRunning(slots, perSpeaker[speaker], s.StartsAt.Add(-WalkingTime))
		for _, other := range recent {
			o := slots[other]
			if !o.EndsAt.After(s.StartsAt) && o.RoomID != "" && s.RoomID != "" && o.RoomID != s.RoomID {
				hurried[other] = append(hurried[other], speaker)
			}
		}
		perSpeaker[speaker] = append(recent, i)
	}
	var found []Conflict
	for _, other := range slices.Sorted(maps.Keys(hurried)) {
		ids := hurried[other]
		who := byName(ids, names)
		found = append(found, Conflict{Kind: ShortChange, SessionIDs: []turnout.ID{slots[other].SessionID, s.SessionID}, SpeakerIDs: ids,
			Message: fmt.Sprintf("%s: %d minutes from “%s” in %s to “%s” in %s.", strings.Join(who, ", "), int(s.StartsAt.Sub(slots[other].EndsAt)/time.Minute),
				slots[other].Title, names.Rooms[slots[other].RoomID], s.Title, names.Rooms[s.RoomID])})
	}
	return found
}

// byName sorts speakers by their names, and gives these.
func byName(ids []turnout.ID, names Names) []string {
	slices.SortFunc(ids, func(a, b turnout.ID) int { return cmp.Compare(names.Speakers[a], names.Speakers[b]) })
	who := make([]string, len(ids))
	for n, id := range ids {
		who[n] = names.Speakers[id]
	}
	return who
}
