package pages

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin/badges"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/templates"
)

// badgesForm is for whom badges are printed.
type badgesForm struct {
	Run    string `form:"run" text:"name,max=60"`
	Which  string `form:"which" text:"name,max=20"`
	Type   string `form:"ticket_type_id" text:"name,max=60"`
	Search string `form:"search" text:"name,max=200"`
	Sort   string `form:"sort" text:"name,max=20"`
}

func (in *badgesForm) selection() badges.Selection {
	return badges.Selection{Which: badges.Which(in.Which), Type: turnout.ID(in.Type), Search: in.Search, Sort: badges.Sort(in.Sort)}
}

type badgeRunRow struct {
	*badges.Run
	URL, Who string
}

// badgesPage is the data of the page "console_badges".
type badgesPage struct {
	templates.Chrome
	Errors                templates.Errors
	Form                  badgesForm
	Event                 *events.Event
	Counts                []*badges.TypeCount
	Tickets, Printed      int64
	Whiches, Types, Sorts []templates.Option
	Counted               bool // the form's selection was asked for: so many badges are meant
	Meant                 int
	Runs                  []badgeRunRow
	Base, DesignURL       string // the second "" for who may not see it
	Paper                 string
	CanPrint              bool
}

// badgeRunsShown is how many runs the page lists.
const badgeRunsShown = 20

// EventBadges is GET /console/events/{event}/badges. With a form in the address it says how many badges that would print.
func (h *Handler) EventBadges(c *gin.Context) {
	var in badgesForm
	err := respond.Query(c, &in)
	counted := c.Query("which") != ""
	meant := 0
	if err == nil && counted {
		if meant, err = h.Badges.Count(c.Request.Context(), access.Event(c), in.selection()); errorIs(err, badges.ErrNobody) {
			err = nil
		}
	}
	if err == nil {
		h.badges(c, http.StatusOK, in, counted, meant, nil)
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.badges(c, status, in, false, 0, shown)
	}
}

func errorIs(err error, of *turnout.Error) bool {
	return err != nil && respond.Public(err).Code == of.Code
}

func (h *Handler) badges(c *gin.Context, status int, in badgesForm, counted bool, meant int, shown templates.Errors) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "nav.badges"), "nav.badges")
	if !ok {
		return
	}
	in.Run = string(turnout.NewID(badges.PrefixRun))
	data := badgesPage{Chrome: chrome, Errors: shown, Form: in, Event: e, Counted: counted, Meant: meant, Base: eventPath(e) + "/badges", CanPrint: may(c, "orders:write")}
	if may(c, "tickets:read") {
		data.DesignURL = data.Base + "/design"
	}
	design, err := h.Badges.Design(ctx, e)
	if err == nil {
		data.Paper = string(design.Choice.Paper)
		data.Counts, err = h.Badges.Counts(ctx, e)
	}
	if err == nil {
		err = h.fillBadgeRuns(c, &data)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Types = []templates.Option{{Text: h.text(c, "console.badges.all_types")}}
	for _, t := range data.Counts {
		data.Tickets, data.Printed = data.Tickets+t.Tickets, data.Printed+t.Printed
		data.Types = append(data.Types, templates.Option{Value: string(t.TypeID), Text: t.Name})
	}
	for _, w := range badges.Whiches {
		data.Whiches = append(data.Whiches, templates.Option{Value: string(w), Text: h.text(c, "console.badges.which."+string(w))})
	}
	for _, s := range badges.Sorts {
		data.Sorts = append(data.Sorts, templates.Option{Value: string(s), Text: h.text(c, "console.badges.sort."+string(s))})
	}
	h.Render(c, status, "console_badges", data)
}

func (h *Handler) fillBadgeRuns(c *gin.Context, data *badgesPage) error {
	runs, err := h.Badges.Runs(c.Request.Context(), data.Event, "", badgeRunsShown)
	if err != nil || len(runs) == 0 {
		return err
	}
	name, err := h.actors(c, true)
	if err != nil {
		return err
	}
	for _, r := range runs {
		data.Runs = append(data.Runs, badgeRunRow{r, data.Base + "/prints/" + string(r.ID), name(audit.Actor{Kind: r.ActorKind, ID: r.ActorID})})
	}
	return nil
}

// PrintBadges is POST /console/events/{event}/badges: the badges are counted, and their files stand on the page of the run.
func (h *Handler) PrintBadges(c *gin.Context) {
	e := access.Event(c)
	var in badgesForm
	var form formReader
	form.read(c, &in)
	selection := in.selection()
	var run *badges.Run
	err := form.then(selection.Check, func() (err error) {
		id := cmp.Or(turnout.ID(in.Run), turnout.NewID(badges.PrefixRun)) // the form names its run, so that sending it twice prints once
		run, err = h.Badges.Print(c.Request.Context(), e, id, selection)
		return err
	})
	if err == nil {
		h.Redirect(c, eventPath(e)+"/badges/prints/"+string(run.ID), "", "")
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.badges(c, status, in, false, 0, shown)
	}
}

// badgeFile is one file of a run.
type badgeFile struct {
	URL         string
	From, Until int64 // the badges in it
}

// badgeRunPage is the data of the page "console_badge_run".
type badgeRunPage struct {
	templates.Chrome
	Event        *events.Event
	Run          *badges.Run
	Report       *badges.Report
	Files        []badgeFile
	Who          string
	Base, Orders string
}

// EventBadgeRun is GET /console/events/{event}/badges/prints/{print}.
func (h *Handler) EventBadgeRun(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	run, err := h.Badges.Run(ctx, e, turnout.ID(c.Param("print")))
	var report *badges.Report
	if err == nil {
		report, err = h.Badges.Report(ctx, e, run)
	}
	var name func(audit.Actor) string
	if err == nil {
		name, err = h.actors(c, run.ActorKind == audit.Staff)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	chrome, ok := h.eventConsole(c, h.text(c, "console.badges.run", "Count", run.Badges), "nav.badges")
	if !ok {
		return
	}
	base := eventPath(e) + "/badges"
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.badges"), URL: base})
	data := badgeRunPage{Chrome: chrome, Event: e, Run: run, Report: report, Who: name(audit.Actor{Kind: run.ActorKind, ID: run.ActorID}), Base: base, Orders: eventPath(e) + "/orders"}
	for file := range run.Files() {
		data.Files = append(data.Files, badgeFile{base + "/prints/" + string(run.ID) + "/badges.pdf?" + url.Values{"file": {strconv.Itoa(file + 1)}}.Encode(),
			int64(file*badges.FileBadges + 1), min(run.Badges, int64((file+1)*badges.FileBadges))})
	}
	h.Render(c, http.StatusOK, "console_badge_run", data)
}

// BadgesPDF is GET /console/events/{event}/badges/prints/{print}/badges.pdf.
func (h *Handler) BadgesPDF(c *gin.Context) {
	run, err := h.Badges.Run(c.Request.Context(), access.Event(c), turnout.ID(c.Param("print")))
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.badgesPDF(c, run)
}

func (h *Handler) badgesPDF(c *gin.Context, run *badges.Run) {
	file, err := strconv.Atoi(c.DefaultQuery("file", "1"))
	if err != nil || file < 1 {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	e := access.Event(c)
	var pdf bytes.Buffer
	if err := h.Badges.WriteFile(c.Request.Context(), &pdf, e, run, file); err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "private, no-store")
	c.Header("Content-Disposition", fmt.Sprintf(`inline; filename="badges-%s-%d.pdf"`, e.Slug, file))
	c.Data(http.StatusOK, "application/pdf", pdf.Bytes())
}

// PrintBadge is POST /console/events/{event}/badges/tickets/{ticket}: the badge of one ticket, again or for the first time.
func (h *Handler) PrintBadge(c *gin.Context) {
	h.printBadge(c, eventPath(access.Event(c))+"/badges/one/")
}

// PrintBadgeAtDoor is POST /door/{event}/badges/{ticket}.
func (h *Handler) PrintBadgeAtDoor(c *gin.Context) {
	h.printBadge(c, "/door/"+access.Event(c).Slug+"/badges/")
}

func (h *Handler) printBadge(c *gin.Context, base string) {
	run, err := h.Badges.PrintOne(c.Request.Context(), access.Event(c), turnout.NewID(badges.PrefixRun), turnout.ID(c.Param("ticket")))
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.Redirect(c, base+string(run.ID)+"/badge.pdf", "", "")
}

// BadgePDF is GET /console/events/{event}/badges/one/{print}/badge.pdf and the door's: of a run of one badge, for those who may not have
// them all.
func (h *Handler) BadgePDF(c *gin.Context) {
	run, err := h.Badges.Run(c.Request.Context(), access.Event(c), turnout.ID(c.Param("print")))
	if err == nil && run.Badges != 1 {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.badgesPDF(c, run)
}
