package pages

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/templates"
)

type releasePage struct {
	templates.Chrome
	Errors          templates.Errors
	Event           *events.Event
	Preview         *agenda.ReleasePreview // nil when there is nothing to release
	Changed         []changedRow           // the first
	ChangedMore     []changedRow           // folded
	ChangedLeft     int                    // not shown at all
	Conflicts       []conflictCount
	ConflictsNumber int
	Asks            string // before it happens; "" where nothing public is upset
	Told            toldPeople
	Due             time.Time // when those concerned are told of what is public already; zero: nothing waits
	Releases        []releaseRow
	Version         string `form:"version_name" text:"name,max=100"`
	Note            string `form:"note" text:"long,max=3000"`
	Tell            bool   `form:"tell"`
	Seen            string `form:"seen" text:"name,max=100"` // the hash of the preview
	Base            string
	CanWrite        bool
}

// EventRelease is GET /console/events/{event}/agenda/release: what a release would do, and those that there were.
func (h *Handler) EventRelease(c *gin.Context) { h.release(c, http.StatusOK, releasePage{Tell: true}) }

// releaseRow is a release in the list of those that there were.
type releaseRow struct {
	*agenda.Release
	TookBack string // the version that it took back; "" for an ordinary release
	Gone     bool   // it was taken back
	Public   bool   // its schedule is the public one
	BackURL  string // takes a POST; "" where it cannot be taken back
	Asks     string
}

func (h *Handler) releaseList(c *gin.Context, releases []*agenda.Release, base string, write bool) []releaseRow {
	gone, versions := agenda.TakenBack(releases), map[turnout.ID]string{}
	for _, r := range releases {
		versions[r.ID] = r.Version
	}
	rows := make([]releaseRow, len(releases))
	for i, r := range releases {
		row := releaseRow{Release: r, TookBack: versions[r.TakesBack], Gone: gone[r.ID], Public: releases[0].Shows() == r.ID}
		if row.Public && write {
			row.BackURL, row.Asks = base+"/releases/"+string(r.ID)+"/take-back", h.text(c, "console.release.take_back_first", "Version", r.Version)
			if slices.ContainsFunc(releases[i+1:], func(before *agenda.Release) bool { return before.TakesBack == "" && !gone[before.ID] }) {
				row.Asks = h.text(c, "console.release.take_back_ask", "Version", r.Version)
			}
		}
		rows[i] = row
	}
	return rows
}

// toldPeople counts whom a release concerns.
type toldPeople struct {
	Speakers, SpeakersUntold int
	Marked, Signed           plansTold
	Lines                    []speakerNews // of the first speakers
	More                     int
}

// plansTold counts plans of one sort.
type plansTold struct{ Changed, Told, Clash, Lost int }

func (p *plansTold) add(n agenda.News) {
	if len(n.Items) > 0 {
		p.Changed++
		if n.Email() != "" {
			p.Told++
		}
	}
	if n.Clashes > 0 {
		p.Clash++
	}
	if slices.ContainsFunc(n.Items, func(item agenda.NewsItem) bool { return item.Is == nil }) {
		p.Lost++
	}
}

// speakerNews is what changes for one speaker.
type speakerNews struct {
	Name  string
	Items []agenda.NewsItem
}

const speakersToldShown = 100

func newToldPeople(news []agenda.News) (told toldPeople) {
	for _, n := range news {
		switch {
		case n.Speaker == nil && n.Plan.SignedUp:
			told.Signed.add(n)
		case n.Speaker == nil:
			told.Marked.add(n)
		default:
			told.Speakers++
			if n.Email() == "" {
				told.SpeakersUntold++
			}
			if len(told.Lines) < speakersToldShown {
				told.Lines = append(told.Lines, speakerNews{n.Speaker.Name, n.Items})
			}
		}
	}
	told.More = told.Speakers - len(told.Lines)
	return told
}

// TakeBackRelease is POST /console/events/{event}/agenda/releases/{release}/take-back.
func (h *Handler) TakeBackRelease(c *gin.Context) {
	e, ctx, back := access.Event(c), c.Request.Context(), eventPath(access.Event(c))+"/agenda/release"
	releases, err := h.Agenda.Releases(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	id := turnout.ID(c.Param("release"))
	rows := h.releaseList(c, releases, eventPath(e)+"/agenda", true)
	i := slices.IndexFunc(rows, func(r releaseRow) bool { return r.ID == id })
	if i < 0 {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	if rows[i].Asks != "" && !h.confirmed(c, rows[i].Asks, back) {
		return
	}
	_, err = h.Agenda.TakeBack(ctx, e.CommunityID, string(e.ID), id)
	h.done(c, err, back, h.text(c, "console.release.took_back_done", "Version", rows[i].Version))
}

func (h *Handler) release(c *gin.Context, status int, data releasePage) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "console.release.title"), "nav.agenda")
	if !ok {
		return
	}
	data.Chrome, data.Event, data.Base, data.CanWrite = chrome, e, eventPath(e)+"/agenda", may(c, "agenda:write")
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: data.Base})
	releases, err := h.Agenda.Releases(ctx, e.CommunityID, string(e.ID))
	if err == nil {
		data.Due, err = h.Agenda.NewsDue(ctx, e)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Releases = h.releaseList(c, releases, data.Base, data.CanWrite)
	conflicts, err := h.Agenda.Conflicts(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Conflicts, data.ConflictsNumber = countConflicts(conflicts), len(conflicts)
	if data.Preview, err = h.Agenda.PreviewRelease(ctx, e.CommunityID, string(e.ID)); err != nil && !errors.Is(err, agenda.ErrNothing) {
		h.Fail(c, err)
		return
	}
	if data.Preview != nil {
		news, err := h.Agenda.ReleaseNews(ctx, e, data.Preview)
		if err != nil {
			h.Fail(c, err)
			return
		}
		data.Told = newToldPeople(news)
		h.releaseRows(c, &data)
		data.Seen = data.Preview.Hash
		data.Asks = h.releaseQuestion(c, data.Preview, data.Conflicts)
	}
	h.Render(c, status, "console_release", data)
}

// changedRow is a session that a release changes: when and where it was and is, and whose it is.
type changedRow struct {
	agenda.ChangedItem
	Was, Is  string // "" where the place in the schedule stays
	Speakers string
}

const (
	changesFirst = 10
	changesShown = 200
)

func (h *Handler) releaseRows(c *gin.Context, data *releasePage) {
	p, lang := data.Preview, h.Language(c)
	names := map[string]string{}
	for _, schedule := range []*exchange.Schedule{p.Before, p.After} {
		for _, person := range schedule.People {
			names[person.Key] = person.Name
		}
	}
	place := func(s *exchange.Schedule, x exchange.Session) string {
		text := h.dayOf(lang, data.Event, x.Start) + ", " + h.Templates.Clock(lang, x.Start, data.Event.Timezone)
		for _, r := range s.Rooms {
			if r.Key == x.Room {
				text += ", " + r.Name
			}
		}
		return text
	}
	before, after := byKey(p.Before), byKey(p.After)
	var rows []changedRow
	for _, item := range p.Sessions {
		was, is := before[item.GUID], after[item.GUID]
		row := changedRow{ChangedItem: item, Speakers: joinNames(firstOfLists(is.Speakers, was.Speakers), names)}
		if was.Placed() && (slices.Contains(item.What, "moved") || slices.Contains(item.What, "rerooms") || slices.Contains(item.What, "removed")) {
			row.Was = place(p.Before, was)
		}
		if is.Placed() && (row.Was != "" || slices.Contains(item.What, "added")) {
			row.Is = place(p.After, is)
		}
		rows = append(rows, row)
	}
	data.Changed = rows[:min(len(rows), changesFirst)]
	data.ChangedMore = rows[len(data.Changed):min(len(rows), changesShown)]
	data.ChangedLeft = len(rows) - len(data.Changed) - len(data.ChangedMore)
}

func byKey(s *exchange.Schedule) map[string]exchange.Session {
	out := make(map[string]exchange.Session, len(s.Sessions))
	for _, x := range s.Sessions {
		out[x.Key] = x
	}
	return out
}

// firstOfLists gives the first list that holds something.
func firstOfLists(lists ...[]string) []string {
	for _, list := range lists {
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// releaseQuestion asks before a release that has conflicts, or that moves or removes what people have planned for.
func (h *Handler) releaseQuestion(c *gin.Context, p *agenda.ReleasePreview, conflicts []conflictCount) string {
	var lines []string
	for _, n := range []struct {
		key   string
		count int
	}{{"moved", p.Moved}, {"rerooms", p.Rerooms}, {"removed", p.Removed}} {
		if n.count > 0 {
			lines = append(lines, h.text(c, "console.release.ask_"+n.key, "Count", n.count))
		}
	}
	for _, n := range conflicts {
		lines = append(lines, h.text(c, "console.release.ask_"+string(n.Kind), "Count", n.Count))
	}
	if len(lines) == 0 {
		return ""
	}
	return h.text(c, "console.release.ask", "What", strings.Join(lines, ", "))
}

// askRelease gives the question that stands before the release of what was seen, "" for none. Error: agenda.ErrChanged.
func (h *Handler) askRelease(c *gin.Context, seen string) (string, error) {
	e, ctx := access.Event(c), c.Request.Context()
	preview, err := h.Agenda.PreviewRelease(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		return "", err
	}
	if preview.Hash != seen {
		return "", agenda.ErrChanged
	}
	conflicts, err := h.Agenda.Conflicts(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		return "", err
	}
	return h.releaseQuestion(c, preview, countConflicts(conflicts)), nil
}

// DoRelease is POST /console/events/{event}/agenda/release: it freezes what the form's page showed, or nothing.
func (h *Handler) DoRelease(c *gin.Context) {
	e := access.Event(c)
	var in releasePage
	var form formReader
	form.read(c, &in)
	input := agenda.ReleaseInput{Version: in.Version, Note: in.Note, Quiet: !in.Tell, Seen: in.Seen}
	var question string
	err := form.then(input.Check, func() (err error) {
		if err = input.Check(); err == nil {
			question, err = h.askRelease(c, in.Seen)
		}
		return err
	})
	if err == nil && question != "" && !h.confirmed(c, question, eventPath(e)+"/agenda/release") {
		return
	}
	if err == nil {
		_, err = h.Agenda.Release(c.Request.Context(), e.CommunityID, string(e.ID), input)
	}
	if err == nil {
		h.Redirect(c, eventPath(e)+"/agenda/release", "ok", h.text(c, "console.release.done", "Version", in.Version))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		for i := range shown {
			if shown[i].Name == "version" {
				shown[i].Name = "version_name"
			}
		}
		in.Errors = shown
		h.release(c, status, in)
	}
}
