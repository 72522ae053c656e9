package v1

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events/agenda"
	"turnout/events/speakers"
)

var speakerOperations = operations{
	"GET /events/{event}/speakers": {Summary: "The speakers of an event, with what is missing of each", Text: "By name. What they answered is to the times that their sessions had then: moved says that they have others by now.",
		Out: speakersResponse{}, Query: append([]parameter{{Name: "missing", Text: "Those alone of whom this is missing.", Enum: missingWords}}, window...)},
	"GET /speakers/{id}/availability": {Summary: "When a speaker can be there", Out: availabilityTimes{}, Version: true},
	"PUT /speakers/{id}/availability": {Summary: "Say when a speaker can be there", Text: "It replaces what was said before; no times mean always. Times that touch or overlap become one. The version is the speaker's.",
		In: availabilityRequest{}, Out: availabilityTimes{}, Version: true},
}

var missingWords = []string{"email", "answer", "bio", "photo", "slides", "times"}

type windowBody struct {
	StartsAt time.Time `json:"starts_at" required:"true"`
	EndsAt   time.Time `json:"ends_at" required:"true"`
}

func newWindows(times []speakers.Window) []windowBody {
	out := make([]windowBody, len(times))
	for i, w := range times {
		out[i] = windowBody(w)
	}
	return out
}

type availabilityRequest struct {
	Times []windowBody `json:"times" doc:"at most 50; none: always"`
}

type availabilityTimes struct {
	SpeakerID turnout.ID   `json:"speaker_id"`
	Times     []windowBody `json:"times" doc:"in order of time; none: always"`
	Version   int64        `json:"version"`
}

type speakersResponse struct {
	Items      []speakerStateBody `json:"items"`
	NextCursor *string            `json:"next_cursor"`
}

type speakerStateBody struct {
	speakerResponse
	Photo    *string             `json:"photo" doc:"the path of a picture; null: none"`
	Times    []windowBody        `json:"times" doc:"when they can be there; none: always"`
	Sessions []speakerAnswerBody `json:"sessions" doc:"their confirmed sessions, by time"`
	Missing  []string            `json:"missing" doc:"email, answer, bio, photo, slides and times (where the organisers ask for them)"`
	Link     speakerLinkBody     `json:"link"`
}

type speakerAnswerBody struct {
	SessionID  turnout.ID `json:"session_id"`
	Answer     string     `json:"answer" enum:"pending,confirmed,declined"`
	AnsweredAt *time.Time `json:"answered_at"`
	Moved      bool       `json:"moved" doc:"to other times than were answered"`
	Slides     int        `json:"slides" doc:"files"`
}

type speakerLinkBody struct {
	Works    bool       `json:"works" doc:"at least one link to the speaker's page"`
	SentAt   *time.Time `json:"sent_at"`
	OpenedAt *time.Time `json:"opened_at"`
}

func newSpeakerState(s *agenda.SpeakerState) speakerStateBody {
	out := speakerStateBody{speakerResponse: newSpeakerResponse(s.Speaker), Times: newWindows(s.Times), Sessions: make([]speakerAnswerBody, len(s.Appearances)),
		Missing: make([]string, len(s.Missing)), Link: speakerLinkBody{s.Link.Working > 0, moment(s.Link.SentAt), moment(s.Link.OpenedAt)}}
	if s.PhotoHash != "" {
		path := "/pictures/" + s.PhotoHash
		out.Photo = &path
	}
	for i, a := range s.Appearances {
		out.Sessions[i] = speakerAnswerBody{a.Session.ID, string(a.Answer), moment(a.AnsweredAt), a.Moved(), len(a.Slides)}
		if a.Answer == agenda.Pending {
			out.Sessions[i].Answer = "pending"
		}
	}
	for i, what := range s.Missing {
		out.Missing[i] = string(what)
	}
	return out
}

// ListSpeakers is GET /events/{event}/speakers.
func (h *Handler) ListSpeakers(c *gin.Context) {
	what := c.Query("missing")
	if what != "" && !slices.Contains(missingWords, what) {
		respond.Fail(c, turnout.Invalidf("missing", "unknown", "Nothing of this name can be missing."))
		return
	}
	all, err := h.Agenda.SpeakerStates(c.Request.Context(), access.Event(c))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	if what != "" {
		all = slices.DeleteFunc(all, func(s *agenda.SpeakerState) bool { return !s.Lacks(agenda.Missing(what)) })
	}
	answerAll(c, all, func(s *agenda.SpeakerState) turnout.ID { return s.ID }, newSpeakerState)
}

// GetSpeakerTimes is GET /speakers/{id}/availability.
func (h *Handler) GetSpeakerTimes(c *gin.Context) {
	sp, err := speakers.Find(c.Request.Context(), h.DB.Read(), access.Community(c), turnout.ID(c.Param("id")))
	h.answerTimes(c, sp, err)
}

// SetSpeakerTimes is PUT /speakers/{id}/availability.
func (h *Handler) SetSpeakerTimes(c *gin.Context) {
	var in availabilityRequest
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	times := make([]speakers.Window, len(in.Times))
	for i, w := range in.Times {
		times[i] = speakers.Window(w)
	}
	sp, err := h.Speakers.SetTimes(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), version, times)
	h.answerTimes(c, sp, err)
}

func (h *Handler) answerTimes(c *gin.Context, sp *speakers.Speaker, err error) {
	var times []speakers.Window
	if err == nil {
		times, err = speakers.TimesOf(c.Request.Context(), h.DB.Read(), sp)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, sp.Version)
	respond.JSON(c, http.StatusOK, availabilityTimes{sp.ID, newWindows(times), sp.Version})
}
