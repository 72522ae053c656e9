package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/services"
	"turnout/events/organisers"
)

// newGate joins the rules to those who know tokens, sessions and communities.
func newGate(house services.Services, config Config, fail func(*gin.Context, error)) *access.Gate {
	return &access.Gate{
		DB: house.DB, Sandbox: config.Sandbox != nil, Fail: fail,
		Bearer: config.Bearer, Session: config.Session,
		FindCommunity: func(ctx context.Context, idOrSlug string) (turnout.ID, error) {
			community, err := organisers.FindCommunity(ctx, house.DB.Read(), idOrSlug)
			if err != nil {
				return "", err
			}
			return community.ID, nil
		},
	}
}
