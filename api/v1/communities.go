package v1

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events/organisers"
)

var communityOperations = operations{
	"GET /community":      {Summary: "The token's community", Out: communityResponse{}, Version: true},
	"GET /tokens":         {Summary: "The community's API tokens", Text: "Their secrets are shown once, when they are made, and stored nowhere.", Out: respond.Page[tokenResponse]{}, Query: window},
	"DELETE /tokens/{id}": {Summary: "Revoke a token, at once", Status: 204},
}

type communityResponse struct {
	ID          turnout.ID `json:"id"`
	Slug        string     `json:"slug"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Locale      string     `json:"locale"`
	Timezone    string     `json:"timezone"`
	Accent      string     `json:"accent"`
	Version     int64      `json:"version"`
	CreatedAt   time.Time  `json:"created_at"`
}

type tokenResponse struct {
	ID         turnout.ID              `json:"id"`
	Name       string                  `json:"name"`
	Scopes     []organisers.Capability `json:"scopes"`
	CreatedAt  time.Time               `json:"created_at"`
	LastUsedAt *time.Time              `json:"last_used_at"`
	RevokedAt  *time.Time              `json:"revoked_at"`
}

func newTokenResponse(t *organisers.Token) tokenResponse {
	return tokenResponse{t.ID, t.Name, t.Scopes, t.CreatedAt.UTC(), moment(t.LastUsedAt), moment(t.RevokedAt)}
}

// GetCommunity is GET /community.
func (h *Handler) GetCommunity(c *gin.Context) {
	community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(access.Community(c)))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, community.Version)
	respond.JSON(c, http.StatusOK, communityResponse{community.ID, community.Slug, community.Name, community.Description, community.Locale,
		community.Timezone, community.Accent, community.Version, community.CreatedAt.UTC()})
}

// ListTokens is GET /tokens.
func (h *Handler) ListTokens(c *gin.Context) {
	tokens, err := organisers.Tokens(c.Request.Context(), h.DB.Read(), access.Community(c))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, tokens, func(t organisers.Token) turnout.ID { return t.ID }, func(t organisers.Token) tokenResponse { return newTokenResponse(&t) })
}

// RevokeToken is DELETE /tokens/{id}.
func (h *Handler) RevokeToken(c *gin.Context) {
	if err := h.Organisers.RevokeToken(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id"))); err != nil {
		respond.Fail(c, err)
		return
	}
	respond.NoContent(c)
}
