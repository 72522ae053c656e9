package pages

import (
	"time"

	"turnout/checkin"
	"turnout/events"
)

// doorNotice says that the day is another one, or that a list is not open. It forbids nothing: a list without times accepts
// at any time, and what a closed one refuses it says at each scan.
type doorNotice struct {
	Key  string    // of the message
	At   time.Time // which it names
	Now  time.Time
	Zone string
}

// dayAround is how far before its beginning and after its end an event's doors are used without a word.
const dayAround = 24 * time.Hour

// noticeOf gives what there is to say now about an event and one of its lists (nil for none of them), nil for nothing.
func noticeOf(event *events.Event, list *checkin.List, now time.Time) *doorNotice {
	notice := &doorNotice{Now: now, Zone: event.Timezone}
	standing := checkin.Open
	if list != nil {
		standing = list.Standing(now)
	}
	switch {
	case now.Before(event.StartsAt.Add(-dayAround)):
		notice.Key, notice.At = "door.event_begins", event.StartsAt
	case now.After(event.EndsAt.Add(dayAround)):
		notice.Key, notice.At = "door.event_ended", event.EndsAt
	case standing == checkin.Early:
		notice.Key, notice.At = "door.list_opens", list.StartsAt
	case standing == checkin.Closed:
		notice.Key, notice.At = "door.list_closed", list.EndsAt
	default:
		return nil
	}
	return notice
}
