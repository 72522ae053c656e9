package pages

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/people"
	"turnout/events/speakers"
	"turnout/internal/audit"
	"turnout/templates"
)

type speakersPage struct {
	templates.Chrome
	Event    *events.Event
	Base     string
	Search   string
	Filter   string // what is missing, "declined", or "" for all
	Filters  []filterLink
	Rows     []speakerRow
	Fitting  int
	Total    int
	Waiting  int  // who can be sent a link because an answer is missing
	Answers  bool // there is still something to answer
	Mailing  *speakers.Mailing
	Wishes   speakers.Wishes
	Now      time.Time
	CanWrite bool
}

type speakerRow struct {
	*agenda.SpeakerState
	URL, PhotoURL string
	Confirmed     int // of Appearances
}

const (
	speakersListed = 200
	speakersSaidNo = "declined"
)

// EventSpeakers is GET /console/events/{event}/speakers: who speaks, and what is missing of each.
func (h *Handler) EventSpeakers(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "nav.speakers"), "nav.speakers")
	if !ok {
		return
	}
	all, err := h.Agenda.SpeakerStates(ctx, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := speakersPage{Chrome: chrome, Event: e, Base: eventPath(e) + "/speakers", Search: c.Query("q"), Filter: c.Query("missing"), Total: len(all), Now: h.Now(),
		Waiting: len(agenda.Waiting(e, all, h.Now())), Answers: agenda.Answerable(e, h.Now()), CanWrite: may(c, "agenda:write")}
	if data.Mailing, err = speakers.LatestMailing(ctx, h.DB.Read(), e.CommunityID, e.ID); err != nil {
		h.Fail(c, err)
		return
	}
	if data.Wishes, err = speakers.WishesOf(ctx, h.DB.Read(), e.CommunityID, e.ID); err != nil {
		h.Fail(c, err)
		return
	}
	data.filters(h, c, all)
	data.fill(all)
	h.Render(c, http.StatusOK, "console_speakers", data)
}

// filters counts what is missing; what nobody lacks is no choice.
func (data *speakersPage) filters(h *Handler, c *gin.Context, all []*agenda.SpeakerState) {
	add := func(value string, n int) {
		query := url.Values{}
		if value != "" {
			query.Set("missing", value)
		}
		if data.Search != "" {
			query.Set("q", data.Search)
		}
		data.Filters = append(data.Filters, filterLink{Text: h.text(c, "console.speakers.filter_"+firstOf(value, "all"), "Number", n), URL: data.Base + "?" + query.Encode(), Current: data.Filter == value})
	}
	add("", len(all))
	for _, what := range agenda.AllMissing {
		if n := count(all, func(s *agenda.SpeakerState) bool { return s.Lacks(what) }); n > 0 || data.Filter == string(what) {
			add(string(what), n)
		}
	}
	if n := count(all, (*agenda.SpeakerState).DeclinedAny); n > 0 || data.Filter == speakersSaidNo {
		add(speakersSaidNo, n)
	}
}

func count[T any](all []T, wanted func(T) bool) (n int) {
	for _, each := range all {
		if wanted(each) {
			n++
		}
	}
	return n
}

// fill chooses the speakers that the filter and the search ask for: each word searched for must begin a word of the name or of a session's title.
func (data *speakersPage) fill(all []*agenda.SpeakerState) {
	wanted := people.Fold(data.Search)
	for _, s := range all {
		if data.Filter == speakersSaidNo && !s.DeclinedAny() || data.Filter != "" && data.Filter != speakersSaidNo && !s.Lacks(agenda.Missing(data.Filter)) {
			continue
		}
		text := s.Name
		for _, a := range s.Appearances {
			text += " " + a.Session.Title
		}
		words := people.Fold(text)
		if slices.ContainsFunc(wanted, func(w string) bool {
			return !slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, w) })
		}) {
			continue
		}
		if data.Fitting++; len(data.Rows) < speakersListed {
			data.Rows = append(data.Rows, speakerRow{s, data.Base + "/" + string(s.ID), photoURL(s.Speaker, 1),
				count(s.Appearances, func(a *agenda.Appearance) bool { return a.Answer == agenda.Accepted && !a.Moved() })})
		}
	}
}

// AskSpeakers is POST /console/events/{event}/speakers/ask: a link to all who have not answered.
func (h *Handler) AskSpeakers(c *gin.Context) {
	e, back := access.Event(c), eventPath(access.Event(c))+"/speakers"
	if !h.confirmed(c, h.text(c, "console.speakers.ask_ask"), back) {
		return
	}
	made, err := h.Agenda.AskSpeakers(c.Request.Context(), h.Speakers, e)
	var n int64
	if made != nil {
		n = made.Wanted
	}
	h.done(c, err, back, h.text(c, "console.speakers.asked", "Count", n))
}

// SetSpeakerWishes is POST /console/events/{event}/speakers/wishes: what is asked of speakers beside the rest.
func (h *Handler) SetSpeakerWishes(c *gin.Context) {
	e := access.Event(c)
	err := h.Speakers.SetWishes(c.Request.Context(), e.CommunityID, string(e.ID), c.PostForm("slides") != "", c.PostForm("times") != "")
	h.done(c, err, eventPath(e)+"/speakers", h.text(c, "console.saved"))
}

type speakerForm struct {
	Name     string `form:"name" text:"name,max=300"`
	Email    string `form:"email" text:"name,max=320"`
	Tagline  string `form:"tagline" text:"name,max=300"`
	Pronouns string `form:"pronouns" text:"name,max=100"`
	Bio      string `form:"bio" text:"long,max=50000"`
	Version  int64  `form:"version"`
}

func newSpeakerForm(s *speakers.Speaker) speakerForm {
	return speakerForm{s.Name, s.Email, s.Tagline, s.Pronouns, s.Bio, s.Version}
}

type speakerPage struct {
	templates.Chrome
	Errors   templates.Errors
	Event    *events.Event
	Form     speakerForm
	Base     string // of the speaker; "" of a new one
	BackURL  string
	IsNew    bool
	State    *agenda.SpeakerState
	PhotoURL string
	Sessions []speakerSession
	Times    []windowField
	History  []speakerDeed
	Now      time.Time
}

type speakerSession struct {
	*agenda.Appearance
	URL         string
	From, Until string // as the form of an answer sends them back
	Slides      []speakSlides
}

// speakerDeed is something that was done to a speaker, or by them, with the fields that it changed.
type speakerDeed struct {
	deed
	Fields []string
}

const speakerDeeds = 15

// EventSpeaker is GET /console/events/{event}/speakers/new and …/speakers/{speaker}.
func (h *Handler) EventSpeaker(c *gin.Context) {
	if c.Param("speaker") == "" {
		h.speaker(c, http.StatusOK, nil, speakerForm{}, nil, nil)
		return
	}
	if s, ok := h.speakerOf(c); ok {
		h.speaker(c, http.StatusOK, s, newSpeakerForm(s), nil, nil)
	}
}

func (h *Handler) speakerOf(c *gin.Context) (*speakers.Speaker, bool) {
	s, err := speakers.Find(c.Request.Context(), h.DB.Read(), access.Community(c), turnout.ID(c.Param("speaker")))
	if err == nil && s.EventID != access.Event(c).ID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
	}
	return s, err == nil
}

// speaker draws the page of a speaker, nil for a new one; times are those that were typed, nil for those that are stored.
func (h *Handler) speaker(c *gin.Context, status int, sp *speakers.Speaker, form speakerForm, shown templates.Errors, times []windowField) {
	chrome, ok := h.eventConsole(c, firstOf(form.Name, h.text(c, "console.speaker.new")), "nav.speakers")
	if !ok {
		return
	}
	e := access.Event(c)
	data := speakerPage{Chrome: chrome, Errors: shown, Event: e, Form: form, BackURL: eventPath(e) + "/speakers", IsNew: sp == nil, Now: h.Now()}
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.speakers"), URL: data.BackURL})
	if sp != nil {
		if err := h.fillSpeaker(c, &data, sp); err != nil {
			h.Fail(c, err)
			return
		}
		if times != nil {
			data.Times = times
		}
	}
	h.Render(c, status, "console_speaker", data)
}

func (h *Handler) fillSpeaker(c *gin.Context, data *speakerPage, sp *speakers.Speaker) error {
	ctx := c.Request.Context()
	data.Base, data.PhotoURL = data.BackURL+"/"+string(sp.ID), photoURL(sp, 0)
	var err error
	if data.State, err = h.Agenda.SpeakerState(ctx, sp); err != nil {
		return err
	}
	data.Times = windowFields(data.State.Times, data.Event.Location())
	for _, a := range data.State.Appearances {
		row := speakerSession{Appearance: a, URL: eventPath(data.Event) + "/agenda/sessions/" + string(a.Session.ID)}
		if a.Session.Placed() {
			row.From, row.Until = sentTime(a.Session.StartsAt), sentTime(a.Session.EndsAt)
		}
		for _, f := range a.Slides {
			row.Slides = append(row.Slides, speakSlides{ID: string(f.ID), Name: f.Name, Size: megabytes(f.Size), URL: data.Base + "/slides/" + string(f.ID), Public: f.Public})
		}
		data.Sessions = append(data.Sessions, row)
	}
	entries, err := audit.About(ctx, h.DB.Read(), sp.CommunityID, []turnout.ID{sp.ID}, speakerDeeds)
	if err != nil {
		return err
	}
	deeds, err := h.deeds(c, entries)
	for i, d := range deeds {
		row := speakerDeed{deed: d}
		if fields := entries[i].Detail["fields"]; fields != "" {
			for _, name := range strings.Split(fields, ", ") {
				row.Fields = append(row.Fields, h.text(c, "console.speaker.field_"+name))
			}
		}
		data.History = append(data.History, row)
	}
	return err
}

// SaveSpeaker is POST /console/events/{event}/speakers/new and …/speakers/{speaker}.
func (h *Handler) SaveSpeaker(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	var sp *speakers.Speaker
	if c.Param("speaker") != "" {
		var ok bool
		if sp, ok = h.speakerOf(c); !ok {
			return
		}
	}
	var in speakerForm
	var form formReader
	form.read(c, &in)
	input := speakers.Input{Name: in.Name, Email: in.Email, Bio: in.Bio, Tagline: in.Tagline, Pronouns: in.Pronouns}
	err := form.then(input.Check, func() (err error) {
		if sp == nil {
			_, err = h.Speakers.Add(ctx, e.CommunityID, string(e.ID), input)
		} else {
			_, err = h.Speakers.Update(ctx, e.CommunityID, sp.ID, in.Version, input)
		}
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/speakers", "ok", h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.speaker(c, status, sp, in, shown, nil)
	}
}

// SaveSpeakerTimes is POST /console/events/{event}/speakers/{speaker}/times.
func (h *Handler) SaveSpeakerTimes(c *gin.Context) {
	sp, ok := h.speakerOf(c)
	if !ok {
		return
	}
	form := formReader{zone: access.Event(c).Location()}
	version := postedVersion(c)
	times, typed := readWindows(c, &form)
	err := form.then(func() error { return speakers.CheckTimes(times) }, func() error {
		_, err := h.Speakers.SetTimes(c.Request.Context(), sp.CommunityID, sp.ID, version, times)
		return err
	})
	if err == nil {
		h.saved(c, &form, eventPath(access.Event(c))+"/speakers/"+string(sp.ID), h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.labelWindows(c, shown)
		h.speaker(c, status, sp, newSpeakerForm(sp), shown, typed)
	}
}

// SaveSpeakerPhoto is POST /console/events/{event}/speakers/{speaker}/photo: another photo, or none.
func (h *Handler) SaveSpeakerPhoto(c *gin.Context) {
	sp, ok := h.speakerOf(c)
	if !ok {
		return
	}
	h.done(c, h.keepPhoto(c, sp), eventPath(access.Event(c))+"/speakers/"+string(sp.ID), h.text(c, "console.saved"))
}

// SpeakerLink is POST /console/events/{event}/speakers/{speaker}/link: a link is mailed, mailed as the only one that works, or none works any more.
func (h *Handler) SpeakerLink(c *gin.Context) {
	sp, ok := h.speakerOf(c)
	if !ok {
		return
	}
	ctx, do := c.Request.Context(), c.PostForm("do")
	var err error
	switch do {
	case "send", "renew":
		err = h.Speakers.SendLink(ctx, sp.CommunityID, sp.ID, do == "renew")
	case "end":
		err = h.Speakers.EndLinks(ctx, sp.CommunityID, sp.ID)
	default:
		do, err = "send", turnout.Invalidf("do", "unknown", "Choose what to do with the link.")
	}
	h.done(c, err, eventPath(access.Event(c))+"/speakers/"+string(sp.ID), h.text(c, "console.speaker.link_"+do+"_done"))
}

// AnswerForSpeaker is POST /console/events/{event}/speakers/{speaker}/answers/{session}: what a speaker said to an organiser, by mail or on the phone.
func (h *Handler) AnswerForSpeaker(c *gin.Context) {
	sp, ok := h.speakerOf(c)
	if !ok {
		return
	}
	err := h.Agenda.AnswerSession(c.Request.Context(), sp, turnout.ID(c.Param("session")), sentAnswer(c))
	if errors.Is(err, agenda.ErrNotYours) {
		err = turnout.ErrNotFound // its words are for speakers
	}
	h.done(c, err, eventPath(access.Event(c))+"/speakers/"+string(sp.ID), h.text(c, "console.saved"))
}

// SpeakerPreview is GET /console/events/{event}/speakers/{speaker}/preview: the speaker's page, to look at.
func (h *Handler) SpeakerPreview(c *gin.Context) {
	sp, ok := h.speakerOf(c)
	if !ok {
		return
	}
	page, err := h.speakPage(c, sp, access.Event(c))
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.ReadOnly, page.Path, page.Query = true, c.Request.URL.Path, ""
	h.Render(c, http.StatusOK, "speak", page)
}

// SpeakerSlides is GET /console/events/{event}/speakers/{speaker}/slides/{slides}, to be saved.
func (h *Handler) SpeakerSlides(c *gin.Context) {
	if sp, ok := h.speakerOf(c); ok {
		h.giveSlidesOf(c, sp, access.Event(c))
	}
}

// RemoveSpeakerSlides is POST /console/events/{event}/speakers/{speaker}/slides/{slides}/remove, which asks first.
func (h *Handler) RemoveSpeakerSlides(c *gin.Context) {
	sp, ok := h.speakerOf(c)
	if !ok {
		return
	}
	back := eventPath(access.Event(c)) + "/speakers/" + string(sp.ID)
	if h.confirmed(c, h.text(c, "console.speaker.slides_ask"), back) {
		h.done(c, h.Agenda.RemoveSlides(c.Request.Context(), sp, turnout.ID(c.Param("slides"))), back, h.text(c, "console.removed"))
	}
}

// RemoveSpeaker is POST /console/events/{event}/speakers/{speaker}/remove.
func (h *Handler) RemoveSpeaker(c *gin.Context) {
	s, ok := h.speakerOf(c)
	back := eventPath(access.Event(c)) + "/speakers"
	if ok && h.confirmed(c, h.text(c, "console.speaker.remove_ask"), back) {
		h.done(c, h.Speakers.Remove(c.Request.Context(), s.CommunityID, s.ID), back, h.text(c, "console.removed"))
	}
}
