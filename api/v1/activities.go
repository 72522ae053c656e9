package v1

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/api/respond"
	"turnout/community"
	"turnout/events/people"
)

var activityOperations = operations{
	"POST /activities": {Summary: "Tell what people did in the community", In: activitiesRequest{}, Out: community.Recorded{},
		Text: "Each counts once by its source and external_id, however often it is told. Items that cannot be used are rejected one by one; the others count."},
	"POST /activities/import": {Summary: "The same from a spreadsheet", InRaw: "text/csv", Out: community.Imported{},
		Text:  "A CSV file whose first row names the columns: email (or identity_source and identity_handle), type, source, occurred_at, external_id. The same file again changes nothing.",
		Query: []parameter{{Name: "type", Text: "For rows without a type."}, {Name: "source", Text: "For rows without a source."}}},
	"GET /activation-rule": {Summary: "What makes an active member", Out: ruleResponse{}, Version: true},
	"PUT /activation-rule": {Summary: "Say what makes an active member", In: ruleRequest{}, Out: ruleResponse{}, Version: true},
	"GET /events/{event}/activation": {Summary: "Who became active after the event", Out: community.Activation{},
		Text: "Attendees beside the event's own no-shows and never-served waitlist, with 95 % intervals. An observed association, never proof."},
}

type identityBody struct {
	Source string `json:"source" required:"each"`
	Handle string `json:"handle" required:"each"`
}

type activityPerson struct {
	Name     string        `json:"name"`
	Email    string        `json:"email"`
	Identity *identityBody `json:"identity"`
}

type activityRequest struct {
	Person     activityPerson `json:"person" required:"each" doc:"an e-mail address, an identity, or both"`
	Type       string         `json:"type" required:"each"`
	Source     string         `json:"source" required:"each"`
	OccurredAt time.Time      `json:"occurred_at" required:"each"`
	ExternalID string         `json:"external_id" required:"each"`
	Weight     *int64         `json:"weight" doc:"1 when absent"`
}

type activitiesRequest struct {
	Items []activityRequest `json:"items" required:"true"`
}

func (in *activitiesRequest) reports() []community.ActivityReport {
	reports := make([]community.ActivityReport, len(in.Items))
	for i, a := range in.Items {
		contact := people.Contact{Name: a.Person.Name, Email: a.Person.Email}
		if a.Person.Identity != nil {
			contact.Source, contact.Handle = a.Person.Identity.Source, a.Person.Identity.Handle
		}
		reports[i] = community.ActivityReport{Person: contact, Type: a.Type, Source: a.Source, ExternalID: a.ExternalID, OccurredAt: a.OccurredAt, Weight: a.Weight}
	}
	return reports
}

// RecordActivities is POST /activities.
func (h *Handler) RecordActivities(c *gin.Context) {
	var in activitiesRequest
	if !respond.Bind(c, &in) {
		return
	}
	recorded, err := h.Community.RecordActivities(c.Request.Context(), access.Community(c), in.reports())
	if err != nil {
		respond.Fail(c, err)
		return
	}
	if recorded.Rejected == nil {
		recorded.Rejected = []community.Rejection{}
	}
	respond.JSON(c, http.StatusOK, recorded)
}

// ImportActivities is POST /activities/import. The file is read as it comes, never whole.
func (h *Handler) ImportActivities(c *gin.Context) {
	file := http.MaxBytesReader(c.Writer, c.Request.Body, community.MaxImportBytes+1)
	imported, err := h.Community.ImportActivities(c.Request.Context(), access.Community(c), file, community.CSVOptions{Type: c.Query("type"), Source: c.Query("source")})
	if err != nil {
		respond.Fail(c, err)
		return
	}
	if imported.Errors == nil {
		imported.Errors = []community.RowError{}
	}
	respond.JSON(c, http.StatusOK, imported)
}

type ruleRequest struct {
	Types        []string `json:"types" doc:"empty or absent: every type but check_in and survey"`
	MinCount     int64    `json:"min_count" required:"true"`
	WindowDays   int64    `json:"window_days" required:"true"`
	LookbackDays int64    `json:"lookback_days" required:"true"`
}

type ruleResponse struct {
	Types        []string `json:"types"`
	MinCount     int64    `json:"min_count"`
	WindowDays   int64    `json:"window_days"`
	LookbackDays int64    `json:"lookback_days"`
	Version      int64    `json:"version" doc:"0: the rule that holds until the community sets one"`
}

func answerRule(c *gin.Context, rule *community.Rule, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, rule.Version)
	respond.JSON(c, http.StatusOK, ruleResponse{rule.Types, rule.MinCount, rule.WindowDays, rule.LookbackDays, rule.Version})
}

// GetRule is GET /activation-rule.
func (h *Handler) GetRule(c *gin.Context) {
	rule, err := h.Community.Rule(c.Request.Context(), access.Community(c))
	answerRule(c, rule, err)
}

// SetRule is PUT /activation-rule.
func (h *Handler) SetRule(c *gin.Context) {
	var in ruleRequest
	version, ok := respond.IfVersion(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	rule, err := h.Community.SetRule(c.Request.Context(), access.Community(c),
		community.Rule{Types: in.Types, MinCount: in.MinCount, WindowDays: in.WindowDays, LookbackDays: in.LookbackDays}, version)
	answerRule(c, rule, err)
}

// GetActivation is GET /events/{event}/activation.
func (h *Handler) GetActivation(c *gin.Context) {
	activation, err := h.Community.Activation(c.Request.Context(), access.Community(c), string(access.Event(c).ID))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, activation)
}
