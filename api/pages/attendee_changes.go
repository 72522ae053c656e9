package pages

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/templates"
)

// changesPage is the data of the page "schedule_changes".
type changesPage struct {
	templates.Chrome
	Event                publicEvent
	Releases             []loggedRelease
	FeedURL, ScheduleURL string
}

// loggedRelease is a release as the public reads of it. Of one that was taken back nothing is told but that.
type loggedRelease struct {
	ID        turnout.ID
	Version   string
	Note      string
	At        time.Time
	First     int    // sessions of the first public schedule; 0: it is not the first
	TookBack  string // the version that it took back
	Gone      bool   // nothing was public after that
	Items     []loggedChange
	More      int // items that are not shown
	Unchanged bool
}

type loggedChange struct {
	agenda.ChangedItem
	URL string // "" where the session is public no longer
}

const (
	releasesLogged = 30
	changesLogged  = 100 // of one release
)

// loggedReleases gives the latest releases, the newest first. Error: agenda.ErrNotReleased when there never was any.
func (h *Handler) loggedReleases(ctx context.Context, e *events.Event) ([]loggedRelease, error) {
	releases, err := h.Agenda.Releases(ctx, e.CommunityID, string(e.ID))
	if err != nil {
		return nil, err
	}
	if len(releases) == 0 {
		return nil, agenda.ErrNotReleased
	}
	linked := map[string]string{}
	schedule, _, err := h.Agenda.Schedule(ctx, e)
	if err != nil && !errors.Is(err, agenda.ErrNotReleased) {
		return nil, err
	}
	if err == nil {
		for _, x := range schedule.Sessions {
			linked[x.Key] = sessionURL(e, schedule, x)
		}
	}
	gone, versions := agenda.TakenBack(releases), map[turnout.ID]string{}
	for _, r := range releases {
		versions[r.ID] = r.Version
	}
	var all []loggedRelease
	for _, r := range releases {
		if gone[r.ID] {
			continue // the release that takes it back says so
		}
		if all = append(all, newLoggedRelease(r, versions, linked)); len(all) == releasesLogged {
			break
		}
	}
	return all, nil
}

func newLoggedRelease(r *agenda.Release, versions map[turnout.ID]string, linked map[string]string) loggedRelease {
	out := loggedRelease{ID: r.ID, Version: r.Version, Note: r.Note, At: r.CreatedAt, TookBack: versions[r.TakesBack], Gone: r.Sessions == 0}
	if r.TakesBack != "" {
		return out
	}
	if len(r.Changes.Sessions) == 0 && r.Changes.Added > 0 {
		out.First = r.Changes.Added
	}
	for _, item := range r.Changes.Sessions[:min(len(r.Changes.Sessions), changesLogged)] {
		out.Items = append(out.Items, loggedChange{item, linked[item.GUID]})
	}
	out.More = len(r.Changes.Sessions) - len(out.Items)
	out.Unchanged = out.First == 0 && len(out.Items) == 0
	return out
}

// ScheduleChanges is GET /e/{event}/schedule/changes: what each release changed.
func (h *Handler) ScheduleChanges(c *gin.Context) {
	slug := c.Param("event")
	h.cached(c, "schedule changes "+slug, htmlType, func(ctx context.Context, lang string) ([]byte, error) {
		e, err := events.FindPublic(ctx, h.DB.Read(), slug)
		if err != nil {
			return nil, err
		}
		releases, err := h.loggedReleases(ctx, e)
		if err != nil {
			return nil, err
		}
		community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
		if err != nil {
			return nil, err
		}
		page := &changesPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Releases: releases, ScheduleURL: "/e/" + e.Slug + "/schedule"}
		page.Title = h.Templates.Message(lang, "schedule.changes") + " · " + e.Title
		page.Path = page.ScheduleURL + "/changes"
		page.FeedURL, page.Canonical, page.JSONLD = page.Path+".atom", h.BaseURL+page.Path, nil
		return h.draw(lang, "schedule_changes", page)
	})
}

const feedType = "application/atom+xml; charset=utf-8"

// ScheduleFeed is GET /e/{event}/schedule/changes.atom: the same for feed readers (RFC 4287).
func (h *Handler) ScheduleFeed(c *gin.Context) {
	slug := c.Param("event")
	h.cached(c, "schedule feed "+slug, feedType, func(ctx context.Context, lang string) ([]byte, error) {
		e, err := events.FindPublic(ctx, h.DB.Read(), slug)
		if err != nil {
			return nil, err
		}
		releases, err := h.loggedReleases(ctx, e)
		if err != nil {
			return nil, err
		}
		page := h.BaseURL + "/e/" + e.Slug + "/schedule/changes"
		feed := atomFeed{Lang: lang, ID: page, Title: h.Templates.Message(lang, "schedule.changes") + " · " + e.Title, Updated: atomTime(releases[0].At), Author: atomAuthor{e.Title},
			Links: []atomLink{{"self", page + ".atom"}, {"alternate", page}}}
		for _, r := range releases {
			feed.Entries = append(feed.Entries, h.atomEntry(lang, e, page, r))
		}
		var out bytes.Buffer
		out.WriteString(xml.Header)
		err = xml.NewEncoder(&out).Encode(feed)
		return out.Bytes(), err
	})
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Content atomText `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"` // HTML
}

func atomTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (h *Handler) atomEntry(lang string, e *events.Event, page string, r loggedRelease) atomEntry {
	say := func(key string, args ...any) string {
		return html.EscapeString(h.Templates.Message(lang, key, args...))
	}
	title := h.Templates.Message(lang, "schedule.version", "Version", r.Version)
	var body strings.Builder
	switch {
	case r.TookBack != "" && r.Gone:
		title = h.Templates.Message(lang, "schedule.changes_gone", "Version", r.TookBack)
	case r.TookBack != "":
		title = h.Templates.Message(lang, "schedule.changes_back", "Version", r.TookBack)
	case r.First > 0:
		fmt.Fprintf(&body, "<p>%s</p>", say("schedule.changes_first", "Count", r.First))
	}
	if r.Note != "" {
		fmt.Fprintf(&body, "<p>%s</p>", html.EscapeString(r.Note))
	}
	if len(r.Items) > 0 {
		body.WriteString("<ul>")
		for _, item := range r.Items {
			fmt.Fprintf(&body, "<li>%s</li>", h.atomItem(lang, e, item, say))
		}
		body.WriteString("</ul>")
	}
	if r.More > 0 {
		fmt.Fprintf(&body, "<p>%s</p>", say("schedule.changes_more", "Many", r.More))
	}
	at := page + "#" + url.PathEscape(string(r.ID))
	return atomEntry{at, title, atomTime(r.At), atomLink{"alternate", at}, atomText{"html", body.String()}}
}

func (h *Handler) atomItem(lang string, e *events.Event, item loggedChange, say func(string, ...any) string) string {
	what := make([]string, len(item.What))
	for i, w := range item.What {
		what[i] = say("console.change." + w)
	}
	text := html.EscapeString(item.Title)
	if item.URL != "" {
		text = `<a href="` + html.EscapeString(h.BaseURL+item.URL) + `">` + text + `</a>`
	}
	text += ": " + strings.Join(what, ", ")
	place := func(s *agenda.ChangedSlot) string {
		return html.EscapeString(strings.Join(slices.DeleteFunc([]string{h.Templates.Moment(lang, s.StartsAt, e.Timezone), s.Room}, func(p string) bool { return p == "" }), ", "))
	}
	if item.Is != nil {
		text += " · " + place(item.Is)
	}
	if item.Was != nil {
		text += " (" + say("schedule.changes_was") + " " + place(item.Was) + ")"
	}
	return text
}
