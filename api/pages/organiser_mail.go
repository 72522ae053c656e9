package pages

import (
	"context"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/uptrace/bun"

	"turnout"
	"turnout/api/access"
	"turnout/internal/audit"
	"turnout/internal/jobs"
	"turnout/internal/mail"
	"turnout/templates"
)

type mailListPage struct {
	templates.Chrome
	Mails       []mail.Stored
	Base, Zone  string
	Kept        bool // there is no mail server
	NextPageURL string
}

const mailsShown = 50

// accountMails reports whether the reader may see mails about accounts, whose links make one somebody else.
func accountMails(c *gin.Context) bool { return may(c, "settings:write") }

// ConsoleMail is GET /console/{community}/mail: what was sent, or would have been with a mail server.
func (h *Handler) ConsoleMail(c *gin.Context) {
	chrome, tenant, ok := h.console(c, h.text(c, "nav.outbox"), "nav.outbox")
	if !ok {
		return
	}
	data := mailListPage{Chrome: chrome, Base: communityPath(tenant.Slug) + "/mail", Zone: tenant.Timezone, Kept: h.KeepsMail}
	var err error
	if data.Mails, err = mail.List(c.Request.Context(), h.DB.Read(), tenant.ID, accountMails(c), turnout.ID(c.Query("before")), mailsShown+1); err != nil {
		h.Fail(c, err)
		return
	}
	if len(data.Mails) > mailsShown {
		data.Mails = data.Mails[:mailsShown]
		data.NextPageURL = nextPage(c, "before", string(data.Mails[mailsShown-1].ID))
	}
	h.Render(c, http.StatusOK, "console_mail", data)
}

type mailPage struct {
	templates.Chrome
	Mail      mail.Stored
	Links     []string
	Zone      string
	HTMLURL   string // "" for a mail of plain text
	FilesBase string
}

var webLink = regexp.MustCompile(`https?://[^\s<>"]+`)

func (h *Handler) mailOf(c *gin.Context) (mail.Stored, bool) {
	m, err := mail.Find(c.Request.Context(), h.DB.Read(), access.Community(c), turnout.ID(c.Param("mail")))
	if err == nil && m.Source == "" && !accountMails(c) {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
	}
	return m, err == nil
}

// ReadMail is GET /console/{community}/mail/{mail}.
func (h *Handler) ReadMail(c *gin.Context) {
	m, ok := h.mailOf(c)
	if !ok {
		return
	}
	chrome, tenant, ok := h.console(c, m.Subject, "nav.outbox")
	if !ok {
		return
	}
	base := communityPath(tenant.Slug) + "/mail"
	chrome.Crumbs = []templates.Link{{Text: h.text(c, "nav.outbox"), URL: base}}
	data := mailPage{Chrome: chrome, Mail: m, Links: webLink.FindAllString(m.Text, 10), Zone: tenant.Timezone, FilesBase: base + "/" + string(m.ID) + "/files/"}
	if m.HTML != "" {
		data.HTMLURL = base + "/" + string(m.ID) + "/html"
	}
	h.Render(c, http.StatusOK, "console_mail_read", data)
}

// mailPolicy shuts a mail's HTML off from this site: no script, no form, an origin of its own, its own inline styles.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

// MailHTML is GET /console/{community}/mail/{mail}/html: the mail as its reader sees it.
func (h *Handler) MailHTML(c *gin.Context) {
	m, ok := h.mailOf(c)
	if !ok {
		return
	}
	if m.HTML == "" {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	c.Header("Content-Security-Policy", mailPolicy)
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(m.HTML))
}

// MailFile is GET /console/{community}/mail/{mail}/files/{n}: an attachment, always as a download.
func (h *Handler) MailFile(c *gin.Context) {
	m, ok := h.mailOf(c)
	if !ok {
		return
	}
	n, err := strconv.Atoi(c.Param("n"))
	if err != nil || n < 0 || n >= len(m.Attachments) {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	file := m.Attachments[n]
	c.Header("Content-Security-Policy", mailPolicy)
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	c.Header("Cache-Control", "private, no-store")
	c.Data(http.StatusOK, file.Type, file.Data)
}

type jobsPage struct {
	templates.Chrome
	Jobs        []jobs.Job
	Base, Zone  string
	CanWrite    bool
	NextPageURL string
}

// ConsoleJobs is GET /console/{community}/jobs: background work that was given up.
func (h *Handler) ConsoleJobs(c *gin.Context) {
	chrome, tenant, ok := h.console(c, h.text(c, "nav.jobs"), "nav.jobs")
	if !ok {
		return
	}
	data := jobsPage{Chrome: chrome, Base: communityPath(tenant.Slug) + "/jobs", Zone: tenant.Timezone, CanWrite: may(c, "settings:write")}
	var err error
	if data.Jobs, err = jobs.DeadOnes(c.Request.Context(), h.DB.Read(), tenant.ID, turnout.ID(c.Query("before")), mailsShown+1); err != nil {
		h.Fail(c, err)
		return
	}
	if len(data.Jobs) > mailsShown {
		data.Jobs = data.Jobs[:mailsShown]
		data.NextPageURL = nextPage(c, "before", string(data.Jobs[mailsShown-1].ID))
	}
	h.Render(c, http.StatusOK, "console_jobs", data)
}

// RetryJob is POST /console/{community}/jobs/{job}/retry.
func (h *Handler) RetryJob(c *gin.Context) {
	community, id, now := access.Community(c), turnout.ID(c.Param("job")), h.Now()
	err := h.DB.Tx(c.Request.Context(), func(ctx context.Context, tx bun.Tx) error {
		if err := jobs.Retry(ctx, tx, community, id, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "job.retried", Subject: id, At: now})
	})
	h.done(c, err, ConsolePath+"/"+c.Param("community")+"/jobs", h.text(c, "console.jobs.retried"))
}

type auditRow struct {
	deed
	Subject turnout.ID
	Detail  map[string]string
}

type auditPage struct {
	templates.Chrome
	Now         time.Time
	Rows        []auditRow
	Subject     string
	Base, Zone  string
	NextPageURL string
}

// ConsoleAudit is GET /console/{community}/audit: who did what.
func (h *Handler) ConsoleAudit(c *gin.Context) {
	chrome, tenant, ok := h.console(c, h.text(c, "nav.audit"), "nav.audit")
	if !ok {
		return
	}
	data := auditPage{Chrome: chrome, Now: h.Now(), Subject: c.Query("subject"), Base: communityPath(tenant.Slug) + "/audit", Zone: tenant.Timezone}
	entries, err := audit.List(c.Request.Context(), h.DB.Read(), tenant.ID, turnout.ID(data.Subject), turnout.ID(c.Query("before")), mailsShown+1)
	if err != nil {
		h.Fail(c, err)
		return
	}
	if len(entries) > mailsShown {
		entries = entries[:mailsShown]
		data.NextPageURL = nextPage(c, "before", string(entries[mailsShown-1].ID))
	}
	deeds, err := h.deeds(c, entries)
	if err != nil {
		h.Fail(c, err)
		return
	}
	for i, d := range deeds {
		data.Rows = append(data.Rows, auditRow{d, entries[i].Subject, entries[i].Detail})
	}
	h.Render(c, http.StatusOK, "console_audit", data)
}
