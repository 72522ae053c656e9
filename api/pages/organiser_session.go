package pages

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/templates"
)

type sessionForm struct {
	Title       string   `form:"title" text:"name,max=600"`
	Subtitle    string   `form:"subtitle" text:"name,max=600"`
	Kind        string   `form:"kind" text:"name,max=20"`
	Status      string   `form:"status" text:"name,max=20"`
	Abstract    string   `form:"abstract" text:"long,max=30000"`
	Description string   `form:"description" text:"long,max=60000"`
	Language    string   `form:"language" text:"name,max=50"`
	TrackID     string   `form:"track_id" text:"name,max=60"`
	Minutes     string   `form:"duration_minutes" text:"name,max=40"`
	SpeakerIDs  []string `form:"speaker_ids" text:"name,max=60"`
	Version     int64    `form:"version"`
}

type slotForm struct {
	RoomID   string `form:"room_id" text:"name,max=60"`
	StartsAt string `form:"starts_at" text:"name,max=40"`
	EndsAt   string `form:"ends_at" text:"name,max=40"`
	Version  int64  `form:"version"`
}

type consoleSessionPage struct {
	templates.Chrome
	Errors                         templates.Errors
	Event                          *events.Event
	Session                        *agenda.Session // nil for a new one
	Form                           sessionForm
	Slot                           slotForm
	Conflicts, Warnings            []string
	Rooms, Tracks, Kinds, Statuses []templates.Option
	Speakers                       []templates.Option
	Base, BackURL                  string
}

// Speaks reports whether a speaker is chosen.
func (p consoleSessionPage) Speaks(id string) bool { return slices.Contains(p.Form.SpeakerIDs, id) }

// turn is at which place of those chosen a speaker stands; all others come after them.
func (p consoleSessionPage) turn(id string) int {
	if i := slices.Index(p.Form.SpeakerIDs, id); i >= 0 {
		return i
	}
	return len(p.Form.SpeakerIDs)
}

// EventSession is GET /console/events/{event}/agenda/sessions/new and …/sessions/{session}.
func (h *Handler) EventSession(c *gin.Context) { h.session(c, http.StatusOK, nil, nil, nil) }

// session draws the page of a session: as it is, or as it was typed when form or slot is given.
func (h *Handler) session(c *gin.Context, status int, form *sessionForm, slot *slotForm, shown templates.Errors) {
	e := access.Event(c)
	a, err := h.Agenda.Agenda(c.Request.Context(), e.CommunityID, string(e.ID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := consoleSessionPage{Event: e, Errors: shown, BackURL: eventPath(e) + "/agenda", Form: sessionForm{Kind: string(agenda.Talk), Status: string(agenda.Confirmed), Minutes: "45"}}
	title := h.text(c, "console.session.new")
	if id := c.Param("session"); id != "" {
		i := slices.IndexFunc(a.Sessions, func(s *agenda.Session) bool { return string(s.ID) == id })
		if i < 0 {
			h.Fail(c, turnout.ErrNotFound)
			return
		}
		data.show(a.Sessions[i], e)
		data.Base, title = data.BackURL+"/sessions/"+id, a.Sessions[i].Title
		titles, names := map[turnout.ID]string{}, namesOf(a)
		for _, s := range a.Sessions {
			titles[s.ID] = s.Title
		}
		for _, conflict := range agenda.ConflictsOf(a.Conflicts(), a.Sessions[i].ID) {
			data.Conflicts = append(data.Conflicts, h.conflictText(c, conflict, titles, names))
		}
		for _, warning := range agenda.ConflictsOf(a.Warnings(), a.Sessions[i].ID) {
			data.Warnings = append(data.Warnings, h.conflictText(c, warning, titles, names))
		}
	}
	if form != nil {
		data.Form = *form
	}
	if slot != nil {
		data.Slot = *slot
	}
	h.sessionChoices(c, a, &data)
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, title, "nav.agenda"); ok {
		data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: data.BackURL})
		h.Render(c, status, "console_session", data)
	}
}

func (p *consoleSessionPage) show(s *agenda.Session, e *events.Event) {
	p.Session = s
	p.Form = sessionForm{Title: s.Title, Subtitle: s.Subtitle, Kind: string(s.Kind), Status: string(s.Status), Abstract: s.Abstract, Description: s.Description,
		Language: s.Language, TrackID: string(s.TrackID), Minutes: strconv.FormatInt(s.Minutes, 10), Version: s.Version}
	for _, id := range s.SpeakerIDs {
		p.Form.SpeakerIDs = append(p.Form.SpeakerIDs, string(id))
	}
	p.Slot = slotForm{RoomID: string(s.RoomID), StartsAt: wallClock(s.StartsAt, e.Location()), EndsAt: wallClock(s.EndsAt, e.Location()), Version: s.Version}
}

func (h *Handler) sessionChoices(c *gin.Context, a *agenda.Agenda, data *consoleSessionPage) {
	data.Rooms = append([]templates.Option{{Text: h.text(c, "console.session.no_room")}}, roomOptions(a.Rooms)...)
	data.Tracks = []templates.Option{{Text: h.text(c, "console.session.no_track")}}
	for _, t := range a.Tracks {
		data.Tracks = append(data.Tracks, templates.Option{Value: string(t.ID), Text: t.Name})
	}
	for _, k := range agenda.Kinds {
		data.Kinds = append(data.Kinds, templates.Option{Value: string(k), Text: h.text(c, "console.kind."+string(k))})
	}
	for _, s := range []agenda.Status{agenda.Confirmed, agenda.Draft} {
		data.Statuses = append(data.Statuses, templates.Option{Value: string(s), Text: h.text(c, "status.session."+string(s))})
	}
	for _, s := range a.Speakers {
		data.Speakers = append(data.Speakers, templates.Option{Value: string(s.ID), Text: s.Name})
	}
	// The chosen ones come first and stay in their order: it is the one in which the form sends them.
	slices.SortStableFunc(data.Speakers, func(a, b templates.Option) int { return cmp.Compare(data.turn(a.Value), data.turn(b.Value)) })
}

// SaveSession is POST /console/events/{event}/agenda/sessions/new and …/sessions/{session}.
func (h *Handler) SaveSession(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	var in sessionForm
	var form formReader
	form.read(c, &in)
	form.Require("duration_minutes", in.Minutes)
	input := agenda.SessionInput{Title: in.Title, Subtitle: in.Subtitle, Kind: agenda.Kind(in.Kind), Status: agenda.Status(in.Status), Abstract: in.Abstract,
		Description: in.Description, Language: in.Language, TrackID: turnout.ID(in.TrackID)}
	if n := form.number("duration_minutes", in.Minutes); n != nil {
		input.Minutes = *n
	}
	for _, id := range in.SpeakerIDs {
		input.SpeakerIDs = append(input.SpeakerIDs, turnout.ID(id))
	}
	var saved *agenda.Session
	err := form.then(input.Check, func() (err error) {
		if c.Param("session") == "" {
			saved, err = h.Agenda.AddSession(ctx, e.CommunityID, string(e.ID), input)
		} else {
			saved, err = h.Agenda.UpdateSession(ctx, e.CommunityID, turnout.ID(c.Param("session")), in.Version, input)
		}
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/agenda/sessions/"+string(saved.ID), "ok", h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.session(c, status, &in, nil, shown)
	}
}

// PlaceSession is POST /console/events/{event}/agenda/sessions/{session}/slot. Conflicts do not refuse it: the page shows them.
func (h *Handler) PlaceSession(c *gin.Context) {
	e := access.Event(c)
	var in slotForm
	form := formReader{zone: e.Location()}
	form.read(c, &in)
	input := agenda.SlotInput{RoomID: turnout.ID(in.RoomID), StartsAt: form.clock("starts_at", in.StartsAt), EndsAt: form.clock("ends_at", in.EndsAt)}
	form.Require("starts_at", in.StartsAt)
	form.Require("ends_at", in.EndsAt)
	conflicts := 0
	err := form.then(input.Check, func() error {
		_, found, err := h.Agenda.Place(c.Request.Context(), e.CommunityID, turnout.ID(c.Param("session")), in.Version, input)
		for _, conflict := range found {
			if !conflict.Warned() {
				conflicts++
			}
		}
		return err
	})
	if err != nil {
		if shown, status, ok := h.refused(c, err); ok {
			h.session(c, status, nil, &in, shown)
		}
		return
	}
	back := eventPath(e) + "/agenda/sessions/" + c.Param("session")
	if conflicts > 0 && len(form.doubts) == 0 {
		h.Redirect(c, back, "warn", h.text(c, "console.session.placed_conflicts", "Count", conflicts))
		return
	}
	h.saved(c, &form, back, h.text(c, "console.session.placed"))
}

// UnplaceSession is POST /console/events/{event}/agenda/sessions/{session}/unplace.
func (h *Handler) UnplaceSession(c *gin.Context) {
	e, version := access.Event(c), sentVersion(c)
	_, err := h.Agenda.Unplace(c.Request.Context(), e.CommunityID, turnout.ID(c.Param("session")), version)
	h.done(c, err, eventPath(e)+"/agenda/sessions/"+c.Param("session"), h.text(c, "console.session.unplaced"))
}

// WithdrawSession is POST /console/events/{event}/agenda/sessions/{session}/withdraw.
func (h *Handler) WithdrawSession(c *gin.Context) {
	e, version := access.Event(c), sentVersion(c)
	back := eventPath(e) + "/agenda/sessions/" + c.Param("session")
	if h.confirmed(c, h.text(c, "console.session.withdraw_ask"), back) {
		_, err := h.Agenda.Withdraw(c.Request.Context(), e.CommunityID, turnout.ID(c.Param("session")), version)
		h.done(c, err, back, h.text(c, "console.session.withdrawn"))
	}
}
