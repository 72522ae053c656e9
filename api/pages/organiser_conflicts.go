package pages

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/templates"
)

// conflictKinds are in the order in which pages name them: what people would notice first.
var conflictKinds = []agenda.ConflictKind{agenda.RoomConflict, agenda.SpeakerConflict, agenda.Availability, agenda.OutsideEvent, agenda.CapacityShort, agenda.ShortChange, agenda.TrackClash}

// conflictCount is the number of conflicts of one kind.
type conflictCount struct {
	Kind  agenda.ConflictKind
	Count int
}

func countConflicts(all []agenda.Conflict) []conflictCount {
	var out []conflictCount
	for _, kind := range conflictKinds {
		n := 0
		for _, c := range all {
			if c.Kind == kind {
				n++
			}
		}
		if n > 0 {
			out = append(out, conflictCount{kind, n})
		}
	}
	return out
}

// conflictGroup holds the conflicts of one kind in one room, or of one day where no room has part in them.
type conflictGroup struct {
	Kind        agenda.ConflictKind
	Where       string
	Count       int
	First, More []conflictItem // shown, and folded; together at most conflictsListed
	Left        int            // beyond the first
	AllURL      string         // of the sessions concerned, "" where all conflicts stand here
}

type conflictItem struct {
	When, Who string
	Sessions  []templates.Link
}

// How much of the conflicts a page shows: the rest is behind a link to the sessions concerned.
const (
	conflictsFirst  = 3
	conflictsListed = 40
	groupsFirst     = 6
)

// conflictGroups sorts conflicts by kind, then by room or day; a session's link is base and its id.
func (h *Handler) conflictGroups(c *gin.Context, a *agenda.Agenda, all []agenda.Conflict, base string) []conflictGroup {
	sessions, names := map[turnout.ID]*agenda.Session{}, namesOf(a)
	for _, s := range a.Sessions {
		sessions[s.ID] = s
	}
	index := map[string]int{}
	var groups []conflictGroup
	for _, conflict := range all { // in order of time
		where, filter := h.conflictPlace(c, a, conflict, sessions, names)
		key := string(conflict.Kind) + " " + filter.Encode()
		i, known := index[key]
		if !known {
			i = len(groups)
			index[key], groups = i, append(groups, conflictGroup{Kind: conflict.Kind, Where: where, AllURL: base + "?" + filter.Encode()})
		}
		groups[i].add(h.conflictItem(c, a, conflict, sessions, names, base))
	}
	slices.SortStableFunc(groups, func(a, b conflictGroup) int {
		return cmp.Compare(slices.Index(conflictKinds, a.Kind), slices.Index(conflictKinds, b.Kind))
	})
	for i, g := range groups {
		groups[i].Left = g.Count - len(g.First)
		if g.Count == len(g.First)+len(g.More) {
			groups[i].AllURL = ""
		}
	}
	return groups
}

// conflictPlace names the room or the day that a conflict belongs to, with the filter that finds the sessions concerned there.
func (h *Handler) conflictPlace(c *gin.Context, a *agenda.Agenda, conflict agenda.Conflict, sessions map[turnout.ID]*agenda.Session, names map[turnout.ID]string) (string, url.Values) {
	if conflict.RoomID != "" {
		return names[conflict.RoomID], url.Values{"state": {"conflicts"}, "room": {string(conflict.RoomID)}}
	}
	day := agenda.DayOf(a.Event, sessions[conflict.SessionIDs[0]].StartsAt)
	filter := url.Values{"day": {day.Date}}
	if !conflict.Warned() {
		filter.Set("state", "conflicts")
	}
	return h.dayOf(h.Language(c), a.Event, day.StartsAt), filter
}

func (h *Handler) conflictItem(c *gin.Context, a *agenda.Agenda, conflict agenda.Conflict, sessions map[turnout.ID]*agenda.Session, names map[turnout.ID]string, base string) conflictItem {
	lang, first := h.Language(c), sessions[conflict.SessionIDs[0]]
	item := conflictItem{When: h.Templates.Clock(lang, first.StartsAt, a.Event.Timezone) + "–" + h.Templates.Clock(lang, first.EndsAt, a.Event.Timezone),
		Who: joinIDs(conflict.SpeakerIDs, names)}
	if conflict.TrackID != "" {
		item.Who = names[conflict.TrackID]
	}
	if conflict.RoomID != "" { // the day is not the group's
		item.When = h.dayOf(lang, a.Event, first.StartsAt) + ", " + item.When
	}
	for _, id := range conflict.SessionIDs {
		item.Sessions = append(item.Sessions, templates.Link{Text: sessions[id].Title, URL: base + "/sessions/" + string(id)})
	}
	return item
}

func (g *conflictGroup) add(item conflictItem) {
	g.Count++
	switch {
	case len(g.First) < conflictsFirst:
		g.First = append(g.First, item)
	case len(g.First)+len(g.More) < conflictsListed:
		g.More = append(g.More, item)
	}
}

// conflictText says one conflict in the reader's language.
func (h *Handler) conflictText(c *gin.Context, conflict agenda.Conflict, titles, names map[turnout.ID]string) string {
	args := []any{"First", titles[conflict.SessionIDs[0]], "Room", names[conflict.RoomID], "Names", joinIDs(conflict.SpeakerIDs, names), "Count", len(conflict.SpeakerIDs)}
	if len(conflict.SessionIDs) > 1 {
		args = append(args, "Second", titles[conflict.SessionIDs[1]])
	}
	return h.text(c, "console.conflict_text."+string(conflict.Kind), args...)
}

func joinIDs(ids []turnout.ID, names map[turnout.ID]string) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = names[id]
	}
	return strings.Join(list, ", ")
}

func (h *Handler) dayOf(lang string, e *events.Event, at time.Time) string {
	return h.Templates.DayOf(lang, at, e.StartsAt, e.EndsAt, e.Timezone)
}

// elsewhen says of a schedule that lies outside the event's own times altogether, with the days of both.
type elsewhen struct {
	Schedule, Event string // the days
	Action          string // takes the offer to give the event the schedule's times; "" where it cannot be made
	Over            bool   // the schedule's days have passed
	Asks            string // before a published event moves
	Version         int64
	Seen            map[string]string // the schedule's times, as the form sends them
}

// newElsewhen gives nil for a schedule that lies within the event's times at least in part.
func (h *Handler) newElsewhen(c *gin.Context, e *events.Event, from, to time.Time, placed, outside int) *elsewhen {
	if placed == 0 || outside < placed {
		return nil
	}
	lang := h.Language(c)
	out := &elsewhen{Schedule: h.Templates.Dates(lang, from, to, e.Timezone), Event: h.Templates.Dates(lang, e.StartsAt, e.EndsAt, e.Timezone),
		Over: !to.After(h.Now()), Version: e.Version, Seen: map[string]string{"from": sentTime(from), "to": sentTime(to)}}
	if canMoveTo(e, to, h.Now()) && may(c, "events:write") {
		out.Action = eventPath(e) + "/agenda/dates"
		if e.Status == events.Published {
			out.Asks = h.text(c, "console.agenda.dates_ask", "Dates", out.Schedule)
		}
	}
	return out
}

// sentTime is a time as a form sends it back, to be compared.
func sentTime(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// canMoveTo refuses to move a published event into the past: it would be over at once, for good.
func canMoveTo(e *events.Event, to, now time.Time) bool {
	return e.Status == events.Draft || e.Status == events.Published && to.After(now)
}

// SetEventDates is POST /console/events/{event}/agenda/dates: the event takes place when its agenda does, as its reader saw it.
func (h *Handler) SetEventDates(c *gin.Context) {
	e, version, back := access.Event(c), sentVersion(c), eventPath(access.Event(c))+"/agenda"
	a, err := h.Agenda.Agenda(c.Request.Context(), e.CommunityID, string(e.ID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	from, to, ok := a.Span()
	if ok && (c.PostForm("from") != sentTime(from) || c.PostForm("to") != sentTime(to)) {
		h.done(c, agenda.ErrChanged, back, "")
		return
	}
	if !ok || !canMoveTo(e, to, h.Now()) {
		h.done(c, errNoDates, back, "")
		return
	}
	dates := h.Templates.Dates(h.Language(c), from, to, e.Timezone)
	if e.Status == events.Published && !h.confirmed(c, h.text(c, "console.agenda.dates_ask", "Dates", dates), back) {
		return
	}
	h.done(c, h.moveEvent(c, version, from, to), back, h.text(c, "console.agenda.dates_done", "Dates", dates))
}

var errNoDates = &turnout.Error{Kind: turnout.Conflict, Code: "no_dates", Message: "The event cannot move to the days of this schedule."}

// moveEvent gives the event in the path other times.
func (h *Handler) moveEvent(c *gin.Context, version int64, from, to time.Time) error {
	e := access.Event(c)
	_, err := h.Events.Patch(c.Request.Context(), e.CommunityID, string(e.ID), version, events.Patch{StartsAt: &from, EndsAt: &to})
	return err
}
