package v1

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/checkin/rules"
)

type listRequest struct {
	Name          string              `json:"name" required:"true"`
	TicketTypeIDs []turnout.ID        `json:"ticket_type_ids"`
	AddOnIDs      []turnout.ID        `json:"add_on_ids" doc:"a ticket needs one of them"`
	SessionID     turnout.ID          `json:"session_id" doc:"who comes in is at this session; of a new list alone"`
	StartsAt      time.Time           `json:"starts_at"`
	EndsAt        time.Time           `json:"ends_at"`
	AllowReentry  bool                `json:"allow_reentry" doc:"short for entry reentry"`
	Entry         rules.Entry         `json:"entry" enum:"single,reentry,daily,multiple" doc:"how often a ticket comes in: once (when absent), again after each exit, once a day, any number of times"`
	DayFrom       string              `json:"day_from" doc:"the time of day at which a day begins, like 04:00; midnight when absent"`
	ExitAt        string              `json:"exit_at" doc:"the time of day at which everybody who is inside is taken as gone; never when absent"`
	Rules         [][]conditionFields `json:"rules" doc:"one of them must be met, with each of its conditions; none: all may come in"`
	MostInside    *int64              `json:"most_inside" doc:"how many the place may hold: the live view warns, nobody is refused; null: not said"`
}

// conditionFields is one condition of a rule; a kind looks at what its text names.
type conditionFields struct {
	Kind   rules.Kind `json:"kind" required:"true" enum:"types,add_ons,gates,weekdays,clock,between,entries,today,after_entry,after_exit,within_exit" doc:"types, add_ons, gates, weekdays: any; clock, between: from, until; entries, today: fewer than number before; after_entry, after_exit: at least number minutes since; within_exit: at most"`
	Any    []string   `json:"any,omitempty" doc:"ids, names of gates, or days from 1 (Monday) to 7"`
	From   string     `json:"from,omitempty" doc:"a time of day (clock), an instant (between)"`
	Until  string     `json:"until,omitempty"`
	Number int64      `json:"number,omitempty"`
}

// input reads the list; what cannot be read is a problem of its field.
func (in listRequest) input(p *turnout.Problems) checkin.ListInput {
	out := checkin.ListInput{Name: in.Name, SessionID: in.SessionID, TicketTypeIDs: in.TicketTypeIDs, AddOnIDs: in.AddOnIDs, StartsAt: in.StartsAt, EndsAt: in.EndsAt, Entry: in.Entry, MostInside: in.MostInside}
	if out.Entry == "" && in.AllowReentry {
		out.Entry = rules.Again
	}
	out.DayFrom = clockMinutes(p, "day_from", in.DayFrom)
	if in.ExitAt != "" {
		exit := clockMinutes(p, "exit_at", in.ExitAt)
		out.ExitAt = &exit
	}
	for i, fields := range in.Rules {
		rule := rules.Rule{}
		for j, f := range fields {
			rule = append(rule, f.condition(p, fmt.Sprintf("rules[%d][%d].", i, j)))
		}
		out.Rules = append(out.Rules, rule)
	}
	return out
}

func (f conditionFields) condition(p *turnout.Problems, name string) rules.Condition {
	c := rules.Condition{Kind: f.Kind, Any: f.Any, Number: f.Number}
	switch f.Kind {
	case rules.Clock:
		c.From, c.Until = clockMinutes(p, name+"from", f.From), clockMinutes(p, name+"until", f.Until)
	case rules.Between:
		c.From, c.Until = instantMinutes(p, name+"from", f.From), instantMinutes(p, name+"until", f.Until)
	}
	return c
}

// clockMinutes reads a time of day as minutes after midnight; 0 for none.
func clockMinutes(p *turnout.Problems, field, text string) int64 {
	if text == "" {
		return 0
	}
	minutes, ok := rules.ParseClock(text)
	if !ok {
		p.Add(field, "wrong_type", "This must be a time of day like 18:30.")
	}
	return minutes
}

// instantMinutes reads an instant in whole minutes; 0 for none.
func instantMinutes(p *turnout.Problems, field, text string) int64 {
	if text == "" {
		return 0
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		p.Add(field, "wrong_type", "This must be an instant like 2026-06-04T18:30:00Z.")
	}
	return rules.At(at)
}

func newConditionFields(c rules.Condition) conditionFields {
	f := conditionFields{Kind: c.Kind, Any: c.Any, Number: c.Number}
	switch c.Kind {
	case rules.Clock:
		f.From, f.Until = rules.Clocked(c.From), rules.Clocked(c.Until)
	case rules.Between:
		f.From, f.Until = rules.Time(c.From).Format(time.RFC3339), rules.Time(c.Until).Format(time.RFC3339)
	}
	return f
}

type listResponse struct {
	ID            turnout.ID          `json:"id"`
	EventID       turnout.ID          `json:"event_id"`
	Name          string              `json:"name"`
	TicketTypeIDs []turnout.ID        `json:"ticket_type_ids"`
	AddOnIDs      []turnout.ID        `json:"add_on_ids"`
	SessionID     *turnout.ID         `json:"session_id" doc:"null: of the event"`
	StartsAt      *time.Time          `json:"starts_at"`
	EndsAt        *time.Time          `json:"ends_at"`
	AllowReentry  bool                `json:"allow_reentry"`
	Entry         rules.Entry         `json:"entry" enum:"single,reentry,daily,multiple"`
	DayFrom       string              `json:"day_from"`
	ExitAt        *string             `json:"exit_at"`
	Rules         [][]conditionFields `json:"rules"`
	MostInside    *int64              `json:"most_inside"`
	Version       int64               `json:"version"`
	CreatedAt     time.Time           `json:"created_at"`
	UpdatedAt     time.Time           `json:"updated_at"`
}

func newListResponse(l *checkin.List) listResponse {
	out := listResponse{ID: l.ID, EventID: l.EventID, Name: l.Name, TicketTypeIDs: ids(l.TicketTypeIDs), AddOnIDs: ids(l.AddOnIDs), StartsAt: moment(l.StartsAt),
		EndsAt: moment(l.EndsAt), AllowReentry: l.Entry == rules.Again, Entry: l.Entry, DayFrom: rules.Clocked(l.DayFrom), Rules: make([][]conditionFields, len(l.Rules)), MostInside: l.MostInside,
		Version: l.Version, CreatedAt: l.CreatedAt.UTC(), UpdatedAt: l.UpdatedAt.UTC()}
	if l.SessionID != "" {
		out.SessionID = &l.SessionID
	}
	if l.ExitAt != nil {
		exit := rules.Clocked(*l.ExitAt)
		out.ExitAt = &exit
	}
	for i, rule := range l.Rules {
		out.Rules[i] = make([]conditionFields, len(rule))
		for j, c := range rule {
			out.Rules[i][j] = newConditionFields(c)
		}
	}
	return out
}

// ids is an empty list for none, which JSON says as [].
func ids(list []turnout.ID) []turnout.ID {
	if list == nil {
		return []turnout.ID{}
	}
	return list
}

// CreateList is POST /events/{event}/check-in-lists.
func (h *Handler) CreateList(c *gin.Context) {
	var in listRequest
	if !respond.Bind(c, &in) {
		return
	}
	var probs turnout.Problems
	input := in.input(&probs)
	err := probs.Err()
	var list *checkin.List
	if err == nil {
		list, err = h.CheckIn.CreateList(c.Request.Context(), access.Community(c), access.Event(c).ID, input)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, list.Version)
	respond.JSON(c, http.StatusCreated, newListResponse(list))
}

// ListLists is GET /events/{event}/check-in-lists.
func (h *Handler) ListLists(c *gin.Context) {
	lists, err := h.CheckIn.Lists(c.Request.Context(), access.Community(c), access.Event(c).ID)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	lists = slices.DeleteFunc(lists, func(l *checkin.List) bool { return !access.Who(c).Serves(l) })
	answerAll(c, lists, func(l *checkin.List) turnout.ID { return l.ID }, newListResponse)
}
