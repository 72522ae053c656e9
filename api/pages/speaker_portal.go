package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/respond"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/events/speakers"
	"turnout/internal/audit"
	"turnout/internal/blobs"
	"turnout/internal/images"
	"turnout/templates"
)

// speakPage is the data of the page "speak": what a speaker sees and says, by the link that was mailed to them.
type speakPage struct {
	templates.Chrome
	State     string // "wrong" when the link opens nothing, else "open"
	Errors    templates.Errors
	Event     publicEvent
	Base      string // of the addresses below, with Query behind them
	Query     string
	Version   int64
	Form      profileForm
	Email     string
	PhotoURL  string
	Initials  string // of whom there is no photo
	Sessions  []speakSession
	Open      int // of them, to be answered
	Times     []windowField
	TimesSet  bool
	AsksTimes bool
	PublicURL string // "" while there is no public page
	Over      bool   // nothing is answered any more
	ReadOnly  bool   // an organiser looks at it
}

type profileForm struct {
	Name     string `form:"name" text:"name,max=300"`
	Tagline  string `form:"tagline" text:"name,max=300"`
	Pronouns string `form:"pronouns" text:"name,max=100"`
	Bio      string `form:"bio" text:"long,max=50000"`
	Version  int64  `form:"version"`
}

// speakSession is a session as its speaker sees it.
type speakSession struct {
	ID, Title, Room  string
	StartsAt, EndsAt time.Time
	Placed, Moved    bool
	Answer           string // "", confirmed, declined
	AnsweredAt       time.Time
	From, Until      string // as the answer's form sends them back
	AsksSlides       bool
	Slides           []speakSlides
	Rated            string // the mean of the stars that attendees gave; "" while they are too few to be told
	Raters           int64
}

type speakSlides struct {
	ID, Name, Size, URL string
	Public              bool
}

// windowField is a time at which a speaker can be there, in its form.
type windowField struct{ From, Until, Starts, Ends string } // the names of the two fields, and what stands in them

// Speak is GET /speak/{speaker}?secret=: the page of one speaker.
func (h *Handler) Speak(c *gin.Context) {
	sp, e, ok := h.speaking(c)
	if !ok {
		return
	}
	page, err := h.speakPage(c, sp, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.Flash = h.Flash(c)
	h.Render(c, http.StatusOK, "speak", page)
}

// speaking is whose page the address opens. It answers the request itself and gives false when it opens none. What is done from here on is done by the speaker.
func (h *Handler) speaking(c *gin.Context) (*speakers.Speaker, *events.Event, bool) {
	c.Header("Referrer-Policy", "no-referrer") // whoever is sent on from here must not learn the secret from the address
	sp, e, err := h.Speakers.Open(c.Request.Context(), turnout.ID(c.Param("speaker")), c.Query("secret"))
	if errors.Is(err, turnout.ErrNotFound) || errors.Is(err, speakers.ErrLink) {
		h.Render(c, http.StatusNotFound, "speak", speakPage{State: "wrong",
			Chrome: templates.Chrome{Title: h.text(c, "speak.title"), Path: c.Request.URL.Path, NoIndex: true, Demo: h.Demo}})
		return nil, nil, false
	}
	if err != nil {
		h.Fail(c, err)
		return nil, nil, false
	}
	c.Request = c.Request.WithContext(audit.WithActor(c.Request.Context(), audit.Actor{Kind: audit.Speaker, ID: sp.ID}))
	return sp, e, true
}

func (h *Handler) speakPage(c *gin.Context, sp *speakers.Speaker, e *events.Event) (*speakPage, error) {
	ctx := c.Request.Context()
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(sp.CommunityID))
	if err != nil {
		return nil, err
	}
	page := &speakPage{Chrome: h.eventChrome(community, e), State: "open", Event: newPublicEvent(e), Base: "/speak/" + string(sp.ID), Version: sp.Version,
		Form: profileForm{sp.Name, sp.Tagline, sp.Pronouns, sp.Bio, sp.Version}, Email: sp.Email, PhotoURL: photoURL(sp, 0), Initials: sp.Name, Over: !h.Now().Before(e.EndsAt)}
	page.Title, page.NoIndex, page.Canonical, page.Description, page.Image = h.text(c, "speak.title"), true, "", "", ""
	page.Query = "?secret=" + url.QueryEscape(c.Query("secret"))
	page.Path = page.Base + page.Query
	wishes, err := speakers.WishesOf(ctx, h.DB.Read(), sp.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	times, err := speakers.TimesOf(ctx, h.DB.Read(), sp)
	if err != nil {
		return nil, err
	}
	page.Times, page.TimesSet, page.AsksTimes = windowFields(times, e.Location()), len(times) > 0, wishes.Times
	own, err := h.Agenda.Appearances(ctx, sp)
	if err != nil {
		return nil, err
	}
	for _, a := range own {
		page.Sessions = append(page.Sessions, newSpeakSession(a, wishes, page.Base, page.Query))
		if a.Open() && !page.Over {
			page.Open++
		}
	}
	if page.PublicURL, err = h.publicSpeakerURL(ctx, e, sp.ID); err != nil {
		return nil, err
	}
	return page, h.fillRated(c, page, e)
}

// fillRated says what attendees thought of the sessions of which enough of them said something.
func (h *Handler) fillRated(c *gin.Context, page *speakPage, e *events.Event) error {
	ids := make([]turnout.ID, len(page.Sessions))
	for i, s := range page.Sessions {
		ids[i] = turnout.ID(s.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	sums, err := h.SignUps.Summaries(c.Request.Context(), e, ids...)
	for i := range page.Sessions {
		if sum := sums[ids[i]]; sum.Shareable() {
			page.Sessions[i].Rated, page.Sessions[i].Raters = h.average(c, sum), sum.Count
		}
	}
	return err
}

func newSpeakSession(a *agenda.Appearance, wishes speakers.Wishes, base, query string) speakSession {
	s := a.Session
	out := speakSession{ID: string(s.ID), Title: s.Title, Room: a.Room, StartsAt: s.StartsAt, EndsAt: s.EndsAt, Placed: s.Placed(), Moved: a.Moved(), Answer: string(a.Answer),
		AnsweredAt: a.AnsweredAt, AsksSlides: wishes.Slides && len(a.Slides) == 0}
	if s.Placed() {
		out.From, out.Until = sentTime(s.StartsAt), sentTime(s.EndsAt)
	}
	for _, file := range a.Slides {
		out.Slides = append(out.Slides, speakSlides{ID: string(file.ID), Name: file.Name, Size: megabytes(file.Size), URL: base + "/slides/" + string(file.ID) + query, Public: file.Public})
	}
	return out
}

func megabytes(size int64) string {
	return strconv.FormatFloat(max(float64(size)/(1<<20), 0.1), 'f', 1, 64) + " MB"
}

// windowFields are times in their form, with two empty rows behind them.
func windowFields(times []speakers.Window, zone *time.Location) []windowField {
	var rows []windowField
	for i := range min(len(times)+2, speakers.MaxWindows) {
		row := newWindowField(i)
		if i < len(times) {
			row.Starts, row.Ends = wallClock(times[i].StartsAt, zone), wallClock(times[i].EndsAt, zone)
		}
		rows = append(rows, row)
	}
	return rows
}

func newWindowField(i int) windowField {
	return windowField{From: fmt.Sprintf("times[%d].starts_at", i), Until: fmt.Sprintf("times[%d].ends_at", i)}
}

// readWindows reads the rows of a form of times; those that are empty are left out. It gives what was typed too, as the form shows it again.
func readWindows(c *gin.Context, form *formReader) (times []speakers.Window, typed []windowField) {
	for i := range speakers.MaxWindows {
		sent, row := newWindowField(i), newWindowField(len(typed))
		row.Starts, row.Ends = clean(c.PostForm(sent.From)), clean(c.PostForm(sent.Until))
		if row.Starts == "" && row.Ends == "" {
			continue
		}
		form.Require(row.From, row.Starts)
		form.Require(row.Until, row.Ends)
		form.order = append(form.order, row.From, row.Until)
		times = append(times, speakers.Window{StartsAt: form.clock(row.From, row.Starts), EndsAt: form.clock(row.Until, row.Ends)})
		typed = append(typed, row)
	}
	for i := len(times); i < min(len(times)+2, speakers.MaxWindows); i++ {
		typed = append(typed, newWindowField(i))
	}
	return times, typed
}

// labelWindows has an error summary name the fields of times.
func (h *Handler) labelWindows(c *gin.Context, shown templates.Errors) {
	for i, s := range shown {
		switch {
		case strings.HasPrefix(s.Name, "times[") && strings.HasSuffix(s.Name, ".starts_at"):
			shown[i].Label = h.text(c, "speak.window_from")
		case strings.HasPrefix(s.Name, "times[") && strings.HasSuffix(s.Name, ".ends_at"):
			shown[i].Label = h.text(c, "speak.window_until")
		}
	}
}

// photoURL is the address of a speaker's photo in a width of speakers.PhotoWidths; "" for none.
func photoURL(sp *speakers.Speaker, width int) string {
	switch {
	case sp == nil || sp.PhotoHash == "":
		return ""
	case width == 0:
		return "/pictures/" + sp.PhotoHash
	}
	return "/pictures/" + blobs.Variant(sp.PhotoHash, speakers.PhotoWidths[width])
}

// SpeakProfile is POST /speak/{speaker}?secret=.
func (h *Handler) SpeakProfile(c *gin.Context) {
	sp, e, ok := h.speaking(c)
	if !ok {
		return
	}
	var in profileForm
	var form formReader
	form.read(c, &in)
	input := speakers.Input{Name: in.Name, Bio: in.Bio, Tagline: in.Tagline, Pronouns: in.Pronouns}
	err := form.then(input.Check, func() error {
		_, err := h.Speakers.SaveProfile(c.Request.Context(), sp.CommunityID, sp.ID, in.Version, input)
		return err
	})
	h.spokenForm(c, sp, e, &form, err, func(page *speakPage) { page.Form = in })
}

// SpeakTimes is POST /speak/{speaker}/times?secret=.
func (h *Handler) SpeakTimes(c *gin.Context) {
	sp, e, ok := h.speaking(c)
	if !ok {
		return
	}
	form := formReader{zone: e.Location()}
	version := postedVersion(c)
	times, typed := readWindows(c, &form)
	err := form.then(func() error { return speakers.CheckTimes(times) }, func() error {
		_, err := h.Speakers.SetTimes(c.Request.Context(), sp.CommunityID, sp.ID, version, times)
		return err
	})
	h.spokenForm(c, sp, e, &form, err, func(page *speakPage) { page.Times = typed })
}

// postedVersion is the version that a form of any encoding was made from. None is never the one that is there.
func postedVersion(c *gin.Context) int64 {
	version, err := strconv.ParseInt(c.PostForm("version"), 10, 64)
	if err != nil || version < 1 {
		return -1
	}
	return version
}

// spokenForm answers a speaker's form: with their page, or with the same form again as it was typed.
func (h *Handler) spokenForm(c *gin.Context, sp *speakers.Speaker, e *events.Event, form *formReader, err error, keep func(*speakPage)) {
	to := "/speak/" + string(sp.ID) + "?secret=" + url.QueryEscape(c.Query("secret"))
	if err == nil {
		h.saved(c, form, to, h.text(c, "speak.saved"))
		return
	}
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	page, err := h.speakPage(c, sp, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.labelWindows(c, shown)
	page.Errors = shown
	keep(page)
	page.Form.Version = page.Version // whoever sends it again has seen that somebody was faster
	h.Render(c, status, "speak", page)
}

// spoken answers what is no form to be corrected: the speaker's page says what happened, or why it did not.
func (h *Handler) spoken(c *gin.Context, sp *speakers.Speaker, err error, anchor, message string) {
	to := "/speak/" + string(sp.ID) + "?secret=" + url.QueryEscape(c.Query("secret")) + anchor
	if err == nil {
		h.Redirect(c, to, "ok", message)
		return
	}
	public := respond.Public(err)
	if public.Kind == turnout.Internal {
		h.Fail(c, err)
		return
	}
	respond.Log(c.Request.Context(), err)
	text := h.Templates.ErrorText(h.Language(c), public)
	if shown := h.Templates.Errors(h.Language(c), err); len(shown) > 0 {
		text = shown[0].Message
	}
	h.Redirect(c, to, "error", text)
}

// SpeakPhoto is POST /speak/{speaker}/photo?secret=: another photo, or none.
func (h *Handler) SpeakPhoto(c *gin.Context) {
	sp, _, ok := h.speaking(c)
	if !ok {
		return
	}
	h.spoken(c, sp, h.keepPhoto(c, sp), "#photo", h.text(c, "speak.saved"))
}

// keepPhoto does what the form of a photo asks: another one, or none.
func (h *Handler) keepPhoto(c *gin.Context, sp *speakers.Speaker) error {
	data, err := upload(c, images.MaxBytes)
	switch version := postedVersion(c); {
	case c.PostForm("remove") != "":
		_, err = h.Speakers.DropPhoto(c.Request.Context(), sp.CommunityID, sp.ID, version)
	case err == nil:
		_, err = h.Speakers.SetPhoto(c.Request.Context(), sp.CommunityID, sp.ID, version, data)
	}
	return err
}

// SpeakAnswer is POST /speak/{speaker}/sessions/{session}?secret=: the speaker confirms a session, or declines it.
func (h *Handler) SpeakAnswer(c *gin.Context) {
	sp, _, ok := h.speaking(c)
	if !ok {
		return
	}
	in := sentAnswer(c)
	err := h.Agenda.AnswerSession(c.Request.Context(), sp, turnout.ID(c.Param("session")), in)
	word := "speak.confirmed"
	if in.Answer == agenda.Declined {
		word = "speak.declined"
	}
	h.spoken(c, sp, err, "#sessions", h.text(c, word))
}

// sentAnswer reads the form of an answer.
func sentAnswer(c *gin.Context) agenda.AnswerInput {
	return agenda.AnswerInput{Answer: agenda.Answer(c.PostForm("answer")), StartsAt: seenTime(c.PostForm("from")), EndsAt: seenTime(c.PostForm("until"))}
}

// seenTime reads what sentTime wrote; anything else is the zero time, which no slot has.
func seenTime(text string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, text)
	return at
}

// SpeakSlides is POST /speak/{speaker}/sessions/{session}/slides?secret=.
func (h *Handler) SpeakSlides(c *gin.Context) {
	sp, _, ok := h.speaking(c)
	if !ok {
		return
	}
	data, err := upload(c, agenda.MaxSlides)
	if err == nil {
		_, err = h.Agenda.AddSlides(c.Request.Context(), sp, turnout.ID(c.Param("session")), uploadedName(c), data, c.PostForm("public") != "")
	}
	h.spoken(c, sp, err, "#sessions", h.text(c, "speak.slides_added"))
}

// ChangeSlides is POST /speak/{speaker}/slides/{slides}?secret=: whether they are public once the session is over, or that they go.
func (h *Handler) ChangeSlides(c *gin.Context) {
	sp, _, ok := h.speaking(c)
	if !ok {
		return
	}
	ctx, id := c.Request.Context(), turnout.ID(c.Param("slides"))
	var err error
	switch c.PostForm("do") {
	case "remove":
		err = h.Agenda.RemoveSlides(ctx, sp, id)
	case "public", "private":
		err = h.Agenda.SetSlidesPublic(ctx, sp, id, c.PostForm("do") == "public")
	default:
		err = turnout.Invalidf("do", "unknown", "Choose what to do with the slides.")
	}
	h.spoken(c, sp, err, "#sessions", h.text(c, "speak.saved"))
}

// SpeakSlidesFile is GET /speak/{speaker}/slides/{slides}?secret=: slides of a session of the speaker's.
func (h *Handler) SpeakSlidesFile(c *gin.Context) {
	sp, e, ok := h.speaking(c)
	if !ok {
		return
	}
	h.giveSlidesOf(c, sp, e)
}

// giveSlidesOf answers with the slides in the path, if they are of a session of the speaker's.
func (h *Handler) giveSlidesOf(c *gin.Context, sp *speakers.Speaker, e *events.Event) {
	own, err := h.Agenda.Appearances(c.Request.Context(), sp)
	if err == nil && !slices.ContainsFunc(own, func(a *agenda.Appearance) bool {
		return slices.ContainsFunc(a.Slides, func(s *agenda.Slides) bool { return string(s.ID) == c.Param("slides") })
	}) {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.giveSlides(c, e)
}

// giveSlides answers with the slides in the path, to be saved.
func (h *Handler) giveSlides(c *gin.Context, e *events.Event) {
	file, data, err := h.Agenda.SlidesFile(c.Request.Context(), e, turnout.ID(c.Param("slides")))
	if err != nil {
		h.Fail(c, err)
		return
	}
	respond.Attachment(c, file.Name, data)
}

// publicSpeakerURL is where everybody reads of a speaker; "" while there is no such page.
func (h *Handler) publicSpeakerURL(ctx context.Context, e *events.Event, id turnout.ID) (string, error) {
	if e.PublishedAt.IsZero() {
		return "", nil
	}
	schedule, _, err := h.Agenda.Schedule(ctx, e)
	if errors.Is(err, agenda.ErrNotReleased) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, x := range schedule.Sessions {
		if slices.Contains(x.Speakers, string(id)) {
			return speakerURL(e, string(id)), nil
		}
	}
	return "", nil
}

// speakerURL is the address of a speaker's public page.
func speakerURL(e *events.Event, key string) string {
	return "/e/" + e.Slug + "/speakers/" + url.PathEscape(key)
}
