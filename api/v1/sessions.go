package v1

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events/agenda"
	"turnout/events/speakers"
)

var sessionOperations = operations{
	"POST /events/{event}/speakers": {Summary: "Add a speaker", In: speakerRequest{}, Out: speakerResponse{}, Status: 201, Version: true},
	"POST /events/{event}/sessions": {Summary: "Add a session, without a slot", In: sessionRequest{}, Out: sessionResponse{}, Status: 201, Version: true},
	"PUT /sessions/{id}/slot": {Summary: "Place a session", Text: "Conflicts and warnings do not refuse it; they are told.",
		In: slotRequest{}, Out: sessionResponse{}, Version: true, Errors: []int{409}},
	"DELETE /sessions/{id}/slot": {Summary: "Take a session's slot away", Out: sessionResponse{}, Version: true},
}

type speakerRequest struct {
	Name  string `json:"name" required:"true"`
	Email string `json:"email" doc:"never public"`
	Bio   string `json:"bio" text:"long,max=50000" doc:"markdown"`

	Tagline  string `json:"tagline" text:"name,max=200" doc:"one line below the name"`
	Pronouns string `json:"pronouns" text:"name,max=40"`
}

type speakerResponse struct {
	ID        turnout.ID `json:"id"`
	EventID   turnout.ID `json:"event_id"`
	Name      string     `json:"name"`
	Email     string     `json:"email"`
	Bio       string     `json:"bio"`
	Tagline   string     `json:"tagline"`
	Pronouns  string     `json:"pronouns"`
	Version   int64      `json:"version"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

func newSpeakerResponse(s *speakers.Speaker) speakerResponse {
	return speakerResponse{s.ID, s.EventID, s.Name, s.Email, s.Bio, s.Tagline, s.Pronouns, s.Version, s.CreatedAt.UTC(), s.UpdatedAt.UTC()}
}

type sessionRequest struct {
	Title       string        `json:"title" text:"name,max=500" required:"true"`
	Subtitle    string        `json:"subtitle" text:"name,max=500"`
	Kind        agenda.Kind   `json:"kind" required:"true" enum:"talk,workshop,panel,keynote,break,social,other"`
	Status      agenda.Status `json:"status" enum:"draft,confirmed" doc:"confirmed when absent"`
	Abstract    string        `json:"abstract" text:"long,max=50000" doc:"markdown"`
	Description string        `json:"description" text:"long,max=50000" doc:"markdown"`
	Language    string        `json:"language"`
	TrackID     turnout.ID    `json:"track_id"`
	Minutes     int64         `json:"duration_minutes" required:"true"`
	SpeakerIDs  []turnout.ID  `json:"speaker_ids"`
}

type slotRequest struct {
	RoomID   turnout.ID `json:"room_id" doc:"null: everywhere, or online"`
	StartsAt time.Time  `json:"starts_at" required:"true"`
	EndsAt   time.Time  `json:"ends_at" required:"true"`
}

type linkBody struct {
	Title string `json:"title"`
	URL   string `json:"url"`
	File  bool   `json:"file" doc:"slides or a paper, rather than a page"`
}

type sessionResponse struct {
	ID          turnout.ID     `json:"id"`
	EventID     turnout.ID     `json:"event_id"`
	GUID        string         `json:"guid" doc:"the same for ever towards calendars and other programs"`
	Title       string         `json:"title"`
	Subtitle    string         `json:"subtitle"`
	Kind        agenda.Kind    `json:"kind" enum:"talk,workshop,panel,keynote,break,social,other"`
	Status      agenda.Status  `json:"status" enum:"draft,confirmed,withdrawn"`
	Abstract    string         `json:"abstract"`
	Description string         `json:"description"`
	Language    string         `json:"language"`
	URL         string         `json:"url"`
	Links       []linkBody     `json:"links" doc:"from an import"`
	TrackID     *turnout.ID    `json:"track_id"`
	Minutes     int64          `json:"duration_minutes"`
	SpeakerIDs  []turnout.ID   `json:"speaker_ids"`
	RoomID      *turnout.ID    `json:"room_id" doc:"null beside a start: everywhere, or online"`
	StartsAt    *time.Time     `json:"starts_at" doc:"null: not placed"`
	EndsAt      *time.Time     `json:"ends_at"`
	Conflicts   []conflictBody `json:"conflicts"`
	Warnings    []conflictBody `json:"warnings" doc:"what can take place like that and is better planned otherwise"`
	Version     int64          `json:"version"`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
}

// newSessionResponse is a session with what was found about it: conflicts and warnings.
func newSessionResponse(s *agenda.Session, found []agenda.Conflict) sessionResponse {
	out := sessionResponse{
		ID: s.ID, EventID: s.EventID, GUID: s.GUID, Title: s.Title, Subtitle: s.Subtitle, Kind: s.Kind, Status: s.Status, Abstract: s.Abstract,
		Description: s.Description, Language: s.Language, URL: s.URL, TrackID: named(s.TrackID), Minutes: s.Minutes, SpeakerIDs: s.SpeakerIDs,
		RoomID: named(s.RoomID), StartsAt: moment(s.StartsAt), EndsAt: moment(s.EndsAt), Version: s.Version,
		CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(), Links: []linkBody{}, Conflicts: []conflictBody{}, Warnings: []conflictBody{},
	}
	for _, conflict := range found {
		if conflict.Warned() {
			out.Warnings = append(out.Warnings, newConflict(conflict))
		} else {
			out.Conflicts = append(out.Conflicts, newConflict(conflict))
		}
	}
	for _, l := range s.Links {
		out.Links = append(out.Links, linkBody(l))
	}
	if out.SpeakerIDs == nil {
		out.SpeakerIDs = []turnout.ID{}
	}
	return out
}

// named is nil for the empty id, which JSON says as null.
func named(id turnout.ID) *turnout.ID {
	if id == "" {
		return nil
	}
	return &id
}

// CreateSpeaker is POST /events/{event}/speakers.
func (h *Handler) CreateSpeaker(c *gin.Context) {
	create(c, func(in speakerRequest) (*speakers.Speaker, error) {
		return h.Speakers.Add(c.Request.Context(), access.Community(c), string(access.Event(c).ID), speakers.Input(in))
	}, func(s *speakers.Speaker) (any, int64) { return newSpeakerResponse(s), s.Version })
}

// CreateSession is POST /events/{event}/sessions.
func (h *Handler) CreateSession(c *gin.Context) {
	create(c, func(in sessionRequest) (*agenda.Session, error) {
		return h.Agenda.AddSession(c.Request.Context(), access.Community(c), string(access.Event(c).ID), agenda.SessionInput(in))
	}, func(s *agenda.Session) (any, int64) { return newSessionResponse(s, nil), s.Version })
}

// PlaceSession is PUT /sessions/{id}/slot.
func (h *Handler) PlaceSession(c *gin.Context) {
	var in slotRequest
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	session, found, err := h.Agenda.Place(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), version, agenda.SlotInput(in))
	answerSession(c, session, found, err)
}

// UnplaceSession is DELETE /sessions/{id}/slot.
func (h *Handler) UnplaceSession(c *gin.Context) {
	version, ok := respond.IfMatch(c)
	if !ok {
		return
	}
	session, err := h.Agenda.Unplace(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), version)
	answerSession(c, session, nil, err)
}

func answerSession(c *gin.Context, session *agenda.Session, found []agenda.Conflict, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, session.Version)
	respond.JSON(c, http.StatusOK, newSessionResponse(session, found))
}
