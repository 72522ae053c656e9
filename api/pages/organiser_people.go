package pages

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/community"
	"turnout/events/people"
	"turnout/templates"
)

type ruleForm struct {
	Types    string `form:"types" text:"name,max=2000"`
	Min      string `form:"min_count" text:"name,max=40"`
	Window   string `form:"window_days" text:"name,max=40"`
	Lookback string `form:"lookback_days" text:"name,max=40"`
	Version  int64  `form:"version"`
}

type peoplePage struct {
	templates.Chrome
	Errors   templates.Errors
	Rule     ruleForm
	IsOwn    bool // the community has set a rule of its own
	Imported *community.Imported
	Base     string
	CanWrite bool

	Members     []people.Member // the newest
	MemberCount int64
	Emails      string // a list as it was typed
}

// membersShown is how many members the page names.
const membersShown = 50

// ConsolePeople is GET /console/{community}/people: what makes an active member, and the way in for activities.
func (h *Handler) ConsolePeople(c *gin.Context) { h.people(c, http.StatusOK, nil, peoplePage{}) }

func (h *Handler) people(c *gin.Context, status int, typed *ruleForm, data peoplePage) {
	chrome, tenant, ok := h.console(c, h.text(c, "nav.people"), "nav.people")
	if !ok {
		return
	}
	rule, err := h.Community.Rule(c.Request.Context(), tenant.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Chrome, data.Base, data.CanWrite, data.IsOwn = chrome, communityPath(tenant.Slug)+"/people", may(c, "people:write"), rule.Version > 0
	data.Rule = ruleForm{strings.Join(rule.Types, ", "), whole(&rule.MinCount), whole(&rule.WindowDays), whole(&rule.LookbackDays), rule.Version}
	if typed != nil {
		data.Rule = *typed
	}
	if data.Members, data.MemberCount, err = people.ListMembers(c.Request.Context(), h.DB.Read(), tenant.ID, membersShown); err != nil {
		h.Fail(c, err)
		return
	}
	h.Render(c, status, "console_people", data)
}

// SaveRule is POST /console/{community}/people/rule.
func (h *Handler) SaveRule(c *gin.Context) {
	var in ruleForm
	var form formReader
	form.read(c, &in)
	var rule community.Rule
	for field, to := range map[string]*int64{"min_count": &rule.MinCount, "window_days": &rule.WindowDays, "lookback_days": &rule.LookbackDays} {
		if n := form.number(field, map[string]string{"min_count": in.Min, "window_days": in.Window, "lookback_days": in.Lookback}[field]); n != nil {
			*to = *n
		}
	}
	for word := range strings.SplitSeq(in.Types, ",") {
		if word = strings.TrimSpace(word); word != "" {
			rule.Types = append(rule.Types, word)
		}
	}
	err := form.then(nil, func() error {
		_, err := h.Community.SetRule(c.Request.Context(), access.Community(c), rule, &in.Version)
		return err
	})
	if err == nil {
		h.Redirect(c, strings.TrimSuffix(c.Request.URL.Path, "/rule"), "ok", h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.people(c, status, &in, peoplePage{Errors: shown})
	}
}

type membersForm struct {
	Emails string `form:"emails" text:"long,max=200000"`
	Member string `form:"member" text:"name,max=3"`
}

// SetMembers is POST /console/{community}/people/members: the addresses of those who are members, or are no longer.
func (h *Handler) SetMembers(c *gin.Context) {
	var in membersForm
	var form formReader
	form.read(c, &in)
	changed, key := 0, "console.people.members_removed"
	if in.Member == "yes" {
		key = "console.people.members_added"
	}
	err := form.then(nil, func() (err error) {
		changed, err = h.Community.SetMembers(c.Request.Context(), access.Community(c), in.Emails, in.Member == "yes")
		return err
	})
	if err == nil {
		h.Redirect(c, strings.TrimSuffix(c.Request.URL.Path, "/members"), "ok", h.text(c, key, "Count", changed))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.people(c, status, nil, peoplePage{Errors: shown, Emails: in.Emails})
	}
}

const rowErrorsShown = 50

// UploadActivities is POST /console/{community}/people/activities: a CSV file. What became of each row stands in the answer,
// and sending the file again changes nothing.
func (h *Handler) UploadActivities(c *gin.Context) {
	file, err := upload(c, community.MaxImportBytes)
	var imported *community.Imported
	if err == nil {
		imported, err = h.Community.ImportActivities(c.Request.Context(), access.Community(c), bytes.NewReader(file),
			community.CSVOptions{Type: c.PostForm("type"), Source: c.PostForm("source")})
	}
	if err != nil {
		if shown, status, ok := h.refused(c, err); ok {
			for i := range shown {
				shown[i].Name = "file"
			}
			h.people(c, status, nil, peoplePage{Errors: shown, Imported: imported})
		}
		return
	}
	imported.Errors = imported.Errors[:min(len(imported.Errors), rowErrorsShown)]
	h.people(c, http.StatusOK, nil, peoplePage{Imported: imported})
}
